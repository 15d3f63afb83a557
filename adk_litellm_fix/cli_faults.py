# SPDX-License-Identifier: Apache-2.0
"""The command `adk-litellm-fix faults`: breaks streams on this machine and shows what an agent gets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import warnings
from dataclasses import asdict
from typing import Any, TextIO

import click
from rich.console import Console
from rich.table import Table

from .faults.measure import Outcome
from .faults.table import Row, rows, verdict


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per fault, for machines.")
def faults(as_json: bool) -> None:
    """Break streams in every known way, and show what an agent gets from this package's LiteLlm and from ADK's own.

    Everything happens on this machine, without a key, in about 20 seconds. Exit status 1: our own class failed one of them.
    """
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1")))
    warnings.simplefilter("ignore")
    # LiteLLM prints hints to stdout when a call fails.
    out = sys.stdout
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        found = asyncio.run(_measure(out if as_json else None))
    if not as_json:
        console = Console(highlight=False)
        console.print(_table(found))
        console.print(_summary(found))
    if any(verdict(row.fault, row.ours) for row in found):
        sys.exit(1)


async def _measure(json_to: TextIO | None) -> list[Row]:
    found: list[Row] = []
    with Console(stderr=True).status("Loading ADK and LiteLLM ...") as status:
        async for row in rows():
            status.update(f"{row.fault.name} ...")
            found.append(row)
            if json_to is not None:
                json_to.write(json.dumps(_as_json(row)) + "\n")
                json_to.flush()
    return found


def _as_json(row: Row) -> dict[str, Any]:
    outcomes = {"adk_litellm_fix": row.ours, "adk": row.adk}
    return {"fault": row.fault.name} | {
        name: {**asdict(outcome), "wrong": verdict(row.fault, outcome)} for name, outcome in outcomes.items()
    }


def _table(found: list[Row]) -> Table:
    table = Table("What happens to the stream", "adk_litellm_fix.LiteLlm", "google.adk.models.lite_llm.LiteLlm", show_lines=False)
    for row in found:
        table.add_row(row.fault.name, _cell(row, row.ours), _cell(row, row.adk))
    return table


def _cell(row: Row, outcome: Outcome) -> str:
    wrong = verdict(row.fault, outcome)
    if wrong:
        return f"[red]{', '.join(wrong)}[/red]"
    if row.fault.abandons:
        return "[green]connection closed[/green]"
    return f"[green]right[/green]: {_said(row, outcome)}"


def _said(row: Row, outcome: Outcome) -> str:
    if row.fault.runs_tool:
        return "tool run once"
    kept = "text kept, " if row.fault.has_text else ""
    raised = f", then {outcome.raised} raised" if outcome.raised else ""
    return f"{kept}{outcome.error or 'error'}{raised}" if outcome.error != outcome.raised else f"{kept}{outcome.raised} raised"


def _summary(found: list[Row]) -> str:
    ours = sum(not verdict(row.fault, row.ours) for row in found)
    adk = sum(not verdict(row.fault, row.adk) for row in found)
    ran = sum("runs the tool" in verdict(row.fault, row.adk) for row in found)
    return f"Right in {ours} of {len(found)} cases; ADK's own class in {adk}, and in {ran} it runs a tool on a broken turn."
