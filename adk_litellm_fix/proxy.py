# SPDX-License-Identifier: Apache-2.0
"""The LiteLLM Proxy mount: one line of the proxy's config.yaml.

    litellm_settings:
      callbacks: ["adk_litellm_fix.proxy.handler"]

It repairs the streams of `/v1/chat/completions` and, where LiteLLM translates them from chat completions, those of `/v1/messages`. There
the hook is handed bytes in which the translation has lost what was merged. But nothing has been read yet: behind the bytes waits LiteLLM's
adapter with the chat stream in hand, and of this one adapter the stream is replaced by the repaired one. No class of LiteLLM is touched,
and neither routing, parameters nor prices are, as they would be by a provider of our own. Where no adapter is found, the bytes pass
untouched: Anthropic's own API is streamed as it is, and `openai/` models are asked over `/v1/responses`.

LiteLLM before 1.84 looks for callbacks in files beside config.yaml only: there a file `repair.py` with
`from adk_litellm_fix.proxy import handler` is named as `repair.handler`.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any

from litellm.integrations.custom_logger import CustomLogger
from litellm.litellm_core_utils.streaming_handler import CustomStreamWrapper
from litellm.types.utils import AdapterCompletionStreamWrapper

from adk_litellm_fix.repair import RepairedStream

OPT_OUT = "adk_litellm_fix"
"""A request with `metadata: {"adk_litellm_fix": "off"}` gets its stream as it is."""


class RepairHandler(CustomLogger):  # type: ignore[misc]
    """Repairs what the proxy streams.

    LiteLLM calls the hook only of a class that defines it itself; a subclass of this one is given it anew, so that it works as well.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        name = "async_post_call_streaming_iterator_hook"
        if name not in cls.__dict__:
            setattr(cls, name, getattr(cls, name))

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncGenerator[Any, None]:
        """Yields the repaired stream; what is no chat-completions stream passes untouched."""
        stream = response if _opted_out(request_data) else _repaired(response, request_data)
        try:
            async for chunk in stream:
                yield chunk
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()


def _repaired(response: Any, request_data: Mapping[str, Any]) -> Any:
    """The stream to read: LiteLLM's own, if it is translated from one that could be repaired, else the repaired one."""
    n = request_data.get("n")
    options: dict[str, Any] = {"tools": request_data.get("tools"), "n": n if isinstance(n, int) and n > 0 else 1}
    adapter = _find(response, lambda stream: isinstance(stream, AdapterCompletionStreamWrapper))
    if adapter is None:
        return RepairedStream(response, **options, wrapper=_find(response, lambda stream: isinstance(stream, CustomStreamWrapper)))
    holder = _find(adapter, lambda stream: _chat_stream_of(stream) is not None)
    name = _chat_stream_of(holder) or "completion_stream"
    setattr(holder or adapter, name, RepairedStream(getattr(holder or adapter, name), **options))
    return response


def _chat_stream_of(holder: Any) -> str | None:
    """Under which name an object holds a chat stream: the adapter does, or what stands between them and splits its chunks."""
    return next((name for name, value in _held_by(holder).items() if isinstance(value, CustomStreamWrapper)), None)


_DEEPEST = 12
"""LiteLLM 1.109 wraps the adapter four times, other callbacks once more each."""


def _find(stream: Any, wanted: Callable[[Any], bool]) -> Any:
    """The first that is wanted of a stream and the streams behind it; None when there is none."""
    seen: set[int] = set()
    layer = [stream]
    for _ in range(_DEEPEST):
        for candidate in layer:
            if wanted(candidate):
                return candidate
        seen.update(map(id, layer))
        layer = [inner for outer in layer for inner in _streams_in(outer) if id(inner) not in seen]
    return None


def _streams_in(stream: Any) -> Iterator[Any]:
    for value in list(_held_by(stream).values()):
        if inspect.isasyncgen(value) or hasattr(type(value), "__aiter__"):
            yield value


def _held_by(stream: Any) -> Mapping[str, Any]:
    """The variables of a generator that waits, the attributes of an object."""
    frame = getattr(stream, "ag_frame", None)
    return frame.f_locals if frame is not None else getattr(stream, "__dict__", {})


def _opted_out(request_data: Mapping[str, Any]) -> bool:
    """Whether the client, in the request's metadata, wants its stream as it is."""
    for place in ("metadata", "litellm_metadata"):
        metadata = request_data.get(place)
        if isinstance(metadata, Mapping):
            asked = (metadata, metadata.get("requester_metadata"))
            if any(isinstance(said, Mapping) and said.get(OPT_OUT) in ("off", False) for said in asked):
                return True
    return False


handler = RepairHandler()
"""What config.yaml names."""
