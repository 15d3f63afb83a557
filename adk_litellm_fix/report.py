# SPDX-License-Identifier: Apache-2.0
"""What no field of a response can say about a turn: repairs, withheld calls, calls that already ran. As plain JSON data."""

from __future__ import annotations

import json
from typing import Any

from .normalizer import Turn

REPORT_KEY = "adk_litellm_fix"
"""Under which name the report stands: in `custom_metadata` (ADK), in `provider_specific_fields` (LiteLLM's chunks and responses)."""


def repairs_and_calls(turn: Turn) -> dict[str, Any]:
    """The repairs, the withheld and the executed calls of a turn; empty for a turn that has none of them."""
    said = {
        "repairs": [
            {"code": repair.code.value, "where": repair.where, "before": repair.before, "after": repair.after} for repair in turn.repairs
        ],
        "withheld_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments, "why": call.why} for call in turn.withheld_calls
        ],
        "executed_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments, "result": call.result} for call in turn.executed_calls
        ],
    }
    return plain_json({name: value for name, value in said.items() if value})


def plain_json(value: dict[str, Any]) -> dict[str, Any]:
    """The value as plain JSON data, whatever a provider put into it."""
    try:
        return dict(json.loads(json.dumps(value, default=_plain)))
    except (TypeError, ValueError, RecursionError):
        return {name: str(entry)[:2_000] for name, entry in value.items()}


def _plain(value: Any) -> Any:
    """An object that is no JSON, as something that is."""
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if callable(dump) else str(value)
