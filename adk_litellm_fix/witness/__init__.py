# SPDX-License-Identifier: Apache-2.0
"""The wire witness: what the provider really said, read over LiteLLM's shoulder.

LiteLLM forgets finish words that it does not know and invents `stop` where none was sent. A witness notes the provider's own words as
they pass: `attach` for a stream, `watching` around a call that does not stream. This package is the only place that knows LiteLLM's
internals, and it is best effort: where they are not as expected, the stream and the call work on without a witness.

- `transcript`, `shapes`, `notes`: the raw items, what one means (by its shape, not by the provider's name), and what is kept of it.
- `taps`: where in LiteLLM's stream object the raw items pass, and two protections of the stream.
- `connection`: the provider's connection, which LiteLLM does not always close.
- `bodies`: the raw body of an answer that was not streamed.
"""

from __future__ import annotations

from adk_litellm_fix.witness.bodies import BodyWitness, watching, witness_response
from adk_litellm_fix.witness.taps import Witness, attach

__all__ = ["BodyWitness", "Witness", "attach", "watching", "witness_response"]
