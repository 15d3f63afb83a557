# SPDX-License-Identifier: Apache-2.0
"""A provider on loopback that sends raw frames, breaks off as it is told, and sees when its reader has gone."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Union

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_TOKEN = json.dumps({"access_token": "loopback", "token_type": "Bearer", "expires_in": 3600}).encode()


@dataclass(frozen=True, slots=True)
class Wait:
    """Says nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """Sends a frame again and again, until the reader has gone or the times are over."""

    frame: bytes
    every: float = 0.0
    """Seconds between two of them."""
    times: int = 2**31


@dataclass(frozen=True, slots=True)
class Reset:
    """Breaks the connection by a TCP reset, after the reader had the time to take what was sent."""

    after: float = 0.05


@dataclass(frozen=True, slots=True)
class EndEarly:
    """Closes the connection without the end of the chunked body."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Says nothing until the reader has gone."""


Step = Union[bytes, Wait, Repeat, Reset, EndEarly, Hang]
"""Bytes are sent as one HTTP chunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one request is answered. An answer that does not end otherwise ends its body properly."""

    steps: Sequence[Step]
    media: str = "text/event-stream"
    status: int = 200
    silent: bool = False
    """Not even the head of the answer is sent, until the steps are over."""


@dataclass(slots=True, eq=False)
class Connection:
    """One request, and what has become of it."""

    path: str
    body: bytes
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the reader has closed its end, or the answer is complete."""
    gone_at: float | None = None
    """When that was (`time.monotonic`)."""
    complete: bool = False
    """The whole answer was sent."""
    sent: int = 0
    """How many frames were sent."""


class FaultServer:
    """Serves answers below addresses of their own, in the running event loop.

    async with FaultServer() as server:
        base = server.serve(Answer(steps=[...]))
        connection = await server.connection()
    """

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        """The requests so far, without those for a token."""
        self.keeps = True
        """Whether `connections` is kept: long runs turn it off."""
        self.open = 0
        """How many answers are being sent now."""
        self._answers: list[Sequence[Answer]] = []
        self._given: dict[int, int] = {}
        self._server: asyncio.AbstractServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._came = asyncio.Condition()

    async def __aenter__(self) -> FaultServer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=2_048)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def serve(self, *answers: Answer) -> str:
        """Returns the address below which requests get these answers, in turn; the last one stays."""
        self._answers.append(answers)
        return f"{self.base_url}/{len(self._answers) - 1}"

    async def connection(self, base: str | None = None) -> Connection:
        """Waits for the first request, or the first below an address."""
        prefix = "/" if base is None else base.removeprefix(self.base_url) + "/"

        async with self._came:
            while True:
                for connection in self.connections:
                    if connection.path.startswith(prefix):
                        return connection
                await self._came.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._answer_request(reader, writer)
        writer.close()

    async def _answer_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path, body = await _read_request(reader)
        if path.endswith("/token"):
            await _send_whole(writer, _TOKEN)
            return
        connection = Connection(path=path, body=body)
        if self.keeps:
            async with self._came:
                self.connections.append(connection)
                self._came.notify_all()
        answer = self._next(path)
        self.open += 1
        leaving = asyncio.ensure_future(_read_to_end(reader))
        sending = asyncio.ensure_future(self._send(writer, answer, connection))
        try:
            await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (leaving, sending):
                task.cancel()
            await asyncio.gather(leaving, sending, return_exceptions=True)
            connection.gone_at = time.monotonic()
            connection.gone.set()
            self.open -= 1

    def _next(self, path: str) -> Answer:
        number = int(path.strip("/").partition("/")[0].partition(":")[0])
        answers = self._answers[number]
        given = self._given.get(number, 0)
        self._given[number] = given + 1
        return answers[min(given, len(answers) - 1)]

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer, connection: Connection) -> None:
        head = (
            f"HTTP/1.1 {answer.status} Whatever\r\nContent-Type: {answer.media}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        ).encode()
        if not answer.silent:
            writer.write(head)
        for step in answer.steps:
            if await _take(step, writer, connection):
                return
        writer.write((head if answer.silent else b"") + b"0\r\n\r\n")
        await writer.drain()
        connection.complete = True


async def _take(step: Step, writer: asyncio.StreamWriter, connection: Connection) -> bool:
    """Takes one step; returns whether it was the last."""
    if isinstance(step, bytes):
        await _send_frames(writer, connection, [step])
    elif isinstance(step, Wait):
        await asyncio.sleep(step.seconds)
    elif isinstance(step, Repeat):
        for _ in range(step.times):
            await _send_frames(writer, connection, [step.frame])
            await asyncio.sleep(step.every)
    elif isinstance(step, Hang):
        await asyncio.Event().wait()
    elif isinstance(step, Reset):
        await asyncio.sleep(step.after)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        writer.transport.abort()
        return True
    else:
        return True
    return False


async def _send_frames(writer: asyncio.StreamWriter, connection: Connection, frames: Iterable[bytes]) -> None:
    for frame in frames:
        writer.write(b"%x\r\n%s\r\n" % (len(frame), frame))
        connection.sent += 1
    await writer.drain()


async def _send_whole(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    path = head.split(" ", 2)[1]
    lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
    return path, await reader.readexactly(int(lengths[0])) if lengths else b""


async def _read_to_end(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass
