# SPDX-License-Identifier: Apache-2.0
"""However a reader ends, the provider's connection is closed within a second, and nothing is left."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import anyio
import pytest
from google.adk.models.lite_llm import LiteLLMClient

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.faults import wires
from adk_litellm_fix.faults.server import Answer, FaultServer, Hang

from .conftest import ENDLESS, MakeModel, request, tasks_left

pytestmark = pytest.mark.usefixtures("nothing_is_left")


class ReaderFailed(Exception):
    pass


async def read_one(model: LiteLlm) -> Any:
    """Reads one partial; returns the stream, suspended."""
    stream = model.generate_content_async(request(), stream=True)
    assert (await stream.__anext__()).partial
    return stream


async def leaves_by_aclose(model: LiteLlm) -> None:
    stream = await read_one(model)
    await stream.aclose()


async def leaves_by_break(model: LiteLlm) -> None:
    async for _ in model.generate_content_async(request(), stream=True):
        break


async def leaves_by_exception(model: LiteLlm) -> None:
    async def fail() -> None:
        async for _ in model.generate_content_async(request(), stream=True):
            raise ReaderFailed

    with pytest.raises(ReaderFailed):
        await fail()


async def leaves_by_cancellation(model: LiteLlm) -> None:
    async def read() -> None:
        async for _ in model.generate_content_async(request(), stream=True):
            begun.set()

    begun = asyncio.Event()
    task = asyncio.ensure_future(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def leaves_by_timeout(model: LiteLlm) -> None:
    async def read() -> None:
        async for _ in model.generate_content_async(request(), stream=True):
            pass

    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(read(), 0.5)


LEAVING = [leaves_by_aclose, leaves_by_break, leaves_by_exception, leaves_by_cancellation, leaves_by_timeout]


async def assert_closed(server: FaultServer, left_at: float) -> None:
    connection = await server.connection()
    await asyncio.wait_for(connection.gone.wait(), 10)
    assert connection.gone_at is not None
    assert connection.gone_at - left_at < 1
    assert not connection.complete


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("leave", LEAVING)
async def test_the_providers_connection_is_closed(leave: Any, name: str, make_model: MakeModel, server: FaultServer) -> None:
    model = make_model(name, ENDLESS[name])
    await leave(model)
    await assert_closed(server, time.monotonic())
    assert await tasks_left() == set()


@pytest.mark.parametrize("leave", LEAVING[3:])
async def test_a_stream_that_says_nothing_more_is_closed(leave: Any, openai_model: MakeModel, server: FaultServer) -> None:
    await leave(openai_model(wires.openai_text("One."), Hang()))
    await assert_closed(server, time.monotonic())
    assert await tasks_left() == set()


async def test_a_request_without_answer_is_closed(make_model: MakeModel, server: FaultServer) -> None:
    model = make_model("openai/gpt-5", Answer(steps=[Hang()], silent=True))
    task = asyncio.ensure_future(model.generate_content_async(request(), stream=True).__anext__())
    await server.connection()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await assert_closed(server, time.monotonic())


async def test_a_cancelled_scope_of_anyio_closes_the_connection(make_model: MakeModel, server: FaultServer) -> None:
    """Starlette cancels so when a browser has gone: again at every await, also at those of the closing."""
    model = make_model("anthropic/claude-sonnet-4-5", ENDLESS["anthropic/claude-sonnet-4-5"])

    async def read() -> None:
        async for _ in model.generate_content_async(request(), stream=True):
            begun.set()

    begun = asyncio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await begun.wait()
        group.cancel_scope.cancel()
    await assert_closed(server, time.monotonic())
    assert await tasks_left() == set()


async def test_a_loop_that_shuts_down_closes_the_connection(make_model: MakeModel, server: FaultServer) -> None:
    model = make_model("openai/gpt-5", ENDLESS["openai/gpt-5"])

    async def abandon() -> None:
        kept.append(await read_one(model))

    kept: list[Any] = []
    await asyncio.to_thread(asyncio.run, abandon())
    await assert_closed(server, time.monotonic())


async def test_a_complete_turn_has_no_connection_while_its_reader_works(openai_model: MakeModel, server: FaultServer) -> None:
    model = openai_model(wires.openai_text("All."), *wires.openai_end(), Hang())
    async for response in model.generate_content_async(request(), stream=True):
        if not response.partial:
            await asyncio.wait_for((await server.connection()).gone.wait(), 5)
            assert server.open == 0


class OwnStream:
    """A user's own iterator over chunks; notes whether it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def __aiter__(self) -> OwnStream:
        return self

    async def __anext__(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"choices": [{"delta": {"content": "word "}}]}


class ClosableStream(OwnStream):
    async def aclose(self) -> None:
        self.closed += 1


class FailingStream(OwnStream):
    async def aclose(self) -> None:
        self.closed += 1
        raise RuntimeError("cannot be closed")


class HangingStream(OwnStream):
    async def aclose(self) -> None:
        self.closed += 1
        await asyncio.Event().wait()


class IterableStream(OwnStream):
    """Each reader gets a generator of its own, as of the OpenAI SDK's stream; and `close` is its name for `aclose`."""

    def __aiter__(self) -> Any:
        return self._chunks()

    async def _chunks(self) -> Any:
        try:
            while True:
                yield await self.__anext__()
        finally:
            self.closed += 1

    async def close(self) -> None:
        self.closed += 1


class OwnClient(LiteLLMClient):
    def __init__(self, stream: OwnStream) -> None:
        self.stream = stream

    async def acompletion(self, **_: Any) -> OwnStream:
        return self.stream


@pytest.mark.parametrize(
    ("stream", "times"), [(OwnStream(), 0), (ClosableStream(), 1), (FailingStream(), 1), (HangingStream(), 1), (IterableStream(), 2)]
)
async def test_a_users_own_iterator_is_closed_as_far_as_it_can_be(stream: OwnStream, times: int) -> None:
    model = LiteLlm("openai/gpt-5", llm_client=OwnClient(stream))
    begun = time.monotonic()
    await leaves_by_aclose(model)
    assert stream.closed == times
    assert time.monotonic() - begun < 5
    assert await tasks_left() == set()
