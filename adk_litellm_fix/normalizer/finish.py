# SPDX-License-Identifier: Apache-2.0
"""Finish words, and the gate that lets tool calls through.

Every provider has its own word for why a turn ended. `FinishReason` is the one vocabulary they are mapped to; its members are named as in
`google.genai.types.FinishReason`, whose meaning they have. The words come from the API references of OpenAI, Anthropic, Gemini, Bedrock
Converse, Cohere v2, Mistral, Hugging Face TGI, Ollama, vLLM, DeepSeek and Zhipu.
"""

from __future__ import annotations

import enum

from .events import Ending


class FinishReason(str, enum.Enum):
    """Why a turn ended."""

    STOP = "STOP"
    MAX_TOKENS = "MAX_TOKENS"
    SAFETY = "SAFETY"
    RECITATION = "RECITATION"
    LANGUAGE = "LANGUAGE"
    BLOCKLIST = "BLOCKLIST"
    PROHIBITED_CONTENT = "PROHIBITED_CONTENT"
    SPII = "SPII"
    MALFORMED_FUNCTION_CALL = "MALFORMED_FUNCTION_CALL"
    UNEXPECTED_TOOL_CALL = "UNEXPECTED_TOOL_CALL"
    TOO_MANY_TOOL_CALLS = "TOO_MANY_TOOL_CALLS"
    IMAGE_SAFETY = "IMAGE_SAFETY"
    IMAGE_PROHIBITED_CONTENT = "IMAGE_PROHIBITED_CONTENT"
    IMAGE_RECITATION = "IMAGE_RECITATION"
    IMAGE_OTHER = "IMAGE_OTHER"
    NO_IMAGE = "NO_IMAGE"
    OTHER = "OTHER"


STREAM_CUT = "STREAM_CUT"
"""Error code: the stream ended before its provider said why."""
EMPTY_STREAM = "EMPTY_STREAM"
"""Error code: the stream ended without a word, content or end marker."""
NO_CONTENT = "MODEL_RETURNED_NO_CONTENT"
"""Error code: a normal end without any content though tools were offered. The name is ADK's own for this."""

_WORDS: dict[FinishReason, tuple[str, ...]] = {
    FinishReason.STOP: (
        "stop", "end_turn", "stop_sequence", "tool_use", "tool_calls", "tool_call", "function_call",
        "complete", "completed", "eos", "eos_token", "finish_reason_unspecified", "1",
    ),
    FinishReason.MAX_TOKENS: (
        "length", "max_tokens", "max_output_tokens", "max_new_tokens", "max_length", "model_length", "model_context_window_exceeded",
        "context_length_exceeded", "error_limit", "incomplete", "2",
    ),
    FinishReason.SAFETY: (
        "content_filter", "content_filtered", "safety", "refusal", "sensitive", "guardrail_intervened", "error_toxic",
        "escalation", "model_armor", "jailbreak",
    ),
    FinishReason.MALFORMED_FUNCTION_CALL: (
        "malformed_function_call", "malformed_tool_use", "missing_thought_signature", "malformed_response",
    ),
    FinishReason.OTHER: (
        "other", "pause_turn", "error", "failed", "network_error", "abort", "aborted", "cancelled", "canceled", "user_cancel", "timeout",
        "insufficient_system_resource", "malformed_model_output", "compaction",
    ),
}  # fmt: skip

_REASONS: dict[str, FinishReason] = {reason.value.lower(): reason for reason in FinishReason}
_REASONS.update({word: reason for reason, words in _WORDS.items() for word in words})

_EXPLANATIONS = {
    FinishReason.MAX_TOKENS: "Maximum tokens reached before the turn was complete. Raise max_output_tokens or ask for less.",
    FinishReason.SAFETY: "Finished with SAFETY: the provider's filter ended the turn, or the model refused.",
    FinishReason.MALFORMED_FUNCTION_CALL: "The model made a tool call that cannot be read.",
}


def finish_reason(word: str | None) -> FinishReason:
    """The unified reason for a provider's finish word; OTHER for a word that no provider documents."""
    return _REASONS.get(word.lower(), FinishReason.OTHER) if word else FinishReason.OTHER


def explain(reason: FinishReason, word: str | None) -> str:
    """One sentence for `error_message`."""
    sentence = _EXPLANATIONS.get(reason, f"Finished with {reason.value}.")
    return sentence if word is None or word.upper() == reason.value else f"{sentence} Its word: {word!r}."


def calls_may_run(ending: Ending, reason: FinishReason, *, unusable: bool) -> bool:
    """The gate: calls run only after a normal end, and only when no call of the batch is unusable."""
    return ending is Ending.FINISHED and reason is FinishReason.STOP and not unusable
