# SPDX-License-Identifier: Apache-2.0
"""Finds what a model wrote into its text: a leading `<think>` block.

The text comes in fragments that may break a tag anywhere. What could still become a tag is held back; everything else passes at once.
"""

from __future__ import annotations

import enum

_OPEN, _CLOSE = "<think>", "</think>"


def overlap(text: str, tag: str) -> int:
    """How many characters at the end of the text could be the beginning of the tag."""
    for size in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-size:]):
            return size
    return 0


class _State(enum.Enum):
    START = enum.auto()
    """Nothing but white space, or the beginning of `<think>`, so far."""
    THINKING = enum.auto()
    AFTER = enum.auto()
    """Behind `</think>`: the white space that separates it from the answer."""
    TEXT = enum.auto()


class ThinkSplitter:
    """Splits text fragments into thoughts and answer."""

    def __init__(self) -> None:
        self.split = False
        """Whether a `<think>` block was found."""
        self._state = _State.START
        self._held = ""

    def feed(self, text: str) -> tuple[str, str]:
        """Takes a fragment; returns the thought and the answer that are certain by now."""
        if self._state is _State.TEXT:
            return "", text
        thought, self._held = "", self._held + text
        if self._state is _State.START:
            self._start()
        if self._state is _State.THINKING:
            thought = self._think()
        if self._state is _State.AFTER:
            self._held = self._held.lstrip()
            self._state = _State.TEXT if self._held else _State.AFTER
        answer = ""
        if self._state is _State.TEXT:
            answer, self._held = self._held, ""
        return thought, answer

    def _start(self) -> None:
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self.split, self._state, self._held = True, _State.THINKING, begun[len(_OPEN) :]
        elif not _OPEN.startswith(begun):
            self._state = _State.TEXT

    def _think(self) -> str:
        thought, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._state, self._held = _State.AFTER, rest
            return thought
        kept = overlap(self._held, _CLOSE)
        thought, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        return thought

    def close(self) -> tuple[str, str]:
        """Returns what was held back: the stream has ended."""
        held, self._held = self._held, ""
        return (held, "") if self._state is _State.THINKING else ("", held)
