# SPDX-License-Identifier: Apache-2.0
"""What a request asks for, read out of its history: the same small value on every wire.

A request to a model carries the whole conversation. `Ask.read` folds it into the facts a scenario decides by, so the replay provider needs
no memory of its own, and sessions that run at the same time cannot disturb each other.

ADK speaks in the user's role, too: it quotes other agents ("For context: …"), and fills up a history that does not end with the user. Those
texts are neither the user's nor the model's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_AGENT = re.compile(r'Your internal name is "([^"]*)"')
_QUOTED_AGENT = re.compile(
    r"For context:|\[[^\]\n]+\] (said|thought):|\[[^\]\n]+\] called tool `|\[[^\]\n]+\] `[^`\n]+` tool returned result:"
)
_FILLERS = ("Handle the requests as specified in the System Instruction.", "Continue processing previous requests as instructed.")
_STATIC_INSTRUCTION = "<<<BEGIN_SYSTEM_INSTRUCTION>>>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One item of a request's history."""

    speaker: Literal["system", "user", "context", "model", "tool"]
    text: str = ""
    tool: str = ""
    """The tool's name, where a tool speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool gave back, as the model was told."""

    tool: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to the replay provider, whatever its wire."""

    wire: str
    """The wire it came on, e.g. `vertex_anthropic`."""
    model: str
    stream: bool
    system: str = ""
    user: str = ""
    """What the user said last."""
    question: int = 0
    """How often the user has spoken."""
    step: int = 0
    """How many turns this agent has had since the user last spoke."""
    after: tuple[str, ...] = ()
    """The tools whose results end the history; empty if it ends otherwise."""
    results: tuple[ToolResult, ...] = ()
    """All tool results since the user last spoke, in order."""
    tools: tuple[str, ...] = ()
    """The names of the tools the request declares."""
    body: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The request as it came."""

    @property
    def agent(self) -> str:
        """The asking agent's name as ADK tells it to the model, or an empty string."""
        found = _AGENT.search(self.system)
        return found.group(1) if found else ""

    @classmethod
    def read(
        cls, history: Iterable[Utterance], *, wire: str, model: str, stream: bool, tools: Iterable[str], body: Mapping[str, Any]
    ) -> Ask:
        """Fold a request's history.

        User texts with nothing between them count as one; blank ones do not count.
        """
        items = [_as_meant(item) for item in history if item.text.strip() or item.speaker in ("model", "tool")]
        system = [item.text for item in items if item.speaker == "system"]
        items = [item for item in items if item.speaker != "system"]
        starts = [i for i, item in enumerate(items) if item.speaker == "user" and (i == 0 or items[i - 1].speaker != "user")]
        since = items[starts[-1] :] if starts else items
        after: list[str] = []
        for item in reversed(since):
            if item.speaker != "tool":
                break
            after.insert(0, item.tool)
        return cls(
            wire=wire,
            model=model,
            stream=stream,
            system="\n\n".join(system),
            user="\n".join(item.text for item in since if item.speaker == "user"),
            question=len(starts),
            step=sum(item.speaker == "model" for item in since),
            after=tuple(after),
            results=tuple(ToolResult(tool=item.tool, text=item.text) for item in since if item.speaker == "tool"),
            tools=tuple(tools),
            body=body,
        )


def _as_meant(item: Utterance) -> Utterance:
    """Tell the user's own words from ADK's in the user's role."""
    if item.speaker != "user":
        return item
    text = item.text.lstrip()
    if text.startswith(_STATIC_INSTRUCTION):
        return Utterance(speaker="system", text=item.text)
    if _QUOTED_AGENT.match(text) or text.startswith(_FILLERS):
        return Utterance(speaker="context", text=item.text)
    return item
