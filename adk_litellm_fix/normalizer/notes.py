# SPDX-License-Identifier: Apache-2.0
"""What a stream says beside its content: citations, grounding, and calls that already ran."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from .pieces import NotePiece, fields, items, text
from .turn import ExecutedCall

_CITATIONS = ("annotations", "citation", "citations", "search_results")
_RESULTS = ("web_search_results", "web_fetch_results", "code_execution_results", "tool_results")
_SERVER_TOOL_ID = "srvtoolu_"
"""Anthropic's own prefix for the ids of tools that it runs itself."""


class Notes:
    """Collects the notes of one stream.

    LiteLLM's MCP fields (`mcp_list_tools`, `mcp_tool_calls`, `mcp_call_results`) tell which calls LiteLLM has run. It also
    tries to run the agent's own functions, which it does not know, and lets the model answer the error: what follows such a
    batch is not the agent's turn.
    """

    def __init__(self, declared: Collection[str] = ()) -> None:
        self._declared = declared
        self._listed: set[str] = set()
        self._ran: set[str] = set()
        self._arguments: dict[str, tuple[str, str]] = {}
        self.answered_for_the_agent = False
        """LiteLLM answered a call of the agent's own function: the turn ended there."""
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
        elif note.name in _MCP:
            _MCP[note.name](self, items(note.value))
            self.extras.setdefault(note.name, []).extend(items(note.value))
        elif note.name == "audio_transcript":
            self.extras[note.name] = self.extras.get(note.name, "") + note.value
        elif note.name in _RESULTS:
            self._add_results(note)
        elif not note.name.startswith("thought_signature"):
            self.extras[note.name] = note.value

    def _list_tools(self, tools: list[Any]) -> None:
        self._listed.update(name for tool in tools if (name := text(fields(fields(tool).get("function")).get("name"))))

    def _add_mcp_calls(self, calls: list[Any]) -> None:
        for call in map(fields, calls):
            function = fields(call.get("function"))
            self._arguments[str(call.get("id"))] = (str(function.get("name") or ""), str(function.get("arguments") or ""))

    def _add_mcp_results(self, results: list[Any]) -> None:
        for values in map(fields, results):
            call_id, name = str(values.get("tool_call_id")), str(values.get("name") or "")
            if name in self._declared and name not in self._listed:
                self.answered_for_the_agent = True
            else:
                self.results[call_id] = values.get("result")
                self._ran.add(call_id)

    @property
    def ran_tools(self) -> bool:
        """Whether LiteLLM has just run tools: a second model turn follows."""
        return bool(self._ran)

    def take_ran(self) -> frozenset[str]:
        """The ids of the calls that it ran, once."""
        ran, self._ran = frozenset(self._ran), set()
        return ran

    def executed(self, known: Collection[str]) -> list[ExecutedCall]:
        """The calls that ran without any delta of theirs, but for those whose ids are known."""
        return [
            ExecutedCall(id=call_id, name=name, arguments=arguments, result=self.results[call_id])
            for call_id, (name, arguments) in self._arguments.items()
            if call_id in self.results and call_id not in known
        ]

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


_MCP: dict[str, Callable[[Notes, list[Any]], None]] = {
    "mcp_list_tools": Notes._list_tools,
    "mcp_tool_calls": Notes._add_mcp_calls,
    "mcp_call_results": Notes._add_mcp_results,
}


def _citations(value: Any, depth: int = 0) -> list[Mapping[str, Any]]:
    """Citations as mappings; a bare string is a URL (Perplexity)."""
    if isinstance(value, str):
        return [{"url": value}]
    if isinstance(value, (list, tuple)) and depth < 4:
        return [citation for entry in value for citation in _citations(entry, depth + 1)]
    values = fields(value)
    return [values] if values else []
