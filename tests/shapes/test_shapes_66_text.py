# SPDX-License-Identifier: Apache-2.0
"""Shapes 66 to 71: text that comes in an odd form, comes twice, or does not come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.wire import Answer, named_sse, sse

from .chunks import delta, finish, text, usage, whole
from .native import anthropic_block, anthropic_end, anthropic_start, anthropic_text, anthropic_tool
from .turns import DONE, hear, over_http

if TYPE_CHECKING:
    from tests.wire import Provider

    from .conftest import Read

HELLO = [("text", "Hello")]
F = ("call", "f", {"a": "1"})
CALL_F = whole(0, "c1", "f", '{"a": "1"}')
STOP, CALLS = finish("stop"), finish("tool_calls")
ANSWER = [text("Done."), STOP]

BLOCKS: dict[str, Any] = {
    "text blocks": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}],
    "blocks without a type": [{"text": "Hello"}],
    "strings": ["Hel", "lo"],
    "one block": {"type": "text", "text": "Hello"},
}


@pytest.mark.parametrize("content", BLOCKS.values(), ids=BLOCKS)
async def test_shape_66_content_is_a_list_of_blocks(read_dicts: Read, content: Any) -> None:
    heard = await read_dicts(text(content), STOP)
    assert heard.parts == HELLO
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_66_over_http(read_http: Read) -> None:
    heard = await read_http(text(BLOCKS["text blocks"]), STOP)
    assert heard.parts == HELLO
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_66_on_the_mistral_wire(provider: Provider) -> None:
    blocks = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hello"}]
    heard = await hear(over_http(provider.serves(Answer(frames=sse(text(blocks), STOP, DONE))), "mistral/m"))
    assert heard.parts == [("thought", "hm"), *HELLO]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_66_thinking_blocks_of_mistral(read_dicts: Read) -> None:
    blocks = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hello"}]
    heard = await read_dicts(text(blocks), STOP)
    assert heard.parts == [("thought", "hm"), *HELLO]


@pytest.mark.parametrize("blank", [" ", "\n\n", ""])
async def test_shape_67_white_space_before_a_call(read: Read, blank: str) -> None:
    heard = await read(text(blank), CALL_F, CALLS)
    assert heard.parts == [F]
    assert heard.repairs == (["text_blank"] if blank else [])


async def test_shape_67_white_space_between_text_and_call_is_kept(read: Read) -> None:
    heard = await read(text("I look."), text("\n\n"), CALL_F, CALLS)
    assert heard.parts == [("text", "I look.\n\n"), F]


async def test_shape_67_white_space_between_and_behind_calls(read: Read) -> None:
    heard = await read(CALL_F, text("\n"), whole(1, "c2", "g", "{}"), text("\n"), CALLS)
    assert heard.parts == [F, ("call", "g", {})]


async def test_shape_67_white_space_behind_a_call_and_earlier_text(read: Read) -> None:
    heard = await read(text("I look."), CALL_F, text("\n"), CALLS)
    assert heard.parts == [("text", "I look."), F]
    assert heard.repairs == ["text_blank"]


async def test_shape_68_cumulative_text(read: Read) -> None:
    snapshots = ["The", "The answer", "The answer is", "The answer is 42."]
    heard = await read(*(text(snapshot) for snapshot in snapshots), STOP)
    assert heard.parts == [("text", "The answer is 42.")]
    assert heard.repairs == ["text_repeated"]


async def test_shape_68_last_chunk_repeats_the_whole_text(read: Read) -> None:
    heard = await read(
        text("The answer "), text("is "), text("42, as "), text("ever."), delta(0, "stop", content="The answer is 42, as ever.")
    )
    assert heard.parts == [("text", "The answer is 42, as ever.")]
    assert heard.repairs == ["text_repeated"]


@pytest.mark.parametrize(
    "pieces",
    [("ha", "ha"), ("ha", "haha"), ("1", "11", "1"), ("no ", "no ", "no "), ("a", "ab"), ("\n", "\n\n"), ("-", "--", "-")],
)
async def test_shape_68_text_that_repeats_itself_is_kept(read: Read, pieces: tuple[str, ...]) -> None:
    heard = await read(text("So: "), *(text(piece) for piece in pieces), STOP)
    assert heard.parts == [("text", "So: " + "".join(pieces))]
    assert heard.repairs == []


async def test_shape_69_chunks_of_white_space(read: Read) -> None:
    heard = await read(text("one"), text("\n\n"), text(" "), text("two"), text("\n"), STOP)
    assert heard.parts == [("text", "one\n\n two\n")]
    assert heard.repairs == []


async def test_shape_70_text_behind_a_call(read: Read) -> None:
    heard = await read(CALL_F, text("I have asked."), STOP)
    assert heard.parts == [F, ("text", "I have asked.")]


async def test_shape_70_thought_between_texts(read: Read) -> None:
    heard = await read(text("one "), delta(reasoning_content="hm"), text("two"), CALL_F, CALLS)
    assert heard.parts == [("text", "one "), ("thought", "hm"), ("text", "two"), F]


async def test_shape_70_on_the_anthropic_wire(provider: Provider) -> None:
    def thinking(index: int, content: str, signature: str) -> list[dict[str, Any]]:
        deltas = ({"type": "thinking_delta", "thinking": content}, {"type": "signature_delta", "signature": signature})
        return anthropic_block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas)

    events = [
        anthropic_start(),
        *thinking(0, "first", "c2ln"),
        *anthropic_text(1, "Hello"),
        *thinking(2, "second", "c2lnMg=="),
        *anthropic_tool(3, "toolu_1", "f", '{"a": "1"}'),
        *anthropic_end("tool_use"),
    ]
    heard = await hear(over_http(provider.serves(Answer(frames=named_sse(*events))), "anthropic/claude-sonnet-4-5"))
    assert heard.parts == [("thought", "first"), *HELLO, ("thought", "second"), F]
    signatures = [part.thought_signature for part in heard.final.content.parts]
    assert signatures == [b"sig", None, b"sig2", None]


async def test_shape_71_empty_completion_where_tools_were_offered(read: Read) -> None:
    heard = await read(delta(role="assistant", content=""), STOP, usage(10, 0))
    assert heard.parts == []
    assert heard.final.error_code
    assert heard.final.error_message


async def test_shape_71_empty_completion_without_tools(read: Read) -> None:
    heard = await read(delta(role="assistant", content=""), STOP, usage(10, 0), tools=())
    assert heard.parts == []
    assert (heard.reason, heard.final.error_code) == ("STOP", None)
