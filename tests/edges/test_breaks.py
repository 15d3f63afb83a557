# SPDX-License-Identifier: Apache-2.0
"""However a stream breaks on its way, the final keeps all that came, runs nothing, and is stored before the exception is seen."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from google.adk.agents import LlmAgent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.models.llm_response import LlmResponse
from google.adk.runners import InMemoryRunner
from google.genai import types

from adk_litellm_fix.faults import wires
from adk_litellm_fix.faults.server import Answer, EndEarly, FaultServer, Hang, Repeat, Reset, Step

from .conftest import WEATHER, MakeModel, request, tasks_left
from .test_stalls import read, text_of

CALL = wires.openai_call("get_weather", '{"city": "Rome"}')
SAID = [wires.openai_text("Let me "), wires.openai_text("look.")]
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>\n"


def calls_of(response: LlmResponse) -> list[Any]:
    return [part.function_call for part in (response.content.parts if response.content else None) or () if part.function_call]


def metadata_of(response: LlmResponse) -> dict[str, Any]:
    return dict((response.custom_metadata or {})["adk_litellm_fix"])


EITHER = "failed or cut"
"""LiteLLM 1.80 hides a broken connection: the stream just ends."""
BREAKS: dict[str, tuple[list[Step], str]] = {
    "a reset": ([*SAID, *CALL, Reset()], EITHER),
    "a body that ends early": ([*SAID, *CALL, EndEarly()], EITHER),
    "a body that ends early inside a line": ([*SAID, *CALL, wires.openai_text("lost")[:40], EndEarly()], EITHER),
    "an end without finish word": ([*SAID, *CALL], "cut"),
    "a proxy's page instead of the rest": ([*SAID, *CALL, HTML], "cut"),
    "an error event": ([*SAID, *CALL, wires.sse({"error": {"message": "overloaded", "code": 529}})], "failed"),
    "half a character and the end": ([*SAID, *CALL, wires.openai_text("x").replace(b'"x"', b'"\xf0\x9f'), EndEarly()], EITHER),
    "bytes that are no text": ([*SAID, *CALL, b"\xff\xfe\x00garbage\n\n", *wires.openai_end("tool_calls")], "failed"),
    "an event that is no JSON": ([*SAID, *CALL, b'data: {"choices": [{"delta": {"cont\n\n', *wires.openai_end("tool_calls")], "failed"),
}


@pytest.mark.parametrize("name", BREAKS)
async def test_a_broken_stream_keeps_its_text_and_runs_nothing(name: str, openai_model: MakeModel, server: FaultServer) -> None:
    steps, ending = BREAKS[name]
    responses = []
    error = None
    try:
        async for response in openai_model(*steps).generate_content_async(request(WEATHER), stream=True):
            responses.append(response)  # noqa: PERF401 (an exception must not lose them)
    except Exception as raised:
        error = raised
    *partials, final = responses
    assert all(response.partial for response in partials)
    assert final.partial is False
    assert text_of(final) == "Let me look."
    assert calls_of(final) == []
    assert final.error_code
    assert metadata_of(final)["ending"] in ending
    assert [call["name"] for call in metadata_of(final)["withheld_calls"]] == ["get_weather"]
    if error is not None:
        assert final.error_code == type(error).__name__
    assert (error is None) == (metadata_of(final)["ending"] == "cut")
    await asyncio.wait_for(server.connections[0].gone.wait(), 5)
    assert await tasks_left() == set()


@pytest.mark.parametrize("ending", [Reset(0), EndEarly()])
async def test_a_stream_that_breaks_at_any_byte_never_runs_a_call_it_did_not_finish(ending: Step, openai_model: MakeModel) -> None:
    whole = b"".join([*SAID, *CALL, *wires.openai_end("tool_calls")])
    finish = whole.index(b'"finish_reason": "tool_calls"') + len(b'"finish_reason": "tool_calls"')
    for cut in range(1, len(whole), max(1, len(whole) // 24)):
        responses, error = await read(openai_model(whole[:cut], ending))
        if not responses:
            assert error is not None  # the reset overtook the head of the answer: LiteLLM's call itself failed
            continue
        assert responses[-1].partial is False
        assert "Let me look.".startswith(text_of(responses[-1]))
        if cut <= finish:
            assert calls_of(responses[-1]) == []
            assert responses[-1].error_code


@pytest.mark.parametrize("body", [
    {"error": {"message": "You exceeded your quota", "type": "insufficient_quota"}},
    {"error": "quota"},
])  # fmt: skip
async def test_a_json_error_with_status_200_is_told(body: dict[str, Any], make_model: MakeModel) -> None:
    answer = Answer(steps=[json.dumps(body, indent=2).encode()], media="application/json")
    responses, _ = await read(make_model("openai/gpt-5", answer))
    assert responses[-1].error_code
    assert "quota" in responses[-1].error_message


async def test_an_empty_answer_says_so(openai_model: MakeModel) -> None:
    responses, error = await read(openai_model())
    assert error is None
    assert [response.error_code for response in responses] == ["EMPTY_STREAM"]


@pytest.mark.parametrize("line", [b"data:\n\n", b"data: \n\n", b": OPENROUTER PROCESSING\n\n", b"event: ping\ndata: {}\n\n"])
async def test_a_line_that_means_nothing_does_no_harm(line: bytes, openai_model: MakeModel) -> None:
    responses, error = await read(openai_model(line, SAID[0], line, SAID[1], line, *wires.openai_end()))
    assert error is None
    assert text_of(responses[-1]) == "Let me look."
    assert responses[-1].error_code is None


async def test_a_character_that_is_cut_in_two_frames_is_whole(openai_model: MakeModel) -> None:
    frame = wires.openai_text("x").replace(b'"x"', '"grüße \U0001f600"'.encode())
    pieces = [frame[place : place + 1] for place in range(len(frame))]
    responses, error = await read(openai_model(*pieces, *wires.openai_end()))
    assert error is None
    assert text_of(responses[-1]) == "grüße \U0001f600"


async def test_an_exception_after_the_finish_word_is_a_finished_turn(openai_model: MakeModel) -> None:
    responses, error = await read(openai_model(*SAID, *CALL, *wires.openai_end("tool_calls")[:2], Reset()))
    assert error is None
    assert [call.args for call in calls_of(responses[-1])] == [{"city": "Rome"}]
    assert responses[-1].error_code is None


async def test_a_stream_that_never_ends_is_left_after_its_end_marker(openai_model: MakeModel) -> None:
    responses, error = await asyncio.wait_for(read(openai_model(*SAID, *wires.openai_end(), Hang())), 20)
    assert error is None
    assert text_of(responses[-1]) == "Let me look."


async def test_a_flood_is_read_at_the_readers_pace(openai_model: MakeModel, server: FaultServer) -> None:
    """What the reader has not asked for stays with the provider: the connection's buffers are all that is ahead."""
    stream = openai_model(Repeat(wires.openai_text("word " * 200))).generate_content_async(request(), stream=True)
    async for _ in stream:
        break
    await asyncio.sleep(0.2)
    before = server.connections[0].sent
    await asyncio.sleep(0.5)
    assert server.connections[0].sent == before
    await stream.aclose()


@pytest.mark.parametrize("name", ["bytes that are no text", "an error event"])
async def test_adk_stores_the_final_before_its_callback_sees_the_exception(name: str, openai_model: MakeModel) -> None:
    stored_before: list[list[str]] = []

    def on_error(callback_context: Any, llm_request: Any, error: Exception) -> LlmResponse:
        events = callback_context.session.events
        stored_before.append([event.error_code for event in events if event.error_code])
        return LlmResponse(content=types.Content(role="model", parts=[types.Part(text="Sorry.")]))

    agent = LlmAgent(name="agent", model=openai_model(*BREAKS[name][0]), on_model_error_callback=on_error)
    runner = InMemoryRunner(agent=agent, app_name="edges")
    session = await runner.session_service.create_session(app_name="edges", user_id="u")
    message = types.Content(role="user", parts=[types.Part(text="Go on.")])
    async for _ in runner.run_async(
        user_id="u", session_id=session.id, new_message=message, run_config=RunConfig(streaming_mode=StreamingMode.SSE)
    ):
        pass
    stored = await runner.session_service.get_session(app_name="edges", user_id="u", session_id=session.id)
    assert stored is not None
    texts = ["".join(part.text or "" for part in event.content.parts or ()) for event in stored.events if event.content]
    assert texts[-2:] == ["Let me look.", "Sorry."]
    assert len(stored_before) == 1
    assert len(stored_before[0]) == 1
