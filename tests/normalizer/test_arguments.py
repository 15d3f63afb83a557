# SPDX-License-Identifier: Apache-2.0
"""Every reading of argument text, what it must refuse, and its bounds."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adk_litellm_fix.normalizer import RepairCode
from adk_litellm_fix.normalizer.arguments import MAX_CHARACTERS, MAX_DEPTH, read_arguments

READINGS = {
    "plain": (['{"a": 1}'], {"a": 1}, []),
    "fragments": (['{"a"', ": ", "1}"], {"a": 1}, []),
    "nothing": ([], {}, []),
    "white space": ([" ", "\n"], {}, []),
    "null": (["null"], {}, [RepairCode.ARGUMENTS_NULL]),
    "None": (["None"], {}, [RepairCode.ARGUMENTS_NULL]),
    "placeholder": (["{}", '{"a": 1}'], {"a": 1}, [RepairCode.ARGUMENTS_PLACEHOLDER]),
    "null placeholder": (["null", '{"a": 1}'], {"a": 1}, [RepairCode.ARGUMENTS_PLACEHOLDER]),
    "snapshots": (['{"a"', '{"a": 1', '{"a": 1}'], {"a": 1}, [RepairCode.ARGUMENTS_SNAPSHOT]),
    "repeated at the end": (['{"a"', ": 1}", '{"a": 1}'], {"a": 1}, [RepairCode.ARGUMENTS_REPEATED]),
    "trailing brace": (['{"a": 1}}'], {"a": 1}, [RepairCode.ARGUMENTS_TRAILING]),
    "trailing tag": (['{"a": 1}\n</tool_call>'], {"a": 1}, [RepairCode.ARGUMENTS_TRAILING]),
    "control characters": (['{"a": "x\ny\tz"}'], {"a": "x\ny\tz"}, [RepairCode.ARGUMENTS_CONTROL_CHARACTERS]),
    "double encoded": ([json.dumps('{"a": 1}')], {"a": 1}, [RepairCode.ARGUMENTS_DOUBLE_ENCODED]),
    "python": (["{'a': True, 'b': None}"], {"a": True, "b": None}, [RepairCode.ARGUMENTS_PYTHON_LITERAL]),
    "python quotes": (["{'a': 'it\\'s \"so\"'}"], {"a": 'it\'s "so"'}, [RepairCode.ARGUMENTS_PYTHON_LITERAL]),
    "bare keys": (["{a: 1, b_2: [true]}"], {"a": 1, "b_2": [True]}, [RepairCode.ARGUMENTS_UNQUOTED_KEYS]),
    "trailing comma": (['{"a": [1, 2,],}'], {"a": [1, 2]}, [RepairCode.ARGUMENTS_TRAILING_COMMA]),
    "code fence": (['```json\n{"a": 1}\n```'], {"a": 1}, [RepairCode.ARGUMENTS_CODE_FENCE]),
    "fence and comma": (["```\n{'a': 1,}\n```"], {"a": 1}, [RepairCode.ARGUMENTS_CODE_FENCE, RepairCode.ARGUMENTS_PYTHON_LITERAL, RepairCode.ARGUMENTS_TRAILING_COMMA]),
}  # fmt: skip


@pytest.mark.parametrize("name", READINGS)
def test_a_reading_gives_the_object_and_names_its_repairs(name: str) -> None:
    pieces, value, repairs = READINGS[name]
    reading = read_arguments(pieces)
    assert (reading.value, list(reading.repairs)) == (value, repairs)


REFUSED = ['{"a": 1', '{"a": "x', '{"a":', "{", '{"a": 1}{"b": 2}', "[1]", '"text"', "7", '{"a": NaN}', '{"a": 1 2}', "{'a': 1", "{a: x}", "{__import__('os'): 1}",
           '```json\n{"a": 1\n```', '"{\\"a\\": 1"', '{"a": 1,,}', "{'a': f(1)}"]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_provider_left_open_or_is_no_object_is_refused(text: str) -> None:
    reading = read_arguments([text])
    assert reading.value is None
    assert reading.problem


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_objects = st.dictionaries(st.text(), _values, min_size=1, max_size=3)


@given(value=_objects)
def test_valid_json_is_read_as_json_reads_it(value: dict[str, object]) -> None:
    reading = read_arguments([json.dumps(value)])
    assert (reading.value, reading.repairs) == (value, ())


@given(value=_objects, data=st.data())
def test_no_beginning_of_an_object_is_ever_read(value: dict[str, object], data: st.DataObject) -> None:
    text = json.dumps(value)
    beginning = text[: data.draw(st.integers(1, len(text) - 1))]
    assert read_arguments([beginning]).value is None


@given(text=st.text(alphabet="{}[]\",':ab1 \\\n`ntrue", max_size=40))
def test_a_reading_never_raises_and_never_closes_a_bracket(text: str) -> None:
    value = read_arguments([text]).value
    if value:
        outside_strings = text.replace('\\"', "")
        assert outside_strings.count("}") >= 1
        assert outside_strings.count("]") >= json.dumps(value, ensure_ascii=False).count("[]")


def test_deep_nesting_ends_in_a_clear_problem_at_once() -> None:
    started = time.monotonic()
    for depth in (MAX_DEPTH + 1, 100_000):
        reading = read_arguments(['{"a":' * depth + "1" + "}" * depth])
        assert reading.value is None
        assert reading.problem
    assert time.monotonic() - started < 5


def test_arguments_as_deep_as_allowed_are_read() -> None:
    depth = MAX_DEPTH - 1
    assert read_arguments(['{"a":' * depth + "1" + "}" * depth]).value is not None


def test_text_beyond_the_limit_is_refused_by_name() -> None:
    reading = read_arguments(['{"a": "' + "x" * MAX_CHARACTERS + '"}'])
    assert reading.value is None
    assert "longer than 10,000,000 characters" in reading.problem


def test_half_a_surrogate_pair_becomes_a_replacement_character_and_a_whole_one_its_character() -> None:
    assert read_arguments(['{"a": "\\ud83d"}']).value == {"a": "\ufffd"}
    assert read_arguments(['{"a": "\\ud83d\\ude00"}']).value == {"a": "😀"}
