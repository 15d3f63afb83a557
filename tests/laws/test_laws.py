# SPDX-License-Identifier: Apache-2.0
"""The laws of the normalizer, over generated turns streamed in every legal way. `test_corpus.py` holds recordings to the same laws."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from adk_litellm_fix.normalizer import CallPart, Ending, FinishReason, RepairCode, TextDelta, ThoughtDelta, ToolCallDelta

from .streams import Spoken, Text, Thought, ToolCall, chunk, joined, message, plain, read, spoken, streamings

one_way = st.shared(spoken().filter(lambda said: not _says_itself_twice(said)), key="said")


def _says_itself_twice(said: Spoken) -> bool:
    """A text that is the same text twice, cut in its middle, is what `snapshots.py` takes for a repetition: the one exception to the law."""
    text = "".join(item.text for item in said.items if isinstance(item, Text))
    return len(text) > 3 and any(text[:size] * 2 == text[: 2 * size] for size in range(2, len(text) // 2 + 1))


@given(said=one_way, first=one_way.flatmap(streamings), second=one_way.flatmap(streamings))
def test_any_two_ways_of_streaming_a_turn_give_the_same_turn(said: Spoken, first: list[Any], second: list[Any]) -> None:
    assert plain(read(first)[1]) == plain(read(second)[1])


@given(said=one_way, chunks=one_way.flatmap(streamings))
def test_the_streamed_turn_is_the_unstreamed_turn(said: Spoken, chunks: list[Any]) -> None:
    assume(_fits_a_message(said))
    assert joined(read(chunks)[1]) == joined(read([message(said)])[1])


def _fits_a_message(said: Spoken) -> bool:
    """A message has one text behind its thoughts and before its calls: other orders are lost in it."""
    order = [(Thought, Text, ToolCall).index(type(item)) for item in said.items]
    return order == sorted(order) and order.count(1) <= 1


@given(said=one_way, chunks=one_way.flatmap(streamings))
def test_the_partials_add_up_to_the_final(said: Spoken, chunks: list[Any]) -> None:
    events, turn = read(chunks)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text
    assert "".join(event.text for event in events if isinstance(event, ThoughtDelta)) == turn.thoughts
    shown = {event.id: "" for event in events if isinstance(event, ToolCallDelta)}
    for event in events:
        if isinstance(event, ToolCallDelta):
            shown[event.id] += event.arguments
    for call in turn.calls:
        if call.id in shown:
            assert json.loads(shown[call.id]) == call.arguments


@given(chunks=one_way.flatmap(streamings), data=st.data())
def test_no_prefix_of_a_stream_lets_a_call_through(chunks: list[Any], data: st.DataObject) -> None:
    finish = next(i for i, item in enumerate(chunks) if item["choices"] and item["choices"][0]["finish_reason"])
    length = data.draw(st.integers(0, finish))
    _, turn = read(chunks[:length])
    assert turn.calls == ()
    assert turn.error_code is not None
    assert turn.ending is Ending.CUT


@given(chunks=one_way.flatmap(streamings), data=st.data())
def test_whatever_was_shown_before_a_cut_stands_in_the_final(chunks: list[Any], data: st.DataObject) -> None:
    events, turn = read(chunks[: data.draw(st.integers(0, len(chunks)))])
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text
    assert "".join(event.text for event in events if isinstance(event, ThoughtDelta)) == turn.thoughts


@given(said=one_way, chunks=one_way.flatmap(streamings))
def test_calls_run_only_after_a_normal_end_and_then_all_of_them(said: Spoken, chunks: list[Any]) -> None:
    _, turn = read(chunks)
    if turn.finish_reason is FinishReason.STOP and said.calls:
        assert [(call.id, call.name) for call in turn.calls] == [(call.id, call.name) for call in said.calls]
        assert [dict(call.arguments) for call in turn.calls] == [json.loads(call.arguments) for call in said.calls]
    elif turn.finish_reason is not FinishReason.STOP:
        assert turn.calls == ()
        assert turn.error_code == turn.finish_reason.value
        assert len(turn.withheld_calls) >= len(said.calls)


_TEXT_REPAIRS = {RepairCode.THINK_TAG, RepairCode.TEXT_TOOL_CALL, RepairCode.TEXT_BLANK}
"""What may be in the generated text itself, however cleanly it is streamed."""


@given(said=one_way)
def test_a_clean_stream_reports_no_repair(said: Spoken) -> None:
    deltas: list[dict[str, Any]] = []
    for item in said.items:
        if isinstance(item, ToolCall):
            index = sum("tool_calls" in delta for delta in deltas)
            function = {"name": item.name, "arguments": item.arguments}
            deltas.append({"tool_calls": [{"index": index, "id": item.id, "type": "function", "function": function}]})
        else:
            deltas.append({"content" if isinstance(item, Text) else "reasoning_content": item.text})
    _, turn = read([*map(chunk, deltas), chunk({}, said.finish)])
    assert [repair for repair in turn.repairs if repair.code not in _TEXT_REPAIRS] == []


_rubbish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "id",
                    "index",
                    "type",
                    "finish_reason",
                    "usage",
                    "prompt_tokens",
                    "thinking_blocks",
                    "reasoning_content",
                    "reasoning_details",
                    "provider_specific_fields",
                    "images",
                    "audio",
                    "error",
                    "function_call",
                    "annotations",
                    "logprobs",
                    "refusal",
                    "text",
                    "mcp_call_results",
                    "tool_call_id",
                    "signature",
                    "data",
                    "url",
                    "image_url",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(chunks=st.lists(_rubbish, max_size=6))
def test_no_chunk_of_any_shape_makes_the_normalizer_raise_or_invent_a_call(chunks: list[Any]) -> None:
    events, turn = read(chunks)
    names = json.dumps(chunks, default=repr)
    assert all(isinstance(part, CallPart) is False or part.name in names for part in turn.parts)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text
    assert (turn.error_code is None) == (turn.finish_reason is FinishReason.STOP) or turn.error_code == "MODEL_RETURNED_NO_CONTENT"
