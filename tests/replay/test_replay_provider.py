# SPDX-License-Identifier: Apache-2.0
"""The provider as a server: where it listens, how fast it speaks, how it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import litellm
import pytest

from adk_litellm_fix.errors import UsageError
from adk_litellm_fix.replay import ReplayProvider, Scenario, Scene, Text, Turn, parse_scenario, serve

HELLO = parse_scenario("turns: [{text: Hello you.}]")
LONG = Scenario(scenes=(Scene(turns=(Turn(parts=(Text(text="word " * 5000),)),)),))
BODY = {"model": "m", "messages": [{"role": "user", "content": "a"}], "stream": True}


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=20)


async def test_the_port_is_free_again_after_the_with_block() -> None:
    async with ReplayProvider(HELLO) as provider:
        port = int(provider.base_url.rpartition(":")[2])
        async with _client() as client:
            await client.post(f"{provider.base_url}/v1/chat/completions", json=BODY)
    async with ReplayProvider(HELLO, port=port) as again:
        assert again.base_url.endswith(f":{port}")


def test_a_port_in_use_is_one_clear_error() -> None:
    with ReplayProvider(HELLO) as provider:
        port = int(provider.base_url.rpartition(":")[2])
        with pytest.raises(UsageError, match=f"^port {port} on 127.0.0.1 is in use: choose another, or 0 for a free one$"):
            serve(HELLO, port=port)


def test_an_address_that_is_not_ours_is_one_clear_error() -> None:
    with pytest.raises(UsageError, match=r"^cannot listen on 192\.0\.2\.1:0: "):
        ReplayProvider(HELLO, host="192.0.2.1").start()


def test_the_plain_with_block_answers_while_this_thread_is_busy() -> None:
    with ReplayProvider(HELLO) as provider:
        response = httpx.post(f"{provider.base_url}/v1/chat/completions", json={**BODY, "stream": False}, trust_env=False)
    assert response.json()["choices"][0]["message"]["content"] == "Hello you."


def test_a_provider_can_be_started_again() -> None:
    provider = ReplayProvider(HELLO)
    for _ in range(2):
        with provider:
            response = httpx.post(f"{provider.base_url}/v1/chat/completions", json=BODY, trust_env=False)
            assert "[DONE]" in response.text
            assert len(provider.requests) == 1


def test_a_provider_that_is_not_running_says_so() -> None:
    with pytest.raises(UsageError, match="is not running"):
        ReplayProvider(HELLO).arguments("openai/gpt-5")


def test_a_model_without_a_wire_is_named() -> None:
    with ReplayProvider(HELLO) as provider:
        with pytest.raises(UsageError, match='no wire for "cohere/command-r"'):
            provider.arguments("cohere/command-r")
        with pytest.raises(UsageError, match='no wire for "vertex_ai/mistral-large"'):
            provider.arguments("vertex_ai/mistral-large")


def test_the_credentials_are_gone_after_the_with_block() -> None:
    with ReplayProvider(HELLO) as provider:
        path = Path(provider.environment()["GOOGLE_APPLICATION_CREDENTIALS"])
        assert provider.base_url in path.read_text(encoding="utf-8")
    assert not path.exists()


async def test_the_environment_alone_points_litellm_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ReplayProvider(HELLO) as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        models = ["openai/gpt-5", "azure/gpt-5", "anthropic/claude-haiku-4-5", "gemini/gemini-2.5-flash"]
        if tuple(map(int, version("litellm").split(".")[:2])) >= (1, 106):  # before, it took a bare base for one model's URL
            models += ["vertex_ai/claude-sonnet-4-5@20250929", "vertex_ai/gemini-2.5-flash", "vertex_ai/openai/gpt-oss-120b-maas"]
        for model in models:
            response: Any = await litellm.acompletion(model=model, messages=[{"role": "user", "content": "a"}])
            assert response.choices[0].message.content == "Hello you."
        assert [ask.wire for ask in provider.requests][:4] == ["openai", "azure", "anthropic", "gemini"]


async def test_the_pace_is_tokens_per_second() -> None:
    scenario = parse_scenario("turns: [{text: one two three four five six seven eight nine ten}]")
    async with ReplayProvider(scenario, pace=100) as provider, _client() as client:
        began = time.monotonic()
        async with client.stream("POST", f"{provider.base_url}/v1/chat/completions", json=BODY) as response:
            times = [time.monotonic() - began async for line in response.aiter_lines() if '"content":' in line]
    # The role comes at once, the first word after the time of 20 more, then one every 10 ms.
    assert times[0] < times[1]
    assert 0.29 <= times[-1] < 2
    assert len({round(moment, 2) for moment in times}) > 5


async def test_a_pause_keeps_the_connection_silent() -> None:
    scenario = parse_scenario("turns: [{parts: [{text: a}, {pause: 0.3}, {text: b}]}]")
    async with ReplayProvider(scenario) as provider, _client() as client:
        began = time.monotonic()
        response = await client.post(f"{provider.base_url}/v1/messages", json=BODY)
    assert time.monotonic() - began >= 0.3
    assert '"text":"b"' in response.text


async def test_a_stream_that_its_reader_leaves_is_closed_at_once() -> None:
    async with ReplayProvider(LONG, pace=50) as provider, _client() as client:
        async with client.stream("POST", f"{provider.base_url}/v1/chat/completions", json=BODY) as response:
            await anext(response.aiter_lines())
            assert provider.open_streams == 1
        await asyncio.sleep(0.2)
        assert provider.open_streams == 0


async def test_stopping_breaks_a_stream_instead_of_waiting_for_its_end() -> None:
    provider = ReplayProvider(LONG, pace=50).start()
    async with _client() as client, client.stream("POST", f"{provider.base_url}/v1/messages", json=BODY) as response:
        lines = response.aiter_lines()
        await anext(lines)
        began = time.monotonic()
        await asyncio.to_thread(provider.stop)
        assert time.monotonic() - began < 2
        with pytest.raises(httpx.TransportError):
            async for _ in lines:
                pass


async def test_forty_thousand_pieces_take_a_moment() -> None:
    scenario = Scenario(scenes=(Scene(turns=(Turn(parts=(Text(text="word " * 40_000),)),)),))
    async with ReplayProvider(scenario) as provider, _client() as client:
        response = await client.post(f"{provider.base_url}/v1/chat/completions", json=BODY)
    assert response.text.count('"content":" word"') == 39_999


async def test_an_unknown_path_is_not_found() -> None:
    async with ReplayProvider(HELLO) as provider, _client() as client:
        response = await client.post(f"{provider.base_url}/v1/embeddings", json={})
    assert response.status_code == 404
    assert "/v1/embeddings" in response.json()["error"]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are POSIX signals here")
def test_serve_answers_until_it_is_interrupted(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("turns: [{text: Hello you.}]", encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = (
        "import sys\n"
        "from adk_litellm_fix.replay import serve\n"
        f"serve({str(scenario)!r}, port={port}, pace=0, on_ready=lambda provider: print(provider.base_url, flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"http://127.0.0.1:{port}\n"
            response = httpx.post(f"http://127.0.0.1:{port}/api/chat", json=BODY, trust_env=False)
            assert '"done":true' in response.text
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_the_logs_of_another_uvicorn_in_the_process_stay_as_they_are(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access")]
    for logger in loggers:  # a server of another test may have turned them off
        monkeypatch.setattr(logger, "propagate", True)
        monkeypatch.setattr(logger, "disabled", False)
    caplog.set_level(logging.INFO, logger="uvicorn.error")
    before = [(logger.level, list(logger.handlers), list(logger.filters), logger.propagate) for logger in loggers]
    with caplog.at_level(logging.INFO), ReplayProvider(parse_scenario("turns: [{text: a, ending: reset}]")) as provider:
        loggers[1].info("another server's line")
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{provider.base_url}/v1/messages", json=BODY, trust_env=False)
    assert {record.message for record in caplog.records if record.name.startswith("uvicorn")} == {"another server's line"}
    after = [(logger.level, list(logger.handlers), list(logger.filters), logger.propagate) for logger in loggers]
    assert after == before
