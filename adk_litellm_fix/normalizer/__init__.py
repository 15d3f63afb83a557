# SPDX-License-Identifier: Apache-2.0
"""The shared normalizer: any chat-completions stream in, events and one trustworthy turn out. Standard library only."""

from __future__ import annotations

from .events import Ending, Event, Repair, RepairCode, TextDelta, ThoughtDelta, ToolCallDelta
from .finish import FinishReason
from .stream import Normalizer
from .turn import CallPart, ExecutedCall, MediaPart, Part, TextPart, ThoughtPart, Turn, Usage, WithheldCall
from .wire import WireSaid

__all__ = [
    "CallPart",
    "Ending",
    "Event",
    "ExecutedCall",
    "FinishReason",
    "MediaPart",
    "Normalizer",
    "Part",
    "Repair",
    "RepairCode",
    "TextDelta",
    "TextPart",
    "ThoughtDelta",
    "ThoughtPart",
    "ToolCallDelta",
    "Turn",
    "Usage",
    "WireSaid",
    "WithheldCall",
]
