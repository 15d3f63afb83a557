# SPDX-License-Identifier: Apache-2.0
"""Which tool call does a delta belong to?

The OpenAI streaming format says: by `index`, with id and name in the first delta only. Providers say it in many other ways. The order of
trust is id, then index, then the latest call; `CallTracker.apply` is the whole rule. Names and arguments stay fragments until the turn
closes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from .arguments import MAX_CHARACTERS, read_arguments
from .events import Repair, RepairCode
from .names import join_name
from .pieces import CallPiece


def fresh_id() -> str:
    """A tool call id in OpenAI's form that no other call has."""
    return f"call_{uuid.uuid4().hex[:24]}"


def clip(text: str, limit: int = 120) -> str:
    """The text cut to `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'["\\]')


class _Closed:
    """Watches argument fragments for the end of the first JSON object, reading each character once and only when asked."""

    __slots__ = ("_depth", "_in_string", "_offset", "_piece", "_skip", "closed")

    def __init__(self) -> None:
        self.closed = False
        self._depth = 0
        self._in_string = False
        self._piece = 0
        self._offset = 0
        self._skip = False

    def look(self, pieces: list[str]) -> bool:
        """Whether the object has ended somewhere in the fragments so far."""
        while not self.closed and self._piece < len(pieces):
            self._scan(pieces[self._piece])
            self._piece += 1
        return self.closed

    def _scan(self, piece: str) -> None:
        position = 1 if self._skip and piece else 0
        self._skip = self._skip and not piece
        while not self.closed:
            match = (_INSIDE if self._in_string else _OUTSIDE).search(piece, position)
            if match is None:
                return
            position = match.end()
            mark = match.group()
            if mark == "\\":
                self._skip = position >= len(piece)
                position += 1
            elif mark == '"':
                self._in_string = not self._in_string
            else:
                self._depth += 1 if mark in "{[" else -1
                self.closed = self._depth <= 0


@dataclass(slots=True, eq=False)
class Call:
    """One tool call under construction."""

    id: str | None = None
    """The first id the provider gave it, made unique."""
    sent_id: str | None = None
    """That id as it was sent."""
    index: int | None = None
    names: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    size: int = 0
    signature: str | None = None
    custom: bool = False
    blank: bool = True
    """No argument text but white space so far."""
    shown: int | None = None
    """How many argument fragments have been given out as deltas; None: the call has not been shown."""
    may_repeat: Call | None = None
    """An earlier call on the same slot of which this one, without an id of its own, may be the repetition."""
    executed: bool = False
    _closed: _Closed = field(default_factory=_Closed)

    @property
    def closed(self) -> bool:
        """Whether a whole argument object has come."""
        return self._closed.look(self.pieces)

    @property
    def arguments(self) -> str:
        """All fragments, joined."""
        return "".join(self.pieces)

    def append(self, arguments: str) -> None:
        """Takes a fragment; beyond the size that will be read it only counts."""
        self.size += len(arguments)
        if self.size <= MAX_CHARACTERS + len(arguments):
            self.pieces.append(arguments)
        if self.blank and not arguments.isspace():
            self.blank = False


_PLACEHOLDERS = ("{}", "null")
_MAX_NAMES = 64


class CallTracker:
    """Assigns every fragment of a stream to its call."""

    def __init__(self, tool_names: Collection[str] = (), new_id: Callable[[], str] = fresh_id) -> None:
        self.calls: list[Call] = []
        """In order of first appearance."""
        self.repairs: list[Repair] = []
        self._names = tool_names
        self._new_id = new_id
        self._ids: set[str] = set()
        self._copies: dict[str, int] = {}
        self._by_id: dict[str, Call] = {}
        self._slots: dict[int | None, Call] = {}
        self._latest: Call | None = None
        self._signatures: dict[int | None, str] = {}

    # --- the rule ---------------------------------------------------------------------------------

    def apply(self, piece: CallPiece) -> Call | None:
        """Gives the fragment to its call, which is opened if need be; None when it belongs to none."""
        blank = not piece.arguments or piece.arguments.isspace()
        if piece.id is None and piece.name is None:
            if blank:
                return self._whitespace(piece)
            if piece.index is not None and piece.index < 0:
                return None  # LiteLLM 1.80: the arguments of a tool that Anthropic runs itself
        call = self._by_id_or_none(piece) if piece.id is not None else self._by_slot(piece, blank)
        if call is None:
            call = self._open(piece)
        return self._take(call, piece)

    def _by_id_or_none(self, piece: CallPiece) -> Call | None:
        """A known id is that call. A new one is a new call, unless it cannot be: the slot's call is open and no name comes."""
        slot = self._slot(piece)
        known = slot if slot is not None and slot.sent_id == piece.id else self._by_id.get(piece.id or "")
        if known is not None:
            return None if self._is_other_call_with_same_id(known, piece) else known
        if slot is None:
            return None
        if slot.id is None and not slot.closed and (piece.name is None or not slot.names or self._continues_name(slot, piece.name)):
            return slot
        if slot.names and not slot.closed and self._goes_on(slot, piece):
            self._note(RepairCode.TOOL_CALL_ID_CHANGED, slot.id or "", piece.id or "", slot.id or "")
            return slot
        return None

    @staticmethod
    def _goes_on(slot: Call, piece: CallPiece) -> bool:
        """A fragment under a new id that brings no name, or the same and nothing that could begin an object."""
        same = piece.name == slot.names[-1] and not slot.blank and not piece.arguments.lstrip().startswith("{")
        return piece.name is None or (same and bool(piece.arguments))

    @staticmethod
    def _is_other_call_with_same_id(known: Call, piece: CallPiece) -> bool:
        """Some layers use the function's name as id, or one id for all: another slot or another name is another call."""
        if piece.name is None or not known.names:
            return False
        if piece.id == piece.name and known.closed and not _is_placeholder(known) and _differs(known, piece.arguments):
            return True
        other_slot = piece.index is not None and piece.index != known.index
        if piece.name != known.names[0] and not piece.name.startswith(known.names[0]):
            return other_slot or known.closed
        return other_slot and known.closed and _differs(known, piece.arguments)

    def _by_slot(self, piece: CallPiece, blank: bool) -> Call | None:
        """Without an id: the slot's call; on a free slot without a name, the latest open call."""
        slot = self._slot(piece)
        if slot is None:
            return self._latest_open(piece) if piece.name is None else None
        if piece.name is None or not slot.names:
            return slot
        if slot.blank or _is_placeholder(slot):
            return slot if self._continues_name(slot, piece.name) else None
        if not slot.closed:
            return slot if piece.name == slot.names[-1] or self._continues_name(slot, piece.name) else None
        return slot if blank and piece.name == slot.names[-1] else None

    def _slot(self, piece: CallPiece) -> Call | None:
        return self._latest if piece.index is None else self._slots.get(piece.index)

    def _latest_open(self, piece: CallPiece) -> Call | None:
        latest = self._latest
        if latest is None or latest.closed:
            return None
        self._note(RepairCode.TOOL_CALL_INDEX, latest.id or "", str(piece.index), str(latest.index))
        return latest

    def _continues_name(self, call: Call, name: str) -> bool:
        """Whether the name goes on with the call's: repeated, cumulative or split. The declared names settle it."""
        if name in call.names:
            return True
        known = "".join(call.names)
        if name.startswith(known) or known + name in self._names:
            return True
        return name not in self._names and known not in self._names

    def _whitespace(self, piece: CallPiece) -> Call | None:
        """White space, or a lone signature, never opens a call."""
        call = self._slots.get(piece.index) or (self._latest if piece.index is None else None)
        if call is None:
            if piece.signature:
                self._signatures[piece.index] = piece.signature
            return None
        if piece.signature:
            call.signature = piece.signature
        if piece.arguments:
            call.append(piece.arguments)
        return call

    # --- what is done with it ---------------------------------------------------------------------

    def _open(self, piece: CallPiece) -> Call:
        slot = self._slot(piece)
        call = Call(index=piece.index, custom=piece.custom, signature=self._signatures.pop(piece.index, None))
        if slot is not None:
            if piece.id is None and piece.name in slot.names:
                call.may_repeat = slot
            elif piece.index is not None and piece.id is not None:
                self._note(RepairCode.TOOL_CALL_INDEX, piece.id, str(piece.index), f"call {len(self.calls)}")
        if piece.legacy:
            self._note(RepairCode.LEGACY_FUNCTION_CALL, piece.name or "", "function_call", "tool_calls")
        self.calls.append(call)
        return call

    def _take(self, call: Call, piece: CallPiece) -> Call:
        if call.id is None and piece.id is not None:
            call.id, call.sent_id = self._unique(piece.id), piece.id
            self._by_id.setdefault(piece.id, call)
        if piece.name is not None and len(call.names) < _MAX_NAMES and call.names[-2:] != [piece.name] * 2:
            call.names.append(piece.name)
        if piece.arguments:
            call.append(piece.arguments)
        if piece.signature:
            call.signature = piece.signature
        if piece.index is not None:
            self._slots[piece.index] = call
        self._latest = call
        return call

    def _unique(self, call_id: str) -> str:
        unique = call_id
        while unique in self._ids:
            self._copies[call_id] = self._copies.get(call_id, 1) + 1
            unique = f"{call_id}_{self._copies[call_id]}"
        self._ids.add(unique)
        if unique != call_id:
            self._note(RepairCode.TOOL_CALL_ID_DUPLICATE, unique, call_id, unique)
        return unique

    def _note(self, code: RepairCode, where: str, before: str, after: str) -> None:
        repair = Repair(code, where, clip(before), clip(after))
        if repair not in self.repairs[-4:]:
            self.repairs.append(repair)

    # --- the end ----------------------------------------------------------------------------------

    def next_turn(self) -> None:
        """Forgets the slots: a second model turn in the same stream numbers its calls anew."""
        self._slots.clear()
        self._latest = None
        self._signatures.clear()

    def close(self) -> list[Call]:
        """The calls of the stream: repetitions dropped, every one with an id."""
        for call in self.calls:
            if _is_repetition(call):
                self._note(RepairCode.TOOL_CALL_REPEATED, "".join(call.names[-1:]), call.arguments, "")
        self.calls = [call for call in self.calls if not _is_repetition(call) and not _is_empty(call)]
        for call in self.calls:
            if call.id is None:
                call.id = self._new_id()
                self._note(RepairCode.TOOL_CALL_ID_MISSING, call.id, "", call.id)
        return self.calls

    def name(self, call: Call, *, final: bool = False) -> str:
        """The call's name as far as it is known."""
        name, code = join_name(call.names, self._names)
        if final and code is not None:
            self._note(code, call.id or "", " + ".join(call.names), name)
        return name


def _is_placeholder(call: Call) -> bool:
    return call.size < 16 and call.arguments.replace(" ", "").strip() in _PLACEHOLDERS


def _is_repetition(call: Call) -> bool:
    return call.may_repeat is not None and not _differs(call.may_repeat, call.arguments)


def _differs(call: Call, arguments: str) -> bool:
    """Whether argument text is another than the call's; spacing is no difference."""
    known = call.arguments
    return known.strip() != arguments.strip() and read_arguments([known]).value != read_arguments([arguments]).value


def _is_empty(call: Call) -> bool:
    """Nothing but an id: not even a name came, and no argument text."""
    return not call.names and call.blank
