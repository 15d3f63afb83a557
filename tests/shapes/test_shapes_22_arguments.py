# SPDX-License-Identifier: Apache-2.0
"""Shapes 22 to 31: what do the arguments say, and are they whole?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.wire import Answer, named_sse

from .chunks import call, delta, finish, tool, whole
from .native import anthropic_start
from .turns import hear, over_http, played, run_agent

if TYPE_CHECKING:
    from tests.wire import Provider

    from .chunks import Chunk
    from .conftest import Read

F = ("call", "f", {"a": "1"})
END = finish("tool_calls")
ANSWER = [delta(content="Done."), finish("stop")]


@pytest.mark.parametrize("word", ["null", "None", " null "])
async def test_shape_22_arguments_are_the_text_null(read: Read, word: str) -> None:
    heard = await read(whole(0, "c1", "f", word), END)
    assert heard.parts == [("call", "f", {})]
    assert heard.repairs == ["arguments_null"]


async def test_shape_23_arguments_are_encoded_twice(read: Read) -> None:
    heard = await read(whole(0, "c1", "f", json.dumps('{"a": "1"}')), END)
    assert heard.parts == [F]
    assert heard.repairs == ["arguments_double_encoded"]


@pytest.mark.parametrize("text", ['"text"', "[1]", "7", "true", '"{}{}"', '"[1]"'])
async def test_shape_23_json_that_holds_no_object_is_malformed(read: Read, text: str) -> None:
    heard = await read(whole(0, "c1", "f", text), END)
    assert heard.parts == []
    assert heard.final.error_code == "MALFORMED_FUNCTION_CALL"
    assert heard.withheld == [("f", text)]


async def test_shape_24_arguments_are_resent_cumulatively(read: Read) -> None:
    snapshots = ['{"a"', '{"a": "1', '{"a": "1"}']
    heard = await read(call(0, id="c1", name="f"), *(call(0, arguments=snapshot) for snapshot in snapshots), END)
    assert heard.parts == [F]
    assert heard.repairs == ["arguments_snapshot"]


REPEATS: dict[str, Chunk] = {
    "with its id": whole(0, "c1", "f", '{"a": "1"}'),
    "with its name": call(0, name="f", arguments='{"a": "1"}'),
    "arguments alone": call(0, arguments='{"a": "1"}'),
    "with the finish word": call(0, "tool_calls", id="c1", name="f", arguments='{"a": "1"}'),
}


@pytest.mark.parametrize("repeat", REPEATS.values(), ids=REPEATS)
async def test_shape_25_whole_arguments_come_again_at_the_end(read: Read, repeat: Chunk) -> None:
    heard = await read(call(0, id="c1", name="f"), call(0, arguments='{"a": '), call(0, arguments='"1"}'), repeat, END)
    assert heard.parts == [F]
    assert heard.ids == ["c1"]
    assert {"arguments_repeated", "tool_call_repeated"} & set(heard.repairs)


@pytest.mark.parametrize("repeat", REPEATS.values(), ids=REPEATS)
async def test_shape_25_agent_runs_the_tool_once(way: str, provider: Provider, repeat: Chunk) -> None:
    turn = [whole(0, "c1", "f", '{"a": "1"}'), repeat, END]
    ran, _ = await run_agent(played(way, provider, [turn, ANSWER]))
    assert ran == [("f", "1")]


@pytest.mark.parametrize("repeat", [{"id": "c1", "name": "f"}, {}], ids=["with its id", "arguments alone"])
async def test_shape_25_repeat_in_other_spacing(read: Read, repeat: dict[str, str]) -> None:
    heard = await read(
        call(0, id="c1", name="f", arguments='{"a":'), call(0, arguments='"1"}'), call(0, arguments='{"a": "1"}', **repeat), END
    )
    assert heard.parts == [F]
    assert {"arguments_repeated", "tool_call_repeated"} & set(heard.repairs)


async def test_shape_25_two_equal_calls_with_ids_of_their_own_are_two(read: Read) -> None:
    heard = await read(whole(0, "c1", "f", '{"a": "1"}'), whole(1, "c2", "f", '{"a": "1"}'), END)
    assert heard.parts == [F, F]
    assert heard.repairs == []


@pytest.mark.parametrize("word", [None, "tool_calls", "stop"])
async def test_shape_26_whole_calls_in_one_chunk(read: Read, word: str | None) -> None:
    calls = [tool(number, id=f"c{number}", name="f", arguments=json.dumps({"a": str(number)})) for number in range(3)]
    heard = await read(delta(0, word, tool_calls=calls), *([] if word else [END]))
    assert heard.parts == [("call", "f", {"a": str(number)}) for number in range(3)]
    assert heard.repairs == []


NEARLY_JSON = {
    "trailing comma": ('{"a": "1",}', "arguments_trailing_comma"),
    "single quotes": ("{'a': '1'}", "arguments_python_literal"),
    "unquoted key": ('{a: "1"}', "arguments_unquoted_keys"),
    "code fence": ('```json\n{"a": "1"}\n```', "arguments_code_fence"),
}


@pytest.mark.parametrize(("text", "code"), NEARLY_JSON.values(), ids=NEARLY_JSON)
async def test_shape_27_nearly_json_is_repaired(read: Read, text: str, code: str) -> None:
    heard = await read(call(0, id="c1", name="f"), *(call(0, arguments=character) for character in text), END)
    assert heard.parts == [F]
    assert heard.repairs == [code]


async def test_shape_27_python_literals_keep_their_values(read: Read) -> None:
    heard = await read(whole(0, "c1", "f", "{'a': True, 'b': None, 'c': False, 'd': \"it's\"}"), END)
    assert heard.parts == [("call", "f", {"a": True, "b": None, "c": False, "d": "it's"})]


@pytest.mark.parametrize("text", ["not json", "{'a': open('x')}", '{"a" "1"}', "f(a=1)", "{{}}"])
async def test_shape_27_what_is_not_nearly_json_is_malformed(read: Read, text: str) -> None:
    heard = await read(whole(0, "c1", "f", text), END)
    assert heard.parts == []
    assert heard.reason == heard.final.error_code == "MALFORMED_FUNCTION_CALL"
    assert heard.withheld == [("f", text)]


async def test_shape_28_raw_control_characters_in_a_string(read: Read) -> None:
    heard = await read(whole(0, "c1", "f", '{"a": "x\ny\tz"}'), END)
    assert heard.parts == [("call", "f", {"a": "x\ny\tz"})]
    assert heard.repairs == ["arguments_control_characters"]


@pytest.mark.parametrize("tail", ["}", "}}", "</tool_call>", "\n</tool_call>\n", "<|im_end|>", "]"])
async def test_shape_29_closers_after_the_closed_object(read: Read, tail: str) -> None:
    heard = await read(whole(0, "c1", "f", '{"a": "1"}'), call(0, arguments=tail), END)
    assert heard.parts == [F]
    assert heard.repairs == ["arguments_trailing"]


async def test_shape_29_anything_else_after_the_object_is_malformed(read: Read) -> None:
    heard = await read(whole(0, "c1", "f", '{"a": "1"} and more'), END)
    assert heard.parts == []
    assert heard.final.error_code == "MALFORMED_FUNCTION_CALL"


@pytest.mark.parametrize(
    ("word", "code"), [("length", "MAX_TOKENS"), ("stop", "MALFORMED_FUNCTION_CALL"), ("tool_calls", "MALFORMED_FUNCTION_CALL")]
)
@pytest.mark.parametrize("text", ['{"a": "1', '{"a": "1"', '{"a": ', "{", '{"a": "1",'])
async def test_shape_30_truncated_arguments(read: Read, word: str, code: str, text: str) -> None:
    heard = await read(whole(0, "c0", "g", "{}"), call(1, id="c1", name="f", arguments=text), finish(word))
    assert heard.parts == []
    assert heard.reason == heard.final.error_code == code
    assert heard.withheld == [("g", "{}"), ("f", text)]
    assert "f" in (heard.final.error_message or "")


NAME_ONLY = call(0, id="c1", name="f", arguments="")


async def test_shape_31_stream_ends_by_length_after_the_name(read: Read) -> None:
    heard = await read(NAME_ONLY, finish("length"))
    assert heard.parts == []
    assert heard.reason == heard.final.error_code == "MAX_TOKENS"
    assert heard.withheld == [("f", "")]


async def test_shape_31_stream_is_cut_after_the_name(read: Read) -> None:
    heard = await read(NAME_ONLY, end="")
    assert heard.parts == []
    assert (heard.reason, heard.final.error_code) == ("OTHER", "STREAM_CUT")
    assert heard.withheld == [("f", "")]


async def test_shape_31_end_marker_without_a_finish_word_after_the_name(read_http: Read) -> None:
    """Proxies end with `[DONE]` what was cut above them: the arguments may never have come."""
    heard = await read_http(NAME_ONLY)
    assert heard.parts == []
    assert heard.final.error_code == "MALFORMED_FUNCTION_CALL"
    assert heard.withheld == [("f", "")]


@pytest.mark.parametrize("word", ["length", ""])
async def test_shape_31_agent_runs_no_tool(way: str, provider: Provider, word: str) -> None:
    turn = [NAME_ONLY, *([finish(word)] if word else [])]
    ran, _ = await run_agent(played(way, provider, [turn, ANSWER], end=""))
    assert ran == []


@pytest.mark.parametrize(("word", "code"), [("max_tokens", "MAX_TOKENS"), ("", "STREAM_CUT")])
async def test_shape_31_on_the_anthropic_wire(provider: Provider, word: str, code: str) -> None:
    opened = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}}
    words = [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": word}, "usage": {"output_tokens": 1}},
    ]
    events = [anthropic_start(), opened, *([*words, {"type": "message_stop"}] if word else [])]
    model = over_http(provider.serves(Answer(frames=named_sse(*events))), "anthropic/claude-sonnet-4-5")
    heard = await hear(model)
    assert heard.parts == []
    assert heard.final.error_code == code
    assert [name for name, _ in heard.withheld] == ["f"]
    ran, _ = await run_agent(model)
    assert ran == []
