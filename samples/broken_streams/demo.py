# SPDX-License-Identifier: Apache-2.0
"""What `adk-litellm-fix demo broken_streams` shows: fault by fault, what each class lets run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import metadata

from google.adk.events import Event
from google.adk.models.lite_llm import LiteLlm as AdkLiteLlm
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adk_litellm_fix import LiteLlm, __version__

from ..conversation import Conversation
from .agent import BookingDesk, booking_agent

FAULTS = (
    "no fault",
    "token limit after the name",
    "cut after the name",
    "cut in the arguments",
    "content filter",
    "arguments repeated at the end",
    "quoted in prose",
)
"""Each is part of the message, and so chooses the scene."""
WHOLE = ("no fault", "arguments repeated at the end")
"""Those after which the tool should run, once."""
PATIENCE = 5
"""Seconds. One stream keeps ADK's runner busy for ever."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What an agent made of one stream."""

    ran: list[str]
    """The tool's argument at each of its runs."""
    ending: str
    """Finish reason of the first model turn, and its error code if that is another word; or how the agent failed to answer."""
    withheld: bool
    """Whether calls were reported as withheld."""


async def outcome(fault: str, model_class: type[AdkLiteLlm], *, patience: float = 60) -> Outcome:
    """Ask a fresh agent on the class to cancel Tuesday's booking, over a stream with the fault, for so many seconds."""
    desk = BookingDesk()
    conversation = Conversation(booking_agent("clerk", model_class, desk), app_name="broken_streams")
    finals: list[Event] = []

    async def listen() -> None:
        finals.extend([event async for event in conversation.ask(f"Cancel Tuesday ({fault}).") if not event.partial])

    failure = ""
    try:
        await asyncio.wait_for(listen(), patience)
    except asyncio.TimeoutError:
        failure = f"no end within {patience} s"
    except Exception as error:
        failure = type(error).__name__
    ending = failure or (_ending(finals[0]) if finals else "no final response")
    return Outcome(ran=desk.cancelled, ending=ending, withheld=any(map(_withheld, finals)))


def _ending(event: Event) -> str:
    reason = event.finish_reason.name if event.finish_reason else "no finish reason"
    return reason if event.error_code in (None, reason) else f"{reason}, {event.error_code}"


def _withheld(event: Event) -> bool:
    return bool((event.custom_metadata or {}).get("adk_litellm_fix", {}).get("withheld_calls"))


def _cell(result: Outcome, *, wanted: list[str]) -> Text:
    runs = ", ".join(f'"{which}"' for which in result.ran)
    said = f"ran {runs}" if runs else "withheld" if result.withheld else "no call"
    return Text.assemble((said, "green" if result.ran == wanted else "bold red"), "\n", (result.ending, "dim"))


async def main(console: Console) -> None:
    """Print the table."""
    table = Table("stream", f"google-adk {metadata.version('google-adk')}", f"adk_litellm_fix {__version__}", show_lines=True)
    for model_class in (AdkLiteLlm, LiteLlm):
        # LiteLLM imports more with its first call, which would count against the patience.
        await outcome("no fault", model_class)
    for fault in FAULTS:
        wanted = ["Tuesday"] if fault in WHOLE else []
        theirs, ours = await outcome(fault, AdkLiteLlm, patience=PATIENCE), await outcome(fault, LiteLlm, patience=PATIENCE)
        table.add_row(fault, _cell(theirs, wanted=wanted), _cell(ours, wanted=wanted))
    console.print('An agent is told "Cancel Tuesday". Which runs of cancel_bookings does the stream lead to?')
    console.print(table)
