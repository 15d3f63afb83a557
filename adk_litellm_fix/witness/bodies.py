# SPDX-License-Identifier: Apache-2.0
"""The raw body of an answer that was not streamed.

A `ModelResponse` no longer has the provider's finish word (some versions keep it for some providers: `witness_response`). But LiteLLM
hands the raw body of every call to the loggers in `litellm.input_callback`, by the public hook `CustomLogger.log_post_api_call`.
`watching` puts a logger there that does nothing but pass the body to the block, if any, in whose context the call is made: other users
of LiteLLM are not touched.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from adk_litellm_fix.normalizer.wire import WireSaid
from adk_litellm_fix.witness.transcript import Transcript


class BodyWitness:
    """Knows what the provider said in the last body that came inside a `watching` block."""

    def __init__(self) -> None:
        self._transcript: Transcript | None = None

    @property
    def present(self) -> bool:
        """Whether a body was seen."""
        return self._transcript is not None

    def said(self) -> WireSaid | None:
        """Returns what the body says; None when none was seen (a client that is not LiteLLM, a cached answer)."""
        return self._transcript.said() if self._transcript is not None else None

    def _hear(self, body: object) -> None:
        self._transcript = Transcript.of_body(body) or self._transcript


_WATCHING: ContextVar[BodyWitness | None] = ContextVar("adk_litellm_fix_watching", default=None)


@contextmanager
def watching() -> Iterator[BodyWitness]:
    """Watches the LiteLLM calls made in this block, by this task and those it starts.

    Of several bodies (retries, fallbacks, tools that LiteLLM runs itself) the last one counts. Do not yield from an async generator inside
    the block: the context would be left elsewhere. Never raises of itself.
    """
    witness = BodyWitness()
    _listen()
    token = _WATCHING.set(witness)
    try:
        yield witness
    finally:
        _WATCHING.reset(token)


def witness_response(response: object) -> WireSaid | None:
    """Returns what a `ModelResponse` itself still carries of the provider's words; None when that is nothing.

    LiteLLM keeps the raw word of OpenAI-compatible providers since 1.83 (`native_finish_reason`), of Gemini since 1.106, of Anthropic
    since 1.109.
    """
    try:
        choice = response.choices[0]  # type: ignore[attr-defined]
        own = getattr(choice, "provider_specific_fields", None)
        hidden = getattr(response, "_hidden_params", None)
        kept = hidden.get("provider_specific_fields") if isinstance(hidden, Mapping) else None
    except Exception:  # not a ModelResponse, or not as expected
        return None
    for fields, name in ((own, "native_finish_reason"), (kept, "stop_reason")):
        word = fields.get(name) if isinstance(fields, Mapping) else None
        if isinstance(word, str) and word:
            return WireSaid(finish_reason=word, ended=True)
    return None


def _listen() -> None:
    """Puts the logger into LiteLLM's list, if it is not there (or was thrown out)."""
    try:
        import litellm

        listener = _listener()
        if not any(callback is listener for callback in litellm.input_callback):
            litellm.input_callback.append(listener)
    except Exception:  # noqa: S110 - without LiteLLM, or with another one, nothing is seen
        pass


@functools.cache
def _listener() -> Any:
    from litellm.integrations.custom_logger import CustomLogger

    class Listener(CustomLogger):  # type: ignore[misc]
        def log_post_api_call(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
            witness = _WATCHING.get()
            # LiteLLM also reports streams here, with a remark or a coroutine in place of the body.
            if witness is not None and isinstance(kwargs, Mapping):
                witness._hear(kwargs.get("original_response"))

    return Listener()
