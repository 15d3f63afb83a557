# SPDX-License-Identifier: Apache-2.0
"""Takes the raw items of one answer as they pass: lines of the wire, decoded events, bytes.

Most items are ordinary text deltas: `_tells` sorts those out by substring before any JSON is read.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress

from adk_litellm_fix.normalizer.wire import WireSaid
from adk_litellm_fix.witness.notes import Notes
from adk_litellm_fix.witness.shapes import TELLING_TYPES, filtered_text, read

# finish_reason, stop_reason, done_reason, finishReason, stopReason, blockReason: with a value, so not the `null` of every OpenAI chunk.
_REASON = re.compile(r'eason"\s*:\s*["\d]')
_REFUSAL = re.compile(r'"refusal"\s*:\s*"')
_BLOCKS = re.compile(r'"content"\s*:\s*\[')
_DONE = re.compile(r'"done"\s*:\s*t')
_END_LINES = frozenset({"event: message_stop", "event:message_stop"})
_LONGEST_DONE = 32
_LONGEST_ERROR = 65536


def _tells(text: str) -> bool:
    """Whether a raw line can hold anything but deltas. May say yes for nothing. Runs for each line: it costs about a microsecond."""
    if _REASON.search(text) is not None or '"error"' in text:
        return True
    if '"choices"' in text:
        blocks = '"text"' in text and _BLOCKS.search(text) is not None
        return blocks or '"message"' in text or '_block_start"' in text or ('"refusal"' in text and _REFUSAL.search(text) is not None)
    if len(text) < _LONGEST_DONE and ("[DONE]" in text or "message_stop" in text):
        return True
    return '"message_st' in text or '_block_start"' in text or ('"done"' in text and _DONE.search(text) is not None)


class Transcript:
    """Collects what the raw items of one answer say. Fed by a tap; never raises."""

    def __init__(self) -> None:
        self.items = 0
        """How many raw items passed."""
        self.heard_at = 0.0
        """When anything last came on the wire (`time.monotonic`), comments and pings included."""
        self.exhausted = False
        """Whether the source was read to its end (a tap sets it, where it can)."""
        self._notes = Notes()
        self._start = bytearray()

    @classmethod
    def of_body(cls, body: object) -> Transcript | None:
        """Reads the whole body of an answer that was not streamed; None when it is no such body."""
        transcript = cls()
        try:
            event = json.loads(body) if isinstance(body, (str, bytes)) else body
            if not isinstance(event, Mapping):
                return None
            read(event, transcript._notes)
            filtered = filtered_text(event)
        except Exception:  # a body in an unknown form says nothing
            return None
        transcript._notes.ended = transcript.exhausted = True
        transcript._notes.messages = [{"role": "assistant", "content": filtered}] if filtered else []
        return transcript

    def hear_line(self, line: object) -> None:
        """Takes one line or `data:` payload of the wire, str or bytes."""
        self.items += 1
        self.heard_at = time.monotonic()
        try:
            text = line.decode() if isinstance(line, bytes) else line
            if isinstance(text, str):
                self._hear_text(text)
        except Exception:  # noqa: S110 - a line that cannot be read says nothing; LiteLLM decides what becomes of it
            pass

    def _hear_text(self, text: str) -> None:
        if not self._notes.usage and ('_tokens"' in text or 'TokenCount"' in text):
            self._notes.usage = True
        if not _tells(text):
            return
        payload = text.removeprefix("data:").strip()
        # LiteLLM stops reading Anthropic's stream between these two lines: `event: message_stop`, `data: {"type": "message_stop"}`.
        if payload.startswith("[DONE]") or payload in _END_LINES:
            self._notes.ended = True
        elif payload.startswith("{"):
            read(json.loads(payload), self._notes)

    def hear_event(self, event: object) -> None:
        """Takes one decoded event: a mapping, or an object of the Responses API."""
        self.items += 1
        self.heard_at = time.monotonic()
        with suppress(Exception):  # as above
            read(event if isinstance(event, Mapping) else _opened(event), self._notes)

    def hear_bytes(self, data: object) -> None:
        """Takes what came from the network, before it is cut into lines."""
        self.heard_at = time.monotonic()
        if isinstance(data, bytes) and not self.items and len(self._start) < _LONGEST_ERROR:
            self._start += data

    def hear_end(self) -> None:
        """Takes the end of a source. A body without a single event is no stream: some gateways answer with a JSON error and status 200."""
        self.exhausted = True
        if not self.items and self._start.lstrip()[:1] == b"{":
            self.hear_line(self._start.decode(errors="replace").replace("\n", " "))

    def said(self) -> WireSaid:
        """Returns everything heard so far."""
        return self._notes.said(complete=self.exhausted)


def _opened(event: object) -> object:
    """Opens an event object, if it is one of the few that matter: dumping every text delta would be dear."""
    kind = getattr(event, "type", None)
    kind = getattr(kind, "value", kind)
    dump = getattr(event, "model_dump", None)
    return {**dump(), "type": kind} if kind in TELLING_TYPES and callable(dump) else None
