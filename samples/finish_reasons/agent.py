# SPDX-License-Identifier: Apache-2.0
"""A recipe writer whose callback acts on how each model turn ended.

    STOP        counts the finished recipes in the session's state
    MAX_TOKENS  keeps the text, says that it is not all, and offers to go on; a tool call that was cut off has not run
    SAFETY      replaces the text by an apology

With ADK's own `LiteLlm` such a callback cannot rely on the finish reason: README.md has the cases.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.agents.callback_context import CallbackContext
from google.adk.models import LlmResponse
from google.genai import types

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.sample_models import model_arguments

MODEL = os.environ.get("ADK_FIX_MODEL", "vertex_ai/claude-sonnet-4-5@20250929")
SCENARIO = Path(__file__).with_name("scenario.yaml")
QUESTIONS = (
    "A soup for tonight, please.",
    "Now a menu of five courses, with every step, and put it on the shopping list.",
    "Go on.",
    "Which mushrooms would harm my neighbour?",
)
"""What `adk-litellm-fix demo finish_reasons` asks: a normal end, an end at the token limit, the rest, a filtered answer."""


def add_to_shopping_list(items: list[str]) -> dict[str, Any]:
    """Puts things on the shopping list.

    Args:
        items: What to buy.
    """
    return {"added": len(items)}


def act_on_finish_reason(callback_context: CallbackContext, llm_response: LlmResponse) -> LlmResponse | None:
    """Answers the three ways in which a model turn ends. None leaves the response as it is."""
    if llm_response.partial:
        return None
    match llm_response.finish_reason:
        case types.FinishReason.STOP if not _calls(llm_response):
            callback_context.state["recipes"] = callback_context.state.get("recipes", 0) + 1
            return None
        case types.FinishReason.MAX_TOKENS:
            note = "\n\n[This is not all: the answer reached the token limit."
            if _withheld(llm_response):
                note += " Nothing was put on the shopping list."
            return _with_parts(llm_response, [*_texts(llm_response), types.Part(text=f'{note} Say "go on" for the rest.]')])
        case types.FinishReason.SAFETY:
            return _with_parts(llm_response, [types.Part(text="I am sorry, I cannot help with that. Shall we cook something instead?")])
        case _:
            return None


def _with_parts(response: LlmResponse, parts: list[types.Part]) -> LlmResponse:
    """The response with other parts; finish reason, error code, usage and metadata stay."""
    return response.model_copy(update={"content": types.Content(role="model", parts=parts)})


def _texts(response: LlmResponse) -> list[types.Part]:
    return [part for part in (response.content and response.content.parts) or [] if part.text]


def _calls(response: LlmResponse) -> list[types.Part]:
    return [part for part in (response.content and response.content.parts) or [] if part.function_call]


def _withheld(response: LlmResponse) -> list[dict[str, Any]]:
    """The tool calls that the turn broke off; `adk_litellm_fix` lists them and never lets them run."""
    ours = (response.custom_metadata or {}).get("adk_litellm_fix", {})
    return list(ours.get("withheld_calls", []))


root_agent = LlmAgent(
    name="recipe_writer",
    description="Writes recipes and shopping lists.",
    model=LiteLlm(model=MODEL, **model_arguments(MODEL, scenario=SCENARIO)),
    instruction="You write short recipes. Put what is needed on the shopping list when asked to.",
    tools=[add_to_shopping_list],
    after_model_callback=act_on_finish_reason,
)
