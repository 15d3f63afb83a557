# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adk_litellm_fix.errors import UsageError
from adk_litellm_fix.sample_models import missing_credentials, model_arguments

SECRETS = re.compile(r"API_KEY|^VERTEX|^GOOGLE_|^ADK_FIX|^K_SERVICE|^CLOUDSDK")
CLAUDE = "vertex_ai/claude-sonnet-4-5@20250929"


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path) -> pytest.MonkeyPatch:
    """A machine without credentials."""
    for name in [name for name in os.environ if SECRETS.search(name)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    return monkeypatch


@pytest.fixture
def scenario(tmp_path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text("turns:\n  - text: hello\n")
    return path


def test_without_credentials_one_replay_provider_serves_all_models_of_a_scenario(scenario, capsys):
    claude, gpt = model_arguments(CLAUDE, scenario=scenario), model_arguments("vertex_ai/openai/gpt-oss-120b-maas", scenario=scenario)

    assert urlsplit(claude["api_base"]).netloc == urlsplit(gpt["api_base"]).netloc
    assert capsys.readouterr().err.count("Replay: the models' answers come from") == 1


def test_with_credentials_nothing_is_added(machine, scenario):
    machine.setenv("VERTEXAI_PROJECT", "p")
    machine.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/key.json")

    assert model_arguments(CLAUDE, scenario=scenario) == {}


def test_the_login_of_gcloud_is_found(machine, tmp_path):
    machine.setenv("VERTEXAI_PROJECT", "p")
    assert "gcloud auth application-default login" in missing_credentials(CLAUDE)

    (tmp_path / "application_default_credentials.json").write_text("{}")
    assert missing_credentials(CLAUDE) is None


def test_either_key_of_gemini_will_do(machine):
    assert missing_credentials("gemini/gemini-2.5-flash") == "GEMINI_API_KEY or GOOGLE_API_KEY"

    machine.setenv("GOOGLE_API_KEY", "k")
    assert missing_credentials("gemini/gemini-2.5-flash") is None


def test_replay_can_be_asked_for_in_spite_of_credentials(machine, scenario):
    machine.setenv("OPENAI_API_KEY", "k")
    machine.setenv("ADK_FIX_PROVIDER", "replay")

    assert model_arguments("openai/gpt-5", scenario=scenario)["api_base"].startswith("http://127.0.0.1:")


def test_live_without_credentials_is_refused(machine, scenario):
    machine.setenv("ADK_FIX_PROVIDER", "live")

    with pytest.raises(UsageError, match="openai/gpt-5 needs OPENAI_API_KEY"):
        model_arguments("openai/gpt-5", scenario=scenario)


def test_a_provider_that_litellm_does_not_know_is_refused(scenario):
    with pytest.raises(UsageError, match='knows no provider of "nonesuch/model"'):
        model_arguments("nonesuch/model", scenario=scenario)


def test_a_provider_that_the_replay_cannot_play_is_refused(machine, scenario):
    machine.setenv("ADK_FIX_PROVIDER", "replay")

    with pytest.raises(UsageError, match="bedrock"):
        model_arguments("bedrock/anthropic.claude-v2", scenario=scenario)


def test_a_word_that_adk_fix_provider_does_not_know_is_refused(machine, scenario):
    machine.setenv("ADK_FIX_PROVIDER", "maybe")

    with pytest.raises(UsageError, match="ADK_FIX_PROVIDER is 'maybe'; it can be live or replay"):
        model_arguments(CLAUDE, scenario=scenario)


def test_a_pace_that_is_no_number_is_refused(machine, scenario):
    machine.setenv("ADK_FIX_PACE", "fast")

    with pytest.raises(UsageError, match="ADK_FIX_PACE is 'fast'"):
        model_arguments(CLAUDE, scenario=scenario)
