# SPDX-License-Identifier: Apache-2.0
"""Are the installed ADK and LiteLLM recent enough and complete? Read from package metadata: nothing is imported."""

from __future__ import annotations

import re
from importlib import metadata

from .errors import VersionError

_FLOORS = {"google-adk": (1, 19), "litellm": (1, 80)}
_LITELLM_THAT_NEEDS_MCP = (1, 106)
"""This series imports mcp 2 as soon as a request has tools, without requiring it; those before do not, later ones guard the import."""


def check_versions() -> None:
    """Check that the installed packages can run an agent with tools.

    Raises:
        VersionError: A package is missing, too old, or lacks a package it needs. The message ends with the command that cures it.
    """
    for package, floor in _FLOORS.items():
        found = _installed(package)
        if found is None or _numbers(found) < floor:
            state = "is not installed" if found is None else f"is {found}"
            wanted = f"{package}>={'.'.join(map(str, floor))}"
            raise VersionError(f"adk_litellm_fix needs {wanted}; {package} {state}. Run: pip install -U '{wanted}'")
    litellm = _installed("litellm") or ""
    if _numbers(litellm)[:2] == _LITELLM_THAT_NEEDS_MCP and _numbers(_installed("mcp") or "") < (2,):
        state = f"is {_installed('mcp')}" if _installed("mcp") else "is not installed"
        raise VersionError(f"LiteLLM {litellm} cannot call a model with tools without mcp>=2; mcp {state}. Run: pip install -U 'mcp>=2'")


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """The release numbers of a version: `1.106.2.post1` is (1, 106, 2)."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, release[0].split("."))) if release else ()
