# SPDX-License-Identifier: Apache-2.0
"""`assemble`: a stream becomes the response that would have come without streaming."""

from __future__ import annotations

from typing import Any

import litellm
import pytest

from adk_litellm_fix.repair import assemble, assemble_sync, repair_stream
from adk_litellm_fix.replay import ReplayProvider, parse_scenario

from .chunks import call, chunk, stream

SCENARIO = """
turns:
  - thought: They want both.
    text: I look.
    calls: [get_weather: {city: Rome}, get_weather: {city: Oslo}]
    usage: {input: 120, output: 40}
"""
TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}
]
MODELS = (
    "openai/gpt-5",
    "gemini/gemini-2.5-pro",
    "anthropic/claude-sonnet-4-5",
    "vertex_ai/claude-sonnet-4-5@20250929",
)


def said(response: Any) -> dict[str, Any]:
    """A response without what is made anew for each."""
    (choice,) = response.choices
    blocks = getattr(choice.message, "thinking_blocks", None) or []
    return {
        "finish": choice.finish_reason,
        "content": choice.message.content,
        "thoughts": getattr(choice.message, "reasoning_content", None),
        "blocks": [(block.get("type"), block.get("thinking"), bool(block.get("signature"))) for block in blocks],
        "calls": [(call.type, call.function.name, call.function.arguments) for call in choice.message.tool_calls or []],
        "usage": (response.usage.prompt_tokens, response.usage.completion_tokens, response.usage.total_tokens),
    }


@pytest.mark.parametrize("model", MODELS)
async def test_it_equals_the_response_without_streaming(model: str) -> None:
    with ReplayProvider(parse_scenario(SCENARIO)) as provider:
        asked: dict[str, Any] = {
            "model": model, "messages": [{"role": "user", "content": "Look."}], "tools": TOOLS, **provider.arguments(model),
        }  # fmt: skip
        whole = await litellm.acompletion(**asked)
        source = await litellm.acompletion(**asked, stream=True, stream_options={"include_usage": True})
        assembled = await assemble(source, tools=TOOLS)
    expected = said(whole)
    if model.startswith("gemini/"):
        expected["blocks"] = []  # LiteLLM makes them up from the thoughts, without a signature, and does not stream them
    assert said(assembled) == expected
    assert isinstance(assembled, litellm.ModelResponse)
    assert assembled.object == "chat.completion"


async def test_a_repaired_stream_is_taken_as_well() -> None:
    chunks = [chunk(content="a"), chunk(tool_calls=[call("{}", name="f", id="1")]), chunk(finish="stop")]
    direct = await assemble(stream(chunks))
    again = await assemble(repair_stream(stream(chunks)))
    assert again.choices[0].model_dump() == direct.choices[0].model_dump()
    assert direct.choices[0].finish_reason == "tool_calls"


async def test_an_answer_of_calls_alone_has_no_content() -> None:
    response = await assemble(stream([chunk(tool_calls=[call("{}", name="f", id="1")]), chunk(finish="tool_calls")]))
    assert response.choices[0].message.content is None


async def test_every_choice_is_assembled() -> None:
    chunks = [chunk(content="a"), chunk(content="b", index=1), chunk(finish="stop"), chunk(finish="length", index=1)]
    response = await assemble(stream(chunks), n=2)
    assert [(choice.index, choice.message.content, choice.finish_reason) for choice in response.choices] == [
        (0, "a", "stop"),
        (1, "b", "length"),
    ]


async def test_a_cut_stream_is_no_response() -> None:
    with pytest.raises(litellm.APIConnectionError):
        await assemble(stream([chunk(content="half an ans")]))


def test_the_sync_twin_says_the_same() -> None:
    response = assemble_sync(iter([chunk(content="a"), chunk(content="b"), chunk(finish="stop", usage=(3, 2))]))
    assert (response.choices[0].message.content, response.choices[0].finish_reason, response.usage.total_tokens) == ("ab", "stop", 5)
