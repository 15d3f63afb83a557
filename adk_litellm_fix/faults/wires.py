# SPDX-License-Identifier: Apache-2.0
"""Frames of the providers' wires: what says a piece of text, what calls a tool, what ends a turn."""

from __future__ import annotations

import json
from typing import Any

DONE = b"data: [DONE]\n\n"
"""The end marker of OpenAI's wire."""
PING = b": ping\n\n"
"""A comment, which keeps a connection alive."""


def sse(event: object) -> bytes:
    """A server-sent event without a name."""
    return f"data: {json.dumps(event)}\n\n".encode()


def named(event: dict[str, Any]) -> bytes:
    """A server-sent event named by its `type`."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def openai(delta: dict[str, Any] | None = None, finish: str | None = None) -> bytes:
    """A chunk of OpenAI's chat completions."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return sse({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5", "choices": [choice]})


def openai_text(text: str) -> bytes:
    """A piece of text."""
    return openai({"content": text})


def openai_call(name: str, arguments: str, *, index: int = 0) -> list[bytes]:
    """A tool call: its name, then its arguments in two halves."""
    half = len(arguments) // 2
    head = {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
    return [
        openai({"tool_calls": [head]}),
        *(openai({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}) for piece in (arguments[:half], arguments[half:])),
    ]


def openai_end(finish: str = "stop", *, tokens: int = 3) -> list[bytes]:
    """A finish word, usage, the end marker."""
    usage = {"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 5 + tokens}
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5", "choices": [], "usage": usage}
    return [openai(finish=finish), sse(chunk), DONE]


def anthropic_start() -> list[bytes]:
    """The beginning of a message of Anthropic's with one block of text."""
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [], "stop_reason": None,
               "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 1}}  # fmt: skip
    return [
        named({"type": "message_start", "message": message}),
        named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ]


def anthropic_text(text: str) -> bytes:
    """A piece of text."""
    return named({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})


def anthropic_end() -> list[bytes]:
    """The end of the block and of the message."""
    return [
        named({"type": "content_block_stop", "index": 0}),
        named({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 3}}),
        named({"type": "message_stop"}),
    ]


def gemini_text(text: str) -> bytes:
    """A piece of text of Gemini's."""
    content = {"role": "model", "parts": [{"text": text}]}
    return sse({"candidates": [{"content": content, "index": 0}], "modelVersion": "gemini-2.5-flash", "responseId": "r1"})


def ollama_text(text: str) -> bytes:
    """A piece of text of Ollama's."""
    return json.dumps({"model": "m", "message": {"role": "assistant", "content": text}, "done": False}).encode() + b"\n"
