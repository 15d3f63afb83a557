# SPDX-License-Identifier: Apache-2.0
"""The SDK mount: a LiteLLM stream in, the same stream repaired out.

    async for chunk in repair_stream(await litellm.acompletion(..., tools=tools, stream=True), tools=tools): ...
    for chunk in repair_stream_sync(litellm.completion(..., stream=True)): ...
    response = await assemble(await litellm.acompletion(..., stream=True))

What a reader can rely on: each tool call opens once with index, id, type and name, and its arguments concatenate to one JSON object; a
call that may not run (the turn was cut, filtered or cut short, or the call cannot be read) does not come at all, but stands in the report;
there is one finish word, `tool_calls` exactly if there are calls; then usage, once, if it was asked for. A repaired stream is not changed
by a second repair.

How a turn that is no normal one ends:

    token limit, pause, unknown word      finish word `length`
    filter, unusable tool call            finish word `content_filter`
    the stream just stops                 no finish word; `litellm.APIConnectionError` after all that had come, as when a connection breaks
    the stream raises                     the same exception, after all that had come

The report is in `delta.provider_specific_fields["adk_litellm_fix"]` of a chunk of its own; there is one only if it has something to say.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .closing import close
from .declared_tools import declared_tools
from .mcp_turns import first_usage
from .normalizer import Ending, Normalizer, Turn
from .normalizer.pieces import fields, items
from .openai_chunks import ChunkWriter, as_chunk, broken_off, is_chunk, merged_others, other_choices
from .openai_response import Fold
from .witness import Witness, attach

if TYPE_CHECKING:
    from .openai_response import ModelResponse

logger = logging.getLogger("adk_litellm_fix")


class _Repair:
    """The repair of one stream, without its IO."""

    def __init__(self, tools: Iterable[Any] | None, n: int) -> None:
        self.failure: Exception | None = None
        """What to raise after the last chunk."""
        self.turn: Turn | None = None
        self._choices = n
        self._normalizer = Normalizer(declared_tools(tools), choices=n)
        self._writer = ChunkWriter()
        self._held: list[Any] = []
        """Chunks of which something has not been passed on yet."""
        self._others: list[Any] = []
        self._begun = False
        self._gave_up = False

    def feed(self, item: Any) -> list[Any]:
        """Takes an item of the stream; returns what to pass on now. What is no chunk passes as it is."""
        if self._gave_up or not is_chunk(item):
            return [item]
        self._begun = True
        try:
            if _calls_custom_tool(item):
                return self._give_up(item)
            return self._repair(item)
        except Exception:
            logger.warning("repair_stream failed and lets the rest of the stream pass as it is", exc_info=True)
            return self._give_up(item)

    def _repair(self, item: Any) -> list[Any]:
        chunk = as_chunk(item)
        passed = list(self._writer.write(chunk, self._normalizer.feed(item)))
        if _waits(item):
            self._held.append(chunk)
        others = other_choices(chunk)
        if others is not None:
            (passed if self._choices > 1 else self._others).append(others)
        return passed

    def _give_up(self, item: Any) -> list[Any]:
        """Lets the rest pass: first what was held back, without the text that has been passed on already."""
        self._gave_up = True
        held, self._held = self._held, []
        return [*map(_without_text, held), *self._others, item]

    def end(self, failure: Exception | None, witness: Witness | None, wrapper: Any) -> list[Any]:
        """Ends the stream; returns what is left to pass on. Then `failure` is what to raise."""
        self.failure = failure
        if self._gave_up or not self._begun:
            return []
        try:
            return self._close(failure, witness, wrapper)
        except Exception:
            logger.warning("repair_stream failed and lets the end of the stream pass as it is", exc_info=True)
            return [*map(_without_text, self._held), *self._others]

    def _close(self, failure: Exception | None, witness: Witness | None, wrapper: Any) -> list[Any]:
        earlier = first_usage(wrapper)
        if earlier is not None:
            self._normalizer.add_earlier_usage(earlier)
        events = self._normalizer.close(failure=failure, said=witness.said() if witness is not None else None)
        turn = self._normalizer.turn
        last = list(self._writer.close(events, turn))
        if not merged_others(turn):
            last = [*self._others, *last]
        self.turn = turn
        if turn.ending is Ending.FINISHED:
            self.failure = None
        elif failure is None:
            self.failure = broken_off(turn)
        return last


class _Repaired:
    """What both twins have: everything of the stream that is repaired, and its turn."""

    def __init__(self, source: Any, tools: Iterable[Any] | None, n: int, wrapper: Any) -> None:
        self._source = source
        self._wrapper = source if wrapper is None else wrapper
        self._repair = _Repair(tools, n)
        # The chunks of a repaired stream say all there is; behind them would be the raw stream, which has been listened to already.
        self._witness = None if isinstance(source, _Repaired) else attach(self._wrapper)

    @property
    def turn(self) -> Turn:
        """The result: parts, withheld calls, repairs. Only after the last chunk, and only of a stream of chunks."""
        if self._repair.turn is None:
            raise RuntimeError("the turn is known after the last chunk: read the stream to its end first")
        return self._repair.turn

    def __getattr__(self, name: str) -> Any:
        if name in ("_source", "_wrapper", "_repair", "_witness", "_chunks"):  # not yet set: a copy is being made
            raise AttributeError(name)
        return getattr(self._source, name)


class RepairedStream(_Repaired):
    """An async stream under repair. Made by `repair_stream`.

    Args:
        source: The stream.
        tools: The request's `tools`.
        n: The request's `n`.
        wrapper: LiteLLM's stream object, where others stand between it and `source`: the provider's own words are heard there.
    """

    def __init__(self, source: Any, tools: Iterable[Any] | None = None, n: int = 1, *, wrapper: Any = None) -> None:
        super().__init__(source, tools, n, wrapper)
        self._chunks = self._read()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        return await self._chunks.__anext__()

    async def aclose(self) -> None:
        """Closes the stream and the provider's connection."""
        await close(self._chunks, self._source, self._witness)  # a generator that was never read does not run its `finally`

    async def _read(self) -> Any:
        failure: Exception | None = None
        try:
            try:
                async for item in self._source:
                    for chunk in self._repair.feed(item):
                        yield chunk
            except Exception as error:
                failure = error
            for chunk in self._repair.end(failure, self._witness, self._wrapper):
                yield chunk
        finally:
            await close(self._source, self._witness)
        if self._repair.failure is not None:
            raise self._repair.failure


class RepairedSyncStream(_Repaired):
    """A sync stream under repair. Made by `repair_stream_sync`; the arguments are those of `RepairedStream`."""

    def __init__(self, source: Any, tools: Iterable[Any] | None = None, n: int = 1, *, wrapper: Any = None) -> None:
        super().__init__(source, tools, n, wrapper)
        self._chunks = self._read()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._chunks)

    def close(self) -> None:
        """Closes the stream and, where it can be closed, what it reads from."""
        self._chunks.close()
        self._close_source()

    def _read(self) -> Any:
        failure: Exception | None = None
        try:
            try:
                for item in self._source:
                    yield from self._repair.feed(item)
            except Exception as error:
                failure = error
            yield from self._repair.end(failure, self._witness, self._wrapper)
        finally:
            self._close_source()
        if self._repair.failure is not None:
            raise self._repair.failure

    def _close_source(self) -> None:
        for closable in (self._source, getattr(self._source, "completion_stream", None)):
            close_it = getattr(closable, "close", None)
            if callable(close_it):
                close_it()
                return


def repair_stream(stream: Any, *, tools: Iterable[Any] | None = None, n: int = 1) -> RepairedStream:
    """Repairs a stream of `litellm.acompletion`, or any async iterator of chat-completions chunks (objects or dicts).

    Chunks come out as LiteLLM's `ModelResponseStream`. The stream's other attributes (`model`, `_hidden_params`, …) are still there. Text
    and thoughts pass at once, calls at the end of the turn. Items that are no chat-completions chunks pass untouched, and so does the whole
    rest should the repair itself fail, which is logged once.

    Args:
        stream: The stream. It is closed with the repaired one.
        tools: The request's `tools`. Without them a tool's name in pieces is joined by its text alone.
        n: The request's `n`. Only the first choice is repaired, the others pass as they come.

    Raises:
        litellm.APIConnectionError: While reading: the stream stopped before its provider ended the turn.
        Exception: While reading: whatever the stream raises, as it raised it.
    """
    return RepairedStream(stream, tools, n)


def repair_stream_sync(stream: Any, *, tools: Iterable[Any] | None = None, n: int = 1) -> RepairedSyncStream:
    """Repairs a stream of `litellm.completion`, or any iterator of chunks. As `repair_stream` otherwise."""
    return RepairedSyncStream(stream, tools, n)


async def assemble(stream: Any, *, tools: Iterable[Any] | None = None, n: int = 1) -> ModelResponse:
    """Reads a stream to its end and returns it as the response that would have come without `stream=True`.

    Args:
        stream: As of `repair_stream`; a repaired stream may be given.
        tools: The request's `tools`.
        n: The request's `n`.

    Raises:
        Exception: As `repair_stream` while reading.
    """
    fold = Fold()
    async for chunk in repair_stream(stream, tools=tools, n=n):
        fold.add(chunk)
    return fold.response()


def assemble_sync(stream: Any, *, tools: Iterable[Any] | None = None, n: int = 1) -> ModelResponse:
    """Reads a sync stream to its end. As `assemble` otherwise."""
    fold = Fold()
    for chunk in repair_stream_sync(stream, tools=tools, n=n):
        fold.add(chunk)
    return fold.response()


def _deltas(item: Any) -> Iterator[Any]:
    for choice in items(fields(item).get("choices")):
        yield fields(fields(choice).get("delta"))


def _calls_custom_tool(item: Any) -> bool:
    """Whether a free-form tool of OpenAI's is called: its input is no JSON, and the stream is OpenAI's own, which needs no repair."""
    return any(fields(call).get("type") == "custom" for delta in _deltas(item) for call in items(delta.get("tool_calls")))


def _waits(item: Any) -> bool:
    """Whether something of a chunk is not passed on at once: a call, a finish word, usage."""
    values = fields(item)
    return bool(
        values.get("usage")
        or any(fields(choice).get("finish_reason") for choice in items(values.get("choices")))
        or any(delta.get("tool_calls") or delta.get("function_call") for delta in _deltas(item))
    )


def _without_text(chunk: Any) -> Any:
    """The chunk without what has been passed on already."""
    copy = chunk.model_copy(deep=True)
    for choice in copy.choices:
        for name in ("content", "reasoning_content", "thinking_blocks", "refusal"):
            if fields(choice.delta).get(name) is not None:
                setattr(choice.delta, name, None)
    return copy
