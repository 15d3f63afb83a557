# SPDX-License-Identifier: Apache-2.0
"""Long runs over loopback HTTP: many streams at once, many turns, big turns. Prints figures; exit status 1 when a turn was wrong.

python -m benchmarks.load streams --streams 500 --waves 5 --faults
python -m benchmarks.load turns --turns 20000
python -m benchmarks.load big
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.update({"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"})

import click
import litellm

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.faults import wires
from adk_litellm_fix.faults.server import Answer, EndEarly, FaultServer, Repeat, Reset, Step
from benchmarks.prepared_chunks import request

litellm.suppress_debug_info = True
CALL = wires.openai_call("write", '{"text": "hello"}')
TEXT = [wires.openai_text("word ")] * 20
SAID = "word " * 20
ENDINGS: dict[str, list[Step]] = {
    "whole": [*wires.openai_end("tool_calls")],
    "cut": [],
    "reset": [Reset(0.0)],
    "early end": [EndEarly()],
    "filtered": [*wires.openai_end("content_filter")],
    "error event": [wires.sse({"error": {"message": "overloaded", "code": 529}})],
}


def resident() -> float:
    """This process's memory, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def left(server: FaultServer) -> str:
    """What is still held after the garbage has been collected."""
    gc.collect()
    files = len(os.listdir("/proc/self/fd"))
    return f"{resident():.0f} MB, {len(gc.get_objects())} objects, {files} files, {len(asyncio.all_tasks())} tasks, {server.open} open"


def model_for(base: str) -> LiteLlm:
    return LiteLlm("openai/gpt-5", api_base=f"{base}/v1", api_key="k", num_retries=0, max_retries=0)


async def one_turn(model: LiteLlm, ending: str) -> bool:
    """Reads a turn; returns whether it is what it must be."""
    final: Any = None
    try:
        async for response in model.generate_content_async(request(), stream=True):
            final = response
    except Exception as error:
        # A reset may overtake the head of the answer: then LiteLLM's call itself fails, and there is no turn.
        if final is None:
            return ending in ("reset", "early end") and isinstance(error, Exception)
    parts = (final.content.parts if final.content else None) or []
    text = "".join(part.text or "" for part in parts)
    calls = [part.function_call for part in parts if part.function_call]
    whole = ending == "whole"
    complete = text == SAID or (ending == "reset" and SAID.startswith(text))
    return complete and len(calls) == (1 if whole else 0) and (final.error_code is None) == whole


@click.group()
def main() -> None:
    """Long runs over loopback HTTP."""


@main.command()
@click.option("--streams", default=500, show_default=True)
@click.option("--waves", default=5, show_default=True)
@click.option("--faults/--no-faults", default=False, show_default=True)
def streams(streams: int, waves: int, faults: bool) -> None:
    """So many streams at once, wave after wave."""
    sys.exit(asyncio.run(_streams(streams, waves, faults)))


async def _streams(count: int, waves: int, faults: bool) -> int:
    wrong = 0
    async with FaultServer() as server:
        server.keeps = False
        models = {ending: model_for(server.serve(Answer(steps=[*TEXT, *CALL, *steps]))) for ending, steps in ENDINGS.items()}
        for wave in range(waves):
            endings = [random.choice(list(ENDINGS)) if faults else "whole" for _ in range(count)]
            start = time.perf_counter()
            right = await asyncio.gather(*(one_turn(models[ending], ending) for ending in endings))
            seconds = time.perf_counter() - start
            bad: Counter[str] = Counter(ending for ending, good in zip(endings, right, strict=True) if not good)
            wrong += sum(bad.values())
            click.echo(f"wave {wave + 1}: {count} streams in {seconds:.1f} s, wrong {dict(bad)}, {left(server)}")
    return int(bool(wrong))


@main.command()
@click.option("--turns", default=20_000, show_default=True)
@click.option("--at-once", default=20, show_default=True)
def turns(turns: int, at_once: int) -> None:
    """So many turns, one after the other in a few rows: whole ones, broken ones, abandoned ones."""
    sys.exit(asyncio.run(_turns(turns, at_once)))


async def _turns(count: int, at_once: int) -> int:
    wrong = 0
    endings = list(ENDINGS)
    async with FaultServer() as server:
        server.keeps = False
        models = {ending: model_for(server.serve(Answer(steps=[*TEXT, *CALL, *steps]))) for ending, steps in ENDINGS.items()}
        endless = model_for(server.serve(Answer(steps=[Repeat(TEXT[0], 0.01)])))

        async def row(numbers: range) -> None:
            nonlocal wrong
            for number in numbers:
                if number % 7 == 6:
                    stream = endless.generate_content_async(request(), stream=True)
                    await stream.__anext__()
                    await stream.aclose()
                else:
                    wrong += not await one_turn(models[endings[number % 7]], endings[number % 7])

        tenth = max(1, count // 10)
        for done in range(0, count, tenth):
            await asyncio.gather(*(row(range(done + first, done + tenth, at_once)) for first in range(at_once)))
            await asyncio.sleep(0.2)
            click.echo(f"{done + tenth} turns: wrong {wrong}, {left(server)}")
    return int(bool(wrong))


@main.command()
def big() -> None:
    """One long stream, one huge argument, many calls; each at two sizes, to see that time grows with size."""
    sys.exit(asyncio.run(_big()))


async def _big() -> int:
    fragment = "x" * 10_000
    cases: list[tuple[str, list[int], Any]] = [
        ("chunks of text", [50_000, 200_000], lambda n: [Repeat(TEXT[0] * 100, times=n // 100), *wires.openai_end()]),
        ("MB of argument", [10, 50], lambda n: [*_argument(fragment, n * 100), *wires.openai_end("tool_calls")]),
        ("parallel calls", [250, 1_000], lambda n: [*_calls(n), *wires.openai_end("tool_calls")]),
    ]
    async with FaultServer() as server:
        await _timed(model_for(server.serve(Answer(steps=[*TEXT, *wires.openai_end()]))))
        for name, sizes, steps in cases:
            for size in sizes:
                before = resident()
                seconds, said = await _timed(model_for(server.serve(Answer(steps=steps(size)))))
                click.echo(f"{size} {name}: {seconds:.1f} s, {seconds / size * 1e3:.3f} ms each, {said}, {resident() - before:+.0f} MB")
                gc.collect()
    return 0


def _argument(fragment: str, times: int) -> list[Step]:
    head = {"index": 0, "id": "call_0", "type": "function", "function": {"name": "write", "arguments": '{"text": "'}}
    more, last = (wires.openai({"tool_calls": [{"index": 0, "function": {"arguments": text}}]}) for text in (fragment, '"}'))
    return [wires.openai({"tool_calls": [head]}), Repeat(more, times=times), last]


def _calls(count: int) -> list[bytes]:
    return [frame for index in range(count) for frame in wires.openai_call("write", json.dumps({"text": str(index)}), index=index)]


async def _timed(model: LiteLlm) -> tuple[float, str]:
    start = time.process_time()
    final: Any = None
    async for response in model.generate_content_async(request(), stream=True):
        final = response
    seconds = time.process_time() - start
    parts = (final.content.parts if final.content else None) or []
    calls = sum(part.function_call is not None for part in parts)
    characters = sum(len(part.text or "") for part in parts)
    return seconds, f"{characters} characters, {calls} calls, error {final.error_code}"


if __name__ == "__main__":
    main()
