# SPDX-License-Identifier: Apache-2.0
"""Strategies: what a model may say in a turn, and the many ways in which a provider may stream it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from adk_litellm_fix import Normalizer, Turn
from adk_litellm_fix.normalizer import CallPart, Event, TextPart, ThoughtPart

TOOLS = ("f", "g", "get_weather")
Chunk = dict[str, Any]


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Thought:
    text: str


@dataclass(frozen=True)
class ToolCall:
    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Spoken:
    """One model turn, as the model said it."""

    items: tuple[Text | Thought | ToolCall, ...]
    finish: str
    usage: dict[str, int] | None

    @property
    def calls(self) -> list[ToolCall]:
        return [item for item in self.items if isinstance(item, ToolCall)]


# --- what is said ---------------------------------------------------------------------------------

_SCRAPS = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    '{"name":"f","arguments":{}}',
    "[TOOL_CALLS]",
    "```",
    "`",
    "{",
    " ",
    "\n",
    "é",
    "😀",
)
texts = st.lists(st.one_of(st.text(min_size=1, max_size=8), st.sampled_from(_SCRAPS)), min_size=1, max_size=6).map("".join)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
arguments = st.dictionaries(st.text(min_size=1, max_size=5), _json, max_size=3).map(json.dumps)
finishes = st.sampled_from(["stop", "tool_calls", "length", "content_filter", "end_turn", "network_error"])
usages = st.none() | st.builds(
    lambda p, c: {"prompt_tokens": p, "completion_tokens": c, "total_tokens": p + c}, st.integers(1, 99), st.integers(1, 99)
)


@st.composite
def spoken(draw: st.DrawFn, *, finish: st.SearchStrategy[str] = finishes) -> Spoken:
    """A turn with whole calls that have ids."""
    numbers = itertools.count(1)
    call = st.builds(ToolCall, st.builds(lambda: f"call_{next(numbers)}"), st.sampled_from(TOOLS), arguments)
    items = draw(st.lists(st.one_of(texts.map(Text), texts.map(Thought), call), max_size=5))
    return Spoken(tuple(items), draw(finish), draw(usages))


# --- how it is streamed ---------------------------------------------------------------------------


def chunk(delta: dict[str, Any], finish: str | None = None, usage: dict[str, int] | None = None) -> Chunk:
    made: Chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return {**made, "usage": usage} if usage is not None else made


def _cut(draw: st.DrawFn, text: str) -> list[str]:
    """The text in fragments, none empty; an empty text is one fragment."""
    places = draw(st.lists(st.integers(0, len(text)), max_size=4))
    bounds = [0, *sorted(set(places)), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(bounds) if a < b] or [""]


@dataclass
class _Way:
    """One provider's habits."""

    id_everywhere: bool
    name_everywhere: bool
    index_zero: bool
    whole_calls: bool


def _call_deltas(draw: st.DrawFn, call: ToolCall, index: int, way: _Way) -> list[dict[str, Any]]:
    fragments = [call.arguments] if way.whole_calls else _cut(draw, call.arguments)
    deltas = []
    for number, fragment in enumerate(fragments):
        function: dict[str, Any] = {"arguments": fragment}
        piece: dict[str, Any] = {"index": 0 if way.index_zero else index, "type": "function", "function": function}
        if number == 0 or way.id_everywhere:
            piece["id"] = call.id
        if number == 0 or way.name_everywhere:
            function["name"] = call.name
        deltas.append({"tool_calls": [piece]})
    return deltas


@st.composite
def streamings(draw: st.DrawFn, said: Spoken) -> list[Chunk]:
    """One legal way of streaming a turn."""
    way = draw(st.builds(_Way, *[st.booleans()] * 4))
    deltas: list[dict[str, Any]] = []
    indexes = itertools.count()
    for item in said.items:
        if isinstance(item, Text):
            deltas += [{"content": fragment} for fragment in _cut(draw, item.text)]
        elif isinstance(item, Thought):
            deltas += [{"reasoning_content": fragment} for fragment in _cut(draw, item.text)]
        else:
            deltas += _call_deltas(draw, item, next(indexes), way)
    chunks = [chunk(delta) for delta in deltas]
    finish_apart = draw(st.booleans()) or not chunks
    if finish_apart:
        chunks.append(chunk({}, said.finish))
    else:
        chunks[-1]["choices"][0]["finish_reason"] = said.finish
    if said.usage is not None:
        if draw(st.booleans()):
            chunks.append({"object": "chat.completion.chunk", "choices": [], "usage": said.usage})
        else:
            chunks[-1]["usage"] = said.usage
    return chunks


def message(said: Spoken) -> Chunk:
    """The turn as a non-streaming response."""
    body: dict[str, Any] = {
        "content": "".join(item.text for item in said.items if isinstance(item, Text)) or None,
        "reasoning_content": "".join(item.text for item in said.items if isinstance(item, Thought)) or None,
        "tool_calls": [{"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in said.calls]
        or None,
    }
    return {"object": "chat.completion", "choices": [{"index": 0, "message": body, "finish_reason": said.finish}], "usage": said.usage}


# --- reading --------------------------------------------------------------------------------------


def read(chunks: list[Any], *, tools: tuple[str, ...] = TOOLS) -> tuple[list[Event], Turn]:
    """All events and the turn; fresh ids are numbered, so that equal streams give equal turns."""
    numbers = itertools.count(1)
    normalizer = Normalizer(tools, new_id=lambda: f"fresh_{next(numbers)}")
    events = [event for item in chunks for event in normalizer.feed(item)]
    events += normalizer.close()
    return events, normalizer.turn


def plain(turn: Turn) -> dict[str, Any]:
    """What a turn says, without how it was put right."""
    return {
        "parts": turn.parts,
        "finish": turn.finish_reason,
        "error": turn.error_code,
        "withheld": [(call.name, call.arguments) for call in turn.withheld_calls],
        "usage": turn.usage,
    }


def joined(turn: Turn) -> dict[str, Any]:
    """What a turn says when the order of its parts is left out."""
    return {
        **plain(turn),
        "parts": (
            "".join(part.text for part in turn.parts if isinstance(part, TextPart)),
            "".join(part.text for part in turn.parts if isinstance(part, ThoughtPart)),
            [(part.id, part.name, dict(part.arguments)) for part in turn.parts if isinstance(part, CallPart)],
        ),
    }
