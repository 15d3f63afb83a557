# SPDX-License-Identifier: Apache-2.0
"""What a delta is made of, and how a value of any shape is read.

Everything is read by duck typing: LiteLLM's and the OpenAI SDK's objects of any version, dicts, or rubbish. What cannot be read is not
there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union


@dataclass(slots=True)
class TextPiece:
    """A fragment of visible text."""

    text: str
    refusal: bool = False


@dataclass(slots=True)
class ThoughtPiece:
    """A fragment of reasoning, a signature over it, or a redacted block."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None


@dataclass(slots=True)
class CallPiece:
    """A fragment of one tool call."""

    index: int | None = None
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    signature: str | None = None
    legacy: bool = False
    """It came as `function_call`, the form before tools."""
    custom: bool = False
    """It calls a custom (free-form) tool, which ADK cannot run."""


@dataclass(slots=True)
class MediaPiece:
    """A fragment of an image or a sound."""

    mime_type: str
    data: str | None = None
    """Base64; the fragments of a sound are encoded one by one."""
    uri: str | None = None


@dataclass(slots=True)
class NotePiece:
    """Something beside the content: a citation, a text signature, an MCP or server-tool field."""

    name: str
    value: Any


Piece = Union[TextPiece, ThoughtPiece, CallPiece, MediaPiece, NotePiece]


_NOTHING: Mapping[str, Any] = {}


def fields(value: Any) -> Mapping[str, Any]:
    """The named values of a dict or an object; empty for anything else. Pydantic's extra fields count as fields."""
    if isinstance(value, dict):
        return value
    if value is None:
        return _NOTHING
    try:
        own, extra = value.__dict__, value.__pydantic_extra__
    except AttributeError:
        return _other_fields(value)
    return {**own, **extra} if extra and own else extra or own


def _other_fields(value: Any) -> Mapping[str, Any]:
    """Of what is neither a dict nor a pydantic model, apart from those because to ask for a `Mapping` is slow."""
    if isinstance(value, Mapping):
        return value
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict):
        return attributes
    slots = getattr(type(value), "__slots__", None)
    return {name: getattr(value, name, None) for name in slots} if isinstance(slots, (tuple, list)) else _NOTHING


def items(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as its only element."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def text(value: Any) -> str | None:
    """A non-empty string, or None."""
    return value if isinstance(value, str) and value else None


def index(value: Any) -> int | None:
    """A whole number, also when it came as text, or None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9 else None
