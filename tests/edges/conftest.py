# SPDX-License-Identifier: Apache-2.0
"""What the tests of the async edge share: a server that misbehaves, and models that are pointed at it."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from google.adk.models.llm_request import LlmRequest
from google.genai import types

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.faults import wires
from adk_litellm_fix.faults.server import Answer, FaultServer, Repeat, Step
from adk_litellm_fix.replay.pointing import Pointing

MakeModel = Callable[..., LiteLlm]

DRIP = 0.01
"""Seconds between the frames of an endless stream."""

ENDLESS: dict[str, Answer] = {
    "openai/gpt-5": Answer(steps=[Repeat(wires.openai_text("word "), DRIP)]),
    "hosted_vllm/m": Answer(steps=[Repeat(wires.openai_text("word "), DRIP)]),
    "anthropic/claude-sonnet-4-5": Answer(steps=[*wires.anthropic_start(), Repeat(wires.anthropic_text("word "), DRIP)]),
    "vertex_ai/claude-sonnet-4-5@20250929": Answer(steps=[*wires.anthropic_start(), Repeat(wires.anthropic_text("word "), DRIP)]),
    "vertex_ai/gemini-2.5-flash": Answer(steps=[Repeat(wires.gemini_text("word "), DRIP)]),
    "gemini/gemini-2.5-flash": Answer(steps=[Repeat(wires.gemini_text("word "), DRIP)]),
    "ollama_chat/llama3": Answer(steps=[Repeat(wires.ollama_text("word "), DRIP)], media="application/x-ndjson"),
}
"""An answer per provider that goes on until its reader leaves."""


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as running:
        yield running


@pytest.fixture
def make_model(server: FaultServer) -> Iterator[MakeModel]:
    """Makes a `LiteLlm` (or ADK's own) whose provider gives the answers."""
    pointings: list[Pointing] = []

    def make(name: str, *answers: Answer, cls: type[Any] = LiteLlm, **arguments: Any) -> Any:
        pointings.append(Pointing(server.serve(*answers)))
        return cls(name, **{**pointings[-1].arguments(name), "num_retries": 0, "max_retries": 0, **arguments})

    yield make
    for pointing in pointings:
        pointing.close()


@pytest.fixture
def openai_model(make_model: MakeModel) -> MakeModel:
    """Makes a model whose provider sends these frames over OpenAI's wire."""

    def make(*steps: Step, **arguments: Any) -> LiteLlm:
        return make_model("openai/gpt-5", Answer(steps=steps), **arguments)

    return make


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """Fails on a warning about something that was not closed, awaited or retrieved; LiteLLM's own sessions and files are its own."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    left = [str(warning.message) for warning in caught if warning.category in (ResourceWarning, RuntimeWarning)]
    assert [message for message in left if not any(theirs in message for theirs in _LITELLMS_OWN)] == []


_LITELLMS_OWN = ("client session", "connector", "service_account.json")


def request(*tools: types.FunctionDeclaration) -> LlmRequest:
    """A request that offers the tools."""
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=list(tools))] if tools else None)
    return LlmRequest(contents=[types.Content(role="user", parts=[types.Part(text="Go on.")])], config=config)


WEATHER = types.FunctionDeclaration(
    name="get_weather",
    description="The weather.",
    parameters=types.Schema(type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}),
)


async def tasks_left(seconds: float = 5) -> set[asyncio.Task[Any]]:
    """The tasks that are still there after a while and are not this one, the server's, or LiteLLM's logging worker."""
    end = asyncio.get_running_loop().time() + seconds
    while left := {task for task in asyncio.all_tasks() - {asyncio.current_task()} if not _is_foreign(task)}:
        if asyncio.get_running_loop().time() > end:
            return left
        await asyncio.sleep(0.01)
    return set()


def _is_foreign(task: asyncio.Task[Any]) -> bool:
    return getattr(task.get_coro(), "__qualname__", "").startswith(("FaultServer.", "LoggingWorker.", "_read_to_end"))
