# SPDX-License-Identifier: Apache-2.0
"""A small MCP server with two tools: calendar arithmetic and the time of day anywhere. Works with mcp 1 and mcp 2.

python samples/mcp_tools/server.py 8700
"""

from __future__ import annotations

import datetime
import sys
import zoneinfo
from typing import Any

try:
    from mcp.server import MCPServer as Server  # mcp 2
except ImportError:
    from mcp.server.fastmcp import FastMCP as Server

HOST = "127.0.0.1"


def days_between(first: str, last: str) -> int:
    """Counts the days from one date to another, both as YYYY-MM-DD; negative if the second is the earlier one."""
    return (datetime.date.fromisoformat(last) - datetime.date.fromisoformat(first)).days


def time_in(zone: str) -> str:
    """Tells date and time in a time zone such as Europe/Rome."""
    return datetime.datetime.now(zoneinfo.ZoneInfo(zone)).isoformat(timespec="minutes")


def serve(port: int) -> None:
    """Serve the tools at http://127.0.0.1:PORT/mcp until the process ends."""
    placed: dict[str, Any] = {"host": HOST, "port": port}
    server = Server("calendar") if Server.__name__ == "MCPServer" else Server("calendar", **placed)
    for tool in (days_between, time_in):
        server.tool()(tool)
    server.run(transport="streamable-http", **(placed if Server.__name__ == "MCPServer" else {}))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
