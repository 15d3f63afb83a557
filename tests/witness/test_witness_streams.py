# SPDX-License-Identifier: Apache-2.0
"""What a witness hears of a stream: raw frames over loopback HTTP, read by the installed LiteLLM."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import litellm
import pytest

from adk_litellm_fix.witness import attach
from adk_litellm_fix.witness.transcript import Transcript
from tests.witness.conftest import MESSAGES, PAUSE, Asking, every_provider, those_of
from tests.witness.wires import (
    ANTHROPIC,
    BEDROCK_CONVERSE,
    BEDROCK_INVOKE,
    OLLAMA,
    OPENAI,
    PROVIDERS,
    gemini_chunk,
    ndjson,
    ollama_line,
    openai_choice,
    sse,
)

# --- finish words, and their absence -------------------------------------------------------------------------------------------------


@every_provider
async def test_normal_finish_word_is_heard(asking: Asking, name: str) -> None:
    wire = asking.wire
    heard = await asking.read([*wire.text("Hello"), *wire.finish(wire.normal), *wire.end])
    assert (heard.text, heard.said.finish_reason, heard.error) == ("Hello", wire.normal, None)
    assert heard.witness.present


@every_provider
async def test_word_that_litellm_forgets_is_heard_verbatim(asking: Asking, name: str) -> None:
    wire = asking.wire
    for word in wire.unknown:
        heard = await asking.read([*wire.text("Hello"), *wire.finish(word), *wire.end])
        assert heard.said.finish_reason == word


@every_provider
async def test_clean_end_without_word_has_none(asking: Asking, name: str) -> None:
    heard = await asking.read(asking.wire.text("Hello"))
    said = heard.witness.said()
    assert said is not None or heard.error is not None
    assert said is None or (said.finish_reason, said.ended) == (None, False)


@those_of(OPENAI, ANTHROPIC, BEDROCK_INVOKE)
async def test_end_marker_without_word_is_an_end(asking: Asking, name: str) -> None:
    heard = await asking.read([*asking.wire.text("Hello"), *asking.wire.end])
    assert (heard.said.finish_reason, heard.said.ended) == (None, True)


@those_of(OLLAMA)
async def test_done_of_ollama_is_an_end_without_a_word(asking: Asking, name: str) -> None:
    heard = await asking.read(ndjson(ollama_line("Hello"), ollama_line("", done=True)))
    assert (heard.said.finish_reason, heard.said.ended) == (None, True)


@pytest.mark.parametrize("name", ["gemini", "vertex_gemini"])
async def test_block_reason_of_a_prompt_is_heard(asking: Asking, name: str) -> None:
    heard = await asking.read(sse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 1}}))
    assert heard.said.finish_reason == "PROHIBITED_CONTENT"


@pytest.mark.parametrize("name", ["gemini"])
async def test_last_of_several_words_stands(asking: Asking, name: str) -> None:
    frames = sse(gemini_chunk([{"text": "Hel"}], finishReason="STOP"), gemini_chunk([{"text": "lo"}], finishReason="MAX_TOKENS"))
    assert (await asking.read(frames)).said.finish_reason == "MAX_TOKENS"


async def test_first_choice_speaks_for_the_turn(asking: Asking) -> None:
    chunks = [openai_choice(delta={}, finish_reason="length"), openai_choice(index=1, delta={}, finish_reason="stop")]
    assert (await asking.read([*OPENAI.text("Hello"), *sse(*chunks, "[DONE]")])).said.finish_reason == "length"


# --- protections -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, (wire, _) in PROVIDERS.items() if wire.media == "text/event-stream"])
@pytest.mark.parametrize("noise", [b"data: \n\n", b"data:\n\n", b"data: ping\n\n", b": comment\n\n"])
async def test_event_without_data_does_not_break_the_stream(asking: Asking, name: str, noise: bytes) -> None:
    if noise == b"data: ping\n\n" and asking.wire is not OPENAI:
        pytest.skip("only OpenAI-compatible gateways send bare words")
    wire = asking.wire
    heard = await asking.read([*wire.text("Hello"), noise, *wire.finish(wire.normal), *wire.end])
    assert (heard.text, heard.said.finish_reason, heard.error) == ("Hello", wire.normal, None)


@every_provider
async def test_line_of_dashes_is_no_loop(asking: Asking, name: str) -> None:
    wire = asking.wire
    delta = wire.text("-----")
    repeated = delta[2:3] if wire in (ANTHROPIC, BEDROCK_INVOKE) else delta[-2:-1] or delta
    heard = await asking.read([*delta, *(repeated * 129), *wire.finish(wire.normal), *wire.end])
    assert heard.error is None
    assert heard.text == "-----" * 130


# --- the reader's stream is untouched --------------------------------------------------------------------------------------------------


@every_provider
async def test_closing_half_way_closes_the_connection_at_once(asking: Asking, name: str) -> None:
    text = asking.wire.text("Hello")
    stream = await asking.open([*text, *([PAUSE, text[-1]] * 100)])
    witness = attach(stream)
    async for _ in stream:
        break
    assert asking.provider.open_streams
    await witness.aclose()
    assert await asking.provider.sees_hang_up()


@every_provider
def test_sync_stream_is_heard_too(asking: Asking, name: str) -> None:
    wire = asking.wire
    frames = [*wire.text("Hello"), *wire.finish(wire.unknown[0]), *wire.end]
    try:
        stream = litellm.completion(**asking.arguments((wire.media, frames)), stream=True)
    except litellm.BadRequestError as error:
        pytest.skip(str(error))
    witness = attach(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == "Hello"
    said = witness.said()
    assert said is not None
    assert said.finish_reason == wire.unknown[0]


@pytest.mark.parametrize("name", ["openai", "hosted_vllm", "anthropic", "gemini"])
async def test_comment_is_a_sign_of_life(asking: Asking, name: str) -> None:
    pauses = [PAUSE, b": still thinking\n\n"] * 4
    stream = await asking.open([*asking.wire.text("Hello"), *pauses, *asking.wire.finish(asking.wire.normal), *asking.wire.end])
    witness = attach(stream)
    assert witness.last_heard == 0
    heard = []
    reading = asyncio.ensure_future(asking.drain(stream))
    while not reading.done():
        heard.append(witness.last_heard)
        await asyncio.sleep(0.01)
    assert len(set(heard)) >= 4


async def test_stream_of_a_router_is_heard(asking: Asking) -> None:
    answer = (OPENAI.media, [*OPENAI.text("Hello"), *OPENAI.finish("network_error"), *OPENAI.end])
    arguments = {key: value for key, value in asking.arguments(answer).items() if key in ("model", "api_base", "api_key")}
    router = litellm.Router([{"model_name": "any", "litellm_params": arguments}], num_retries=0)
    stream = await router.acompletion(model="any", messages=MESSAGES, stream=True)
    witness = attach(stream)
    assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]) == "Hello"
    said = witness.said()
    assert said is not None
    assert said.finish_reason == "network_error"


async def test_fake_stream_of_a_user_has_a_witness_that_saw_nothing() -> None:
    async def chunks() -> AsyncIterator[str]:
        yield "chunk"

    stream = chunks()
    witness = attach(stream)
    assert [chunk async for chunk in stream] == ["chunk"]
    assert (witness.said(), witness.present, witness.tap) == (None, False, None)


@pytest.mark.parametrize("stream", [None, object(), 7, [], type("S", (), {"completion_stream": property(lambda self: 1 / 0)})()])
def test_unknown_object_never_raises(stream: object) -> None:
    assert attach(stream).said() is None


async def test_litellm_with_another_inside_works_on_without_a_tap(asking: Asking) -> None:
    stream = await asking.open([*OPENAI.text("Hello"), *OPENAI.finish("length"), *OPENAI.end])
    decoder = stream.completion_stream._decoder
    stream.completion_stream._decoder = type("Other", (), {"aiter": None, "iter": None})()
    witness = attach(stream)
    stream.completion_stream._decoder = decoder
    async for _ in stream:
        pass
    said = witness.said()
    assert witness.tap is None
    assert said is not None
    assert said.finish_reason == "length"


@every_provider
async def test_tap_is_in_place_in_the_installed_litellm(asking: Asking, name: str) -> None:
    expected = {OPENAI: {"sdk-decoder", "lines"}, BEDROCK_CONVERSE: {"event-stream-decoder"}, BEDROCK_INVOKE: {"event-stream-decoder"}}
    heard = await asking.read([*asking.wire.text("Hello"), *asking.wire.finish(asking.wire.normal), *asking.wire.end])
    assert heard.witness.tap in expected.get(asking.wire, {"lines"})


@every_provider
def test_ordinary_text_is_never_read_as_json(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adk_litellm_fix.witness.transcript.read", lambda *_: pytest.fail("an ordinary line was read as JSON"))
    transcript = Transcript()
    text = PROVIDERS[name][0].text('some "words", {"error"} and [DONE) of an answer')
    for line in text[-2 if len(text) > 1 else 0].decode(errors="replace").splitlines():
        transcript.hear_line(line)
    assert transcript.said().finish_reason is None
