# SPDX-License-Identifier: Apache-2.0
"""The ADK mount: a `LiteLlm` whose every turn ends in exactly one final response, and whose broken turns run no tool.

ADK builds the request, we own the response. ADK's request building changes with every release and is right; so a call lets ADK's own method
run on a copy of the model whose client only notes the arguments, then makes the call with the user's client and reads the answer here.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from google.adk.models import lite_llm as adk
from google.adk.version import __version__ as adk_version

from .adk_response import final_response, partial_part, partial_response
from .declared_tools import declared_tools
from .errors import UsageError
from .mcp_turns import with_mcp_tools
from .normalizer import Normalizer, Turn
from .patience import Patience
from .stream import Reading

if TYPE_CHECKING:
    from google.adk.models.llm_request import LlmRequest
    from google.adk.models.llm_response import LlmResponse

logger = logging.getLogger("adk_litellm_fix")

_SHOWS_PARTIAL_CALLS = tuple(int(number) for number in adk_version.split(".")[:2] if number.isdigit()) >= (2, 10)
"""ADK's own LiteLlm shows calls while they stream since 2.10. Before 1.22 a partial call would be run."""


class _RequestReady(Exception):
    """Carries the arguments of ADK's call to its client out of ADK's method."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__()
        self.arguments = arguments


class _RequestRecorder:
    """Stands in for the client while ADK builds the request."""

    async def acompletion(self, **arguments: Any) -> None:
        raise _RequestReady(arguments)


class LiteLlm(adk.LiteLlm):
    """ADK's `LiteLlm` with a response side that can be trusted.

    Takes the arguments of `google.adk.models.lite_llm.LiteLlm`, and any LiteLLM client that ADK takes. Each call of
    `generate_content_async` yields partial responses as text, thoughts and calls arrive, then exactly one final with
    `finish_reason`. The final has `function_call` parts only when the provider ended the turn normally and every call of it is whole;
    otherwise the calls are withheld and listed in `custom_metadata["adk_litellm_fix"]["withheld_calls"]`, and `error_code` says why.
    An exception of the stream is raised after the final that keeps what had arrived.
    """

    first_chunk_timeout: float | None = None
    """Seconds from the request to the first chunk of a stream, after which it is given up. None: LiteLLM's own timeouts alone."""
    idle_timeout: float | None = None
    """Seconds without a sign of life (a chunk, a comment, a ping) after which a stream is given up."""
    retries_before_output: int = 0
    """How often a turn is asked for again that broke off, stalled or came back empty before anything of it was shown."""

    mcp_tools: list[dict[str, Any]] | None = None
    """MCP tools that LiteLLM, or the proxy behind which the model is, runs inside a turn."""

    def __init__(
        self,
        model: str,
        *,
        mcp_tools: list[dict[str, Any]] | None = None,
        first_chunk_timeout: float | None = None,
        idle_timeout: float | None = None,
        retries_before_output: int = 0,
        **kwargs: Any,
    ) -> None:
        """Takes all arguments of ADK's `LiteLlm`, and these.

        Args:
            model: The model's name, as LiteLLM knows it.
            mcp_tools: Tools in LiteLLM's form, `[{"type": "mcp", "server_url": "litellm_proxy", "require_approval": "never"}]`. LiteLLM
                runs their calls itself, inside the turn; the agent's own tools stay the agent's.
            first_chunk_timeout: Seconds from the request to the first chunk. A stream that takes longer ends as `litellm.Timeout`.
            idle_timeout: Seconds that a stream may be silent. Comments and pings on the wire count as life, time that the agent takes does
                not. Without `first_chunk_timeout` it holds for the first chunk, too, since the provider began to answer.
            retries_before_output: How often to ask again for a turn that broke off, stalled or came back empty before anything of it
                was shown, with LiteLLM's backoff. It adds to LiteLLM's own `num_retries`.
            **kwargs: Passed on to ADK's `LiteLlm`, and by it to LiteLLM.

        Raises:
            UsageError: A timeout is not above 0, or the number of retries below 0.
        """
        super().__init__(model, **kwargs)
        for name, seconds in (("first_chunk_timeout", first_chunk_timeout), ("idle_timeout", idle_timeout)):
            if seconds is not None and not seconds > 0:
                raise UsageError(f"{name} is {seconds!r}: give seconds above 0, or leave it out for no limit")
        if retries_before_output < 0:
            raise UsageError(f"retries_before_output is {retries_before_output!r}: give 0 or more")
        self.mcp_tools = mcp_tools
        self.first_chunk_timeout = first_chunk_timeout
        self.idle_timeout = idle_timeout
        self.retries_before_output = retries_before_output

    async def generate_content_async(self, llm_request: LlmRequest, stream: bool = False) -> AsyncGenerator[LlmResponse, None]:
        """Asks the model and yields its turn: partials, then one final.

        The provider's connection is closed before the final is yielded, and at once when the caller stops, fails or is cancelled.

        Args:
            llm_request: The request.
            stream: Whether to show the turn while it arrives. The final is the same either way.

        Raises:
            Exception: Whatever the client raises, as it raised it.
        """
        arguments = await self._request_arguments(llm_request, stream)
        if self.mcp_tools:
            arguments = with_mcp_tools(arguments, self.mcp_tools)
        thoughts = _wants_thoughts(llm_request)
        model = str(arguments.get("model") or self.model)
        async with self._reading(arguments, model) as reading:
            async for event in reading:
                part = partial_part(event, tool_calls=_SHOWS_PARTIAL_CALLS, thoughts=thoughts) if stream else None
                if part is not None:
                    yield partial_response(part, reading.model or model)
        _log(reading.turn)
        yield final_response(reading.turn, thoughts=thoughts, model_version=model)
        if reading.failure is not None:
            raise reading.failure

    def _reading(self, arguments: dict[str, Any], model: str) -> Reading:
        """The turn that these arguments ask for, not yet asked for."""
        tools = declared_tools(arguments.get("tools") or arguments.get("functions"))
        return Reading(
            lambda: self.llm_client.acompletion(**arguments),
            lambda: Normalizer(tools, choices=arguments.get("n") or 1),
            model=model,
            # What is not streamed is silent until it is there: LiteLLM's `timeout` limits it.
            patience=Patience(first_chunk=self.first_chunk_timeout, idle=self.idle_timeout) if arguments.get("stream") else Patience(),
            retries=self.retries_before_output,
        )

    async def _request_arguments(self, llm_request: LlmRequest, stream: bool) -> dict[str, Any]:
        """The arguments with which ADK would call the client."""
        builder = self.model_copy(update={"llm_client": _RequestRecorder()})
        try:
            async for _ in super(LiteLlm, builder).generate_content_async(llm_request, stream=stream):
                break
        except _RequestReady as ready:
            return ready.arguments
        raise RuntimeError(f"google-adk {adk_version} did not call its LiteLLM client: this version of adk-litellm-fix cannot work with it")


def _wants_thoughts(llm_request: LlmRequest) -> bool:
    config = llm_request.config.thinking_config if llm_request.config else None
    return config is None or config.include_thoughts is not False


def _log(turn: Turn) -> None:
    """One line for a turn that was repaired or withheld; what it held only at DEBUG."""
    if not turn.repairs and not turn.withheld_calls and turn.error_code is None:
        return
    logger.info(
        "%s: %s, error %s, %d calls withheld, repairs: %s",
        turn.model,
        turn.ending.value,
        turn.error_code,
        len(turn.withheld_calls),
        ", ".join(repair.code.value for repair in turn.repairs) or "none",
    )
    logger.debug("repairs %s, withheld %s", turn.repairs, turn.withheld_calls)
