# SPDX-License-Identifier: Apache-2.0
"""`python -m adk_litellm_fix`: the same as the console script `adk-litellm-fix`."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
