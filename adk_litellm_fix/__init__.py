# SPDX-License-Identifier: Apache-2.0
"""A drop-in `LiteLlm` for Google's Agent Development Kit whose streams can be trusted.

    from adk_litellm_fix import LiteLlm
    agent = LlmAgent(model=LiteLlm("vertex_ai/claude-sonnet-4-5@20250929"), ...)

Importing this package is cheap: ADK and LiteLLM are imported when `LiteLlm` is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lite_llm import LiteLlm
    from .normalizer import Normalizer, Repair, RepairCode, Turn
    from .repair import assemble, assemble_sync, repair_stream, repair_stream_sync

__version__ = "0.1.0"

_HOMES = {
    "LiteLlm": ".lite_llm",
    "assemble": ".repair",
    "assemble_sync": ".repair",
    "repair_stream": ".repair",
    "repair_stream_sync": ".repair",
    "Normalizer": ".normalizer",
    "Repair": ".normalizer",
    "RepairCode": ".normalizer",
    "Turn": ".normalizer",
}

__all__ = [
    "LiteLlm",
    "Normalizer",
    "Repair",
    "RepairCode",
    "Turn",
    "__version__",
    "assemble",
    "assemble_sync",
    "repair_stream",
    "repair_stream_sync",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
