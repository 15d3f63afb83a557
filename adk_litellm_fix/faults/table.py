# SPDX-License-Identifier: Apache-2.0
"""All faults side by side: what an agent gets from our `LiteLlm` and from ADK's own, measured live."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from .catalogue import FAULTS, IDLE_TIMEOUT, TEXT, Fault
from .measure import PATIENCE, Outcome, measure
from .server import FaultServer

_MODEL = "openai/gpt-5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault, measured with both classes."""

    fault: Fault
    ours: Outcome
    adk: Outcome


def verdict(fault: Fault, outcome: Outcome) -> list[str]:
    """What is wrong with an outcome, in the words of the table; nothing when it is as it should be."""
    wrong = []
    if outcome.tool_runs > fault.runs_tool:
        wrong.append("runs the tool")
    if outcome.tool_runs < fault.runs_tool:
        wrong.append("does not run the tool")
    if fault.has_text and TEXT not in outcome.text:
        wrong.append("loses the text")
    if not fault.runs_tool and not fault.abandons and not outcome.waited and outcome.error is None and outcome.raised is None:
        wrong.append("looks complete")
    if outcome.waited:
        wrong.append(f"still waits after {PATIENCE:g} s")
    if outcome.closed_after is None:
        wrong.append("leaves the connection open")
    return wrong


async def rows() -> AsyncIterator[Row]:
    """Measures fault after fault. Takes about 20 seconds."""
    from google.adk.models.lite_llm import LiteLlm as AdkLiteLlm

    from ..lite_llm import LiteLlm

    for name in ("LiteLLM", "google_adk", "adk_litellm_fix", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    fixed: dict[str, Any] = {"api_key": "loopback", "num_retries": 0, "max_retries": 0}
    async with FaultServer() as server:
        for fault in FAULTS:
            limits: dict[str, Any] = {"idle_timeout": IDLE_TIMEOUT} if fault.stalls else {}
            ours, adk = await asyncio.gather(
                measure(server, fault, partial(_make, LiteLlm, **fixed, **limits)),
                measure(server, fault, partial(_make, AdkLiteLlm, **fixed)),
            )
            yield Row(fault=fault, ours=ours, adk=adk)


def _make(cls: type[Any], base: str, **arguments: Any) -> Any:
    return cls(_MODEL, api_base=base, **arguments)
