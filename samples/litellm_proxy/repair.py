# SPDX-License-Identifier: Apache-2.0
"""Read by the proxy as `repair.handler`: LiteLLM before 1.84 looks for callbacks in files beside config.yaml only."""

from adk_litellm_fix.proxy import handler as handler
