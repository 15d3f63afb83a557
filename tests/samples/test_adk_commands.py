# SPDX-License-Identifier: Apache-2.0
"""The samples as a user starts them: `adk web samples`, `adk api_server samples`, `adk run samples/multi_agent_vertex`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
START_SECONDS = 200
"""Starting ADK takes 5 seconds on an idle machine."""
pytestmark = pytest.mark.timeout(START_SECONDS + 150)
QUESTIONS = {
    "multi_agent_vertex": ("From Larch to Lake Hut, please.", "213.79 EUR"),
    "finish_reasons": ("A soup, please.", "Leek soup"),
    "broken_streams": ("Cancel Tuesday (quoted in prose).", "it cannot be undone"),
}
"""A message to each sample, and something its answer holds."""


def environment() -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "ADK_FIX_PROVIDER": "replay",
        "ADK_FIX_PACE": "0",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def adk(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "google.adk.cli", *arguments]


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    """A copy of the samples, so that what ADK stores beside them stays out of the checkout."""
    return Path(shutil.copytree(ROOT / "samples", tmp_path_factory.mktemp("checkout") / "samples", ignore=shutil.ignore_patterns(".adk")))


@contextlib.contextmanager
def serving(command: str, samples: Path) -> Iterator[httpx.Client]:
    """Run `adk web` or `adk api_server` on the samples and give a client for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = samples.parent / f"{command}.log"
    with log.open("w") as output:
        arguments = adk(command, "--port", str(port), str(samples))
        server = subprocess.Popen(arguments, env=environment(), stdout=output, stderr=output, cwd=samples.parent)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=150, trust_env=False) as client:
            wait_until_up(client, server, log)
            yield client
    finally:
        server.terminate()
        server.wait(20)


def wait_until_up(client: httpx.Client, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(httpx.TransportError):
            client.get("/list-apps")
            return
        time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module", params=["web", "api_server"])
def server(request, samples) -> Iterator[httpx.Client]:
    with serving(request.param, samples) as client:
        yield client


def run_sse(client: httpx.Client, app: str, message: str) -> list[dict]:
    session = client.post(f"/apps/{app}/users/u/sessions", json={}).raise_for_status().json()["id"]
    request = {
        "appName": app,
        "userId": "u",
        "sessionId": session,
        "newMessage": {"role": "user", "parts": [{"text": message}]},
        "streaming": True,
    }
    with client.stream("POST", "/run_sse", json=request) as response:
        response.raise_for_status()
        return [json.loads(line.removeprefix("data: ")) for line in response.iter_lines() if line.startswith("data: ")]


def test_the_server_lists_the_samples(server):
    assert QUESTIONS.keys() <= set(server.get("/list-apps").json())


@pytest.mark.parametrize("app", QUESTIONS)
def test_a_turn_over_run_sse_streams_and_ends_with_a_finish_reason(server, app):
    message, expected = QUESTIONS[app]

    events = run_sse(server, app, message)

    assert not [event for event in events if "error" in event], events
    assert any(event.get("partial") for event in events)
    assert expected in json.dumps(events)
    last = events[-1]
    assert not last.get("partial")
    assert last["finishReason"] == "STOP"


def test_adk_run_answers_in_the_terminal(samples):
    run = subprocess.run(
        adk("run", str(samples / "multi_agent_vertex")),
        input="From Larch to Lake Hut, please.\nexit\n",
        env=environment(),
        cwd=samples.parent,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert "213.79 EUR" in run.stdout
    assert "Replay: the models' answers come from" in run.stderr
