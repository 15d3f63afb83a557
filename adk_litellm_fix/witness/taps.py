# SPDX-License-Identifier: Apache-2.0
"""Where in LiteLLM's stream object the provider's raw items pass, and how to listen there.

Each tap replaces one attribute of one stream object by a pass-through, so that no other user of LiteLLM is touched. The places, on
LiteLLM 1.80 to 1.109:

- the OpenAI SDK's stream (openai, azure and most OpenAI-compatible providers): its `_decoder` yields the `data:` payloads, `[DONE]` too;
- LiteLLM's own iterators (anthropic, vertex claude, groq, mistral, deepseek, ollama, …): the raw lines in `streaming_response`;
- Bedrock: a generator over an event-stream decoder; the decoder's `_chunk_parser` gets each decoded event;
- Gemini, and others in some versions: the stream is made at the first read by `make_call`, and then is one of the above;
- Router: its stream is a generator over the real wrapper.

Without a tap there is still what LiteLLM's wrapper remembers (`received_finish_reason`): a mapped word, but None when none came.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from adk_litellm_fix.normalizer.wire import WireSaid
from adk_litellm_fix.witness.connection import close, connection_behind, locals_of_generator
from adk_litellm_fix.witness.protections import protect
from adk_litellm_fix.witness.transcript import Transcript

_Hear = Callable[[Any], bool]
"""Notes one raw item; False: it must not reach LiteLLM."""
_JSON_OR_DONE = ("{", "[")
_COMMENT = (":", b":")
_EMPTY_DATA = ("data:", b"data:")
_LONGEST_EMPTY = 8


class Witness:
    """Knows what the provider of one stream said. Made by `attach`."""

    def __init__(self, stream: object) -> None:
        self.tap: str | None = None
        """The name of the place where the raw items are read; None: nowhere (so far)."""
        self._transcript = Transcript()
        self._stream = stream
        self._through_router = False
        self._connection: Any = None
        self._earlier_word: str | None = None
        """What the wrapper remembered when the witness came: a proxy reads the first chunk before it hands the stream on."""

    @property
    def last_heard(self) -> float:
        """When anything last came on the wire (`time.monotonic`), comments and pings included; 0.0 for never, or where nothing is heard."""
        return self._transcript.heard_at

    @property
    def present(self) -> bool:
        """Whether `said` knows anything. Asked after the stream ended: the absence of a finish word is meaningful."""
        return self.said() is not None

    def said(self) -> WireSaid | None:
        """Returns what the provider said; None when nothing can be known. Call it after the stream ended or failed."""
        # A Router that fell back to another deployment left the stream that was listened to unfinished.
        if self._through_router and not _flag(self._stream, "sent_last_chunk"):
            return None
        remembered = self._from_wrapper()
        if not self._transcript.items:
            return remembered
        said = self._transcript.said()
        # LiteLLM may stop before the wire ends (1.80: after the first call of the Responses API): then its own word stands.
        if said.finish_reason is None and not said.ended and not self._transcript.exhausted and remembered is not None:
            return replace(said, finish_reason=remembered.finish_reason)
        return replace(said, finish_reason=said.finish_reason or self._earlier_word)

    async def aclose(self) -> None:
        """Closes the provider's connection, where it can be found; never raises. Call it whatever became of the stream."""
        connection, self._connection = self._connection, None
        await close(connection)

    def _from_wrapper(self) -> WireSaid | None:
        # A wrapper that did not drive the stream itself (MCP, a cache) never sets these: its silence would mean nothing.
        if not _flag(self._stream, "sent_last_chunk") or not hasattr(self._stream, "received_finish_reason"):
            return None
        return WireSaid(finish_reason=_remembered_word(self._stream))


def attach(stream: object) -> Witness:
    """Starts to listen to a stream of `litellm.acompletion` or `litellm.completion`.

    Call it before the first read. The reader of the stream gets what it would have got, with two exceptions, both protections: events
    without data and comments, which kill the call in the OpenAI SDK and in some of LiteLLM's iterators, are skipped; and LiteLLM does not
    take a hundred equal chunks (a line of dashes) for a loop. Any object may be given; one that is not known has a witness that saw
    nothing. Never raises.
    """
    witness = Witness(stream)
    try:
        inner = _behind_router(stream)
        if inner is not None:
            witness._stream, witness._through_router = inner, True
        witness._earlier_word = _remembered_word(witness._stream)
        protect(witness._stream)
        _tap_wrapper(witness)
    except Exception:  # LiteLLM's inside is not as expected: the stream works without a witness
        witness.tap = None
    return witness


class _Passing:
    """An iterator, sync or async, whose items are heard as they pass. Everything else of it is the source's."""

    def __init__(self, source: Any, hear: _Hear, transcript: Transcript) -> None:
        self._source = source
        self._hear = hear
        self._transcript = transcript

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


class _AsyncPassing(_Passing):
    def __aiter__(self) -> _AsyncPassing:
        return self

    async def __anext__(self) -> Any:
        try:
            while True:
                item = await self._source.__anext__()
                if self._hear(item):
                    return item
        except StopAsyncIteration:
            self._transcript.hear_end()
            raise


class _SyncPassing(_Passing):
    def __iter__(self) -> _SyncPassing:
        return self

    def __next__(self) -> Any:
        try:
            while True:
                item = self._source.__next__()
                if self._hear(item):
                    return item
        except StopIteration:
            self._transcript.hear_end()
            raise


class _Decoder:
    """Stands before the OpenAI SDK's decoder of server-sent events."""

    def __init__(self, decoder: Any, transcript: Transcript) -> None:
        self._decoder = decoder
        self._transcript = transcript

    def iter_bytes(self, source: Any) -> Any:
        below = _SyncPassing(source, self._hear_bytes, self._transcript)
        return _SyncPassing(self._decoder.iter_bytes(below), self._hear, self._transcript)

    def aiter_bytes(self, source: Any) -> Any:
        below = _AsyncPassing(source, self._hear_bytes, self._transcript)
        return _AsyncPassing(self._decoder.aiter_bytes(below), self._hear, self._transcript)

    def _hear_bytes(self, data: Any) -> bool:
        self._transcript.hear_bytes(data)
        return True

    def _hear(self, event: Any) -> bool:
        data = event.data
        self._transcript.hear_line(data)
        # The SDK reads every payload but [DONE] as JSON and dies of an empty one, or of a bare word.
        return data[:1] in _JSON_OR_DONE or data.lstrip()[:1] in _JSON_OR_DONE

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)


def _tap_wrapper(witness: Witness) -> None:
    """Taps the stream behind LiteLLM's wrapper, now or when the wrapper makes it."""
    wrapper: Any = witness._stream
    source = getattr(wrapper, "completion_stream", None)
    if source is not None:
        _tap_source(witness, source)
        return
    make_call = getattr(wrapper, "make_call", None)
    if not callable(make_call):
        return

    def make_and_tap(*args: Any, **kwargs: Any) -> Any:
        made = make_call(*args, **kwargs)
        return _tap_awaited(witness, made) if inspect.isawaitable(made) else _tap_safely(witness, made)

    wrapper.make_call = make_and_tap


async def _tap_awaited(witness: Witness, made: Awaitable[Any]) -> Any:
    return _tap_safely(witness, await made)


def _tap_safely(witness: Witness, source: Any) -> Any:
    try:
        _tap_source(witness, source)
    except Exception:  # as in attach
        witness.tap = None
    return source


def _tap_source(witness: Witness, source: Any) -> None:
    with suppress(Exception):
        witness._connection = connection_behind(source)
    for name, tap in _TAPS:
        if tap(witness._transcript, source):
            witness.tap = name
            return


def _tap_sdk_decoder(transcript: Transcript, source: Any) -> bool:
    decoder = getattr(source, "_decoder", None)
    if not callable(getattr(decoder, "aiter_bytes", None)) or not hasattr(source, "response"):
        return False
    source._decoder = _Decoder(decoder, transcript)
    return True


def _tap_lines(transcript: Transcript, source: Any) -> bool:
    lines = getattr(source, "streaming_response", None)

    def hear(item: Any) -> bool:
        if not isinstance(item, (str, bytes)):
            transcript.hear_event(item)
            return True
        transcript.hear_line(item)
        # Older iterators read comments and empty `data:` lines as JSON and die of them.
        return item[:1] not in _COMMENT and (len(item) > _LONGEST_EMPTY or item.strip() not in _EMPTY_DATA)

    passing = _passing(lines, hear, transcript)
    if passing is None:
        return False
    for name in ("streaming_response", "response_iterator"):
        if getattr(source, name, None) is lines:
            setattr(source, name, passing)
    return True


def _passing(source: Any, hear: _Hear, transcript: Transcript) -> _Passing | None:
    if hasattr(source, "__anext__"):
        return _AsyncPassing(source, hear, transcript)
    if hasattr(source, "__next__"):
        return _SyncPassing(source, hear, transcript)
    return None


def _tap_event_stream_decoder(transcript: Transcript, source: Any) -> bool:
    decoder: Any = locals_of_generator(source).get("self")
    parse = getattr(decoder, "_chunk_parser", None)
    if not callable(parse):
        return False

    def parse_and_hear(*args: Any, **kwargs: Any) -> Any:
        transcript.hear_event(next(iter((*args, *kwargs.values())), None))
        return parse(*args, **kwargs)

    decoder._chunk_parser = parse_and_hear
    return True


_TAPS: tuple[tuple[str, Callable[[Transcript, Any], bool]], ...] = (
    ("sdk-decoder", _tap_sdk_decoder),
    ("lines", _tap_lines),
    ("event-stream-decoder", _tap_event_stream_decoder),
)


def _behind_router(stream: object) -> object | None:
    """Returns the wrapper that a Router's stream reads from; None: this is no Router's stream."""
    inner = locals_of_generator(getattr(stream, "_async_generator", None)).get("model_response")
    return inner if hasattr(inner, "completion_stream") else None


def _remembered_word(stream: object) -> str | None:
    word = getattr(stream, "received_finish_reason", None) or getattr(stream, "intermittent_finish_reason", None)
    return word if isinstance(word, str) else None


def _flag(stream: object, name: str) -> bool:
    return getattr(stream, name, None) is True
