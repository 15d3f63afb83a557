# SPDX-License-Identifier: Apache-2.0
"""Shapes 32 to 40: how did the turn end, and may its calls run?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.wire import Answer, named_sse

from .chunks import call, delta, finish, text, usage, whole
from .native import anthropic_block, anthropic_end, anthropic_start, anthropic_text, anthropic_tool
from .turns import LITELLM, hear, over_http, played, run_agent

if TYPE_CHECKING:
    from tests.wire import Provider

    from .conftest import Read

F = ("call", "f", {"a": "1"})
G = ("call", "g", {"a": "2"})
CALL_F, CALL_G = whole(0, "c1", "f", '{"a": "1"}'), whole(1, "c2", "g", '{"a": "2"}')
ANSWER = [text("Done."), finish("stop")]


@pytest.mark.parametrize(
    ("word", "reason", "code"),
    [("stop", "STOP", None), ("length", "MAX_TOKENS", "MAX_TOKENS"), ("content_filter", "SAFETY", "SAFETY")],
)
async def test_shape_32_final_has_the_finish_reason(read: Read, word: str, reason: str, code: str | None) -> None:
    heard = await read(text("Hel"), text("lo"), finish(word), usage(3, 2))
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == (reason, code)
    assert heard.ours == {"finish_reason": word}


async def test_shape_33_stop_with_tool_calls(read: Read) -> None:
    heard = await read(CALL_F, finish("stop"))
    assert heard.parts == [F]
    assert heard.reason == "STOP"


async def test_shape_34_stop_on_every_chunk(read: Read) -> None:
    heard = await read(text("Hel", "stop"), text("lo ", "stop"), text("you", "stop"), finish("stop"))
    assert heard.parts == [("text", "Hello you")]
    assert heard.reason == "STOP"
    assert heard.repairs == []


@pytest.mark.parametrize("word", ["stop", "tool_calls"])
async def test_shape_35_finish_between_parallel_calls(read: Read, word: str) -> None:
    heard = await read(CALL_F, finish(word), CALL_G, finish(word))
    assert heard.parts == [F, G]
    assert heard.ids == ["c1", "c2"]
    assert heard.reason == "STOP"


@pytest.mark.parametrize("word", ["stop", "tool_calls"])
async def test_shape_35_finish_on_each_of_two_parallel_calls(read: Read, word: str) -> None:
    first = call(0, word, id="c1", name="f", arguments='{"a": "1"}')
    second = call(1, word, id="c2", name="g", arguments='{"a": "2"}')
    heard = await read(first, second)
    assert heard.parts == [F, G]
    assert heard.reason == "STOP"


async def test_shape_36_text_after_a_finish_word(read: Read) -> None:
    heard = await read(text("a"), finish("stop"), text("b"), finish("stop"))
    assert heard.parts == [("text", "ab")]
    assert heard.reason == "STOP"


async def test_shape_36_last_of_several_finish_words_wins(read: Read) -> None:
    heard = await read(text("a"), finish("stop"), text("b"), finish("length"))
    assert heard.parts == [("text", "ab")]
    assert heard.reason == "MAX_TOKENS"


MCP = [
    whole(0, "c1", "search", '{"q": "x"}'), finish("tool_calls"), usage(10, 2),
    text("Found "), text("it."), finish("stop"), usage(30, 4),
]  # fmt: skip


async def test_shape_37_call_that_was_answered_in_the_same_stream(read_bare: Read) -> None:
    heard = await read_bare(*MCP)
    assert heard.parts == [("text", "Found it.")]
    assert heard.reason == "STOP"
    assert [(call["id"], call["name"]) for call in heard.ours["executed_calls"]] == [("c1", "search")]
    counted = heard.final.usage_metadata
    assert (counted.prompt_token_count, counted.candidates_token_count, counted.total_token_count) == (40, 6, 46)


async def test_shape_37_over_http(read_http: Read) -> None:
    """As a LiteLLM Proxy sends it: the client's LiteLLM hides the usage chunks until the end and keeps the last."""
    heard = await read_http(*MCP)
    assert heard.parts == [("text", "Found it.")]
    assert [(call["id"], call["name"]) for call in heard.ours["executed_calls"]] == [("c1", "search")]


async def test_shape_37_agent_does_not_run_the_call_again(way: str, provider: Provider) -> None:
    ran, events = await run_agent(played(way, provider, [[CALL_F, finish("tool_calls"), *ANSWER], ANSWER]))
    assert ran == []
    assert [event.content.parts[0].text for event in events if not event.partial] == ["Done."]


SEARCH = {"type": "web_search_result", "url": "https://example.com", "title": "Example", "encrypted_content": "x"}
SERVER_TOOL = [
    anthropic_start(),
    *anthropic_tool(0, "srvtoolu_1", "web_search", '{"query": "x"}', "server_tool_use"),
    *anthropic_block(1, {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [SEARCH]}),
    *anthropic_text(2, "Found it."),
    *anthropic_end("end_turn"),
]


async def test_shape_38_server_tool_on_the_anthropic_wire(provider: Provider) -> None:
    heard = await hear(over_http(provider.serves(Answer(frames=named_sse(*SERVER_TOOL))), "anthropic/claude-sonnet-4-5"))
    assert heard.parts == [("text", "Found it.")]
    assert heard.reason == "STOP"
    if LITELLM >= (1, 81):  # before, it hands on neither the id nor the name
        assert [(call["id"], call["name"]) for call in heard.ours["executed_calls"]] == [("srvtoolu_1", "web_search")]
        assert "https://example.com" in str(heard.ours["executed_calls"])


async def test_shape_38_server_tool_from_a_client(read_bare: Read) -> None:
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [SEARCH]}
    heard = await read_bare(
        whole(0, "srvtoolu_1", "web_search", '{"query": "x"}'),
        delta(provider_specific_fields={"web_search_results": [result]}, content=""),
        text("Found it."),
        finish("stop"),
    )
    assert heard.parts == [("text", "Found it.")]
    assert [call["id"] for call in heard.ours["executed_calls"]] == ["srvtoolu_1"]
    assert heard.partial_ids == set()


async def test_shape_38_server_tool_beside_a_call_of_the_agent(provider: Provider) -> None:
    events = [*SERVER_TOOL[:-2], *anthropic_tool(3, "toolu_1", "f", '{"a": "1"}'), *anthropic_end("tool_use")]
    heard = await hear(over_http(provider.serves(Answer(frames=named_sse(*events))), "anthropic/claude-sonnet-4-5"))
    assert heard.parts == [("text", "Found it."), F]
    assert heard.ids == ["toolu_1"]


async def test_shape_39_agent_ends_when_a_nameless_call_stands_beside_a_valid_one(way: str, provider: Provider) -> None:
    turn = [CALL_F, call(1, id="c2", name="", arguments="{}"), finish("tool_calls")]
    ran, events = await asyncio.wait_for(run_agent(played(way, provider, [turn, ANSWER])), 20)
    assert ran == []
    assert events[-1].error_code == "MALFORMED_FUNCTION_CALL"


async def test_shape_40_call_under_a_content_filter(read: Read) -> None:
    heard = await read(text("I will"), CALL_F, finish("content_filter"))
    assert heard.parts == [("text", "I will")]
    assert heard.reason == heard.final.error_code == "SAFETY"
    assert heard.withheld == [("f", '{"a": "1"}')]


async def test_shape_40_agent_runs_no_tool(way: str, provider: Provider) -> None:
    ran, events = await run_agent(played(way, provider, [[CALL_F, finish("content_filter")], ANSWER]))
    assert ran == []
    assert events[-1].error_code == "SAFETY"
