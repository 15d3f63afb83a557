# SPDX-License-Identifier: Apache-2.0
"""Time and memory grow with the length of the stream, whatever its shape (law 9)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from adk_litellm_fix import Normalizer

from ..laws.streams import chunk


def _call(index: int, call_id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}]}


SHAPES: dict[str, Callable[[int], dict[str, Any]]] = {
    "text": lambda n: {"content": "word "},
    "brackets in text": lambda n: {"content": "<[`"},
    "think tags": lambda n: {"content": "<think>"},
    "openers": lambda n: {"content": "<function=f>"},
    "thoughts": lambda n: {"reasoning_content": "hm "},
    "signed thoughts": lambda n: {"thinking_blocks": [{"type": "thinking", "thinking": "x", "signature": "s"}]},
    "one call": lambda n: _call(0, None if n else "c", None if n else "f", "[1," if n else '{"a": ['),
    "a call each": lambda n: _call(n, f"c{n}", "f", "{}"),
    "one index for all": lambda n: _call(0, f"c{n}", "f", "{}"),
    "one id for all": lambda n: _call(n, "c", "f", f'{{"a": {n}}}'),
    "a new id each time": lambda n: _call(0, f"c{n}", None, "{"),
    "a new name each time": lambda n: _call(0, "c", f"f{n}", "{"),
    "names repeated": lambda n: _call(0, "c", "f", "x"),
    "no id": lambda n: _call(0, None, "f", "{}"),
    "no index": lambda n: {"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]},
    "calls and text in turn": lambda n: {"content": "a"} if n % 2 else _call(n, f"c{n}", "f", "{}"),
    "other choices": lambda n: {"content": "a"},
    "citations": lambda n: {"annotations": [{"type": "url_citation", "url_citation": {"url": f"https://example.org/{n}"}}]},
}


def _seconds(shape: Callable[[int], dict[str, Any]], chunks: list[dict[str, Any]]) -> float:
    normalizer = Normalizer({"f"})
    started = time.process_time()
    for item in chunks:
        normalizer.feed(item)
    normalizer.close()
    return time.process_time() - started


@pytest.mark.parametrize("name", SHAPES)
def test_ten_times_the_chunks_cost_about_ten_times_the_time(name: str) -> None:
    shape = SHAPES[name]
    small, large = ([chunk(shape(n)) for n in range(size)] for size in (1_000, 10_000))
    base = min(_seconds(shape, small) for _ in range(3))
    assert min(_seconds(shape, large) for _ in range(2)) < 30 * max(base, 0.005)
