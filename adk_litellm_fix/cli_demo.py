# SPDX-License-Identifier: Apache-2.0
"""Shows a conversation with agents in the terminal, as it streams: who speaks, text, thoughts, tool calls, how each turn ended.

It writes forward only (no cursor movement), so that a pipe and a log file get the same lines as a terminal.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_INDENT = "  "
_WIDTH = 100
"""Wider lines are hard to read, however wide the terminal is."""
_SPEAKER_STYLES = ("bold cyan", "bold magenta", "bold yellow", "bold blue")
_THOUGHT_STYLE = "dim italic"
_RESULT_LENGTH = 200


class WrappedWriter:
    """Writes streamed text word by word, wrapped and indented, without ever going back."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = min(console.width, _WIDTH)
        self._column = 0
        self._hang = _INDENT
        """How far in a line continues that was too long."""
        self.style = ""
        """The style of what was written last."""
        self._space = 0
        """Blanks that are due before the next word, should it stand on the same line."""
        self._word: list[str] = []

    def write(self, text: str, style: str = "") -> None:
        """Write what is complete of the text: its last word waits until it is known to have ended. A new style begins a new line."""
        if style != self.style:
            self.end_line()
            self.style = style
        for character in text:
            if not character.isspace():
                self._word.append(character)
                continue
            self._flush_word()
            if character == "\n":
                self.end_line()
            else:
                self._space += 1

    def write_line(self, text: str, style: str = "") -> None:
        """Write a line of its own; what does not fit hangs below it, further in."""
        self.end_line()
        self.style = style
        self._hang = _INDENT * 2
        self.write(text, style)
        self.end_line()

    def end_line(self) -> None:
        """End the current line, if one has begun."""
        self._flush_word()
        if self._column:
            self._out("\n")
        self._column = self._space = 0
        self._hang = _INDENT

    def _flush_word(self) -> None:
        word = "".join(self._word)
        self._word.clear()
        if not word:
            return
        if not self._column:
            before = _INDENT
        elif self._column + self._space + cell_len(word) <= self._width:
            before = " " * self._space
        else:
            self._out("\n")
            self._column = 0
            before = self._hang
        self._out(before + word)
        self._column += len(before) + cell_len(word)
        self._space = 0

    def _out(self, text: str) -> None:
        self._console.out(text, style=self.style or None, end="", highlight=False)


@dataclass(slots=True)
class Totals:
    """What the whole conversation came to."""

    turns: int = 0
    unfinished: int = 0
    """Turns whose final response had no finish reason."""
    calls: int = 0
    transfers: int = 0
    withheld: int = 0
    repairs: int = 0
    tokens: int = 0


class ConversationView:
    """Writes the events of ADK's runner as they come.

    It reads ADK's events by attribute and imports nothing of ADK.
    """

    def __init__(self, console: Console, models: dict[str, str]) -> None:
        self._console = console
        self._models = models
        self._writer = WrappedWriter(console)
        self._speaker = ""
        self._streamed: list[Any] = []
        """The parts that were written since the last final response."""
        self._totals = Totals()
        self._arrows = ("->", "<-") if console.options.ascii_only else ("\N{RIGHTWARDS ARROW}", "\N{LEFTWARDS ARROW}")

    async def show(self, question: str, events: AsyncIterator[Any]) -> None:
        """Write the question, then every event until the answer is complete."""
        self._speaker = ""
        self._heading("you", "bold")
        self._writer.write(question)
        self._writer.end_line()
        async for event in events:
            self._show_event(event)

    def summarize(self, seconds: float) -> None:
        """Write the closing lines."""
        totals = self._totals
        ended = f"{totals.unfinished} had no finish reason" if totals.unfinished else "each ended in one final response with finish reason"
        self._console.print()
        self._console.print(
            f"{_count(totals.turns, 'model turn')} in {seconds:.1f} s, {totals.tokens:,} tokens: {ended}. "
            f"{_count(totals.calls, 'tool call')} ran, {totals.withheld} withheld; {_count(totals.transfers, 'transfer')}, "
            f"{_count(totals.repairs, 'repair')}.",
            style="bold",
        )

    def _show_event(self, event: Any) -> None:
        parts = (event.content.parts if event.content else None) or []
        responses = [part.function_response for part in parts if part.function_response]
        if responses:
            self._show_results(responses)
            return
        self._begin_turn(event.author)
        if event.partial:
            self._show_text(parts)
            self._streamed += parts
        else:
            self._end_turn(event, parts)

    def _begin_turn(self, author: str) -> None:
        if self._speaker != author:
            place = list(self._models).index(author) if author in self._models else 0
            self._heading(author, _SPEAKER_STYLES[place % len(_SPEAKER_STYLES)])
            self._speaker = author

    def _heading(self, name: str, style: str) -> None:
        model = self._models.get(name)
        self._console.print()
        self._console.print(Text.assemble((name, style), (f"  {model}" if model else "", "dim")), overflow="fold", highlight=False)

    def _show_text(self, parts: list[Any]) -> None:
        for part in parts:
            if part.text and part.thought:
                # Without colours only the word tells a thought from the answer.
                self._writer.write(part.text if self._writer.style == _THOUGHT_STYLE else f"thinks: {part.text}", _THOUGHT_STYLE)
            elif part.text:
                self._writer.write(part.text)

    def _end_turn(self, event: Any, parts: list[Any]) -> None:
        self._show_rest(parts)
        self._writer.end_line()
        for call in (part.function_call for part in parts if part.function_call):
            arguments = ", ".join(f"{name}={_json(value)}" for name, value in (call.args or {}).items())
            self._writer.write_line(f"{self._arrows[0]} {call.name}({arguments})", "green")
        self._show_ending(event)

    def _show_rest(self, parts: list[Any]) -> None:
        """Write what the final response says beyond what was streamed: all of it without streaming, or what a callback made of it."""
        streamed, text = _text(self._streamed), _text(parts)
        if not self._streamed:
            self._show_text(parts)
        elif text.startswith(streamed):
            self._writer.write(text[len(streamed) :])
        else:
            self._writer.write_line(text)
        self._streamed.clear()

    def _show_ending(self, event: Any) -> None:
        ours = (event.custom_metadata or {}).get("adk_litellm_fix", {})
        for call in ours.get("withheld_calls", ()):
            self._writer.write_line(f"withheld: {call['name']}({call['arguments']})", "red")
            self._totals.withheld += 1
        self._totals.repairs += len(ours.get("repairs", ()))
        self._totals.turns += 1
        self._totals.unfinished += event.finish_reason is None
        words = list(_ending_words(event, ours.get("finish_reason")))
        self._writer.write_line(" | ".join(words), "red" if event.error_code else "dim green")
        if event.error_message:
            self._writer.write_line(event.error_message, "red")
        self._totals.tokens += getattr(event.usage_metadata, "total_token_count", None) or 0

    def _show_results(self, responses: list[Any]) -> None:
        for response in responses:
            if response.name == "transfer_to_agent":
                self._totals.transfers += 1
            else:
                self._totals.calls += 1
                result = _json(response.response)
                shown = result if len(result) <= _RESULT_LENGTH else f"{result[:_RESULT_LENGTH]}..."
                self._writer.write_line(f"{self._arrows[1]} {response.name} {shown}", "blue")


def _ending_words(event: Any, raw: str | None) -> Iterator[str]:
    reason = getattr(event.finish_reason, "name", None) or "no finish reason"
    yield f"{reason} ({raw})" if raw else reason
    usage = event.usage_metadata
    if usage:
        yield f"{usage.prompt_token_count or 0:,} in"
        yield f"{usage.candidates_token_count or 0:,} out"
        if usage.thoughts_token_count:
            yield f"{usage.thoughts_token_count:,} thought"


def _text(parts: list[Any]) -> str:
    return "".join(part.text for part in parts if part.text and not part.thought)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def agent_models(agent: Any) -> dict[str, str]:
    """Return the model's name by the agent's name, for an ADK agent and all below it."""
    models = {agent.name: str(getattr(getattr(agent, "model", ""), "model", ""))}
    for child in agent.sub_agents:
        models.update(agent_models(child))
    return models


async def show_conversation(console: Console, sample: Any, conversation: Any) -> None:
    """Ask a sample's agent the sample's questions and write what happens.

    Args:
        console: Where to write.
        sample: The sample's `agent` module, with `root_agent` and `QUESTIONS`.
        conversation: A `Conversation` with the agent, of `samples/conversation.py`.
    """
    versions = (f"{package} {metadata.version(package)}" for package in ("google-adk", "litellm"))
    console.print(f"{sample.root_agent.name} on adk_litellm_fix.LiteLlm", *versions, sep=", ", style="bold")
    view = ConversationView(console, agent_models(sample.root_agent))
    started = time.monotonic()
    for question in sample.QUESTIONS:
        await view.show(question, conversation.ask(question))
    view.summarize(time.monotonic() - started)
    console.print("In your own agent: from adk_litellm_fix import LiteLlm")
