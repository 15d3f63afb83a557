# SPDX-License-Identifier: Apache-2.0
"""`repair_stream`: what a reader of LiteLLM chunks can rely on."""

from __future__ import annotations

import logging
from typing import Any

import litellm
import pytest

from adk_litellm_fix.openai_chunks import ChunkWriter
from adk_litellm_fix.repair import RepairedStream, repair_stream, repair_stream_sync
from adk_litellm_fix.replay import ReplayProvider, parse_scenario

from .chunks import call, calls, chunk, finishes, said, stream, texts

TOOLS = [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("get_weather", "get_time")]
CALLS = [
    chunk(role="assistant", content="I look."),
    chunk(tool_calls=[call('{"city": "Rome"}', name="get_weather", id="a"), call("{}", name="get_time", id="b", index=1)]),
    chunk(finish="stop"),
    chunk(usage=(10, 5)),
]


async def repaired(chunks: list[Any], **options: Any) -> list[Any]:
    return [item async for item in repair_stream(stream(chunks), tools=TOOLS, **options)]


def reports_in(items: list[Any]) -> list[Any]:
    carried = [getattr(item.choices[0].delta, "provider_specific_fields", None) or {} for item in items]
    return [fields["adk_litellm_fix"] for fields in carried if "adk_litellm_fix" in fields]


async def collect(into: list[Any], source: Any) -> None:
    """Keeps what came before an exception."""
    async for item in repair_stream(source, tools=TOOLS):
        into.append(item)  # noqa: PERF401


# --- the form ----------------------------------------------------------------------------------------------------------------------------


async def test_every_chunk_says_one_thing_and_calls_come_one_after_the_other() -> None:
    items = await repaired(CALLS)
    assert [said(item) for item in items] == [["content"], *[["tool_calls"]] * 4, ["finish"], ["usage"]]
    assert calls(items) == [("get_weather", '{"city": "Rome"}'), ("get_time", "{}")]
    assert finishes(items) == ["tool_calls"]


async def test_a_call_opens_with_everything_but_its_arguments() -> None:
    opening, arguments = [item.choices[0].delta.tool_calls[0] for item in (await repaired(CALLS))[1:3]]
    assert (opening.index, opening.id, opening.type, opening.function.name, opening.function.arguments) == (
        0,
        "a",
        "function",
        "get_weather",
        "",
    )
    assert (arguments.index, arguments.id, arguments.type, arguments.function.name) == (0, None, None, None)


async def test_the_role_comes_once() -> None:
    items = await repaired([chunk(role="assistant", content="a"), chunk(role="assistant", content="b"), chunk(finish="stop")])
    assert [item.choices[0].delta.role for item in items] == ["assistant", None, None]


async def test_text_passes_before_the_next_chunk_is_read() -> None:
    read = []

    async def source() -> Any:
        for number in range(3):
            read.append(number)
            yield chunk(content=f"text {number}")
        yield chunk(finish="stop")

    async for item in repair_stream(source()):
        if texts([item]):
            assert texts([item]) == f"text {read[-1]}"
    assert read == [0, 1, 2]


async def test_arguments_are_repaired_and_reported() -> None:
    items = await repaired([chunk(tool_calls=[call("{'city': 'Rome'}", name="get_weather", id="a")]), chunk(finish="tool_calls")])
    assert calls(items) == [("get_weather", '{"city": "Rome"}')]
    (report,) = reports_in(items)
    assert [repair["code"] for repair in report["repairs"]] == ["arguments_python_literal"]


async def test_arguments_keep_the_providers_spelling() -> None:
    spelled = '{"a":1.0,  "b":"\\u00e9"}'
    items = await repaired([chunk(tool_calls=[call(spelled, name="get_time", id="a")]), chunk(finish="tool_calls")])
    assert calls(items) == [("get_time", spelled)]


async def test_a_clean_stream_has_no_report_and_keeps_its_own_fields() -> None:
    source = {**chunk(content="Hello"), "system_fingerprint": "fp", "x_extra": 1}
    first, finish = await repaired([source, chunk(finish="stop")])
    assert (first.id, first.created, first.model, first.system_fingerprint, first.x_extra) == ("chatcmpl-1", 7, "m", "fp", 1)
    assert finishes([finish]) == ["stop"]


@pytest.mark.parametrize("chunks", [CALLS, [*CALLS[:2], chunk(finish="length")], [chunk(reasoning_content="hm"), chunk(finish="stop")]])
async def test_a_second_repair_changes_nothing_and_reports_nothing(chunks: list[Any]) -> None:
    once = await repaired(chunks)
    again = repair_stream(repair_stream(stream(chunks), tools=TOOLS), tools=TOOLS)
    twice = [item async for item in again]
    assert [item.model_dump() for item in twice] == [item.model_dump() for item in once]
    assert again.turn.repairs == ()


async def test_lists_are_numbered_so_that_the_openai_sdk_can_join_them() -> None:
    blocks = [{"thinking": "one "}, {"thinking": "two"}, {"thinking": "", "signature": "s"}]
    chunks = [chunk(reasoning_content=block["thinking"] or None, thinking_blocks=[{"type": "thinking", **block}]) for block in blocks]
    redacted = chunk(thinking_blocks=[{"type": "redacted_thinking", "data": "d"}])
    items = await repaired([*chunks, redacted, chunk(content="x"), chunk(finish="stop")])
    sent = [block for item in items for block in item.choices[0].delta.get("thinking_blocks") or []]
    assert [block["index"] for block in sent] == [0, 0, 0, 1]


# --- turns that are no normal ones -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "finish"), [("length", "length"), ("content_filter", "content_filter"), ("max_tokens", "length")])
async def test_the_calls_of_a_broken_turn_do_not_come(word: str, finish: str) -> None:
    items = await repaired([*CALLS[:2], chunk(finish=word)])
    assert calls(items) == []
    assert finishes(items) == [finish]
    report = items[1].choices[0].delta.provider_specific_fields["adk_litellm_fix"]
    assert [withheld["name"] for withheld in report["withheld_calls"]] == ["get_weather", "get_time"]


async def test_a_call_that_cannot_be_read_withholds_the_batch() -> None:
    broken = [chunk(tool_calls=[call('{"city": "Ro', name="get_weather", id="a"), call("{}", name="get_time", id="b", index=1)])]
    items = await repaired([*broken, chunk(finish="tool_calls")])
    assert calls(items) == []
    assert finishes(items) == ["content_filter"]


async def test_a_stream_that_just_ends_raises_after_what_had_come() -> None:
    items: list[Any] = []
    with pytest.raises(litellm.APIConnectionError, match="ended before"):
        await collect(items, stream(CALLS[:2]))
    assert texts(items) == "I look."
    assert calls(items) == []
    assert finishes(items) == []


async def test_an_exception_is_raised_as_it_was_after_what_had_come() -> None:
    failure = RuntimeError("connection lost")
    items: list[Any] = []
    with pytest.raises(RuntimeError) as raised:
        await collect(items, stream(CALLS[:2], failure=failure))
    assert raised.value is failure
    assert texts(items) == "I look."
    assert calls(items) == []


async def test_an_exception_after_the_finish_word_is_a_repair() -> None:
    source = repair_stream(stream(CALLS[:3], failure=RuntimeError("late")), tools=TOOLS)
    items = [item async for item in source]
    assert finishes(items) == ["tool_calls"]
    assert [repair.code.value for repair in source.turn.repairs] == ["error_after_finish"]


async def test_calls_that_ran_inside_the_stream_are_marked_and_do_not_come() -> None:
    ran = {"mcp_call_results": [{"tool_call_id": "a", "result": "5", "name": "calc-add"}]}
    items = await repaired(
        [
            chunk(content="First. "),
            chunk(tool_calls=[call('{"a": 2}', name="calc-add", id="a")]),
            chunk(finish="tool_calls", provider_specific_fields=ran),
            chunk(content="Then."),
            chunk(finish="stop"),
        ]
    )
    assert texts(items) == "First. Then."
    assert calls(items) == []
    assert finishes(items) == ["stop"]
    (report,) = reports_in(items)
    assert [(executed["name"], executed["result"]) for executed in report["executed_calls"]] == [("calc-add", "5")]


# --- what is no stream of chunks, and failures of our own --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "items",
    [[b"event: message_st", b"art\ndata: {}\n\n"], [{"type": "response.output_text.delta", "delta": "x"}, object()], ["text", None, 7], []],
)
async def test_what_is_no_chunk_passes_untouched(items: list[Any]) -> None:
    passed = [item async for item in repair_stream(stream(items))]
    assert len(passed) == len(items)
    assert all(item is sent for item, sent in zip(passed, items, strict=True))


async def test_other_choices_pass_as_they_come() -> None:
    chunks = [chunk(content="a"), chunk(content="b", index=1), chunk(finish="stop"), chunk(finish="stop", index=1)]
    for options in ({"n": 2}, {}):
        items = await repaired(chunks, **options)
        other = [choice.delta.content for item in items for choice in item.choices if choice.index == 1 and choice.delta.content]
        assert other == ["b"]
        assert finishes(items) == ["stop", "stop"]


async def test_a_free_form_tool_call_passes_untouched() -> None:
    custom = chunk(tool_calls=[{"index": 0, "id": "a", "type": "custom", "custom": {"name": "shell", "input": "ls"}}])
    items = [item async for item in repair_stream(stream([chunk(content="x"), custom, chunk(finish="tool_calls")]))]
    assert items[1] is custom


async def test_a_failure_of_the_repair_lets_the_rest_pass_and_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write = ChunkWriter.write

    def fail_at_usage(self: ChunkWriter, item: Any, events: Any) -> Any:
        if getattr(item, "usage", None):
            raise ZeroDivisionError
        return write(self, item, events)

    monkeypatch.setattr(ChunkWriter, "write", fail_at_usage)
    with caplog.at_level(logging.WARNING, "adk_litellm_fix"):
        items = [item async for item in repair_stream(stream(CALLS), tools=TOOLS)]
    assert texts(items[:-1]) == "I look."
    assert calls(items[:-1]) == [("get_weather", '{"city": "Rome"}'), ("get_time", "{}")]
    assert finishes(items[:-1]) == ["stop"]
    assert len(caplog.records) == 1


# --- LiteLLM's own stream ----------------------------------------------------------------------------------------------------------------

SCENARIO = """
turns:
  - text: I look.
    calls: [get_weather: {city: Rome}, get_time: {}]
"""
MODELS = ("openai/gpt-5", "gemini/gemini-2.5-pro", "anthropic/claude-sonnet-4-5", "ollama_chat/qwen3")


@pytest.mark.parametrize("model", MODELS)
async def test_litellms_stream_is_repaired_and_keeps_its_attributes(model: str) -> None:
    with ReplayProvider(parse_scenario(SCENARIO)) as provider:
        source = await litellm.acompletion(
            model=model,
            messages=[{"role": "user", "content": "Look."}],
            tools=TOOLS,
            stream=True,
            stream_options={"include_usage": True},
            **provider.arguments(model),
        )
        repaired_stream = repair_stream(source, tools=TOOLS)
        items = [item async for item in repaired_stream]
    assert texts(items) == "I look."
    assert [name for name, _ in calls(items)] == ["get_weather", "get_time"]
    assert finishes(items) == ["tool_calls"]
    assert [said(item) for item in items][-1] == ["usage"]
    assert repaired_stream.model == source.model
    assert repaired_stream._hidden_params is source._hidden_params


def test_the_sync_twin_says_the_same() -> None:
    model = "openai/gpt-5"
    with ReplayProvider(parse_scenario(SCENARIO)) as provider:
        source = litellm.completion(
            model=model, messages=[{"role": "user", "content": "Look."}], tools=TOOLS, stream=True, **provider.arguments(model)
        )
        items = list(repair_stream_sync(source, tools=TOOLS))
    assert texts(items) == "I look."
    assert [name for name, _ in calls(items)] == ["get_weather", "get_time"]
    assert finishes(items) == ["tool_calls"]


async def test_closing_half_way_closes_the_source() -> None:
    closed = []

    async def source() -> Any:
        try:
            while True:
                yield chunk(content="x")
        finally:
            closed.append(True)

    half_way = repair_stream(source())
    assert isinstance(half_way, RepairedStream)
    await half_way.__anext__()
    await half_way.aclose()
    assert closed == [True]


async def test_closing_before_the_first_read_closes_the_source() -> None:
    class Source:
        closed = False

        def __aiter__(self) -> Any:
            return self

        async def aclose(self) -> None:
            self.closed = True

    source = Source()
    await repair_stream(source).aclose()
    assert source.closed
