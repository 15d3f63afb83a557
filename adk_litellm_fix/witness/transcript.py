# SPDX-License-Identifier: Apache-2.0
"""What one raw item of a provider's answer means, told by its shape.

An item is a line of the wire (`data: {…}`, `[DONE]`, an NDJSON line), an event decoded by LiteLLM (a dict), or an object of the Responses
API. Most items are ordinary text deltas: `_tells` sorts those out by substring before any JSON is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from adk_litellm_fix.normalizer.wire import WireSaid

_Event = Mapping[str, Any]

# finish_reason, stop_reason, done_reason, finishReason, stopReason, blockReason: with a value, so not the `null` of every OpenAI chunk.
_REASON = re.compile(r'eason"\s*:\s*["\d]')
# Output items of the Responses API that end in `_call` and are nevertheless for the client to run.
_CLIENT_ITEMS = frozenset(
    {"function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call"},
)
_END_LINES = frozenset({"event: message_stop", "event:message_stop"})
_RESPONSES_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_RESPONSES_ITEMS = frozenset({"response.output_item.added", "response.output_item.done"})


def _tells(text: str) -> bool:
    """Whether a raw line can hold anything but deltas. May say yes for nothing; costs well below a microsecond."""
    return (
        _REASON.search(text) is not None
        or "[DONE]" in text
        or '"error"' in text
        or '_tool_use"' in text
        or 'tool_result"' in text
        or '"message_st' in text
        or ('"message"' in text and '"choices"' in text)
        or ('"done"' in text and '"done":false' not in text)
    )


class Transcript:
    """Collects what the raw items of one answer say. Fed by a tap; never raises."""

    def __init__(self) -> None:
        self.items = 0
        """How many raw items passed."""
        self.exhausted = False
        """Whether the source was read to its end (a tap sets it, where it can)."""
        self._words: dict[int, str] = {}
        self._ended = False
        self._error: str | None = None
        self._executed: set[str] = set()
        self._messages: list[_Event] = []

    @classmethod
    def of_body(cls, body: object) -> Transcript | None:
        """Reads the whole body of an answer that was not streamed; None when it is no such body."""
        try:
            event = json.loads(body) if isinstance(body, (str, bytes)) else body
            if not isinstance(event, Mapping):
                return None
            transcript = cls()
            transcript._read(event)
        except Exception:  # a body in an unknown form says nothing
            return None
        transcript._ended, transcript._messages = True, []
        return transcript

    def hear_line(self, line: object) -> None:
        """Takes one line or `data:` payload of the wire, str or bytes."""
        self.items += 1
        try:
            text = line.decode() if isinstance(line, bytes) else line
            if not isinstance(text, str) or not _tells(text):
                return
            payload = text.removeprefix("data:").strip()
            # LiteLLM stops reading Anthropic's stream between these two lines: `event: message_stop`, `data: {"type": "message_stop"}`.
            if payload.startswith("[DONE]") or payload in _END_LINES:
                self._ended = True
            elif payload.startswith(("{", "[")):
                self._read(json.loads(payload))
        except Exception:  # noqa: S110 - a line that cannot be read says nothing; LiteLLM decides what becomes of it
            pass

    def hear_event(self, event: object) -> None:
        """Takes one decoded event: a mapping, or an object of the Responses API."""
        self.items += 1
        with suppress(Exception):  # as above
            self._read(event if isinstance(event, Mapping) else _opened(event))

    def said(self) -> WireSaid:
        """Returns everything heard so far."""
        # With several choices the first speaks for the turn; its number is not always 0.
        word = self._words[min(self._words)] if self._words else None
        return WireSaid(
            finish_reason=word,
            ended=self._ended,
            error=self._error,
            executed_call_ids=frozenset(self._executed),
            messages=tuple(self._messages),
        )

    def _read(self, event: object) -> None:
        if not isinstance(event, Mapping):
            return
        self._note_error(event.get("error"))
        for key, read in _READERS:
            if key in event:
                read(self, event)

    def _note_word(self, word: object, choice: int = 0) -> None:
        if word and isinstance(word, (str, int)):
            self._words[choice] = str(word)

    def _note_error(self, error: object) -> None:
        if isinstance(error, Mapping):
            self._error = str(error.get("message") or dict(error))
        elif error:
            self._error = str(error)

    def _note_blocks(self, blocks: object) -> None:
        """Notes the calls that the provider ran itself, from content blocks of Anthropic or Bedrock."""
        for block in _mappings(blocks):
            kind = str(block.get("type") or "")
            if kind.endswith("_tool_use") or kind.endswith("_tool_result"):
                self._note_executed(block.get("id") or block.get("tool_use_id"))
            self._note_bedrock_block(block)

    def _note_bedrock_block(self, block: _Event) -> None:
        call, result = block.get("toolUse"), block.get("toolResult")
        if isinstance(call, Mapping) and str(call.get("type") or "").endswith("_tool_use"):
            self._note_executed(call.get("toolUseId"))
        if isinstance(result, Mapping):
            self._note_executed(result.get("toolUseId"))

    def _note_executed(self, call_id: object) -> None:
        if isinstance(call_id, str) and call_id:
            self._executed.add(call_id)

    def _openai_chunk(self, event: _Event) -> None:
        for choice in _mappings(event["choices"]):
            index = choice.get("index")
            self._note_word(choice.get("finish_reason"), index if isinstance(index, int) else 0)
            self._note_error(choice.get("error"))
            message = choice.get("message")
            if isinstance(message, Mapping) and not choice.get("delta") and not index:
                self._messages.append(message)

    def _gemini_chunk(self, event: _Event) -> None:
        for candidate in _mappings(event["candidates"]):
            index = candidate.get("index")
            self._note_word(candidate.get("finishReason"), index if isinstance(index, int) else 0)

    def _gemini_feedback(self, event: _Event) -> None:
        feedback = event["promptFeedback"]
        if isinstance(feedback, Mapping):
            self._note_word(feedback.get("blockReason"))

    def _anthropic_message(self, message: _Event) -> None:
        self._note_word(message.get("stop_reason"))
        self._note_blocks(message.get("content"))

    def _typed_event(self, event: _Event) -> None:
        """Reads an event that names its own type: Anthropic, Cohere v2, Responses."""
        kind = event["type"]
        message, delta = event.get("message"), event.get("delta")
        if kind == "message_stop":
            self._ended = True
        elif kind == "message_start" and isinstance(message, Mapping):
            self._anthropic_message(message)
            self._messages.extend(_as_openai_message(message.get("content")))
        elif kind == "content_block_start":
            self._note_blocks([event.get("content_block")])
        elif kind in ("message_delta", "message-end") and isinstance(delta, Mapping):
            self._note_word(delta.get("stop_reason") or delta.get("finish_reason"))
        elif kind in _RESPONSES_ENDS and isinstance(event.get("response"), Mapping):
            self._responses_body(event["response"])
        elif kind in _RESPONSES_ITEMS:
            self._note_items([event.get("item")])

    def _responses_body(self, response: _Event) -> None:
        details = response.get("incomplete_details")
        self._note_word((details.get("reason") if isinstance(details, Mapping) else None) or response.get("status"))
        self._note_error(response.get("error"))
        self._note_items(response.get("output"))
        self._ended = True

    def _note_items(self, items: object) -> None:
        for item in _mappings(items):
            kind = str(item.get("type") or "")
            if kind.endswith("_call") and kind not in _CLIENT_ITEMS:
                self._note_executed(item.get("call_id") or item.get("id"))

    def _bedrock_stop(self, event: _Event) -> None:
        self._note_word(event["stopReason"])

    def _bedrock_start(self, event: _Event) -> None:
        self._note_blocks([event["start"]])

    def _bedrock_body(self, event: _Event) -> None:
        output = event["output"]
        message = output.get("message") if isinstance(output, Mapping) else None
        if isinstance(message, Mapping):
            self._note_blocks(message.get("content"))
        elif isinstance(output, list):
            self._responses_body(event)

    def _ollama_line(self, event: _Event) -> None:
        if event["done"] is True:
            self._ended = True
            self._note_word(event.get("done_reason"))

    def _cohere_body(self, event: _Event) -> None:
        self._note_word(event["finish_reason"])


_READERS: tuple[tuple[str, Callable[[Transcript, _Event], None]], ...] = (
    # The key that an event of this shape has; the shapes have no key in common.
    ("choices", Transcript._openai_chunk),
    ("candidates", Transcript._gemini_chunk),
    ("promptFeedback", Transcript._gemini_feedback),
    ("type", Transcript._typed_event),
    ("stop_reason", Transcript._anthropic_message),
    ("stopReason", Transcript._bedrock_stop),
    ("start", Transcript._bedrock_start),
    ("output", Transcript._bedrock_body),
    ("done", Transcript._ollama_line),
    ("finish_reason", Transcript._cohere_body),
)


def _mappings(items: object) -> Iterator[_Event]:
    """Yields the mappings of a list; nothing of anything else."""
    for item in items if isinstance(items, (list, tuple)) else ():
        if isinstance(item, Mapping):
            yield item


def _opened(event: object) -> object:
    """Opens an event object, if it is one of the few that matter: dumping every text delta would be dear."""
    kind = getattr(event, "type", None)
    kind = getattr(kind, "value", kind)
    if kind in _RESPONSES_ENDS or kind in _RESPONSES_ITEMS or kind == "error":
        dump = getattr(event, "model_dump", None)
        return {**dump(), "type": kind} if callable(dump) else None
    return None


def _as_openai_message(blocks: object) -> list[_Event]:
    """Puts content that came with Anthropic's `message_start` into an OpenAI message: LiteLLM drops it there."""
    text: list[str] = []
    calls: list[_Event] = []
    for block in _mappings(blocks):
        if block.get("type") == "text":
            text.append(str(block.get("text") or ""))
        elif block.get("type") == "tool_use":
            function = {"name": block.get("name"), "arguments": json.dumps(block.get("input") or {}, ensure_ascii=False)}
            calls.append({"id": block.get("id"), "type": "function", "function": function})
    if not any(text) and not calls:
        return []
    return [{"role": "assistant", "content": "".join(text), "tool_calls": calls}]
