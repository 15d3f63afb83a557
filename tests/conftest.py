# SPDX-License-Identifier: Apache-2.0
"""Settings for the whole suite: no network look-ups by LiteLLM, fixed seeds for hypothesis."""

from __future__ import annotations

import logging
import os

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
os.environ.setdefault("ADK_SUPPRESS_GEMINI_LITELLM_WARNINGS", "true")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

from hypothesis import HealthCheck, settings

settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.register_profile("thorough", max_examples=12_500, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("medium", max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_unconfigure() -> None:
    """LiteLLM keeps its client sessions for the life of the process; what they say when it ends would bury the summary."""
    logging.disable(logging.CRITICAL)
