# SPDX-License-Identifier: Apache-2.0
"""A stream that says nothing for too long is given up as LiteLLM's own timeout; what it had said is kept."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import litellm
import pytest

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.errors import UsageError
from adk_litellm_fix.faults import wires
from adk_litellm_fix.faults.server import Answer, FaultServer, Hang, Repeat, Wait

from .conftest import ENDLESS, MakeModel, request, tasks_left

SHORT, LONG = 0.4, 30.0
TEXT = wires.openai_text("Word.")


async def read(model: LiteLlm, *, stream: bool = True) -> tuple[list[Any], Exception | None]:
    """All responses of a turn, and what was raised after them."""
    responses: list[Any] = []
    try:
        async for response in model.generate_content_async(request(), stream=stream):
            responses.append(response)  # noqa: PERF401 (an exception must not lose them)
    except Exception as error:
        return responses, error
    return responses, None


def text_of(response: Any) -> str:
    return "".join(part.text or "" for part in response.content.parts) if response.content else ""


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("name", ENDLESS)
async def test_a_stream_that_falls_silent_ends_as_a_timeout_with_its_text(name: str, make_model: MakeModel, server: FaultServer) -> None:
    *start, repeat = ENDLESS[name].steps
    assert isinstance(repeat, Repeat)
    # Long enough for a cold LiteLLM: some providers make the request, and get a token, at the first read.
    silent = Answer(steps=[*start, repeat.frame, repeat.frame, Hang()], media=ENDLESS[name].media)
    responses, error = await read(make_model(name, silent, idle_timeout=2))
    assert isinstance(error, litellm.Timeout)
    assert responses[-1].error_code == "Timeout"
    assert responses[-1].custom_metadata["adk_litellm_fix"]["ending"] == "failed"
    assert text_of(responses[-1]) == "word word "
    await asyncio.wait_for(server.connections[0].gone.wait(), 5)
    assert await tasks_left() == set()


async def test_a_stream_that_never_starts_ends_as_a_timeout(openai_model: MakeModel) -> None:
    responses, error = await read(openai_model(Hang(), first_chunk_timeout=SHORT))
    assert isinstance(error, litellm.Timeout)
    assert [response.error_code for response in responses] == ["Timeout"]


async def test_a_request_that_is_not_answered_ends_as_a_timeout(make_model: MakeModel, server: FaultServer) -> None:
    model = make_model("openai/gpt-5", Answer(steps=[Hang()], silent=True), first_chunk_timeout=SHORT)
    responses, error = await read(model)
    assert isinstance(error, litellm.Timeout)
    assert [response.error_code for response in responses] == ["Timeout"]
    await asyncio.wait_for(server.connections[0].gone.wait(), 5)


async def test_without_a_limit_for_the_first_chunk_the_idle_one_holds(openai_model: MakeModel) -> None:
    _, error = await read(openai_model(Hang(), idle_timeout=SHORT))
    assert isinstance(error, litellm.Timeout)


async def test_a_slow_first_chunk_is_not_idle_when_it_has_a_limit_of_its_own(openai_model: MakeModel) -> None:
    model = openai_model(Wait(3 * SHORT), TEXT, *wires.openai_end(), first_chunk_timeout=LONG, idle_timeout=SHORT)
    responses, error = await read(model)
    assert error is None
    assert text_of(responses[-1]) == "Word."


@pytest.mark.parametrize("name", ["openai/gpt-5", "anthropic/claude-sonnet-4-5"])
async def test_pings_count_as_life(name: str, make_model: MakeModel) -> None:
    pings = Repeat(wires.PING, SHORT / 8, times=24)
    if name.startswith("openai"):
        answer = Answer(steps=[TEXT, pings, TEXT, *wires.openai_end()])
    else:
        text = wires.anthropic_text("Word.")
        answer = Answer(steps=[*wires.anthropic_start(), text, pings, text, *wires.anthropic_end()])
    responses, error = await read(make_model(name, answer, idle_timeout=SHORT))
    assert error is None
    assert text_of(responses[-1]) == "Word.Word."


async def test_pings_are_no_first_chunk(openai_model: MakeModel) -> None:
    begun = time.monotonic()
    _, error = await read(openai_model(Repeat(wires.PING, SHORT / 8), first_chunk_timeout=SHORT))
    assert isinstance(error, litellm.Timeout)
    assert time.monotonic() - begun < 10


async def test_the_clock_stands_while_the_reader_is_busy(openai_model: MakeModel) -> None:
    model = openai_model(TEXT, Wait(SHORT / 2), TEXT, *wires.openai_end(), idle_timeout=SHORT)
    texts = []
    async for response in model.generate_content_async(request(), stream=True):
        await asyncio.sleep(2 * SHORT)
        texts.append(text_of(response))
    assert texts[-1] == "Word.Word."


async def test_a_blocked_event_loop_is_not_the_providers_silence(openai_model: MakeModel) -> None:
    model = openai_model(TEXT, Wait(SHORT / 4), TEXT, *wires.openai_end(), idle_timeout=SHORT)
    loop = asyncio.get_running_loop()
    stream = model.generate_content_async(request(), stream=True)
    await stream.__anext__()
    loop.call_later(SHORT / 8, time.sleep, 2 * SHORT)
    assert [text_of(response) async for response in stream][-1] == "Word.Word."


async def test_a_cancellation_stays_one(openai_model: MakeModel) -> None:
    task = asyncio.ensure_future(read(openai_model(TEXT, Hang(), idle_timeout=LONG)))
    await asyncio.sleep(SHORT)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_task_goes_on_as_if_it_had_never_been_cancelled(openai_model: MakeModel) -> None:
    """The read is given up by a cancellation of the reader's own task, which must be taken back."""
    await read(openai_model(TEXT, Hang(), idle_timeout=SHORT))
    task = asyncio.current_task()
    assert task is not None
    assert not hasattr(task, "cancelling") or task.cancelling() == 0
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 0.05)


async def test_the_limits_do_not_reach_the_provider_and_survive_a_copy(openai_model: MakeModel, server: FaultServer) -> None:
    model = openai_model(TEXT, *wires.openai_end(), first_chunk_timeout=LONG, idle_timeout=LONG, retries_before_output=2)
    copy = model.model_copy()
    _, error = await read(copy)
    assert error is None
    assert (copy.first_chunk_timeout, copy.idle_timeout, copy.retries_before_output) == (LONG, LONG, 2)
    assert b"timeout" not in server.connections[0].body
    assert b"retries" not in server.connections[0].body


@pytest.mark.parametrize(
    "arguments", [{"first_chunk_timeout": 0}, {"idle_timeout": -1}, {"idle_timeout": float("nan")}, {"retries_before_output": -1}]
)
def test_a_limit_that_cannot_be_meant_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="give"):
        LiteLlm("openai/gpt-5", **arguments)
