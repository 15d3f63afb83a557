# SPDX-License-Identifier: Apache-2.0
"""Builds chunks of an OpenAI-compatible stream. Only what a test names is in a chunk: absent and null are different shapes."""

from __future__ import annotations

from typing import Any

Chunk = dict[str, Any]


def choices(*entries: Any, **more: Any) -> Chunk:
    """A chunk with any choices."""
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": list(entries), **more}


def delta(_index: int = 0, _finish: str | None = None, /, **fields: Any) -> Chunk:
    """A chunk with one delta."""
    return choices({"index": _index, "delta": fields, "finish_reason": _finish})


def text(content: Any, _finish: str | None = None) -> Chunk:
    return delta(0, _finish, content=content)


def finish(word: str) -> Chunk:
    return delta(0, word)


def usage(prompt: int, completion: int, **more: Any) -> Chunk:
    """The usage chunk that follows the finish word."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **more}
    return choices(usage=counts)


def tool(index: int | None = 0, /, **fields: Any) -> dict[str, Any]:
    """One entry of `tool_calls`; `name` and `arguments` go into its function. Index None: no such key, unless it is named."""
    function = {name: fields.pop(name) for name in ("name", "arguments") if name in fields}
    entry = {"type": "function", "function": function, **fields}
    return entry if index is None else {"index": index, **entry}


def call(index: int | None = 0, _finish: str | None = None, /, **fields: Any) -> Chunk:
    """A chunk with one tool call delta."""
    return delta(0, _finish, tool_calls=[tool(index, **fields)])


def whole(index: int | None, call_id: str, name: str, arguments: str) -> Chunk:
    """A chunk with a whole tool call."""
    return call(index, id=call_id, name=name, arguments=arguments)
