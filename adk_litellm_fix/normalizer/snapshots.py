# SPDX-License-Identifier: Apache-2.0
"""Text that a stream sends again: snapshots in place of deltas, or the whole text once more at the end.

Some bridges send the whole text so far in every chunk, others repeat it in the last one. An honest stream does neither, but its
text may look a little like it, so the evidence must be strong: from the first chunk on, each chunk extends the one before; or
the last chunk is, to the letter, all that the others said. Text that only repeats itself (`ha`, `haha`) is never evidence.
"""

from __future__ import annotations

import enum

_LONG_ENOUGH = 8
"""Two extensions in a row count from this length on; shorter text needs three."""
_SHORTEST_REPEAT = 5


def _is_periodic(text: str) -> bool:
    """Whether the text is one shorter text, repeated: it stands in its own double elsewhere than at its ends."""
    return (text + text).find(text, 1, -1) >= 0


class _State(enum.Enum):
    FIRST = enum.auto()
    EXTENDING = enum.auto()
    """Every chunk so far extended the one before; the extensions wait."""
    SNAPSHOTS = enum.auto()
    DELTAS = enum.auto()


class Snapshots:
    """Passes on what is new in each chunk of text."""

    def __init__(self) -> None:
        self.found: str = ""
        """The text that was dropped because it had been said; empty when none was."""
        self._state = _State.FIRST
        self._last = ""
        """The latest snapshot, while it may be one."""
        self._waiting: list[str] = []
        self._said: list[str] = []
        self._size = 0

    def feed(self, text: str) -> str:
        """Takes a chunk; returns the text that is certain and new."""
        if self._state is _State.DELTAS:
            return self._delta(text)
        if self._state is _State.FIRST:
            self._state, self._last = _State.EXTENDING, text
            return self._pass(text)
        extends = len(text) > len(self._last) and text.startswith(self._last) and not _is_periodic(text)
        if self._state is _State.SNAPSHOTS:
            return self._snapshot(text) if extends or text == self._last else self._pass(text)
        return self._extension(text) if extends else self._leave(text)

    def _pass(self, text: str) -> str:
        self._said.append(text)
        self._size += len(text)
        return text

    def _extension(self, text: str) -> str:
        self._waiting.append(text)
        self._last = text
        enough = 2 if len(text) >= _LONG_ENOUGH else 3
        if len(self._waiting) < enough:
            return ""
        self._state, self._waiting = _State.SNAPSHOTS, []
        self.found = "".join(self._said)
        return self._pass(text[self._size :])

    def _snapshot(self, text: str) -> str:
        new, self._last = text[len(self._last) :], text
        return self._pass(new)

    def _leave(self, text: str) -> str:
        return self.interrupt() + self._delta(text)

    def _delta(self, text: str) -> str:
        """A chunk that says all again waits: it is dropped if nothing follows."""
        released = self.interrupt()
        if len(text) == self._size and len(text) >= _SHORTEST_REPEAT and len(self._said) > 1 and self._repeats_all(text):
            self._waiting = [text]
            return released
        return released + self._pass(text)

    def _repeats_all(self, text: str) -> bool:
        self._said = ["", "".join(self._said)]  # joined once; still more than one chunk
        return text == self._said[1] and not _is_periodic(text)

    def interrupt(self) -> str:
        """Something else than text came: what waits is text, and stands before it."""
        released, self._waiting = "".join(self._waiting), []
        if self._state is _State.EXTENDING:
            self._state = _State.DELTAS
        return self._pass(released) if released else ""

    def close(self) -> str:
        """What waited and is text after all; the stream has ended."""
        waiting, self._waiting = "".join(self._waiting), []
        if self._state is _State.DELTAS and waiting:
            self.found = waiting
            return ""
        return waiting
