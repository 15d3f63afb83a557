# SPDX-License-Identifier: Apache-2.0
"""How long a stream may say nothing, and the clock that measures it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Limits to the silence of a stream, in seconds; None: no limit."""

    first_chunk: float | None = None
    """From the request to the first chunk. Comments and pings do not count."""
    idle: float | None = None
    """Between two signs of life after that: chunks, comments and pings. Without `first_chunk`, since the provider began to answer."""


class SilenceError(Exception):
    """A read was given up because nothing came for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing came for {seconds:g} seconds")
        self.seconds = seconds


_EXCUSED = 0.05
"""Seconds by which the timer may be late before the event loop counts as blocked."""
_LAST_TURNS = 8
"""Turns of the event loop in which what has arrived already can still become a chunk."""


class Limit:
    """Gives up what is awaited in its block when `seconds` have passed without a sign of life.

        limit = Limit(seconds, last_heard=...)
        with limit:
            chunk = await stream.__anext__()

    The clock runs only inside the block, which may be entered again for each read and costs a few attribute accesses then: one timer of the
    event loop serves many reads, and is moved only when it fires. `asyncio.timeout` does not exist on Python 3.10; `asyncio.wait_for` makes
    a task for each read. Once per read the time starts anew when the event loop itself was blocked: the source may have spoken.

    Args:
        seconds: How long the silence may last.
        last_heard: When the source last gave a sign of life that ended no read (`time.monotonic`).

    Raises:
        SilenceError: On leaving the block, in place of whatever the cancelled read raised.
    """

    __slots__ = ("_begun", "_cancelling", "_excused", "_expired", "_last_heard", "_task", "_timer", "seconds")

    def __init__(self, seconds: float, last_heard: Callable[[], float] = lambda: 0.0) -> None:
        self.seconds = seconds
        self._last_heard = last_heard
        self._begun: float | None = None
        self._cancelling = 0
        self._excused = False
        self._expired = False
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.Handle | None = None

    def __enter__(self) -> None:
        self._begun = time.monotonic()
        self._task = asyncio.current_task()
        self._cancelling = _cancelling(self._task)
        self._excused = False
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.seconds, self._ring)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._begun = None
        if not self._expired:
            return
        self._expired = False
        take_back = getattr(self._task, "uncancel", None)
        if take_back is not None:
            take_back()
        # Somebody else may have cancelled the task as well, which must go on. Python 3.10 cannot know.
        if kind is not None and _cancelling(self._task) <= self._cancelling:
            raise SilenceError(self.seconds) from None

    def _ring(self) -> None:
        """Looks after the read when its time may be over."""
        self._timer = None
        if self._begun is None:
            return
        late = time.monotonic() - self._due()
        if late > _EXCUSED and not self._excused:
            self._excused = True
            self._begun = time.monotonic()
            late = -self.seconds
        if late < 0:
            self._timer = asyncio.get_running_loop().call_later(-late, self._ring)
        else:
            self._last_call(self._begun, _LAST_TURNS)

    def _due(self) -> float:
        return max(self._begun or 0.0, self._last_heard()) + self.seconds

    def _last_call(self, begun: float, turns: int) -> None:
        """Gives the read up, unless it ends in the next turns of the event loop."""
        self._timer = None
        if self._begun is None or self._task is None:
            return
        if self._begun != begun or self._due() > time.monotonic():
            self._ring()
        elif turns:
            self._timer = asyncio.get_running_loop().call_soon(self._last_call, begun, turns - 1)
        else:
            self._expired = True
            self._task.cancel()

    def stop(self) -> None:
        """Drops the timer. The limit can be used again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _cancelling(task: asyncio.Task[object] | None) -> int:
    """How many cancellations the task has been asked for and not taken back; 0 where that is not counted (Python 3.10)."""
    count = getattr(task, "cancelling", None)
    return count() if count is not None else 0
