# SPDX-License-Identifier: Apache-2.0
"""Shapes of Anthropic's own wire, as the real LiteLLM hands them on."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.wire import Answer, named_sse

from .native import anthropic_block, anthropic_end, anthropic_start, anthropic_text, anthropic_thinking, anthropic_tool
from .turns import LITELLM, hear, over_http, run_agent

if TYPE_CHECKING:
    from tests.wire import Provider

    from .native import Event
    from .turns import Heard

HELLO = ("text", "Hello")
F = ("call", "f", {"a": "1"})
ARGUMENTS = '{"a": "1"}'
SIGNED = base64.b64encode(b"signed").decode()
CLAUDE = "anthropic/claude-sonnet-4-5"


async def claude(provider: Provider, *events: Event, started: bool = True) -> Heard:
    frames = named_sse(*([anthropic_start()] if started else []), *events)
    return await hear(over_http(provider.serves(Answer(frames=frames)), CLAUDE))


def ended(heard: Heard) -> tuple[str, str | None]:
    return heard.reason, heard.final.error_code


SEARCHED = [
    *anthropic_tool(0, "srvtoolu_1", "web_search", '{"query": "x"}', "server_tool_use"),
    *anthropic_block(
        1, {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result", "url": "u"}]}
    ),
]


async def test_anthropic_web_search_is_no_call_of_the_agent(provider: Provider) -> None:
    heard = await claude(provider, *SEARCHED, *anthropic_text(2, "Hello"), *anthropic_end("end_turn"))
    assert heard.parts == [HELLO]
    assert ended(heard) == ("STOP", None)
    if LITELLM >= (1, 81):  # before, it hands on neither the id nor the name
        assert [call["name"] for call in heard.ours["executed_calls"]] == ["web_search"]


async def test_anthropic_pause_turn_is_no_normal_end(provider: Provider) -> None:
    heard = await claude(provider, *SEARCHED, *anthropic_end("pause_turn"))
    assert heard.calls == []
    assert ended(heard) == ("OTHER", "OTHER")
    assert heard.ours["finish_reason"] == "pause_turn"


async def test_anthropic_context_window_is_a_token_limit(provider: Provider) -> None:
    heard = await claude(provider, *anthropic_text(0, "Hello"), *anthropic_end("model_context_window_exceeded"))
    assert heard.parts == [HELLO]
    assert ended(heard) == ("MAX_TOKENS", "MAX_TOKENS")


async def test_anthropic_stream_without_message_delta_is_cut(provider: Provider) -> None:
    heard = await claude(provider, *anthropic_text(0, "Hello"))
    assert heard.parts == [HELLO]
    assert ended(heard) == ("OTHER", "STREAM_CUT")


async def test_anthropic_cut_behind_the_name_runs_no_tool(provider: Provider) -> None:
    start = anthropic_tool(0, "toolu_1", "f", "")[:1]
    heard = await claude(provider, *start)
    assert heard.parts == []
    assert ended(heard) == ("OTHER", "STREAM_CUT")
    assert [name for name, _ in heard.withheld] == ["f"]


async def test_anthropic_token_limit_behind_the_name_runs_no_tool(provider: Provider) -> None:
    start = anthropic_block(0, {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}})
    answers = [named_sse(anthropic_start(), *start, *anthropic_end("max_tokens"))]
    model = over_http(provider.serves(*(Answer(frames=frames) for frames in answers)), CLAUDE)
    heard = await hear(model)
    assert heard.parts == []
    assert ended(heard) == ("MAX_TOKENS", "MAX_TOKENS")
    ran, _ = await run_agent(model)
    assert ran == []


async def test_anthropic_redacted_thinking_beside_a_tool_is_kept(provider: Provider) -> None:
    redacted = anthropic_block(0, {"type": "redacted_thinking", "data": SIGNED})
    heard = await claude(provider, *redacted, *anthropic_tool(1, "toolu_1", "f", ARGUMENTS), *anthropic_end("tool_use"))
    assert heard.parts == [("thought", ""), F]
    assert heard.final.content.parts[0].thought_signature == b"signed"


async def test_anthropic_interleaved_thinking_keeps_its_order(provider: Provider) -> None:
    events = [*anthropic_thinking(0, "one", SIGNED), *anthropic_text(1, "Hello"), *anthropic_thinking(2, "two", SIGNED)]
    heard = await claude(provider, *events, *anthropic_tool(3, "toolu_1", "f", ARGUMENTS), *anthropic_end("tool_use"))
    assert heard.parts == [("thought", "one"), HELLO, ("thought", "two"), F]


async def test_anthropic_citations_are_kept(provider: Provider) -> None:
    cited = {
        "type": "char_location",
        "cited_text": "H",
        "document_index": 0,
        "document_title": "A",
        "start_char_index": 0,
        "end_char_index": 1,
    }
    deltas = ({"type": "text_delta", "text": "Hello"}, {"type": "citations_delta", "citation": cited})
    heard = await claude(provider, *anthropic_block(0, {"type": "text", "text": ""}, *deltas), *anthropic_end("end_turn"))
    assert heard.parts == [HELLO]
    (citation,) = heard.final.citation_metadata.citations
    assert (citation.title, citation.start_index, citation.end_index) == ("A", 0, 1)


async def test_anthropic_error_event_keeps_the_text_and_is_raised(provider: Provider) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    heard = await claude(provider, *anthropic_text(0, "Hello"), error)
    assert heard.parts == [HELLO]
    assert heard.raised is not None
    assert ended(heard) == ("OTHER", type(heard.raised).__name__)
