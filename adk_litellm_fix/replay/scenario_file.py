# SPDX-License-Identifier: Apache-2.0
"""Reads scenarios from YAML, and says by file and line what is wrong with one.

The YAML is read as nodes, which know their lines. Plain values follow YAML 1.2, not 1.1: `no`, `12:30`, `010` and `2026-01-01` are strings.
"""

from __future__ import annotations

import difflib
import itertools
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast

import yaml

from ..errors import ScenarioError
from .scenario import Call, Failure, Part, Pause, Scenario, Scene, Text, Thought, Turn, Usage, When

if TYPE_CHECKING:
    from collections.abc import Collection

_PARTS = ("thought", "text", "call", "calls", "pause")
_TURN = (*_PARTS, "parts", "finish", "ending", "error", "usage")
_WHEN_WORDS = ("agent", "system", "model", "user", "after")
_ENDINGS = ("normal", "cut", "reset")


def load_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario file.

    Raises:
        ScenarioError: The file cannot be read, or has a mistake; the message names the file, the line and what to do.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ScenarioError(f"cannot read the scenario: {reason}", path=os.fspath(path)) from None
    return parse_scenario(text, path=os.fspath(path))


def parse_scenario(text: str, *, path: str = "<scenario>") -> Scenario:
    """Read a scenario from text; `path` is what errors call it.

    Raises:
        ScenarioError: It has a mistake.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return _Reader(loader, path).scenario(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ScenarioError(f"not YAML: {error.problem or error.context}", path=path, line=mark.line + 1 if mark else 0) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ScenarioError(f"not YAML: {error.reason} ({error.character!r})", path=path, line=line) from None


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """SafeLoader with the plain values of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML copies it before it adds)


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)?(?:\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"), list("-+.0123456789")
)


class _Reader:
    """Turns the nodes of one file into a Scenario."""

    def __init__(self, loader: _Loader, path: str) -> None:
        self._loader = loader
        self._path = path

    def scenario(self, node: Any) -> Scenario:
        if node is None:
            raise ScenarioError("the scenario is empty: write `turns:` or `scenes:`", path=self._path)
        fields = self._fields(node, ("scenes", "turns"), "a scenario")
        if len(fields) != 1:
            self._fail(node, "a scenario has either `scenes:` or `turns:`")
        if "turns" in fields:
            return Scenario(scenes=(Scene(turns=self._turns(fields["turns"]), line=_line(node)),), path=self._path)
        scenes = tuple(self._scene(item) for item in self._items(fields["scenes"], "scenes"))
        for before, scene in itertools.pairwise(scenes):
            if before.when == When():
                message = f"this scene never plays: the one at line {before.line} answers everything; give that a `when`, or put it last"
                raise ScenarioError(message, path=self._path, line=scene.line)
        return Scenario(scenes=scenes, path=self._path)

    def _scene(self, node: Any) -> Scene:
        fields = self._fields(node, ("when", "turns", "repeat"), "a scene")
        if "turns" not in fields:
            self._fail(node, "a scene needs `turns:`")
        when = self._when(fields["when"]) if "when" in fields else When()
        turns = self._turns(fields["turns"])
        if when.after and len(turns) > 1:
            self._fail(fields["turns"], "a scene with `after` has one turn: it begins with that tool's result")
        repeat = self._value(fields["repeat"]) if "repeat" in fields else False
        if not isinstance(repeat, bool):
            self._fail(fields["repeat"], "`repeat` is true or false")
        return Scene(when=when, turns=turns, repeat=repeat, line=_line(node))

    def _when(self, node: Any) -> When:
        fields = self._fields(node, (*_WHEN_WORDS, "question"), "`when`")
        words = {name: self._words(fields[name], name) for name in _WHEN_WORDS if name in fields}
        question = self._count(fields["question"], "question") if "question" in fields else None
        return When(**words, question=question)

    def _turns(self, node: Any) -> tuple[Turn, ...]:
        return tuple(self._turn(item) for item in self._items(node, "turns"))

    def _turn(self, node: Any) -> Turn:
        fields = self._fields(node, _TURN, "a turn")
        if "parts" in fields and any(name in fields for name in _PARTS):
            self._fail(fields["parts"], "write everything the turn says under `parts`, or nothing")
        parts: list[Part] = []
        for name, value in fields.items():
            if name == "parts":
                for item in self._items(value, "parts"):
                    for inner, content in self._fields(item, _PARTS, "a part").items():
                        parts += self._parts(inner, content)
            elif name in _PARTS:
                parts += self._parts(name, value)
        if not parts and not fields.keys() & {"finish", "ending", "error"}:
            self._fail(node, "the turn says nothing: give it a `text`, a `call` or an `error`")
        return Turn(
            parts=tuple(parts),
            finish=self._text(fields["finish"], "finish") if "finish" in fields else None,
            ending=self._ending(fields["ending"]) if "ending" in fields else "normal",
            error=self._error(fields["error"]) if "error" in fields else None,
            usage=self._usage(fields["usage"]) if "usage" in fields else Usage(),
            line=_line(node),
        )

    def _parts(self, name: str, node: Any) -> list[Part]:
        if name == "thought":
            return [Thought(text=self._text(node, name))]
        if name == "text":
            return [Text(text=self._text(node, name))]
        if name == "pause":
            seconds = self._value(node)
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
                self._fail(node, "`pause` is a number of seconds")
            return [Pause(seconds=float(seconds))]
        if name == "call" and isinstance(node, yaml.SequenceNode):
            self._fail(node, "`call` is one call; several stand under `calls`")
        calls = [node] if name == "call" else self._items(node, "calls")
        return [self._call(item) for item in calls]

    def _call(self, node: Any) -> Call:
        if isinstance(node, yaml.ScalarNode) and node.value:
            return Call(name=node.value, arguments="{}")
        if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
            self._fail(node, "a call is one tool's name and its arguments, e.g. `get_weather: {city: Rome}`")
        ((name, arguments),) = node.value
        value = self._value(arguments)
        if isinstance(value, str):
            return Call(name=str(name.value), arguments=value)
        if value is not None and not isinstance(value, dict):
            self._fail(arguments, "arguments are a mapping, nothing, or a string that is sent as it stands")
        try:
            return Call(name=str(name.value), arguments=json.dumps(value or {}, ensure_ascii=False))
        except TypeError:
            self._fail(arguments, "arguments are what JSON has: mappings, lists, strings, numbers, true, false and null")

    def _ending(self, node: Any) -> Literal["normal", "cut", "reset"]:
        word = self._text(node, "ending")
        if word not in _ENDINGS:
            self._fail(node, f"`ending` is one of {', '.join(_ENDINGS)}, not {word!r}; a finish word stands under `finish`")
        return cast('Literal["normal", "cut", "reset"]', word)

    def _error(self, node: Any) -> Failure:
        if isinstance(node, yaml.ScalarNode):
            return Failure(message=self._text(node, "error"))
        fields = self._fields(node, ("status", "message"), "`error`")
        status = self._count(fields["status"], "status") if "status" in fields else 500
        if not 400 <= status <= 599:
            self._fail(fields["status"], "`status` of an error is an HTTP status from 400 to 599")
        return Failure(status=status, message=self._text(fields["message"], "message") if "message" in fields else "The model failed.")

    def _usage(self, node: Any) -> Usage:
        fields = self._fields(node, ("input", "output", "thoughts", "cached"), "`usage`")
        return Usage(**{name: self._count(value, name) for name, value in fields.items()})

    def _words(self, node: Any, name: str) -> tuple[str, ...]:
        items = self._items(node, name) if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(self._text(item, name) for item in items)

    def _text(self, node: Any, name: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or (node.tag.endswith(":null") and not node.style):
            self._fail(node, f"`{name}` is a text; one that begins with {{ or [ stands in quotes")
        return str(node.value)

    def _count(self, node: Any, name: str) -> int:
        value = self._value(node)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self._fail(node, f"`{name}` is a whole number")
        return value

    def _items(self, node: Any, name: str) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._fail(node, f"`{name}` is a list, each item on a line of its own after `- `")
        return list(node.value)

    def _fields(self, node: Any, allowed: Collection[str], what: str) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{what} is a mapping with the keys {', '.join(allowed)}")
        fields: dict[str, Any] = {}
        for key, value in node.value:
            if key.value not in allowed:
                close = difflib.get_close_matches(str(key.value), allowed, n=1)
                hint = f"did you mean `{close[0]}`?" if close else f"it has {', '.join(allowed)}"
                self._fail(key, f"{what} has no `{key.value}`; {hint}")
            if key.value in fields:
                again = "; what a turn says twice stands under `parts`" if key.value in _PARTS else ""
                self._fail(key, f"`{key.value}` stands here twice{again}")
            fields[key.value] = value
        return fields

    def _value(self, node: Any) -> Any:
        return self._loader.construct_object(node, deep=True)

    def _fail(self, node: Any, message: str) -> NoReturn:
        raise ScenarioError(message, path=self._path, line=_line(node))


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
