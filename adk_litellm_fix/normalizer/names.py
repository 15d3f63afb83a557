# SPDX-License-Identifier: Apache-2.0
"""Joins the fragments of a tool's name.

Streams send a name once, repeat it (`f`, `f`), resend it longer (`get`, `get_weather`), split it (`get_`, `weather`) or decorate it
(`functions.f`, `f<|channel|>commentary`). The declared tool names settle what the text alone cannot.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence

from .events import RepairCode

_DECORATION = re.compile(r"^(?:functions?|tools?|default_api)[.:/]|<\|.*$|:\d+$|\s+$|^\s+", re.DOTALL)


def _candidates(pieces: Sequence[str]) -> list[tuple[str, RepairCode | None]]:
    """All readings, the likeliest first."""
    joined, first, last = "".join(pieces), pieces[0], pieces[-1]
    if len(pieces) == 1:
        return [(joined, None)]
    if all(piece == first for piece in pieces):
        return [(first, RepairCode.TOOL_NAME_REPEATED), (joined, None)]
    if all(after.startswith(before) for before, after in itertools.pairwise(pieces)):
        return [(last, RepairCode.TOOL_NAME_SNAPSHOT), (joined, None)]
    distinct = "".join(dict.fromkeys(pieces))
    return [(joined, None), (distinct, RepairCode.TOOL_NAME_REPEATED), (last, RepairCode.TOOL_NAME_SNAPSHOT)]


def _undecorated(name: str) -> str:
    while (bare := _DECORATION.sub("", name)) != name:
        name = bare
    return name


def join_name(pieces: Sequence[str], declared: Collection[str]) -> tuple[str, RepairCode | None]:
    """The tool's name and what was done to find it; the empty string when no fragment came."""
    if not pieces:
        return "", None
    if len(pieces) == 1 and (pieces[0] in declared or not declared):
        return pieces[0], None
    candidates = _candidates(pieces)
    for name, code in sorted(candidates, key=lambda candidate: candidate[1] is not None):
        if name in declared:
            return name, code
    for name, _ in candidates:
        bare = _undecorated(name)
        if bare in declared:
            return bare, RepairCode.TOOL_NAME_DECORATED
    return candidates[0]
