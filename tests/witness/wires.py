# SPDX-License-Identifier: Apache-2.0
"""The wires of the providers: how each frames text, a finish word and its end, and how LiteLLM is pointed at it."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def sse(*events: object) -> list[bytes]:
    return [f"data: {e if isinstance(e, str) else json.dumps(e)}\n\n".encode() for e in events]


def named_sse(*events: dict[str, Any]) -> list[bytes]:
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def ndjson(*events: dict[str, Any]) -> list[bytes]:
    return [json.dumps(e).encode() + b"\n" for e in events]


def aws_frame(event_type: str, payload: dict[str, Any]) -> bytes:
    headers = b""
    for name, value in ((":event-type", event_type), (":content-type", "application/json"), (":message-type", "event")):
        headers += struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack("!I", binascii.crc32(prelude)) + headers + body
    return message + struct.pack("!I", binascii.crc32(message))


def converse(*events: dict[str, Any]) -> list[bytes]:
    return [aws_frame(name, body) for event in events for name, body in event.items()]


def invoke(*events: dict[str, Any]) -> list[bytes]:
    return [aws_frame("chunk", {"bytes": base64.b64encode(json.dumps(e).encode()).decode()}) for e in events]


def openai_choice(**choice: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": None, **choice}
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def anthropic_block(index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    start = {"type": "content_block_start", "index": index, "content_block": block}
    return [start, {"type": "content_block_stop", "index": index}]


def anthropic_text(text: str) -> list[dict[str, Any]]:
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    start, stop = anthropic_block(0, {"type": "text", "text": ""})
    return [ANTHROPIC_START, start, delta, stop]


USAGE = {"input_tokens": 1, "output_tokens": 1}
ANTHROPIC_MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [], "stop_reason": None, "usage": USAGE}
ANTHROPIC_START = {"type": "message_start", "message": ANTHROPIC_MESSAGE}


def anthropic_end(word: str | None) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": word}, "usage": USAGE}


@dataclass(frozen=True, eq=False)
class Wire:
    """How one wire says things; each gives frames."""

    media: str
    frames: Callable[..., list[bytes]]
    """Frames events of this wire."""
    text: Callable[[str], list[bytes]]
    finish: Callable[[str], list[bytes]]
    end: list[bytes]
    body: Callable[[str], dict[str, Any]]
    unknown: tuple[str, ...] = ()
    """Finish words that LiteLLM does not know."""
    normal: str = "stop"


def gemini_chunk(parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, **more}], "usageMetadata": usage}


def ollama_line(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "m", "created_at": "x", "message": {"role": "assistant", "content": text}, "done": False, **more}


OPENAI = Wire(
    "text/event-stream",
    sse,
    lambda text: sse(openai_choice(delta={"role": "assistant", "content": text})),
    lambda word: sse(openai_choice(delta={}, finish_reason=word)),
    sse("[DONE]"),
    lambda word: {
        **{"id": "x", "object": "chat.completion", "created": 1, "model": "m", "service_tier": "default"},
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": word}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    },
    ("network_error", "insufficient_system_resource"),
)
ANTHROPIC = Wire(
    "text/event-stream",
    named_sse,
    lambda text: named_sse(*anthropic_text(text)),
    lambda word: named_sse(anthropic_end(word)),
    named_sse({"type": "message_stop"}),
    lambda word: {**ANTHROPIC_MESSAGE, "content": [{"type": "text", "text": "Hello"}], "stop_reason": word},
    ("pause_turn", "model_context_window_exceeded"),
    "end_turn",
)
BEDROCK_INVOKE = Wire(
    "application/vnd.amazon.eventstream",
    invoke,
    lambda text: invoke(*anthropic_text(text)),
    lambda word: invoke(anthropic_end(word)),
    invoke({"type": "message_stop"}),
    ANTHROPIC.body,
    ANTHROPIC.unknown,
    "end_turn",
)
BEDROCK_CONVERSE = Wire(
    "application/vnd.amazon.eventstream",
    converse,
    lambda text: converse(
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
    ),
    lambda word: converse({"messageStop": {"stopReason": word}}),
    [],
    lambda word: {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
        **{"stopReason": word, "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}},
    },
    ("model_context_window_exceeded", "malformed_tool_use"),
    "end_turn",
)
GEMINI = Wire(
    "text/event-stream",
    sse,
    lambda text: sse(gemini_chunk([{"text": text}])),
    lambda word: sse(gemini_chunk([], finishReason=word)),
    [],
    lambda word: gemini_chunk([{"text": "Hello"}], finishReason=word),
    ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"),
    "STOP",
)
OLLAMA = Wire(
    "application/x-ndjson",
    ndjson,
    lambda text: ndjson(ollama_line(text)),
    lambda word: ndjson(ollama_line("", done=True, done_reason=word, eval_count=1, prompt_eval_count=1)),
    [],
    lambda word: ollama_line("Hello", done=True, done_reason=word, eval_count=1, prompt_eval_count=1),
    ("length", "load"),
)


def keyed(model: str, suffix: str = "") -> Callable[[str], dict[str, Any]]:
    return lambda root: {"model": model, "api_base": root + suffix, "api_key": "k"}


def on_bedrock(model: str) -> Callable[[str], dict[str, Any]]:
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "k", "aws_region_name": "us-east-1"}
    return lambda root: {"model": model, "aws_bedrock_runtime_endpoint": root, **keys}


def on_vertex(model: str) -> Callable[[str], dict[str, Any]]:
    def arguments(root: str) -> dict[str, Any]:
        account = json.dumps(service_account(root.partition("/r/")[0]))
        return {"model": model, "api_base": root, "vertex_project": "p", "vertex_location": "us-east5", "vertex_credentials": account}

    return arguments


@functools.cache
def service_account(base: str) -> dict[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    account = {"type": "service_account", "project_id": "p", "private_key_id": "k", "client_email": "a@p.iam", "client_id": "1"}
    return {**account, "private_key": key.private_bytes(*form).decode(), "token_uri": f"{base}/token"}


CLAUDE = "anthropic.claude-3-5-sonnet-20240620-v1:0"
PROVIDERS: dict[str, tuple[Wire, Callable[[str], dict[str, Any]]]] = {
    "openai": (OPENAI, keyed("openai/m")),
    "azure": (OPENAI, lambda root: {**keyed("azure/m")(root), "api_version": "2025-04-01-preview"}),
    "hosted_vllm": (OPENAI, keyed("hosted_vllm/m")),
    "openrouter": (OPENAI, keyed("openrouter/m")),
    "groq": (OPENAI, keyed("groq/m")),
    "mistral": (OPENAI, keyed("mistral/m")),
    "deepseek": (OPENAI, keyed("deepseek/m")),
    "anthropic": (ANTHROPIC, keyed("anthropic/claude-sonnet-4-5")),
    "vertex_claude": (ANTHROPIC, on_vertex("vertex_ai/claude-sonnet-4-5@20250929")),
    "gemini": (GEMINI, keyed("gemini/gemini-2.5-flash")),
    "vertex_gemini": (GEMINI, on_vertex("vertex_ai/gemini-2.5-flash")),
    "vertex_gpt_oss": (OPENAI, on_vertex("vertex_ai/openai/gpt-oss-120b-maas")),
    "bedrock_converse": (BEDROCK_CONVERSE, on_bedrock(f"bedrock/converse/{CLAUDE}")),
    "bedrock_invoke": (BEDROCK_INVOKE, on_bedrock(f"bedrock/invoke/{CLAUDE}")),
    "ollama_chat": (OLLAMA, keyed("ollama_chat/m")),
}
