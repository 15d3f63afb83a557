# SPDX-License-Identifier: Apache-2.0
"""Tool calls that a model wrote into its text, because its server did not parse them.

They count only when tools were declared, the name is one of them, and the text is nothing but the call, or the call stands in a tag that
prose does not have. Text that may become a call is held back, so that no half of a call is shown; what turns out to be none is text again.

The forms: Hermes and Qwen (`<tool_call>{…}</tool_call>`), Qwen3-Coder (`<function=…><parameter=…>`), Kimi K2
(`<|tool_call_begin|>…`), Mistral (`[TOOL_CALLS]…`), DeepSeek V3 and V3.1 (`<｜tool▁call▁begin｜>…`) and V3.2 (`<｜DSML｜invoke
…>`), and a bare JSON object with `name` and `arguments` or `parameters` (Llama 3, Ollama). They follow the chat templates that
these models were published with.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

from .arguments import read_arguments
from .names import join_name
from .pieces import CallPiece, fields
from .tags import overlap

_MAX_HELD = 1_000_000
"""More text than this is no tool call: it is released."""

Tools = Mapping[str, Mapping[str, Any]]
"""The declared tools: their parameters' JSON schemas by name."""
Segment = Union[str, CallPiece]
"""Text, or a call that was written as text."""

# --- what a call looks like -----------------------------------------------------------------------


def _json_calls(body: str) -> _Pairs:
    """`{"name": …, "arguments"|"parameters": …}`, or a list of them; ValueError when it is something else."""
    pairs = []
    for call in _json_values(body):
        inner = call.get("function")
        call = inner if isinstance(inner, Mapping) else call
        name, arguments = call.get("name"), call.get("arguments", call.get("parameters"))
        if not isinstance(name, str) or set(call) - _CALL_KEYS or not isinstance(arguments, (dict, str)):
            raise ValueError("no call")
        pairs.append((name, arguments if isinstance(arguments, str) else _dump(arguments)))
    return pairs


def _dump(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, ensure_ascii=False)


_CALL_KEYS = {"name", "arguments", "parameters", "id", "type", "function"}


def _json_values(body: str) -> list[Mapping[str, Any]]:
    body = body.strip()
    values = json.loads(body, strict=False) if body.startswith("[") else [read_arguments([body]).value]
    if not values or not all(isinstance(value, Mapping) for value in values):
        raise ValueError("no call")
    return list(values)


def _value(text: str, *, is_text: bool) -> Any:
    """A parameter's value: JSON where it is some and nobody says that it is text."""
    if is_text:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _between(text: str, opener: str, closer: str) -> Iterator[tuple[str, str]]:
    """The stretches between opener and closer, each with the text before it; last, the text behind them all. One pass, no backtracking."""
    position = 0
    while (start := text.find(opener, position)) >= 0:
        begin = start + len(opener)
        end = text.find(closer, begin)
        if end < 0:
            break
        yield text[position:start], text[begin:end]
        position = end + len(closer)
    yield text[position:], ""


def _parameters(body: str, opener: str, closer: str) -> Iterator[tuple[str, str]]:
    """The heads (up to `>`) and values of the parameters in a call's body; ValueError when there is anything else in it."""
    stretches = list(_between(body, opener, closer))
    if any(before.strip() for before, _ in stretches):
        raise ValueError("more than parameters")
    for _, stretch in stretches[:-1]:
        head, _, value = stretch.partition(">")
        yield head, value


_Pairs = list[tuple[str, str]]
"""(name, argument text) of each call."""


def _qwen(stretch: str, tools: Tools) -> _Pairs:
    """The XML says nothing of types: the declared schema does."""
    name, _, body = stretch.partition(">")
    if body.lstrip().startswith("{"):  # Llama 3.1 writes JSON there
        return [(name.strip(), body)]
    found = [(key.strip(), _inner(value)) for key, value in _parameters(body, "<parameter=", "</parameter>")]
    return [(name.strip(), _dump({key: _value(value, is_text=_is_string(tools, name.strip(), key)) for key, value in found}))]


def _is_string(tools: Tools, name: str, parameter: str) -> bool:
    properties = fields(tools.get(join_name([name], tools)[0])).get("properties")
    kind = fields(fields(properties).get(parameter)).get("type")
    return isinstance(kind, str) and kind.lower() == "string"


def _inner(value: str) -> str:
    """The value without the line breaks that set it apart from its tags."""
    return value.removeprefix("\n").removesuffix("\n")


def _dsml(stretch: str, _: Tools) -> _Pairs:
    name, _mark, body = stretch.partition('">')
    found = _parameters(body, '<｜DSML｜parameter name="', "</｜DSML｜parameter>")
    return [(name, _dump({head.partition('"')[0]: _value(value, is_text='string="true"' in head) for head, value in found}))]


def _kimi(stretch: str, _: Tools) -> _Pairs:
    name, _mark, arguments = stretch.partition("<|tool_call_argument_begin|>")
    return [(name.strip(), arguments.strip())]


def _deepseek(stretch: str, _: Tools) -> _Pairs:
    head, _mark, rest = stretch.partition("<｜tool▁sep｜>")
    if head.strip() != "function":
        return [(head.strip(), rest.strip())]
    name, _mark, fenced = rest.partition("\n")
    return [(name.strip(), fenced.strip())]


_MISTRAL = re.compile(r"\s*([\w.-]{1,200})(?:\[CALL_ID\][\w-]*)?(?:\[ARGS\])?\s*(\{.*)", re.DOTALL)


def _mistral(stretch: str, _: Tools) -> _Pairs:
    match = _MISTRAL.match(stretch)
    return [(match[1], match[2].strip())] if match else _json_calls(stretch)


@dataclass(frozen=True, slots=True)
class _Form:
    """One way of writing calls: a call stands between opener and closer."""

    opener: str
    closer: str
    read: Callable[[str, Tools], _Pairs]
    wrappers: tuple[str, ...] = ()
    """Marks around the calls that mean nothing themselves."""
    bracketed: bool = True
    """Whether the body is JSON, which shows by itself that it is whole: such a call may miss its closer at the end of the text."""


_FORMS = (
    _Form("<function=", "</function>", _qwen, ("<tool_call>", "</tool_call>"), bracketed=False),
    _Form("<tool_call>", "</tool_call>", lambda stretch, _: _json_calls(stretch)),
    _Form("<|tool_call_begin|>", "<|tool_call_end|>", _kimi, ("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>")),
    _Form("[TOOL_CALLS]", "[TOOL_CALLS]", _mistral),
    _Form(
        "<｜tool▁call▁begin｜>",
        "<｜tool▁call▁end｜>",
        _deepseek,
        ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜end▁of▁sentence｜>"),
    ),
    _Form('<｜DSML｜invoke name="', "</｜DSML｜invoke>", _dsml, ("<｜DSML｜function_calls>", "</｜DSML｜function_calls>"), bracketed=False),
)
_OPENERS = tuple(mark for form in _FORMS for mark in (form.opener, *form.wrappers) if not mark.startswith("</"))
_OPENER = re.compile("|".join(re.escape(opener) for opener in _OPENERS))
_FENCED = re.compile(r"```(?:json|tool_call|tool_code)?(?P<body>.*)```\Z", re.DOTALL)


def _pieces(calls: _Pairs, declared: Tools) -> list[Segment]:
    pieces: list[Segment] = []
    for sent, arguments in calls:
        name, _ = join_name([sent], declared)
        if name not in declared:
            raise ValueError("not a declared tool")
        if read_arguments([arguments]).value is None:
            raise ValueError("no whole arguments")
        pieces.append(CallPiece(name=name, arguments=arguments))
    return pieces


def _tagged(text: str, declared: Tools) -> list[Segment]:
    """Reads text that begins with an opener; the text itself when it is anything but calls to its end."""
    form = next((form for form in _FORMS if form.opener in text), None)
    if form is None:
        return [text]
    bare = text
    for mark in form.wrappers:
        bare = bare.replace(mark, "")
    pieces: list[Segment] = []
    try:
        for before, stretch in _stretches(bare, form):
            if before.strip():
                return [text]
            pieces += _pieces(form.read(stretch, declared), declared)
    except (ValueError, RecursionError):
        return [text]
    closed = text.rfind(form.closer) > text.rfind(form.opener) or form.opener == form.closer
    return pieces if pieces and (closed or _has_arguments(pieces[-1])) else [text]


def _has_arguments(piece: Segment) -> bool:
    """Without its closer, only its arguments can show that a call is whole."""
    return isinstance(piece, CallPiece) and bool(piece.arguments.strip())


def _stretches(text: str, form: _Form) -> Iterator[tuple[str, str]]:
    """What stands before each call, and the call; a mark that both opens and closes separates calls."""
    if form.opener == form.closer:
        before, *rest = text.split(form.opener)
        yield from zip([before, *[""] * (len(rest) - 1)], rest, strict=True)
        return
    if form.bracketed and text.rfind(form.opener) > text.rfind(form.closer):
        text += form.closer
    *calls, (behind, _) = _between(text, form.opener, form.closer)
    if behind.strip():
        raise ValueError("text behind the calls")
    yield from calls


def _bare(text: str, declared: Tools) -> list[Segment]:
    """Reads text that is nothing but JSON, or JSON in a fence; the text itself when it is no call."""
    fenced = _FENCED.match(text.strip())
    try:
        return _pieces(_json_calls(fenced["body"] if fenced else text), declared)
    except (ValueError, RecursionError):
        return [text]


# --- while the text comes -------------------------------------------------------------------------

_FIRST_KEYS = ("name", "arguments", "parameters", "id", "type", "function")
_HEAD = re.compile(r'\s*(?:`{1,2}\Z|```[\w-]*\s*)?(?:\[\s*)?(?:\{\s*(?:"(?P<key>[^"]*)(?P<end>")?)?)?')


def _may_be_bare(text: str) -> bool:
    """Whether text that has begun so may become nothing but a call in JSON."""
    match = _HEAD.match(text)
    if match is None:
        return False
    key = match["key"]
    if key is None:
        return match.end() == len(text)
    return key in _FIRST_KEYS if match["end"] else any(first.startswith(key) for first in _FIRST_KEYS)


class _State(enum.Enum):
    START = enum.auto()
    """Nothing but what may become a bare JSON call."""
    TEXT = enum.auto()
    TAGGED = enum.auto()
    """Behind an opener: everything waits."""


class TextCalls:
    """Holds back text that may be a call; `close` says what it was."""

    def __init__(self, declared: Tools) -> None:
        self._declared = declared
        self._state = _State.START if declared else _State.TEXT
        self._held: list[str] = []
        self._size = 0
        self._in_code = False
        """Behind an odd number of backticks: what is quoted there is an example."""

    def feed(self, text: str) -> str:
        """Takes a fragment; returns the text that is certain to be text."""
        if not self._declared or not text:
            return text
        if self._state is _State.TEXT and not self._held and not any(mark in text for mark in "<[`"):
            return text
        self._hold(text)
        if self._size > _MAX_HELD:
            self._state = _State.TEXT
            return self._take()
        if self._state is _State.START and not self._still_bare():
            self._state = _State.TEXT
        return self._watch() if self._state is _State.TEXT else ""

    def _hold(self, text: str) -> None:
        self._held.append(text)
        self._size += len(text)

    def _take(self) -> str:
        held = "".join(self._held)
        self._held, self._size = [], 0
        return held

    def _still_bare(self) -> bool:
        head = self._held[0]
        if len(head) < 64 and len(self._held) > 1:
            self._held = ["".join(self._held[:2]), *self._held[2:]]
            head = self._held[0]
        return _may_be_bare(head)

    def _watch(self) -> str:
        text = self._take()
        kept = max(overlap(text[-_LONGEST:], opener) for opener in _OPENERS)
        position = 0
        for found in _OPENER.finditer(text):
            self._in_code ^= text.count("`", position, found.start()) % 2 == 1
            position = found.start()
            if not self._in_code:
                self._state = _State.TAGGED
                kept = len(text) - position
                break
        certain = len(text) - kept
        self._in_code ^= text.count("`", position, certain) % 2 == 1
        if kept:
            self._hold(text[certain:])
        return text[:certain]

    def interrupt(self) -> str:
        """A real call came: from here on text is text, and what was held back is some."""
        self._declared = {}
        return self._take()

    def close(self) -> list[Segment]:
        """What was held back, read; the stream has ended."""
        text = self._take()
        if not text:
            return []
        if self._state is _State.TAGGED:
            return _tagged(text, self._declared)
        return _bare(text, self._declared) if self._state is _State.START else [text]


_LONGEST = max(map(len, _OPENERS))
