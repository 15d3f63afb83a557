# SPDX-License-Identifier: Apache-2.0
"""A planner with MCP tools that LiteLLM runs, and one tool of its own that ADK runs.

The MCP server is started when this module is imported.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.tools.tool_context import ToolContext

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.sample_models import model_arguments

from .servers import start_calendar

MODEL = os.environ.get("ADK_FIX_MODEL", "openai/gpt-5")
SCENARIO = Path(__file__).with_name("scenario.yaml")
MCP_TOOLS = [{"type": "mcp", "server_url": "litellm_proxy", "require_approval": "never"}]
QUESTIONS = (
    "How many days are there from new year's day 2026 to the first of May, and what time is it in Rome?",
    "Please note the first of May for me.",
)
"""What `adk-litellm-fix demo mcp_tools` asks: tools that LiteLLM runs inside one turn, then one of the agent's own."""


def note(date: str, what: str, tool_context: ToolContext) -> dict[str, Any]:
    """Puts an entry into the user's diary.

    Args:
        date: The day, as YYYY-MM-DD.
        what: What to remember.
        tool_context: Where the diary is kept; ADK gives it.
    """
    diary = [*tool_context.state.get("diary", []), f"{date}: {what}"]
    tool_context.state["diary"] = diary
    return {"entries": len(diary)}


start_calendar()
root_agent = LlmAgent(
    name="planner",
    description="Counts days and keeps a diary.",
    model=LiteLlm(model=MODEL, mcp_tools=MCP_TOOLS, **model_arguments(MODEL, scenario=SCENARIO)),
    instruction="Help with dates. Count with the calendar tools, and write into the diary only when you are asked to.",
    tools=[note],
)
