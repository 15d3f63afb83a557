# SPDX-License-Identifier: Apache-2.0
"""Scenario files: what they mean, and what is said about a mistake in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adk_litellm_fix import replay
from adk_litellm_fix.errors import ScenarioError
from adk_litellm_fix.replay import Call, Failure, Pause, Text, Thought, Usage, When, load_scenario, parse_scenario

if TYPE_CHECKING:
    from pathlib import Path


def test_the_example_of_the_documentation_is_a_scenario() -> None:
    documentation = replay.__doc__ or ""
    example = documentation[documentation.index("    scenes:\n") : documentation.index("`turns:` at the top")]
    scenario = parse_scenario(example)
    assert [scene.when for scene in scenario.scenes] == [When(agent=("coordinator",), user=("weather",)), When(agent=("forecaster",))]
    assert [call.arguments for call in scenario.scenes[1].turns[0].calls] == ['{"city": "Rome"}', '{"city": "Oslo"}']


def test_a_turn_says_its_parts_in_the_order_written() -> None:
    scenario = parse_scenario(
        """
        turns:
          - calls: [f: {a: 1}, g]
            text: then
            thought: last
          - parts:
              - text: a
              - {pause: 0.5, call: {f: '{"a'}}
              - text: b
        """
    )
    first, second = scenario.scenes[0].turns
    assert first.parts == (Call(name="f", arguments='{"a": 1}'), Call(name="g", arguments="{}"), Text(text="then"), Thought(text="last"))
    assert second.parts == (Text(text="a"), Pause(seconds=0.5), Call(name="f", arguments='{"a'), Text(text="b"))


def test_a_turn_may_end_badly() -> None:
    scenario = parse_scenario(
        """
        turns:
          - {text: a, finish: length, usage: {input: 3, output: 4, thoughts: 5, cached: 1}}
          - {text: a, ending: cut}
          - {text: a, error: Overloaded}
          - {error: {status: 529, message: Overloaded}}
        """
    )
    length, cut, broken, refused = scenario.scenes[0].turns
    assert (length.finish, length.usage) == ("length", Usage(input=3, output=4, thoughts=5, cached=1))
    assert cut.ending == "cut"
    assert broken.error == Failure(message="Overloaded", status=500)
    assert (refused.parts, refused.error) == ((), Failure(message="Overloaded", status=529))


def test_plain_values_are_those_of_yaml_1_2() -> None:
    scenario = parse_scenario("turns: [{call: {f: {land: no, at: 12:30, on: 2026-01-01, code: 010, n: -7, x: 2.5e3, yes: true, nil: ~}}}]")
    assert scenario.scenes[0].turns[0].calls[0].object == {
        "land": "no",
        "at": "12:30",
        "on": "2026-01-01",
        "code": "010",
        "n": -7,
        "x": 2500.0,
        "yes": True,
        "nil": None,
    }


def test_a_text_may_look_like_a_number() -> None:
    scenario = parse_scenario("turns: [{text: 42}]")
    assert scenario.scenes[0].turns[0].parts == (Text(text="42"),)


MISTAKES = {
    "": (0, "the scenario is empty"),
    "- text: a": (1, "a scenario is a mapping with the keys scenes, turns"),
    "turns: [": (1, "not YAML: "),
    "turns:\n  - text: a\n bad": (3, "not YAML: "),
    "turns:\n  - text: a\x07": (2, "not YAML: special characters are not allowed"),
    "turns:\n  - text: a\nscenes: []": (1, "either `scenes:` or `turns:`"),
    "turn:\n  - text: a": (1, "a scenario has no `turn`; did you mean `turns`?"),
    "turns: hello": (1, "`turns` is a list"),
    "turns: []": (1, "`turns` is a list"),
    "turns:\n  - hello": (2, "a turn is a mapping with the keys thought, text"),
    "turns:\n  - text: a\n    finsh: stop": (3, "a turn has no `finsh`; did you mean `finish`?"),
    "turns:\n  - text: a\n    text: b": (3, "`text` stands here twice; what a turn says twice stands under `parts`"),
    "turns:\n  - usage: {input: 1}": (2, "the turn says nothing"),
    "turns:\n  - text: [a]": (2, "`text` is a text"),
    "turns:\n  - text: {{f}}": (2, "stands in quotes"),
    "turns:\n  - text:": (2, "`text` is a text"),
    "turns:\n  - text: a\n    parts: [{text: b}]": (3, "everything the turn says under `parts`"),
    "turns:\n  - call: [f, g]": (2, "several stand under `calls`"),
    "turns:\n  - call: {f: {}, g: {}}": (2, "a call is one tool's name and its arguments"),
    "turns:\n  - call: {f: [1]}": (2, "arguments are a mapping, nothing, or a string"),
    "turns:\n  - call: {f: {a: !!binary YQ==}}": (2, "arguments are what JSON has"),
    "turns:\n  - call: {f: {a: !mine b}}": (2, "not YAML: could not determine a constructor"),
    "turns:\n  - text: a\n    ending: stop": (3, "`ending` is one of normal, cut, reset, not 'stop'"),
    "turns:\n  - text: a\n    error: {status: 200}": (3, "an HTTP status from 400 to 599"),
    "turns:\n  - text: a\n    usage: {input: many}": (3, "`input` is a whole number"),
    "turns:\n  - pause: long": (2, "`pause` is a number of seconds"),
    "scenes:\n  - when: {agent: a}": (2, "a scene needs `turns:`"),
    "scenes:\n  - when: {agnet: a}\n    turns: [{text: a}]": (2, "`when` has no `agnet`; did you mean `agent`?"),
    "scenes:\n  - turns: [{text: a}]\n  - turns: [{text: b}]": (3, "this scene never plays: the one at line 2 answers everything"),
    "scenes:\n  - when: {after: f}\n    turns: [{text: a}, {text: b}]": (3, "a scene with `after` has one turn"),
    "scenes:\n  - turns: [{text: a}]\n    repeat: often": (3, "`repeat` is true or false"),
}


@pytest.mark.parametrize(("text", "line", "message"), [(text, *said) for text, said in MISTAKES.items()])
def test_a_mistake_is_named_with_file_and_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, path="demo.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (caught.value.path, caught.value.line) == ("demo.yaml", line)
    assert str(caught.value).startswith(f"demo.yaml:{line}: " if line else "demo.yaml: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nowhere\.yaml: cannot read the scenario: No such file or directory"):
        load_scenario(tmp_path / "nowhere.yaml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="it is not UTF-8 text"):
        load_scenario(tmp_path / "scenario.yaml")
