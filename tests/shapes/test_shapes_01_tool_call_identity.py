# SPDX-License-Identifier: Apache-2.0
"""Shapes 1 to 21: whose delta is it, and what is the call's id and name?"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from .chunks import call, delta, finish, tool, whole
from .turns import played, run_agent

if TYPE_CHECKING:
    from tests.wire import Provider

    from .chunks import Chunk
    from .conftest import Read

F = ("call", "f", {"a": "1"})
G = ("call", "g", {"a": "2"})
END = finish("tool_calls")


async def test_shape_01_index_0_for_every_whole_call(read: Read) -> None:
    heard = await read(whole(0, "c1", "f", '{"a": "1"}'), whole(0, "c2", "g", '{"a": "2"}'), END)
    assert heard.parts == [F, G]
    assert heard.ids == ["c1", "c2"]
    assert heard.repairs == ["tool_call_index"]


@pytest.mark.parametrize("arguments", ["", "{}"])
async def test_shape_02_index_0_and_a_call_without_arguments_first(read: Read, arguments: str) -> None:
    heard = await read(whole(0, "c1", "f", arguments), whole(0, "c2", "g", '{"a": "2"}'), END)
    assert heard.parts == [("call", "f", {}), G]
    assert heard.ids == ["c1", "c2"]


async def test_shape_02_second_call_is_told_by_its_name_when_ids_come_with_neither(read: Read) -> None:
    heard = await read(call(0, id="c1", name="f"), call(0, id="c2", name="g"), call(0, arguments='{"a": "2"}'), END)
    assert heard.parts == [("call", "f", {}), G]


async def test_shape_03_index_0_and_interleaved_arguments_with_ids(read: Read) -> None:
    heard = await read(
        call(0, id="c1", name="f", arguments='{"a": '),
        call(0, id="c2", name="g", arguments='{"a": '),
        call(0, id="c1", arguments='"1"}'),
        call(0, id="c2", arguments='"2"}'),
        END,
    )
    assert heard.parts == [F, G]
    assert heard.ids == ["c1", "c2"]


NO_INDEX: dict[str, list[Chunk]] = {
    "in one delta": [
        delta(tool_calls=[tool(None, id="c1", name="f", arguments='{"a": "1"}'), tool(None, id="c2", name="g", arguments='{"a": "2"}')]),
    ],
    "in two deltas": [whole(None, "c1", "f", '{"a": "1"}'), whole(None, "c2", "g", '{"a": "2"}')],
    "null": [
        delta(tool_calls=[tool(None, index=None, id="c1", name="f", arguments='{"a": "1"}')]),
        delta(tool_calls=[tool(None, index=None, id="c2", name="g", arguments='{"a": "2"}')]),
    ],
    "in fragments": [
        call(None, id="c1", name="f", arguments=""), call(None, arguments='{"a": '), call(None, arguments='"1"}'),
        call(None, id="c2", name="g", arguments=""), call(None, arguments='{"a": '), call(None, arguments='"2"}'),
    ],
}  # fmt: skip


@pytest.mark.parametrize("chunks", NO_INDEX.values(), ids=NO_INDEX)
async def test_shape_04_index_missing_or_null(read: Read, chunks: list[Chunk]) -> None:
    heard = await read(*chunks, END)
    assert heard.parts == [F, G]
    assert heard.ids == ["c1", "c2"]


@pytest.mark.parametrize("indices", [(1, 2), (1, 3), (1, 0), (7, 2)])
async def test_shape_05_index_is_only_a_key(read: Read, indices: tuple[int, int]) -> None:
    first, second = indices
    heard = await read(
        call(first, id="c1", name="f", arguments='{"a": '),
        call(first, arguments='"1"}'),
        whole(second, "c2", "g", '{"a": "2"}'),
        END,
    )
    assert heard.parts == [F, G]
    assert heard.repairs == []


async def test_shape_06_index_increments_on_every_delta_of_one_call(read: Read) -> None:
    heard = await read(
        call(0, id="c1", name="f", arguments='{"a": '), call(1, id=None, name=None, arguments='"1'), call(2, arguments='"}'), END
    )
    assert heard.parts == [F]
    assert heard.ids == ["c1"]
    assert set(heard.repairs) == {"tool_call_index"}


@pytest.mark.parametrize("tail", [" ", "\n", "", "\n\n  "])
async def test_shape_07_white_space_after_the_arguments(read: Read, tail: str) -> None:
    heard = await read(whole(0, "c1", "f", '{"a": "1"}'), call(0, arguments=tail), call(0, arguments=tail), END)
    assert heard.parts == [F]
    assert heard.repairs == []


@pytest.mark.parametrize("placeholder", ["{}", "null"])
async def test_shape_08_placeholder_then_real_arguments(read: Read, placeholder: str) -> None:
    heard = await read(whole(0, "c1", "f", placeholder), call(0, arguments='{"a": "1"}'), END)
    assert heard.parts == [F]
    assert heard.repairs == ["arguments_placeholder"]


async def test_shape_08_placeholder_then_real_arguments_in_fragments(read: Read) -> None:
    heard = await read(whole(0, "c1", "f", "{}"), call(0, arguments='{"a"'), call(0, arguments=': "1"'), call(0, arguments="}"), END)
    assert heard.parts == [F]


async def test_shape_08_agent_runs_the_tool_once_with_the_real_arguments(way: str, provider: Provider) -> None:
    turn = [whole(0, "c1", "f", "{}"), call(0, arguments='{"a": "1"}'), END]
    ran, _ = await run_agent(played(way, provider, [turn, ANSWER]))
    assert ran == [("f", "1")]


ANSWER = [delta(content="Done."), finish("stop")]


@pytest.mark.parametrize("later", [{"id": None}, {"id": ""}, {}], ids=["null", "empty", "absent"])
async def test_shape_09_id_only_in_the_first_delta(read: Read, later: dict[str, str | None]) -> None:
    heard = await read(
        call(0, id="c1", name="f", arguments=""), call(0, arguments='{"a": ', **later), call(0, name=None, arguments='"1"}', **later), END
    )
    assert heard.parts == [F]
    assert heard.ids == ["c1"]
    assert heard.repairs == []


async def test_shape_10_id_changes_in_every_delta(read: Read) -> None:
    heard = await read(
        call(0, id="c1", name="f", arguments=""), call(0, id="c2", arguments='{"a": '), call(0, id="c3", arguments='"1"}'), END
    )
    assert heard.parts == [F]
    assert heard.ids == ["c1"]
    assert heard.partial_ids <= {"c1"}
    assert set(heard.repairs) == {"tool_call_id_changed"}


async def test_shape_11_id_arrives_late(read: Read) -> None:
    heard = await read(call(0, name="f", arguments='{"a": '), call(0, id="c9", arguments='"1"}'), END)
    assert heard.parts == [F]
    assert heard.ids == ["c9"]
    assert heard.partial_ids <= {"c9"}


@pytest.mark.parametrize("absent", [{}, {"id": None}, {"id": ""}], ids=["absent", "null", "empty"])
async def test_shape_12_id_never_sent(read: Read, absent: dict[str, str | None]) -> None:
    turn = [call(0, name="f", arguments='{"a": "1"}', **absent), call(1, name="g", arguments='{"a": "2"}', **absent), END]
    first, second = await read(*turn), await read(*turn)
    assert first.parts == second.parts == [F, G]
    assert first.repairs == ["tool_call_id_missing"] * 2
    assert len({*first.ids, *second.ids}) == 4
    assert not {"0", "1", "", None} & {*first.ids, *second.ids}


async def test_shape_13_id_in_a_delta_of_its_own(read: Read) -> None:
    heard = await read(call(0, id="c1"), call(0, name="f", arguments='{"a": "1"}'), END)
    assert heard.parts == [F]
    assert heard.ids == ["c1"]
    assert heard.repairs == []


async def test_shape_14_same_id_for_two_calls(read: Read) -> None:
    turn = [whole(0, "c1", "f", '{"a": "1"}'), whole(1, "c1", "g", '{"a": "2"}'), END]
    heard = await read(*turn)
    assert heard.parts == [F, G]
    assert heard.ids[0] == "c1"
    assert heard.ids[1] not in ("c1", "", None)
    assert heard.repairs == ["tool_call_id_duplicate"]
    assert (await read(*turn)).ids == heard.ids


@pytest.mark.parametrize("second", [1, 0])
async def test_shape_14_the_name_as_id_of_two_calls_of_one_tool(read: Read, second: int) -> None:
    heard = await read(whole(0, "f", "f", '{"a": "1"}'), whole(second, "f", "f", '{"a": "3"}'), END)
    assert heard.parts == [F, ("call", "f", {"a": "3"})]
    assert heard.ids[0] == "f"


async def test_shape_15_thought_signature_inside_the_id(read: Read) -> None:
    signature = base64.b64encode(b"signed by gemini").decode()
    heard = await read(whole(0, f"call_x__thought__{signature}", "f", '{"a": "1"}'), END)
    assert heard.parts == [F]
    assert heard.ids == ["call_x"]
    assert heard.final.content.parts[0].thought_signature == b"signed by gemini"
    assert heard.repairs == []


async def test_shape_16_name_in_every_delta(read: Read) -> None:
    heard = await read(
        call(0, id="c1", name="f", arguments='{"a": '), call(0, name="f", arguments='"1"'), call(0, name="f", arguments="}"), END
    )
    assert heard.parts == [F]
    assert heard.repairs == ["tool_name_repeated"]


async def test_shape_17_name_is_resent_longer(read: Read) -> None:
    heard = await read(
        call(0, id="c1", name="get", arguments=""), call(0, name="get_weather", arguments='{"a": "1"}'), END, tools=("get_weather", "f")
    )
    assert heard.parts == [("call", "get_weather", {"a": "1"})]
    assert heard.repairs == ["tool_name_snapshot"]


@pytest.mark.parametrize("names", [("get_", "weather"), ("", "get_weather"), ("g", "et_", "weather")])
async def test_shape_18_name_is_split_or_late(read: Read, names: tuple[str, ...]) -> None:
    deltas = [call(0, id="c1", name=names[0], arguments=""), *(call(0, name=name) for name in names[1:])]
    heard = await read(*deltas, call(0, arguments='{"a": "1"}'), END, tools=("get_weather", "f"))
    assert heard.parts == [("call", "get_weather", {"a": "1"})]
    assert heard.repairs == []


async def test_shape_18_name_after_the_arguments(read: Read) -> None:
    heard = await read(call(0, id="c1", arguments='{"a": "1"}'), call(0, name="f"), END)
    assert heard.parts == [F]


@pytest.mark.parametrize("name", ["", None, " "])
async def test_shape_19_call_without_a_name_is_malformed(read: Read, name: str | None) -> None:
    heard = await read(call(0, id="c1", name=name, arguments='{"a": "1"}'), END)
    assert heard.parts == []
    assert heard.reason == heard.final.error_code == "MALFORMED_FUNCTION_CALL"
    assert heard.withheld == [("", '{"a": "1"}')]


async def test_shape_19_nameless_call_withholds_the_valid_one_beside_it(read: Read) -> None:
    heard = await read(whole(0, "c1", "f", '{"a": "1"}'), call(1, id="c2", name="", arguments='{"a": "2"}'), END)
    assert heard.calls == []
    assert heard.reason == "MALFORMED_FUNCTION_CALL"
    assert heard.withheld == [("f", '{"a": "1"}'), ("", '{"a": "2"}')]


@pytest.mark.parametrize("name", ["functions.f", "f<|channel|>commentary", "functions.f:0", "f "])
async def test_shape_20_decorated_name_of_a_declared_tool(read: Read, name: str) -> None:
    heard = await read(whole(0, "c1", name, '{"a": "1"}'), END)
    assert heard.parts == [F]
    assert heard.repairs == ["tool_name_decorated"]


async def test_shape_20_name_that_is_declared_with_its_decoration_is_kept(read: Read) -> None:
    heard = await read(whole(0, "c1", "functions.f", '{"a": "1"}'), END, tools=("functions.f", "f"))
    assert heard.parts == [("call", "functions.f", {"a": "1"})]
    assert heard.repairs == []


async def test_shape_20_decorated_name_of_no_declared_tool_is_kept(read: Read) -> None:
    heard = await read(whole(0, "c1", "functions.h", "{}"), END)
    assert heard.parts == [("call", "functions.h", {})]
    assert heard.repairs == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [({"arguments": {"a": "1"}}, {"a": "1"}), ({"arguments": None}, {}), ({}, {}), ({"arguments": {}}, {})],
    ids=["object", "null", "absent", "empty object"],
)
async def test_shape_21_arguments_are_an_object_or_null_or_absent(
    read: Read, arguments: dict[str, dict[str, str]], expected: dict[str, str]
) -> None:
    heard = await read(call(0, id="c1", name="f", **arguments), END)
    assert heard.parts == [("call", "f", expected)]
    assert heard.repairs == []
