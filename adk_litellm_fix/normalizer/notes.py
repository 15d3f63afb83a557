# SPDX-License-Identifier: Apache-2.0
"""What a stream says beside its content: citations, grounding, and calls that already ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .pieces import NotePiece, fields, items

_CITATIONS = ("annotations", "citation", "citations", "search_results")
_RESULTS = ("web_search_results", "web_fetch_results", "code_execution_results", "tool_results")
_SERVER_TOOL_ID = "srvtoolu_"
"""Anthropic's own prefix for the ids of tools that it runs itself."""


class Notes:
    """Collects the notes of one stream."""

    def __init__(self) -> None:
        self.citations: list[Mapping[str, Any]] = []
        self.grounding: Mapping[str, Any] | None = None
        self.logprobs: list[Any] = []
        self.extras: dict[str, Any] = {}
        self.results: dict[str, Any] = {}
        """Results of calls that already ran, by call id."""

    def add(self, note: NotePiece) -> None:
        """Takes one note."""
        if note.name in _CITATIONS:
            self.citations.extend(_citations(note.value))
        elif note.name == "vertex_ai_grounding_metadata":
            found = next((fields(entry) for entry in items(note.value) if fields(entry)), None)
            self.grounding = found or self.grounding
        elif note.name == "mcp_call_results":
            for result in items(note.value):
                values = fields(result)
                self.results[str(values.get("tool_call_id"))] = values.get("result")
            self.extras[note.name] = note.value
        elif note.name == "audio_transcript":
            self.extras[note.name] = self.extras.get(note.name, "") + note.value
        elif note.name in _RESULTS:
            self._add_results(note)
        elif not note.name.startswith("thought_signature"):
            self.extras[note.name] = note.value

    def _add_results(self, note: NotePiece) -> None:
        for result in items(note.value):
            call_id = fields(result).get("tool_use_id")
            if isinstance(call_id, str):
                self.results[call_id] = result
        known = self.extras.setdefault(note.name, [])
        known.extend(result for result in items(note.value) if result not in known)

    def is_executed(self, call_id: str) -> bool:
        """Whether the provider runs this call itself."""
        return call_id.startswith(_SERVER_TOOL_ID) or call_id in self.results


def _citations(value: Any, depth: int = 0) -> list[Mapping[str, Any]]:
    """Citations as mappings; a bare string is a URL (Perplexity)."""
    if isinstance(value, str):
        return [{"url": value}]
    if isinstance(value, (list, tuple)) and depth < 4:
        return [citation for entry in value for citation in _citations(entry, depth + 1)]
    values = fields(value)
    return [values] if values else []
