# SPDX-License-Identifier: Apache-2.0
"""Shapes 49 to 57: streams that break, and chunks that are not what they should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import litellm
import pytest

from tests.wire import Answer, sse

from .chunks import choices, delta, finish, text, usage, whole
from .turns import DONE, LITELLM, hear, over_http

if TYPE_CHECKING:
    from tests.wire import Ending, Provider

    from .conftest import Read

F = ("call", "f", {"a": "1"})
CALL_F = whole(0, "c1", "f", '{"a": "1"}')
MARKER = sse(DONE)


@pytest.mark.parametrize("ending", ["broken", "reset"])
async def test_shape_49_connection_breaks(provider: Provider, ending: Ending) -> None:
    answer = Answer(frames=sse(text("Hel"), text("lo"), CALL_F), ending=ending)
    heard = await hear(over_http(provider.serves(answer)))
    assert heard.parts == [("text", "Hello")]
    assert heard.reason == "OTHER"
    assert heard.withheld == [("f", '{"a": "1"}')]
    if LITELLM < (1, 100):  # it hides the exception: the stream seems cut
        assert (heard.final.error_code, heard.ours["ending"]) == ("STREAM_CUT", "cut")
    else:
        assert heard.raised is not None
        assert (heard.final.error_code, heard.ours["ending"]) == (type(heard.raised).__name__, "failed")


async def test_shape_49_connection_breaks_after_the_finish_word(provider: Provider) -> None:
    """LiteLLM does not hand on an exception behind the finish word: there is nothing to repair."""
    answer = Answer(frames=sse(text("Hello"), finish("stop")), ending="broken")
    heard = await hear(over_http(provider.serves(answer)))
    assert heard.parts == [("text", "Hello")]
    assert heard.raised is None
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_49_connection_of_a_client_breaks_after_the_finish_word(read_bare: Read) -> None:
    heard = await read_bare(text("Hello"), CALL_F, finish("tool_calls"), ConnectionResetError("gone"))
    assert heard.parts == [("text", "Hello"), F]
    assert heard.raised is None
    assert (heard.reason, heard.final.error_code) == ("STOP", None)
    assert heard.repairs == ["error_after_finish"]


async def test_shape_50_stream_raises(read_bare: Read) -> None:
    error = ConnectionResetError("gone")
    heard = await read_bare(text("Hel"), text("lo"), CALL_F, usage(10, 3), error)
    assert heard.parts == [("text", "Hello")]
    assert heard.raised is error
    assert (heard.reason, heard.final.error_code) == ("OTHER", "ConnectionResetError")
    assert heard.final.usage_metadata.candidates_token_count == 3
    assert heard.withheld == [("f", '{"a": "1"}')]


async def test_shape_50_stream_raises_an_error_of_litellm_before_anything_came(read_bare: Read) -> None:
    error = litellm.exceptions.ServiceUnavailableError("overloaded", "openai", "m")
    heard = await read_bare(error)
    assert heard.parts == []
    assert heard.raised is error
    assert heard.final.error_code == "ServiceUnavailableError"


ERROR_FRAMES: dict[str, Any] = {
    "object": {"error": {"message": "overloaded", "type": "server_error", "code": 503}},
    "string": {"error": "overloaded"},
    "with detail": {"object": "error", "error": {"message": "overloaded"}, "code": 500},
}


@pytest.mark.parametrize("frame", ERROR_FRAMES.values(), ids=ERROR_FRAMES)
async def test_shape_51_error_object_as_data(provider: Provider, frame: Any) -> None:
    answer = Answer(frames=[*sse(text("Hello"), CALL_F, frame), *MARKER])
    heard = await hear(over_http(provider.serves(answer)))
    assert heard.parts == [("text", "Hello")]
    assert heard.reason == "OTHER"
    assert heard.final.error_code
    assert heard.withheld == [("f", '{"a": "1"}')]


async def test_shape_51_error_object_from_a_client(read_dicts: Read) -> None:
    heard = await read_dicts(text("Hello"), CALL_F, ERROR_FRAMES["object"])
    assert heard.parts == [("text", "Hello")]
    assert heard.reason == "OTHER"
    assert heard.final.error_code
    assert "overloaded" in (heard.final.error_message or "")


IN_CHUNK = {
    "top level": choices({"index": 0, "delta": {"content": ""}, "finish_reason": "error"}, error={"code": 502, "message": "upstream died"}),
    "choice": choices({"index": 0, "delta": {}, "finish_reason": "error", "error": {"code": 502, "message": "upstream died"}}),
    "choice with stop": choices({"index": 0, "delta": {}, "finish_reason": "stop", "error": {"code": 502, "message": "upstream died"}}),
}


@pytest.mark.parametrize("chunk", IN_CHUNK.values(), ids=IN_CHUNK)
async def test_shape_52_error_inside_a_chunk(read: Read, chunk: Any) -> None:
    heard = await read(text("Hello"), CALL_F, chunk)
    assert heard.parts == [("text", "Hello")]
    assert heard.reason == "OTHER"
    assert heard.final.error_code
    assert heard.withheld == [("f", '{"a": "1"}')]


NO_STREAM: dict[str, list[bytes]] = {
    "detail": sse({"detail": "Not Found"}),
    "detail without data": [json.dumps({"detail": "Not Found"}).encode()],
    "page": [b"<html><body>Blocked by the firewall</body></html>"],
    "nothing": [],
}


@pytest.mark.parametrize("frames", NO_STREAM.values(), ids=NO_STREAM)
async def test_shape_53_answer_is_no_stream_at_all(provider: Provider, frames: list[bytes]) -> None:
    heard = await hear(over_http(provider.serves(Answer(frames=frames))))
    assert heard.parts == []
    assert heard.reason == "OTHER"
    assert heard.final.error_code == ("EMPTY_STREAM" if heard.raised is None else type(heard.raised).__name__)


async def test_shape_53_empty_stream_from_a_client(read_bare: Read) -> None:
    heard = await read_bare()
    assert heard.parts == []
    assert (heard.reason, heard.final.error_code) == ("OTHER", "EMPTY_STREAM")


NOISE: dict[str, bytes] = {
    "empty data": b"data: \n\n",
    "data without a value": b"data:\n\n",
    "comment": b": OPENROUTER PROCESSING\n\n",
    "ping": b"event: ping\ndata: {}\n\n",
    "blank lines": b"\n\n\n",
    "retry": b"retry: 100\n\n",
}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
async def test_shape_54_noise_between_the_events(provider: Provider, noise: bytes) -> None:
    frames = [noise, *sse(text("Hel")), noise, *sse(text("lo")), noise, *sse(finish("stop")), noise, *MARKER]
    heard = await hear(over_http(provider.serves(Answer(frames=frames))))
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)
    assert heard.raised is None


async def test_shape_54_broken_json(provider: Provider) -> None:
    """The SDK below LiteLLM raises; what was streamed is kept, and nothing is made of the rest."""
    frames = [*sse(text("Hel")), b'data: {"choices": [{"delta": {"con\n\n', *sse(text("lo"), finish("stop")), *MARKER]
    heard = await hear(over_http(provider.serves(Answer(frames=frames))))
    if heard.raised is None:
        assert heard.parts == [("text", "Hello")]
        assert heard.reason == "STOP"
    else:
        assert heard.parts == [("text", "Hel")]
        assert (heard.reason, heard.final.error_code) == ("OTHER", type(heard.raised).__name__)


@pytest.mark.parametrize("rubbish", [None, "", "rubbish", 7, [], {}, {"choices": None}, {"choices": "x"}, {"choices": [None, 7, {}]}])
async def test_shape_54_rubbish_from_a_client(read_dicts: Read, rubbish: Any) -> None:
    heard = await read_dicts(rubbish, text("Hel"), rubbish, text("lo"), rubbish, finish("stop"), rubbish)
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_55_a_hundred_and_thirty_equal_chunks(read: Read) -> None:
    heard = await read(*[text("-----")] * 130, finish("stop"))
    assert heard.parts == [("text", "-----" * 130)]
    assert heard.reason == "STOP"
    assert heard.raised is None


EMPTY: dict[str, Any] = {
    "no choices": choices(),
    "null choices": {**choices(), "choices": None},
    "null delta": choices({"index": 0, "delta": None, "finish_reason": None}),
    "absent delta": choices({"index": 0, "finish_reason": None}),
    "empty delta": delta(),
    "filter results": choices(prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}]),
}
BARE_OBJECTS_REFUSE = {"null choices"}


@pytest.mark.parametrize("name", EMPTY)
async def test_shape_56_empty_choices_or_delta(read_raw: Read, name: str) -> None:
    empty = EMPTY[name]
    heard = await read_raw(empty, text("Hel"), empty, text("lo"), empty, finish("stop"), empty)
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


@pytest.mark.parametrize("name", sorted({*EMPTY} - BARE_OBJECTS_REFUSE))
async def test_shape_56_empty_choices_or_delta_as_objects(read_bare: Read, name: str) -> None:
    heard = await read_bare(EMPTY[name], text("Hello"), EMPTY[name], finish("stop"), EMPTY[name])
    assert heard.parts == [("text", "Hello")]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


MESSAGE = choices({"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"})
MESSAGE_WITH_CALL = choices(
    {
        "index": 0,
        "message": {"role": "assistant", "content": None, "tool_calls": CALL_F["choices"][0]["delta"]["tool_calls"]},
        "finish_reason": "stop",
    }
)


@pytest.mark.parametrize(("chunk", "part"), [(MESSAGE, ("text", "Hello")), (MESSAGE_WITH_CALL, F)], ids=["text", "call"])
async def test_shape_57_message_instead_of_delta(read_raw: Read, chunk: Any, part: tuple[Any, ...]) -> None:
    """LiteLLM's own types drop `message`, so its objects cannot carry it; over HTTP the wire is heard before that."""
    heard = await read_raw(chunk)
    assert heard.parts == [part]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)
    assert heard.repairs == ["message_for_delta"]


async def test_shape_57_message_beside_the_deltas_is_not_taken_twice(read_raw: Read) -> None:
    last = choices({"index": 0, "delta": {"content": "lo"}, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"})
    heard = await read_raw(text("Hel"), last)
    assert heard.parts == [("text", "Hello")]
