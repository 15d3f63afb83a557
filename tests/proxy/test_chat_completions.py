# SPDX-License-Identifier: Apache-2.0
"""`/v1/chat/completions` of a real proxy, read by the OpenAI SDK."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState

from .upstream import SIGNATURE, Upstream, expected_calls, expected_text, wait_until

pytestmark = pytest.mark.timeout(300)

TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("grep_tool", "echo_arg")
]
GEMINI_SHAPES = ("whole-call", "text-then-call", "text-with-call", "two-calls", "all-at-once")


def ask(client: openai.OpenAI, model: str, **options: Any) -> tuple[Any, list[Any]]:
    """What the SDK's own accumulator makes of the stream, and the chunks."""
    state = ChatCompletionStreamState(input_tools=TOOLS)
    chunks = []
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Look."}],
        tools=TOOLS,
        stream=True,
        stream_options={"include_usage": True},
        **options,
    )
    for chunk in stream:
        chunks.append(chunk)
        state.handle_chunk(chunk)
    return state.get_final_completion(), chunks


def calls_of(completion: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(call.function.name, json.loads(call.function.arguments)) for call in completion.choices[0].message.tool_calls or []]


@pytest.mark.parametrize("wire", ["", "gemini/gemini-"])
@pytest.mark.parametrize("shape", GEMINI_SHAPES)
def test_the_sdk_accumulates_what_the_provider_sent(openai_client: openai.OpenAI, wire: str, shape: str) -> None:
    completion, _ = ask(openai_client, wire + shape)
    choice = completion.choices[0]
    assert calls_of(completion) == list(expected_calls(shape))
    assert (choice.message.content or "") == expected_text(shape)
    assert choice.finish_reason == "tool_calls"
    assert completion.usage.total_tokens == 15


def test_every_chunk_says_one_thing(openai_client: openai.OpenAI) -> None:
    _, chunks = ask(openai_client, "all-at-once")
    said = [
        [name for name, value in choice.delta.model_dump(exclude_none=True).items() if value and name != "role"]
        + (["finish"] if choice.finish_reason else [])
        for chunk in chunks
        for choice in chunk.choices
    ]
    assert [names for names in said if names] == [["content"], *[["tool_calls"]] * 4, ["finish"]]
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


def test_a_stop_after_a_call_becomes_tool_calls(openai_client: openai.OpenAI) -> None:
    completion, _ = ask(openai_client, "stop-after-call")
    assert completion.choices[0].finish_reason == "tool_calls"
    assert calls_of(completion) == list(expected_calls("stop-after-call"))


def test_a_signature_stays_with_its_call(openai_client: openai.OpenAI) -> None:
    completion, _ = ask(openai_client, "gemini/gemini-signed-call")
    assert SIGNATURE.rstrip("=") in completion.choices[0].message.tool_calls[0].id


@pytest.mark.parametrize(("shape", "word"), [("cut-off-call", "length"), ("provider-failed", "length")])
def test_the_calls_of_a_broken_turn_do_not_come(openai_client: openai.OpenAI, shape: str, word: str) -> None:
    _, chunks = ask_raw(openai_client, shape)
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert not any(delta.tool_calls for delta in deltas)
    assert "".join(delta.content or "" for delta in deltas) == expected_text(shape)
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == [word]
    reports = [getattr(delta, "provider_specific_fields", None) for delta in deltas]
    assert [report["adk_litellm_fix"]["withheld_calls"][0]["name"] for report in reports if report] == ["grep_tool"]


def ask_raw(client: openai.OpenAI, model: str, **options: Any) -> tuple[Exception | None, list[Any]]:
    """The chunks, and what the stream raised."""
    chunks = []
    try:
        for chunk in client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "Look."}], tools=TOOLS, stream=True, **options
        ):
            chunks.append(chunk)  # noqa: PERF402
    except openai.APIError as error:
        return error, chunks
    return None, chunks


def test_a_cut_stream_raises_after_what_had_come(openai_client: openai.OpenAI) -> None:
    error, chunks = ask_raw(openai_client, "cut")
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert error is not None
    assert "".join(delta.content or "" for delta in deltas) == expected_text("cut")
    assert not any(delta.tool_calls for delta in deltas)
    assert not any(choice.finish_reason for chunk in chunks for choice in chunk.choices)


def test_a_request_can_opt_out(openai_client: openai.OpenAI) -> None:
    _, chunks = ask_raw(openai_client, "two-calls", extra_body={"metadata": {"adk_litellm_fix": "off"}})
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
    assert len(calls) == 2  # each whole, as the provider sent it


def test_a_client_that_goes_away_ends_the_providers_stream(openai_client: openai.OpenAI, upstream: Upstream) -> None:
    stream = openai_client.chat.completions.create(model="endless", messages=[{"role": "user", "content": "Count."}], stream=True)
    next(iter(stream))
    assert upstream.open_streams == 1
    stream.close()
    assert wait_until(lambda: upstream.open_streams == 0)
