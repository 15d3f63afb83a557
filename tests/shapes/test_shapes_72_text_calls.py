# SPDX-License-Identifier: Apache-2.0
"""Shapes 72 to 76: calls and thoughts that the model wrote into its text, and text that only looks like a call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .chunks import delta, finish, text
from .turns import played, run_agent

if TYPE_CHECKING:
    from tests.wire import Provider

    from .conftest import Read

HELLO = [("text", "Hello")]
F = ("call", "f", {"a": "1"})
STOP = finish("stop")
ANSWER = [text("Done."), STOP]

ARGUMENTS = '{"a": "1"}'
JSON_CALL = '{"name": "f", "arguments": {"a": "1"}}'
PROSE = {
    "example": f"To call it you would write {JSON_CALL} in your answer.",
    "leading": f"{JSON_CALL} is how a call looks.",
    "fenced": f"An example:\n```json\n{JSON_CALL}\n```\nThat is all.",
    "quoted tag": "The model writes `<tool_call>` before a call.",
}


def pieces(content: str, size: int = 3) -> list[dict[str, Any]]:
    return [text(content[start : start + size]) for start in range(0, len(content), size)]


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
async def test_shape_72_prose_that_quotes_a_call_is_prose(read: Read, prose: str) -> None:
    heard = await read(*pieces(prose), STOP)
    assert heard.parts == [("text", prose)]
    assert heard.repairs == []


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
async def test_shape_72_agent_runs_no_tool_from_prose(way: str, provider: Provider, prose: str) -> None:
    ran, _ = await run_agent(played(way, provider, [[*pieces(prose), STOP], ANSWER]))
    assert ran == []


@pytest.mark.parametrize("tools", [("g",), ()])
async def test_shape_72_json_that_names_no_declared_tool_is_text(read: Read, tools: tuple[str, ...]) -> None:
    heard = await read(*pieces(JSON_CALL), STOP, tools=tools)
    assert heard.parts == [("text", JSON_CALL)]


async def test_shape_72_structured_output_is_text(read: Read) -> None:
    answer = '{"name": "Rome", "arguments": "none", "age": 7}'
    heard = await read(*pieces(answer), STOP)
    assert heard.parts == [("text", answer)]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


@pytest.mark.parametrize("key", ["arguments", "parameters"])
async def test_shape_73_text_that_is_nothing_but_a_call(read: Read, key: str) -> None:
    heard = await read(*pieces(json.dumps({"name": "f", key: {"a": "1"}})), STOP)
    assert heard.parts == [F]
    assert heard.shown(thought=False) == ""
    assert "text_tool_call" in heard.repairs


async def test_shape_73_cut_call_in_text_does_not_run(read: Read) -> None:
    heard = await read(*pieces(JSON_CALL[:-3]), finish("length"))
    assert heard.calls == []
    assert heard.final.error_code == "MAX_TOKENS"


DEEPSEEK = "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>"
DEEPSEEK_END = "<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
TAGGED = {
    "hermes": f"<tool_call>\n{JSON_CALL}\n</tool_call>",
    "qwen3-coder": "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>",
    "kimi": (
        '<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{"a": "1"}'
        "<|tool_call_end|><|tool_calls_section_end|>"
    ),
    "mistral": '[TOOL_CALLS][{"name": "f", "arguments": {"a": "1"}}]',
    "mistral 2": '[TOOL_CALLS]f[ARGS]{"a": "1"}',
    "deepseek v3": DEEPSEEK + 'function<｜tool▁sep｜>f\n```json\n{"a": "1"}\n```' + DEEPSEEK_END,
    "deepseek v3.1": DEEPSEEK + 'f<｜tool▁sep｜>{"a": "1"}' + DEEPSEEK_END,
}


@pytest.mark.parametrize("tagged", TAGGED.values(), ids=TAGGED)
async def test_shape_74_tagged_call_in_text(read: Read, tagged: str) -> None:
    heard = await read(*pieces(tagged), STOP)
    assert heard.parts == [F]
    assert heard.shown(thought=False) == ""


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
async def test_shape_74_tagged_call_behind_text(read: Read, size: int) -> None:
    heard = await read(*pieces("I look.\n" + TAGGED["hermes"], size), STOP)
    assert [part for part in heard.parts if part[0] == "call"] == [F]
    assert heard.said(thought=False).strip() == "I look."


async def test_shape_74_two_tagged_calls(read: Read) -> None:
    second = TAGGED["hermes"].replace('"f"', '"g"')
    heard = await read(*pieces(TAGGED["hermes"] + "\n" + second), STOP)
    assert heard.parts == [F, ("call", "g", {"a": "1"})]


async def test_shape_74_tag_that_was_never_closed(read: Read) -> None:
    heard = await read(*pieces(TAGGED["hermes"][:-20]), finish("length"))
    assert heard.calls == []
    assert heard.final.error_code == "MAX_TOKENS"


async def test_shape_74_llama_function_tag_with_json(read: Read) -> None:
    heard = await read(*pieces(f"<function=f>{ARGUMENTS}</function>"), STOP)
    assert heard.parts == [F]


NOT_WHOLE = {
    "function tag with prose": "<function=f>hello</function>",
    "hermes cut in the arguments": TAGGED["hermes"][:40],
    "qwen3-coder cut behind the name": "<tool_call>\n<function=f>",
    "qwen3-coder cut in a parameter": "<tool_call>\n<function=f>\n<parameter=a>\n1",
    "kimi cut behind the name": TAGGED["kimi"].partition("<|tool_call_argument")[0],
    "kimi cut in the arguments": TAGGED["kimi"].partition("}")[0],
    "mistral cut in the arguments": TAGGED["mistral"].partition("}")[0],
    "deepseek cut behind the name": TAGGED["deepseek v3.1"].partition("{")[0],
    "deepseek cut in the arguments": TAGGED["deepseek v3.1"].partition("}")[0],
}


@pytest.mark.parametrize("content", NOT_WHOLE.values(), ids=NOT_WHOLE)
async def test_shape_74_call_in_text_that_is_not_whole_does_not_run(read: Read, content: str) -> None:
    heard = await read(*pieces(content), STOP)
    assert heard.calls == []
    assert heard.said(thought=False).strip() or heard.withheld


async def test_shape_75_call_inside_a_thought_stays_a_thought(read: Read) -> None:
    heard = await read(delta(reasoning_content=TAGGED["hermes"]), STOP)
    assert heard.parts == [("thought", TAGGED["hermes"])]
    assert heard.calls == []


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_shape_76_leading_think_block(read: Read, size: int) -> None:
    heard = await read(*pieces("<think>\nhm</think>\n\nHello", size), STOP)
    assert heard.parts == [("thought", "\nhm"), *HELLO]
    assert heard.repairs == ["think_tag"]


async def test_shape_76_think_tag_inside_the_answer_is_text(read: Read) -> None:
    answer = "Write <think>hm</think> around it."
    heard = await read(*pieces(answer), STOP)
    assert heard.parts == [("text", answer)]
    assert heard.repairs == []


async def test_shape_76_think_block_that_was_never_closed(read: Read) -> None:
    heard = await read(*pieces("<think>hm, let me"), finish("length"))
    assert heard.parts == [("thought", "hm, let me")]
    assert heard.final.error_code == "MAX_TOKENS"
