# SPDX-License-Identifier: Apache-2.0
"""What LiteLLM's stream wrapper must not do to one stream: take repetition for a loop, and throw away what it does not know."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

_THROWN_AWAY = ("refusal", "reasoning_details", "thinking_blocks", "reasoning")


def protect(stream: Any) -> None:
    """Protects one stream of LiteLLM's; other streams, and other objects, are left as they are. May raise on an unknown inside."""
    _allow_repetition(stream)
    _keep_all_deltas(stream)


def _allow_repetition(stream: Any) -> None:
    """Switches LiteLLM's loop check off for this one stream: https://github.com/BerriAI/litellm/issues/6549."""
    for name in ("raise_on_model_repetition", "safety_checker"):
        if callable(getattr(stream, name, None)):
            setattr(stream, name, _nothing_to_check)


def _nothing_to_check() -> None:
    """Takes the place of a check."""


def _keep_all_deltas(stream: Any) -> None:
    """Makes the wrapper hand on deltas that hold nothing but a refusal or thoughts in a form it does not count as content."""
    known: Callable[..., bool] | None = getattr(stream, "is_chunk_non_empty", None)
    if not callable(known):
        return

    def is_chunk_non_empty(*args: Any, **kwargs: Any) -> bool:
        return known(*args, **kwargs) or any(_says_more(argument) for argument in (*args, *kwargs.values()))

    stream.is_chunk_non_empty = is_chunk_non_empty


def _says_more(argument: Any) -> bool:
    """Whether an argument is a chunk, or holds the original one, whose first delta says something that LiteLLM does not look for."""
    with suppress(Exception):  # not a chunk
        chunk: Any = argument.get("original_chunk") if isinstance(argument, dict) else argument
        delta = chunk.choices[0].delta
        return any(getattr(delta, name, None) for name in _THROWN_AWAY)
    return False
