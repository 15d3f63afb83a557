# SPDX-License-Identifier: Apache-2.0
"""Shapes 84 to 90: refusals, media, sources, probabilities, and odd fields of calls."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.wire import Answer, named_sse, sse

from .chunks import choices, delta, finish, text, tool, whole
from .native import anthropic_block, anthropic_end, anthropic_start, gemini
from .turns import hear, over_http

if TYPE_CHECKING:
    from tests.wire import Provider

    from .conftest import Read

HELLO = ("text", "Hello")
F = ("call", "f", {"a": "1"})
STOP, CALLS = finish("stop"), finish("tool_calls")
PNG = base64.b64encode(b"\x89PNG picture").decode()


async def test_shape_84_refusal_is_text_and_safety(read: Read) -> None:
    heard = await read(delta(refusal="I can"), delta(refusal="not."), STOP)
    assert heard.parts == [("text", "I cannot.")]
    assert heard.reason == heard.final.error_code == "SAFETY"


async def test_shape_84_call_beside_a_refusal_is_withheld(read: Read) -> None:
    heard = await read(delta(refusal="I cannot."), whole(0, "c1", "f", '{"a": "1"}'), CALLS)
    assert heard.parts == [("text", "I cannot.")]
    assert heard.final.error_code == "SAFETY"
    assert heard.withheld == [("f", '{"a": "1"}')]


@pytest.mark.parametrize("nothing", [None, ""])
async def test_shape_84_empty_refusal_is_none(read: Read, nothing: str | None) -> None:
    heard = await read(delta(content="Hello", refusal=nothing), STOP)
    assert heard.parts == [HELLO]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_85_image_is_inline_data(read: Read) -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}, "index": 0}
    heard = await read(text("Hello"), delta(images=[image], content=""), STOP)
    assert heard.parts == [HELLO, ("data", "image/png", b"\x89PNG picture")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_85_image_alone_is_no_empty_turn(read: Read) -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}, "index": 0}
    heard = await read(delta(images=[image], content=""), STOP)
    assert heard.parts == [("data", "image/png", b"\x89PNG picture")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_85_audio_is_inline_data(read: Read) -> None:
    halves = [base64.b64encode(half).decode() for half in (b"ring", b"ing")]
    heard = await read(
        delta(audio={"id": "a1", "transcript": "Hel"}), delta(audio={"id": "a1", "data": halves[0]}),
        delta(audio={"id": "a1", "data": halves[1], "transcript": "lo"}), STOP,
    )  # fmt: skip
    assert [part[0] for part in heard.parts] == ["data"]
    assert heard.parts[0][1].startswith("audio/")
    assert heard.parts[0][2] == b"ringing"
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_85_image_on_the_gemini_wire(provider: Provider) -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": PNG}}
    heard = await hear(over_http(provider.serves(Answer(frames=sse(gemini(part), gemini(word="STOP")))), "gemini/gemini-2.5-flash-image"))
    assert heard.parts == [("data", "image/png", b"\x89PNG picture")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


URL = "https://example.com/a"


async def test_shape_86_annotations_are_citations(read: Read) -> None:
    cited = {"type": "url_citation", "url_citation": {"url": URL, "title": "A", "start_index": 0, "end_index": 5}}
    heard = await read(text("Hello"), delta(annotations=[cited], content=""), STOP)
    assert heard.parts == [HELLO]
    (citation,) = heard.final.citation_metadata.citations
    assert (citation.uri, citation.title, citation.start_index, citation.end_index) == (URL, "A", 0, 5)


async def test_shape_86_citations_of_the_chunk(read: Read) -> None:
    heard = await read({**text("Hello"), "citations": [URL]}, {**STOP, "citations": [URL]})
    assert [citation.uri for citation in heard.final.citation_metadata.citations] == [URL]


async def test_shape_86_on_the_anthropic_wire(provider: Provider) -> None:
    cited = {"type": "web_search_result_location", "url": URL, "title": "A", "cited_text": "Hello", "encrypted_index": "x"}
    block = anthropic_block(
        0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Hello"}, {"type": "citations_delta", "citation": cited}
    )
    frames = named_sse(anthropic_start(), *block, *anthropic_end("end_turn"))
    heard = await hear(over_http(provider.serves(Answer(frames=frames)), "anthropic/claude-sonnet-4-5"))
    assert heard.parts == [HELLO]
    assert [(citation.uri, citation.title) for citation in heard.final.citation_metadata.citations] == [(URL, "A")]


async def test_shape_86_grounding_on_the_gemini_wire(provider: Provider) -> None:
    grounding = {"webSearchQueries": ["x"], "groundingChunks": [{"web": {"uri": URL, "title": "A"}}]}
    frames = sse(gemini({"text": "Hel"}), gemini({"text": "lo"}, word="STOP", groundingMetadata=grounding))
    heard = await hear(over_http(provider.serves(Answer(frames=frames)), "gemini/gemini-2.5-flash"))
    assert heard.parts == [HELLO]
    assert heard.final.grounding_metadata.web_search_queries == ["x"]
    assert heard.final.grounding_metadata.grounding_chunks[0].web.uri == URL


async def test_shape_87_logprobs(read: Read) -> None:
    def told(token: str, logprob: float) -> dict[str, Any]:
        entry = {"token": token, "logprob": logprob, "bytes": None, "top_logprobs": [{"token": token, "logprob": logprob, "bytes": None}]}
        return choices({"index": 0, "delta": {"content": token}, "logprobs": {"content": [entry]}, "finish_reason": None})

    heard = await read(told("Hel", -0.5), told("lo", -0.1), STOP)
    assert heard.parts == [HELLO]
    assert [(chosen.token, chosen.log_probability) for chosen in heard.final.logprobs_result.chosen_candidates] == [
        ("Hel", -0.5),
        ("lo", -0.1),
    ]
    assert heard.final.avg_logprobs == pytest.approx(-0.3)


async def test_shape_88_service_tier_fingerprint_and_another_model(read: Read) -> None:
    extra = {"system_fingerprint": "fp_1", "service_tier": "default"}
    heard = await read({**text("Hel"), **extra}, {**text("lo"), **extra, "model": "m-2"}, {**STOP, **extra})
    assert heard.parts == [HELLO]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)
    assert heard.repairs == []
    assert heard.final.model_version


@pytest.mark.parametrize("kind", ["", None, "builtin_function", "function"])
async def test_shape_89_unusual_type_is_a_function(read_raw: Read, kind: str | None) -> None:
    heard = await read_raw(delta(tool_calls=[{**tool(0, id="c1", name="f", arguments='{"a": "1"}'), "type": kind}]), CALLS)
    assert heard.parts == [F]


async def test_shape_89_missing_type_is_a_function(read: Read) -> None:
    entry = tool(0, id="c1", name="f", arguments='{"a": "1"}')
    entry.pop("type")
    heard = await read(delta(tool_calls=[entry]), CALLS)
    assert heard.parts == [F]


async def test_shape_89_custom_tool_is_an_error(read_dicts: Read) -> None:
    custom = {"index": 0, "id": "c1", "type": "custom", "custom": {"name": "f", "input": "free text"}}
    heard = await read_dicts(delta(tool_calls=[custom]), CALLS)
    assert heard.parts == []
    assert heard.reason == heard.final.error_code == "MALFORMED_FUNCTION_CALL"
    assert heard.withheld == [("f", "free text")]


async def test_shape_89_custom_tool_over_http(read_http: Read) -> None:
    custom = {"index": 0, "id": "c1", "type": "custom", "custom": {"name": "f", "input": "free text"}}
    heard = await read_http(delta(tool_calls=[custom]), CALLS)
    assert heard.calls == []
    assert heard.final.error_code


EMPTY: dict[str, dict[str, Any]] = {
    "function null": {"tool_calls": [{"index": 0, "id": None, "type": "function", "function": None}]},
    "no function": {"tool_calls": [{"index": 0}]},
    "empty object": {"tool_calls": [{}]},
    "null entry": {"tool_calls": [None]},
    "empty list": {"tool_calls": []},
    "null": {"tool_calls": None},
    "empty function": {"tool_calls": [{"index": 0, "function": {}}]},
    "function_call null": {"function_call": None},
    "empty function_call": {"function_call": {}},
}


@pytest.mark.parametrize("name", EMPTY)
async def test_shape_90_empty_calls_beside_text(read_dicts: Read, name: str) -> None:
    heard = await read_dicts(delta(content="Hel", **EMPTY[name]), delta(content="lo", **EMPTY[name]), delta(**EMPTY[name]), STOP)
    assert heard.parts == [HELLO]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


@pytest.mark.parametrize("name", sorted({*EMPTY} - {"null entry"}))
async def test_shape_90_over_http(read_http: Read, name: str) -> None:
    """In deltas of their own: LiteLLM 1.106 throws away the text that stands in one delta with such a call."""
    empty = delta(content=None, **EMPTY[name])
    heard = await read_http(empty, text("Hel"), empty, text("lo"), empty, STOP)
    assert heard.parts == [HELLO]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


@pytest.mark.parametrize("name", EMPTY)
async def test_shape_90_empty_calls_around_a_call(read_dicts: Read, name: str) -> None:
    heard = await read_dicts(delta(**EMPTY[name]), whole(0, "c1", "f", '{"a": "1"}'), delta(**EMPTY[name]), CALLS)
    assert heard.parts == [F]
    assert heard.ids == ["c1"]
    assert heard.repairs == []
