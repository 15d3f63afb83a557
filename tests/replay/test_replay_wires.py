# SPDX-License-Identifier: Apache-2.0
"""Each wire, streaming and not, as the real LiteLLM reads it."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from adk_litellm_fix.replay import ReplayProvider, parse_scenario

if TYPE_CHECKING:
    from tests.replay.conftest import AskModel

# Some of what the wires say, older LiteLLM versions do not hear.
LITELLM = tuple(map(int, version("litellm").split(".")[:2]))
CLAUDE = "vertex_ai/claude-sonnet-4-5@20250929"
MODELS = (
    CLAUDE,
    "vertex_ai/gemini-2.5-flash",
    "vertex_ai/gemini-3-pro-preview",
    "vertex_ai/openai/gpt-oss-120b-maas",
    "openai/gpt-5",
    "azure/gpt-5",
    "anthropic/claude-sonnet-4-5",
    "gemini/gemini-2.5-flash",
    "deepseek/deepseek-chat",
    "ollama_chat/llama3.1",
)
CLAUDES = {CLAUDE, "anthropic/claude-sonnet-4-5"}
HIDES_THOUGHTS = {"openai/gpt-5", "azure/gpt-5"}
NAMES_NO_BROKEN_CALL = {"vertex_ai/gemini-2.5-flash", "vertex_ai/gemini-3-pro-preview", "gemini/gemini-2.5-flash", "ollama_chat/llama3.1"}

every_model = pytest.mark.parametrize("model", MODELS)
both_ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@every_model
@both_ways
async def test_text_arrives_whole_with_a_stop(ask_model: AskModel, model: str, stream: bool) -> None:
    reply = await ask_model(model, 'turns: [{text: "Grüße aus Rom:\\n  18 °C,\\tsunny. "}]', stream=stream)
    assert reply.error is None
    assert reply.text.strip() == "Grüße aus Rom:\n  18 °C,\tsunny."
    assert reply.finish == "stop"
    assert reply.calls == []


@every_model
@both_ways
async def test_thoughts_are_shown_where_the_provider_shows_them(ask_model: AskModel, model: str, stream: bool) -> None:
    reply = await ask_model(model, "turns: [{thought: Rome is in Italy., text: Sunny., usage: {thoughts: 7, output: 2}}]", stream=stream)
    assert reply.error is None
    assert reply.text == "Sunny."
    if model in HIDES_THOUGHTS:
        assert reply.thoughts == ""
        assert reply.usage.completion_tokens_details.reasoning_tokens == 7
    else:
        # LiteLLM 1.80 loses what follows the second piece of Ollama's thoughts.
        assert reply.thoughts == "Rome is in Italy." or (model.startswith("ollama") and reply.thoughts.startswith("Rome is"))
    if LITELLM >= (1, 83):  # before, it counted for itself on some wires
        assert reply.usage.completion_tokens == 9


@every_model
@both_ways
async def test_a_call_arrives_with_its_arguments(ask_model: AskModel, tools: list[Any], model: str, stream: bool) -> None:
    scenario = "turns: [{text: I look., call: {get_weather: {city: São Paulo, days: [1, 2], when: null}}}]"
    reply = await ask_model(model, scenario, stream=stream, tools=tools)
    assert reply.error is None
    assert reply.text == "I look."
    assert [(name, json.loads(arguments)) for name, arguments in reply.calls] == [
        ("get_weather", {"city": "São Paulo", "days": [1, 2], "when": None})
    ]
    assert all(reply.ids)


@every_model
@both_ways
async def test_parallel_calls_keep_apart(ask_model: AskModel, tools: list[Any], model: str, stream: bool) -> None:
    if model.startswith("ollama") and stream:
        pytest.skip("LiteLLM gives all calls of an Ollama stream the index 0")
    scenario = "turns: [{calls: [get_weather: {city: Rome}, get_time, get_weather: {city: Oslo}]}]"
    reply = await ask_model(model, scenario, stream=stream, tools=tools)
    assert reply.error is None
    assert [(name, json.loads(arguments or "{}")) for name, arguments in reply.calls] == [
        ("get_weather", {"city": "Rome"}),
        ("get_time", {}),
        ("get_weather", {"city": "Oslo"}),
    ]
    assert len(set(reply.ids)) == 3


@every_model
@both_ways
@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_finish_words_are_said_in_the_providers_own(ask_model: AskModel, model: str, stream: bool, finish: str) -> None:
    if model.startswith("ollama"):
        pytest.skip("Ollama knows no filter, and LiteLLM takes its `length` for `stop`")
    reply = await ask_model(model, f"turns: [{{text: It is, finish: {finish}}}]", stream=stream)
    assert reply.error is None
    refused = model in CLAUDES and finish == "content_filter" and LITELLM < (1, 83)
    assert reply.finish == ("refusal" if refused else finish)
    # LiteLLM drops the text of a filtered Gemini body.
    assert reply.text == ("" if "gemini" in model and finish == "content_filter" and not stream else "It is")


@every_model
async def test_a_cut_stream_has_no_finish_word(ask_model: AskModel, model: str) -> None:
    reply = await ask_model(model, "turns: [{text: It is sunny in, ending: cut}]", stream=True)
    assert reply.text == "It is sunny in"
    # LiteLLM invents a stop, newer ones raise instead.
    assert reply.error is not None or reply.finish in (None, "stop")


@every_model
async def test_a_cut_body_cannot_be_read(ask_model: AskModel, model: str) -> None:
    reply = await ask_model(model, "turns: [{text: It is sunny in, ending: cut}]", stream=False)
    assert reply.error is not None
    assert reply.text == ""


@every_model
@both_ways
async def test_a_reset_connection_raises_after_what_was_said(ask_model: AskModel, model: str, stream: bool) -> None:
    reply = await ask_model(model, "turns: [{text: It is sunny in, ending: reset}]", stream=stream)
    assert reply.text == ("It is sunny in" if stream else "")
    if stream and LITELLM < (1, 100):
        assert reply.finish == "stop"  # they took a broken connection for the end
    else:
        assert reply.error is not None


@every_model
@both_ways
async def test_an_error_has_the_providers_form(ask_model: AskModel, model: str, stream: bool) -> None:
    scenario = "turns: [{error: {status: 429, message: Too many questions.}}]"
    reply = await ask_model(model, scenario, stream=stream)
    assert "Too many questions." in str(reply.error)
    if not model.startswith("ollama"):  # LiteLLM knows no kinds of its errors
        assert "RateLimitError" in f"{type(reply.error).__name__} {reply.error}"


@every_model
async def test_an_error_in_a_stream_comes_after_the_words_before_it(ask_model: AskModel, model: str) -> None:
    scenario = "turns: [{text: It is sunny in, error: {status: 503, message: Overloaded today.}}]"
    reply = await ask_model(model, scenario, stream=True)
    assert reply.text == "It is sunny in"
    overlooked = LITELLM < (1, 100) and ("gemini" in model or "oss" in model or "deepseek" in model)
    assert reply.error is not None or (overlooked and reply.finish == "stop")


@every_model
async def test_a_truncated_call_is_sent_as_it_stands_or_not_at_all(ask_model: AskModel, tools: list[Any], model: str) -> None:
    scenario = """turns: [{text: I look., call: {get_weather: '{"city": "Ro'}, finish: length}]"""
    reply = await ask_model(model, scenario, stream=True, tools=tools)
    assert reply.error is None
    assert reply.calls == ([] if model in NAMES_NO_BROKEN_CALL else [("get_weather", '{"city": "Ro')])


@every_model
@both_ways
async def test_usage_is_what_the_scenario_says(ask_model: AskModel, model: str, stream: bool) -> None:
    scenario = "turns: [{text: Sunny., usage: {input: 1200, output: 34, cached: 1000}}]"
    reply = await ask_model(model, scenario, stream=stream)
    if stream and LITELLM < (1, 83) and ("oss" in model or "deepseek" in model):
        pytest.skip("LiteLLM counted for itself")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (1200, 34)
    if not model.startswith("ollama"):
        assert reply.usage.prompt_tokens_details.cached_tokens == 1000


async def _raw(path: str, scenario: str, body: dict[str, Any]) -> str:
    async with ReplayProvider(parse_scenario(scenario)) as provider, httpx.AsyncClient(trust_env=False) as client:
        response = await client.post(provider.base_url + path, json=body)
        return response.text


async def test_the_end_marker_is_missing_from_a_cut_stream_only() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}], "stream": True}
    whole = await _raw("/v1/chat/completions", "turns: [{text: a b}]", body)
    cut = await _raw("/v1/chat/completions", "turns: [{text: a b, ending: cut}]", body)
    assert whole.endswith("data: [DONE]\n\n")
    assert '"finish_reason":"stop"' in whole
    assert "[DONE]" not in cut
    assert '"finish_reason":"stop"' not in cut


async def test_a_claude_stream_has_the_events_of_the_real_one() -> None:
    body = {"messages": [{"role": "user", "content": "a"}], "stream": True}
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:streamRawPredict"
    raw = await _raw(path, "turns: [{thought: a, call: {f: {}}}]", body)
    events = [json.loads(line[6:]) for line in raw.splitlines() if line.startswith("data: ")]
    assert [event["type"] for event in events] == [
        "message_start",
        "ping",
        *("content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"),
        *("content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"),
        "message_delta",
        "message_stop",
    ]
    assert [line[7:] for line in raw.splitlines() if line.startswith("event: ")] == [event["type"] for event in events]
    assert events[0]["message"]["id"].startswith("msg_vrtx_01")
    assert events[3]["delta"]["type"] == "thinking_delta"
    assert events[4]["delta"]["type"] == "signature_delta"
    assert events[6]["content_block"]["id"].startswith("toolu_vrtx_01")


async def test_gemini_says_that_a_call_is_malformed() -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}
    raw = await _raw("/v1beta/models/gemini-2.5-pro:generateContent", """turns: [{call: {f: '{"a": '}}]""", body)
    candidate = json.loads(raw)["candidates"][0]
    assert candidate["finishReason"] == "MALFORMED_FUNCTION_CALL"
    assert candidate["content"]["parts"] == []


async def test_a_word_unknown_to_the_wires_is_sent_as_it_stands() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}]}
    raw = await _raw("/v1/messages", "turns: [{text: a, finish: pause_turn}]", body)
    assert json.loads(raw)["stop_reason"] == "pause_turn"


@pytest.mark.parametrize("body", ['{"messages": 1}', "no JSON", "[]", '{"messages": [{"role": "user"}]}'])
async def test_what_is_no_request_is_refused_in_the_providers_form(body: str) -> None:
    async with ReplayProvider(parse_scenario("turns: [{text: a}]")) as provider, httpx.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{provider.base_url}/v1/messages", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
