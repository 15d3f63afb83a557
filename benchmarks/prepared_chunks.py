# SPDX-License-Identifier: Apache-2.0
"""Prepared LiteLLM chunks, and a client that streams them: what both models under comparison are given."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from typing import Any

os.environ.update({"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR"})

from google.adk.models.lite_llm import LiteLLMClient
from google.adk.models.llm_request import LlmRequest
from google.genai import types
from litellm.types.utils import ModelResponseStream

MODEL = "openai/gpt-5"


class PreparedClient(LiteLLMClient):
    """A user's own client whose every stream is the same prepared chunks."""

    def __init__(self, chunks: Sequence[ModelResponseStream]) -> None:
        self._chunks = chunks

    async def acompletion(self, **_: Any) -> AsyncIterator[ModelResponseStream]:
        return self._stream()

    async def _stream(self) -> AsyncIterator[ModelResponseStream]:
        for chunk in self._chunks:
            yield chunk


def request() -> LlmRequest:
    """A request that offers one tool."""
    declaration = types.FunctionDeclaration(
        name="write",
        description="Writes.",
        parameters=types.Schema(type=types.Type.OBJECT, properties={"text": types.Schema(type=types.Type.STRING)}),
    )
    return LlmRequest(
        model=MODEL,
        contents=[types.Content(role="user", parts=[types.Part(text="Write.")])],
        config=types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declaration])]),
    )


def text_stream(count: int) -> list[ModelResponseStream]:
    """A turn of `count` text deltas."""
    return [*(_chunk({"content": f"word{number} "}) for number in range(count)), _chunk({}, "stop"), _usage(count)]


def argument_stream(count: int) -> list[ModelResponseStream]:
    """A turn of one tool call whose arguments come in `count` deltas."""
    head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "write", "arguments": ""}}
    pieces = ['{"text": "', *(f"word{number} " for number in range(count - 2)), '"}']
    deltas = [{"tool_calls": [head]}, *({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces)]
    return [*(_chunk(delta) for delta in deltas), _chunk({}, "tool_calls"), _usage(count)]


def _chunk(delta: dict[str, Any], finish: str | None = None) -> ModelResponseStream:
    return ModelResponseStream(id="chatcmpl-1", model="gpt-5", choices=[{"index": 0, "delta": delta, "finish_reason": finish}])


def _usage(count: int) -> ModelResponseStream:
    chunk = _chunk({})
    chunk.usage = {"prompt_tokens": 5, "completion_tokens": count, "total_tokens": count + 5}
    return chunk
