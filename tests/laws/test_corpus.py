# SPDX-License-Identifier: Apache-2.0
"""The laws over recordings of real providers, where the corpus lies beside the checkout. A user's clone has none: then these are skipped.

Here the chat-completions recordings are read as bare chunks; `.ci/conformance` plays all wires over HTTP through LiteLLM.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from adk_litellm_fix.normalizer import Ending, FinishReason, TextDelta, ThoughtDelta

from .streams import plain, read

CORPUS = Path(os.environ.get("ADK_FIX_CORPUS", Path(__file__).parents[3] / "shared" / "corpus")) / "openai-chat"
SHARE = int(os.environ.get("ADK_FIX_CORPUS_SHARE", "4"))
"""One in so many recordings is read; 1 reads all."""

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recordings is not beside this checkout")


@functools.cache
def _recordings() -> list[dict[str, Any]]:
    paths = sorted(CORPUS.glob("*-stream.json"))[::SHARE] if CORPUS.is_dir() else []
    recordings = [json.loads(path.read_text()) for path in paths]
    return [recording for recording in recordings if "multi-choice" not in recording["tags"] and "error-in-stream" not in recording["tags"]]


def _chunks(recording: dict[str, Any]) -> list[Any]:
    return [json.loads(event) for event in recording["events"] if event.strip().startswith("{")]


def _tools(recording: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(call["name"] for call in recording["expected"]["tool_calls"] if call.get("name")))


def _split(chunks: list[Any], rng: random.Random) -> list[Any]:
    """Every text and argument delta cut in two at random."""
    out = []
    for chunk in chunks:
        first, second = copy.deepcopy(chunk), copy.deepcopy(chunk)
        if not (_halve(first, second, rng) and chunk.get("choices")):
            out.append(chunk)
            continue
        for choice in first["choices"]:
            choice["finish_reason"] = None
        first.pop("usage", None)
        out += [first, second]
    return out


def _halve(first: Any, second: Any, rng: random.Random) -> bool:
    halved = False
    for one, other in zip(first.get("choices") or [], second.get("choices") or [], strict=True):
        delta, rest = one.get("delta") or {}, other.get("delta") or {}
        if set(name for name, value in delta.items() if value) - {"role", "content", "tool_calls"}:
            return False
        if isinstance(delta.get("content"), str) and len(delta["content"]) > 1:
            at = rng.randrange(1, len(delta["content"]))
            delta["content"], rest["content"] = delta["content"][:at], delta["content"][at:]
            halved = True
        elif delta.get("content"):
            rest["content"] = ""
        calls = delta.get("tool_calls") or []
        if len(calls) > 1 or any(call.get("index") is None for call in calls):
            return False
        for call, more in zip(calls, rest.get("tool_calls") or [], strict=True):
            arguments = (call.get("function") or {}).get("arguments")
            if not isinstance(arguments, str) or len(arguments) < 2:
                return False
            at = rng.randrange(1, len(arguments))
            call["function"]["arguments"], more["function"] = arguments[:at], {"arguments": arguments[at:]}
            more.pop("id", None)
            halved = True
    return halved


def test_every_recording_says_what_its_provider_said() -> None:
    for recording in _recordings():
        _, turn = read(_chunks(recording), tools=_tools(recording))
        expected = recording["expected"]
        if not turn.thoughts or "<think>" not in expected["text"]:
            assert turn.text == expected["text"] + (expected.get("refusal") or ""), recording["id"]
            assert turn.thoughts == expected["reasoning"], recording["id"]
        if turn.finish_reason is FinishReason.STOP:
            assert [call.name for call in turn.calls] == [call["name"] for call in expected["tool_calls"]], recording["id"]
            assert [dict(call.arguments) for call in turn.calls] == [call["arguments"] or {} for call in expected["tool_calls"]], recording[
                "id"
            ]


def test_every_recording_cut_finer_gives_the_same_turn() -> None:
    rng = random.Random(7)
    for recording in _recordings():
        chunks, tools = _chunks(recording), _tools(recording)
        assert plain(read(_split(chunks, rng), tools=tools)[1]) == plain(read(chunks, tools=tools)[1]), recording["id"]


def test_no_prefix_of_a_recording_lets_a_call_through_or_loses_what_was_shown() -> None:
    rng = random.Random(7)
    for recording in _recordings():
        chunks, tools = _chunks(recording), _tools(recording)
        finish = next((i for i, c in enumerate(chunks) if any(x.get("finish_reason") for x in c.get("choices") or [])), len(chunks))
        for length in {0, finish, *(rng.randrange(finish + 1) for _ in range(3))}:
            events, turn = read(chunks[:length], tools=tools)
            assert turn.calls == (), recording["id"]
            assert turn.ending is Ending.CUT, recording["id"]
            assert turn.error_code in ("STREAM_CUT", "EMPTY_STREAM"), recording["id"]
            assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text, recording["id"]
            assert "".join(event.text for event in events if isinstance(event, ThoughtDelta)) == turn.thoughts, recording["id"]
