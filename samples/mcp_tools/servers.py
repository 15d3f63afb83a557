# SPDX-License-Identifier: Apache-2.0
"""Starts the sample's MCP server and makes it known to LiteLLM in this process."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from adk_litellm_fix.errors import UsageError

START_SECONDS = 60


@functools.cache
def start_calendar() -> str:
    """Start the calendar server, once per process, tell LiteLLM about it, and return its URL. It is stopped at exit.

    Raises:
        UsageError: LiteLLM's MCP gateway is not installed, or the server did not start.
    """
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603 (our own file)
        [sys.executable, str(Path(__file__).with_name("server.py")), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    atexit.register(process.terminate)
    _wait(port, process)
    url = f"http://127.0.0.1:{port}/mcp"
    # An event loop may be running here already: `adk web` imports agents inside its own. And the gateway leaves a task behind in its loop.
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="mcp-gateway", daemon=True).start()
    asyncio.run_coroutine_threadsafe(_register(url), loop).result(START_SECONDS)
    return url


async def _register(url: str) -> None:
    await _manager().load_servers_from_config({"calendar": {"url": url, "transport": "http", "allow_all_keys": True}})


def _manager():  # type: ignore[no-untyped-def]
    try:
        from litellm.proxy._experimental.mcp_server.mcp_server_manager import global_mcp_server_manager
    except ImportError as error:
        raise UsageError(f"LiteLLM's MCP gateway cannot be imported ({error}): pip install 'adk-litellm-fix[proxy]'") from None
    return global_mcp_server_manager


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    process.terminate()
    raise UsageError("the MCP server did not start; `python samples/mcp_tools/server.py 8700` says why")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
