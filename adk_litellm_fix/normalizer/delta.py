# SPDX-License-Identifier: Apache-2.0
"""Decodes one delta, or one whole message, into its pieces."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .pieces import CallPiece, MediaPiece, NotePiece, Piece, TextPiece, ThoughtPiece, fields, index, items, text

_MAX_NESTING = 8
_SIGNATURE_SEPARATOR = "__thought__"

# --- text and thoughts ----------------------------------------------------------------------------


def _content(value: Any, depth: int = 0) -> Iterator[Piece]:
    """Content as a string or as blocks (Mistral, Databricks)."""
    if isinstance(value, str):
        if value:
            yield TextPiece(value)
        return
    if depth < _MAX_NESTING:
        for block in items(value):
            yield from _block(block, depth + 1)


def _block(block: Any, depth: int) -> Iterator[Piece]:
    if isinstance(block, (str, list, tuple)):
        yield from _content(block, depth)
        return
    values = fields(block)
    kind = values.get("type")
    if kind in ("thinking", "reasoning", "redacted_thinking"):
        yield from _thinking_block(values, depth)
    elif kind == "refusal":
        yield from _refusal(values.get("refusal"))
    elif kind in ("image_url", "image"):
        yield from _images([block])
    elif isinstance(values.get("text"), str):
        yield TextPiece(values["text"])


def _refusal(value: Any) -> Iterator[Piece]:
    if text(value):
        yield TextPiece(value, refusal=True)


def _flat_text(value: Any, depth: int = 0) -> str:
    """The text inside a nest of strings, lists and `{text|content|thinking|summary}` objects."""
    if isinstance(value, str):
        return value
    if depth >= _MAX_NESTING:
        return ""
    if isinstance(value, (list, tuple)):
        return "".join(_flat_text(item, depth + 1) for item in value)
    values = fields(value)
    inner = next((values[name] for name in ("text", "thinking", "content", "summary", "reasoning") if values.get(name)), "")
    return _flat_text(inner, depth + 1)


def _thinking_block(block: Any, depth: int = 0) -> Iterator[Piece]:
    values = fields(block)
    if text(values.get("data")) and values.get("type") in ("redacted_thinking", "redacted", "reasoning.encrypted"):
        yield ThoughtPiece(redacted=values["data"])
        return
    piece = ThoughtPiece(_flat_text(values, depth), signature=text(values.get("signature")))
    if piece.text or piece.signature:
        yield piece


def _thoughts(delta: Mapping[str, Any]) -> list[Piece]:
    """The thoughts of a delta, once: the richest of its carriers that says anything.

    `thinking_blocks` has signatures, `reasoning_details` (OpenRouter) may have the signature alone beside the text in `reasoning`.
    """
    blocks = [piece for block in items(delta.get("thinking_blocks")) for piece in _thinking_block(block)]
    if not blocks:
        blocks = [piece for block in items(delta.get("reasoning_details")) for piece in _thinking_block(block)]
    if any(isinstance(piece, ThoughtPiece) and piece.text for piece in blocks):
        return blocks
    plain = _flat_text(delta.get("reasoning_content")) or _flat_text(delta.get("reasoning"))
    return [ThoughtPiece(plain), *blocks] if plain else blocks


# --- tool calls -----------------------------------------------------------------------------------


def _arguments(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return repr(type(value))  # no JSON: the call will be refused, and say so


def _signature(call: Mapping[str, Any], function: Mapping[str, Any]) -> str | None:
    google = fields(call.get("extra_content")).get("google")
    for holder in (google, call.get("provider_specific_fields"), function.get("provider_specific_fields")):
        value = fields(holder).get("thought_signature")
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if text(value):
            return str(value)
    return None


def _split_id(value: Any) -> tuple[str | None, str | None]:
    """Parts LiteLLM's `call_x__thought__<base64>` into id and signature; any other id is the provider's and stays whole."""
    call_id = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    if call_id is None or _SIGNATURE_SEPARATOR not in call_id:
        return call_id, None
    head, _, tail = call_id.partition(_SIGNATURE_SEPARATOR)
    standard = tail.replace("-", "+").replace("_", "/")
    standard += "=" * (-len(standard) % 4)
    try:
        base64.b64decode(standard, validate=True)
    except (binascii.Error, ValueError):
        return call_id, None
    return head or None, standard


def _name(value: Any) -> str | None:
    """A name, or a fragment of one; white space alone names nothing."""
    return value if isinstance(value, str) and value.strip() else None


def _tool_call(call: Any, position: int | None) -> Iterator[Piece]:
    values = fields(call)
    custom = values.get("type") == "custom"
    function = fields(values.get("custom" if custom else "function"))
    if not values or not (function or values.get("id")):
        return
    call_id, id_signature = _split_id(values.get("id"))
    yield CallPiece(
        index=position if (number := index(values.get("index"))) is None else number,
        id=call_id,
        name=_name(function.get("name")),
        arguments=_arguments(function.get("input" if custom else "arguments")),
        signature=_signature(values, function) or id_signature,
        custom=custom,
    )


def _calls(delta: Mapping[str, Any]) -> Iterator[Piece]:
    tool_calls = items(delta.get("tool_calls"))
    for position, call in enumerate(tool_calls):
        yield from _tool_call(call, position if len(tool_calls) > 1 else None)
    function = fields(delta.get("function_call"))
    if function and not tool_calls:
        yield CallPiece(name=_name(function.get("name")), arguments=_arguments(function.get("arguments")), legacy=True)


# --- everything else ------------------------------------------------------------------------------


def _images(value: Any) -> Iterator[Piece]:
    for image in items(value):
        values = fields(image)
        source = values.get("image_url") or values.get("url") or values.get("source")
        url = text(source if isinstance(source, str) else fields(source).get("url"))
        if url is None:
            continue
        head, comma, data = url.partition(",")
        if head.startswith("data:") and comma:
            yield MediaPiece(head[len("data:") :].partition(";")[0] or "image/png", data=data)
        else:
            yield MediaPiece("image/*", uri=url)


def _audio(value: Any) -> Iterator[Piece]:
    values = fields(value)
    if text(values.get("transcript")):
        yield NotePiece("audio_transcript", values["transcript"])
    if text(values.get("data")):
        yield MediaPiece(f"audio/{text(values.get('format')) or 'pcm16'}", data=values["data"])


def read_notes(*holders: Any) -> Iterator[NotePiece]:
    """Fields that stand beside the content, in the delta or in its `provider_specific_fields`."""
    for holder in holders:
        values = fields(holder)
        if not _NOTE_NAMES.isdisjoint(values):
            yield from (NotePiece(name, values[name]) for name in NOTES if values.get(name))


NOTES = (
    "annotations", "citation", "citations", "search_results",
    "thought_signature", "thought_signatures",
    "mcp_list_tools", "mcp_tool_calls", "mcp_call_results",
    "web_search_results", "web_fetch_results", "code_execution_results", "tool_results", "container", "context_management",
    "vertex_ai_grounding_metadata", "service_tier",
)  # fmt: skip
"""Names of the fields that are kept beside the content; what is not named here is transport detail."""
_NOTE_NAMES = frozenset(NOTES)
_COMMON = frozenset({"role", "content", "tool_calls"})


def read_delta(delta: Mapping[str, Any]) -> list[Piece]:
    """All pieces of one delta: thoughts before text before calls, as providers order them inside one delta."""
    delta = {name: value for name, value in delta.items() if value}
    if delta.keys() <= _COMMON:  # nearly every delta, and a stream has thousands
        return [*_content(delta.get("content")), *_calls(delta)]
    own = fields(delta.get("provider_specific_fields"))
    pieces = _thoughts(delta)
    pieces.extend(_content(delta.get("content")))
    for name, read in _OTHERS:
        value = delta.get(name) or own.get(name)
        if value:
            pieces.extend(read(value))
    pieces.extend(_calls(delta))
    pieces.extend(read_notes(delta, own))
    return pieces


_OTHERS: tuple[tuple[str, Callable[[Any], Iterator[Piece]]], ...] = (("refusal", _refusal), ("images", _images), ("audio", _audio))
