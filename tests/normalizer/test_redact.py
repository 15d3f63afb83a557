# SPDX-License-Identifier: Apache-2.0
"""Secrets do not survive in what the turn says of an error."""

from __future__ import annotations

import pytest

from adk_litellm_fix.normalizer.redact import redact

from ..laws.streams import read

SECRETS = [
    "sk-planted-0123456789abcdef",
    "sk-ant-api03-abc_DEF-123456",
    "AIzaSyA1234567890abcdefg",
    "ya29.a0AfH6SMBx-abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "Bearer abcdef123456.ghi",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "-----BEGIN PRIVATE KEY-----\nMIIEv\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_that_a_provider_echoes_is_not_in_the_error_message(secret: str) -> None:
    _, turn = read([{"choices": [], "error": {"message": f"Incorrect API key provided: {secret}. Try another."}}])
    assert turn.error_message is not None
    assert secret not in turn.error_message
    assert "[redacted]" in turn.error_message


def test_ordinary_text_stays() -> None:
    assert redact("The asking key is to be basic, task-based.") == "The asking key is to be basic, task-based."
