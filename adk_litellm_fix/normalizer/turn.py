# SPDX-License-Identifier: Apache-2.0
"""The frozen result of one model turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from .events import Ending, Repair
from .finish import FinishReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """Visible text between two other parts."""

    text: str
    signature: str | None = None
    """Gemini's thought signature on a text part, as sent (base64)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThoughtPart:
    """One block of reasoning."""

    text: str
    signature: str | None = None
    """The provider's signature over the block, as sent (base64)."""
    redacted: str | None = None
    """The encrypted data of a redacted block; its text is then empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPart:
    """A tool call that is named, closed and well-formed: ready to run."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    signature: str | None = None
    """Gemini's thought signature on the call, as sent (base64)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPart:
    """An image or a sound that the model made."""

    mime_type: str
    data: str | None = None
    """Base64."""
    uri: str | None = None
    """Where the provider keeps it, when it sent no data."""


Part = Union[TextPart, ThoughtPart, CallPart, MediaPart]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldCall:
    """A tool call of a turn that must not run. It is reported and never executed."""

    id: str
    name: str
    """Empty when the provider never named it."""
    arguments: str
    """The argument text as it came, cut to 2,000 characters."""
    why: str
    """One clause: what is wrong with the call, or with its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedCall:
    """A tool call that the provider, or LiteLLM on its behalf, has run already."""

    id: str
    name: str
    arguments: str
    result: Any = None
    """What came back, as the provider sent it; None when it did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of the turn. None: the provider did not say."""

    prompt: int | None = None
    completion: int | None = None
    """Output tokens without the thoughts."""
    thoughts: int | None = None
    total: int | None = None
    cached: int | None = None
    cache_creation: int | None = None
    cost: float | None = None
    """In the provider's currency (OpenRouter, Perplexity and LiteLLM: US dollars)."""
    estimated: bool = False
    """The provider reported none: LiteLLM counted with a tokenizer of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Everything one model turn said, after the stream has ended."""

    parts: tuple[Part, ...] = ()
    """In order of arrival. `CallPart`s stand here only when the gate let the whole batch through."""
    finish_reason: FinishReason
    """Why the turn ended, in one word for all providers."""
    raw_finish_reason: str | None = None
    """The provider's own word; None when it sent none."""
    ending: Ending
    error_code: str | None = None
    """None exactly when the turn can be trusted: finished, with a normal finish reason and whole calls."""
    error_message: str | None = None
    withheld_calls: tuple[WithheldCall, ...] = ()
    executed_calls: tuple[ExecutedCall, ...] = ()
    usage: Usage | None = None
    model: str | None = None
    response_id: str | None = None
    repairs: tuple[Repair, ...] = ()
    citations: tuple[Mapping[str, Any], ...] = ()
    """Annotations and citations as sent."""
    grounding: Mapping[str, Any] | None = None
    """Gemini's grounding metadata as sent."""
    logprobs: tuple[Mapping[str, Any], ...] = ()
    """OpenAI's `logprobs.content` entries, one per token."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """What else is worth keeping, by name: `mcp_list_tools`, `service_tier` …"""

    @property
    def text(self) -> str:
        """All visible text, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def thoughts(self) -> str:
        """All reasoning, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, ThoughtPart))

    @property
    def calls(self) -> tuple[CallPart, ...]:
        """The tool calls to run, in order."""
        return tuple(part for part in self.parts if isinstance(part, CallPart))
