# SPDX-License-Identifier: Apache-2.0
"""What a witness hears of an answer that is not streamed."""

from __future__ import annotations

import asyncio

import litellm
import pytest

from adk_litellm_fix.normalizer.wire import WireSaid
from adk_litellm_fix.witness import watching, witness_response
from tests.witness.conftest import Asking, every_provider
from tests.witness.wires import ANTHROPIC_MESSAGE, OPENAI


async def said_of(asking: Asking, body: dict[str, object]) -> WireSaid | None:
    with watching() as witness:
        try:
            await litellm.acompletion(**asking.arguments(body))
        except litellm.BadRequestError as error:
            if "vertexai import failed" in str(error):
                pytest.skip("this LiteLLM needs google-cloud-aiplatform for Claude on Vertex")
            raise
    return witness.said()


@every_provider
async def test_raw_word_of_a_body_is_heard(asking: Asking, name: str) -> None:
    for word in (asking.wire.normal, *asking.wire.unknown):
        said = await said_of(asking, asking.wire.body(word))
        assert said is not None
        assert (said.finish_reason, said.ended, said.usage_sent) == (word, True, True)


@pytest.mark.parametrize("name", ["anthropic", "bedrock_invoke"])
async def test_calls_that_the_provider_ran_are_known_by_id(asking: Asking, name: str) -> None:
    content = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "text", "text": "Found."},
        {"type": "tool_use", "id": "toolu_1", "name": "mine", "input": {}},
    ]
    said = await said_of(asking, {**ANTHROPIC_MESSAGE, "content": content, "stop_reason": "tool_use"})
    assert said is not None
    assert said.executed_call_ids == {"srvtoolu_1"}


@pytest.mark.parametrize("name", ["gemini", "vertex_gemini"])
async def test_text_that_litellm_drops_from_a_filtered_body_is_kept(asking: Asking, name: str) -> None:
    said = await said_of(asking, asking.wire.body("SAFETY"))
    assert said is not None
    assert (said.finish_reason, said.messages) == ("SAFETY", ({"role": "assistant", "content": "Hello"},))


async def test_calls_at_the_same_time_are_not_mixed_up(asking: Asking) -> None:
    words = [f"word_{number}" for number in range(8)]
    heard = await asyncio.gather(*(said_of(asking, OPENAI.body(word)) for word in words))
    assert [said and said.finish_reason for said in heard] == words


async def test_call_outside_the_block_is_not_heard(asking: Asking) -> None:
    with watching() as witness:
        pass
    await litellm.acompletion(**asking.arguments(OPENAI.body("stop")))
    assert (witness.said(), witness.present) == (None, False)


async def test_litellm_gets_one_listener_however_many_calls_are_watched(asking: Asking) -> None:
    for _ in range(3):
        with watching():
            await litellm.acompletion(**asking.arguments(OPENAI.body("stop")))
    listeners = [callback for callback in litellm.input_callback if type(callback).__module__.startswith("adk_litellm_fix")]
    assert len(listeners) == 1


async def test_failed_call_raises_what_it_raised(asking: Asking) -> None:
    arguments = {**asking.arguments(OPENAI.body("stop")), "api_base": f"{asking.provider.base}/nowhere"}
    with pytest.raises(litellm.NotFoundError), watching() as witness:
        await litellm.acompletion(**arguments)
    assert witness.said() is None


@pytest.mark.parametrize("response", [None, object(), {"choices": []}, litellm.ModelResponse()])
def test_response_that_carries_nothing_says_nothing(response: object) -> None:
    assert witness_response(response) is None


def test_word_that_litellm_kept_is_read_from_the_response() -> None:
    response = litellm.ModelResponse()
    response.choices[0].provider_specific_fields = {"native_finish_reason": "network_error"}
    assert witness_response(response) == WireSaid(finish_reason="network_error", ended=True)
