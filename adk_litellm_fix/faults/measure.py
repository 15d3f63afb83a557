# SPDX-License-Identifier: Apache-2.0
"""One fault, one model class, one turn of a real agent: what the agent got."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from .catalogue import Fault
from .server import Answer, Connection, FaultServer

PATIENCE = 2.5
"""Seconds from its request after which a turn that does not end by itself is given up."""
CLOSING = 1.0
"""Seconds within which a provider must see that its reader has gone."""
_COLD_START = 60.0
"""Seconds that ADK and LiteLLM may take to make their first request."""
_GOODBYE = "Done."


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a turn came to."""

    tool_runs: int
    text: str
    """The text of the turn as the session keeps it."""
    error: str | None
    """The error code of an event in the session."""
    raised: str | None
    """The class of the exception that reached the caller."""
    waited: bool
    """The turn did not end by itself."""
    closed_after: float | None
    """Seconds from the reader's leaving until the provider saw it; None: it did not in time."""


async def measure(server: FaultServer, fault: Fault, make_model: Callable[[str], Any]) -> Outcome:
    """Runs one turn of a real agent on a provider that has the fault.

    Args:
        server: The provider.
        fault: What goes wrong.
        make_model: Makes the model under test, from the provider's address.
    """
    whole = Answer(steps=_goodbye())
    base = server.serve(Answer(steps=fault.steps), whole)
    turn = _Turn(make_model(f"{base}/v1"))
    running = asyncio.ensure_future(turn.run(leave=fault.abandons))
    connection = await asyncio.wait_for(server.connection(base), _COLD_START)
    waited = not (await asyncio.wait({running}, timeout=PATIENCE))[0]
    running.cancel()
    await asyncio.wait({running})
    left_at = time.monotonic()
    return await turn.outcome(waited=waited, closed_after=await _closed_after(connection, left_at))


async def _closed_after(connection: Connection, left_at: float) -> float | None:
    try:
        await asyncio.wait_for(connection.gone.wait(), CLOSING)
    except asyncio.TimeoutError:
        return None
    return max(0.0, (connection.gone_at or left_at) - left_at)


class _Turn:
    """A turn of an agent with one tool, in a session of its own."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._runs = 0
        self._raised: str | None = None
        self._runner: Any = None
        self._session: Any = None

    def send(self, to: str = "everybody") -> str:
        """Send the message."""
        self._runs += 1
        return f"sent to {to}"

    async def run(self, *, leave: bool) -> None:
        from google.adk.agents import LlmAgent
        from google.adk.agents.run_config import RunConfig, StreamingMode
        from google.adk.runners import InMemoryRunner
        from google.genai import types

        self._runner = InMemoryRunner(agent=LlmAgent(name="agent", model=self._model, tools=[self.send]), app_name="faults")
        self._session = await self._runner.session_service.create_session(app_name="faults", user_id="u")
        events = self._runner.run_async(
            user_id="u",
            session_id=self._session.id,
            new_message=types.Content(role="user", parts=[types.Part(text="Tell Ann.")]),
            run_config=RunConfig(streaming_mode=StreamingMode.SSE, max_llm_calls=4),
        )
        try:
            async with aclosing(events):
                async for _ in events:
                    if leave:
                        return
        except Exception as error:
            self._raised = type(error).__name__

    async def outcome(self, *, waited: bool, closed_after: float | None) -> Outcome:
        session = await self._runner.session_service.get_session(app_name="faults", user_id="u", session_id=self._session.id)
        own = [event for event in session.events if event.author == "agent"]
        parts = [part for event in own if event.content for part in event.content.parts or ()]
        return Outcome(
            tool_runs=self._runs,
            text="".join(part.text for part in parts if part.text and not part.thought).removesuffix(_GOODBYE),
            error=next((event.error_code for event in own if event.error_code), None),
            raised=self._raised,
            waited=waited,
            closed_after=closed_after,
        )


def _goodbye() -> list[Any]:
    from . import wires

    return [wires.openai_text(_GOODBYE), *wires.openai_end()]
