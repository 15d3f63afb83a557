# SPDX-License-Identifier: Apache-2.0
"""The provider: one loopback server for all wires, and what a test asks of it."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
os.environ.setdefault("NO_PROXY", "127.0.0.1,localhost")

import litellm
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from adk_litellm_fix.normalizer.wire import WireSaid
from adk_litellm_fix.witness import Witness, attach
from tests.witness.wires import PROVIDERS

MESSAGES = [{"role": "user", "content": "Answer."}]
every_provider = pytest.mark.parametrize("name", PROVIDERS)


def those_of(*wires: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", [name for name, (wire, _) in PROVIDERS.items() if wire in wires])


PAUSE = b""
"""Between frames: a twentieth of a second."""


class Provider:
    """Answers each request with the frames stored under the first path segment after `/r/`."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[str, list[bytes]] | dict[str, Any]] = {}
        self.open_streams = 0
        app = Starlette(routes=[Route("/token", self._token, methods=["POST"]), Route("/r/{key}{_:path}", self._answer, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.base = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)

    async def sees_hang_up(self) -> bool:
        """Whether all clients are gone within a second."""
        for _ in range(20):
            if not self.open_streams:
                return True
            await asyncio.sleep(0.05)
        return False

    def serves(self, answer: tuple[str, list[bytes]] | dict[str, Any]) -> str:
        key = f"k{len(self.answers)}"
        self.answers[key] = answer
        return f"{self.base}/r/{key}"

    async def _token(self, _: Request) -> Response:
        return JSONResponse({"access_token": "t", "token_type": "Bearer", "expires_in": 3600})

    async def _answer(self, request: Request) -> Response:
        answer = self.answers[request.path_params["key"].partition(":")[0]]
        if isinstance(answer, dict):
            return JSONResponse(answer)
        return StreamingResponse(self._send(answer[1]), media_type=answer[0])

    async def _send(self, frames: list[bytes]) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            for frame in frames:
                yield frame
                await asyncio.sleep(0.05 if frame == PAUSE else 0)
        finally:
            self.open_streams -= 1


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@dataclass
class Heard:
    """What came of one call."""

    witness: Witness
    text: str = ""
    words: tuple[str, ...] = ()
    error: Exception | None = None

    @property
    def said(self) -> WireSaid:
        said = self.witness.said()
        assert said is not None
        return said


class Asking:
    """Asks one of the providers, which answers with given frames, through the real LiteLLM."""

    def __init__(self, provider: Provider, name: str) -> None:
        self.wire, self._arguments = PROVIDERS[name]
        self.provider = provider

    async def open(self, frames: list[bytes]) -> Any:
        """The stream, unread."""
        try:
            return await litellm.acompletion(**self.arguments((self.wire.media, frames)), stream=True)
        except litellm.BadRequestError as error:
            if "vertexai import failed" in str(error):
                pytest.skip("this LiteLLM needs google-cloud-aiplatform for Claude on Vertex")
            raise

    async def read(self, frames: list[bytes], *, witnessed: bool = True) -> Heard:
        """The stream, read to its end with a witness (or without)."""
        stream = await self.open(frames)
        heard = Heard(attach(stream if witnessed else None))
        try:
            async for chunk in stream:
                for choice in chunk.choices:
                    heard.text += choice.delta.content or ""
                    heard.words += (choice.finish_reason,) if choice.finish_reason else ()
        except Exception as error:  # what a stream raises is part of what a test looks at
            heard.error = error
        return heard

    async def drain(self, stream: Any) -> None:
        async for _ in stream:
            pass

    def arguments(self, answer: tuple[str, list[bytes]] | dict[str, Any]) -> dict[str, Any]:
        return {"messages": MESSAGES, "num_retries": 0, "timeout": 20, **self._arguments(self.provider.serves(answer))}


@pytest.fixture
def asking(provider: Provider, request: pytest.FixtureRequest) -> Asking:
    name = request.node.callspec.params["name"] if hasattr(request.node, "callspec") else "openai"
    if name.startswith("bedrock"):
        pytest.importorskip("boto3")
    if name.startswith("vertex"):
        pytest.importorskip("google.auth")
        pytest.importorskip("cryptography")
    return Asking(provider, name)
