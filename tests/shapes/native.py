# SPDX-License-Identifier: Apache-2.0
"""Events of the native wires: Anthropic, Gemini, Ollama, Responses."""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]


def anthropic_start() -> Event:
    usage = {"input_tokens": 5, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [], "stop_reason": None, "usage": usage}
    return {"type": "message_start", "message": message}


def anthropic_block(index: int, block: Event, *deltas: Event) -> list[Event]:
    """One content block: start, deltas, stop."""
    started = {"type": "content_block_start", "index": index, "content_block": block}
    told = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return [started, *told, {"type": "content_block_stop", "index": index}]


def anthropic_text(index: int, text: str) -> list[Event]:
    return anthropic_block(index, {"type": "text", "text": ""}, {"type": "text_delta", "text": text})


def anthropic_tool(index: int, call_id: str, name: str, arguments: str, kind: str = "tool_use") -> list[Event]:
    block = {"type": kind, "id": call_id, "name": name, "input": {}}
    return anthropic_block(index, block, {"type": "input_json_delta", "partial_json": arguments})


def anthropic_end(word: str) -> list[Event]:
    return [{"type": "message_delta", "delta": {"stop_reason": word}, "usage": {"output_tokens": 7}}, {"type": "message_stop"}]


def gemini(*parts: Event, word: str | None = None, **more: Any) -> Event:
    """One chunk of Gemini; `more` goes into the candidate."""
    candidate: Event = {"index": 0, "content": {"role": "model", "parts": list(parts)}, **more}
    if word is not None:
        candidate["finishReason"] = word
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}


def ollama(content: str = "", *, word: str | None = None, **more: Any) -> Event:
    """One line of Ollama; `more` goes into the message."""
    line: Event = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": content, **more}}
    return {**line, "done": False} if word is None else {**line, "done": True, "done_reason": word, "prompt_eval_count": 3, "eval_count": 2}


def anthropic_thinking(index: int, content: str, signature: str) -> list[Event]:
    block = {"type": "thinking", "thinking": "", "signature": ""}
    return anthropic_block(
        index, block, {"type": "thinking_delta", "thinking": content}, {"type": "signature_delta", "signature": signature}
    )


def responses(status: str, *output: Event) -> Event:
    """A response object of the Responses API."""
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5, "input_tokens_details": {"cached_tokens": 0}}
    told = {"usage": {**usage, "output_tokens_details": {"reasoning_tokens": 0}}} if status == "completed" else {}
    fixed = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-5",
        "parallel_tool_calls": True,
        "tools": [],
        "tool_choice": "auto",
    }
    return {**fixed, "status": status, "output": list(output), "error": None, "incomplete_details": None, **told}


def responses_call(index: int, name: str, arguments: str) -> list[Event]:
    """The events of one function call."""
    item = {
        "id": f"fc_{index}",
        "type": "function_call",
        "call_id": f"call_{index}",
        "name": name,
        "arguments": "",
        "status": "in_progress",
    }
    where = {"item_id": item["id"], "output_index": index}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": item},
        {"type": "response.function_call_arguments.delta", **where, "delta": arguments},
        {"type": "response.function_call_arguments.done", **where, "arguments": arguments},
        {"type": "response.output_item.done", "output_index": index, "item": {**item, "arguments": arguments, "status": "completed"}},
    ]
