# SPDX-License-Identifier: Apache-2.0
"""Draws the conclusion: how the turn ended, which calls may run, what the `Turn` says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .arguments import Reading, read_arguments
from .events import Ending, Repair, RepairCode
from .finish import EMPTY_STREAM, NO_CONTENT, STREAM_CUT, FinishReason, calls_may_run, explain, finish_reason
from .notes import Notes
from .parts import Parts
from .redact import redact
from .tool_calls import Call, CallTracker, clip
from .turn import CallPart, ExecutedCall, Turn, Usage, WithheldCall
from .wire import WireSaid

_SHOWN_ARGUMENTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What is known about the end of a stream."""

    failure: BaseException | None
    said: WireSaid | None
    finish_words: tuple[str, ...]
    """The words the chunks carried, in order, each once in a row."""
    error: str | None
    """An error object inside the stream."""
    refused: bool
    tools_offered: bool
    usage: Usage | None
    model: str | None
    response_id: str | None
    repairs: tuple[Repair, ...]

    @property
    def word(self) -> str | None:
        """The provider's own finish word, as far as anyone heard it."""
        if self.said is not None:
            return self.said.finish_reason
        return self.finish_words[-1] if self.finish_words else None

    def ending(self, *, empty: bool) -> Ending:
        """Finished: a finish word, or the wire's own end marker after some content."""
        if self.word is not None or (self.said is not None and self.said.ended and not empty and self.failure is None):
            return Ending.FINISHED
        return Ending.FAILED if self.failure is not None or self.error is not None else Ending.CUT


@dataclass(frozen=True, slots=True)
class _Verdict:
    reason: FinishReason
    code: str | None = None
    message: str | None = None


def _failure_verdict(ended: Ended) -> _Verdict:
    if ended.failure is not None:
        name = type(ended.failure).__name__
        return _Verdict(FinishReason.OTHER, name, f"Reading the stream failed with {name}. What had arrived is kept; no tool was run.")
    message = f"The provider reported an error inside the stream: {clip(redact(ended.error or ''))}"
    return _Verdict(FinishReason.OTHER, FinishReason.OTHER.value, message)


def _cut_verdict(*, empty: bool) -> _Verdict:
    if empty:
        return _Verdict(FinishReason.OTHER, EMPTY_STREAM, "The stream ended without content or a finish reason. Ask again.")
    return _Verdict(
        FinishReason.OTHER, STREAM_CUT, "The stream ended before the provider said why. What had arrived is kept; no tool was run."
    )


def _verdict(ended: Ended, ending: Ending, *, empty: bool, unusable: list[WithheldCall]) -> _Verdict:
    if ending is Ending.FAILED or ended.error is not None:
        return _failure_verdict(ended)
    if ending is Ending.CUT:
        return _cut_verdict(empty=empty)
    reason = finish_reason(ended.word) if ended.word else FinishReason.STOP
    if reason is FinishReason.STOP and ended.refused:
        reason = FinishReason.SAFETY
    if reason is not FinishReason.STOP:
        return _Verdict(reason, reason.value, explain(reason, ended.word))
    if unusable:
        reason = FinishReason.MALFORMED_FUNCTION_CALL
        return _Verdict(reason, reason.value, explain(reason, None))
    if empty and ended.tools_offered:
        return _Verdict(reason, NO_CONTENT, "The model ended its turn without saying anything. Ask again.")
    return _Verdict(reason)


@dataclass(frozen=True, slots=True)
class _Batch:
    """The calls of a turn, read."""

    calls: dict[int, CallPart]
    unusable: list[WithheldCall]
    executed: tuple[ExecutedCall, ...]


def _problem(call: Call, name: str, reading: Reading, ended: Ended) -> str:
    if not name:
        return "it has no name"
    if call.custom:
        return "it calls a custom tool"
    if call.blank and not reading.value and ended.word is None:
        return "its arguments never came"
    return reading.problem


def _read_batch(tracker: CallTracker, notes: Notes, ended: Ended) -> _Batch:
    calls: dict[int, CallPart] = {}
    unusable: list[WithheldCall] = []
    executed: list[ExecutedCall] = []
    said = ended.said
    ran_by_provider = said.executed_call_ids if said is not None else frozenset()
    for call in tracker.close():
        name, call_id = tracker.name(call, final=True), call.id or ""
        if call.executed or notes.is_executed(call_id) or call.sent_id in ran_by_provider:
            executed.append(ExecutedCall(id=call_id, name=name, arguments=call.arguments, result=notes.results.get(call_id)))
            continue
        reading = read_arguments(_restored(call, tracker, said) or call.pieces)
        problem = _problem(call, name, reading, ended)
        if problem or reading.value is None:
            unusable.append(_withheld(call, name, problem))
        else:
            calls[id(call)] = CallPart(id=call_id, name=name, arguments=reading.value, signature=call.signature)
            for code in reading.repairs:
                tracker.repairs.append(Repair(code, call_id, clip(call.arguments), ""))
    executed += notes.executed([call.id for call in executed])
    return _Batch(calls, unusable, tuple(executed))


def _restored(call: Call, tracker: CallTracker, said: WireSaid | None) -> list[str] | None:
    """The argument text that the wire sent whole and no chunk has."""
    sent = said.call_arguments.get(call.sent_id or "") if said is not None else None
    if sent is None or call.arguments.strip() not in ("", "{}") or sent.strip() in ("", "{}"):
        return None
    tracker.repairs.append(Repair(RepairCode.ARGUMENTS_RESTORED, call.id or "", clip(call.arguments), clip(sent)))
    return [sent]


def _withheld(call: Call, name: str, why: str) -> WithheldCall:
    return WithheldCall(id=call.id or "", name=name, arguments=clip(call.arguments, _SHOWN_ARGUMENTS), why=why)


def _withhold(batch: _Batch, tracker: CallTracker, why: str) -> tuple[WithheldCall, ...]:
    """All calls of the batch, in order, each with what is wrong with it or with its turn."""
    known = {call.id: call for call in batch.unusable}
    waiting = [call for call in tracker.calls if id(call) in batch.calls or call.id in known]
    return tuple(known.get(call.id or "") or _withheld(call, tracker.name(call), why) for call in waiting)


def _message(verdict: _Verdict, withheld: tuple[WithheldCall, ...]) -> str | None:
    if not withheld:
        return verdict.message
    named = ", ".join(f"{call.name or '<unnamed>'} ({call.why})" for call in withheld[:8])
    more = f" and {len(withheld) - 8} more" if len(withheld) > 8 else ""
    return f"{verdict.message} Tool calls withheld: {named}{more}."


def _finish_repairs(ended: Ended, ending: Ending) -> list[Repair]:
    repairs = []
    if len(ended.finish_words) > 1:
        words = clip(", ".join(ended.finish_words))
        repairs.append(Repair(RepairCode.FINISH_REASON_REPEATED, "finish_reason", words, ended.finish_words[-1]))
    if ending is Ending.FINISHED and ended.word is None:
        repairs.append(Repair(RepairCode.FINISH_REASON_MISSING, "finish_reason", "", "stop"))
    if ending is Ending.FINISHED and ended.failure is not None:
        repairs.append(Repair(RepairCode.ERROR_AFTER_FINISH, "stream", type(ended.failure).__name__, ""))
    return repairs


def conclude(ended: Ended, parts: Parts, tracker: CallTracker, notes: Notes) -> Turn:
    """The turn that the stream amounts to."""
    batch = _read_batch(tracker, notes, ended)
    empty = parts.empty
    ending = ended.ending(empty=empty)
    verdict = _verdict(ended, ending, empty=empty, unusable=batch.unusable)
    runs = calls_may_run(ending, verdict.reason, unusable=bool(batch.unusable))
    withheld = () if runs else _withhold(batch, tracker, _why(verdict))
    return Turn(
        parts=parts.build(batch.calls if runs else {}),
        finish_reason=verdict.reason,
        raw_finish_reason=ended.word,
        ending=ending,
        error_code=verdict.code,
        error_message=_message(verdict, withheld),
        withheld_calls=withheld,
        executed_calls=batch.executed,
        usage=_marked(ended),
        model=ended.model,
        response_id=ended.response_id,
        repairs=(*ended.repairs, *tracker.repairs, *_finish_repairs(ended, ending)),
        citations=tuple(notes.citations),
        grounding=notes.grounding,
        logprobs=tuple(notes.logprobs),
        extras=notes.extras,
    )


def _marked(ended: Ended) -> Usage | None:
    """The usage, marked where it is LiteLLM's own count."""
    if ended.usage is None or ended.said is None or ended.said.usage_sent is not False:
        return ended.usage
    return replace(ended.usage, estimated=True)


def _why(verdict: _Verdict) -> str:
    if verdict.reason is FinishReason.MALFORMED_FUNCTION_CALL:
        return "another call of the turn cannot be read"
    return f"the turn ended with {verdict.code}"
