# SPDX-License-Identifier: Apache-2.0
"""The errors this package raises for its own user's mistakes.

    FixError(Exception)
     ├─ UsageError      an argument, a file or an environment that cannot work
     │   └─ ScenarioError   a mistake in a scenario file, with file and line
     └─ VersionError    an ADK or LiteLLM that is too old, or lacks a package it needs

A provider's mistake is never one of these: it is repaired and reported, or it stands as `error_code` in the turn. A provider's or LiteLLM's
exception reaches the caller as it was raised.
"""

from __future__ import annotations


class FixError(Exception):
    """Says in one line what is wrong and what to do."""


class UsageError(FixError):
    """The caller asked for something that cannot work."""


class ScenarioError(UsageError):
    """A scenario file has a mistake."""

    def __init__(self, message: str, *, path: str = "<scenario>", line: int = 0) -> None:
        self.path = path
        self.line = line
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class VersionError(FixError):
    """An installed package is too old or incomplete."""
