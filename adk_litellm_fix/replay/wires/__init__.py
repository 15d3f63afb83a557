# SPDX-License-Identifier: Apache-2.0
"""The wires the replay provider speaks, by the path of the request.

What stands in front of a path is free (`/v1`, a proxy's prefix, the port that LiteLLM 1.80 repeats), so the more telling paths come first.
"""

from __future__ import annotations

from .anthropic_messages import AnthropicMessages
from .gemini import Gemini
from .ollama import Ollama
from .openai_chat import OpenAIChat
from .wire import Answer, Frame, Request, Wire

WIRES: tuple[Wire, ...] = (
    AnthropicMessages(
        "vertex_anthropic", r"/publishers/anthropic/models/(?P<model>[^/:]+):(?P<method>streamRawPredict|rawPredict)$", id_infix="vrtx_"
    ),
    Gemini("vertex_gemini", r"/publishers/google/models/(?P<model>[^/:]+):(?P<method>streamGenerateContent|generateContent)$"),
    Gemini("gemini", r"/models/(?P<model>[^/:]+):(?P<method>streamGenerateContent|generateContent)$"),
    OpenAIChat("vertex_openai", r"/endpoints/openapi/chat/completions$", dialect="vertex"),
    OpenAIChat("azure", r"/openai/deployments/(?P<model>[^/]+)/chat/completions$", dialect="azure"),
    OpenAIChat("openai", r"/chat/completions$"),
    AnthropicMessages("anthropic", r"/messages$"),
    Ollama("ollama", r"/api/chat$"),
)
"""One row per provider; the first whose path is found in a request's path answers it."""

__all__ = ["WIRES", "Answer", "Frame", "Request", "Wire"]
