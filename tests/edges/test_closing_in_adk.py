# SPDX-License-Identifier: Apache-2.0
"""Behind ADK, too, the provider's connection is closed as soon as nobody reads: in a Runner, and when a browser leaves `adk api_server`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from google.adk.agents import LlmAgent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.cli.fast_api import get_fast_api_app
from google.adk.runners import InMemoryRunner
from google.genai import types

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.faults import wires
from adk_litellm_fix.faults.server import FaultServer

from .conftest import ENDLESS, MakeModel, tasks_left
from .test_closing import assert_closed

OPENAI = "openai/gpt-5"


async def ask(model: LiteLlm, tools: list[Any] | None = None) -> AsyncIterator[Any]:
    """The events of a real Runner's turn, streamed."""
    runner = InMemoryRunner(agent=LlmAgent(name="agent", model=model, tools=tools or []), app_name="edges")
    session = await runner.session_service.create_session(app_name="edges", user_id="u")
    config = RunConfig(streaming_mode=StreamingMode.SSE)
    message = types.Content(role="user", parts=[types.Part(text="Go on.")])
    return runner.run_async(user_id="u", session_id=session.id, new_message=message, run_config=config)


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("name", [OPENAI, "vertex_ai/claude-sonnet-4-5@20250929"])
async def test_leaving_a_runner_closes_the_connection(name: str, make_model: MakeModel, server: FaultServer) -> None:
    events = await ask(make_model(name, ENDLESS[name]))
    async for _ in events:
        break
    left_at = time.monotonic()
    await events.aclose()  # type: ignore[attr-defined]
    await assert_closed(server, left_at)
    assert await tasks_left() == set()


async def read(events: AsyncIterator[Any], begun: asyncio.Event) -> None:
    async for _ in events:
        begun.set()


@pytest.mark.usefixtures("nothing_is_left")
async def test_cancelling_a_runners_task_closes_the_connection(make_model: MakeModel, server: FaultServer) -> None:
    begun = asyncio.Event()
    task = asyncio.ensure_future(read(await ask(make_model(OPENAI, ENDLESS[OPENAI])), begun))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await assert_closed(server, time.monotonic())
    assert await tasks_left() == set()


@pytest.mark.usefixtures("nothing_is_left")
async def test_a_timeout_around_a_runner_closes_the_connection(make_model: MakeModel, server: FaultServer) -> None:
    events = await ask(make_model(OPENAI, ENDLESS[OPENAI]))
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(read(events, asyncio.Event()), 1)
    await assert_closed(server, time.monotonic())
    assert await tasks_left() == set()


async def test_no_connection_is_open_while_a_tool_runs(openai_model: MakeModel, server: FaultServer) -> None:
    seen: list[int] = []

    async def get_weather(city: str) -> str:
        """The weather of a city."""
        await asyncio.wait_for(server.connections[0].gone.wait(), 5)
        seen.append(server.open)
        return f"sunny in {city}"

    model = openai_model(*wires.openai_call("get_weather", '{"city": "Rome"}'), *wires.openai_end("tool_calls"))
    async for event in await ask(model, [get_weather]):
        if event.get_function_responses():
            break
    assert seen == [0]


AGENT = """
import json, os
from google.adk.agents import LlmAgent
from adk_litellm_fix import LiteLlm
root_agent = LlmAgent(name="edge", model=LiteLlm(**json.loads(os.environ["EDGE_MODEL"])))
"""


@contextlib.asynccontextmanager
async def api_server(agents: Path) -> AsyncIterator[str]:
    """`adk api_server` in this event loop."""
    app = get_fast_api_app(agents_dir=str(agents), web=False)
    server = uvicorn.Server(uvicorn.Config(app, port=0, host="127.0.0.1", log_level="error", lifespan="on"))
    task = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def test_a_browser_that_leaves_closes_the_connection(server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "__init__.py").write_text("from . import agent\n")
    (tmp_path / "edge" / "agent.py").write_text(AGENT)
    base = server.serve(ENDLESS[OPENAI])
    monkeypatch.setenv("EDGE_MODEL", f'{{"model": "{OPENAI}", "api_base": "{base}/v1", "api_key": "k"}}')
    async with api_server(tmp_path) as address, httpx.AsyncClient(base_url=address, timeout=20) as browser:
        session = (await browser.post("/apps/edge/users/u/sessions", json={})).json()
        body = {"appName": "edge", "userId": "u", "sessionId": session["id"], "streaming": True,
                "newMessage": {"role": "user", "parts": [{"text": "Go on."}]}}  # fmt: skip
        async with browser.stream("POST", "/run_sse", json=body) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    assert "word" in line
                    break
        await assert_closed(server, time.monotonic())
