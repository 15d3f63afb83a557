# SPDX-License-Identifier: Apache-2.0
"""The samples read these when they are imported: replayed, whatever credentials this machine has, and as fast as it goes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

os.environ["ADK_FIX_PROVIDER"] = "replay"
os.environ["ADK_FIX_PACE"] = "0"
for _variable in ("ADK_FIX_COORDINATOR_MODEL", "ADK_FIX_SPECIALIST_MODEL", "ADK_FIX_MODEL"):
    os.environ.pop(_variable, None)


@pytest.fixture
async def litellm_has_logged() -> AsyncIterator[None]:
    """Give LiteLLM's logging worker the time to finish before the loop is closed.

    Before Python 3.12 `asyncio.wait_for` swallows a cancellation that comes while its coroutine ends, so that LiteLLM 1.80's worker runs on and the
    loop never closes.
    """
    yield
    await asyncio.sleep(0.1)
