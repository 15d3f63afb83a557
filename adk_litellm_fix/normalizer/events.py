# SPDX-License-Identifier: Apache-2.0
"""What the normalizer says while a stream is being read.

`Normalizer.feed` and `Normalizer.close` return these events, in the order in which the provider said them. They are values: frozen,
comparable, free of any LiteLLM or ADK type. Whoever reads a stream needs no others.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Union


class Ending(str, enum.Enum):
    """How a stream came to its end."""

    FINISHED = "finished"
    """The provider said why it stopped, or sent its wire's own end marker."""
    CUT = "cut"
    """The stream just ended: no finish word, no end marker."""
    FAILED = "failed"
    """Reading the stream raised an exception."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More visible text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """More of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of one tool call. The call is not complete, and may yet be withheld, before the turn is."""

    id: str
    """Unique in the turn and the same in every delta of the call and in the turn."""
    name: str
    """The name as far as it is known; never empty."""
    arguments: str
    """The argument text that came with this delta: a fragment of JSON, as the provider sent it."""


class RepairCode(str, enum.Enum):
    """What was wrong with a stream and has been put right. The README has an example of each."""

    TOOL_CALL_ID_CHANGED = "tool_call_id_changed"
    TOOL_CALL_ID_MISSING = "tool_call_id_missing"
    TOOL_CALL_ID_DUPLICATE = "tool_call_id_duplicate"
    TOOL_CALL_INDEX = "tool_call_index"
    TOOL_CALL_REPEATED = "tool_call_repeated"
    TOOL_NAME_REPEATED = "tool_name_repeated"
    TOOL_NAME_SNAPSHOT = "tool_name_snapshot"
    TOOL_NAME_DECORATED = "tool_name_decorated"
    LEGACY_FUNCTION_CALL = "legacy_function_call"
    ARGUMENTS_PLACEHOLDER = "arguments_placeholder"
    ARGUMENTS_SNAPSHOT = "arguments_snapshot"
    ARGUMENTS_REPEATED = "arguments_repeated"
    ARGUMENTS_TRAILING = "arguments_trailing"
    ARGUMENTS_CONTROL_CHARACTERS = "arguments_control_characters"
    ARGUMENTS_DOUBLE_ENCODED = "arguments_double_encoded"
    ARGUMENTS_PYTHON_LITERAL = "arguments_python_literal"
    ARGUMENTS_UNQUOTED_KEYS = "arguments_unquoted_keys"
    ARGUMENTS_TRAILING_COMMA = "arguments_trailing_comma"
    ARGUMENTS_CODE_FENCE = "arguments_code_fence"
    ARGUMENTS_NULL = "arguments_null"
    ARGUMENTS_RESTORED = "arguments_restored"
    FINISH_REASON_REPEATED = "finish_reason_repeated"
    FINISH_REASON_MISSING = "finish_reason_missing"
    CHOICE_MERGED = "choice_merged"
    CHOICE_RENUMBERED = "choice_renumbered"
    CHOICE_DROPPED = "choice_dropped"
    MESSAGE_FOR_DELTA = "message_for_delta"
    REFUSAL_RESTORED = "refusal_restored"
    TEXT_BLANK = "text_blank"
    TEXT_REPEATED = "text_repeated"
    TEXT_TOOL_CALL = "text_tool_call"
    THINK_TAG = "think_tag"
    THOUGHT_REPEATED = "thought_repeated"
    LONE_SURROGATE = "lone_surrogate"
    CHUNK_UNREADABLE = "chunk_unreadable"
    ERROR_AFTER_FINISH = "error_after_finish"
    STREAM_RETRIED = "stream_retried"


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was wrong with the stream and what was made of it."""

    code: RepairCode
    where: str
    """The place: a tool call's id, or a field such as `content`."""
    before: str
    """What the provider sent, cut to 120 characters."""
    after: str
    """What stands in the turn instead, cut to 120 characters."""


Event = Union[TextDelta, ThoughtDelta, ToolCallDelta, Repair]
