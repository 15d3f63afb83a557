# SPDX-License-Identifier: Apache-2.0
"""What the proxy tests share: a provider, real proxies before it, and the real SDKs as clients."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from . import processes
from .upstream import Upstream

CONFIG = """
model_list:
  - model_name: "gemini/*"
    litellm_params: {{model: "gemini/*", api_base: "{url}/v1beta", api_key: key}}
  - model_name: "*"
    litellm_params: {{model: "hosted_vllm/*", api_base: "{url}/v1", api_key: key}}
litellm_settings:
  callbacks: ["repair.handler"]
"""


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="session", params=processes.VERSIONS, ids=lambda version: f"litellm-{version}")
def proxy_url(request: pytest.FixtureRequest, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A proxy that repairs, of each version."""
    with processes.proxy(request.param, CONFIG.format(url=upstream.url), tmp_path_factory.mktemp("proxy")) as url:
        yield url


@pytest.fixture
def openai_client(proxy_url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{proxy_url}/v1", api_key=processes.MASTER_KEY, max_retries=0, timeout=30)
