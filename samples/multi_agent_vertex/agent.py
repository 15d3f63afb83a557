# SPDX-License-Identifier: Apache-2.0
"""A hike desk: a coordinator on Claude hands over to specialists on GPT, both via Vertex AI.

    hike_desk (Claude)  ->  guide (GPT): walking_time, arrival
                        ->  quartermaster (GPT): pack_weight, trip_cost

Run it with `adk run samples/multi_agent_vertex`, `adk web samples` or `adk-litellm-fix demo`. Without Google Cloud credentials a replay
provider on this machine plays the models from scenario.yaml; README.md says how to run it on Vertex AI.
"""

from __future__ import annotations

import os
from pathlib import Path

from google.adk.agents import LlmAgent

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.sample_models import model_arguments

from .tools import arrival, pack_weight, trip_cost, walking_time

COORDINATOR_MODEL = os.environ.get("ADK_FIX_COORDINATOR_MODEL", "vertex_ai/claude-sonnet-4-5@20250929")
SPECIALIST_MODEL = os.environ.get("ADK_FIX_SPECIALIST_MODEL", "vertex_ai/openai/gpt-oss-120b-maas")
SCENARIO = Path(__file__).with_name("scenario.yaml")


def _model(name: str) -> LiteLlm:
    """The model, on its real provider if there are credentials for it, else played from the scenario."""
    return LiteLlm(model=name, **model_arguments(name, scenario=SCENARIO))


guide = LlmAgent(
    name="guide",
    description="Knows the paths: walking times, arrival, daylight.",
    model=_model(SPECIALIST_MODEL),
    instruction=(
        "You are a mountain guide. Ask walking_time for all legs of the walk at once, then arrival for the whole day, with one hour of "
        "breaks. Say in two sentences whether the group arrives in daylight. If gear or cost is still open, transfer to quartermaster."
    ),
    tools=[walking_time, arrival],
)

quartermaster = LlmAgent(
    name="quartermaster",
    description="Knows the gear and the prices: pack weight, cost in any currency.",
    model=_model(SPECIALIST_MODEL),
    instruction=(
        "You run the store of a hut. Ask pack_weight and trip_cost at once. For a night at the hut each person needs a sleeping bag, a "
        "rain jacket, a warm jacket, water and lunch; a group takes one first aid kit. Give the numbers in one sentence, then transfer "
        "to hike_desk."
    ),
    tools=[pack_weight, trip_cost],
)

root_agent = LlmAgent(
    name="hike_desk",
    description="Plans hikes with a guide and a quartermaster.",
    model=_model(COORDINATOR_MODEL),
    instruction=(
        "You plan hikes between Larch, Silver Pass, Lake Hut and Mill Station. Transfer questions of way and time to guide, questions of "
        "gear and cost to quartermaster. Never guess a number. When both have answered, sum up in a short list."
    ),
    sub_agents=[guide, quartermaster],
)

QUESTIONS = (
    "Two of us want to walk from Larch over Silver Pass to Lake Hut on Saturday, setting out at 8:30. Are we there before dark (19:40)? "
    "What do we carry, and what does it cost in euros with one night at the hut?",
)
"""What `adk-litellm-fix demo` asks."""
