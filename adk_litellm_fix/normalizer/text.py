# SPDX-License-Identifier: Apache-2.0
"""What becomes of the visible text of a stream, fragment by fragment.

    whole characters → nothing said twice → <think> apart → calls written as text apart → no blank text beside calls

Each step may hold text back while it is undecided, and lets go of it at the end.
"""

from __future__ import annotations

import re
from typing import Union

from .events import RepairCode, TextDelta, ThoughtDelta
from .pieces import CallPiece
from .snapshots import Snapshots
from .tags import ThinkSplitter
from .text_calls import TextCalls, Tools

_SURROGATE = re.compile("[\ud800-\udfff]")

Said = Union[TextDelta, ThoughtDelta]
Found = tuple[RepairCode, str, str]
"""A repair's code, before and after."""


class TextReader:
    """Reads the fragments of a turn's text."""

    def __init__(self, tools: Tools) -> None:
        self.found: list[Found] = []
        """What was put right. Complete after `close`."""
        self.answered = False
        """Whether there has been text that is not blank."""
        self._surrogate = ""
        self._snapshots = Snapshots()
        self._think = ThinkSplitter()
        self._calls = TextCalls(tools)
        self._in_text = False
        """Text that is not blank came last."""
        self._blank: list[str] = []

    def feed(self, text: str) -> list[Said]:
        """Takes a fragment; returns what is certain by now."""
        return self._split(self._snapshots.feed(self._whole_characters(text)))

    def pause(self) -> list[Said]:
        """A thought comes: what waited for a repetition stands before it."""
        return self._split(self._snapshots.interrupt())

    def interrupt(self) -> list[Said]:
        """A tool call comes: what waited stands before it, and from here on text is text."""
        said = [*self.pause(), *self._say(self._calls.interrupt())]
        self._in_text = False
        return said

    def _split(self, text: str) -> list[Said]:
        thought, answer = self._think.feed(text)
        said = self._say(self._calls.feed(answer))
        return [ThoughtDelta(thought), *said] if thought else said

    def _say(self, text: str) -> list[Said]:
        """Passes text on; white space alone waits, for beside tool calls it is no answer."""
        if not text:
            return []
        if not self._in_text:
            self._blank.append(text)
            if text.isspace():
                return []
            self._in_text = self.answered = True
            text = "".join(self._blank)
            self._blank.clear()
        return [TextDelta(text)]

    def _whole_characters(self, text: str) -> str:
        """Joins a character whose two surrogates came in two chunks; half of one waits."""
        if not self._surrogate and (text.isascii() or not _SURROGATE.search(text)):
            return text
        text, self._surrogate = self._surrogate + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._surrogate = text[:-1], text[-1]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def close(self) -> list[Said | CallPiece]:
        """What waited, and the calls that were written as text; the stream has ended."""
        lone = "\ufffd" if self._surrogate else ""
        released: list[Said | CallPiece] = [*self._split(self._snapshots.close() + lone)]
        thought, answer = self._think.close()
        released += [ThoughtDelta(thought)] if thought else []
        released += self._say(self._calls.feed(answer))
        for segment in self._calls.close():
            released += self._say(segment) if isinstance(segment, str) else [segment]
        self._report(lone)
        return released

    def _report(self, lone: str) -> None:
        if self._snapshots.found:
            self.found.append((RepairCode.TEXT_REPEATED, self._snapshots.found, ""))
        if lone:
            self.found.append((RepairCode.LONE_SURROGATE, repr(self._surrogate), lone))
        if self._think.split:
            self.found.append((RepairCode.THINK_TAG, "<think>", "thought"))

    def close_blank(self, *, beside_calls: bool) -> list[Said]:
        """White space that no text followed: it belongs to the answer, or is nothing beside calls."""
        blank = "".join(self._blank)
        if blank and beside_calls:
            self.found.append((RepairCode.TEXT_BLANK, repr(blank), ""))
        return [TextDelta(blank)] if blank and not beside_calls else []
