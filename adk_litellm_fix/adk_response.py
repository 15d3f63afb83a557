# SPDX-License-Identifier: Apache-2.0
"""Writes events and turns as ADK's `LlmResponse`.

What ADK does with each field, and so why it is set as it is, was measured on ADK 1.19 to 2.13: a final needs a finish reason;
everything that is not STOP needs an error code or is dropped in silence; a partial must carry neither; a function call in a
final is always run.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from google.adk.models.llm_response import LlmResponse
from google.genai import types
from pydantic import ValidationError

from .normalizer import (
    CallPart,
    Ending,
    Event,
    FinishReason,
    MediaPart,
    Part,
    TextDelta,
    TextPart,
    ThoughtDelta,
    ThoughtPart,
    ToolCallDelta,
    Turn,
    Usage,
)  # fmt: skip
from .report import REPORT_KEY, plain_json, repairs_and_calls

# Members that an older google-genai lacks, and the nearest that it has.
_NEAREST = {
    FinishReason.TOO_MANY_TOOL_CALLS: "MALFORMED_FUNCTION_CALL",
    FinishReason.UNEXPECTED_TOOL_CALL: "MALFORMED_FUNCTION_CALL",
    FinishReason.IMAGE_SAFETY: "SAFETY",
    FinishReason.IMAGE_PROHIBITED_CONTENT: "PROHIBITED_CONTENT",
    FinishReason.IMAGE_RECITATION: "RECITATION",
}


def _finish_reason(reason: FinishReason) -> types.FinishReason:
    members = types.FinishReason.__members__
    return members.get(reason.value) or members.get(_NEAREST.get(reason, "OTHER")) or types.FinishReason.OTHER


# --- partials -------------------------------------------------------------------------------------


# A partial comes with every chunk, and its validation is most of what it costs: these are validated once and copied.
_TEXT = types.Part(text="")
_THOUGHT = types.Part(text="", thought=True)
_FUNCTION = types.FunctionCall(id="", name="", will_continue=True)
_CALL = types.Part(function_call=_FUNCTION)
_CONTENT = types.Content(role="model", parts=[_TEXT])
_PARTIAL = LlmResponse(partial=True, content=_CONTENT, model_version="")


def partial_part(event: Event, *, tool_calls: bool, thoughts: bool) -> types.Part | None:
    """The part that shows an event while the turn lasts; None for what is not shown."""
    if isinstance(event, TextDelta):
        return _TEXT.model_copy(update={"text": event.text})
    if isinstance(event, ThoughtDelta):
        return _THOUGHT.model_copy(update={"text": event.text}) if thoughts else None
    if isinstance(event, ToolCallDelta) and tool_calls:
        return _CALL.model_copy(update={"function_call": _FUNCTION.model_copy(update={"id": event.id, "name": event.name})})
    return None


def partial_response(part: types.Part, model_version: str | None) -> LlmResponse:
    """A fragment of the turn, without finish reason or usage: those belong to the final alone."""
    content = _CONTENT.model_copy(update={"parts": [part]})
    return _PARTIAL.model_copy(update={"content": content, "model_version": model_version})


# --- the final ------------------------------------------------------------------------------------


def final_response(turn: Turn, *, thoughts: bool = True, model_version: str | None = None) -> LlmResponse:
    """The one non-partial response of a turn.

    Args:
        turn: The closed turn.
        thoughts: False hides the thoughts, but for signed ones beside tool calls: Anthropic refuses the replay without them.
        model_version: The model's name for a turn that does not say it.
    """
    shown = [part for part in turn.parts if thoughts or not isinstance(part, ThoughtPart) or (turn.calls and part.signature)]
    parts = [_part(part) for part in shown]
    response = LlmResponse(
        content=types.Content(role="model", parts=parts),
        partial=False,
        finish_reason=_finish_reason(turn.finish_reason),
        error_code=turn.error_code,
        error_message=turn.error_message,
        usage_metadata=_usage(turn.usage) if turn.usage else None,
        model_version=turn.model or model_version,
        citation_metadata=_citations(turn.citations),
        grounding_metadata=_grounding(turn.grounding),
        custom_metadata={REPORT_KEY: _metadata(turn)},
    )
    if turn.logprobs:
        response.logprobs_result = _logprobs(turn.logprobs)
        response.avg_logprobs = _average(turn.logprobs)
    return response


def _part(part: Part) -> types.Part:
    if isinstance(part, CallPart):
        call = types.FunctionCall(id=part.id, name=part.name, args=dict(part.arguments))
        return types.Part(function_call=call, thought_signature=_bytes(part.signature))
    if isinstance(part, ThoughtPart):
        return types.Part(text=part.text, thought=True, thought_signature=_bytes(part.signature or part.redacted))
    if isinstance(part, MediaPart):
        return _media(part)
    return types.Part(text=part.text, thought_signature=_bytes(part.signature)) if isinstance(part, TextPart) else types.Part()


def _bytes(signature: str | None) -> bytes | None:
    """A signature as ADK keeps it: decoded when it is base64, which ADK encodes again on replay."""
    if signature is None:
        return None
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return signature.encode()


def _media(part: MediaPart) -> types.Part:
    if part.data is None:
        return types.Part(file_data=types.FileData(file_uri=part.uri, mime_type=part.mime_type))
    return types.Part(inline_data=types.Blob(mime_type=part.mime_type, data=_bytes(part.data)))


def _usage(usage: Usage) -> types.GenerateContentResponseUsageMetadata:
    metadata = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=usage.prompt or 0,
        candidates_token_count=usage.completion or 0,
        total_token_count=usage.total if usage.total is not None else (usage.prompt or 0) + (usage.completion or 0) + (usage.thoughts or 0),
        cached_content_token_count=usage.cached,
        thoughts_token_count=usage.thoughts or None,
    )
    if usage.cache_creation is not None:
        # The model has no such field; ADK's own LiteLlm sets it in this way and ADK's metrics read it by getattr.
        object.__setattr__(metadata, "cache_creation_input_tokens", usage.cache_creation)
    return metadata


# --- sources and probabilities --------------------------------------------------------------------


def _first(values: Mapping[str, Any], *names: str) -> Any:
    return next((values[name] for name in names if values.get(name) is not None), None)


def _citation(values: Mapping[str, Any]) -> types.Citation | None:
    inner = values.get("url_citation")
    values = inner if isinstance(inner, Mapping) else values
    start = _first(values, "start_index", "start_char_index", "start_block_index", "start_page_number")
    end = _first(values, "end_index", "end_char_index", "end_block_index", "end_page_number")
    uri, title = _first(values, "url", "uri", "source"), _first(values, "title", "document_title")
    if not isinstance(uri, str) and not isinstance(title, str):
        return None
    return types.Citation(
        uri=uri if isinstance(uri, str) else None,
        title=title if isinstance(title, str) else None,
        start_index=start if isinstance(start, int) else None,
        end_index=end if isinstance(end, int) else None,
    )


def _citations(found: tuple[Mapping[str, Any], ...]) -> types.CitationMetadata | None:
    citations = [citation for values in found if (citation := _citation(values)) is not None]
    distinct = [citation for number, citation in enumerate(citations) if citation not in citations[:number]]
    return types.CitationMetadata(citations=distinct) if distinct else None


def _grounding(found: Mapping[str, Any] | None) -> types.GroundingMetadata | None:
    if not found:
        return None
    try:
        return types.GroundingMetadata.model_validate(dict(found))
    except ValidationError:
        return None


def _candidate(entry: Mapping[str, Any]) -> types.LogprobsResultCandidate:
    return types.LogprobsResultCandidate(token=entry.get("token"), log_probability=entry.get("logprob"))


def _logprobs(entries: tuple[Mapping[str, Any], ...]) -> types.LogprobsResult:
    return types.LogprobsResult(
        chosen_candidates=[_candidate(entry) for entry in entries],
        top_candidates=[
            types.LogprobsResultTopCandidates(candidates=[_candidate(top) for top in entry.get("top_logprobs") or []]) for entry in entries
        ],
    )


def _average(entries: tuple[Mapping[str, Any], ...]) -> float | None:
    known = [entry["logprob"] for entry in entries if isinstance(entry.get("logprob"), (int, float))]
    return sum(known) / len(known) if known else None


# --- custom_metadata ------------------------------------------------------------------------------


def _metadata(turn: Turn) -> dict[str, Any]:
    """What the fields cannot say; only keys that have something to say."""
    said: dict[str, Any] = {
        "finish_reason": turn.raw_finish_reason,
        "ending": None if turn.ending is Ending.FINISHED else turn.ending.value,
        "cost": turn.usage.cost if turn.usage else None,
        "usage_estimated": (turn.usage.estimated or None) if turn.usage else None,
        **turn.extras,
    }
    return {**plain_json({name: value for name, value in said.items() if value not in (None, [], {}, "")}), **repairs_and_calls(turn)}
