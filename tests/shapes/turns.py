# SPDX-License-Identifier: Apache-2.0
"""Lets our `LiteLlm` read a turn in each of three ways, and says what came out.

`http`: over loopback HTTP through the real `litellm.acompletion`. `dicts` and `objects`: a custom client whose `acompletion` gives the
same chunks bare, as dicts or as LiteLLM's `ModelResponseStream`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

os.environ.update({"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION", "NO_PROXY": "127.0.0.1,localhost"})

import litellm
from google.adk.agents import LlmAgent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.models.lite_llm import LiteLLMClient
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.runners import InMemoryRunner
from google.genai import types

from adk_litellm_fix import LiteLlm
from tests.wire import Answer, Provider, sse

litellm.suppress_debug_info = True

LITELLM = tuple(int(number) for number in version("litellm").split(".")[:2])
"""The installed version: what LiteLLM destroys depends on it."""
Item = Any
"""A chunk, or an exception that reading the stream raises in its place."""
DONE = "[DONE]"
EVERY_WAY = ("http", "dicts", "objects")
BARE = ("dicts", "objects")


class BareClient(LiteLLMClient):
    """A user's own client: its streams are plain async iterators."""

    def __init__(self, turns: list[list[Item]]) -> None:
        super().__init__()
        self.turns = turns

    async def acompletion(self, model: Any, messages: Any, tools: Any, **kwargs: Any) -> AsyncIterator[Any]:  # type: ignore[override]
        return self._stream(self.turns.pop(0) if len(self.turns) > 1 else self.turns[0])

    async def _stream(self, items: list[Item]) -> AsyncIterator[Any]:
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one call of `generate_content_async` gave."""

    final: LlmResponse
    partials: list[LlmResponse]
    raised: Exception | None

    @property
    def parts(self) -> list[tuple[Any, ...]]:
        """The final's parts in order: ("text", …), ("thought", …), ("call", name, arguments)."""
        return [_plain(part) for part in (self.final.content.parts or [] if self.final.content else [])]

    @property
    def calls(self) -> list[types.FunctionCall]:
        return [part.function_call for part in (self.final.content.parts or [] if self.final.content else []) if part.function_call]

    @property
    def ids(self) -> list[str | None]:
        return [call.id for call in self.calls]

    @property
    def reason(self) -> str:
        return self.final.finish_reason.name if self.final.finish_reason else ""

    @property
    def ours(self) -> dict[str, Any]:
        return dict((self.final.custom_metadata or {})["adk_litellm_fix"])

    @property
    def repairs(self) -> list[str]:
        return [repair["code"] for repair in self.ours.get("repairs", [])]

    @property
    def withheld(self) -> list[tuple[str, str]]:
        """Names and argument texts of the calls that must not run."""
        return [(call["name"], call["arguments"]) for call in self.ours.get("withheld_calls", [])]

    @property
    def partial_ids(self) -> set[str | None]:
        return {part.function_call.id for part in self._partial_parts() if part.function_call}

    def _partial_parts(self) -> list[types.Part]:
        return [part for partial in self.partials if partial.content for part in partial.content.parts or []]

    def shown(self, *, thought: bool) -> str:
        """What the partials showed, joined."""
        return "".join(part.text or "" for part in self._partial_parts() if bool(part.thought) is thought)

    def said(self, *, thought: bool) -> str:
        """The final's text, or its thoughts, joined."""
        parts = self.final.content.parts or [] if self.final.content else []
        return "".join(part.text or "" for part in parts if bool(part.thought) is thought)


def _plain(part: types.Part) -> tuple[Any, ...]:
    if part.function_call:
        return ("call", part.function_call.name, part.function_call.args)
    if part.inline_data:
        return ("data", part.inline_data.mime_type, part.inline_data.data)
    return ("thought" if part.thought else "text", part.text)


def request(tools: Sequence[str] = ("f", "g")) -> LlmRequest:
    """A request that offers tools with one optional string argument `a`."""
    schema = types.Schema(type=types.Type.OBJECT, properties={"a": types.Schema(type=types.Type.STRING)})
    declared = [types.FunctionDeclaration(name=name, description="A tool.", parameters=schema) for name in tools]
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=declared)] if declared else None)
    return LlmRequest(contents=[types.Content(role="user", parts=[types.Part(text="Answer.")])], config=config)


async def hear(model: LiteLlm, tools: Sequence[str] = ("f", "g")) -> Heard:
    """Reads one streamed turn, and checks what holds for every turn whatever its shape."""
    responses: list[LlmResponse] = []
    raised = None
    try:
        async for response in model.generate_content_async(request(tools), stream=True):
            responses.append(response)  # noqa: PERF401 - what came before an exception counts
    except Exception as error:
        raised = error
    assert responses, f"nothing came before {raised!r}"
    heard = Heard(final=responses[-1], partials=responses[:-1], raised=raised)
    _check_form(heard)
    return heard


def _check_form(heard: Heard) -> None:
    assert not heard.final.partial
    assert heard.final.finish_reason is not None
    if heard.reason != "STOP":
        assert heard.final.error_code
        assert heard.calls == []
    assert all(partial.partial and partial.finish_reason is None and partial.error_code is None for partial in heard.partials)
    for thought in (False, True):
        assert heard.shown(thought=thought) == heard.said(thought=thought)
    reported = [*heard.ours.get("withheld_calls", []), *heard.ours.get("executed_calls", [])]
    assert heard.partial_ids <= {*heard.ids, *(call["id"] for call in reported)}
    assert len(set(heard.ids)) == len(heard.ids)
    assert all(call.id and call.name for call in heard.calls)


def over_http(url: str, model: str = "openai/m", **more: Any) -> LiteLlm:
    return LiteLlm(model=model, api_base=url, api_key="k", num_retries=0, max_retries=0, **more)


def played(way: str, provider: Provider, turns: Sequence[Sequence[Item]], *, end: str = DONE) -> LiteLlm:
    """A model that gives these turns in one of the `EVERY_WAY`. `end`: the wire's end marker; empty for none."""
    if way == "http":
        answers = [Answer(frames=sse(*chunks, *([end] if end else []))) for chunks in turns]
        return over_http(provider.serves(*answers))
    made: list[list[Item]] = [list(chunks) for chunks in turns]
    if way == "objects":
        made = [[litellm.ModelResponseStream(**item) if isinstance(item, dict) else item for item in chunks] for chunks in made]
    return LiteLlm(model="openai/m", llm_client=BareClient(made))


async def run_agent(model: LiteLlm) -> tuple[list[tuple[str, str | None]], list[Any]]:
    """Runs a real ADK agent with tools `f` and `g` on the model; returns the executions of its tools and the events."""
    ran: list[tuple[str, str | None]] = []

    def f(a: str = "default") -> dict[str, str]:
        """A tool."""
        ran.append(("f", a))
        return {"result": "ok"}

    def g(a: str = "default") -> dict[str, str]:
        """A tool."""
        ran.append(("g", a))
        return {"result": "ok"}

    agent = LlmAgent(name="agent", model=model, tools=[f, g])
    runner = InMemoryRunner(agent=agent, app_name="app")
    session = await runner.session_service.create_session(app_name="app", user_id="u")
    message = types.Content(role="user", parts=[types.Part(text="Go.")])
    config = RunConfig(streaming_mode=StreamingMode.SSE, max_llm_calls=8)
    events = [event async for event in runner.run_async(user_id="u", session_id=session.id, new_message=message, run_config=config)]
    return ran, events
