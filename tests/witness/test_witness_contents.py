# SPDX-License-Identifier: Apache-2.0
"""What a witness hears of a stream beside its finish: errors, calls that already ran, what LiteLLM drops."""

from __future__ import annotations

import pytest

from tests.witness.conftest import Asking, every_provider, those_of
from tests.witness.wires import (
    ANTHROPIC,
    ANTHROPIC_MESSAGE,
    BEDROCK_CONVERSE,
    BEDROCK_INVOKE,
    OPENAI,
    anthropic_block,
    anthropic_end,
    anthropic_text,
    converse,
    openai_choice,
    sse,
)


@those_of(ANTHROPIC, BEDROCK_INVOKE)
async def test_stop_reason_inside_message_start_is_heard(asking: Asking, name: str) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "roll", "input": {"n": 2}, "caller": {"type": "code_execution", "tool_id": "s"}}
    start = {"type": "message_start", "message": {**ANTHROPIC_MESSAGE, "content": [call], "stop_reason": "tool_use"}}
    said = (await asking.read(asking.wire.frames(start, {"type": "message_stop"}))).said
    assert (said.finish_reason, said.ended, said.executed_call_ids) == ("tool_use", True, frozenset())
    function = {"name": "roll", "arguments": '{"n": 2}'}
    assert said.call_arguments == {"toolu_1": function["arguments"]}
    assert said.messages[0]["tool_calls"] == [{"id": "toolu_1", "type": "function", "function": function}]


ERROR = {"type": "error", "error": {"type": "overloaded_error", "code": 503, "message": "overloaded"}}


@every_provider
async def test_exception_of_the_stream_is_the_same_with_a_witness(asking: Asking, name: str) -> None:
    wire = asking.wire
    error = wire.frames({"serverError": ERROR} if wire is BEDROCK_CONVERSE else ERROR)
    heard = await asking.read([*wire.text("Hello"), *error])
    without = await asking.read([*wire.text("Hello"), *error], witnessed=False)
    assert (type(heard.error), heard.text) == (type(without.error), without.text)
    assert wire is BEDROCK_CONVERSE or heard.said.error == "overloaded"


@pytest.mark.parametrize("name", ["openai", "hosted_vllm"])
async def test_error_inside_a_choice_is_heard(asking: Asking, name: str) -> None:
    failed = openai_choice(delta={}, error={"code": 502, "message": "upstream died"})
    assert (await asking.read([*OPENAI.text("Hello"), *sse(failed, "[DONE]")])).said.error == "upstream died"


@those_of(ANTHROPIC, BEDROCK_INVOKE)
async def test_calls_that_the_provider_ran_are_known_by_id(asking: Asking, name: str) -> None:
    blocks = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "echo", "server_name": "s", "input": {}},
        {"type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_2", "content": {}},
        {"type": "tool_use", "id": "toolu_1", "name": "roll", "input": {}, "caller": {"type": "code_execution", "tool_id": "srvtoolu_2"}},
    ]
    events = [event for index, block in enumerate(blocks, 1) for event in anthropic_block(index, block)]
    frames = asking.wire.frames(*anthropic_text("Hello"), *events, anthropic_end("tool_use"), {"type": "message_stop"})
    assert (await asking.read(frames)).said.executed_call_ids == {"srvtoolu_1", "srvtoolu_2", "mcptoolu_1"}


@pytest.mark.parametrize("name", ["bedrock_converse"])
async def test_server_tools_of_bedrock_are_known_by_id(asking: Asking, name: str) -> None:
    starts = [{"toolUseId": "t1", "name": "web", "type": "server_tool_use"}, {"toolUseId": "t2", "name": "mine"}]
    frames = converse(
        {"messageStart": {"role": "assistant"}},
        *({"contentBlockStart": {"contentBlockIndex": i, "start": {"toolUse": tool}}} for i, tool in enumerate(starts)),
        {"messageStop": {"stopReason": "tool_use"}},
    )
    assert (await asking.read(frames)).said.executed_call_ids == {"t1"}


@those_of(OPENAI)
async def test_message_without_delta_is_kept(asking: Asking, name: str) -> None:
    message = {"role": "assistant", "content": "All at once."}
    whole = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    frames = sse({**whole, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}, "[DONE]")
    assert (await asking.read(frames)).said.messages == (message,)


@those_of(OPENAI)
async def test_message_beside_a_delta_is_not_kept(asking: Asking, name: str) -> None:
    both = openai_choice(delta={"content": "Hello"}, message={"role": "assistant", "content": "Hello"})
    assert (await asking.read([*sse(both), *OPENAI.finish("stop"), *OPENAI.end])).said.messages == ()


@those_of(OPENAI)
async def test_refusal_is_heard_whole(asking: Asking, name: str) -> None:
    pieces = [openai_choice(delta={"refusal": piece, "content": None}) for piece in ("I will ", "not.")]
    start = openai_choice(delta={"role": "assistant", "content": "", "refusal": None})
    assert (await asking.read([*sse(start, *pieces), *OPENAI.finish("stop"), *OPENAI.end])).said.refusal == "I will not."


@those_of(OPENAI)
async def test_missing_usage_is_noticed(asking: Asking, name: str) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    reported = sse({**openai_choice(delta={}), "choices": [], "usage": usage})
    said = [(await asking.read([*OPENAI.text("Hello"), *usage, *OPENAI.end])).said for usage in (reported, [])]
    assert [each.usage_sent for each in said] == [True, False]
