# SPDX-License-Identifier: Apache-2.0
"""A provider that plays stream shapes, on OpenAI's and on Gemini's wire. The model's name says which shape.

A shape is a list of frames, a frame what one chunk says at once. So the same shape is one test of both wires.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

SIGNATURE = "c2lnbmF0dXJlLW9mLWEtdGhvdWdodA=="


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    finish: str | None = None
    signature: str | None = None
    usage: bool = False


GREP = ("grep_tool", {"pattern": "needle", "path": "/haystack"})
ECHO = ("echo_arg", {"value": "hello"})
END = (Frame(finish="tool_calls"), Frame(usage=True))

SHAPES: dict[str, tuple[Frame, ...]] = {
    "whole-call": (Frame(calls=(GREP,)), *END),
    "text-then-call": (Frame(text="I look. "), Frame(calls=(GREP,)), *END),
    "text-with-call": (Frame(text="I look. ", calls=(GREP,)), *END),
    "two-calls": (Frame(calls=(GREP, ECHO)), *END),
    "all-at-once": (Frame(text="I look. ", calls=(GREP, ECHO), finish="tool_calls", usage=True),),
    "signed-call": (Frame(calls=(GREP,), signature=SIGNATURE), *END),
    "stop-after-call": (Frame(calls=(GREP,)), Frame(finish="stop"), Frame(usage=True)),
    "plain": (Frame(text="Hello"), Frame(text=" you."), Frame(finish="stop"), Frame(usage=True)),
    "cut-off-call": (Frame(text="I look. "), Frame(calls=(GREP,)), Frame(finish="length"), Frame(usage=True)),
    "provider-failed": (Frame(text="I look. "), Frame(calls=(GREP,)), Frame(finish="network_error"), Frame(usage=True)),
    "cut": (Frame(text="I look. "), Frame(calls=(GREP,))),
    "endless": tuple(Frame(text=f"{number} ") for number in range(600)),
}
"""By model name; what comes after a slash or before a colon is not part of it."""

_GEMINI_WORDS = {"tool_calls": "STOP", "stop": "STOP", "length": "MAX_TOKENS", "network_error": "OTHER"}


def _openai(frame: Frame, model: str, number: int) -> dict[str, Any]:
    delta: dict[str, Any] = {"role": "assistant"} if number == 0 else {}
    if frame.text:
        delta["content"] = frame.text
    if frame.calls:
        delta["tool_calls"] = [
            {
                "index": index,
                "id": f"call_{name}" + (f"__thought__{frame.signature}" if frame.signature else ""),
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for index, (name, arguments) in enumerate(frame.calls)
        ]
    says = bool(delta or frame.finish)
    choices = [{"index": 0, "delta": delta, "finish_reason": frame.finish}] if says else []
    usage = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}} if frame.usage else {}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices, **usage}


def _gemini(frame: Frame, model: str, number: int) -> dict[str, Any]:
    signed = {"thoughtSignature": frame.signature} if frame.signature else {}
    parts: list[dict[str, Any]] = [{"text": frame.text}] if frame.text else []
    parts += [{"functionCall": {"name": name, "args": arguments}, **signed} for name, arguments in frame.calls]
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}} if parts else {"index": 0}
    if frame.finish:
        candidate["finishReason"] = _GEMINI_WORDS[frame.finish]
    usage = {"usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}} if frame.usage else {}
    candidates = {"candidates": [candidate]} if parts or frame.finish else {}
    return {**candidates, **usage, "modelVersion": model, "responseId": "response-1"}


@dataclass(slots=True)
class Upstream:
    """The server; `with Upstream() as upstream:`."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    open_streams: int = 0
    port: int = 0
    _server: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Upstream:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        routes = [
            Route("/v1/chat/completions", self._openai, methods=["POST"]),
            Route("/v1beta/models/{name}", self._gemini, methods=["POST"]),
        ]
        self._server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        )
        threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True

    async def _openai(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        model = body["model"]
        frames = [_openai(frame, model, number) for number, frame in enumerate(SHAPES[model])]
        if not body.get("stream"):
            return JSONResponse(_whole(SHAPES[model], model))
        return StreamingResponse(self._send(frames, done="" if model == "cut" else "data: [DONE]\n\n"), media_type="text/event-stream")

    async def _gemini(self, request: Request) -> Response:
        self.requests.append(await request.json())
        model = request.path_params["name"].partition(":")[0].removeprefix("gemini-")
        frames = [_gemini(frame, model, number) for number, frame in enumerate(SHAPES[model])]
        return StreamingResponse(self._send(frames, done=""), media_type="text/event-stream")

    async def _send(self, frames: list[dict[str, Any]], done: str) -> AsyncIterator[str]:
        self.open_streams += 1
        try:
            for frame in frames:
                yield f"data: {json.dumps(frame)}\n\n"
                await asyncio.sleep(0.05 if len(frames) > 100 else 0.002)
            yield done
        finally:
            self.open_streams -= 1


def _whole(frames: tuple[Frame, ...], model: str) -> dict[str, Any]:
    calls = [call for frame in frames for call in _openai(frame, model, 1)["choices"][:1] for call in call["delta"].get("tool_calls", [])]
    message = {"role": "assistant", "content": "".join(frame.text for frame in frames) or None, "tool_calls": calls or None}
    finish = next((frame.finish for frame in reversed(frames) if frame.finish), "stop")
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }  # fmt: skip


def wait_until(condition: Any, seconds: float = 5.0) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def expected_calls(shape: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The calls that the provider sent."""
    for frame in SHAPES[shape]:
        yield from frame.calls


def expected_text(shape: str) -> str:
    """The text that the provider sent."""
    return "".join(frame.text for frame in SHAPES[shape])
