# SPDX-License-Identifier: Apache-2.0
"""What a provider's wire is: it reads requests, and writes a turn as a stream or as one body."""

from __future__ import annotations

import hashlib
import json
import re
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..scenario import Call, Failure, Text, Thought, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..ask import Ask

_WORD_PIECE = re.compile(r"\s*\S{1,8}|\s+")
_ARGUMENT_PIECE = re.compile(r"\s*\S{1,5}|\s+")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request as a wire decodes it."""

    body: Mapping[str, Any]
    model: str = ""
    """The model, where the path names it."""
    method: str = ""
    """The method of a Google path: `streamRawPredict`, `generateContent`, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One write to the connection."""

    data: bytes = b""
    tokens: int = 0
    """How many tokens the model needs for it; the pace counts them."""
    pause: float = 0.0
    """Seconds of silence before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Token counts of a turn."""

    input: int
    output: int
    thoughts: int
    cached: int


class Answer:
    """A turn on its way to the request it answers."""

    def __init__(self, turn: Turn, ask: Ask) -> None:
        self.turn = turn
        self.ask = ask
        self._seed = json.dumps(ask.body, sort_keys=True, default=str).encode()
        self.created = int(time.time())

    def id(self, prefix: str, size: int, *, of: object = "") -> str:
        """Make an identifier as providers do; the same request gets the same ones, another turn of a session gets others."""
        number = int.from_bytes(hashlib.sha512(self._seed + f"{prefix}{of}".encode()).digest(), "big")
        letters: list[str] = []
        for _ in range(size):
            number, digit = divmod(number, 62)
            letters.append(_BASE62[digit])
        return prefix + "".join(letters)

    def finish(self, words: Mapping[str, str]) -> str:
        """The finish word: the turn's own or the one that fits, in the wire's words."""
        word = self.turn.finish or ("tool_calls" if self.turn.calls else "stop")
        return words.get(word, word)

    @cached_property
    def tokens(self) -> Tokens:
        """The scenario's token counts, or those of what was said."""
        usage = self.turn.usage
        thoughts = output = 0
        for part in self.turn.parts:
            match part:
                case Thought(text=text):
                    thoughts += len(pieces(text))
                case Text(text=text):
                    output += len(pieces(text))
                case Call(name=name, arguments=arguments):
                    output += len(pieces(name)) + len(argument_pieces(arguments))
        return Tokens(
            input=max(1, len(self._seed) // 4) if usage.input is None else usage.input,
            output=max(1, output) if usage.output is None else usage.output,
            thoughts=thoughts if usage.thoughts is None else usage.thoughts,
            cached=usage.cached,
        )


class Wire(ABC):
    """One provider's wire format at one family of paths."""

    media_type: ClassVar[str] = "text/event-stream"

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = re.compile(path)

    @abstractmethod
    def decode(self, request: Request) -> Ask:
        """Read a request. A KeyError, TypeError, AttributeError or ValueError means that it is none of this wire."""

    @abstractmethod
    def opening(self, answer: Answer) -> Iterator[Frame]:
        """Yield what comes before the model speaks."""

    @abstractmethod
    def saying(self, answer: Answer) -> Iterator[Frame]:
        """Yield what the model says."""

    @abstractmethod
    def closing(self, answer: Answer) -> Iterator[Frame]:
        """Yield the finish word, usage and the wire's end marker."""

    @abstractmethod
    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the answer as one body."""

    @abstractmethod
    def failure(self, failure: Failure) -> dict[str, Any]:
        """Return an error in the provider's form."""

    def failure_frame(self, failure: Failure) -> Frame:
        """Return an error inside a stream."""
        return Frame(data=sse(self.failure(failure)))

    def stream(self, answer: Answer) -> Iterator[Frame]:
        """Yield the whole stream; a broken one has no closing."""
        yield from self.opening(answer)
        yield from self.saying(answer)
        if answer.turn.error is not None:
            yield self.failure_frame(answer.turn.error)
        elif answer.turn.ending == "normal":
            yield from self.closing(answer)


def sse(data: Mapping[str, Any] | str, *, event: str = "") -> bytes:
    """Write one server-sent event."""
    payload = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\ndata: {payload}\n\n".encode() if event else f"data: {payload}\n\n".encode()


def pieces(text: str) -> list[str]:
    """Split text as a tokenizer would, roughly: joined, the pieces are the text."""
    return _WORD_PIECE.findall(text)


def argument_pieces(text: str) -> list[str]:
    """Split argument text into fragments that respect nothing, as providers do."""
    return _ARGUMENT_PIECE.findall(text)


def grouped(items: list[str], size: int) -> Iterator[tuple[str, int]]:
    """Yield runs of `size` pieces, joined, with their number."""
    for start in range(0, len(items), size):
        run = items[start : start + size]
        yield "".join(run), len(run)


def texts(content: Any) -> list[str]:
    """The texts of a message's content, which is a string, a list of parts, or nothing."""
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    return [part if isinstance(part, str) else part["text"] for part in content if isinstance(part, str) or "text" in part]
