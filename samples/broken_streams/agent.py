# SPDX-License-Identifier: Apache-2.0
"""The same agent twice, on ADK's own `LiteLlm` and on ours, reading the same broken streams.

The tool does something one would not want by mistake: `cancel_bookings(which="all")`. It notes each run, so that "it ran" is measured. In
`adk web samples`, say "Cancel Tuesday" and name a fault of scenario.yaml, such as "cut after the name"; both agents answer.
`adk-litellm-fix demo broken_streams` prints all faults as a table.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from google.adk.agents import BaseAgent, InvocationContext, LlmAgent
from google.adk.events import Event
from google.adk.models.lite_llm import LiteLlm as AdkLiteLlm

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.sample_models import replay_arguments

MODEL = os.environ.get("ADK_FIX_MODEL", "openai/gpt-5")
SCENARIO = Path(__file__).with_name("scenario.yaml")


class BookingDesk:
    """Three bookings, and a log of what was cancelled."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []
        """The argument of each run of the tool, in order."""

    def cancel_bookings(self, which: str = "all") -> dict[str, Any]:
        """Cancels bookings.

        Args:
            which: A weekday, or "all".
        """
        self.cancelled.append(which)
        return {"cancelled": which, "log": list(self.cancelled)}


def booking_agent(name: str, model_class: type[AdkLiteLlm], desk: BookingDesk) -> LlmAgent:
    """Make the agent, on the given model class. The model's provider is always the replay: no provider breaks a stream on request."""
    return LlmAgent(
        name=name,
        description=f"Cancels bookings; runs on {model_class.__module__}.{model_class.__name__}.",
        model=model_class(model=MODEL, **replay_arguments(MODEL, scenario=SCENARIO)),
        instruction="You cancel bookings when asked to.",
        tools=[desk.cancel_bookings],
    )


class SideBySide(BaseAgent):
    """Lets its sub-agents answer the same message one after the other; none sees what the others said."""

    async def _run_async_impl(self, ctx: InvocationContext) -> AsyncGenerator[Event, None]:
        for agent in self.sub_agents:
            context = ctx.model_copy(update={"branch": f"{self.name}.{agent.name}"})
            async for event in agent.run_async(context):
                yield event


root_agent = SideBySide(
    name="broken_streams",
    description="The same broken stream on ADK's LiteLlm and on adk_litellm_fix.LiteLlm.",
    sub_agents=[
        booking_agent("on_adk", AdkLiteLlm, BookingDesk()),
        booking_agent("on_adk_litellm_fix", LiteLlm, BookingDesk()),
    ],
)
