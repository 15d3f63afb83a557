# SPDX-License-Identifier: Apache-2.0
"""What `adk-litellm-fix demo finish_reasons` shows: four questions, four ways to end."""

from __future__ import annotations

from rich.console import Console

from adk_litellm_fix.cli_demo import show_conversation

from ..conversation import Conversation
from . import agent


async def main(console: Console) -> None:
    """Ask the recipe writer its questions."""
    await show_conversation(console, agent, Conversation(agent.root_agent, app_name="finish_reasons"))
