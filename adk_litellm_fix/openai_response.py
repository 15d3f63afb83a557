# SPDX-License-Identifier: Apache-2.0
"""Folds repaired chunks into the `ModelResponse` that would have come without streaming."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from litellm.types.utils import ChatCompletionMessageToolCall, Choices, Function, Message, ModelResponse, ModelResponseStream

from .normalizer.pieces import fields, items

__all__ = ["Fold", "ModelResponse"]

_JOINED = ("content", "reasoning_content", "refusal")
_OWN = {*_JOINED, "role", "tool_calls", "function_call", "thinking_blocks"}


class Fold:
    """Takes the chunks of `repair_stream`; only of those it can rely on one call after the other and one thing per chunk."""

    def __init__(self) -> None:
        self._choices: defaultdict[int, _ChoiceFold] = defaultdict(_ChoiceFold)
        self._latest: ModelResponseStream | None = None
        self._usage: Any = None

    def add(self, chunk: ModelResponseStream) -> None:
        """Takes one chunk; anything else that a stream may hold is passed over."""
        if not isinstance(chunk, ModelResponseStream):
            return
        self._latest = chunk
        self._usage = getattr(chunk, "usage", None) or self._usage
        for choice in chunk.choices:
            self._choices[choice.index].add(choice)

    def response(self) -> ModelResponse:
        """The response so far."""
        said = self._latest
        response = ModelResponse(choices=[self._choices[index].choice(index) for index in sorted(self._choices)] or [Choices()])
        if said is not None:
            response.id, response.created, response.model = said.id, said.created, said.model
            response.system_fingerprint = said.system_fingerprint
            response._hidden_params = dict(said._hidden_params)
        if self._usage is not None:
            response.usage = self._usage
        return response


class _ChoiceFold:
    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {name: [] for name in _JOINED}
        self._blocks: list[dict[str, Any]] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._others: dict[str, Any] = {}
        self._logprobs: list[Any] = []
        self._finish: str | None = None

    def add(self, choice: Any) -> None:
        delta = fields(choice.delta)
        for name in _JOINED:
            if delta.get(name):
                self._texts[name].append(delta[name])
        for block in items(delta.get("thinking_blocks")):
            self._add_block({name: value for name, value in fields(block).items() if name != "index"})
        for call in items(delta.get("tool_calls")):
            self._add_call(call)
        own = fields(delta.get("provider_specific_fields"))
        for name, value in delta.items():
            if name not in _OWN and name not in own and value is not None:
                self._others[name] = _joined(self._others.get(name), value)
        self._logprobs.extend(items(fields(fields(choice).get("logprobs")).get("content")))
        self._finish = choice.finish_reason or self._finish

    def _add_block(self, block: dict[str, Any]) -> None:
        last = self._blocks[-1] if self._blocks else {}
        if block.get("type") != "thinking" or last.get("type") != "thinking" or last.get("signature"):
            self._blocks.append(block)
            return
        last["thinking"] = (last.get("thinking") or "") + (block.get("thinking") or "")
        if block.get("signature"):
            last["signature"] = block["signature"]

    def _add_call(self, delta: Any) -> None:
        call = self._calls.setdefault(delta.index, {"id": None, "name": None, "arguments": [], "own": None})
        call["id"] = call["id"] or delta.id
        call["name"] = call["name"] or delta.function.name
        call["arguments"].append(delta.function.arguments or "")
        call["own"] = call["own"] or getattr(delta, "provider_specific_fields", None)

    def choice(self, index: int) -> Choices:
        """The choice so far."""
        text = {name: "".join(pieces) for name, pieces in self._texts.items() if pieces}
        calls = [_call(call) for _, call in sorted(self._calls.items())]
        if "thinking_blocks" in fields(self._others.get("provider_specific_fields")):  # LiteLLM gives Anthropic's blocks in both places
            self._others["provider_specific_fields"]["thinking_blocks"] = self._blocks
        message = Message(
            content=text.get("content") if calls or "content" in text or "refusal" in text else "",
            role="assistant",
            tool_calls=calls or None,
            **{name: text[name] for name in ("reasoning_content", "refusal") if name in text},
            **({"thinking_blocks": self._blocks} if self._blocks else {}),
            **self._others,
        )
        logprobs = {"logprobs": {"content": self._logprobs}} if self._logprobs else {}
        return Choices(index=index, message=message, finish_reason=self._finish, **logprobs)


def _call(call: Mapping[str, Any]) -> ChatCompletionMessageToolCall:
    own = {"provider_specific_fields": call["own"]} if call["own"] else {}
    return ChatCompletionMessageToolCall(
        id=call["id"], type="function", function=Function(name=call["name"], arguments="".join(call["arguments"])), **own
    )  # fmt: skip


def _joined(known: Any, value: Any) -> Any:
    """Lists go on, mappings are merged, a sound's data and transcript are joined; anything else is replaced."""
    if isinstance(known, list) and isinstance(value, list):
        return [*known, *value]
    old, new = fields(known), fields(value)
    if not old or not new:
        return value
    return {**old, **{name: _joined_field(name, old.get(name), entry) for name, entry in new.items()}}


def _joined_field(name: str, known: Any, value: Any) -> Any:
    if name in ("data", "transcript") and isinstance(known, str) and isinstance(value, str):
        return known + value
    return _joined(known, value) if known is not None and value is not None else value if value is not None else known
