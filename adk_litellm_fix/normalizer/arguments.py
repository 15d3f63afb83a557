# SPDX-License-Identifier: Apache-2.0
"""Reads the argument text of a tool call once its turn has closed.

The plain text is read first. Only when it is no JSON object are the other readings tried, in a fixed order; the first that gives an object
wins and names its repairs. No reading closes what the provider left open: each hands strict JSON to the decoder, and what was missing
before is missing after. Nothing is evaluated; size and depth are bounded.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .events import RepairCode

MAX_CHARACTERS = 10_000_000
"""Argument text beyond this is refused."""
MAX_DEPTH = 100
"""Objects and lists nested deeper than this are refused: ADK and pydantic would not survive them."""
_MAX_RELAXED = 1_000_000
"""The tolerant readings are slower than JSON's: longer text must be JSON."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What argument text says."""

    value: dict[str, Any] | None
    """The arguments; None when the text cannot be read."""
    repairs: tuple[RepairCode, ...] = ()
    problem: str = ""
    """One clause, when there is no value."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_STRICT = json.JSONDecoder(parse_constant=_refuse_constant)
_LENIENT = json.JSONDecoder(parse_constant=_refuse_constant, strict=False)


def _load(text: str, decoder: json.JSONDecoder = _STRICT) -> Any:
    """The JSON value of the text, or None when it is no JSON or nested beyond reason."""
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError):
        return None


def _object(text: str, decoder: json.JSONDecoder = _STRICT) -> dict[str, Any] | None:
    value = _load(text, decoder)
    return value if isinstance(value, dict) else None


_Found = tuple[dict[str, Any], tuple[RepairCode, ...]]

# --- the readings ---------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(r"\s*(?:\{\s*\}|null)\s*(?=\S)")


def _placeholder(text: str) -> _Found | None:
    """`{}{"a": 1}`: an empty object was sent first, in the place of what was to come."""
    match = _PLACEHOLDER.match(text)
    value = _object(text[match.end() :]) if match else None
    return (value, (RepairCode.ARGUMENTS_PLACEHOLDER,)) if value is not None else None


def _snapshots(pieces: Sequence[str]) -> _Found | None:
    """`{"a"`, `{"a": 1}`: every delta sent the whole text so far. The last one is complete.

    Each delta must begin with the whole of the one before: fragments of one text do not.
    """
    if len(pieces) < 2 or not all(after.startswith(before) for before, after in itertools.pairwise(pieces)):
        return None
    value = _object(pieces[-1])
    return (value, (RepairCode.ARGUMENTS_SNAPSHOT,)) if value is not None else None


def _repeated(text: str) -> _Found | None:
    """`{"a": 1}{"a":1}`: the whole object came again."""
    position, values = 0, []
    while position < len(text):
        try:
            value, position = _STRICT.raw_decode(text, position + _space_before(text, position))
        except (ValueError, RecursionError):
            return None
        values.append(value)
        position += _space_before(text, position)
    if len(values) > 1 and isinstance(values[0], dict) and all(value == values[0] for value in values):
        return values[0], (RepairCode.ARGUMENTS_REPEATED,)
    return None


_SPACE = re.compile(r"\s*")


def _space_before(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() - position if match else 0


_TRAILER = re.compile(r"(?:\s|[}\]]|</?[\w|｜▁:-]{1,40}>|<\|[\w▁-]{1,40}\|>|```)*\Z")


def _trailing(text: str) -> _Found | None:
    """`{"a": 1}}` or `{"a": 1}</tool_call>`: nothing but closers after the closed object."""
    stripped = text.lstrip()
    try:
        value, end = _LENIENT.raw_decode(stripped)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and end < len(stripped) and _TRAILER.match(stripped, end):
        return value, (RepairCode.ARGUMENTS_TRAILING,)
    return None


def _control_characters(text: str) -> _Found | None:
    """A raw line feed or tab inside a string."""
    value = _object(text, _LENIENT)
    return (value, (RepairCode.ARGUMENTS_CONTROL_CHARACTERS,)) if value is not None else None


def _double_encoded(text: str) -> _Found | None:
    """A JSON string that holds the object."""
    inner = _load(text, _LENIENT)
    value = _object(inner, _LENIENT) if isinstance(inner, str) else None
    return (value, (RepairCode.ARGUMENTS_DOUBLE_ENCODED,)) if value is not None else None


_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<double>"(?:[^"\\]|\\.)*")|(?P<single>'(?:[^'\\]|\\.)*')|(?P<punct>[{}\[\],:])|(?P<word>[^\s{}\[\],:"']+)""",
    re.DOTALL,
)
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}
_JSON_WORD = re.compile(r"(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)\Z")
_BARE_KEY = re.compile(r"[A-Za-z_$][\w$-]*\Z")


class _Relaxed:
    """Rewrites JavaScript- and Python-like object text as JSON, token by token; brackets are copied, never added."""

    def __init__(self, text: str) -> None:
        self.repairs: list[RepairCode] = []
        self._out: list[str] = []
        self._key_next = False
        self._scopes: list[str] = []
        self._pending_comma = False
        self.readable = self._rewrite(text)

    @property
    def text(self) -> str:
        return "".join(self._out)

    def _note(self, code: RepairCode) -> None:
        if code not in self.repairs:
            self.repairs.append(code)

    def _rewrite(self, text: str) -> bool:
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                return False
            position = match.end()
            kind, token = match.lastgroup, match.group()
            if kind == "space":
                continue
            if kind == "punct":
                self._punctuation(token)
            elif not self._value(kind, token):
                return False
        return not self._pending_comma

    def _punctuation(self, token: str) -> None:
        if token in "}]" and self._pending_comma:
            self._note(RepairCode.ARGUMENTS_TRAILING_COMMA)
        elif self._pending_comma:
            self._out.append(",")
        self._pending_comma = token == ","
        if token in "{[":
            self._scopes.append(token)
        elif token in "}]" and self._scopes:
            self._scopes.pop()
        self._key_next = token == "{" or (token == "," and self._scopes[-1:] == ["{"])
        if token != ",":
            self._out.append(token)

    def _value(self, kind: str | None, token: str) -> bool:
        if self._pending_comma:
            self._out.append(",")
            self._pending_comma = False
        written = self._word(token) if kind == "word" else self._string(token)
        self._out.append(written)
        return bool(written)

    def _string(self, token: str) -> str:
        if token.startswith("'"):
            self._note(RepairCode.ARGUMENTS_PYTHON_LITERAL)
            body = token[1:-1].replace("\\'", "'")
            return '"' + re.sub(r'\\.|"', lambda m: m.group() if m.group() != '"' else '\\"', body, flags=re.DOTALL) + '"'
        return token

    def _word(self, token: str) -> str:
        if self._key_next and _BARE_KEY.match(token):
            self._note(RepairCode.ARGUMENTS_UNQUOTED_KEYS)
            return f'"{token}"'
        if token in _PYTHON_WORDS:
            self._note(RepairCode.ARGUMENTS_PYTHON_LITERAL)
            return _PYTHON_WORDS[token]
        return token if _JSON_WORD.match(token) else ""


def _relaxed(text: str) -> _Found | None:
    """`{'a': True, b: 1,}`: single quotes, Python words, bare keys, a comma too many."""
    if len(text) > _MAX_RELAXED:
        return None
    relaxed = _Relaxed(text)
    value = _object(relaxed.text, _LENIENT) if relaxed.readable and relaxed.repairs else None
    return (value, tuple(relaxed.repairs)) if value is not None else None


_FENCE = re.compile(r"\s*```[\w-]*[ \t]*\r?\n?(?P<body>.*?)\r?\n?```\s*\Z", re.DOTALL)


def _fenced(text: str) -> _Found | None:
    """A Markdown code fence around the object."""
    match = _FENCE.match(text)
    if match is None:
        return None
    body = match.group("body")
    value = _object(body)
    if value is not None:
        return value, (RepairCode.ARGUMENTS_CODE_FENCE,)
    found = _first(body, _READINGS[:-1])
    return (found[0], (RepairCode.ARGUMENTS_CODE_FENCE, *found[1])) if found else None


_READINGS: tuple[Callable[[str], _Found | None], ...] = (
    _placeholder, _repeated, _trailing, _control_characters, _double_encoded, _relaxed, _fenced,
)  # fmt: skip


def _first(text: str, readings: tuple[Callable[[str], _Found | None], ...]) -> _Found | None:
    return next((found for reading in readings if (found := reading(text)) is not None), None)


def _containers(value: Any) -> Iterator[Any]:
    return (inner for inner in (value.values() if isinstance(value, dict) else value) if isinstance(inner, (dict, list)))


def _too_deep(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return False
    return True


def _without_lone_surrogates(text: str, value: dict[str, Any]) -> dict[str, Any]:
    """Half a surrogate pair is no character and no JSON encoder could write it again: U+FFFD stands for it."""
    if "\\ud" not in text and "\\uD" not in text and text.isprintable():
        return value
    plain = json.dumps(value, ensure_ascii=False)
    try:
        plain.encode()
    except UnicodeEncodeError:
        mended = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return dict(json.loads(mended))
    return value


_NULLS = ("null", "None", '""')


def read_arguments(pieces: Sequence[str]) -> Reading:
    """Reads the fragments of one call's argument text, in order of arrival; never raises.

    Empty text, `null`, `None` and an empty string mean no arguments: the caller has made sure that the turn ended normally.
    """
    text = "".join(pieces)
    if len(text) > MAX_CHARACTERS:
        return Reading(None, problem=f"its arguments are longer than {MAX_CHARACTERS:,} characters")
    if not text.strip():
        return Reading({})
    if text.strip() in _NULLS:
        return Reading({}, (RepairCode.ARGUMENTS_NULL,))
    value = _object(text)
    found = (value, ()) if value is not None else _snapshots(pieces) or _first(text, _READINGS)
    if found is None:
        return Reading(None, problem="its arguments are no complete JSON object: truncated or malformed")
    if _too_deep(found[0]):
        return Reading(None, problem=f"its arguments are nested deeper than {MAX_DEPTH} levels")
    return Reading(_without_lone_surrogates(text, found[0]), found[1])
