# SPDX-License-Identifier: Apache-2.0
"""Real LiteLLM proxies of several versions, each in an environment of its own that is made once and kept."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

MASTER_KEY = "sk-adk-litellm-fix-tests-0123456789"
PROJECT = Path(__file__).parents[2]
VERSIONS = ("1.83.4", "1.106.2", "1.109.1")
"""Every shape of `/v1/messages` is broken; two calls in one chunk are; the newest."""

_OVERRIDES = ("certifi", "litellm-enterprise", "litellm-proxy-extras")
"""Packages whose floors in the newest LiteLLM an index may not have yet; nothing of them is used here."""


def environments() -> Path:
    """Where the environments are kept: `ADK_FIX_PROXY_ENVS`, or the user's cache."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adk-litellm-fix" / "proxies"
    return Path(os.environ.get("ADK_FIX_PROXY_ENVS") or default)


def environment(version: str) -> Path:
    """The `bin` directory of an environment with this LiteLLM and its proxy. Skips the test if it cannot be made."""
    home = environments() / f"litellm-{version}"
    ready = home / ".ready"
    if not ready.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        _install(home, [f"litellm[proxy]=={version}", "mcp>=1.24"])
        ready.touch()
    return home / "bin"


def _install(home: Path, packages: list[str]) -> None:
    uv = shutil.which("uv")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as overrides:
        overrides.write("\n".join(_OVERRIDES))
        overrides.flush()
        python = str(home / "bin" / "python")
        commands = (
            [
                [uv, "venv", "-q", "-p", "3.11", str(home)],
                [uv, "pip", "install", "-q", "-p", python, "--override", overrides.name, *packages],
            ]
            if uv
            else [[sys.executable, "-m", "venv", str(home)], [python, "-m", "pip", "install", "-q", *packages]]
        )
        for command in commands:
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            except subprocess.TimeoutExpired:
                pytest.skip(f"installing {packages[0]} took more than 10 minutes: is the package registry reachable?")
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
                pytest.skip(f"{packages[0]} cannot be installed: {reason}")


@contextlib.contextmanager
def proxy(version: str, config: str, directory: Path) -> Iterator[str]:
    """Runs `litellm --config` with this version until the block ends; yields its base URL."""
    bin_directory = environment(version)
    path = directory / "config.yaml"
    path.write_text(config, encoding="utf-8")
    # LiteLLM before 1.84 looks for callbacks beside config.yaml only.
    (directory / "repair.py").write_text("from adk_litellm_fix.proxy import handler\n", encoding="utf-8")
    port = _free_port()
    log = (directory / "proxy.log").open("w")
    process = subprocess.Popen(
        [str(bin_directory / "litellm"), "--config", str(path), "--port", str(port), "--host", "127.0.0.1"],
        cwd=directory,
        env={
            **{name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "TMPDIR")},
            "PATH": f"{bin_directory}:{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT),
            "LITELLM_MASTER_KEY": MASTER_KEY,
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "NO_PROXY": "127.0.0.1,localhost",
        },
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_alive(f"http://127.0.0.1:{port}", process, Path(log.name))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        log.close()


def _wait_until_alive(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/liveliness", timeout=2):
            return
        time.sleep(0.3)
    raise RuntimeError("the proxy did not start:\n" + "\n".join(log.read_text().splitlines()[-15:]))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
