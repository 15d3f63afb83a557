# SPDX-License-Identifier: Apache-2.0
"""What one decoded event, or a whole body, means: told by its keys, not by the provider's name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adk_litellm_fix.witness.notes import Notes

_Event = Mapping[str, Any]

# Output items of the Responses API that end in `_call` and are nevertheless for the client to run.
_CLIENT_ITEMS = frozenset(
    {"function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call"},
)
_RESPONSES_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_RESPONSES_ITEMS = frozenset({"response.output_item.added", "response.output_item.done"})
_UNFILTERED = (None, "STOP", "MAX_TOKENS")
TELLING_TYPES = _RESPONSES_ENDS | _RESPONSES_ITEMS | {"response.refusal.delta", "error"}
"""The types of the Responses API's events that can hold anything but deltas of text, thoughts and arguments."""


def read(event: object, notes: Notes) -> None:
    """Reads one event. May raise on an unknown form: the caller lets it pass."""
    if not isinstance(event, Mapping):
        return
    notes.error(event.get("error"))
    if event.get("usage") or event.get("usageMetadata"):
        notes.usage = True
    for key, reader in _READERS:
        if key in event:
            reader(event, notes)


def _openai(event: _Event, notes: Notes) -> None:
    for choice in _mappings(event["choices"]):
        index = choice.get("index")
        notes.word(choice.get("finish_reason"), index)
        notes.error(choice.get("error"))
        delta, message = choice.get("delta"), choice.get("message")
        if index:
            continue
        if isinstance(delta, Mapping) and delta:
            notes.refusal(delta.get("refusal"))
            if isinstance(delta.get("content"), list):  # LiteLLM's OpenAI adapter throws a delta of blocks away
                notes.messages.append(delta)
        elif isinstance(message, Mapping):
            notes.messages.append(message)


def _gemini(event: _Event, notes: Notes) -> None:
    for candidate in _mappings(event["candidates"]):
        notes.word(candidate.get("finishReason"), candidate.get("index"))


def _gemini_feedback(event: _Event, notes: Notes) -> None:
    feedback = event["promptFeedback"]
    if isinstance(feedback, Mapping):
        notes.word(feedback.get("blockReason"))


def _typed(event: _Event, notes: Notes) -> None:
    """Reads an event that names its own type: Anthropic, Cohere v2, Responses."""
    kind = event["type"]
    reader = _TYPED.get(kind) if isinstance(kind, str) else None
    if reader is not None:
        reader(event, notes)


def _message_start(event: _Event, notes: Notes) -> None:
    message = event.get("message")
    if isinstance(message, Mapping):
        read(message, notes)
        notes.messages += _as_openai_message(message.get("content"))


def _message_stop(_: _Event, notes: Notes) -> None:
    notes.ended = True


def _block_start(event: _Event, notes: Notes) -> None:
    _blocks([event.get("content_block")], notes)


def _message_delta(event: _Event, notes: Notes) -> None:
    delta = event.get("delta")
    if isinstance(delta, Mapping):
        notes.word(delta.get("stop_reason") or delta.get("finish_reason"))
        notes.usage = notes.usage or bool(delta.get("usage"))


def _anthropic_message(message: _Event, notes: Notes) -> None:
    notes.word(message.get("stop_reason"))
    _blocks(message.get("content"), notes)


def _blocks(blocks: object, notes: Notes) -> None:
    """Notes calls that the provider ran itself, and calls that came whole, from content blocks of Anthropic or Bedrock."""
    for block in _mappings(blocks):
        kind = str(block.get("type") or "")
        if kind.endswith(("_tool_use", "_tool_result")):
            notes.executed(block.get("id") or block.get("tool_use_id"))
        elif kind == "tool_use" and block.get("input"):
            notes.call_arguments(block.get("id"), json.dumps(block["input"], ensure_ascii=False))
        call, result = block.get("toolUse"), block.get("toolResult")
        if isinstance(call, Mapping) and str(call.get("type") or "").endswith("_tool_use"):
            notes.executed(call.get("toolUseId"))
        if isinstance(result, Mapping):
            notes.executed(result.get("toolUseId"))


def _responses_end(event: _Event, notes: Notes) -> None:
    if isinstance(event.get("response"), Mapping):
        _responses(event["response"], notes)


def _responses(response: _Event, notes: Notes) -> None:
    details = response.get("incomplete_details")
    notes.word((details.get("reason") if isinstance(details, Mapping) else None) or response.get("status"))
    notes.error(response.get("error"))
    notes.usage = notes.usage or bool(response.get("usage"))
    _items(response.get("output"), notes)
    notes.ended = True


def _responses_item(event: _Event, notes: Notes) -> None:
    _items([event.get("item")], notes)


def _items(items: object, notes: Notes) -> None:
    for item in _mappings(items):
        kind = str(item.get("type") or "")
        if kind.endswith("_call") and kind not in _CLIENT_ITEMS:
            notes.executed(item.get("call_id") or item.get("id"))


def _responses_refusal(event: _Event, notes: Notes) -> None:
    notes.refusal(event.get("delta"))


def _bedrock_stop(event: _Event, notes: Notes) -> None:
    notes.word(event["stopReason"])


def _bedrock_start(event: _Event, notes: Notes) -> None:
    _blocks([event["start"]], notes)


def _output(event: _Event, notes: Notes) -> None:
    """Reads the body of Bedrock's converse, or of the Responses API."""
    output = event["output"]
    message = output.get("message") if isinstance(output, Mapping) else None
    if isinstance(message, Mapping):
        _blocks(message.get("content"), notes)
    elif isinstance(output, list):
        _responses(event, notes)


def _ollama(event: _Event, notes: Notes) -> None:
    if event["done"] is True:
        notes.ended = True
        notes.word(event.get("done_reason"))
        notes.usage = notes.usage or "eval_count" in event


def _cohere(event: _Event, notes: Notes) -> None:
    notes.word(event["finish_reason"])


_Reader = Callable[[_Event, Notes], None]
_READERS: tuple[tuple[str, _Reader], ...] = (
    # The key that an event of this shape has; the shapes have no key in common.
    ("choices", _openai),
    ("candidates", _gemini),
    ("promptFeedback", _gemini_feedback),
    ("type", _typed),
    ("stop_reason", _anthropic_message),
    ("stopReason", _bedrock_stop),
    ("start", _bedrock_start),
    ("output", _output),
    ("done", _ollama),
    ("finish_reason", _cohere),
)
_TYPED: dict[str, _Reader] = {
    "message_start": _message_start,
    "content_block_start": _block_start,
    "message_delta": _message_delta,
    "message-end": _message_delta,
    "message_stop": _message_stop,
    "response.refusal.delta": _responses_refusal,
    **dict.fromkeys(_RESPONSES_ITEMS, _responses_item),
    **dict.fromkeys(_RESPONSES_ENDS, _responses_end),
}


def filtered_text(body: _Event) -> str:
    """Returns the visible text of a Gemini body that was filtered: LiteLLM drops it. Empty for any other body."""
    first = next(_mappings(body.get("candidates")), {})
    if first.get("finishReason") in _UNFILTERED:
        return ""
    content = first.get("content")
    parts = _mappings(content.get("parts") if isinstance(content, Mapping) else None)
    return "".join(str(part.get("text") or "") for part in parts if not part.get("thought"))


def _mappings(items: object) -> Iterator[_Event]:
    """Yields the mappings of a list; nothing of anything else."""
    for item in items if isinstance(items, (list, tuple)) else ():
        if isinstance(item, Mapping):
            yield item


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
