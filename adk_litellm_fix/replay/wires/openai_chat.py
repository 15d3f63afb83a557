# SPDX-License-Identifier: Apache-2.0
"""OpenAI's chat completions, and what Azure and Vertex make of them.

OpenAI and Azure never show the thoughts of their own models, only how many tokens they took; gpt-oss and the many compatible providers
send them as `reasoning_content`. Vertex sends a gpt-oss call whole, OpenAI in fragments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from ..ask import Ask, Utterance
from ..scenario import Call, Failure, Pause, Text, Thought
from .wire import Answer, Frame, Request, Wire, argument_pieces, grouped, pieces, sse, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HIDES_THOUGHTS = re.compile(r"(^|/)(gpt-(?!oss)|o\d|chatgpt)")
_ERROR_TYPES = {400: "invalid_request_error", 401: "authentication_error", 404: "invalid_request_error", 429: "rate_limit_exceeded"}
_SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}


class OpenAIChat(Wire):
    """`/chat/completions`, in one of three dialects."""

    def __init__(self, name: str, path: str, *, dialect: Literal["openai", "azure", "vertex"] = "openai") -> None:
        super().__init__(name, path)
        self._dialect = dialect

    def decode(self, request: Request) -> Ask:
        """Read a chat completions request."""
        body = request.body
        return Ask.read(
            _history(body["messages"]),
            wire=self.name,
            model=str(body.get("model") or request.model),
            stream=bool(body.get("stream")),
            tools=[tool["function"]["name"] for tool in body.get("tools") or () if "function" in tool],
            body=body,
        )

    def opening(self, answer: Answer) -> Iterator[Frame]:
        """Yield Azure's prompt filter and the role chunk."""
        if self._dialect == "azure":
            results = [{"prompt_index": 0, "content_filter_results": {**_SAFE, "jailbreak": {"filtered": False, "detected": False}}}]
            yield Frame(data=sse({"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": results}))
        yield self._chunk(answer, {"role": "assistant", "content": "", "refusal": None})

    def saying(self, answer: Answer) -> Iterator[Frame]:
        """Yield thoughts, text and calls."""
        index = 0
        for part in answer.turn.parts:
            match part:
                case Thought(text=text):
                    yield from self._thought(answer, text)
                case Text(text=text):
                    for piece in pieces(text):
                        yield self._chunk(answer, {"content": piece}, tokens=1)
                case Call():
                    yield from self._call(answer, part, index)
                    index += 1
                case Pause(seconds=seconds):
                    yield Frame(pause=seconds)

    def closing(self, answer: Answer) -> Iterator[Frame]:
        """Yield the finish chunk, the usage chunk if asked for, and `[DONE]`."""
        yield self._chunk(answer, {}, finish=_finish(answer))
        if _wants_usage(answer):
            yield Frame(data=sse({**self._head(answer, "chat.completion.chunk"), "choices": [], "usage": _usage(answer)}))
        yield Frame(data=sse("[DONE]"))

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a chat completion."""
        parts = answer.turn.parts
        text = "".join(part.text for part in parts if isinstance(part, Text))
        thoughts = "".join(part.text for part in parts if isinstance(part, Thought))
        message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None, "annotations": []}
        if thoughts and not self._hides_thoughts(answer):
            message["reasoning_content"] = thoughts
        if answer.turn.calls:
            message["tool_calls"] = [self._opened(answer, call, index, call.arguments) for index, call in enumerate(answer.turn.calls)]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
        if self._dialect == "azure":
            choice["content_filter_results"] = _SAFE
        return {**self._head(answer, "chat.completion"), "choices": [choice], "usage": _usage(answer)}

    def failure(self, failure: Failure) -> dict[str, Any]:
        """Return OpenAI's error, or Google's on Vertex."""
        if self._dialect == "vertex":
            return {"error": {"code": failure.status, "message": failure.message, "status": google_status(failure.status)}}
        kind = _ERROR_TYPES.get(failure.status, "server_error")
        return {"error": {"message": failure.message, "type": kind, "param": None, "code": None}}

    def _thought(self, answer: Answer, text: str) -> Iterator[Frame]:
        for piece in pieces(text):
            if self._hides_thoughts(answer):
                yield Frame(tokens=1)
            else:
                yield self._chunk(answer, {"reasoning_content": piece}, tokens=1)

    def _call(self, answer: Answer, call: Call, index: int) -> Iterator[Frame]:
        fragments = argument_pieces(call.arguments)
        if self._dialect == "vertex":
            opened = {"index": index, **self._opened(answer, call, index, call.arguments)}
            yield self._chunk(answer, {"tool_calls": [opened]}, tokens=1 + len(fragments))
            return
        opened = {"index": index, **self._opened(answer, call, index, "")}
        yield self._chunk(answer, {"tool_calls": [opened]}, tokens=1)
        for fragment, tokens in grouped(fragments, 1):
            yield self._chunk(answer, {"tool_calls": [{"index": index, "function": {"arguments": fragment}}]}, tokens=tokens)

    def _opened(self, answer: Answer, call: Call, index: int, arguments: str) -> dict[str, Any]:
        return {"id": answer.id("call_", 24, of=index), "type": "function", "function": {"name": call.name, "arguments": arguments}}

    def _chunk(self, answer: Answer, delta: Mapping[str, Any], *, finish: str | None = None, tokens: int = 0) -> Frame:
        choice: dict[str, Any] = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        if self._dialect == "azure":
            choice["content_filter_results"] = _SAFE if delta.get("content") else {}
        chunk = {**self._head(answer, "chat.completion.chunk"), "choices": [choice]}
        if _wants_usage(answer):
            chunk["usage"] = None
        return Frame(data=sse(chunk), tokens=tokens)

    def _head(self, answer: Answer, kind: str) -> dict[str, Any]:
        return {
            "id": answer.id("chatcmpl-", 29),
            "object": kind,
            "created": answer.created,
            "model": answer.ask.model,
            "service_tier": "default",
            "system_fingerprint": None,
        }

    def _hides_thoughts(self, answer: Answer) -> bool:
        return self._dialect != "vertex" and bool(_HIDES_THOUGHTS.search(answer.ask.model))


def google_status(status: int) -> str:
    """Google's name of an HTTP status."""
    names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
    return names.get(status, "UNAVAILABLE" if status == 503 else "INTERNAL")


def _finish(answer: Answer) -> str:
    return answer.finish({})


def _history(messages: list[dict[str, Any]]) -> Iterator[Utterance]:
    names: dict[str, str] = {}
    for message in messages:
        said = texts(message.get("content"))
        match message["role"]:
            case "system" | "developer":
                yield Utterance(speaker="system", text="\n".join(said))
            case "assistant":
                names.update({call["id"]: call["function"]["name"] for call in message.get("tool_calls") or ()})
                yield Utterance(speaker="model", text="".join(said))
            case "tool":
                yield Utterance(speaker="tool", text="".join(said), tool=names.get(message.get("tool_call_id", ""), ""))
            case _:
                yield from _user(said)


def _user(said: list[str]) -> Iterator[Utterance]:
    for text in said:
        yield Utterance(speaker="user", text=text)


def _wants_usage(answer: Answer) -> bool:
    return bool((answer.ask.body.get("stream_options") or {}).get("include_usage"))


def _usage(answer: Answer) -> dict[str, Any]:
    tokens = answer.tokens
    completion = tokens.output + tokens.thoughts
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": completion,
        "total_tokens": tokens.input + completion,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens.thoughts, "audio_tokens": 0},
    }
