# SPDX-License-Identifier: Apache-2.0
"""The async edge: asks for one model turn, reads the answer through the normalizer, and closes it whatever happens.

Everything that has to do with time and connections is here: the silence after which a stream is given up, the asking again while
nothing has been said, the closing. What the answer means is the normalizer's business.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
from types import TracebackType
from typing import Any

from .closing import close
from .mcp_turns import first_usage
from .normalizer import Ending, Event, Normalizer, Repair, RepairCode, Turn
from .normalizer.finish import EMPTY_STREAM, NO_CONTENT
from .patience import Limit, Patience, SilenceError
from .witness import BodyWitness, Witness, attach, watching, witness_response

logger = logging.getLogger("adk_litellm_fix")

_TRANSPORTS = ("httpx", "httpx2", "httpcore", "aiohttp")
"""Packages whose exceptions mean that a connection failed. (LiteLLM's own and the OpenAI SDK's have a status.)"""


class Reading:
    """One model turn being asked for and read. Iterate it for events; then `turn` is the result and `failure` what to raise, if anything.

    An async context manager. The provider's connection is closed when the turn has ended, and on leaving at the latest: also when the
    reader gives up half-way, fails or is cancelled.

        async with Reading(lambda: litellm.acompletion(..., stream=True), lambda: Normalizer(names), model=model) as reading:
            async for event in reading: ...
        reading.turn

    Args:
        call: Makes the call. An answer that is not a stream is read as its only chunk.
        normalizer: Makes the normalizer of one answer.
        model: The model's name, for the error of a stream that says nothing.
        patience: How long a stream may say nothing.
        retries: How often to ask again when an answer broke off, stalled or came back empty before anything of it was read.

    Raises:
        Exception: While reading: what `call` raises, as it raised it. What a stream raises is in `failure`.
    """

    def __init__(
        self,
        call: Callable[[], Awaitable[Any]],
        normalizer: Callable[[], Normalizer],
        *,
        model: str = "",
        patience: Patience = Patience(),  # noqa: B008 (frozen)
        retries: int = 0,
    ) -> None:
        self.failure: Exception | None = None
        self._call = call
        self._make_normalizer = normalizer
        self._model = model
        self._patience = patience
        self._retries = retries
        self._retried: list[Repair] = []
        self._events: deque[Event] = deque()
        self._turn: Turn | None = None
        self._begin()

    def _begin(self) -> None:
        """Forgets the answer so far, if there was one."""
        self._normalizer = self._make_normalizer()
        self._response: Any = None
        self._iterator: AsyncIterator[Any] | None = None
        self._witness: Witness | BodyWitness | None = None
        seconds = self._patience.idle if self._patience.first_chunk is None else self._patience.first_chunk
        self._limit = Limit(seconds, self._last_heard if self._patience.first_chunk is None else _never) if seconds is not None else None
        self._waits_for_first = True

    @property
    def turn(self) -> Turn:
        """The result, once the events have ended."""
        return self._normalizer.turn if self._turn is None else self._turn

    @property
    def model(self) -> str | None:
        """The model's name as far as the stream has said it."""
        return self._normalizer.model

    async def __aenter__(self) -> Reading:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._close()

    def __aiter__(self) -> Reading:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._turn is not None:
                raise StopAsyncIteration
            await self._read()
        return self._events.popleft()

    # --- reading ----------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Reads the next chunk, or the end."""
        try:
            iterator = self._iterator or await self._open()
            chunk = await (iterator.__anext__() if self._limit is None else self._next_within(self._limit, iterator))
            self._events.extend(self._normalizer.feed(chunk))
        except StopAsyncIteration:
            await self._end(None)
        except SilenceError as silence:
            await self._end(self._timeout(silence))
        except Exception as failure:
            await self._end(failure, by_call=self._iterator is None)

    async def _open(self) -> AsyncIterator[Any]:
        """Makes the call, with a witness of what crosses the wire."""
        limit = self._limit if self._patience.first_chunk is not None else None
        with watching() as body, limit or nullcontext():
            self._response = await self._call()
        streams = hasattr(type(self._response), "__aiter__")
        self._witness = attach(self._response) if streams else body
        self._iterator = self._response.__aiter__() if streams else _once(self._response)
        return self._iterator

    async def _next_within(self, limit: Limit, iterator: AsyncIterator[Any]) -> Any:
        with limit:
            chunk = await iterator.__anext__()
        if self._waits_for_first:
            self._waits_for_first = False
            limit.stop()
            self._limit = Limit(self._patience.idle, self._last_heard) if self._patience.idle is not None else None
        return chunk

    def _last_heard(self) -> float:
        return self._witness.last_heard if isinstance(self._witness, Witness) else 0.0

    def _timeout(self, silence: SilenceError) -> Exception:
        import litellm

        provider = getattr(self._response, "custom_llm_provider", None)
        first = " of the answer" if self._waits_for_first else " more"
        message = f"nothing{first} came for {silence.seconds:g} seconds; the stream was given up"
        return litellm.Timeout(message=message, model=self._model, llm_provider=provider or "")  # type: ignore[no-any-return]

    # --- the end ----------------------------------------------------------------------------------

    async def _end(self, failure: Exception | None, *, by_call: bool = False) -> None:
        """Draws the conclusion, or asks again."""
        said = (self._witness.said() if self._witness is not None else None) or witness_response(self._response)
        earlier = first_usage(self._response)
        if earlier is not None:
            self._normalizer.add_earlier_usage(earlier)
        events = self._normalizer.close(failure=failure, said=said)
        await self._close()
        turn = self._normalizer.turn
        if len(self._retried) < self._retries and _is_worth_another(turn, failure):
            await self._ask_again(turn, failure)
            return
        if failure is not None and by_call:
            raise failure
        self._turn = replace(turn, repairs=(*self._retried, *turn.repairs)) if self._retried else turn
        self._events.extend(events)
        self.failure = None if turn.ending is Ending.FINISHED else failure

    async def _ask_again(self, turn: Turn, failure: Exception | None) -> None:
        number = len(self._retried) + 1
        why = turn.error_code or turn.ending.value
        self._retried.append(Repair(RepairCode.STREAM_RETRIED, "stream", why, f"asked again ({number} of {self._retries})"))
        delay = _delay(failure, number, self._retries)
        logger.info("%s: %s before any output; asking again in %.1f s (%d of %d)", self._model, why, delay, number, self._retries)
        self._begin()
        await asyncio.sleep(delay)

    async def _close(self) -> None:
        """Closes the answer and the connection it comes by. A second time does nothing."""
        if self._limit is not None:
            self._limit.stop()
        response, iterator, witness = self._response, self._iterator, self._witness
        self._response = self._iterator = self._witness = None
        if iterator is not None:
            await close(iterator, response if hasattr(type(response), "__aiter__") and response is not iterator else None, witness)


async def _once(response: Any) -> AsyncIterator[Any]:
    yield response
    # LiteLLM 1.80 logs the answer in a task: on Python before 3.12 an event loop that ends at once would wait for it for ever.
    await asyncio.sleep(0)


def _never() -> float:
    return 0.0


def _is_worth_another(turn: Turn, failure: Exception | None) -> bool:
    """Whether the turn said nothing at all, and for a reason that may have passed by now."""
    if turn.parts or turn.withheld_calls or turn.executed_calls:
        return False
    if failure is not None:
        return _may_pass(failure)
    return turn.ending is Ending.FAILED or turn.error_code in (EMPTY_STREAM, NO_CONTENT)


def _may_pass(failure: Exception) -> bool:
    """Whether the failure is one that LiteLLM would retry, or one of the connection."""
    import litellm

    status = getattr(failure, "status_code", None)
    if isinstance(status, int):
        return bool(litellm._should_retry(status))
    return isinstance(failure, OSError) or type(failure).__module__.partition(".")[0] in _TRANSPORTS


def _delay(failure: Exception | None, number: int, of: int) -> float:
    """LiteLLM's own backoff, in seconds: exponential with jitter, or what the provider asked for."""
    import litellm

    headers = getattr(failure, "litellm_response_headers", None) or getattr(getattr(failure, "response", None), "headers", None)
    return float(litellm._calculate_retry_after(remaining_retries=of - number + 1, max_retries=of, response_headers=headers))
