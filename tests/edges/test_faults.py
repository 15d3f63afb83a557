# SPDX-License-Identifier: Apache-2.0
"""The fault table: our class is right in every row, and the command says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adk_litellm_fix.faults.catalogue import FAULTS, Fault
from adk_litellm_fix.faults.measure import Outcome
from adk_litellm_fix.faults.table import verdict

ROOT = Path(__file__).parents[2]
COMMAND = "from adk_litellm_fix.cli_faults import faults; faults()"
GOOD = Outcome(tool_runs=0, text="I will send it.", error="STREAM_CUT", raised=None, waited=False, closed_after=0.0)


@pytest.mark.timeout(240)
def test_our_class_is_right_in_every_row() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "--json"], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=200
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["fault"] for row in rows] == [fault.name for fault in FAULTS]
    assert {row["fault"]: row["adk_litellm_fix"]["wrong"] for row in rows if row["adk_litellm_fix"]["wrong"]} == {}
    assert any("runs the tool" in row["adk"]["wrong"] for row in rows)
    assert done.returncode == 0


@pytest.mark.parametrize(("change", "wrong"), [
    ({}, []),
    ({"tool_runs": 1}, ["runs the tool"]),
    ({"text": ""}, ["loses the text"]),
    ({"error": None}, ["looks complete"]),
    ({"error": None, "raised": "Timeout"}, []),
    ({"waited": True}, ["still waits after 2.5 s"]),
    ({"closed_after": None}, ["leaves the connection open"]),
])  # fmt: skip
def test_a_verdict_names_what_is_wrong(change: dict[str, object], wrong: list[str]) -> None:
    fields = {name: getattr(GOOD, name) for name in GOOD.__slots__}
    assert verdict(Fault(name="f", steps=()), Outcome(**{**fields, **change})) == wrong
