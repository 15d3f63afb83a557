# SPDX-License-Identifier: Apache-2.0
"""How LiteLLM is pointed at a replay provider: environment variables, or arguments per model.

The arguments are right on every supported LiteLLM. The variables are not: up to 1.90 at least LiteLLM takes `VERTEXAI_API_BASE` for the
whole URL of one model, so Vertex models need the arguments there.
"""

from __future__ import annotations

import functools
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from ..errors import UsageError

PROJECT = "replay"
LOCATION = "us-central1"
KEY = "replay"
_AZURE_VERSION = "2024-10-21"
_ACCOUNT_FILE = "service_account.json"
_COMPATIBLE = ("deepseek", "groq", "hosted_vllm", "litellm_proxy", "mistral", "openai", "xai")
_BARE = ((re.compile(r"claude-"), "anthropic"), (re.compile(r"gpt-|o\d|chatgpt-"), "openai"), (re.compile(r"gemini-"), "vertex_ai"))


class Pointing:
    """Says where a replay provider is, in LiteLLM's words; owns the credentials that only it accepts."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    def environment(self) -> dict[str, str]:
        """Return the environment variables by which LiteLLM's providers find the replay provider."""
        unproxied = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost")))
        return {
            "VERTEXAI_PROJECT": PROJECT,
            "VERTEXAI_LOCATION": LOCATION,
            "VERTEXAI_API_BASE": self._base_url,
            "GOOGLE_APPLICATION_CREDENTIALS": self._credentials(),
            "OPENAI_API_KEY": KEY,
            "OPENAI_API_BASE": f"{self._base_url}/v1",
            "OPENAI_BASE_URL": f"{self._base_url}/v1",
            "AZURE_API_KEY": KEY,
            "AZURE_API_BASE": self._base_url,
            "AZURE_API_VERSION": _AZURE_VERSION,
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_API_BASE": self._base_url,
            "ANTHROPIC_BASE_URL": self._base_url,
            "GEMINI_API_KEY": KEY,
            "GEMINI_API_BASE": f"{self._base_url}/v1beta",
            "OLLAMA_API_BASE": self._base_url,
            "NO_PROXY": unproxied,
            "no_proxy": unproxied,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }

    def arguments(self, model: str) -> dict[str, Any]:
        """Return the arguments of `LiteLlm(model, ...)` or `litellm.acompletion(model, ...)` that send the model's requests here.

        Raises:
            UsageError: The model's provider has no wire here.
        """
        provider, slash, name = model.partition("/")
        if not slash:
            provider = next((provider for pattern, provider in _BARE if pattern.match(model)), model)
            name = model
        if provider == "vertex_ai":
            return self._vertex(name)
        bases = dict.fromkeys(_COMPATIBLE, "/v1") | {"anthropic": "", "azure": "", "gemini": "/v1beta", "ollama_chat": ""}
        if provider not in bases:
            known = ", ".join(sorted([*bases, "vertex_ai"]))
            raise UsageError(f'the replay provider has no wire for "{model}": choose a model of {known}')
        found = {"api_base": self._base_url + bases[provider], "api_key": KEY}
        return {**found, "api_version": _AZURE_VERSION} if provider == "azure" else found

    def close(self) -> None:
        """Delete the credentials."""
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def _vertex(self, name: str) -> dict[str, Any]:
        root = f"{self._base_url}/v1/projects/{PROJECT}/locations/{LOCATION}"
        if name.startswith("openai/"):
            # LiteLLM appends the whole path, and 1.80.0 ":port/path" once more: behind a path of its own both are URLs.
            base = f"{self._base_url}/vertex"
        elif "claude" in name:
            base = f"{root}/publishers/anthropic/models/{name}"
        elif name.startswith("gemini"):
            base = f"{root}/publishers/google/models/{name}"
        else:
            raise UsageError(f'the replay provider has no wire for "vertex_ai/{name}": choose claude-…, gemini-… or openai/… on vertex_ai')
        return {"api_base": base, "vertex_project": PROJECT, "vertex_location": LOCATION, "vertex_credentials": self._credentials()}

    def _credentials(self) -> str:
        """The path of a service account nobody has, whose tokens come from the replay provider."""
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="adk-litellm-fix-replay-")
            account = {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": KEY,
                "private_key": _private_key(),
                "client_email": f"replay@{PROJECT}.iam.gserviceaccount.com",
                "client_id": "1",
                "token_uri": f"{self._base_url}/token",
            }
            Path(self._directory.name, _ACCOUNT_FILE).write_text(json.dumps(account), encoding="utf-8")
        return str(Path(self._directory.name, _ACCOUNT_FILE))


@functools.cache
def _private_key() -> str:
    """A real key, for Google's client signs its request for a token with it; made anew in each process and worth nothing."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
