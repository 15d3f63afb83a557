# SPDX-License-Identifier: Apache-2.0
"""The agent's tools: they search this sample's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
_SHOWN = 20


def grep(pattern: str) -> dict[str, Any]:
    """Finds the lines that contain a text in the files of this folder.

    Args:
        pattern: The text; case does not matter.
    """
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted(ROOT.glob("*.*"))
        if path.suffix in (".py", ".yaml", ".md", ".sh")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.lower() in line.lower()
    ]
    return {"matches": len(found), "lines": found[:_SHOWN]}


def list_files() -> dict[str, Any]:
    """Lists the files of this folder, with their sizes in bytes."""
    files = {path.name: path.stat().st_size for path in sorted(ROOT.iterdir()) if path.is_file()}
    return {"count": len(files), "files": files}
