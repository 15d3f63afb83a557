# SPDX-License-Identifier: Apache-2.0
"""What a witness of the wire can tell the normalizer that LiteLLM's chunks cannot.

LiteLLM invents `stop` for a stream whose provider never said why it stopped, and maps every finish word it does not know to `stop`.
Whoever can look over its shoulder (`adk_litellm_fix.witness`) passes this to `Normalizer.close`; without it the chunks alone decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSaid:
    """The provider's own words, from the raw stream or body."""

    finish_reason: str | None = None
    """The last non-empty finish word, verbatim. None: the provider sent none."""
    ended: bool = False
    """Whether the wire's own end marker came: `[DONE]`, `message_stop`, Ollama's `done`, a complete body."""
    error: str | None = None
    """The message of an error object that came in the stream, if LiteLLM did not raise it."""
    executed_call_ids: frozenset[str] = frozenset()
    """Ids of tool calls that the provider runs itself (Anthropic `server_tool_use`, `mcp_tool_use`, …)."""
    usage_sent: bool | None = None
    """Whether the provider reported usage: LiteLLM counts tokens itself when it did not. None: unknown."""
    refusal: str = ""
    """The whole text of a streamed `refusal`: LiteLLM drops deltas that hold nothing else."""
    call_arguments: Mapping[str, str] = field(default_factory=dict)
    """Whole argument texts, by call id, of calls that the wire sent at once (Anthropic's `message_start`): LiteLLM may lose them."""
    messages: tuple[Mapping[str, Any], ...] = ()
    """What the answer said, as OpenAI messages, where LiteLLM may drop it: `choices[0].message` of a streamed chunk without a delta,
    the text of a Gemini body that was filtered. Read only when nothing else came."""
