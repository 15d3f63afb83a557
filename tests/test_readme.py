# SPDX-License-Identifier: Apache-2.0
"""The README says what is: its repair table, its names, its two commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import adk_litellm_fix
from adk_litellm_fix.normalizer import RepairCode

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_repairs_has_every_code_once_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|.*\|.*\|.*\|$", README[README.index("## Repairs") :], re.MULTILINE)
    assert sorted(rows) == sorted(code.value for code in RepairCode)


def test_every_code_of_the_table_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "adk_litellm_fix").rglob("*.py"))
    assert [code for code in RepairCode if f"RepairCode.{code.name}" not in sources] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"from adk_litellm_fix import ([\w, ]+)", README))))
def test_what_the_readme_imports_is_there(name: str) -> None:
    assert [part for part in name.split(", ") if not hasattr(adk_litellm_fix, part)] == []


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((?!http)([^)]+)\)", README))))
def test_what_the_readme_links_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_two_commands_name_what_the_project_has() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    commands = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith(".venv/bin/adk-litellm-fix demo")
    assert 'adk-litellm-fix = "adk_litellm_fix.cli:main"' in project
    assert "'.[proxy]' --group test" in commands[1]
    assert "\nproxy = [" in project
    assert "\ntest = [" in project
