# SPDX-License-Identifier: Apache-2.0
"""What the replay tests share: real LiteLLM, pointed at a replay provider, and what it makes of an answer."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

os.environ.update({"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION", "NO_PROXY": "127.0.0.1,localhost"})

import litellm

from adk_litellm_fix.replay import ReplayProvider, parse_scenario

litellm.suppress_debug_info = True

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "A tool.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    for name in ("get_weather", "get_time")
]


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer as LiteLLM hands it out, its chunks joined."""

    text: str = ""
    thoughts: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    finish: str | None = None
    usage: Any = None
    error: Exception | None = None

    def add_message(self, message: Any) -> None:
        self.text += message.content or ""
        self.thoughts += getattr(message, "reasoning_content", None) or ""
        for call in message.tool_calls or ():
            if call.function.name:
                self.calls.append((call.function.name, call.function.arguments or ""))
                self.ids.append(call.id)
            else:
                name, arguments = self.calls[call.index]
                self.calls[call.index] = (name, arguments + (call.function.arguments or ""))

    def add_chunk(self, chunk: Any) -> None:
        self.usage = getattr(chunk, "usage", None) or self.usage
        for choice in chunk.choices:
            self.add_message(choice.delta)
            self.finish = choice.finish_reason or self.finish


AskModel = Callable[..., Awaitable[Reply]]


@pytest.fixture
def ask_model() -> AskModel:
    """Ask a model that a scenario plays, through LiteLLM; what LiteLLM raises is in the reply."""

    async def ask(model: str, scenario: str, *, stream: bool, messages: list[dict[str, Any]] | None = None, **extra: Any) -> Reply:
        reply = Reply()
        options = {"stream_options": {"include_usage": True}} if stream else {}
        async with ReplayProvider(parse_scenario(scenario)) as provider:
            try:
                response = await litellm.acompletion(
                    model=model,
                    messages=messages or [{"role": "user", "content": "What is the weather?"}],
                    stream=stream,
                    num_retries=0,
                    max_retries=0,
                    **options,
                    **provider.arguments(model),
                    **extra,
                )
                if stream:
                    async for chunk in response:
                        reply.add_chunk(chunk)
                else:
                    reply.add_message(response.choices[0].message)
                    reply.finish, reply.usage = response.choices[0].finish_reason, response.usage
            except Exception as error:
                reply.error = error
        return reply

    return ask


@pytest.fixture
def tools() -> list[dict[str, Any]]:
    return TOOLS
