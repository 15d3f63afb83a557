# SPDX-License-Identifier: Apache-2.0
"""Streams as LiteLLM yields them, written short, and what a reader makes of a repaired one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any


def chunk(*, finish: str | None = None, usage: tuple[int, int] | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
    reported = {"usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}} if usage else {}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 7,
        "model": "m",
        "choices": [{"index": index, "delta": delta, "finish_reason": finish}],
        **reported,
    }


def call(arguments: str, *, name: str | None = None, id: str | None = None, index: int | None = 0) -> dict[str, Any]:
    return {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


async def stream(chunks: Iterable[Any], *, failure: Exception | None = None) -> AsyncIterator[Any]:
    for item in chunks:
        yield item
    if failure is not None:
        raise failure


def said(item: Any) -> list[str]:
    """What a chunk says: fields of its delta, `finish`, `usage`."""
    values = item.model_dump(exclude_none=True)
    names = [name for choice in values["choices"] for name, value in choice["delta"].items() if value and name != "role"]
    names += ["finish" for choice in values["choices"] if choice.get("finish_reason")]
    return names + (["usage"] if values.get("usage") else [])


def texts(items: Iterable[Any], field: str = "content") -> str:
    return "".join(choice.delta.get(field) or "" for item in items for choice in item.choices)


def calls(items: Iterable[Any]) -> list[tuple[str, str]]:
    """Names and arguments, put together as the OpenAI reference says: by index."""
    found: dict[int, list[str]] = {}
    for item in items:
        for choice in item.choices:
            for delta in choice.delta.tool_calls or []:
                known = found.setdefault(delta.index, ["", ""])
                known[0] += delta.function.name or ""
                known[1] += delta.function.arguments or ""
    return [(name, arguments) for name, arguments in found.values()]


def finishes(items: Iterable[Any]) -> list[str]:
    return [choice.finish_reason for item in items for choice in item.choices if choice.finish_reason]
