# SPDX-License-Identifier: Apache-2.0
"""Finds and imports the samples: those of the checkout that the package lies in, else the copy that comes with the wheel."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from .errors import UsageError

_PACKAGE = f"{__package__}._samples"


def samples_folder() -> Path:
    """Return the folder that holds the samples.

    Raises:
        UsageError: There is none: the package was built without its samples.
    """
    here = Path(__file__).parent
    for folder in (here.parent / "samples", here / "_samples"):
        if (folder / "multi_agent_vertex" / "agent.py").is_file():
            return folder
    raise UsageError(f"there are no samples beside or in {here}; install adk-litellm-fix from its wheel or run it from a checkout")


def check_sample(name: str) -> None:
    """Check that there is such a sample, and that it has a demo.

    Raises:
        UsageError: There is none of that name.
    """
    names = sorted(path.parent.name for path in samples_folder().glob("*/demo.py"))
    if name not in names:
        raise UsageError(f"there is no demo {name!r}; there are {', '.join(names)}")


def import_from_samples(module: str) -> ModuleType:
    """Import a module by its dotted name under the samples folder, such as `multi_agent_vertex.agent`."""
    if _PACKAGE not in sys.modules:
        # A package without a file, so that `sys.path` stays as it is and a user's own `samples` folder is never taken for ours.
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(samples_folder())]
        sys.modules[_PACKAGE] = package
    return importlib.import_module(f"{_PACKAGE}.{module}")
