# SPDX-License-Identifier: Apache-2.0
"""A model provider on loopback that says what a scenario file tells it to, over the wires of real providers.

    async with ReplayProvider("scenario.yaml") as provider:
        model = LiteLlm("openai/gpt-5", **provider.arguments("openai/gpt-5"))

It answers as Claude, Gemini and gpt-oss on Vertex do, as OpenAI, Azure OpenAI, Anthropic, Gemini and Ollama do, streaming and not, so that
the real LiteLLM reads it without a key. Agents can be tested and shown on it.

A scenario is a list of scenes. A scene says when it plays and what the model says, turn by turn:

    scenes:
      - when: {agent: coordinator, user: weather}
        turns:
          - text: I will ask the forecaster.
            call: {transfer_to_agent: {agent_name: forecaster}}

      - when: {agent: forecaster}
        turns:
          - thought: Two cities, so two calls at once.
            calls:
              - get_weather: {city: Rome}
              - get_weather: {city: Oslo}
          - text: Rome has {{get_weather[0].celsius}} degrees, Oslo {{get_weather[1].celsius}}.

`turns:` at the top instead of `scenes:` is one scene that always plays.

**Which turn answers** follows from the request alone, which carries the whole conversation: the first scene whose `when` holds, and in it
the turn whose number is how many turns this agent has had since the user last spoke. Sessions at the same time do not disturb each other.
What ADK quotes from other agents ("For context: …") counts neither as the user nor as the model. If nothing answers, the provider replies
with HTTP 400, and the message says what was asked and what to add.

**when**: all that is given must hold. Of a list, any word.

- `agent`: the name ADK gives the model in its system text
- `system`, `model`, `user`: contained in the system text, the model's name, the user's last words; case ignored
- `question`: 2 for the user's second message in the session
- `after`: the request ends with this tool's result; such a scene has one turn

**scene**: `when`, `turns`, and `repeat: true` to start over after the last turn.

**turn**: says `thought`, `text`, `call` or `calls` (parallel) and `pause` (seconds) in the order written; what comes twice stands under
`parts: [{text: a}, {call: f}, {text: b}]`. A call is the tool's name and its arguments: a mapping, nothing, or a string that is sent as it
stands (`get_weather: '{"city": "Ro'`). Then, all optional:

- `finish`: `stop`, `tool_calls`, `length`, `content_filter` in the provider's own word; another word as it stands (`pause_turn`)
- `ending`: `cut` ends the stream without finish word and end marker (a body: in the middle), `reset` breaks the connection
- `error`: a text, or `{status: 529, message: Overloaded}`: an error in the stream after what was said, or instead of the answer
- `usage`: `input`, `output`, `thoughts`, `cached` tokens; counted from the lengths if not given

In texts, `{{tool}}` is the tool's last result in this question, `{{tool.key}}` a value in it, `{{tool[0]}}` the first of several. Plain
values are those of YAML 1.2: `no`, `12:30` and `2026-01-01` are strings.
"""

from __future__ import annotations

from .ask import Ask, ToolResult
from .provider import ReplayProvider, serve
from .scenario import Call, Failure, Pause, Scenario, Scene, Text, Thought, Turn, Usage, When
from .scenario_file import load_scenario, parse_scenario

__all__ = [
    "Ask",
    "Call",
    "Failure",
    "Pause",
    "ReplayProvider",
    "Scenario",
    "Scene",
    "Text",
    "Thought",
    "ToolResult",
    "Turn",
    "Usage",
    "When",
    "load_scenario",
    "parse_scenario",
    "serve",
]
