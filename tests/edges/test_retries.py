# SPDX-License-Identifier: Apache-2.0
"""A turn of which nothing has been shown may be asked for again; one that has begun never is."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import litellm
import pytest

from adk_litellm_fix import stream as edge
from adk_litellm_fix.faults import wires
from adk_litellm_fix.faults.server import Answer, EndEarly, FaultServer, Hang, Reset

from .conftest import MakeModel, request
from .test_stalls import read, text_of

GOOD = Answer(steps=[wires.openai_text("Here."), *wires.openai_end()])
BROKEN = Answer(steps=[wires.openai({"role": "assistant", "content": ""}), Reset()])

SILENT_FAILURES = {
    "a reset": BROKEN,
    "an early end": Answer(steps=[EndEarly()]),
    "an empty stream": Answer(steps=[]),
    "a normal end without a word": Answer(steps=wires.openai_end()),
    "an overloaded provider": Answer(steps=[b'{"error": {"message": "overloaded"}}'], status=503, media="application/json"),
    "an error event": Answer(steps=[wires.sse({"error": {"message": "overloaded", "code": 529}})]),
    "a stall": Answer(steps=[Hang()]),
}


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM's backoff is half a second at least: it is measured in a test of its own."""
    monkeypatch.setattr(edge, "_delay", lambda *_: 0.01)


def repairs_of(response: Any) -> list[str]:
    return [repair["code"] for repair in response.custom_metadata["adk_litellm_fix"].get("repairs", [])]


def _code(error: Exception | None) -> str:
    """LiteLLM 1.80 hides a broken connection: the stream just ends."""
    return "EMPTY_STREAM" if error is None else type(error).__name__


@pytest.mark.parametrize("name", SILENT_FAILURES)
async def test_a_turn_that_said_nothing_is_asked_for_again(name: str, make_model: MakeModel, server: FaultServer) -> None:
    tools = [] if name != "a normal end without a word" else [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    answers = [SILENT_FAILURES[name], SILENT_FAILURES[name], GOOD]
    model = make_model(
        "openai/gpt-5", *answers, retries_before_output=2, first_chunk_timeout=2.0, **({"functions": tools} if tools else {})
    )
    responses, error = await read(model)
    assert error is None
    assert text_of(responses[-1]) == "Here."
    assert responses[-1].error_code is None
    assert repairs_of(responses[-1]) == ["stream_retried", "stream_retried"]
    assert len(server.connections) == 3
    await asyncio.wait_for(server.connections[0].gone.wait(), 5)


async def test_a_turn_that_has_begun_is_never_asked_for_again(make_model: MakeModel, server: FaultServer) -> None:
    answer = Answer(steps=[wires.openai_text("One."), Reset()])
    responses, error = await read(make_model("openai/gpt-5", answer, GOOD, retries_before_output=3))
    assert responses[-1].error_code == (type(error).__name__ if error else "STREAM_CUT")
    assert text_of(responses[-1]) == "One."
    assert len(server.connections) == 1


async def test_a_call_that_has_begun_is_output(make_model: MakeModel, server: FaultServer) -> None:
    answer = Answer(steps=[*wires.openai_call("get_weather", '{"city": "Rome"}')[:2], Reset()])
    responses, _ = await read(make_model("openai/gpt-5", answer, GOOD, retries_before_output=3))
    assert responses[-1].error_code
    assert len(server.connections) == 1


async def test_nothing_is_asked_again_unless_wished(make_model: MakeModel, server: FaultServer) -> None:
    responses, error = await read(make_model("openai/gpt-5", BROKEN, GOOD))
    assert [response.error_code for response in responses] == [_code(error)]
    assert len(server.connections) == 1


async def test_a_refusal_of_the_request_is_not_repeated(make_model: MakeModel, server: FaultServer) -> None:
    refusal = Answer(steps=[b'{"error": {"message": "bad key"}}'], status=401, media="application/json")
    _, error = await read(make_model("openai/gpt-5", refusal, GOOD, retries_before_output=3))
    assert isinstance(error, litellm.AuthenticationError)
    assert len(server.connections) == 1


async def test_a_filtered_turn_is_not_repeated(make_model: MakeModel, server: FaultServer) -> None:
    filtered = Answer(steps=wires.openai_end("content_filter"))
    responses, _ = await read(make_model("openai/gpt-5", filtered, GOOD, retries_before_output=3))
    assert responses[-1].error_code == "SAFETY"
    assert len(server.connections) == 1


async def test_after_the_last_retry_the_failure_stands(make_model: MakeModel, server: FaultServer) -> None:
    responses, error = await read(make_model("openai/gpt-5", BROKEN, retries_before_output=2))
    assert responses[-1].error_code == _code(error)
    assert repairs_of(responses[-1]) == ["stream_retried", "stream_retried"]
    assert len(server.connections) == 3


async def test_an_answer_that_is_not_streamed_is_asked_for_again_too(make_model: MakeModel, server: FaultServer) -> None:
    whole = b'{"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "finish_reason": "stop", '
    good = Answer(steps=[whole + b'"message": {"role": "assistant", "content": "Here."}}]}'], media="application/json")
    overloaded = SILENT_FAILURES["an overloaded provider"]
    responses, error = await read(make_model("openai/gpt-5", overloaded, good, retries_before_output=1), stream=False)
    assert error is None
    assert text_of(responses[-1]) == "Here."
    assert repairs_of(responses[-1]) == ["stream_retried"]


async def test_each_retry_is_logged_in_one_line(make_model: MakeModel, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "adk_litellm_fix"):
        await read(make_model("openai/gpt-5", BROKEN, GOOD, retries_before_output=2))
    lines = [record.getMessage() for record in caplog.records if record.name == "adk_litellm_fix"]
    assert sum("asking again" in line and "(1 of 2)" in line for line in lines) == 1


async def test_a_reader_that_is_cancelled_while_it_waits_to_ask_again_stops(
    make_model: MakeModel, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "_delay", lambda *_: 60.0)
    stream = make_model("openai/gpt-5", BROKEN, GOOD, retries_before_output=2).generate_content_async(request(), stream=True)
    task = asyncio.ensure_future(stream.__anext__())
    await asyncio.wait_for((await server.connection()).gone.wait(), 10)
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(server.connections) == 1


@pytest.mark.parametrize(("headers", "least", "most"), [({}, 0.4, 9), ({"retry-after": "7"}, 7, 8)])
def test_the_backoff_is_litellms_own(headers: dict[str, str], least: float, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    failure = Exception()
    failure.litellm_response_headers = headers  # type: ignore[attr-defined]
    assert least <= edge._delay(failure, 1, 2) <= most
