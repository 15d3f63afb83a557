# SPDX-License-Identifier: Apache-2.0
"""Turns in which LiteLLM runs MCP tools: in this process and behind a real proxy, with the sample's real MCP server."""

from __future__ import annotations

import contextlib
import importlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import litellm
import pytest
from google.adk.agents import LlmAgent, RunConfig
from google.adk.agents.run_config import StreamingMode
from google.adk.events import Event
from google.adk.runners import InMemoryRunner
from google.genai import types

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.mcp_turns import with_mcp_tools
from adk_litellm_fix.repair import repair_stream
from adk_litellm_fix.replay import ReplayProvider, parse_scenario

from . import processes
from .upstream import wait_until

pytestmark = pytest.mark.timeout(300)

MCP_TOOLS = [{"type": "mcp", "server_url": "litellm_proxy", "require_approval": "never"}]
SERVER = processes.PROJECT / "samples" / "mcp_tools" / "server.py"
SCENARIO = """
scenes:
  - when: {user: count}
    turns:
      - text: "I count. "
        call: {calendar-days_between: {first: "2026-01-01", last: "2026-05-01"}}
        usage: {input: 10, output: 5}
      - text: "120 days."
        usage: {input: 20, output: 7}
  - when: {user: weather}
    turns:
      - text: "I look. "
        call: {get_weather: {city: Rome}}
      - text: "It is warm."
  - when: {user: twice, after: get_weather}
    turns: [{text: "Done."}]
  - when: {user: twice}
    turns:
      - text: "Once. "
        call: {calendar-days_between: {first: "2026-01-01", last: "2026-01-02"}}
      - text: "Now the other. "
        call: {get_weather: {city: Oslo}}
"""
PROXY_CONFIG = """
model_list:
  - model_name: gpt-5
    litellm_params: {{model: "openai/gpt-5", api_base: "{url}/v1", api_key: key}}
mcp_servers:
  calendar: {{url: "{mcp}", transport: http, allow_all_keys: true}}
"""


@pytest.fixture(scope="module")
def mcp_url() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(SERVER), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: _listens(port), 60), "the MCP server did not start"
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@pytest.fixture(scope="module")
def provider() -> Iterator[ReplayProvider]:
    with ReplayProvider(parse_scenario(SCENARIO)) as replay:
        yield replay


@pytest.fixture
async def in_process(mcp_url: str) -> None:
    """LiteLLM's MCP gateway in this process knows the server."""
    try:
        manager = importlib.import_module("litellm.proxy._experimental.mcp_server.mcp_server_manager").global_mcp_server_manager
    except ImportError as error:
        pytest.skip(f"LiteLLM's MCP gateway needs litellm[proxy]: {error}")
    await manager.load_servers_from_config({"calendar": {"url": mcp_url, "transport": "http", "allow_all_keys": True}})


@pytest.fixture(scope="module")
def proxy_url(mcp_url: str, provider: ReplayProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    config = PROXY_CONFIG.format(url=provider.base_url, mcp=mcp_url)
    with processes.proxy("1.106.2", config, tmp_path_factory.mktemp("mcp-proxy")) as url:
        yield url


async def ask(model: LiteLlm, question: str, *, streaming: bool) -> tuple[list[Event], list[str]]:
    """The finals of an agent that has a function tool beside the MCP tools, and the cities that tool was asked for."""
    asked: list[str] = []

    def get_weather(city: str) -> dict[str, int]:
        """Tells the temperature."""
        asked.append(city)
        return {"celsius": 7}

    runner = InMemoryRunner(agent=LlmAgent(name="planner", model=model, tools=[get_weather]), app_name="mcp")
    session = await runner.session_service.create_session(app_name="mcp", user_id="user")
    events = runner.run_async(
        user_id="user",
        session_id=session.id,
        new_message=types.Content(role="user", parts=[types.Part(text=question)]),
        run_config=RunConfig(streaming_mode=StreamingMode.SSE if streaming else StreamingMode.NONE, max_llm_calls=4),
    )
    return [event async for event in events if not event.partial], asked


def in_process_model(provider: ReplayProvider) -> LiteLlm:
    return LiteLlm("openai/gpt-5", mcp_tools=MCP_TOOLS, **provider.arguments("openai/gpt-5"))


def text_of(event: Event) -> str:
    return "".join(part.text or "" for part in (event.content.parts if event.content else None) or [])


def check_counted(events: list[Event]) -> dict[str, Any]:
    """One final with both texts, no call to run; returns what its metadata says."""
    (final,) = events
    assert text_of(final) == "I count. 120 days."
    assert not final.get_function_calls()
    assert final.error_code is None
    ours = (final.custom_metadata or {})["adk_litellm_fix"]
    assert [call["name"] for call in ours["executed_calls"]] == ["calendar-days_between"]
    assert "120" in str(ours["executed_calls"][0]["result"])
    assert {"mcp_list_tools", "mcp_tool_calls", "mcp_call_results"} <= set(ours)
    assert "repairs" not in ours
    return dict(ours)


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.usefixtures("in_process")
async def test_two_turns_in_one_stream_are_one_final(provider: ReplayProvider, streaming: bool) -> None:
    events, _ = await ask(in_process_model(provider), "count the days", streaming=streaming)
    check_counted(events)
    assert events[0].usage_metadata is not None
    assert events[0].usage_metadata.total_token_count == 42  # 10 + 5 before the tools, 20 + 7 after


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.usefixtures("in_process")
async def test_the_agents_own_tool_is_run_by_the_agent(provider: ReplayProvider, streaming: bool) -> None:
    events, asked = await ask(in_process_model(provider), "how is the weather", streaming=streaming)
    assert asked == ["Rome"]
    assert [text_of(event) for event in events if text_of(event)] == ["I look. ", "It is warm."]


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.usefixtures("in_process")
async def test_a_call_after_the_executed_ones_is_the_agents(provider: ReplayProvider, streaming: bool) -> None:
    events, asked = await ask(in_process_model(provider), "twice", streaming=streaming)
    assert asked == ["Oslo"]
    assert text_of(events[0]) == "Once. Now the other. "
    assert [call.name for call in events[0].get_function_calls()] == ["get_weather"]


@pytest.mark.parametrize("streaming", [True, False])
async def test_behind_a_proxy_the_proxys_servers_are_used(proxy_url: str, streaming: bool) -> None:
    model = LiteLlm("litellm_proxy/gpt-5", mcp_tools=MCP_TOOLS, api_base=proxy_url, api_key=processes.MASTER_KEY)
    events, _ = await ask(model, "count the days", streaming=streaming)
    check_counted(events)


async def test_behind_a_proxy_the_agents_own_tool_is_run_by_the_agent(proxy_url: str) -> None:
    model = LiteLlm("litellm_proxy/gpt-5", mcp_tools=MCP_TOOLS, api_base=proxy_url, api_key=processes.MASTER_KEY)
    _, asked = await ask(model, "how is the weather", streaming=True)
    assert asked == ["Rome"]


@pytest.mark.usefixtures("in_process")
async def test_for_an_sdk_reader_the_stream_is_one_turn(provider: ReplayProvider) -> None:
    stream = await litellm.acompletion(
        model="openai/gpt-5",
        messages=[{"role": "user", "content": "count"}],
        tools=MCP_TOOLS,
        stream=True,
        **provider.arguments("openai/gpt-5"),
    )
    repaired = repair_stream(stream)
    choices = [choice async for chunk in repaired for choice in chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == "I count. 120 days."
    assert not any(choice.delta.tool_calls for choice in choices)
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    assert [call.name for call in repaired.turn.executed_calls] == ["calendar-days_between"]


def test_the_requests_own_tools_and_options_stay() -> None:
    own = {"type": "function", "function": {"name": "f"}}
    asked = with_mcp_tools({"model": "openai/x", "tools": [own], "stream": False, "temperature": 0.5}, MCP_TOOLS)
    assert asked["tools"] == [own, *MCP_TOOLS]
    assert (asked["stream"], asked["stream_options"], asked["temperature"]) == (True, {"include_usage": True}, 0.5)


def test_behind_a_proxy_the_tools_go_into_the_body() -> None:
    own = {"type": "function", "function": {"name": "f"}}
    asked = with_mcp_tools({"model": "litellm_proxy/x", "tools": [own], "extra_body": {"a": 1}}, MCP_TOOLS)
    assert asked["tools"] == [own]
    assert asked["extra_body"] == {"a": 1, "tools": [own, *MCP_TOOLS]}
