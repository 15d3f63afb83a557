# SPDX-License-Identifier: Apache-2.0
"""Asks the proxy over `/v1/messages` with the Anthropic SDK, as Claude Code does: https://github.com/BerriAI/litellm/issues/25390.

pip install anthropic
python -m samples.litellm_proxy.messages_client
"""

from __future__ import annotations

import json

from anthropic import Anthropic

from .proxy_process import master_key, running_proxy

TOOLS = [
    {"name": "grep", "input_schema": {"type": "object", "properties": {"pattern": {"type": "string"}}, "required": ["pattern"]}},
    {"name": "list_files", "input_schema": {"type": "object", "properties": {}}},
]


def main() -> None:
    """Print each block as the SDK has accumulated it."""
    client = Anthropic(base_url=running_proxy(), api_key=master_key())
    question = {"role": "user", "content": "Where is the master key set?"}
    with client.messages.stream(model="claude-for-coding", max_tokens=500, tools=TOOLS, messages=[question]) as stream:
        message = stream.get_final_message()
    for block in message.content:
        said = block.text if block.type == "text" else f"{block.name} {json.dumps(block.input)}"
        print(f"{block.type}: {said}")
    print(f"stop_reason: {message.stop_reason}")


if __name__ == "__main__":
    main()
