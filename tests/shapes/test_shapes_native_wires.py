# SPDX-License-Identifier: Apache-2.0
"""Shapes of the own wires of Gemini, Ollama and the Responses API, as the real LiteLLM hands them on."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.wire import NDJSON, Answer, named_sse, ndjson, sse

from .native import gemini, ollama, responses, responses_call
from .turns import LITELLM, hear, over_http

if TYPE_CHECKING:
    from tests.wire import Provider

    from .native import Event
    from .turns import Heard

HELLO = ("text", "Hello")
F = ("call", "f", {"a": "1"})
ARGUMENTS = '{"a": "1"}'
SIGNED = base64.b64encode(b"signed").decode()
GEMINI, OLLAMA, RESPONSES = "gemini/gemini-2.5-flash", "ollama_chat/m", "openai/responses/gpt-5"


async def google(provider: Provider, *chunks: Event, model: str = GEMINI) -> Heard:
    return await hear(over_http(provider.serves(Answer(frames=sse(*chunks))), model))


async def llama(provider: Provider, *lines: Event) -> Heard:
    return await hear(over_http(provider.serves(Answer(frames=ndjson(*lines), media=NDJSON)), OLLAMA))


async def openai(provider: Provider, *events: Event) -> Heard:
    return await hear(over_http(provider.serves(Answer(frames=named_sse(*events))), RESPONSES))


def ended(heard: Heard) -> tuple[str, str | None]:
    return heard.reason, heard.final.error_code


# --- Gemini ---

CALL_PART = {"functionCall": {"name": "f", "args": {"a": "1"}}}
CALL_PART_G = {"functionCall": {"name": "g", "args": {"a": "2"}}}
GEMINI_CALLS: dict[str, list[Event]] = {
    "stop apart": [gemini(CALL_PART), gemini(CALL_PART_G), gemini(word="STOP")],
    "stop with the last": [gemini(CALL_PART), gemini(CALL_PART_G, word="STOP")],
    "stop with each": [gemini(CALL_PART, word="STOP"), gemini(CALL_PART_G, word="STOP")],
    "in one chunk": [gemini(CALL_PART, CALL_PART_G, word="STOP")],
}


@pytest.mark.parametrize("chunks", GEMINI_CALLS.values(), ids=GEMINI_CALLS)
async def test_gemini_calls_and_the_place_of_stop(provider: Provider, chunks: list[Event]) -> None:
    heard = await google(provider, *chunks)
    assert heard.parts == [F, ("call", "g", {"a": "2"})]
    assert ended(heard) == ("STOP", None)


@pytest.mark.parametrize("word", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"])
async def test_gemini_words_for_a_bad_call_are_errors(provider: Provider, word: str) -> None:
    heard = await google(provider, gemini(word=word))
    assert heard.parts == []
    assert heard.reason in (word, "MALFORMED_FUNCTION_CALL")
    assert heard.final.error_code in (word, "MALFORMED_FUNCTION_CALL")
    assert heard.ours["finish_reason"] == word


async def test_gemini_other_is_not_safety(provider: Provider) -> None:
    assert ended(await google(provider, gemini({"text": "Hello"}), gemini(word="OTHER"))) == ("OTHER", "OTHER")


@pytest.mark.skipif(LITELLM < (1, 81), reason="LiteLLM 1.80 does not hand on the signature of a streamed text")
async def test_gemini_signature_on_text_is_kept(provider: Provider) -> None:
    heard = await google(
        provider, gemini({"text": "Hello", "thoughtSignature": SIGNED}), gemini(word="STOP"), model="gemini/gemini-3-pro-preview"
    )
    assert heard.parts == [HELLO]
    assert heard.final.content.parts[0].thought_signature == b"signed"


async def test_gemini_image_is_kept(provider: Provider) -> None:
    image = {"inlineData": {"mimeType": "image/png", "data": SIGNED}}
    heard = await google(provider, gemini({"text": "Hello"}), gemini(image), gemini(word="STOP"))
    assert heard.parts == [HELLO, ("data", "image/png", b"signed")]


async def test_gemini_executable_code_is_lost_in_litellm(provider: Provider) -> None:
    """LiteLLM drops the part before anyone can read it. The text beside it stands."""
    code = {"executableCode": {"language": "PYTHON", "code": "print(1)"}}
    heard = await google(provider, gemini(code), gemini({"text": "Hello"}), gemini(word="STOP"))
    assert heard.parts == [HELLO]
    assert ended(heard) == ("STOP", None)


async def test_gemini_end_without_a_finish_word_is_cut(provider: Provider) -> None:
    heard = await google(provider, gemini({"text": "Hello"}))
    assert heard.parts == [HELLO]
    assert ended(heard) == ("OTHER", "STREAM_CUT")


# --- Ollama ---


def ollama_call(name: str, **arguments: str) -> Event:
    return ollama(tool_calls=[{"function": {"name": name, "arguments": arguments}}])


async def test_ollama_two_calls_in_two_chunks(provider: Provider) -> None:
    heard = await llama(provider, ollama_call("f", a="1"), ollama_call("g", a="2"), ollama(word="stop"))
    assert heard.parts == [F, ("call", "g", {"a": "2"})]
    assert ended(heard) == ("STOP", None)


async def test_ollama_call_without_arguments_has_a_unique_id(provider: Provider) -> None:
    heard = [await llama(provider, ollama_call("f"), ollama(word="stop")) for _ in range(2)]
    assert heard[0].parts == heard[1].parts == [("call", "f", {})]
    assert heard[0].ids != heard[1].ids
    assert heard[0].ids[0] not in ("0", "", None)


async def test_ollama_think_tag_is_lost_in_litellm(provider: Provider) -> None:
    """LiteLLM takes the tags away and, but for 1.80, gives the thought out as content: no one can tell it from the answer."""
    heard = await llama(provider, ollama("<think>"), ollama("hm "), ollama("</think>"), ollama("hi"), ollama(word="stop"))
    assert heard.parts in ([("text", "hm hi")], [("thought", "hm "), ("text", "hi")])
    assert ended(heard) == ("STOP", None)


async def test_ollama_error_line_keeps_the_text_and_is_raised(provider: Provider) -> None:
    heard = await llama(provider, ollama("Hello"), {"error": "model runner has stopped"})
    assert heard.parts == [HELLO]
    assert heard.raised is not None
    assert ended(heard) == ("OTHER", type(heard.raised).__name__)


# --- Responses ---

CREATED = {"type": "response.created", "response": responses("in_progress")}


def said(item_id: str, kind: str, content: str) -> list[Event]:
    """A message with one part: `output_text` or `refusal`."""
    item = {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    event = "response.refusal.delta" if kind == "refusal" else "response.output_text.delta"
    where = {"item_id": item_id, "output_index": 0, "content_index": 0}
    return [
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": event, **where, "delta": content},
        {"type": "response.output_item.done", "output_index": 0, "item": {**item, "status": "completed"}},
    ]


async def test_responses_refusal(provider: Provider) -> None:
    refused = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "refusal", "refusal": "I cannot."}],
    }
    heard = await openai(
        provider, CREATED, *said("m1", "refusal", "I cannot."), {"type": "response.completed", "response": responses("completed", refused)}
    )
    assert heard.parts == [("text", "I cannot.")]
    assert ended(heard) == ("SAFETY", "SAFETY")


async def test_responses_failed_is_an_error(provider: Provider) -> None:
    failed = {**responses("failed"), "error": {"code": "server_error", "message": "It broke."}}
    heard = await openai(provider, CREATED, *said("m1", "output_text", "Hello")[:2], {"type": "response.failed", "response": failed})
    assert heard.parts == [HELLO]
    assert heard.reason == "OTHER"
    assert heard.final.error_code


async def test_responses_cut_before_the_end_is_an_error(provider: Provider) -> None:
    heard = await openai(provider, CREATED, *said("m1", "output_text", "Hello")[:2])
    assert heard.parts == [HELLO]
    assert heard.reason == "OTHER"
    assert heard.final.error_code


async def test_responses_parallel_calls_behind_a_reasoning_item(provider: Provider) -> None:
    reasoning = {"id": "rs_1", "type": "reasoning", "summary": [], "status": "completed"}
    first, second = responses_call(1, "f", ARGUMENTS), responses_call(2, "g", '{"a": "2"}')
    output = [reasoning, first[-1]["item"], second[-1]["item"]]
    heard = await openai(
        provider,
        CREATED,
        {"type": "response.output_item.added", "output_index": 0, "item": reasoning},
        {"type": "response.output_item.done", "output_index": 0, "item": reasoning},
        *first,
        *second,
        {"type": "response.completed", "response": responses("completed", *output)},
    )
    if LITELLM < (1, 81):  # it stops reading behind the first call, and hands that on without its name
        assert heard.parts == []
        assert heard.final.error_code == "MALFORMED_FUNCTION_CALL"
    else:
        assert heard.parts == [F, ("call", "g", {"a": "2"})]
        assert ended(heard) == ("STOP", None)
