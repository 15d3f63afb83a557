# SPDX-License-Identifier: Apache-2.0
"""Keys, tokens and what people say never reach a log at INFO, an error message or the metadata, whatever becomes of the stream."""

from __future__ import annotations

import contextlib
import json
import logging
from typing import Any

import pytest

from adk_litellm_fix.faults import wires
from adk_litellm_fix.faults.server import Answer, EndEarly, Hang, Reset, Step

from .conftest import WEATHER, MakeModel, request

KEY = "sk-planted-key-0123456789abcdef"
BEARER = "Bearer planted-bearer-0123456789"
SAID = "planted words of the model"
ARGUMENT = "planted argument of a call"
PLANTED = (KEY, BEARER, "planted-bearer", SAID, ARGUMENT, "PRIVATE KEY", "Go on.")

CALL = wires.openai_call("get_weather", json.dumps({"city": ARGUMENT}))
STREAMS: dict[str, list[Step]] = {
    "whole": [wires.openai_text(SAID), *CALL, *wires.openai_end("tool_calls")],
    "cut": [wires.openai_text(SAID), *CALL],
    "reset": [wires.openai_text(SAID), *CALL, Reset()],
    "early end": [wires.openai_text(SAID), *CALL[:2], EndEarly()],
    "filtered": [wires.openai_text(SAID), *CALL, *wires.openai_end("content_filter")],
    "stalled": [wires.openai_text(SAID), *CALL, Hang()],
    "unreadable": [wires.openai_text(SAID), b'data: {"choices": [{"del\n\n'],
    "empty": [],
}


@pytest.mark.parametrize("name", STREAMS)
async def test_nothing_planted_is_told(name: str, make_model: MakeModel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    model = make_model(
        "openai/gpt-5",
        Answer(steps=STREAMS[name]),
        api_key=KEY,
        extra_headers={"X-Auth": BEARER},
        idle_timeout=1.0,
        retries_before_output=1,
    )
    final: Any = None
    with contextlib.suppress(Exception):  # it is LiteLLM's, with LiteLLM's message
        async for response in model.generate_content_async(request(WEATHER), stream=True):
            final = response
    ours = [
        record.getMessage() for record in caplog.records if record.name.startswith("adk_litellm_fix") and record.levelno >= logging.INFO
    ]
    assert not _told(*ours, final.error_message or "", final.error_code or "")
    metadata = final.custom_metadata["adk_litellm_fix"]
    # The arguments of a withheld call are kept for the agent that has to decide what to do about it, and nowhere else.
    for call in metadata.get("withheld_calls", []):
        call.pop("arguments")
    assert not _told(json.dumps(metadata))


@pytest.mark.parametrize("name", ["vertex_ai/gemini-2.5-flash", "vertex_ai/claude-sonnet-4-5@20250929"])
async def test_a_service_account_is_not_told(name: str, make_model: MakeModel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    refusal = Answer(
        steps=[b'{"error": {"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}}'], status=403, media="application/json"
    )
    with pytest.raises(Exception, match="denied"):
        async for _ in make_model(name, refusal, retries_before_output=1).generate_content_async(request(), stream=True):
            pass
    assert not _told(*[record.getMessage() for record in caplog.records if record.name.startswith("adk_litellm_fix")])


def _told(*texts: str) -> list[str]:
    """The planted words that the texts give away."""
    return [planted for planted in PLANTED if any(planted in text for text in texts)]
