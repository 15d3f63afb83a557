# SPDX-License-Identifier: Apache-2.0
"""Decodes one chunk of any shape into a typed view.

A chunk is whatever a chat-completions stream yields; a whole non-streaming response is a chunk too, with `message` in place of
`delta`. Decoding never raises on a chunk's shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .delta import read_delta, read_notes
from .pieces import NotePiece, Piece, fields, index, items, text


@dataclass(slots=True)
class Choice:
    """One candidate's share of a chunk."""

    index: int = 0
    pieces: list[Piece] = field(default_factory=list)
    """In the order in which they are to be read."""
    finish_reason: str | None = None
    logprobs: list[Any] = field(default_factory=list)
    whole: bool = False
    """It came as `message`: everything at once."""


@dataclass(slots=True)
class Chunk:
    """The typed view of one chunk."""

    choices: list[Choice] = field(default_factory=list)
    usage: Any = None
    model: str | None = None
    id: str | None = None
    error: str | None = None
    notes: list[NotePiece] = field(default_factory=list)
    streamed: bool = False
    """It calls itself a chunk, not a whole response."""


def _choice(values: Mapping[str, Any]) -> Choice:
    delta = fields(values.get("delta"))
    pieces = read_delta(delta) if delta else []
    whole = False
    if not delta and values.get("message"):
        pieces, whole = read_delta(fields(values["message"])), True
    return Choice(
        index=index(values.get("index")) or 0,
        pieces=pieces,
        finish_reason=text(values.get("finish_reason")),
        logprobs=[_logprob(entry) for entry in items(fields(values.get("logprobs")).get("content"))],
        whole=whole,
    )


def _logprob(entry: Any) -> Mapping[str, Any]:
    values = fields(entry)
    alternatives = [{"token": top.get("token"), "logprob": top.get("logprob")} for top in map(fields, items(values.get("top_logprobs")))]
    return {"token": values.get("token"), "logprob": values.get("logprob"), "top_logprobs": alternatives}


def _error(*holders: Mapping[str, Any]) -> str | None:
    for holder in holders:
        error = holder.get("error")
        if error:
            message = error if isinstance(error, str) else fields(error).get("message") or fields(error).get("code")
            return str(message or "the provider reported an error")
    return None


def decode(chunk: Any) -> Chunk | None:
    """The typed view of a chunk; None when it is nothing that could be one."""
    values = fields(chunk)
    if not values:
        return None
    choices = [fields(choice) for choice in items(values.get("choices"))]
    return Chunk(
        choices=[_choice(choice) for choice in choices],
        usage=values.get("usage"),
        model=text(values.get("model")),
        id=text(values.get("id")),
        error=_error(values, *choices),
        notes=list(read_notes(values, values.get("provider_specific_fields"))),
        streamed=values.get("object") == "chat.completion.chunk",
    )
