# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from adk_litellm_fix.cli_samples import import_from_samples

pytestmark = pytest.mark.usefixtures("litellm_has_logged")
agent = import_from_samples("multi_agent_vertex.agent")
tools = import_from_samples("multi_agent_vertex.tools")
Conversation = import_from_samples("conversation").Conversation


async def events_of(*, streaming: bool) -> list:
    conversation = Conversation(agent.root_agent, app_name="multi_agent_vertex")
    return [event async for event in conversation.ask(agent.QUESTIONS[0], streaming=streaming)]


def parts_of(event) -> list:
    return (event.content and event.content.parts) or []


def text_of(events) -> str:
    return "".join(part.text for event in events for part in parts_of(event) if part.text and not part.thought)


def model_turns(events) -> list[tuple[list, object]]:
    """Each model turn as its partial events and its final one."""
    turns, partials = [], []
    for event in events:
        if any(part.function_response for part in parts_of(event)):
            continue
        if event.partial:
            partials.append(event)
        else:
            turns.append((partials, event))
            partials = []
    assert not partials, "the last turn has no final response"
    return turns


def results_of(events) -> list[tuple[str, dict]]:
    results = [part.function_response for event in events for part in parts_of(event) if part.function_response]
    return [(result.name, result.response) for result in results]


@pytest.mark.parametrize("streaming", [True, False], ids=["sse", "unary"])
async def test_the_desk_hands_over_to_both_specialists_and_sums_up_what_their_tools_computed(streaming):
    events = await events_of(streaming=streaming)

    speakers = [final.author for _, final in model_turns(events)]
    assert speakers == ["hike_desk", "guide", "guide", "guide", "quartermaster", "quartermaster", "hike_desk"]
    arrival = tools.arrival("08:30", 380, 60, "19:40")
    weight = tools.pack_weight(["sleeping bag", "rain jacket", "warm jacket", "water", "lunch", "first aid kit"], 2)
    cost = tools.trip_cost(2, 1, "EUR")
    assert [result for result in results_of(events) if result[0] != "transfer_to_agent"] == [
        ("walking_time", tools.walking_time("Larch", "Silver Pass")),
        ("walking_time", tools.walking_time("Silver Pass", "Lake Hut")),
        ("arrival", arrival),
        ("pack_weight", weight),
        ("trip_cost", cost),
    ]
    answer = text_of([events[-1]])
    for number in (arrival["arrival"], arrival["daylight_left_minutes"], weight["kg_each"], cost["total"]):
        assert str(number) in answer


@pytest.mark.parametrize("streaming", [True, False], ids=["sse", "unary"])
async def test_every_model_turn_ends_in_one_final_response_with_finish_reason_and_usage(streaming):
    for partials, final in model_turns(await events_of(streaming=streaming)):
        assert final.finish_reason.name == "STOP"
        assert final.error_code is None
        assert final.usage_metadata.total_token_count > 0
        assert all(event.finish_reason is None for event in partials)


async def test_partial_texts_add_up_to_the_text_of_their_final_response():
    turns = model_turns(await events_of(streaming=True))

    assert sum(len(partials) for partials, _ in turns) > 20, "nothing was streamed"
    for partials, final in turns:
        assert text_of(partials) == text_of([final])


async def test_the_streamed_conversation_is_the_unary_one():
    streamed, unary = await events_of(streaming=True), await events_of(streaming=False)

    assert [text_of([final]) for _, final in model_turns(streamed)] == [text_of([final]) for _, final in model_turns(unary)]
    assert results_of(streamed) == results_of(unary)


def test_claude_coordinates_and_gpt_specializes_via_vertex():
    assert agent.root_agent.model.model == "vertex_ai/claude-sonnet-4-5@20250929"
    assert {child.model.model for child in agent.root_agent.sub_agents} == {"vertex_ai/openai/gpt-oss-120b-maas"}


def test_a_leg_takes_as_long_back_as_its_climb_demands():
    there, back = tools.walking_time("Larch", "Silver Pass"), tools.walking_time("Silver Pass", "Larch")

    # DIN 33466 by hand: 7.2 km at 4 km/h are 108 min; 980 m up 196 min, 60 m down 7.2 min; the larger and half the smaller.
    assert there == {"km": 7.2, "ascent_m": 980, "descent_m": 60, "minutes": 257}
    assert back == {"km": 7.2, "ascent_m": 60, "descent_m": 980, "minutes": 184}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (tools.walking_time("Larch", "Moon"), "no leg from Larch to Moon"),
        (tools.arrival("half past eight", 1, 1, "19:40"), "clock times"),
        (tools.pack_weight(["piano"], 2), "Not in the store: piano"),
        (tools.pack_weight(["rope"], 0), "at least 1"),
        (tools.trip_cost(2, 1, "XXX"), "No rate for XXX"),
    ],
)
def test_a_tool_tells_the_model_what_it_got_wrong(result, said):
    assert said in result["error"]
