# SPDX-License-Identifier: Apache-2.0
"""Clients of the user's own, whose answers are nothing like LiteLLM's."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest
from google.adk.models.llm_request import LlmRequest
from google.genai import types

from adk_litellm_fix import LiteLlm

REQUEST = LlmRequest(model="openai/gpt-5", contents=[types.Content(role="user", parts=[types.Part(text="Hi")])])


class _AnswersToEveryName(dict):  # type: ignore[type-arg]
    __getattr__ = dict.get


ANSWERS = {
    "a mock that has every attribute": MagicMock(),
    "a dict that answers to every name": _AnswersToEveryName(choices=[{"message": {"content": "Hi"}, "finish_reason": "stop"}]),
    "nothing": None,
    "text": "Hi",
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("stream", [True, False])
async def test_whatever_a_client_answers_the_turn_ends_in_one_final(name: str, stream: bool) -> None:
    client: Any = MagicMock(acompletion=AsyncMock(return_value=ANSWERS[name]))
    model = LiteLlm("openai/gpt-5").model_copy(update={"llm_client": client})

    async def finals() -> list[Any]:
        return [
            response
            async for response in model.generate_content_async(REQUEST.model_copy(deep=True), stream=stream)
            if not response.partial
        ]

    found = await asyncio.wait_for(finals(), 20)
    assert len(found) == 1
    assert found[0].finish_reason is not None
    assert (found[0].error_code is None) == ("choices" in (ANSWERS[name] or ()) if isinstance(ANSWERS[name], dict) else False)
