# SPDX-License-Identifier: Apache-2.0
"""Shapes 77 to 83: thoughts, taken once, with their signatures."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.wire import Answer, named_sse, sse

from .chunks import Chunk, call, delta, finish, text
from .native import anthropic_block, anthropic_end, anthropic_start, anthropic_text, gemini
from .turns import LITELLM, hear, over_http

if TYPE_CHECKING:
    from tests.wire import Provider

    from .conftest import Read
    from .turns import Heard

HM, HELLO = ("thought", "hm"), ("text", "Hello")
F = ("call", "f", {"a": "1"})
STOP = finish("stop")
SIGNED = base64.b64encode(b"signed").decode()


def signatures(heard: Heard) -> list[bytes | None]:
    return [part.thought_signature for part in heard.final.content.parts]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_shape_77_reasoning_is_a_thought(read: Read, field: str) -> None:
    heard = await read(delta(**{field: "h"}), delta(**{field: "m"}), text("Hello"), STOP)
    assert heard.parts == [HM, HELLO]
    assert heard.repairs == []


async def test_shape_77_both_fields_are_taken_once(read: Read) -> None:
    heard = await read(delta(reasoning="h", reasoning_content="h"), delta(reasoning="m", reasoning_content="m"), text("Hello"), STOP)
    assert heard.parts == [HM, HELLO]


DETAILS: dict[str, list[dict[str, Any]]] = {
    "text with signature": [{"type": "reasoning.text", "text": "hm", "signature": SIGNED, "format": "anthropic-claude-v1", "index": 0}],
    "text": [{"type": "reasoning.text", "text": "hm", "index": 0}],
    "summary": [{"type": "reasoning.summary", "summary": "hm", "index": 0}],
}


@pytest.mark.parametrize("name", DETAILS)
async def test_shape_78_reasoning_details_alone(read: Read, name: str) -> None:
    heard = await read(delta(reasoning_details=DETAILS[name], content=""), text("Hello"), STOP)
    assert heard.parts == [HM, HELLO]
    assert signatures(heard)[0] == (b"signed" if "signature" in name else None)


async def test_shape_78_reasoning_details_beside_the_same_reasoning(read: Read) -> None:
    heard = await read(delta(reasoning="hm", reasoning_details=DETAILS["text with signature"], content=""), text("Hello"), STOP)
    assert heard.parts == [HM, HELLO]
    assert signatures(heard) == [b"signed", None]


async def test_shape_78_encrypted_reasoning_is_kept_for_the_replay(read: Read) -> None:
    encrypted = {"type": "reasoning.encrypted", "data": SIGNED, "format": "google-gemini-v1", "index": 0}
    heard = await read(
        delta(reasoning_details=[encrypted], content=""), call(0, id="c1", name="f", arguments='{"a": "1"}'), finish("tool_calls")
    )
    assert [part for part in heard.parts if part[0] == "call"] == [F]
    assert b"signed" in signatures(heard)


async def test_shape_78_signature_in_a_later_detail(read: Read) -> None:
    later = [{"type": "reasoning.text", "signature": SIGNED, "index": 0}]
    heard = await read(
        delta(reasoning="h", reasoning_details=[{"type": "reasoning.text", "text": "h", "index": 0}], content=""),
        delta(reasoning="m", reasoning_details=[{"type": "reasoning.text", "text": "m", "index": 0}], content=""),
        delta(reasoning_details=later, content=""),
        text("Hello"),
        STOP,
    )
    assert heard.parts == [HM, HELLO]
    assert signatures(heard) == [b"signed", None]


async def test_shape_79_empty_thinking_blocks_do_not_hide_the_reasoning(read: Read) -> None:
    heard = await read(delta(thinking_blocks=[], reasoning_content="hm", content=""), text("Hello"), STOP)
    assert heard.parts == [HM, HELLO]


def thinking(content: str, signature: str | None = None) -> Chunk:
    block = {"type": "thinking", "thinking": content, **({"signature": signature} if signature else {})}
    return delta(thinking_blocks=[block], reasoning_content=content, content="")


async def test_shape_80_signature_comes_in_a_delta_of_its_own(read: Read) -> None:
    heard = await read(thinking("h"), thinking("m"), thinking("", SIGNED), text("Hello"), STOP)
    assert heard.parts == [HM, HELLO]
    assert signatures(heard) == [b"signed", None]
    assert heard.repairs == []


async def test_shape_80_signed_block_repeats_the_text(read: Read) -> None:
    heard = await read(thinking("hm, "), thinking("well"), thinking("hm, well", SIGNED), text("Hello"), STOP)
    assert heard.parts == [("thought", "hm, well"), HELLO]
    assert signatures(heard) == [b"signed", None]
    assert heard.repairs == ["thought_repeated"]


async def test_shape_80_two_signed_blocks(read: Read) -> None:
    heard = await read(thinking("one"), thinking("", SIGNED), thinking("two"), thinking("", SIGNED), text("Hello"), STOP)
    assert heard.parts == [("thought", "one"), ("thought", "two"), HELLO]
    assert signatures(heard) == [b"signed", b"signed", None]


def claude(provider: Provider, *events: dict[str, Any]) -> Any:
    return hear(over_http(provider.serves(Answer(frames=named_sse(anthropic_start(), *events))), "anthropic/claude-sonnet-4-5"))


THINKING = anthropic_block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "h"},
    {"type": "thinking_delta", "thinking": "m"},
    {"type": "signature_delta", "signature": SIGNED},
)


async def test_shape_80_on_the_anthropic_wire(provider: Provider) -> None:
    heard = await claude(provider, *THINKING, *anthropic_text(1, "Hello"), *anthropic_end("end_turn"))
    assert heard.parts == [HM, HELLO]
    assert signatures(heard) == [b"signed", None]


async def test_shape_81_redacted_thinking_from_a_client(read: Read) -> None:
    redacted = delta(thinking_blocks=[{"type": "redacted_thinking", "data": SIGNED}], content="")
    heard = await read(thinking("hm", SIGNED), redacted, call(0, id="c1", name="f", arguments='{"a": "1"}'), finish("tool_calls"))
    assert heard.parts == [HM, ("thought", ""), F]
    assert signatures(heard) == [b"signed", b"signed", None]


GOOGLE = {"google": {"thought_signature": SIGNED}}


async def test_shape_82_thought_signature_on_a_call(read: Read) -> None:
    heard = await read(call(0, id="c1", name="f", arguments='{"a": "1"}', extra_content=GOOGLE), finish("tool_calls"))
    assert heard.parts == [F]
    assert signatures(heard) == [b"signed"]


async def test_shape_82_dummy_signature_that_is_no_base64_is_kept(read: Read) -> None:
    dummy = "skip_thought_signature_validator"
    extra = {"google": {"thought_signature": dummy}}
    heard = await read(call(0, id="c1", name="f", arguments='{"a": "1"}', extra_content=extra), finish("tool_calls"))
    assert signatures(heard) == [dummy.encode()]


async def test_shape_82_in_provider_specific_fields(read: Read) -> None:
    own = {"thought_signature": SIGNED}
    heard = await read(call(0, id="c1", name="f", arguments='{"a": "1"}', provider_specific_fields=own), finish("tool_calls"))
    assert signatures(heard) == [b"signed"]


@pytest.mark.skipif(LITELLM < (1, 81), reason="LiteLLM 1.80 does not hand on the signature of a streamed call")
async def test_shape_82_on_the_gemini_wire(provider: Provider) -> None:
    part = {"functionCall": {"name": "f", "args": {"a": "1"}}, "thoughtSignature": SIGNED}
    heard = await hear(over_http(provider.serves(Answer(frames=sse(gemini(part), gemini(word="STOP")))), "gemini/gemini-3-pro-preview"))
    assert heard.parts == [F]
    assert signatures(heard) == [b"signed"]
    assert "__thought__" not in heard.ids[0]


async def test_shape_83_thought_signature_on_a_text_part(read: Read) -> None:
    signed = delta(content="lo", provider_specific_fields={"thought_signatures": [SIGNED]})
    heard = await read(text("Hel"), signed, STOP)
    assert heard.parts == [HELLO]
    assert signatures(heard) == [b"signed"]
