# SPDX-License-Identifier: Apache-2.0
"""The faults that are measured: what a provider sends over OpenAI's wire, and what of it a tool may run."""

from __future__ import annotations

from dataclasses import dataclass

from . import wires
from .server import EndEarly, Hang, Repeat, Reset, Step

IDLE_TIMEOUT = 1.0
"""Seconds of silence after which our class gives a stream up in the table. ADK's own class has no such limit."""
TEXT = "I will send it."
CALL = wires.openai_call("send", '{"to": "Ann"}')

_SAID: tuple[Step, ...] = (wires.openai_text("I will "), wires.openai_text("send it."))
_ARGUMENTS_OPEN = tuple(CALL[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, in a turn that says `TEXT` and calls the tool `send` unless it says otherwise."""

    name: str
    steps: tuple[Step, ...]
    runs_tool: bool = False
    """Whether the tool is to run: the turn is whole in spite of the fault."""
    has_text: bool = True
    """Whether the provider sent `TEXT`."""
    abandons: bool = False
    """The reader leaves after the first words; the question is whether the provider is left, too."""
    stalls: bool = False
    """The provider falls silent; a class without a limit waits until the measurement gives up."""


FAULTS: tuple[Fault, ...] = (
    Fault(name="none: a whole turn", steps=(*_SAID, *CALL, *wires.openai_end("tool_calls")), runs_tool=True),
    Fault(name="connection reset after a call", steps=(*_SAID, *CALL, Reset())),
    Fault(name="chunked body ends early", steps=(*_SAID, *CALL, EndEarly())),
    Fault(name="ends without a finish word", steps=(*_SAID, *CALL)),
    Fault(name="ends inside the arguments", steps=(*_SAID, *_ARGUMENTS_OPEN)),
    Fault(name="ends after the tool's name", steps=(*_SAID, CALL[0])),
    Fault(name="token limit after a call", steps=(*_SAID, *CALL, *wires.openai_end("length"))),
    Fault(name="content filter after a call", steps=(*_SAID, *CALL, *wires.openai_end("content_filter"))),
    Fault(name="error event after a call", steps=(*_SAID, *CALL, wires.sse({"error": {"message": "overloaded", "code": 529}}))),
    Fault(name="reset after the finish word", steps=(*_SAID, *CALL, wires.openai(finish="tool_calls"), Reset()), runs_tool=True),
    Fault(name="proxy's HTML page in mid-stream", steps=(*_SAID, *CALL, b"<html><h1>502 Bad Gateway</h1></html>\n")),
    Fault(name="an event that is no JSON", steps=(*_SAID, b'data: {"choices": [{"del\n\n', *wires.openai_end())),
    Fault(name="empty data line", steps=(_SAID[0], b"data:\n\n", _SAID[1], *CALL, *wires.openai_end("tool_calls")), runs_tool=True),
    Fault(name="text, then a reset", steps=(*_SAID, Reset())),
    Fault(name="nothing at all", steps=(), has_text=False),
    Fault(name="JSON error with status 200", steps=(b'{"error": {"message": "quota exceeded"}}',), has_text=False),
    Fault(name="silence after some text", steps=(*_SAID, Hang()), stalls=True),
    Fault(name="silence from the start", steps=(Hang(),), has_text=False, stalls=True),
    Fault(name="the reader leaves in the middle", steps=(Repeat(wires.openai_text("word "), 0.02),), has_text=False, abandons=True),
)
