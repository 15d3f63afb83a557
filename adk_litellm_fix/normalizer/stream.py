# SPDX-License-Identifier: Apache-2.0
"""The shared normalizer: chunks in, events out, one `Turn` at the end.

    normalizer = Normalizer(tools={"get_weather"})
    for chunk in stream:
        events = normalizer.feed(chunk)
    events = normalizer.close()
    turn = normalizer.turn

It is pure: no IO, no clock, no logging, standard library only. A non-streaming response is fed as its only chunk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from .chunk import Choice, Chunk, decode
from .events import Event, Repair, RepairCode, TextDelta, ThoughtDelta, ToolCallDelta
from .notes import Notes
from .outcome import Ended, conclude
from .parts import Parts
from .pieces import CallPiece, MediaPiece, NotePiece, Piece, TextPiece, ThoughtPiece, items
from .text import Said, TextReader
from .tool_calls import CallTracker, clip, fresh_id
from .turn import Turn
from .usage import UsageMerger
from .wire import WireSaid

_CALLS_TOOLS = ("tool_calls", "function_call", "tool_use")


class Normalizer:
    """Reads one stream of one model turn.

    Args:
        tools: The names of the tools that were offered to the model, or their parameters' JSON schemas by name.
        choices: How many choices were asked for (`n`). With one, a gateway's second choice is part of the answer.
        new_id: Makes an id for a tool call that came without one.
    """

    def __init__(
        self,
        tools: Iterable[str] | Mapping[str, Mapping[str, Any]] = (),
        *,
        choices: int = 1,
        new_id: Callable[[], str] = fresh_id,
    ) -> None:
        self._tools = dict(tools) if isinstance(tools, Mapping) else {name: {} for name in tools}
        self._choices = choices
        self._new_id = new_id
        self._parts = Parts()
        self._calls = CallTracker(self._tools, new_id)
        self._placed: set[int] = set()
        self._text = TextReader(self._tools)
        self._usage = UsageMerger()
        self._notes = Notes(self._tools)
        self._other_choices: defaultdict[int, list[Choice]] = defaultdict(list)
        self._has_first_choice = False
        self._finish_words: list[str] = []
        self._earlier_words: list[str] = []
        self._batch_ended = False
        self._refusal: list[str] = []
        self._error: str | None = None
        self._model: str | None = None
        self._id: str | None = None
        self._repairs: list[Repair] = []
        self._turn: Turn | None = None

    @property
    def turn(self) -> Turn:
        """The result. Only after `close`."""
        if self._turn is None:
            raise RuntimeError("the turn is known after close(): close the normalizer first")
        return self._turn

    @property
    def model(self) -> str | None:
        """The model's name as far as the stream has said it."""
        return self._model

    # --- reading ----------------------------------------------------------------------------------

    def feed(self, chunk: Any) -> list[Event]:
        """Takes one chunk of any shape; returns what it says.

        Never raises on what a chunk holds: any exception out of here is a bug.
        """
        decoded = decode(chunk)
        if decoded is None:
            return self._note(RepairCode.CHUNK_UNREADABLE, "chunk", repr(type(chunk)), "") if chunk is not None else []
        if self._notes.answered_for_the_agent:
            return []
        self._read_envelope(decoded)
        events: list[Event] = []
        for choice in decoded.choices:
            if choice.index == 0:
                self._has_first_choice = self._has_first_choice or bool(choice.pieces)
                events += self._read_choice(choice)
            else:
                self._other_choices[choice.index].append(choice)
            if choice.whole and decoded.streamed:
                events += self._note(RepairCode.MESSAGE_FOR_DELTA, "choices[0]", "message", "delta")
        return events

    def _read_envelope(self, chunk: Chunk) -> None:
        self._model = chunk.model or self._model
        self._id = self._id or chunk.id
        self._error = self._error or chunk.error
        if chunk.usage is not None:
            self._usage.add(chunk.usage)
        for note in chunk.notes:
            self._notes.add(note)

    def _read_choice(self, choice: Choice) -> list[Event]:
        events: list[Event] = []
        for piece in choice.pieces:
            events += self._read_piece(piece)
        if choice.logprobs:
            self._notes.logprobs.extend(choice.logprobs)
        if choice.finish_reason is not None:
            self._read_finish(choice.finish_reason)
        if self._notes.ran_tools:
            self._next_turn(self._notes.take_ran())
        return events

    def _read_piece(self, piece: Piece) -> list[Event]:
        if isinstance(piece, TextPiece):
            return self._read_text(piece)
        if isinstance(piece, CallPiece):
            return self._read_call(piece)
        if isinstance(piece, ThoughtPiece):
            return [*self._keep(self._text.pause()), *self._read_thought(piece)]
        if isinstance(piece, MediaPiece):
            self._parts.add_media(piece.mime_type, piece.data, piece.uri)
            return []
        return self._read_note(piece)

    def _read_finish(self, word: str) -> None:
        if word not in self._finish_words[-1:]:
            self._finish_words.append(word)
        self._batch_ended = word in _CALLS_TOOLS and bool(self._calls.calls)

    # --- text and thoughts ------------------------------------------------------------------------

    def _read_text(self, piece: TextPiece) -> list[Event]:
        if piece.refusal:
            self._refusal.append(piece.text)
        if self._batch_ended and not piece.text.isspace():
            self._next_turn()
        return self._keep(self._text.feed(piece.text))

    def _keep(self, said: list[Said]) -> list[Event]:
        """Puts into the turn what is being shown."""
        for event in said:
            if isinstance(event, TextDelta):
                self._parts.add_text(event.text)
            else:
                self._parts.add_thought(event.text, None)
        return [*said]

    def _read_thought(self, piece: ThoughtPiece) -> list[Event]:
        if piece.redacted is not None:
            self._parts.add_redacted(piece.redacted)
            return []
        new = self._parts.add_thought(piece.text, piece.signature)
        if new != piece.text:
            return self._note(RepairCode.THOUGHT_REPEATED, "thinking_blocks", piece.text, "")
        return [ThoughtDelta(new)] if new else []

    # --- tool calls -------------------------------------------------------------------------------

    def _read_call(self, piece: CallPiece) -> list[Event]:
        if self._batch_ended and piece.name is not None:
            self._batch_ended = False
        call = self._calls.apply(piece)
        if call is None:
            return []
        events: list[Event] = []
        if id(call) not in self._placed:
            events = self._keep(self._text.interrupt())
            self._placed.add(id(call))
            self._parts.add_call(call)
        name = self._calls.name(call)
        if name and call.id is not None and not self._notes.is_executed(call.id):
            fragment = "".join(call.pieces[call.shown or 0 :])
            if fragment or call.shown is None:
                events.append(ToolCallDelta(call.id, name, fragment))
            call.shown = len(call.pieces)
        return events

    def _read_note(self, note: NotePiece) -> list[Event]:
        self._notes.add(note)
        if note.name in ("thought_signature", "thought_signatures"):
            for signature in items(note.value)[-1:]:
                if isinstance(signature, str):
                    self._parts.sign_text(signature)
        return []

    def _next_turn(self, ran: Collection[str] | None = None) -> None:
        """Tool calls have been answered inside this stream, and a second model turn begins.

        Args:
            ran: The ids of the calls that were run. None: the stream does not say, and all calls so far were.
        """
        for call in self._calls.calls:
            call.executed = call.executed or ran is None or call.sent_id in ran
        self._calls.next_turn()
        self._usage.next_turn()
        self._earlier_words, self._finish_words = self._finish_words[-1:], []
        self._batch_ended = False

    def add_earlier_usage(self, report: Any) -> None:
        """Counts the usage of a model turn inside the stream that no chunk reports (MCP tools that LiteLLM ran). Before `close`."""
        self._usage.add_earlier(report)

    # --- the end ----------------------------------------------------------------------------------

    def close(self, *, failure: BaseException | None = None, said: WireSaid | None = None) -> list[Event]:
        """Ends the stream; afterwards `turn` is there.

        Args:
            failure: The exception that reading the stream raised.
            said: What a witness of the wire knows. Without one the chunks alone decide.

        Returns:
            What had been held back.
        """
        events = self._read_other_choices()
        if said is not None:
            events += self._read_lost(said)
        events += self._release()
        known = len(self._repairs)
        self._turn = conclude(self._ended(failure, said), self._parts, self._calls, self._notes)
        events += self._turn.repairs[known:]
        return events

    def _read_lost(self, said: WireSaid) -> list[Event]:
        """Reads what crossed the wire but is in no chunk."""
        events: list[Event] = []
        if said.messages and self._parts.empty:
            for message in said.messages:
                events += self.feed({"choices": [{"message": message}]})
            events += self._note(RepairCode.MESSAGE_FOR_DELTA, "choices[0]", "message", "delta")
        heard = "".join(self._refusal)
        if len(said.refusal) > len(heard) and said.refusal.startswith(heard):
            events += self._read_text(TextPiece(said.refusal[len(heard) :], refusal=True))
            events += self._note(RepairCode.REFUSAL_RESTORED, "refusal", heard, said.refusal)
        return events

    def _release(self) -> list[Event]:
        """Lets go of what was held back."""
        events: list[Event] = []
        for released in self._text.close():
            events += self._read_text_call(released) if isinstance(released, CallPiece) else self._keep([released])
        events += self._keep(self._text.close_blank(beside_calls=bool(self._calls.calls)))
        for code, before, after in self._text.found:
            events += self._note(code, "content", before, after)
        return events

    def _read_text_call(self, piece: CallPiece) -> list[Event]:
        events = self._read_call(replace(piece, index=len(self._calls.calls), id=self._new_id()))
        return [*events, *self._note(RepairCode.TEXT_TOOL_CALL, "content", f"{piece.name} {piece.arguments}", "tool_calls")]

    def _read_other_choices(self) -> list[Event]:
        """A lone choice with another number is the answer; what a gateway put into a second choice belongs to it.

        Two texts are two candidates, of which the first counts.
        """
        if not self._other_choices:
            return []
        events: list[Event] = []
        for index in sorted(self._other_choices):
            if not self._has_first_choice:
                events += self._read_held(index, RepairCode.CHOICE_RENUMBERED)
                self._has_first_choice = True
            elif self._choices == 1 and not (self._text.answered and self._has_text_in(index)):
                events += self._read_held(index, RepairCode.CHOICE_MERGED)
            elif self._choices == 1:
                events += self._note(RepairCode.CHOICE_DROPPED, "choices", str(index), "")
        return events

    def _has_text_in(self, index: int) -> bool:
        return any(isinstance(piece, TextPiece) for choice in self._other_choices[index] for piece in choice.pieces)

    def _read_held(self, index: int, code: RepairCode) -> list[Event]:
        self._batch_ended = False
        held = self._other_choices[index]
        if not any(choice.pieces for choice in held):
            return []
        events = [event for choice in held for event in self._read_choice(choice)]
        return [*events, *self._note(code, "choices", str(index), "0")]

    def _note(self, code: RepairCode, where: str, before: str, after: str) -> list[Event]:
        repair = Repair(code, where, clip(before), clip(after))
        if repair in self._repairs:
            return []
        self._repairs.append(repair)
        return [repair]

    def _ended(self, failure: BaseException | None, said: WireSaid | None) -> Ended:
        return Ended(
            failure=failure,
            said=said,
            finish_words=tuple(self._finish_words or self._earlier_words),
            error=(said.error if said is not None else None) or self._error,
            refused=bool(self._refusal),
            tools_offered=bool(self._tools),
            usage=self._usage.result(),
            model=self._model,
            response_id=self._id,
            repairs=tuple(self._repairs),
        )
