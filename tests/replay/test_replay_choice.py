# SPDX-License-Identifier: Apache-2.0
"""Which turn answers which request."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import litellm
import pytest

from adk_litellm_fix.replay import Ask, ReplayProvider, ToolResult, parse_scenario
from adk_litellm_fix.replay.ask import Utterance
from adk_litellm_fix.replay.scenario import NoTurn

if TYPE_CHECKING:
    from tests.replay.conftest import AskModel

HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": 'Be brief.\n\nYou are an agent. Your internal name is "forecaster".'},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": "Weather in Rome and Oslo?"},
    {
        "role": "user",
        "content": [{"type": "text", "text": "For context:"}, {"type": "text", "text": "[coordinator] said: Ask the forecaster."}],
    },
    {
        "role": "assistant",
        "content": "I look.",
        "tool_calls": [
            {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": '{"city": "Rome"}'}}
            for number, name in enumerate(("get_weather", "get_time"))
        ],
    },
    {"role": "tool", "tool_call_id": "call_0", "content": '{"celsius": 18}'},
    {"role": "tool", "tool_call_id": "call_1", "content": '{"result": "12:30"}'},
]
EXAMPLE = Ask(
    wire="",
    model="",
    stream=True,
    system='Be brief.\n\nYou are an agent. Your internal name is "forecaster".',
    user="Weather in Rome and Oslo?",
    question=2,
    step=1,
    after=("get_weather", "get_time"),
    results=(ToolResult(tool="get_weather", text='{"celsius": 18}'), ToolResult(tool="get_time", text='{"result": "12:30"}')),
    tools=("get_weather", "get_time"),
)


@pytest.mark.parametrize(
    ("model", "wire", "name"),
    [
        ("vertex_ai/claude-sonnet-4-5@20250929", "vertex_anthropic", "claude-sonnet-4-5@20250929"),
        ("vertex_ai/gemini-2.5-flash", "vertex_gemini", "gemini-2.5-flash"),
        ("vertex_ai/openai/gpt-oss-120b-maas", "vertex_openai", "openai/gpt-oss-120b-maas"),
        ("openai/gpt-5", "openai", "gpt-5"),
        ("azure/gpt-5", "azure", "gpt-5"),
        ("anthropic/claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"),
        ("gemini/gemini-2.5-flash", "gemini", "gemini-2.5-flash"),
        ("ollama_chat/llama3.1", "ollama", "llama3.1"),
    ],
)
async def test_a_request_means_the_same_on_every_wire(tools: list[Any], model: str, wire: str, name: str) -> None:
    if wire == "ollama" and tuple(map(int, version("litellm").split(".")[:2])) < (1, 90):
        pytest.skip("LiteLLM sends Ollama neither calls nor the names of their tools")
    scenario = parse_scenario(
        """
        scenes:
          - when: {agent: forecaster, user: ROME, question: 2, model: [nothing, claude, g, llama]}
            turns:
              - text: not this
              - text: "{{get_weather.celsius}} degrees at {{get_time}}."
        """
    )
    async with ReplayProvider(scenario) as provider:
        response: Any = await litellm.acompletion(model=model, messages=HISTORY, tools=tools, **provider.arguments(model))
    (ask,) = provider.requests
    assert ask.agent == "forecaster"
    assert (ask.wire, ask.model, ask.stream) == (wire, name, False)
    assert (ask.system, ask.user, ask.question, ask.step) == (EXAMPLE.system, EXAMPLE.user, 2, 1)
    assert (ask.after, ask.results, ask.tools) == (EXAMPLE.after, EXAMPLE.results, EXAMPLE.tools)
    assert response.choices[0].message.content == "18 degrees at 12:30."


def _ask(*history: tuple[str, str] | str, system: str = "") -> Ask:
    items = [Utterance(speaker="system", text=system)]
    for item in history:
        speaker, text = (item, "") if isinstance(item, str) else item
        items.append(Utterance(speaker=speaker, text=text, tool=text if speaker == "tool" else ""))  # type: ignore[arg-type]
    return Ask.read(items, wire="openai", model="m", stream=True, tools=(), body={})


@pytest.mark.parametrize(
    "quoted",
    [
        "For context:",
        "For context: below is a transcript of what another agent did, quoted between <<<BEGIN…",
        "[hotel agent] said: Good day.",
        "[hotel] said:\n<<<BEGIN_QUOTED_AGENT_CONTENT>>>\nGood day.",
        "[hotel] thought:\nwhat now",
        "[hotel] called tool `f` with parameters: {}",
        "[hotel] `f` tool returned result: {}",
        "Continue processing previous requests as instructed. Exit or provide a new user response if the task is done.",
        "Handle the requests as specified in the System Instruction.",
    ],
)
def test_adk_in_the_users_role_is_not_the_user(quoted: str) -> None:
    ask = _ask(("user", "Rome?"), "model", ("user", quoted))
    assert (ask.user, ask.question, ask.step) == ("Rome?", 1, 1)


def test_a_users_words_in_brackets_are_the_users() -> None:
    assert _ask(("user", "Rome?"), "model", ("user", "[urgent] call me")).user == "[urgent] call me"


def test_an_instruction_in_the_users_role_belongs_to_the_system() -> None:
    ask = _ask(("user", "<<<BEGIN_SYSTEM_INSTRUCTION>>>\nBe kind.\n<<<END_SYSTEM_INSTRUCTION>>>"), ("user", "Rome?"))
    assert "Be kind." in ask.system
    assert (ask.user, ask.question) == ("Rome?", 1)


def test_texts_in_a_row_are_one_message_of_the_user() -> None:
    ask = _ask(("user", "A picture:"), ("user", "what is it?"))
    assert (ask.user, ask.question) == ("A picture:\nwhat is it?", 1)


TWO_STEPS = parse_scenario(
    """
    scenes:
      - when: {after: pay}
        turns: [{text: paid}]
      - when: {user: twice}
        turns: [{text: one}, {text: two}]
        repeat: true
      - when: {system: polite, question: 1}
        turns: [{text: good day}]
      - turns: [{text: first}, {text: second}]
    """,
    path="demo.yaml",
)


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (_ask(("user", "a")), "first"),
        (_ask(("user", "a"), "model", ("tool", "look")), "second"),
        (_ask(("user", "a"), "model", ("tool", "look"), "model", ("user", "b")), "first"),
        (_ask(("user", "a"), "model", ("tool", "look"), ("tool", "pay")), "paid"),
        (_ask(("user", "a"), "model", ("tool", "pay"), "model", ("tool", "look"), "model", ("user", "Twice")), "one"),
        (_ask(("user", "TWICE"), "model"), "two"),
        (_ask(("user", "twice"), "model", "model"), "one"),
        (_ask(("user", "a"), system="Be Polite."), "good day"),
        (_ask(("user", "a"), "model", ("user", "b"), system="Be Polite."), "first"),
    ],
)
def test_the_history_chooses_the_turn(ask: Ask, text: str) -> None:
    (part,) = TWO_STEPS.turn_for(ask).parts
    assert getattr(part, "text", None) == text


def test_when_no_turn_is_left_the_message_says_where_and_for_whom() -> None:
    ask = _ask(("user", "a"), "model", "model", ("tool", "look"))
    with pytest.raises(NoTurn) as caught:
        TWO_STEPS.turn_for(ask)
    assert str(caught.value) == (
        "demo.yaml:10: the scene has 2 turn(s), none is left for a request without agent name on model m, "
        'turn 3 after user message 1 "a", after look: add a turn'
    )


@pytest.mark.parametrize("model", ["openai/gpt-5", "vertex_ai/claude-sonnet-4-5@20250929", "gemini/gemini-2.5-flash"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_request_nobody_answers_is_told_what_to_add(ask_model: AskModel, model: str, stream: bool) -> None:
    scenario = "scenes: [{when: {agent: other}, turns: [{text: a}]}]"
    reply = await ask_model(model, scenario, stream=stream, messages=HISTORY[:2])
    said = str(reply.error).replace("\\", "")
    assert '<scenario>: no scene answers agent "forecaster" on model' in said
    assert "add one, e.g. with when: {agent: forecaster}" in said


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{get_weather}}", '{"celsius": 18, "days": [{"max": 21}]}'),
        ("{{ get_weather.celsius }} and {{get_weather.days.0.max}}", "18 and 21"),
        ("{{get_time}}", "noon"),
        ("{{get_time[0]}}, {{get_time[1]}}", "12:30, noon"),
        ('{"a": {b}}', '{"a": {b}}'),
    ],
)
def test_placeholders_quote_tool_results(text: str, filled: str) -> None:
    results = {"get_weather": ['{"celsius": 18, "days": [{"max": 21}]}'], "get_time": ['{"result": "12:30"}', "noon"]}
    assert _filled(text, results) == filled


@pytest.mark.parametrize("text", ["{{get_rain}}", "{{get_time[2]}}", "{{get_weather.rain}}", "{{get_weather.celsius.x}}"])
def test_a_placeholder_without_a_result_is_named_with_its_line(text: str) -> None:
    with pytest.raises(NoTurn, match=r"^demo\.yaml:2: .* names no tool result; the results so far: get_weather -> "):
        _filled(text, {"get_weather": ['{"celsius": 18}'], "get_time": ["noon"]})


def _filled(text: str, results: dict[str, list[str]]) -> str:
    scenario = parse_scenario(f"turns:\n  - text: |-\n      {text}", path="demo.yaml")
    said = [ToolResult(tool=tool, text=result) for tool, texts in results.items() for result in texts]
    (part,) = scenario.turn_for(Ask(wire="openai", model="m", stream=True, results=tuple(said))).parts
    return str(getattr(part, "text", None))
