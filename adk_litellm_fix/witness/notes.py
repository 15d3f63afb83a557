# SPDX-License-Identifier: Apache-2.0
"""What a witness notes of one answer, whatever wire it came by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adk_litellm_fix.normalizer.wire import WireSaid


class Notes:
    """Collects facts; anything of the wrong type is no fact."""

    def __init__(self) -> None:
        self.ended = False
        """Whether the wire's own end marker came."""
        self.usage = False
        """Whether the provider reported usage."""
        self.messages: list[Mapping[str, Any]] = []
        """What the answer said, as OpenAI messages, where LiteLLM may drop it."""
        self._words: dict[int, str] = {}
        self._error: str | None = None
        self._executed: set[str] = set()
        self._refusal: list[str] = []
        self._call_arguments: dict[str, str] = {}

    def word(self, word: object, choice: object = 0) -> None:
        """Notes a finish word of one choice."""
        if word and isinstance(word, (str, int)):
            self._words[choice if isinstance(choice, int) else 0] = str(word)

    def error(self, error: object) -> None:
        """Notes an error: an object with a message, or the message."""
        if isinstance(error, Mapping):
            self._error = str(error.get("message") or dict(error))
        elif error:
            self._error = str(error)

    def executed(self, call_id: object) -> None:
        """Notes the id of a call that the provider runs itself."""
        if isinstance(call_id, str) and call_id:
            self._executed.add(call_id)

    def refusal(self, text: object) -> None:
        """Notes a piece of a refusal."""
        if isinstance(text, str):
            self._refusal.append(text)

    def call_arguments(self, call_id: object, arguments: str) -> None:
        """Notes the arguments of a call that came in one piece."""
        if isinstance(call_id, str) and call_id:
            self._call_arguments[call_id] = arguments

    def said(self, *, complete: bool) -> WireSaid:
        """Returns the notes.

        Args:
            complete: Whether the answer was read to its end: only then is it known what did not come.
        """
        return WireSaid(
            # With several choices the first speaks for the turn; its number is not always 0.
            finish_reason=self._words[min(self._words)] if self._words else None,
            ended=self.ended,
            error=self._error,
            executed_call_ids=frozenset(self._executed),
            usage_sent=True if self.usage else False if complete or self.ended else None,
            refusal="".join(self._refusal),
            call_arguments=dict(self._call_arguments),
            messages=tuple(self.messages),
        )
