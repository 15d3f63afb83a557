# SPDX-License-Identifier: Apache-2.0
"""Builds the parts of a turn in order of arrival; every text is joined once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from .tool_calls import Call
from .turn import CallPart, MediaPart, Part, TextPart, ThoughtPart


@dataclass(slots=True)
class _Text:
    pieces: list[str] = field(default_factory=list)
    signature: str | None = None


@dataclass(slots=True)
class _Thought:
    pieces: list[str] = field(default_factory=list)
    signature: str | None = None
    redacted: str | None = None


@dataclass(slots=True)
class _Media:
    mime_type: str
    data: list[str] = field(default_factory=list)
    uri: str | None = None


_Run = Union[_Text, _Thought, _Media, Call]


class Parts:
    """Collects what a turn says into runs: one run per stretch of text, block of thought, medium or call."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    @property
    def empty(self) -> bool:
        """Whether the turn has said nothing yet."""
        return not self._runs

    def add_text(self, text: str) -> None:
        """Takes more text."""
        last = self._runs[-1] if self._runs else None
        if not isinstance(last, _Text):
            last = _Text()
            self._runs.append(last)
        last.pieces.append(text)

    def sign_text(self, signature: str) -> None:
        """Gemini signs the last text part."""
        run = next((run for run in reversed(self._runs) if isinstance(run, _Text)), None)
        if run is not None:
            run.signature = signature

    def add_thought(self, text: str, signature: str | None) -> str:
        """Takes more of a block, or its signature, which closes it. Returns the text that is new: a signed block may repeat its deltas."""
        run = self._runs[-1] if self._runs else None
        if not isinstance(run, _Thought) or run.signature or run.redacted:
            run = (None if text else self._unsigned_thought()) or self._open_thought()
        if signature and text and text == "".join(run.pieces):
            text = ""
        if text:
            run.pieces.append(text)
        run.signature = signature or run.signature
        return text

    def _unsigned_thought(self) -> _Thought | None:
        """The last block, if it still waits for its signature: some providers send it after the text."""
        run = next((run for run in reversed(self._runs) if isinstance(run, _Thought)), None)
        return run if run is not None and not run.signature and not run.redacted else None

    def _open_thought(self) -> _Thought:
        run = _Thought()
        self._runs.append(run)
        return run

    def add_redacted(self, data: str) -> None:
        """Takes an encrypted block of thought."""
        self._runs.append(_Thought(redacted=data))

    def add_media(self, mime_type: str, data: str | None, uri: str | None) -> None:
        """Fragments of a sound follow one another; images come whole."""
        last = self._runs[-1] if self._runs else None
        if isinstance(last, _Media) and data and last.mime_type == mime_type and mime_type.startswith("audio/"):
            last.data.append(data)
        else:
            self._runs.append(_Media(mime_type, [data] if data else [], uri))

    def add_call(self, call: Call) -> None:
        """Marks the place of a call; a call has one place, where it appeared first."""
        self._runs.append(call)

    def build(self, calls: Mapping[int, CallPart]) -> tuple[Part, ...]:
        """The parts; of the calls only those in `calls`, keyed by the identity of the `Call`."""
        return tuple(part for run in self._runs if (part := _part(run, calls)) is not None)


def _part(run: _Run, calls: Mapping[int, CallPart]) -> Part | None:
    if isinstance(run, Call):
        return calls.get(id(run))
    if isinstance(run, _Text):
        return TextPart(text="".join(run.pieces), signature=run.signature)
    if isinstance(run, _Thought):
        return ThoughtPart(text="".join(run.pieces), signature=run.signature, redacted=run.redacted)
    return MediaPart(mime_type=run.mime_type, data=_joined(run.data), uri=run.uri)


def _joined(pieces: list[str]) -> str | None:
    """One base64 text from pieces that were encoded one by one."""
    if len(pieces) < 2:
        return pieces[0] if pieces else None
    try:
        return base64.b64encode(b"".join(base64.b64decode(piece) for piece in pieces)).decode()
    except (binascii.Error, ValueError):
        return "".join(pieces)
