# SPDX-License-Identifier: Apache-2.0
"""What `adk-litellm-fix demo` shows: one question, and the whole team at work on it."""

from __future__ import annotations

from rich.console import Console

from adk_litellm_fix.cli_demo import show_conversation

from ..conversation import Conversation
from . import agent


async def main(console: Console) -> None:
    """Ask the hike desk its question."""
    await show_conversation(console, agent, Conversation(agent.root_agent, app_name="multi_agent_vertex"))
