# SPDX-License-Identifier: Apache-2.0
"""Closes a stream with everything that it holds, down to the provider's connection.

`aclose` of LiteLLM's stream is not enough: LiteLLM 1.80 has none, later ones do not reach the HTTP response of every provider (a generator
that has not been read yet, or was left in the middle, does not run its `finally`). So what a stream holds is looked for: the iterators it
reads from, the local variables of suspended generators, the HTTP response at the bottom. Best effort as all of this package: of a
stream whose inside is not as expected only its own `aclose` or `close` is called.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Iterator
from typing import Any

logger = logging.getLogger("adk_litellm_fix")

CLOSING_SECONDS = 1.0
"""How long the closing of one stream may take before it is given up."""

_HOLDERS = ("completion_stream", "streaming_response", "response_iterator", "async_response_iterator", "response", "_async_generator",
            "_iterator", "_source", "_stream", "_base_stream", "model_response", "base_iterator")  # fmt: skip
"""Attributes under which LiteLLM's and the SDKs' streams keep what they read from."""
_FRAMES = ("ag_frame", "gi_frame", "cr_frame")
_MOST = 64
"""A stream that holds more objects than this is not as expected."""


async def close_stream(*streams: Any) -> None:
    """Closes what is left of one stream, each layer given from the outermost to the innermost, and all that these hold.

    Returns when everything is closed, or after `CLOSING_SECONDS`. Never raises of itself: a stream that cannot be closed is logged at DEBUG.
    A cancellation of the caller does not end the closing, which then goes on in the background for that time at most.
    """
    closing = asyncio.ensure_future(_close_all([stream for stream in streams if stream is not None]))
    # Whoever abandons a stream is often being cancelled, again and again by anyio: `wait` leaves the task alone. The timer holds it.
    timer = asyncio.get_running_loop().call_later(CLOSING_SECONDS, closing.cancel)
    closing.add_done_callback(lambda _: timer.cancel())
    await asyncio.wait({closing})


async def _close_all(streams: list[Any]) -> None:
    responses = list(_responses(streams))
    for closable in (*streams, *responses):
        try:
            await _close(closable)
        except Exception:
            logger.debug("closing %s failed", type(closable), exc_info=True)


async def _close(closable: Any) -> None:
    close = getattr(closable, "aclose", None) or getattr(closable, "close", None)
    closed = close() if callable(close) else None
    if inspect.isawaitable(closed):
        await closed


def _responses(streams: list[Any]) -> Iterator[Any]:
    """Finds the HTTP responses that the streams hold and have not closed."""
    seen: set[int] = set()
    waiting = list(streams)
    while waiting and len(seen) < _MOST:
        holder = waiting.pop()
        if id(holder) in seen:
            continue
        seen.add(id(holder))
        if _is_response(holder):
            yield holder
        else:
            waiting.extend(_held(holder))


def _is_response(value: Any) -> bool:
    """Whether this is a response of httpx, or of a client with its interface."""
    return hasattr(type(value), "aclose") and hasattr(type(value), "aiter_raw") and hasattr(value, "status_code")


def _held(holder: Any) -> Iterator[Any]:
    attributes = getattr(holder, "__dict__", None)
    if isinstance(attributes, dict):
        yield from (attributes[name] for name in _HOLDERS if attributes.get(name) is not None)
    for name in _FRAMES:
        frame = getattr(holder, name, None)
        if frame is not None:
            yield from (value for value in frame.f_locals.values() if _may_hold(value))


def _may_hold(value: Any) -> bool:
    return hasattr(value, "__anext__") or hasattr(value, "__next__") or hasattr(value, "__aiter__") or _is_response(value)
