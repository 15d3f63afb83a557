# SPDX-License-Identifier: Apache-2.0
"""How to talk to an agent from a program: ADK's in-memory runner, streaming (SSE) or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from google.adk.agents import BaseAgent, RunConfig
from google.adk.agents.run_config import StreamingMode
from google.adk.events import Event
from google.adk.runners import InMemoryRunner
from google.genai import types


class Conversation:
    """One session with an agent."""

    def __init__(self, agent: BaseAgent, *, app_name: str) -> None:
        self._runner = InMemoryRunner(agent=agent, app_name=app_name)
        self._app_name = app_name
        self._session_id: str | None = None

    async def ask(self, message: str, *, streaming: bool = True) -> AsyncIterator[Event]:
        """Send a message and yield the events of its answer, in order; with `streaming`, partial ones as they come.

        Raises whatever the model call raises.
        """
        if self._session_id is None:
            session = await self._runner.session_service.create_session(app_name=self._app_name, user_id="user")
            self._session_id = session.id
        run = self._runner.run_async(
            user_id="user",
            session_id=self._session_id,
            new_message=types.Content(role="user", parts=[types.Part(text=message)]),
            run_config=RunConfig(streaming_mode=StreamingMode.SSE if streaming else StreamingMode.NONE),
        )
        async with aclosing(run) as events:
            async for event in events:
                yield event
