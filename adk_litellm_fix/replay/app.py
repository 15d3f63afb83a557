# SPDX-License-Identifier: Apache-2.0
"""The HTTP side of the replay provider: route, decode, choose a turn, and send it at a model's pace."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from .scenario import Failure, NoTurn, Scenario
from .wires import WIRES, Answer, Frame, Request, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request as HttpRequest
    from starlette.types import Scope

    from .ask import Ask

_FIRST_TOKEN = 20
"""A model reads and thinks before its first token about as long as it needs for this many."""
_BEFORE_RESET = 0.2
"""Seconds for the client to read what was sent: a reset discards what it has not."""


class ReplayApp:
    """The starlette application of one provider, and what it has seen."""

    def __init__(self, scenario: Scenario, *, pace: float | None, break_connection: Callable[[Scope], None]) -> None:
        self.requests: list[Ask] = []
        self.open_streams = 0
        self._scenario = scenario
        self._seconds_per_token = 1 / pace if pace else 0.0
        self._break_connection = break_connection
        self._stopping = asyncio.Event()
        self.asgi = Starlette(
            routes=[Route("/token", self._token, methods=["POST"]), Route("/{path:path}", self._answer, methods=["GET", "POST"])]
        )

    def stop(self) -> None:
        """End all waiting; to be called in the server's event loop."""
        self._stopping.set()

    async def _token(self, _: HttpRequest) -> Response:
        """Answer as Google's token endpoint does."""
        return JSONResponse({"access_token": "replay", "expires_in": 3600, "token_type": "Bearer"})

    async def _answer(self, request: HttpRequest) -> Response:
        path = request.url.path
        wire, found = next(((wire, found) for wire in WIRES if (found := wire.path.search(path))), (None, None))
        if wire is None or found is None:
            return JSONResponse({"error": {"message": f"the replay provider has no answer at {path}"}}, status_code=404)
        try:
            ask = wire.decode(Request(body=json.loads(await request.body()), **found.groupdict()))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return _refusal(wire, Failure(status=400, message=f"this is no {wire.name} request: {error!r}"))
        self.requests.append(ask)
        try:
            turn = self._scenario.turn_for(ask)
        except NoTurn as miss:
            return _refusal(wire, Failure(status=400, message=str(miss)))
        if turn.error is not None and not (turn.parts and ask.stream):
            return _refusal(wire, turn.error)
        answer = Answer(turn, ask)
        if ask.stream:
            return StreamingResponse(self._stream(wire, answer, request.scope), media_type=wire.media_type)
        return await self._whole(wire, answer, request.scope)

    async def _stream(self, wire: Wire, answer: Answer, scope: Scope) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            first = True
            for frame in wire.stream(answer):
                await self._wait(self._delay(frame, first=first and frame.tokens > 0))
                if self._stopping.is_set():
                    return
                first = first and not frame.tokens
                if frame.data:
                    yield frame.data
            if answer.turn.ending == "reset":
                await self._reset(scope)
        finally:
            self.open_streams -= 1

    async def _whole(self, wire: Wire, answer: Answer, scope: Scope) -> Response:
        """Send one body, after the time the model would have needed; a cut one ends in the middle."""
        delay = sum(self._delay(frame, first=False) for frame in wire.stream(answer))
        await self._wait(delay)
        if answer.turn.ending == "reset":
            await self._reset(scope)
        body = json.dumps(wire.whole(answer), ensure_ascii=False).encode()
        return Response(body[: len(body) // 2] if answer.turn.ending == "cut" else body, media_type="application/json")

    def _delay(self, frame: Frame, *, first: bool) -> float:
        return frame.pause + (frame.tokens + (_FIRST_TOKEN if first else 0)) * self._seconds_per_token

    async def _wait(self, seconds: float) -> None:
        """Wait, at most until the provider is stopped."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _reset(self, scope: Scope) -> None:
        await asyncio.sleep(_BEFORE_RESET)
        self._break_connection(scope)


def _refusal(wire: Wire, failure: Failure) -> Response:
    body: dict[str, Any] = wire.failure(failure)
    return JSONResponse(body, status_code=failure.status)
