# SPDX-License-Identifier: Apache-2.0
"""Shapes 58 to 65: what was used, and which choice is the answer?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.wire import NDJSON, Answer, named_sse, ndjson

from .chunks import choices, delta, finish, text, tool, usage
from .native import anthropic_end, anthropic_start, anthropic_text, ollama
from .turns import LITELLM, hear, over_http

if TYPE_CHECKING:
    from google.adk.models.llm_response import LlmResponse

    from tests.wire import Provider

    from .chunks import Chunk
    from .conftest import Read

HELLO = [("text", "Hello")]
F = ("call", "f", {"a": "1"})


def counts(final: LlmResponse) -> tuple[int | None, ...]:
    used = final.usage_metadata
    assert used is not None
    return used.prompt_token_count, used.candidates_token_count, used.total_token_count


def with_usage(chunk: Chunk, prompt: int, completion: int) -> Chunk:
    return {**chunk, "usage": usage(prompt, completion)["usage"]}


PLACES: dict[str, list[Chunk]] = {
    "before": [usage(10, 3), text("Hello"), finish("stop")],
    "on the finish": [text("Hello"), with_usage(finish("stop"), 10, 3)],
    "after": [text("Hello"), finish("stop"), usage(10, 3)],
    "on every chunk": [with_usage(text("Hel"), 10, 1), with_usage(text("lo"), 10, 2), with_usage(finish("stop"), 10, 3)],
}


@pytest.mark.parametrize("chunks", PLACES.values(), ids=PLACES)
async def test_shape_58_place_of_the_usage_report(read: Read, chunks: list[Chunk]) -> None:
    heard = await read(*chunks)
    assert heard.parts == HELLO
    assert counts(heard.final) == (10, 3, 13)
    assert heard.repairs == []


async def test_shape_59_usage_is_zeroed_later(read_bare: Read) -> None:
    heard = await read_bare(text("Hello"), with_usage(finish("stop"), 10, 3), usage(0, 0))
    assert counts(heard.final) == (10, 3, 13)


async def test_shape_59_usage_is_zeroed_later_over_http(read_http: Read) -> None:
    heard = await read_http(text("Hello"), with_usage(finish("stop"), 10, 3), usage(0, 0))
    assert counts(heard.final) == (10, 3, 13)


async def test_shape_59_usage_is_split_into_input_and_output(read_bare: Read) -> None:
    split = [choices(usage={"prompt_tokens": 10, "completion_tokens": 0, "total_tokens": 10}), text("Hello"), finish("stop")]
    heard = await read_bare(*split, choices(usage={"prompt_tokens": 0, "completion_tokens": 3, "total_tokens": 3}))
    assert counts(heard.final) == (10, 3, 13)


async def test_shape_59_on_the_anthropic_wire(provider: Provider) -> None:
    events = [anthropic_start(), *anthropic_text(0, "Hello"), *anthropic_end("end_turn")]
    heard = await hear(over_http(provider.serves(Answer(frames=named_sse(*events))), "anthropic/claude-sonnet-4-5"))
    assert counts(heard.final) == (5, 7, 12)


async def test_shape_60_reasoning_tokens_are_not_counted_twice(read: Read) -> None:
    report = usage(10, 7, completion_tokens_details={"reasoning_tokens": 4})
    heard = await read(delta(reasoning_content="hm"), text("Hello"), finish("stop"), report)
    assert counts(heard.final) == (10, 3, 17)
    assert heard.final.usage_metadata.thoughts_token_count == 4


async def test_shape_61_cost_is_kept(way: str, read: Read) -> None:
    heard = await read(text("Hello"), finish("stop"), usage(10, 3, cost=0.00042))
    assert counts(heard.final) == (10, 3, 13)
    if way != "http" or LITELLM >= (1, 100):  # before, it drops the field
        assert heard.ours["cost"] == 0.00042


async def test_shape_62_usage_that_was_never_sent(read_bare: Read) -> None:
    heard = await read_bare(text("Hello"), finish("stop"))
    assert heard.final.usage_metadata is None


async def test_shape_62_usage_that_litellm_estimated_is_marked(read_http: Read) -> None:
    """LiteLLM counts tokens itself when the provider sends no usage; they look like the provider's."""
    heard = await read_http(text("Hello"), finish("stop"))
    assert heard.parts == HELLO
    assert heard.final.usage_metadata is None or heard.ours.get("usage_estimated") is True


async def test_shape_62_usage_that_was_sent_is_not_marked(read_http: Read) -> None:
    heard = await read_http(text("Hello"), finish("stop"), usage(10, 3))
    assert "usage_estimated" not in heard.ours


async def test_shape_62_on_the_ollama_wire(provider: Provider) -> None:
    answer = Answer(frames=ndjson(ollama("Hello"), ollama(word="stop")), media=NDJSON)
    heard = await hear(over_http(provider.serves(answer), "ollama_chat/m"))
    assert counts(heard.final) == (3, 2, 5)
    assert "usage_estimated" not in heard.ours


def choice(index: int, content: str | None = None, word: str | None = None, **more: Any) -> dict[str, Any]:
    return {"index": index, "delta": {**({"content": content} if content is not None else {}), **more}, "finish_reason": word}


async def test_shape_63_second_candidate_is_left_out(read: Read) -> None:
    heard = await read(
        choices(choice(0, "Hel"), choice(1, "Good")), choices(choice(1, "bye")), choices(choice(0, "lo")),
        choices(choice(0, word="stop"), choice(1, word="length")),
    )  # fmt: skip
    assert heard.parts == HELLO
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_63_candidates_in_chunks_of_their_own(read: Read) -> None:
    heard = await read(
        choices(choice(0, "Hel")), choices(choice(1, "Good")), choices(choice(0, "lo")), choices(choice(1, "bye")),
        choices(choice(0, word="stop")), choices(choice(1, word="length")),
    )  # fmt: skip
    assert heard.parts == HELLO
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_64_only_choice_is_numbered_1(read: Read) -> None:
    heard = await read(choices(choice(1, "Hel")), choices(choice(1, "lo")), choices(choice(1, word="stop")))
    assert heard.parts == HELLO
    assert (heard.reason, heard.final.error_code) == ("STOP", None)


async def test_shape_64_call_in_the_only_choice_numbered_1(read: Read) -> None:
    entry = tool(0, id="c1", name="f", arguments='{"a": "1"}')
    heard = await read(choices(choice(1, tool_calls=[entry])), choices(choice(1, word="tool_calls")))
    assert heard.parts == [F]


async def test_shape_65_text_in_one_choice_and_the_call_in_another(read: Read) -> None:
    entry = tool(0, id="c1", name="f", arguments='{"a": "1"}')
    heard = await read(
        choices(choice(0, "Hello"), choice(1, tool_calls=[entry])), choices(choice(0, word="stop"), choice(1, word="tool_calls"))
    )
    assert heard.parts == [*HELLO, F]
    assert (heard.reason, heard.final.error_code) == ("STOP", None)
    assert "choice_merged" in heard.repairs


async def test_shape_65_choices_in_chunks_of_their_own(read: Read) -> None:
    entry = tool(0, id="c1", name="f", arguments='{"a": "1"}')
    heard = await read(
        choices(choice(0, "Hello")),
        choices(choice(1, tool_calls=[entry])),
        choices(choice(0, word="stop")),
        choices(choice(1, word="tool_calls")),
    )
    assert heard.parts == [*HELLO, F]


ENTRY_F, ENTRY_G = tool(0, id="c1", name="f", arguments='{"a": "1"}'), tool(0, id="c2", name="g", arguments='{"a": "2"}')
G = ("call", "g", {"a": "2"})
SPREAD: dict[str, tuple[list[dict[str, Any]], list[Any]]] = {
    "text, call, call": ([choice(0, "Hello"), choice(1, tool_calls=[ENTRY_F]), choice(2, tool_calls=[ENTRY_G])], [*HELLO, F, G]),
    "call, call": ([choice(0, tool_calls=[ENTRY_F]), choice(1, tool_calls=[ENTRY_G])], [F, G]),
    "call, text": ([choice(0, tool_calls=[ENTRY_F]), choice(1, "Hello")], [F, *HELLO]),
}


@pytest.mark.parametrize(("entries", "parts"), SPREAD.values(), ids=SPREAD)
async def test_shape_65_one_answer_spread_over_choices(read: Read, entries: list[dict[str, Any]], parts: list[Any]) -> None:
    heard = await read(choices(*entries), choices(*(choice(entry["index"], word="tool_calls") for entry in entries)))
    assert heard.parts == parts
    assert "choice_merged" in heard.repairs


async def test_shape_65_cut_call_in_the_second_choice_is_withheld(read: Read) -> None:
    heard = await read(choices(choice(0, "Hello")), choices(choice(1, tool_calls=[tool(0, id="c1", name="f", arguments='{"a')])), end="")
    assert heard.parts == HELLO
    assert heard.final.error_code == "STREAM_CUT"
