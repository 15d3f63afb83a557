# SPDX-License-Identifier: Apache-2.0
"""Merges the usage reports of one turn.

Providers report usage before, on or after the finish word, on every chunk, split into input and output, or follow the real report with
zeros. Counts only grow while a turn lasts, so the largest value of each field is the turn's.
"""

from __future__ import annotations

from typing import Any

from .pieces import fields
from .turn import Usage

_COUNTS = {
    "prompt": ("prompt_tokens",),
    "completion": ("completion_tokens",),
    "total": ("total_tokens",),
    "cached": ("cached_prompt_tokens", "cached_tokens", "cache_read_input_tokens"),
    "cache_creation": ("cache_creation_input_tokens", "cache_write_input_tokens"),
}


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _detail(report: Any, details: str, name: str) -> int | None:
    entries = report.get(details)
    counts = [_count(fields(entry).get(name)) for entry in (entries if isinstance(entries, list) else [entries])]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def read_usage(report: Any) -> dict[str, float]:
    """The counts of one usage report of any shape, by field of `Usage`; thoughts still stand inside completion."""
    values = fields(report)
    counts = {
        "cached": _detail(values, "prompt_tokens_details", "cached_tokens"),
        "thoughts": _detail(values, "completion_tokens_details", "reasoning_tokens"),
    }
    for name, keys in _COUNTS.items():
        for key in keys:
            if counts.get(name) is None:
                counts[name] = _count(values.get(key))
    found: dict[str, float] = {name: count for name, count in counts.items() if count is not None}
    cost = values.get("cost")
    if isinstance(cost, (int, float)) and not isinstance(cost, bool):
        found["cost"] = float(cost)
    return found


class UsageMerger:
    """Collects the reports of one stream, which may hold more than one model turn."""

    def __init__(self) -> None:
        self._earlier: dict[str, float] = {}
        self._turn: dict[str, float] = {}

    def add(self, report: Any) -> None:
        """Takes one report into the current turn."""
        for name, value in read_usage(report).items():
            self._turn[name] = max(value, self._turn.get(name, value))

    def add_earlier(self, report: Any) -> None:
        """Takes the report of a turn that went before, inside the same stream."""
        for name, value in read_usage(report).items():
            self._earlier[name] = self._earlier.get(name, 0) + value

    def next_turn(self) -> None:
        """Sums what was reported so far and starts another turn, as when LiteLLM has run MCP tools inside the stream."""
        self._earlier, self._turn = self._sum(), {}

    def _sum(self) -> dict[str, float]:
        return {
            name: self._earlier.get(name, 0) + self._turn.get(name, 0)
            for name in {**self._earlier, **self._turn}
        }  # fmt: skip

    def result(self) -> Usage | None:
        """The usage of the whole stream; None when no report came."""
        counts = self._sum()
        if not counts:
            return None
        cost = counts.pop("cost", None)
        whole = {name: int(value) for name, value in counts.items()}
        if "total" in whole:  # a report in two halves has half a total
            whole["total"] = max(whole["total"], whole.get("prompt", 0) + whole.get("completion", 0))
        counted: dict[str, Any] = _without_thoughts(whole)
        return Usage(cost=cost, **counted)


def _without_thoughts(counts: dict[str, int]) -> dict[str, int]:
    """Takes the thoughts out of completion, as Gemini counts, unless the provider had not put them in (xAI's total shows it)."""
    completion, thoughts = counts.get("completion"), counts.get("thoughts")
    if not completion or not thoughts or thoughts > completion:
        return counts
    if counts.get("total") == counts.get("prompt", 0) + completion + thoughts:
        return counts
    return {**counts, "completion": completion - thoughts}
