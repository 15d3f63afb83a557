# SPDX-License-Identifier: Apache-2.0
"""Who may import whom: the normalizer knows neither ADK nor LiteLLM, and each of those has few doors."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import adk_litellm_fix

PACKAGE = Path(adk_litellm_fix.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
DOORS = {
    "google": {"lite_llm.py", "adk_response.py", "faults"},
    "litellm": {
        "lite_llm.py",
        "stream.py",
        "openai_chunks.py",
        "openai_response.py",
        "repair.py",
        "proxy.py",
        "witness",
        "sample_models.py",
    },
}


def _imported(path: Path) -> set[str]:
    """Top-level names of the absolute imports anywhere in a file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", sorted((PACKAGE / "normalizer").glob("*.py")), ids=lambda path: path.name)
def test_the_normalizer_imports_the_standard_library_only(path: Path) -> None:
    assert _imported(path) <= sys.stdlib_module_names | {"__future__"}


@pytest.mark.parametrize("host", DOORS)
def test_each_host_is_imported_through_its_doors_only(host: str) -> None:
    importers = {path.relative_to(PACKAGE).parts[0] for path in MODULES if host in _imported(path)}
    assert importers - {"_samples"} <= DOORS[host]


def test_importing_the_package_imports_neither_adk_nor_litellm() -> None:
    program = "import sys, adk_litellm_fix; print(sorted({'google.adk', 'litellm', 'starlette', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_all_is_sorted_and_complete() -> None:
    assert sorted(adk_litellm_fix.__all__) == adk_litellm_fix.__all__
    for name in adk_litellm_fix.__all__:
        assert getattr(adk_litellm_fix, name) is not None
