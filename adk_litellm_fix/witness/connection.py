# SPDX-License-Identifier: Apache-2.0
"""The provider's connection: found behind LiteLLM's stream, so that it can be closed at once when the reader stops.

LiteLLM's own `aclose` does not always reach it: 1.80 has none, 1.83 closes only the OpenAI SDK's streams, 1.106 leaves Anthropic's open.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

_DEEPEST = 5
"""How many layers are opened: an object may answer to every name, or lead back to itself."""
_STEPS = ("http_response", "response", "_response", "streaming_response")


def locals_of_generator(generator: Any) -> dict[str, Any]:
    """Returns the local variables of a generator, sync or async, that has not ended; empty for anything else."""
    frame = getattr(generator, "ag_frame", None) or getattr(generator, "gi_frame", None)
    return dict(frame.f_locals) if frame is not None else {}


def connection_behind(source: Any, depth: int = _DEEPEST) -> Any:
    """Finds the HTTP response that a stream reads from; None when it is not where LiteLLM and the OpenAI SDK keep it."""
    if source is None or not depth:
        return None
    if hasattr(source, "is_closed") and callable(getattr(source, "aclose", None)) and callable(getattr(source, "aiter_bytes", None)):
        return source
    nearer = [getattr(source, name, None) for name in _STEPS]
    # `response.aiter_lines()` and the like are generators: the response is the `self` of the innermost.
    nearer += locals_of_generator(source).values()
    return next((found for step in nearer if (found := connection_behind(step, depth - 1)) is not None), None)


async def close(connection: Any) -> None:
    """Closes an HTTP response and the transport below it. Never raises: there may be nothing left to close."""
    stream = getattr(connection, "stream", None)
    with suppress(Exception):
        await connection.aclose()
    # Before LiteLLM 1.83 its transport is below a stream of httpx that does not pass `aclose` on.
    for _ in range(_DEEPEST):
        below = getattr(stream, "_stream", None)
        if below is None:
            break
        stream = below
    with suppress(Exception):
        await stream.aclose()  # type: ignore[union-attr]
