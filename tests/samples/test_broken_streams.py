# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from importlib import metadata

import pytest
from google.adk.models.lite_llm import LiteLlm as AdkLiteLlm

from adk_litellm_fix import LiteLlm
from adk_litellm_fix.cli_samples import import_from_samples

pytestmark = pytest.mark.usefixtures("litellm_has_logged")
demo = import_from_samples("broken_streams.demo")

BROKEN = {
    "token limit after the name": "MAX_TOKENS",
    "cut after the name": "OTHER, STREAM_CUT",
    "cut in the arguments": "OTHER, STREAM_CUT",
    "content filter": "SAFETY",
}
"""How each fault that must withhold the call ends."""


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_broken_turn_withholds_its_call_and_says_why(fault):
    result = await demo.outcome(fault, LiteLlm)

    assert result.ran == []
    assert result.withheld
    assert result.ending == BROKEN[fault]


async def test_prose_that_quotes_a_call_is_prose():
    result = await demo.outcome("quoted in prose", LiteLlm)

    assert (result.ran, result.withheld, result.ending) == ([], False, "STOP")


@pytest.mark.parametrize("fault", demo.WHOLE)
async def test_a_whole_call_runs_once(fault):
    result = await demo.outcome(fault, LiteLlm)

    assert (result.ran, result.withheld, result.ending) == (["Tuesday"], False, "STOP")


def test_each_fault_of_the_table_is_tested_here():
    assert set(demo.FAULTS) == {*BROKEN, "quoted in prose", *demo.WHOLE}


@pytest.mark.skipif(metadata.version("google-adk") != "2.13.0", reason="the README says what this version does")
@pytest.mark.parametrize(
    ("fault", "ran", "ending"),
    [
        ("token limit after the name", ["all"], "MAX_TOKENS"),
        ("cut after the name", ["all"], "STOP"),
        ("cut in the arguments", [], "MALFORMED_FUNCTION_CALL"),
        ("content filter", ["Tuesday"], "SAFETY"),
        ("arguments repeated at the end", ["Tuesday"], "no end within 5 s"),
        ("quoted in prose", ["all"], "STOP"),
    ],
)
async def test_adk_itself_does_what_the_readme_says(fault, ran, ending):
    await demo.outcome("no fault", AdkLiteLlm)
    result = await demo.outcome(fault, AdkLiteLlm, patience=demo.PATIENCE)

    assert (result.ran, result.ending) == (ran, ending)
