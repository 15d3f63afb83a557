# SPDX-License-Identifier: Apache-2.0
"""Throws random streams at the normalizer and checks what must hold for any of them.

    python benchmarks/fuzz_normalizer.py --executions 1000000

An execution is one stream: decode, feed and close. The streams are made of fragments that providers do send, in wrong places, repeated, cut,
mistyped and nested. The seed is printed; a failure prints the stream, which belongs into `tests/` as an example of its own.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from typing import Any

from rich.progress import track

from adk_litellm_fix.normalizer import Ending, FinishReason, Normalizer, TextDelta, ThoughtDelta, Turn, WireSaid

TOOLS = ("f", "g", "get_weather")
NAMES = ("f", "g", "get_", "weather", "get_weather", "functions.f", "", " ", None, 7, ["f"])
SENT_NAME = re.compile("(?:{})+".format("|".join(re.escape(name) for name in NAMES if isinstance(name, str) and name.strip())))
IDS = ("c1", "c2", "f", "srvtoolu_1", "", None, 0, {}, "c1__thought__c2ln")
ARGUMENTS = (
    '{"a": 1}',
    '{"a":',
    "1}",
    "{}",
    "",
    " ",
    "null",
    "None",
    "}",
    "{",
    '"',
    "\\",
    '{"a": 1}}',
    "[1]",
    {"a": 1},
    None,
    3,
    "```json\n",
    "</tool_call>",
)
TEXTS = ("a", " ", "\n", "<think>", "</think>", "<tool_call>", '{"name": "f", "arguments": {"a": 1}}', "</tool_call>", "[TOOL_CALLS]", "<function=f>",
         "<parameter=a>1</parameter>", "</function>", "`", "{", "\ud83d", "\ude00", "Hello", "Hello, world", 3, None, ["x"], [{"type": "text", "text": "b"}])  # fmt: skip
FINISHES = ("stop", "tool_calls", "length", "content_filter", "end_turn", "network_error", "", None, 5)
RUBBISH = (None, 0, "", "x", [], {}, [[]], {"a": [{}]}, True, -1.5, b"x", float("nan"))


def call(rng: random.Random) -> Any:
    function = {"name": rng.choice(NAMES), "arguments": rng.choice(ARGUMENTS)}
    made = {"index": rng.choice((0, 0, 1, 2, -1, None, "1")), "id": rng.choice(IDS), "type": "function", "function": function}
    return mutated(made, rng)


def mutated(value: dict[str, Any], rng: random.Random) -> Any:
    """The value, sometimes without a key, with rubbish under one, or as rubbish."""
    luck = rng.random()
    if luck < 0.05 and value:
        del value[rng.choice(list(value))]
    elif luck < 0.1 and value:
        value[rng.choice(list(value))] = rng.choice(RUBBISH)
    return rng.choice(RUBBISH) if luck > 0.99 else value


def delta(rng: random.Random) -> Any:
    kinds = {
        "content": lambda: rng.choice(TEXTS),
        "reasoning_content": lambda: rng.choice(TEXTS),
        "thinking_blocks": lambda: [
            mutated({"type": "thinking", "thinking": rng.choice(TEXTS), "signature": rng.choice((None, "c2ln"))}, rng)
        ],
        "tool_calls": lambda: [call(rng) for _ in range(rng.choice((1, 1, 1, 2, 0)))],
        "function_call": lambda: {"name": rng.choice(NAMES), "arguments": rng.choice(ARGUMENTS)},
        "refusal": lambda: rng.choice(TEXTS),
        "provider_specific_fields": lambda: {
            "mcp_call_results": [mutated({"tool_call_id": rng.choice(IDS), "result": "5", "name": "x"}, rng)]
        },
    }
    weights = (6, 2, 1, 8, 1, 0.2, 0.3)
    return mutated({name: kinds[name]() for name in rng.choices(list(kinds), weights, k=rng.choice((1, 1, 2)))}, rng)


def chunk(rng: random.Random) -> Any:
    finish = rng.choice(FINISHES) if rng.random() < 0.25 else None
    choice = mutated({"index": rng.choice((0, 0, 0, 0, 1)), "delta": delta(rng), "finish_reason": finish}, rng)
    made: dict[str, Any] = {"choices": [choice]}
    if rng.random() < 0.1:
        made["usage"] = rng.choice(({"prompt_tokens": 3, "completion_tokens": 2}, *RUBBISH))
    return mutated(made, rng)


def check(chunks: list[Any], failure: Exception | None, said: WireSaid | None) -> Turn:
    normalizer = Normalizer(TOOLS)
    events = [event for item in chunks for event in normalizer.feed(item)]
    events += normalizer.close(failure=failure, said=said)
    turn = normalizer.turn
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text, "partials do not add up"
    assert "".join(event.text for event in events if isinstance(event, ThoughtDelta)) == turn.thoughts, "thoughts do not add up"
    if turn.calls:
        assert turn.ending is Ending.FINISHED, "calls after a broken turn"
        assert turn.finish_reason is FinishReason.STOP, "calls after another end"
        assert turn.error_code is None, "calls beside an error"
        assert not turn.withheld_calls, "a batch in halves"
        assert len({call.id for call in turn.calls}) == len(turn.calls), "ids that are not unique"
        assert all(SENT_NAME.fullmatch(call.name) for call in turn.calls), "an invented name"
    assert (turn.finish_reason is FinishReason.STOP) == (turn.error_code in (None, "MODEL_RETURNED_NO_CONTENT")), (
        "an error without its code"
    )
    return turn


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--executions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, ran, slowest = random.Random(options.seed), 0, 0.0
    for _ in track(range(options.executions), description=f"seed {options.seed}", disable=not sys.stdout.isatty()):
        chunks = [chunk(rng) for _ in range(rng.choice((1, 2, 3, 4, 6, 9)))]
        failure = ConnectionResetError() if rng.random() < 0.1 else None
        said = WireSaid(finish_reason=rng.choice((None, "stop", "pause_turn")), ended=rng.random() < 0.5) if rng.random() < 0.2 else None
        started = time.perf_counter()
        try:
            ran += bool(check(chunks, failure, said).calls)
        except Exception as error:
            print(f"{type(error).__name__}: {error}\nchunks = {chunks!r}\nfailure = {failure!r}\nsaid = {said!r}")
            return 1
        slowest = max(slowest, time.perf_counter() - started)
    print(
        f"{options.executions:,} streams, seed {options.seed}: none raised, none broke a law; {ran:,} had calls to run; slowest {slowest:.3f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
