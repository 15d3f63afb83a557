# SPDX-License-Identifier: Apache-2.0
"""A tool turn with thoughts goes back to its provider as that provider's API demands.

Anthropic (extended thinking with tool use): the assistant message that is replayed begins with the thinking blocks, unchanged, each with its
signature. Gemini 3 (thought signatures): the function call that is replayed carries the signature it came with.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from google.adk.agents import LlmAgent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.runners import InMemoryRunner
from google.adk.version import __version__ as adk_version
from google.genai import types

from adk_litellm_fix import LiteLlm
from tests.shapes.native import anthropic_end, anthropic_start, anthropic_text, anthropic_thinking, anthropic_tool, gemini
from tests.wire import Answer, Provider, named_sse, sse

SIGNATURE = base64.b64encode(b"a signature over the thought, and long enough").decode()


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


def add(a: int, b: int) -> dict[str, int]:
    """Adds two numbers."""
    return {"sum": a + b}


async def _run(model: LiteLlm) -> str:
    agent = LlmAgent(name="adder", model=model, instruction="Add.", tools=[add])
    runner = InMemoryRunner(agent=agent, app_name="adder")
    session = await runner.session_service.create_session(app_name="adder", user_id="u")
    said = types.Content(role="user", parts=[types.Part(text="2 + 3?")])
    final = ""
    config = RunConfig(streaming_mode=StreamingMode.SSE)
    async for event in runner.run_async(user_id="u", session_id=session.id, new_message=said, run_config=config):
        if not event.partial and event.content:
            final = "".join(part.text or "" for part in event.content.parts or [] if not part.thought)
    return final


def _blocks(body: dict[str, Any], role: str) -> list[dict[str, Any]]:
    message = next(message for message in body["messages"] if message["role"] == role)
    return list(message["content"])


sends_thoughts_back = pytest.mark.skipif(
    tuple(map(int, adk_version.split(".")[:2])) < (1, 30),
    reason="this ADK's request building sends neither thinking blocks nor signatures back",
)


@sends_thoughts_back
async def test_claude_gets_its_signed_thinking_back_first_and_unchanged(provider: Provider) -> None:
    tool_turn = [
        anthropic_start(),
        *anthropic_thinking(0, "Two and three: I add them.", SIGNATURE),
        *anthropic_text(1, "Let me add. "),
        *anthropic_tool(2, "toolu_1", "add", '{"a": 2, "b": 3}'),
        *anthropic_end("tool_use"),
    ]
    answer = [anthropic_start(), *anthropic_text(0, "It is 5."), *anthropic_end("end_turn")]
    base = provider.serves(Answer(frames=named_sse(*tool_turn)), Answer(frames=named_sse(*answer)))
    thinking = {"type": "enabled", "budget_tokens": 1024}
    final = await _run(LiteLlm("anthropic/claude-sonnet-4-5", api_base=base, api_key="k", thinking=thinking, max_tokens=4096))
    assert final == "It is 5."
    replayed = _blocks(provider.bodies[1], "assistant")
    assert replayed[0] == {"type": "thinking", "thinking": "Two and three: I add them.", "signature": SIGNATURE}
    calls = [block for block in replayed if block["type"] == "tool_use"]
    assert [(call["id"], call["name"], call["input"]) for call in calls] == [("toolu_1", "add", {"a": 2, "b": 3})]
    assert replayed.index(calls[0]) == len(replayed) - 1


@sends_thoughts_back
async def test_gemini_gets_the_signature_back_on_its_call(provider: Provider) -> None:
    call = {"functionCall": {"name": "add", "args": {"a": 2, "b": 3}}, "thoughtSignature": SIGNATURE}
    base = provider.serves(
        Answer(frames=sse(gemini(call, word="STOP"))),
        Answer(frames=sse(gemini({"text": "It is 5."}, word="STOP"))),
    )
    final = await _run(LiteLlm("gemini/gemini-3-pro-preview", api_base=base, api_key="k"))
    assert final == "It is 5."
    parts = [part for content in provider.bodies[1]["contents"] for part in content["parts"]]
    calls = [part for part in parts if "functionCall" in part or "function_call" in part]
    assert len(calls) == 1
    assert calls[0].get("thoughtSignature", calls[0].get("thought_signature")) == SIGNATURE
