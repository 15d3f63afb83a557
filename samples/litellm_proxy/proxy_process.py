# SPDX-License-Identifier: Apache-2.0
"""Runs the sample's LiteLLM Proxy, with its own provider behind it when there is no key for Gemini.

python samples/litellm_proxy/proxy_process.py      # until Ctrl-C, on port 4000
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from adk_litellm_fix.errors import UsageError
from adk_litellm_fix.sample_models import model_arguments

HERE = Path(__file__).parent
GEMINI = "https://generativelanguage.googleapis.com/v1beta"
START_SECONDS = 180


def master_key() -> str:
    """The key the proxy asks its clients for: the environment's, or one for this process."""
    return os.environ.setdefault("LITELLM_MASTER_KEY", f"sk-{secrets.token_hex(16)}")


@functools.cache
def running_proxy(port: int = 0) -> str:
    """Return the base URL of the proxy: `LITELLM_PROXY_API_BASE`, or one that is started now and stopped at exit.

    Raises:
        UsageError: There is no `litellm` command, or the proxy did not start.
    """
    if given := os.environ.get("LITELLM_PROXY_API_BASE"):
        return given.rstrip("/")
    command = shutil.which("litellm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if command is None:
        raise UsageError("there is no `litellm` command: pip install 'adk-litellm-fix[proxy]'")
    port = port or _free_port()
    log = Path(tempfile.mkdtemp(prefix="adk-litellm-fix-proxy-")) / "proxy.log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 (our own arguments)
            [command, "--config", str(HERE / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)],
            env=_environment(),
            stdout=output,
            stderr=output,
        )
    atexit.register(process.terminate)
    url = f"http://127.0.0.1:{port}"
    _wait(url, process, log)
    return url


def _environment() -> dict[str, str]:
    """What the proxy finds: the key for its clients, and Gemini or the replay of it."""
    master_key()
    gemini = {"api_base": GEMINI, **model_arguments("gemini/gemini-2.5-pro", scenario=HERE / "scenario.yaml")}
    project = os.pathsep.join(filter(None, (str(HERE.parent.parent), os.environ.get("PYTHONPATH"))))
    given = {f"GEMINI_{name.upper()}": value for name, value in gemini.items()}
    return {**os.environ, "LITELLM_MODE": "PRODUCTION", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": project, **given}


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/liveliness", timeout=2):  # noqa: S310 (http)
            return
        time.sleep(0.2)
    process.terminate()
    raise UsageError(f"the proxy did not start; {log} says why")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    try:
        url = running_proxy(int(os.environ.get("PORT", "4000")))
        sys.stdout.write(f"export LITELLM_PROXY_API_BASE={url} LITELLM_MASTER_KEY={master_key()}\n")
        sys.stdout.flush()
        while True:
            time.sleep(3600)
    except UsageError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        pass
