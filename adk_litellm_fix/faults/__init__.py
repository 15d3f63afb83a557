# SPDX-License-Identifier: Apache-2.0
"""What a stream can suffer, and what an agent gets then: in our `LiteLlm` and in ADK's own, measured on this machine.

- `server`: a provider on loopback that sends raw frames and breaks off as it is told.
- `catalogue`: the faults.
- `measure`: one fault, one model class, one turn of a real agent.
- `table`: all of them side by side.
"""
