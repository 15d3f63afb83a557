# SPDX-License-Identifier: Apache-2.0
"""Where the models of the samples come from: their real provider when there are credentials for it, else a replay provider.

A sample asks once per model:

    LiteLlm(model=name, **model_arguments(name, scenario=SCENARIO))

With credentials that adds nothing, so the sample is the code one would write by hand. Without, it adds what points LiteLLM at a replay
provider on this machine. `ADK_FIX_PROVIDER=live` or `=replay` decides instead of looking for credentials.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
from pathlib import Path
from typing import Any

from .errors import UsageError
from .replay import ReplayProvider

_KEYS = {
    "openai": ("OPENAI_API_KEY",),
    "azure": ("AZURE_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}
"""The variables of which one must be set, by LiteLLM's name of the provider."""
_VERTEX_PROJECT = ("VERTEXAI_PROJECT", "VERTEX_PROJECT")
_VERTEX_CREDENTIALS = ("GOOGLE_APPLICATION_CREDENTIALS", "VERTEXAI_CREDENTIALS", "VERTEX_CREDENTIALS", "K_SERVICE")
"""A key file, or (`K_SERVICE`) Cloud Run, where the credentials come from the machine."""


def model_arguments(model: str, *, scenario: Path) -> dict[str, Any]:
    """Return the arguments beside `model` with which a sample makes its `LiteLlm`.

    Args:
        model: LiteLLM's name of the model, such as `vertex_ai/claude-sonnet-4-5@20250929`.
        scenario: What the replay provider says. It is started once per process and scenario, says so in one line on stderr, and is stopped
            when the process exits.

    Raises:
        UsageError: LiteLLM does not know the model's provider; `ADK_FIX_PROVIDER` is neither of its two words, or it is `live` and the
            credentials are missing; or the replay provider cannot play the model's provider.
        ScenarioError: The scenario has a mistake.
    """
    _check_provider(model)
    missing = missing_credentials(model)
    match os.environ.get("ADK_FIX_PROVIDER", ""):
        case "live" if missing:
            raise UsageError(f"{model} needs {missing}; without --live (ADK_FIX_PROVIDER=live) a replay answers instead")
        case "live":
            return {}
        case "replay":
            return replay_arguments(model, scenario=scenario)
        case "":
            return replay_arguments(model, scenario=scenario) if missing else {}
        case other:
            raise UsageError(f"ADK_FIX_PROVIDER is {other!r}; it can be live or replay, or unset.")


def missing_credentials(model: str) -> str | None:
    """Return what has to be set before `model` can be called at its provider, or None if nothing is known to be missing."""
    provider = model.split("/", 1)[0]
    if provider == "vertex_ai":
        if not any(map(os.environ.get, _VERTEX_PROJECT)):
            return "VERTEXAI_PROJECT"
        if not any(map(os.environ.get, _VERTEX_CREDENTIALS)) and not _application_default_credentials().is_file():
            return "GOOGLE_APPLICATION_CREDENTIALS or `gcloud auth application-default login`"
        return None
    keys = _KEYS.get(provider, ())
    return None if not keys or any(map(os.environ.get, keys)) else " or ".join(keys)


def replay_arguments(model: str, *, scenario: Path) -> dict[str, Any]:
    """Return the arguments with which a sample's `LiteLlm` is always played from the scenario, credentials or not.

    Raises:
        UsageError: The replay provider cannot play the model's provider, or `ADK_FIX_PACE` is not a number of tokens per second.
        ScenarioError: The scenario has a mistake.
    """
    _check_provider(model)
    return _replay_provider(scenario).arguments(model)


@functools.cache
def _replay_provider(scenario: Path) -> ReplayProvider:
    """This process's provider of the scenario, started at the first call and stopped at exit."""
    provider = ReplayProvider(scenario, pace=_pace()).start()
    atexit.register(provider.stop)
    # A proxy of the machine's would not find this address.
    os.environ.update({name: value for name, value in provider.environment().items() if name.upper() == "NO_PROXY"})
    sys.stderr.write(f"Replay: the models' answers come from {scenario.parent.name}/{scenario.name}, played at {provider.base_url}\n")
    return provider


def _pace() -> float:
    """Tokens per second: as fast as a model speaks, unless the environment says otherwise."""
    text = os.environ.get("ADK_FIX_PACE", "60")
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"ADK_FIX_PACE is {text!r}; it is tokens per second, 0 for as fast as possible") from None


def _check_provider(model: str) -> None:
    """Check the model's prefix, and stop LiteLLM from printing a hint with every chunk of a model whose price it does not know."""
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")  # as ADK does: else the import reads .env
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True
    try:
        litellm.get_llm_provider(model)
    except litellm.BadRequestError:
        raise UsageError(f'LiteLLM knows no provider of "{model}"; name it first, as in vertex_ai/... or openai/...') from None


def _application_default_credentials() -> Path:
    """Where gcloud leaves the credentials of `gcloud auth application-default login`."""
    if folder := os.environ.get("CLOUDSDK_CONFIG"):
        return Path(folder) / "application_default_credentials.json"
    if appdata := os.environ.get("APPDATA"):
        return Path(appdata) / "gcloud" / "application_default_credentials.json"
    return Path.home() / ".config" / "gcloud" / "application_default_credentials.json"
