# SPDX-License-Identifier: Apache-2.0
"""What `adk-litellm-fix demo litellm_proxy` shows: an agent that asks its model through the proxy."""

from __future__ import annotations

from rich.console import Console

from adk_litellm_fix.cli_demo import show_conversation

from ..conversation import Conversation
from . import agent


async def main(console: Console) -> None:
    """Ask the archivist its question."""
    await show_conversation(console, agent, Conversation(agent.root_agent, app_name="litellm_proxy"))
