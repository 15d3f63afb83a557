# SPDX-License-Identifier: Apache-2.0
"""The short profile of `benchmarks/load.py`: many streams at once, with faults at random, and nothing that stays behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.load", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if " wrong " in line]


def numbers(line: str, unit: str) -> int:
    found = re.search(rf"(\d+) {unit}", line)
    assert found is not None, line
    return int(found[1])


@pytest.mark.timeout(240)
def test_streams_at_once_are_all_right_and_leave_nothing() -> None:
    waves = run("streams", "--streams", "60", "--waves", "3", "--faults")
    assert len(waves) == 3
    assert [numbers(wave, "open") for wave in waves] == [0, 0, 0]
    assert numbers(waves[2], "files") <= numbers(waves[1], "files") + 2


@pytest.mark.timeout(240)
def test_turns_leave_no_memory_behind() -> None:
    tenths = run("turns", "--turns", "280", "--at-once", "4")
    assert numbers(tenths[-1], "open") == 0
    assert numbers(tenths[-1], "tasks") <= numbers(tenths[4], "tasks")
    # LiteLLM's caches grow a little in the beginning; a leak of ours would be hundreds of objects per turn.
    assert numbers(tenths[-1], "objects") - numbers(tenths[4], "objects") < 140 * 20
