# SPDX-License-Identifier: Apache-2.0
"""Anthropic's Messages, on Anthropic's own API and on Vertex: blocks that open, grow and close, thoughts with signatures."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from ..ask import Ask, Utterance
from ..scenario import Call, Failure, Part, Pause, Text, Thought
from .wire import Answer, Frame, Request, Wire, argument_pieces, grouped, pieces, sse, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

_FINISH = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens", "content_filter": "refusal"}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_TEXT_RUN = 3
"""Claude's deltas hold a few words each."""


class AnthropicMessages(Wire):
    """`/v1/messages`, `:rawPredict` and `:streamRawPredict`."""

    def __init__(self, name: str, path: str, *, id_infix: str = "") -> None:
        super().__init__(name, path)
        self._id_infix = id_infix

    def decode(self, request: Request) -> Ask:
        """Read a Messages request."""
        body = request.body
        return Ask.read(
            _history(body),
            wire=self.name,
            model=str(request.model or body["model"]),
            stream=bool(body.get("stream")) or request.method == "streamRawPredict",
            tools=[tool["name"] for tool in body.get("tools") or () if "name" in tool],
            body=body,
        )

    def opening(self, answer: Answer) -> Iterator[Frame]:
        """Yield `message_start`, and the ping that comes before the first words."""
        usage = {**_usage(answer), "output_tokens": 1}
        yield _event({"type": "message_start", "message": {**self._head(answer), "content": [], "stop_reason": None, "usage": usage}})
        yield _event({"type": "ping"})

    def saying(self, answer: Answer) -> Iterator[Frame]:
        """Yield the blocks; the last stays open until the message closes."""
        index = -1
        for part in answer.turn.parts:
            if isinstance(part, Pause):
                yield Frame(pause=part.seconds)
                continue
            if index >= 0:
                yield _event({"type": "content_block_stop", "index": index})
            index += 1
            yield _event({"type": "content_block_start", "index": index, "content_block": self._opened(answer, part, index)})
            for delta, tokens in _deltas(answer, part, index):
                yield _event({"type": "content_block_delta", "index": index, "delta": delta}, tokens=tokens)

    def closing(self, answer: Answer) -> Iterator[Frame]:
        """Yield the last block's end, `message_delta` and `message_stop`."""
        last = sum(not isinstance(part, Pause) for part in answer.turn.parts) - 1
        if last >= 0:
            yield _event({"type": "content_block_stop", "index": last})
        delta = {"stop_reason": answer.finish(_FINISH), "stop_sequence": None}
        yield _event({"type": "message_delta", "delta": delta, "usage": _usage(answer)})
        yield _event({"type": "message_stop"})

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a message."""
        blocks = [part for part in answer.turn.parts if not isinstance(part, Pause)]
        content = [self._block(answer, part, index) for index, part in enumerate(blocks)]
        return {**self._head(answer), "content": content, "stop_reason": answer.finish(_FINISH), "usage": _usage(answer)}

    def failure(self, failure: Failure) -> dict[str, Any]:
        """Return Anthropic's error."""
        kind = _ERROR_TYPES.get(failure.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": failure.message}}

    def failure_frame(self, failure: Failure) -> Frame:
        """Return an error event."""
        return _event(self.failure(failure))

    def _head(self, answer: Answer) -> dict[str, Any]:
        return {
            "id": answer.id(f"msg_{self._id_infix}01", 22),
            "type": "message",
            "role": "assistant",
            "model": answer.ask.model,
            "stop_sequence": None,
        }

    def _opened(self, answer: Answer, part: Part, index: int) -> dict[str, Any]:
        match part:
            case Thought():
                return {"type": "thinking", "thinking": "", "signature": ""}
            case Call():
                return {"type": "tool_use", "id": answer.id(f"toolu_{self._id_infix}01", 22, of=index), "name": part.name, "input": {}}
            case _:
                return {"type": "text", "text": ""}

    def _block(self, answer: Answer, part: Part, index: int) -> dict[str, Any]:
        block = self._opened(answer, part, index)
        match part:
            case Thought(text=text):
                return {**block, "thinking": text, "signature": _signature(answer, index)}
            case Text(text=text):
                return {**block, "text": text}
            case Call():
                # Anthropic's own body for a call that the token limit cut off.
                return {**block, "input": part.object or {}}
            case _:
                return block


def _deltas(answer: Answer, part: Part, index: int) -> Iterator[tuple[dict[str, Any], int]]:
    match part:
        case Thought(text=text):
            for run, tokens in grouped(pieces(text), _TEXT_RUN):
                yield {"type": "thinking_delta", "thinking": run}, tokens
            yield {"type": "signature_delta", "signature": _signature(answer, index)}, 0
        case Text(text=text):
            for run, tokens in grouped(pieces(text), _TEXT_RUN):
                yield {"type": "text_delta", "text": run}, tokens
        case Call(arguments=arguments):
            yield {"type": "input_json_delta", "partial_json": ""}, 0
            for run, tokens in grouped(argument_pieces(arguments), 2):
                yield {"type": "input_json_delta", "partial_json": run}, tokens


def _signature(answer: Answer, index: int) -> str:
    return base64.b64encode(answer.id("", 60, of=f"signature{index}").encode()).decode()


def _event(data: dict[str, Any], *, tokens: int = 0) -> Frame:
    return Frame(data=sse(data, event=data["type"]), tokens=tokens)


def _usage(answer: Answer) -> dict[str, Any]:
    tokens = answer.tokens
    return {
        "input_tokens": max(0, tokens.input - tokens.cached),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output + tokens.thoughts,
    }


def _history(body: Any) -> Iterator[Utterance]:
    yield Utterance(speaker="system", text="\n\n".join(texts(body.get("system"))))
    names: dict[str, str] = {}
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if message["role"] == "assistant":
            names.update({block["id"]: block["name"] for block in blocks if block["type"] == "tool_use"})
            yield Utterance(speaker="model")
            continue
        for block in blocks:
            if block["type"] == "tool_result":
                yield Utterance(speaker="tool", text="".join(texts(block.get("content"))), tool=names.get(block["tool_use_id"], ""))
            elif block["type"] == "text":
                yield Utterance(speaker="user", text=block["text"])
