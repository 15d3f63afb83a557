# SPDX-License-Identifier: Apache-2.0
"""Shapes 41 to 48: words that LiteLLM does not know, no word at all, and calls in the form before tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.wire import Answer, named_sse, sse

from .chunks import delta, finish, text, whole
from .native import anthropic_end, anthropic_start, anthropic_text, gemini
from .turns import hear, over_http

if TYPE_CHECKING:
    from tests.wire import Provider

    from .chunks import Chunk
    from .conftest import Read

F = ("call", "f", {"a": "1"})
CALL_F = whole(0, "c1", "f", '{"a": "1"}')


GEMINI_CALL_WORDS = [
    ("MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
    ("UNEXPECTED_TOOL_CALL", "UNEXPECTED_TOOL_CALL"),
    ("TOO_MANY_TOOL_CALLS", "TOO_MANY_TOOL_CALLS"),
    ("MISSING_THOUGHT_SIGNATURE", "MALFORMED_FUNCTION_CALL"),
]


@pytest.mark.parametrize(("word", "code"), GEMINI_CALL_WORDS)
async def test_shape_41_gemini_words_for_a_bad_call(provider: Provider, word: str, code: str) -> None:
    answer = Answer(frames=sse(gemini({"text": "Let me"}), gemini(word=word)))
    heard = await hear(over_http(provider.serves(answer), "gemini/gemini-2.5-flash"))
    assert heard.parts == [("text", "Let me")]
    assert heard.final.error_code == code
    assert heard.reason in (code, "MALFORMED_FUNCTION_CALL")  # an older google-genai has no name for the newer ones
    assert heard.ours["finish_reason"] == word


@pytest.mark.parametrize(("word", "code"), GEMINI_CALL_WORDS)
async def test_shape_41_from_a_client(read_dicts: Read, word: str, code: str) -> None:
    """LiteLLM's own types turn the word into `stop`, so its objects cannot carry it."""
    heard = await read_dicts(CALL_F, finish(word))
    assert heard.parts == []
    assert heard.final.error_code == code
    assert heard.withheld == [("f", '{"a": "1"}')]


TOKEN_WORDS = ["model_context_window_exceeded", "model_length", "max_output_tokens", "max_new_tokens", "MAX_TOKENS", "max_tokens"]
ERROR_WORDS = ["network_error", "abort", "cancelled", "insufficient_system_resource", "user_cancel", "pause_turn", "no_such_word"]


@pytest.mark.parametrize("word", TOKEN_WORDS)
async def test_shape_42_words_for_the_token_limit(read_raw: Read, word: str) -> None:
    heard = await read_raw(text("Hello"), CALL_F, finish(word))
    assert heard.parts == [("text", "Hello")]
    assert heard.reason == heard.final.error_code == "MAX_TOKENS"
    assert heard.ours["finish_reason"] == word


@pytest.mark.parametrize("word", ERROR_WORDS)
async def test_shape_43_words_for_a_failed_generation(read_raw: Read, word: str) -> None:
    heard = await read_raw(text("Hello"), CALL_F, finish(word))
    assert heard.parts == [("text", "Hello")]
    assert heard.reason == "OTHER"
    assert heard.final.error_code == "OTHER"
    assert heard.ours["finish_reason"] == word
    assert heard.withheld == [("f", '{"a": "1"}')]


async def test_shape_43_the_word_error_over_http(read_http: Read) -> None:
    """LiteLLM raises on this word; the final keeps what came, then the same exception is raised, or the word stands."""
    heard = await read_http(text("Hello"), finish("error"))
    assert heard.parts == [("text", "Hello")]
    assert heard.reason == "OTHER"
    assert heard.final.error_code


async def test_shape_43_the_word_error_from_a_client(read_dicts: Read) -> None:
    heard = await read_dicts(text("Hello"), finish("error"))
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("OTHER", "OTHER")


async def test_shape_44_pause_turn_on_the_anthropic_wire(provider: Provider) -> None:
    events = [anthropic_start(), *anthropic_text(0, "Searching"), *anthropic_end("pause_turn")]
    heard = await hear(over_http(provider.serves(Answer(frames=named_sse(*events))), "anthropic/claude-sonnet-4-5"))
    assert heard.parts == [("text", "Searching")]
    assert (heard.reason, heard.final.error_code) == ("OTHER", "OTHER")
    assert heard.ours["finish_reason"] == "pause_turn"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("refusal", "SAFETY"), ("SAFETY", "SAFETY"), ("sensitive", "SAFETY"), ("content_filtered", "SAFETY"),
        ("guardrail_intervened", "SAFETY"),
        ("RECITATION", "RECITATION"), ("BLOCKLIST", "BLOCKLIST"), ("PROHIBITED_CONTENT", "PROHIBITED_CONTENT"), ("SPII", "SPII"),
        ("LANGUAGE", "LANGUAGE"), ("eos", "STOP"), ("eos_token", "STOP"), ("end_turn", "STOP"), ("tool_use", "STOP"), ("COMPLETE", "STOP"),
        ("stop_sequence", "STOP"), ("STOP", "STOP"), ("FINISH_REASON_UNSPECIFIED", "STOP"),
    ],
)  # fmt: skip
async def test_shape_45_words_for_safety_and_for_a_normal_end(read_raw: Read, word: str, reason: str) -> None:
    heard = await read_raw(text("Hello"), finish(word))
    assert heard.parts == [("text", "Hello")]
    assert heard.reason == reason
    assert heard.final.error_code == (None if reason == "STOP" else reason)


async def test_shape_45_compaction_waits_to_be_continued_like_pause_turn(read_raw: Read) -> None:
    heard = await read_raw(text("Hello"), finish("compaction"))
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("OTHER", "OTHER")


@pytest.mark.parametrize("word", ["tool_calls", "function_call"])
async def test_shape_46_finish_tool_calls_without_calls(read: Read, word: str) -> None:
    heard = await read(text("Hello"), finish(word))
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


LEGACY: list[Chunk] = [
    delta(function_call={"name": "f", "arguments": ""}),
    delta(function_call={"arguments": '{"a": '}),
    delta(function_call={"arguments": '"1"}'}),
    finish("function_call"),
]


async def test_shape_47_legacy_function_call(read: Read) -> None:
    heard = await read(*LEGACY)
    assert heard.parts == [F]
    assert set(heard.repairs) == {"legacy_function_call", "tool_call_id_missing"}
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_48_end_without_a_finish_word_and_without_a_marker(read: Read) -> None:
    heard = await read(text("Hel"), text("lo"), end="")
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("OTHER", "STREAM_CUT")
    assert heard.ours["ending"] == "cut"
    assert "finish_reason" not in heard.ours
    assert heard.raised is None


async def test_shape_48_call_of_a_cut_stream_is_withheld(read: Read) -> None:
    heard = await read(CALL_F, end="")
    assert heard.parts == []
    assert heard.final.error_code == "STREAM_CUT"
    assert heard.withheld == [("f", '{"a": "1"}')]


async def test_shape_48_end_marker_without_a_finish_word_is_a_normal_end(read_http: Read) -> None:
    heard = await read_http(text("Hel"), text("lo"))
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)
    assert heard.repairs == ["finish_reason_missing"]


CUT_NATIVE: dict[str, tuple[str, list[bytes]]] = {
    "anthropic": ("anthropic/claude-sonnet-4-5", named_sse(anthropic_start(), *anthropic_text(0, "Hello"))),
    "gemini": ("gemini/gemini-2.5-flash", sse(gemini({"text": "Hello"}))),
}
