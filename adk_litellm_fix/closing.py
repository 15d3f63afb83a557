# SPDX-License-Identifier: Apache-2.0
"""Closes what a reader leaves behind, also while the reader is being cancelled."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import Any

logger = logging.getLogger("adk_litellm_fix")

CLOSING_SECONDS = 1.0
"""How long closing may take before it is given up."""


async def close(*closables: Any) -> None:
    """Closes each object that has `aclose` or `close`, in this order; None is passed over.

    Returns when all are closed, or after `CLOSING_SECONDS`. Never raises of itself: what cannot be closed is logged at DEBUG. A
    cancellation of the caller does not end the closing, which then goes on in the background for that time at most.
    """
    closing = asyncio.ensure_future(_close_each([closable for closable in closables if closable is not None]))
    # Whoever abandons a stream is often being cancelled, by anyio again and again: `wait` leaves the task alone. The timer holds it.
    timer = asyncio.get_running_loop().call_later(CLOSING_SECONDS, closing.cancel)
    closing.add_done_callback(lambda _: timer.cancel())
    await asyncio.wait({closing})


async def _close_each(closables: list[Any]) -> None:
    for closable in closables:
        await _close_one(closable)


async def _close_one(closable: Any) -> None:
    try:
        close_it = getattr(closable, "aclose", None) or getattr(closable, "close", None)
        closed = close_it() if callable(close_it) else None
        if inspect.isawaitable(closed):
            await closed
    except Exception:
        logger.debug("closing %s failed", type(closable), exc_info=True)
