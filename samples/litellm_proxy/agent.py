# SPDX-License-Identifier: Apache-2.0
"""An agent whose model is behind a LiteLLM Proxy that repairs its streams.

The proxy is started when this module is imported, unless `LITELLM_PROXY_API_BASE` names one that runs already.
"""

from __future__ import annotations

from google.adk.agents import LlmAgent

from adk_litellm_fix import LiteLlm

from .proxy_process import master_key, running_proxy
from .tools import grep, list_files

QUESTIONS = ("Where is the master key set, and which files are there?",)
"""What `adk-litellm-fix demo litellm_proxy` asks: a turn with two calls in one chunk, then the answer."""

root_agent = LlmAgent(
    name="archivist",
    description="Knows the files of this sample.",
    model=LiteLlm(model="litellm_proxy/gemini", api_base=running_proxy(), api_key=master_key()),
    instruction="Answer questions about the files of this folder. Look before you answer.",
    tools=[grep, list_files],
)
