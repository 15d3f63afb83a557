# SPDX-License-Identifier: Apache-2.0
"""Takes secrets out of text that a provider wrote into an error: some echo the key they refuse."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"(?:\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|pplx)[-_]|\bAIza|\bya29\.|\bA(?:KIA|SIA)|\beyJ|\bBearer\s+|\bBasic\s+)[\w.\-+/=*]{6,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?i:(?<=api_key=)|(?<=api-key: )|(?<=\bkey=))[\w.\-]{6,}",
    re.DOTALL,
)


def redact(text: str) -> str:
    """The text with what looks like a key, a token or a private key replaced by `[redacted]`."""
    return _SECRET.sub("[redacted]", text)
