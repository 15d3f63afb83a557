# SPDX-License-Identifier: Apache-2.0
"""What `adk-litellm-fix demo mcp_tools` shows: one turn in which LiteLLM runs MCP tools, and one in which ADK runs the agent's own."""

from __future__ import annotations

from rich.console import Console

from adk_litellm_fix.cli_demo import show_conversation

from ..conversation import Conversation
from . import agent


async def main(console: Console) -> None:
    """Ask the planner its questions."""
    await show_conversation(console, agent, Conversation(agent.root_agent, app_name="mcp_tools"))
