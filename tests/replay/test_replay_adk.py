# SPDX-License-Identifier: Apache-2.0
"""Agents of the real ADK, on ADK's own LiteLlm, played by a scenario."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from google.adk.agents import LlmAgent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types

from adk_litellm_fix.replay import ReplayProvider, parse_scenario

if TYPE_CHECKING:
    from google.adk.events import Event

SCENARIO = parse_scenario(
    """
    scenes:
      - when: {agent: coordinator, user: Rome}
        turns:
          - text: I ask the forecaster.
            call: {transfer_to_agent: {agent_name: forecaster}}

      - when: {agent: coordinator}
        turns:
          - text: The forecaster has spoken.

      - when: {agent: forecaster, user: Rome}
        turns:
          - thought: Both at once.
            calls:
              - celsius: {city: Rome}
              - wind: {city: Rome}
          - text: Rome has {{celsius}} degrees and {{wind.speed}} km/h.

      - when: {agent: forecaster, user: Oslo}
        turns:
          - call: {celsius: {city: Oslo}}
          - text: Oslo has {{celsius}} degrees.
            call: {transfer_to_agent: {agent_name: coordinator}}
    """
)
CLAUDE = "vertex_ai/claude-sonnet-4-5@20250929"
GPT_OSS = "vertex_ai/openai/gpt-oss-120b-maas"


def celsius(city: str) -> int:
    """Return the temperature of a city."""
    return len(city) * 4


def wind(city: str) -> dict[str, int]:
    """Return the wind of a city."""
    return {"speed": len(city)}


def _team(provider: ReplayProvider, coordinator: str, forecaster: str) -> LlmAgent:
    specialist = LlmAgent(
        name="forecaster",
        model=LiteLlm(model=forecaster, **provider.arguments(forecaster)),
        description="Knows the weather.",
        instruction="Tell the weather.",
        tools=[celsius, wind],
    )
    return LlmAgent(
        name="coordinator",
        model=LiteLlm(model=coordinator, **provider.arguments(coordinator)),
        instruction="Send the user to the specialist.",
        sub_agents=[specialist],
    )


async def _say(runner: InMemoryRunner, session: str, text: str, mode: StreamingMode) -> list[Event]:
    message = types.Content(role="user", parts=[types.Part(text=text)])
    config = RunConfig(streaming_mode=mode)
    return [event async for event in runner.run_async(user_id="u", session_id=session, new_message=message, run_config=config)]


async def _session(runner: InMemoryRunner) -> str:
    return (await runner.session_service.create_session(app_name=runner.app_name, user_id="u")).id


def _told(events: list[Event]) -> list[tuple[str, str]]:
    """Who said what in the final events: texts, and the names of the calls."""
    told = []
    for event in events:
        if event.partial or not event.content:
            continue
        texts = "".join(part.text or "" for part in event.content.parts or () if not part.thought)
        calls = [call.name for call in event.get_function_calls()]
        if texts or calls:
            told.append((event.author, " + ".join([*([texts] if texts else []), *map(str, calls)])))
    return told


@pytest.mark.parametrize("mode", [StreamingMode.SSE, StreamingMode.NONE], ids=["stream", "whole"])
@pytest.mark.parametrize(("coordinator", "forecaster"), [(CLAUDE, GPT_OSS), (GPT_OSS, CLAUDE), ("openai/gpt-5", "gemini/gemini-2.5-flash")])
async def test_a_team_transfers_and_calls_tools_in_parallel(mode: StreamingMode, coordinator: str, forecaster: str) -> None:
    async with ReplayProvider(SCENARIO) as provider:
        runner = InMemoryRunner(_team(provider, coordinator, forecaster), app_name="team")
        session = await _session(runner)
        rome = await _say(runner, session, "How is Rome?", mode)
        oslo = await _say(runner, session, "And Oslo?", mode)
    assert _told(rome)[0][0] == "coordinator"
    assert _told(rome)[0][1].endswith("transfer_to_agent")
    assert "celsius" in _told(rome)[1][1]
    assert _told(rome)[1][1].endswith("wind")
    assert _told(rome)[-1] == ("forecaster", "Rome has 16 degrees and 4 km/h.")
    # The forecaster keeps the conversation, and then gives it back.
    assert _told(oslo)[0] == ("forecaster", "celsius")
    assert "Oslo has 16 degrees." in _told(oslo)[1][1]
    assert _told(oslo)[-1] == ("coordinator", "The forecaster has spoken.")
    asked = [(ask.agent, ask.question, ask.step) for ask in provider.requests]
    assert asked[:3] == [("coordinator", 1, 0), ("forecaster", 1, 0), ("forecaster", 1, 1)]
    assert asked[3:] == [("forecaster", 2, 0), ("forecaster", 2, 1), ("coordinator", 2, 0)]


async def test_sessions_at_the_same_time_do_not_take_each_others_turns() -> None:
    async with ReplayProvider(SCENARIO, pace=400) as provider:
        runner = InMemoryRunner(_team(provider, CLAUDE, GPT_OSS), app_name="team")
        sessions = [await _session(runner) for _ in range(6)]
        runs: list[Any] = await asyncio.gather(*(_say(runner, session, "How is Rome?", StreamingMode.SSE) for session in sessions))
    assert [_told(events)[-1] for events in runs] == [("forecaster", "Rome has 16 degrees and 4 km/h.")] * 6
    assert len(provider.requests) == 18
