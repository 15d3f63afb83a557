# SPDX-License-Identifier: Apache-2.0
"""Turns in which LiteLLM runs MCP tools itself: how they are asked for, and what their first half has cost.

With `{"type": "mcp", "server_url": "litellm_proxy", "require_approval": "never"}` among the tools, LiteLLM (or a LiteLLM Proxy) lists the
tools of its MCP servers to the model, runs the model's calls and asks it again with the results, all inside one stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_PROXY = "litellm_proxy/"


def with_mcp_tools(arguments: Mapping[str, Any], mcp_tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the arguments of `acompletion` with these tools beside the request's own.

    The answer is always streamed: without streaming LiteLLM returns the second half of the turn alone.
    """
    tools = [*(arguments.get("tools") or ()), *map(dict, mcp_tools)]
    asked = {**arguments, "stream": True, "stream_options": {**(arguments.get("stream_options") or {}), "include_usage": True}}
    if str(arguments.get("model", "")).startswith(_PROXY):
        # As `tools` they would be looked for in this process: it is the proxy that has the servers.
        asked["extra_body"] = {**(arguments.get("extra_body") or {}), "tools": tools}
    else:
        asked["tools"] = tools
    return asked


def first_usage(stream: Any) -> Any:
    """The usage of the turn before LiteLLM ran the tools, where the stream's own usage is that of the turn after alone; else None.

    Ask after the stream has ended.
    """
    iterator = getattr(stream, "_custom_iterator", None)
    if any("usage" in name for name in getattr(iterator, "__dict__", ())):
        return None  # LiteLLM 1.109 keeps account of both turns itself
    chunks = getattr(getattr(stream, "_original_wrapper", None), "chunks", None)
    reports = [usage for chunk in chunks or () if (usage := getattr(chunk, "usage", None)) is not None]
    return reports[-1] if reports else None
