# SPDX-License-Identifier: Apache-2.0
"""The tools that a request declares: their names and types settle what a stream's text cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def declared_tools(tools: Iterable[Any] | None) -> dict[str, Mapping[str, Any]]:
    """The parameters' JSON schemas, by name, of a request's `tools` or, in the form before 2023, its `functions`.

    Anthropic's form (`{"name": …, "input_schema": …}`) is read, too. What declares no name, such as an MCP server, is passed over.
    """
    declared: dict[str, Mapping[str, Any]] = {}
    for tool in tools or ():
        function = tool.get("function", tool) if isinstance(tool, Mapping) else None
        name = function.get("name") if isinstance(function, Mapping) else None
        if isinstance(function, Mapping) and isinstance(name, str) and name:
            schema = function.get("parameters") or function.get("input_schema")
            declared[name] = schema if isinstance(schema, Mapping) else {}
    return declared
