# SPDX-License-Identifier: Apache-2.0
"""Gemini's `generateContent`, on Google AI Studio and on Vertex: large chunks, a call whole in one part, the finish word in the last."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..ask import Ask, Utterance
from ..scenario import Call, Failure, Pause, Text, Thought
from .openai_chat import google_status
from .wire import Answer, Frame, Request, Wire, argument_pieces, grouped, pieces, sse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FINISH = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
_TEXT_RUN = 12
"""Gemini's chunks hold about a line each."""


class Gemini(Wire):
    """`:generateContent` and `:streamGenerateContent?alt=sse`."""

    def decode(self, request: Request) -> Ask:
        """Read a generateContent request."""
        body = request.body
        declared = [_key(tool, "functionDeclarations") or () for tool in body.get("tools") or ()]
        return Ask.read(
            _history(body),
            wire=self.name,
            model=request.model,
            stream=request.method == "streamGenerateContent",
            tools=[function["name"] for functions in declared for function in functions],
            body=body,
        )

    def opening(self, answer: Answer) -> Iterator[Frame]:
        """Yield nothing: the first words open the stream."""
        yield from ()

    def saying(self, answer: Answer) -> Iterator[Frame]:
        """Yield chunks of parts; the finish word stands in the last."""
        chunks = list(_chunks(answer))
        for chunk in chunks:
            finish = chunk is chunks[-1] and _closes(answer) and not _finishes_apart(answer)
            data = sse(self._body(answer, chunk.parts, finish=finish)) if chunk.parts else b""
            yield Frame(data=data, tokens=chunk.tokens, pause=chunk.pause)

    def closing(self, answer: Answer) -> Iterator[Frame]:
        """Yield the finish word where no chunk of what was said can carry it."""
        chunks = list(_chunks(answer))
        if not chunks or not chunks[-1].parts or _finishes_apart(answer):
            yield Frame(data=sse(self._body(answer, [{"text": ""}], finish=True)))

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the response as one body: all of a kind that stands together is one part."""
        return self._body(answer, _parts(answer), finish=True)

    def failure(self, failure: Failure) -> dict[str, Any]:
        """Return Google's error."""
        return {"error": {"code": failure.status, "message": failure.message, "status": google_status(failure.status)}}

    def _body(self, answer: Answer, parts: list[dict[str, Any]], *, finish: bool) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        tokens = answer.tokens
        usage: dict[str, Any] = {"promptTokenCount": tokens.input, "totalTokenCount": tokens.input}
        if finish:
            candidate.update(_ending(answer))
            usage["candidatesTokenCount"] = tokens.output
            usage["totalTokenCount"] = tokens.input + tokens.output + tokens.thoughts
            if tokens.thoughts:
                usage["thoughtsTokenCount"] = tokens.thoughts
            if tokens.cached:
                usage["cachedContentTokenCount"] = tokens.cached
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": answer.ask.model, "responseId": answer.id("", 22)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """The parts of one chunk, or a silence."""

    parts: list[dict[str, Any]]
    tokens: int = 0
    pause: float = 0.0


def _chunks(answer: Answer) -> Iterator[_Chunk]:
    """Yield the chunks of what is said; calls that stand together share one."""
    calls: list[dict[str, Any]] = []
    tokens = 0
    for part in answer.turn.parts:
        if isinstance(part, Call):
            calls += _call(answer, part, first=not calls)
            tokens += 1 + len(argument_pieces(part.arguments))
            continue
        if calls:
            yield _Chunk(parts=calls, tokens=tokens)
            calls, tokens = [], 0
        match part:
            case Thought(text=text):
                for run, count in grouped(pieces(text), _TEXT_RUN):
                    yield _Chunk(parts=[{"text": run, "thought": True}], tokens=count)
            case Text(text=text):
                for run, count in grouped(pieces(text), _TEXT_RUN):
                    yield _Chunk(parts=[{"text": run}], tokens=count)
            case Pause(seconds=seconds):
                yield _Chunk(parts=[], pause=seconds)
    if calls:
        yield _Chunk(parts=calls, tokens=tokens)


def _parts(answer: Answer) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for part in answer.turn.parts:
        match part:
            case Thought(text=text):
                parts.append({"text": text, "thought": True})
            case Text(text=text):
                parts.append({"text": text})
            case Call():
                parts += _call(answer, part, first=not any("functionCall" in before for before in parts))
    return parts


def _call(answer: Answer, call: Call, *, first: bool) -> list[dict[str, Any]]:
    arguments = call.object
    if arguments is None:
        return []
    part: dict[str, Any] = {"functionCall": {"name": call.name, "args": arguments}}
    if first and any(isinstance(said, Thought) for said in answer.turn.parts):
        part["thoughtSignature"] = base64.b64encode(answer.id("", 60, of="signature").encode()).decode()
    return [part]


def _ending(answer: Answer) -> dict[str, Any]:
    """The finish word; a call whose arguments are no object is never sent, Gemini says so instead."""
    broken = next((call for call in answer.turn.calls if call.object is None), None)
    if broken is not None and answer.turn.finish is None:
        message = f"Malformed function call: {broken.name}({broken.arguments}"
        return {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": message}
    ending = {"finishReason": answer.finish(_FINISH)}
    if answer.turn.calls and ending["finishReason"] == "STOP":
        ending["finishMessage"] = "Model generated function call(s)."
    return ending


def _closes(answer: Answer) -> bool:
    return answer.turn.error is None and answer.turn.ending == "normal"


def _finishes_apart(answer: Answer) -> bool:
    """Gemini 3 sends the finish word in a chunk of its own."""
    return answer.ask.model.startswith("gemini-3")


def _history(body: Mapping[str, Any]) -> Iterator[Utterance]:
    system = _key(body, "systemInstruction") or {}
    yield Utterance(speaker="system", text="\n\n".join(part.get("text", "") for part in system.get("parts", ())))
    for content in body["contents"]:
        if content.get("role") == "model":
            yield Utterance(speaker="model")
            continue
        for part in content["parts"]:
            response = _key(part, "functionResponse")
            if response is not None:
                yield Utterance(speaker="tool", text=_result(response["response"]), tool=response["name"])
            elif "text" in part:
                yield Utterance(speaker="user", text=part["text"])


def _result(response: Any) -> str:
    """The tool's answer; LiteLLM wraps it as `{"content": text}`."""
    if isinstance(response, dict) and response.keys() == {"content"}:
        response = response["content"]
    return response if isinstance(response, str) else json.dumps(response, ensure_ascii=False)


def _key(value: Mapping[str, Any], name: str) -> Any:
    """A field under its JSON name or, as LiteLLM writes some, in snake case."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return value.get(name, value.get(snake))
