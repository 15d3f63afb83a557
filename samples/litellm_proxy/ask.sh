#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The curl of https://github.com/BerriAI/litellm/issues/22900: tools, stream and include_usage over a Gemini route. It ends with `tool_calls`.
curl -sN "${LITELLM_PROXY_API_BASE:-http://127.0.0.1:4000}/v1/chat/completions" \
  -H "Authorization: Bearer ${LITELLM_MASTER_KEY:?run proxy_process.py and export what it prints}" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "gemini",
    "stream": true,
    "stream_options": {"include_usage": true},
    "messages": [{"role": "user", "content": "Where is the master key set?"}],
    "tools": [
      {"type": "function", "function": {"name": "grep", "parameters": {"type": "object", "properties": {"pattern": {"type": "string"}}}}},
      {"type": "function", "function": {"name": "list_files", "parameters": {"type": "object", "properties": {}}}}
    ]
  }'
