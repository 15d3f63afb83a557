# SPDX-License-Identifier: Apache-2.0
"""A scenario: what the replayed models say, and which request gets which turn.

    Scenario ─ Scene (when, turns) ─ Turn ─ Thought | Text | Call | Pause, then a finish, a broken ending or an error

Pure values; `scenario_file` reads them from YAML, `wires` encode them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from .placeholders import UnknownResult, fill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .ask import Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """Reasoning the model shows. OpenAI's own models only count its tokens."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Visible text; `{{tool.key}}` in it quotes a tool's result."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a tool."""

    name: str
    arguments: str
    """The argument text as the provider sends it, well-formed or not."""

    @property
    def object(self) -> dict[str, Any] | None:
        """The arguments as an object, or None where they are none (such calls cannot be sent by wires that send objects)."""
        try:
            value = json.loads(self.arguments)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A silence on the open connection."""

    seconds: float


Part = Thought | Text | Call | Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts; None means: count what was said."""

    input: int | None = None
    output: int | None = None
    """Visible tokens: text and calls."""
    thoughts: int | None = None
    cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error the provider reports."""

    message: str
    status: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer of a model."""

    parts: tuple[Part, ...] = ()
    finish: str | None = None
    """`stop`, `tool_calls`, `length`, `content_filter` become the wire's own word; another word is sent as it stands; None: what fits."""
    ending: Literal["normal", "cut", "reset"] = "normal"
    error: Failure | None = None
    usage: Usage = field(default_factory=Usage)
    line: int = 0

    @property
    def calls(self) -> tuple[Call, ...]:
        """The turn's calls, in order."""
        return tuple(part for part in self.parts if isinstance(part, Call))


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """What a request must be for a scene to answer it: all that is given must hold, of several words any one."""

    agent: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    question: int | None = None
    after: tuple[str, ...] = ()

    def holds(self, ask: Ask) -> bool:
        """Whether the request is one of those."""
        return (
            (not self.agent or ask.agent in self.agent)
            and _mentions(ask.system, self.system)
            and _mentions(ask.model, self.model)
            and _mentions(ask.user, self.user)
            and self.question in (None, ask.question)
            and (not self.after or any(tool in ask.after for tool in self.after))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The turns of one agent from a user's question to its last answer."""

    turns: tuple[Turn, ...]
    when: When = field(default_factory=When)
    repeat: bool = False
    line: int = 0


class NoTurn(LookupError):
    """No turn answers a request; the message says what to add to the scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What the replay provider says to whom."""

    scenes: tuple[Scene, ...]
    path: str = "<scenario>"

    def turn_for(self, ask: Ask) -> Turn:
        """Choose the turn that answers a request, from the request alone.

        The first scene that holds, and in it the turn with the number of turns the agent has already had since the user spoke.

        Raises:
            NoTurn: Nothing in the scenario answers it, or a placeholder names no result.
        """
        scene = next((scene for scene in self.scenes if scene.when.holds(ask)), None)
        if scene is None:
            raise NoTurn(f"{self.path}: no scene answers {_asked(ask)}: add one, e.g. with when: {{{_suggestion(ask)}}}")
        # A scene that waits for a tool's result begins with it.
        step = 0 if scene.when.after else ask.step
        if step >= len(scene.turns) and not scene.repeat:
            raise NoTurn(f"{self.path}:{scene.line}: the scene has {len(scene.turns)} turn(s), none is left for {_asked(ask)}: add a turn")
        turn = scene.turns[step % len(scene.turns)]
        try:
            parts = tuple(replace(part, text=fill(part.text, ask.results)) if isinstance(part, Text) else part for part in turn.parts)
        except UnknownResult as unknown:
            raise NoTurn(f"{self.path}:{turn.line}: {unknown}") from None
        return replace(turn, parts=parts)


def _mentions(text: str, words: Iterable[str]) -> bool:
    """Whether any of the words is in the text, case ignored; no words ask for nothing."""
    lower = text.lower()
    wanted = tuple(words)
    return not wanted or any(word.lower() in lower for word in wanted)


def _asked(ask: Ask) -> str:
    who = f'agent "{ask.agent}"' if ask.agent else "a request without agent name"
    after = f", after {', '.join(ask.after)}" if ask.after else ""
    return f'{who} on model {ask.model}, turn {ask.step + 1} after user message {ask.question} "{_short(ask.user)}"{after}'


def _suggestion(ask: Ask) -> str:
    return f"agent: {ask.agent}" if ask.agent else f"model: {ask.model}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
