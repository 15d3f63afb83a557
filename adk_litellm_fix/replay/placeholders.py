# SPDX-License-Identifier: Apache-2.0
"""`{{tool[0].key}}` in a scenario's texts: a replayed model that quotes what the tools really returned."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ask import ToolResult

_PLACEHOLDER = re.compile(r"\{\{\s*([\w-]+)(?:\[(\d+)\])?((?:\.\w+)*)\s*\}\}")


class UnknownResult(LookupError):
    """A placeholder names a result, or a key in one, that is not there."""


def fill(text: str, results: Sequence[ToolResult]) -> str:
    """Replace each placeholder by the value it names.

    Without a number it is the tool's last result. ADK wraps what is no mapping as `{"result": value}`; the wrapping is taken off.

    Raises:
        UnknownResult: There is no such result.
    """

    def value(match: re.Match[str]) -> str:
        tool, number, keys = match.groups()
        found = [result.text for result in results if result.tool == tool]
        try:
            result = _decoded(found[int(number) if number else -1])
            for key in keys.split(".")[1:]:
                result = result[int(key)] if isinstance(result, list) else result[key]
        except (LookupError, TypeError, ValueError):
            known = "; ".join(f"{result.tool} -> {result.text}" for result in results) or "none"
            raise UnknownResult(f"{match.group()} names no tool result; the results so far: {known}") from None
        return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)

    return _PLACEHOLDER.sub(value, text)


def _decoded(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value["result"] if isinstance(value, dict) and value.keys() == {"result"} else value
