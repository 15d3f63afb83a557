# SPDX-License-Identifier: Apache-2.0
"""What is found in text: thoughts, tool calls, repetitions. Every case is streamed whole, in threes and character by character."""

from __future__ import annotations

import pytest

from adk_litellm_fix.normalizer import RepairCode, TextDelta, Turn

from ..laws.streams import chunk, read

TOOLS = ("f", "get_weather")


def _turns(text: str, finish: str = "stop") -> list[Turn]:
    turns = []
    for size in (1, 3, len(text)):
        pieces = [chunk({"content": text[at : at + size]}) for at in range(0, len(text), size)]
        events, turn = read([*pieces, chunk({}, finish)], tools=TOOLS)
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text
        turns.append(turn)
    return turns


CALLS = {
    "hermes": ('<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>', [("f", {"a": 1})], ""),
    "two, behind text": (
        'Sure. <tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>\n<tool_call>{"name": "f", "arguments": {"a": 2}}</tool_call>',
        [("f", {"a": 1}), ("f", {"a": 2})],
        "Sure. ",
    ),
    "closed by the end": ('<tool_call>{"name": "f", "arguments": {"a": 1}}', [("f", {"a": 1})], ""),
    "qwen3-coder": (
        "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=n>\n3\n</parameter>\n</function>\n</tool_call>",
        [("get_weather", {"city": "Paris", "n": 3})],
        "",
    ),
    "kimi": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>"
        '{"city": "Paris"}<|tool_call_end|><|tool_calls_section_end|>',
        [("get_weather", {"city": "Paris"})],
        "",
    ),
    "mistral list": ('[TOOL_CALLS][{"name": "f", "arguments": {"a": 1}}]', [("f", {"a": 1})], ""),
    "mistral names": ('[TOOL_CALLS]f[ARGS]{"a": {"b": 1}}[TOOL_CALLS]get_weather{"c": 2}', [("f", {"a": {"b": 1}}), ("get_weather", {"c": 2})], ""),
    "deepseek v3": (
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{"a": 1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
        [("f", {"a": 1})],
        "",
    ),
    "deepseek v3.1": ('<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{"a": 1}<｜tool▁call▁end｜><｜tool▁calls▁end｜>', [("f", {"a": 1})], ""),
    "deepseek v3.2": (
        '<｜DSML｜function_calls>\n<｜DSML｜invoke name="f">\n<｜DSML｜parameter name="a" string="true">5</｜DSML｜parameter>\n'
        '<｜DSML｜parameter name="b" string="false">5</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
        [("f", {"a": "5", "b": 5})],
        "",
    ),
    "bare json": ('{"name": "f", "parameters": {"a": 1}}', [("f", {"a": 1})], ""),
    "fenced json": ('```json\n{"name": "f", "arguments": {"a": 1}}\n```', [("f", {"a": 1})], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_text_that_is_a_call_is_one_and_no_half_of_it_is_shown(name: str) -> None:
    text, calls, shown = CALLS[name]
    for turn in _turns(text):
        assert [(call.name, dict(call.arguments)) for call in turn.calls] == calls
        assert turn.text == shown
        assert RepairCode.TEXT_TOOL_CALL in {repair.code for repair in turn.repairs}


PROSE = [
    'Use {"name": "f", "arguments": {}} like so.',
    '{"name": "f", "arguments": {"a": 1}} is how',
    '{"name": "unknown", "arguments": {}}',
    '{"city": "Paris"}',
    "<tool_call> is a tag",
    '<tool_call>{"name": "unknown", "arguments": {}}</tool_call>',
    'Like `<tool_call>{"name": "f", "arguments": {}}</tool_call>`',
    '```\n<tool_call>{"name": "f", "arguments": {}}</tool_call>\n```',
    '<tool_call>{"name": "f", "arguments": {}}</tool_call> is the form.',
    '<tool_call>{"name": "f", "arguments": {"a": ',
    "<function=f><parameter=a>1",
    "<function=f><parameter=a>1</function>",
    "a [TOOL",
    "1 < 2",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_that_quotes_a_call_is_prose(text: str) -> None:
    for turn in _turns(text):
        assert turn.calls == ()
        assert turn.text == text


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_call_in_text_passes_the_same_gate(finish: str) -> None:
    for turn in _turns('<tool_call>{"name": "f", "arguments": {}}</tool_call>', finish):
        assert turn.calls == ()
        assert [call.name for call in turn.withheld_calls] == ["f"]


def test_a_string_parameter_of_qwen_stays_text_where_the_schema_says_so() -> None:
    from adk_litellm_fix.normalizer import Normalizer

    normalizer = Normalizer({"f": {"type": "object", "properties": {"zip": {"type": "string"}, "n": {"type": "integer"}}}})
    normalizer.feed(chunk({"content": "<function=f><parameter=zip>12345</parameter><parameter=n>3</parameter></function>"}, "stop"))
    normalizer.close()
    assert dict(normalizer.turn.calls[0].arguments) == {"zip": "12345", "n": 3}


THOUGHTS = {
    "<think>hm</think>\n\nhi": ("hm", "hi"),
    "\n<think>\nhm\n</think>hi": ("\nhm\n", "hi"),
    "<think>never closed": ("never closed", ""),
    "<think></think>hi": ("", "hi"),
    "hi <think>no</think>": ("", "hi <think>no</think>"),
    "<thinking>no</thinking>": ("", "<thinking>no</thinking>"),
    "<thi": ("", "<thi"),
}


@pytest.mark.parametrize("text", THOUGHTS)
def test_a_leading_think_block_is_a_thought_and_nothing_else_is(text: str) -> None:
    for turn in _turns(text):
        assert (turn.thoughts, turn.text) == THOUGHTS[text]


STREAMS = {
    ("The", "The answer", "The answer is", "The answer is 42."): "The answer is 42.",
    ("H", "He", "Hel", "Hell", "Hello"): "Hello",
    ("The answer ", "is ", "42.", "The answer is 42."): "The answer is 42.",
    ("He", "llo", "Hello"): "Hello",
    ("So: ", "ha", "ha"): "So: haha",
    ("ha", "haha", "hahaha"): "hahahahahaha",
    ("1", "11", "1"): "1111",
    ("a", "ab"): "aab",
    ("He", "llo", "Hello", "!"): "HelloHello!",
    ("Hello", "Hello"): "HelloHello",
}


@pytest.mark.parametrize("pieces", STREAMS, ids="|".join)
def test_text_that_is_sent_again_is_said_once_and_text_that_repeats_itself_is_kept(pieces: tuple[str, ...]) -> None:
    events, turn = read([*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop")])
    assert turn.text == STREAMS[pieces]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text
    assert (RepairCode.TEXT_REPEATED in {repair.code for repair in turn.repairs}) == (turn.text != "".join(pieces))


def test_a_character_whose_halves_come_in_two_chunks_is_one_character() -> None:
    _, turn = read([chunk({"content": "a\ud83d"}), chunk({"content": "\ude00b"}), chunk({}, "stop")])
    assert turn.text == "a😀b"


def test_half_a_character_at_the_end_becomes_a_replacement_character() -> None:
    _, turn = read([chunk({"content": "a\ud83d"}), chunk({}, "stop")])
    assert turn.text == "a\ufffd"
    assert RepairCode.LONE_SURROGATE in {repair.code for repair in turn.repairs}
