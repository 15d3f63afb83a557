# SPDX-License-Identifier: Apache-2.0
"""Ollama's `/api/chat`: a JSON object per line, calls whole, `done` in the last."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from ..ask import Ask, Utterance
from ..scenario import Call, Failure, Pause, Text, Thought
from .wire import Answer, Frame, Request, Wire, argument_pieces, pieces, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

_FINISH = {"tool_calls": "stop", "content_filter": "stop"}


class Ollama(Wire):
    """`/api/chat`."""

    media_type: ClassVar[str] = "application/x-ndjson"

    def decode(self, request: Request) -> Ask:
        """Read a chat request; Ollama streams unless told not to."""
        body = request.body
        return Ask.read(
            _history(body["messages"]),
            wire=self.name,
            model=str(body["model"]),
            stream=bool(body.get("stream", True)),
            tools=[tool["function"]["name"] for tool in body.get("tools") or ()],
            body=body,
        )

    def opening(self, answer: Answer) -> Iterator[Frame]:
        """Yield nothing: the first words open the stream."""
        yield from ()

    def saying(self, answer: Answer) -> Iterator[Frame]:
        """Yield a line per piece and one per call."""
        for number, part in enumerate(answer.turn.parts):
            match part:
                case Thought(text=text):
                    for piece in pieces(text):
                        yield _line({**_head(answer), "message": _message(thinking=piece), "done": False}, tokens=1)
                case Text(text=text):
                    for piece in pieces(text):
                        yield _line({**_head(answer), "message": _message(piece), "done": False}, tokens=1)
                case Call():
                    tokens = 1 + len(argument_pieces(part.arguments))
                    yield _line({**_head(answer), "message": _call_message(answer, part, number), "done": False}, tokens=tokens)
                case Pause(seconds=seconds):
                    yield Frame(pause=seconds)

    def closing(self, answer: Answer) -> Iterator[Frame]:
        """Yield the last line."""
        yield _line({**_head(answer), "message": _message(), **_ending(answer)})

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the answer as one object."""
        parts = answer.turn.parts
        extra: dict[str, Any] = {}
        thoughts = "".join(part.text for part in parts if isinstance(part, Thought))
        if thoughts:
            extra["thinking"] = thoughts
        messages = [_call_message(answer, part, number) for number, part in enumerate(parts) if isinstance(part, Call)]
        calls = [call for message in messages for call in message.get("tool_calls", ())]
        if calls:
            extra["tool_calls"] = calls
        text = "".join(part.text for part in parts if isinstance(part, Text)) + "".join(message["content"] for message in messages)
        return {**_head(answer), "message": _message(text, **extra), **_ending(answer)}

    def failure(self, failure: Failure) -> dict[str, Any]:
        """Return Ollama's error."""
        return {"error": failure.message}

    def failure_frame(self, failure: Failure) -> Frame:
        """Return an error line."""
        return _line(self.failure(failure))


def _head(answer: Answer) -> dict[str, Any]:
    created = datetime.fromtimestamp(answer.created, tz=timezone.utc)
    return {"model": answer.ask.model, "created_at": created.isoformat().replace("+00:00", "Z")}


def _message(content: str = "", **extra: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **extra}


def _call_message(answer: Answer, call: Call, number: int) -> dict[str, Any]:
    """A message with the call; one that Ollama cannot parse stays the text that the model wrote."""
    if call.object is None:
        return _message(f'{{"name": "{call.name}", "parameters": {call.arguments}')
    function = {"index": answer.turn.calls.index(call), "name": call.name, "arguments": call.object}
    return _message(tool_calls=[{"id": answer.id("call_", 8, of=number), "function": function}])


def _ending(answer: Answer) -> dict[str, Any]:
    tokens = answer.tokens
    return {
        "done": True,
        "done_reason": answer.finish(_FINISH),
        "prompt_eval_count": tokens.input,
        "eval_count": tokens.output + tokens.thoughts,
    }


def _line(data: dict[str, Any], *, tokens: int = 0) -> Frame:
    return Frame(data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n", tokens=tokens)


def _history(messages: list[dict[str, Any]]) -> Iterator[Utterance]:
    last: list[str] = []
    for message in messages:
        text = "".join(texts(message.get("content")))
        match message["role"]:
            case "system":
                yield Utterance(speaker="system", text=text)
            case "assistant":
                last = [call["function"]["name"] for call in message.get("tool_calls") or ()]
                yield Utterance(speaker="model")
            case "tool":
                # Results have no id here: unless they name their tool, they come in the order of the calls.
                position = last.pop(0) if last else ""
                yield Utterance(speaker="tool", text=text, tool=message.get("tool_name") or message.get("name") or position)
            case _:
                yield Utterance(speaker="user", text=text)
