# SPDX-License-Identifier: Apache-2.0
"""`/v1/messages` of a real proxy, for models that are no Anthropic ones, read by the Anthropic SDK."""

from __future__ import annotations

from typing import Any

import pytest

from . import processes
from .upstream import Upstream, expected_calls, expected_text, wait_until

anthropic = pytest.importorskip("anthropic")
pytestmark = pytest.mark.timeout(300)

TOOLS = [
    {"name": name, "description": "A tool.", "input_schema": {"type": "object", "properties": {}}} for name in ("grep_tool", "echo_arg")
]
SHAPES = ("whole-call", "text-then-call", "text-with-call", "two-calls", "all-at-once", "signed-call", "stop-after-call")
ASKED: Any = {"max_tokens": 100, "messages": [{"role": "user", "content": "Look."}], "tools": TOOLS}


@pytest.fixture
def client(proxy_url: str) -> Any:
    return anthropic.Anthropic(base_url=proxy_url, api_key=processes.MASTER_KEY, max_retries=0, timeout=30)


def ask(client: Any, model: str) -> Any:
    with client.messages.stream(model=model, **ASKED) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize("wire", ["", "gemini/gemini-"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_call_is_a_block_with_its_whole_input(client: Any, wire: str, shape: str) -> None:
    message = ask(client, wire + shape)
    blocks = [block for block in message.content if block.type == "tool_use"]
    assert [(block.name, block.input) for block in blocks] == list(expected_calls(shape))
    assert len({block.id for block in blocks}) == len(blocks)
    assert "".join(block.text for block in message.content if block.type == "text") == expected_text(shape)
    assert message.stop_reason == "tool_use"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (10, 5)


@pytest.mark.parametrize("shape", ["cut-off-call", "provider-failed"])
def test_no_tool_is_used_on_a_broken_turn(client: Any, shape: str) -> None:
    message = ask(client, shape)
    assert [block.type for block in message.content] == ["text"]
    assert message.stop_reason == "max_tokens"


def test_a_cut_stream_claims_no_normal_end(client: Any) -> None:
    events = []
    try:
        with client.messages.stream(model="cut", **ASKED) as stream:
            events = list(stream)
    except anthropic.APIError:
        return
    # LiteLLM 1.83 sends the error in a frame that the SDK passes over: there is no stop reason then, and no tool.
    assert not [event for event in events if event.type == "message_delta"]
    assert not [event for event in events if event.type == "content_block_start" and event.content_block.type == "tool_use"]


def test_a_plain_answer_stays_as_it_is(client: Any) -> None:
    message = ask(client, "plain")
    assert [block.text for block in message.content] == [expected_text("plain")]
    assert message.stop_reason == "end_turn"


def test_a_client_that_goes_away_ends_the_providers_stream(client: Any, upstream: Upstream) -> None:
    with client.messages.stream(model="endless", **ASKED) as stream:
        next(iter(stream.text_stream))
        assert upstream.open_streams == 1
    assert wait_until(lambda: upstream.open_streams == 0)
