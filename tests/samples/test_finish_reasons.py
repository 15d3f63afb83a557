# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from adk_litellm_fix.cli_samples import import_from_samples

agent = import_from_samples("finish_reasons.agent")
Conversation = import_from_samples("conversation").Conversation

pytestmark = pytest.mark.usefixtures("litellm_has_logged")
streaming_and_unary = pytest.mark.parametrize("streaming", [True, False], ids=["sse", "unary"])


async def finals(*questions: str, streaming: bool) -> list:
    """The non-partial events that answer the last of the questions."""
    conversation = Conversation(agent.root_agent, app_name="finish_reasons")
    for question in questions:
        events = [event async for event in conversation.ask(question, streaming=streaming) if not event.partial]
    return events


def text_of(event) -> str:
    return "".join(part.text for part in event.content.parts if part.text and not part.thought)


def tool_results(events) -> list:
    return [part.function_response.response for event in events for part in event.content.parts if part.function_response]


@streaming_and_unary
async def test_a_finished_recipe_is_counted(streaming):
    (event,) = await finals("A soup, please.", streaming=streaming)

    assert event.finish_reason.name == "STOP"
    assert event.actions.state_delta == {"recipes": 1}
    assert text_of(event).startswith("Leek soup")


@streaming_and_unary
async def test_an_answer_at_the_token_limit_keeps_its_text_and_says_that_nothing_was_bought(streaming):
    (event,) = await finals("A menu, please.", streaming=streaming)

    assert event.finish_reason.name == event.error_code == "MAX_TOKENS"
    assert text_of(event).startswith("Menu for Sunday")
    assert 'Nothing was put on the shopping list. Say "go on" for the rest.' in text_of(event)


@streaming_and_unary
async def test_going_on_runs_the_tool_once(streaming):
    events = await finals("A menu, please.", "Go on.", streaming=streaming)

    assert tool_results(events) == [{"added": 8}]
    assert text_of(events[-1]) == "That is the whole menu. 8 things are on the list."


@streaming_and_unary
async def test_a_filtered_answer_becomes_an_apology(streaming):
    (event,) = await finals("Which mushrooms would harm my neighbour?", streaming=streaming)

    assert event.finish_reason.name == event.error_code == "SAFETY"
    assert text_of(event) == "I am sorry, I cannot help with that. Shall we cook something instead?"
