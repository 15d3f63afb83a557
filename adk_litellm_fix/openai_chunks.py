# SPDX-License-Identifier: Apache-2.0
"""Writes what the normalizer says as LiteLLM chunks, in the one form of the OpenAI stream that every reader survives.

One thing per chunk. Text and thoughts pass as they come. Calls wait for the end of the turn, for only then is it known that they may run
and what their arguments are; then each opens with index, id, type and name and empty arguments, and its whole arguments follow in a chunk
of their own. The finish word stands alone, usage alone after it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import litellm
from litellm.types.utils import ChatCompletionDeltaToolCall, Delta, Function, ModelResponseStream, StreamingChoices, Usage

from .normalizer import CallPart, Ending, Event, FinishReason, Repair, RepairCode, TextDelta, ThoughtDelta, ToolCallDelta, Turn
from .normalizer.finish import finish_reason
from .normalizer.pieces import fields, items
from .report import REPORT_KEY, repairs_and_calls

_BLOCKS = ("thinking_blocks", "reasoning_details")
"""Thoughts in blocks, beside the plain text of `reasoning_content`: they have the signatures."""
_OURS = {"content", "role", "reasoning_content", "reasoning", *_BLOCKS, "tool_calls", "function_call", "refusal"}
"""Fields of a delta that are written anew; all others are carried over as they came."""
_CHOICE = {"index", "delta", "message", "finish_reason", "logprobs"}
_SIGNATURE_IN_ID = "__thought__"
"""LiteLLM keeps Gemini's signature in the call's id, so that it survives clients that drop fields they do not know."""

_FILTERED = {
    FinishReason.SAFETY, FinishReason.RECITATION, FinishReason.LANGUAGE, FinishReason.BLOCKLIST, FinishReason.PROHIBITED_CONTENT,
    FinishReason.SPII, FinishReason.IMAGE_SAFETY, FinishReason.IMAGE_PROHIBITED_CONTENT, FinishReason.IMAGE_RECITATION,
    FinishReason.IMAGE_OTHER, FinishReason.NO_IMAGE,
    # Not a filter's doing, but what a client must know is the same: something was left out, and the turn was no normal one.
    FinishReason.MALFORMED_FUNCTION_CALL, FinishReason.UNEXPECTED_TOOL_CALL, FinishReason.TOO_MANY_TOOL_CALLS,
}  # fmt: skip


def is_chunk(item: Any) -> bool:
    """Whether an item of a stream is a chat-completions chunk, of LiteLLM, of the OpenAI SDK or a dict."""
    return isinstance(fields(item).get("choices"), (list, tuple))


def as_chunk(item: Any) -> ModelResponseStream:
    """The item as LiteLLM's chunk class."""
    if isinstance(item, ModelResponseStream):
        return item
    dump = getattr(item, "model_dump", None)
    values = dict(dump() if callable(dump) else fields(item))
    return ModelResponseStream(**values)


def finish_word(turn: Turn) -> str:
    """OpenAI's word for the end of a turn that its provider did end.

    `length` says of every turn that is not complete that it is not, whatever its provider's word; `content_filter`, that something was
    left out.
    """
    reason = turn.finish_reason
    if turn.calls:
        return "tool_calls"
    if reason is FinishReason.STOP or (finish_reason(turn.raw_finish_reason) is FinishReason.STOP and not turn.withheld_calls):
        return "stop"  # the second: OpenAI ends a refusal with `stop`, too, and has a field of its own for it
    return "content_filter" if reason in _FILTERED else "length"


def broken_off(turn: Turn) -> Exception:
    """What to raise for a stream that just ended: the exception of a broken connection, which it is."""
    error: Exception = litellm.APIConnectionError(message=turn.error_message, llm_provider="", model=turn.model or "")
    return error


class ChunkWriter:
    """Writes one stream. Every chunk is a copy of a chunk that came, so that what it carries beside the choices is still there."""

    def __init__(self) -> None:
        self._latest: ModelResponseStream | None = None
        self._id: str | None = None
        self._begun = False
        self._signed_ids: dict[str, str] = {}
        self._arguments: dict[str, list[str]] = {}
        self._choice_fields: dict[str, Any] = {}
        self._usages: list[Any] = []
        self._usage_form: list[StreamingChoices] | None = None
        self._lists = _Lists()

    # --- while the stream lasts -------------------------------------------------------------------

    def write(self, chunk: ModelResponseStream, events: Sequence[Event]) -> Iterator[ModelResponseStream]:
        """Yields the chunks for what one chunk said; what has to wait for the end of the turn is noted."""
        self._latest = chunk
        self._id = self._id or chunk.id or None
        self._note_usage(chunk)
        choice = next((choice for choice in chunk.choices if not choice.index), None)
        values = fields(choice.delta) if choice is not None else {}
        if choice is not None:
            self._note_choice(choice, values)
        carried = self._lists.numbered(_carried(values))
        own = {name: carried.pop(name) for name in ("provider_specific_fields",) if name in carried}
        for written in self._write_events(events, values, fields(choice).get("logprobs")):
            if own:  # belongs to what the chunk says: Anthropic's citations, Gemini's signatures
                written.choices[0].delta = Delta(**{**fields(written.choices[0].delta), **own})
                own = {}
            yield written
        for name, value in {**own, **carried}.items():
            yield self._chunk({name: value})

    def _note_usage(self, chunk: ModelResponseStream) -> None:
        usage = getattr(chunk, "usage", None)
        if usage is None:
            return
        self._usages.append(usage)
        bare = all(not _says_anything(choice) for choice in chunk.choices)
        self._usage_form = [] if bare and not chunk.choices else None

    def _note_choice(self, choice: Any, delta: Mapping[str, Any]) -> None:
        self._choice_fields.update({name: value for name, value in fields(choice).items() if name not in _CHOICE and value is not None})
        for call in items(delta.get("tool_calls")):
            call_id = fields(call).get("id")
            if isinstance(call_id, str) and _SIGNATURE_IN_ID in call_id:
                self._signed_ids[call_id.partition(_SIGNATURE_IN_ID)[0]] = call_id

    def _write_events(self, events: Sequence[Event], delta: Mapping[str, Any], logprobs: Any) -> Iterator[ModelResponseStream]:
        blocks = self._lists.numbered({name: items(delta[name]) for name in _BLOCKS if delta.get(name)})
        for event in events:
            if isinstance(event, TextDelta):
                field = "refusal" if delta.get("refusal") and not delta.get("content") else "content"
                yield self._chunk({field: event.text}, logprobs=logprobs)
                logprobs = None
            elif isinstance(event, ThoughtDelta):
                yield self._chunk({"reasoning_content": event.text, **blocks})
                blocks = {}
            elif isinstance(event, ToolCallDelta):
                self._arguments.setdefault(event.id, []).append(event.arguments)
        if blocks:  # a signature alone, or a block that repeats its deltas
            yield self._chunk({name: [_without_text(block) for block in entries] for name, entries in blocks.items()})
        if logprobs is not None:
            yield self._chunk({}, logprobs=logprobs)

    # --- the end ----------------------------------------------------------------------------------

    def close(self, events: Sequence[Event], turn: Turn) -> Iterator[ModelResponseStream]:
        """Yields what was held back, the report if there is one, the calls, the finish word and usage. A broken turn has no finish."""
        restored = any(isinstance(event, Repair) and event.code is RepairCode.REFUSAL_RESTORED for event in events)
        yield from self._write_events(events, {"refusal": restored}, None)
        report = repairs_and_calls(turn)
        if report:
            yield self._chunk({"provider_specific_fields": {REPORT_KEY: report}})
        if turn.ending is not Ending.FINISHED:
            return
        for number, call in enumerate(turn.calls):
            yield from self._write_call(number, call)
        yield self._chunk({}, finish=finish_word(turn))
        if self._usages:
            yield self._usage_chunk(turn)

    def _write_call(self, number: int, call: CallPart) -> Iterator[ModelResponseStream]:
        call_id = self._signed_ids.get(call.id, call.id)
        own = {"provider_specific_fields": {"thought_signature": call.signature}} if call.signature else {}
        opening = ChatCompletionDeltaToolCall(
            index=number, id=call_id, type="function", function=Function(name=call.name, arguments=""), **own
        )  # fmt: skip
        yield self._chunk({"tool_calls": [opening]})
        arguments = ChatCompletionDeltaToolCall(index=number, function=Function(name=None, arguments=self._argument_text(call)))
        yield self._chunk({"tool_calls": [arguments]})

    def _argument_text(self, call: CallPart) -> str:
        """The arguments in the provider's own spelling, where that is JSON that says the same."""
        sent = "".join(self._arguments.get(call.id, ()))
        with suppress(ValueError, RecursionError):
            if json.loads(sent) == call.arguments:
                return sent
        return json.dumps(call.arguments, ensure_ascii=False)

    def _usage_chunk(self, turn: Turn) -> ModelResponseStream:
        chunk = self._chunk({})
        if self._usage_form is not None:
            chunk.choices = self._usage_form
        chunk.usage = _merged(self._usages, turn)
        return chunk

    def _chunk(self, delta: dict[str, Any], *, finish: str | None = None, logprobs: Any = None) -> ModelResponseStream:
        """A copy of the latest chunk that says this one thing."""
        role = {} if self._begun else {"role": "assistant"}
        self._begun = True
        choice = StreamingChoices(index=0, delta=Delta(**role, **delta), finish_reason=finish, logprobs=logprobs)
        for name, value in self._choice_fields.items() if finish else ():
            setattr(choice, name, value)
        self._id = self._id or f"chatcmpl-{uuid.uuid4()}"
        latest = self._latest or ModelResponseStream()
        chunk = latest.model_copy(update={"id": self._id, "choices": [choice]})
        with suppress(AttributeError):
            del chunk.usage
        return chunk


def _says_anything(choice: Any) -> bool:
    values = fields(choice)
    return bool(values.get("finish_reason")) or any(value for name, value in fields(values.get("delta")).items() if name != "role")


def _carried(delta: Mapping[str, Any]) -> dict[str, Any]:
    """What a delta says beside text, thoughts and calls: images, sound, annotations, the provider's own fields."""
    own = fields(delta.get("provider_specific_fields"))
    return {
        name: value
        for name, value in delta.items()
        if name not in _OURS and value not in (None, [], {}, "") and (name not in own or name == "provider_specific_fields")
    }


def _without_text(block: Any) -> dict[str, Any]:
    """A block of thought whose text has been said already."""
    return {name: "" if name in ("thinking", "text", "summary") else value for name, value in fields(block).items()}


class _Lists:
    """Numbers the entries of lists in deltas: the OpenAI SDK's accumulator joins lists by `index`, and raises where there is none."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._known: dict[str, Any] = {}

    def numbered(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a delta with their lists numbered, at any depth; a list that is only repeated is left out."""
        numbered: dict[str, Any] = {}
        for name, value in delta.items():
            if isinstance(value, Mapping) and name != REPORT_KEY:  # which comes once
                value = self.numbered(value) or None
            elif isinstance(value, list) and value and all(fields(entry) for entry in value):
                value = self._number(name, value)
            if value is not None:
                numbered[name] = value
        return numbered

    def _number(self, name: str, entries: list[Any]) -> list[Any] | None:
        if name not in _BLOCKS and self._known.get(name) == entries:
            return None
        self._known[name] = entries
        return [self._entry(name, dict(fields(entry))) for entry in entries]

    def _entry(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        if isinstance(entry.get("index"), int):
            return entry
        number = self._next.setdefault(name, 0)
        # The fragments of one block of thought have one number; its signature ends it.
        if name not in _BLOCKS or entry.get("signature") or entry.get("data"):
            self._next[name] = number + 1
        return {"index": number, **entry}


def _merged(reports: Sequence[Any], turn: Turn) -> Usage:
    """One usage for the stream: its only report as it came, or the fullest with the counts of all, also of an earlier turn inside it."""
    fullest = max(reports, key=lambda report: fields(report).get("completion_tokens") or 0)
    usage = fullest if isinstance(fullest, Usage) else Usage(**dict(fields(fullest)))
    counts = turn.usage
    if counts is None or (len(reports) < 2 and (counts.total or 0) <= usage.total_tokens):
        return usage
    prompt = counts.prompt or 0
    completion = (counts.completion or 0) + (counts.thoughts or 0)
    return usage.model_copy(
        update={"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": counts.total or prompt + completion}
    )


def other_choices(chunk: ModelResponseStream) -> ModelResponseStream | None:
    """The chunk with the choices that are not repaired (`n` > 1), or None if it has none."""
    others = [choice for choice in chunk.choices if choice.index]
    if not others:
        return None
    copy = chunk.model_copy(update={"choices": others})
    with suppress(AttributeError):
        del copy.usage
    return copy


def merged_others(turn: Turn) -> bool:
    """Whether the normalizer took the calls, or all, of another choice for the answer."""
    return any(repair.code in (RepairCode.CHOICE_MERGED, RepairCode.CHOICE_RENUMBERED) for repair in turn.repairs)
