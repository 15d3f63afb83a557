# SPDX-License-Identifier: Apache-2.0
"""The replay provider's server: a thread of its own, so that it answers also while the agent's code blocks its event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn

from ..errors import UsageError
from .app import ReplayApp
from .pointing import Pointing
from .scenario import Scenario
from .scenario_file import load_scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.types import Scope

    from .ask import Ask

_THREAD = "replay-provider"
_LOGGERS = ("uvicorn.error", "uvicorn.access")
_RESET_ON_CLOSE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class ReplayProvider:
    """A model provider on loopback that says what a scenario tells it to.

        async with ReplayProvider("scenario.yaml") as provider:
            model = LiteLlm("vertex_ai/claude-sonnet-4-5@20250929", **provider.arguments("vertex_ai/claude-sonnet-4-5@20250929"))

    A plain `with`, or `start` and `stop`, do the same outside an event loop. Nothing is remembered between requests but the list of them.
    """

    def __init__(
        self, scenario: Scenario | str | os.PathLike[str], pace: float | None = None, port: int = 0, *, host: str = "127.0.0.1"
    ) -> None:
        """Prepare a provider.

        Args:
            scenario: What it says, or the path of the file that tells.
            pace: Tokens per second; None or 0 for as fast as possible, a model has 30 to 100.
            port: The port to listen on; 0 for a free one.
            host: The address to listen on.

        Raises:
            ScenarioError: The scenario file has a mistake.
        """
        self.scenario = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        self._host = host
        self._port = port
        self._pace = pace
        self._app = self._new_app()
        self._pointing: Pointing | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._filter = _BelowWarning()

    @property
    def base_url(self) -> str:
        """Where it listens, e.g. `http://127.0.0.1:8642`."""
        host = "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host  # noqa: S104 (compared, not bound)
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def requests(self) -> list[Ask]:
        """The requests it was asked so far, in order of arrival."""
        return self._app.requests

    @property
    def open_streams(self) -> int:
        """How many streams it is sending now: 0 as soon as the readers have closed theirs."""
        return self._app.open_streams

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point LiteLLM's providers here (see `pointing` for old LiteLLM versions)."""
        return self._directions().environment()

    def arguments(self, model: str) -> dict[str, Any]:
        """Return the arguments of `LiteLlm(model, ...)` that point this model here.

        Raises:
            UsageError: The model's provider has no wire here.
        """
        return self._directions().arguments(model)

    def start(self) -> ReplayProvider:
        """Listen, and return when requests are answered.

        Raises:
            UsageError: The port is in use, or may not be bound.
        """
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._pointing = Pointing(self.base_url)
        self._app = self._new_app()
        self._server = _Server(self._app)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, name=_THREAD, daemon=True)
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self._filter)
        self._thread.start()
        self._server.ready.wait(10)
        return self

    def stop(self) -> None:
        """Break what is still streaming and free the port."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join(10)
            for name in _LOGGERS:
                logging.getLogger(name).removeFilter(self._filter)
        if self._pointing is not None:
            self._pointing.close()
        self._server = self._thread = self._pointing = None

    def __enter__(self) -> ReplayProvider:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> ReplayProvider:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)

    def _directions(self) -> Pointing:
        if self._pointing is None:
            raise UsageError("the replay provider is not running: enter it with `with`, or call start()")
        return self._pointing

    def _new_app(self) -> ReplayApp:
        return ReplayApp(self.scenario, pace=self._pace, break_connection=self._break_connection)

    def _break_connection(self, scope: Scope) -> None:
        if self._server is not None:
            self._server.break_connection(scope)


def serve(
    scenario: Scenario | str | os.PathLike[str],
    host: str = "127.0.0.1",
    port: int = 0,
    pace: float | None = 60,
    *,
    on_ready: Callable[[ReplayProvider], None] | None = None,
) -> None:
    """Run a replay provider until it is interrupted (Ctrl-C); `on_ready` is called once it listens.

    Raises:
        ScenarioError: The scenario file has a mistake.
        UsageError: The port is in use, or may not be bound.
    """
    with ReplayProvider(scenario, pace, port, host=host) as provider, contextlib.suppress(KeyboardInterrupt):
        if on_ready is not None:
            on_ready(provider)
        while True:
            time.sleep(3600)


class _Config(uvicorn.Config):
    """Leaves the process's logging alone: `adk web` may run in the same one, and has uvicorn's loggers in use."""

    def configure_logging(self) -> None:
        pass


class _Server(uvicorn.Server):
    """Stops at once: what is still open is broken, not waited for."""

    def __init__(self, app: ReplayApp) -> None:
        # h11 and asyncio, whatever else is installed: connections are broken through their transports.
        super().__init__(_Config(app.asgi, http="h11", loop="asyncio", ws="none", lifespan="off", timeout_keep_alive=75))
        self.ready = threading.Event()
        self._app = app
        self._leaving = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self._leaving.wait()

    def stop(self) -> None:
        """Ask the server to leave; safe in any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._leave)

    def break_connection(self, scope: Scope) -> None:
        """Reset the connection a request came on, as a failing provider or network does."""
        for connection in self._connections():
            if connection.client == tuple(scope["client"]):
                connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                connection.transport.abort()

    def _leave(self) -> None:
        self._app.stop()
        for connection in self._connections():
            connection.transport.abort()
        self._leaving.set()

    def _connections(self) -> list[Any]:
        return [connection for connection in self.server_state.connections if getattr(connection, "transport", None) is not None]


class _BelowWarning(logging.Filter):
    """Keeps what uvicorn tells of this server's life out of a log that may be another server's."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.threadName != _THREAD or record.levelno >= logging.WARNING


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    if os.name == "posix":
        # A port whose last connections linger is free; one that somebody listens on is not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} on {host} is in use: choose another, or 0 for a free one") from None
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return listener
