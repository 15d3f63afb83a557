# SPDX-License-Identifier: Apache-2.0
"""The provider of the shape tests, and the ways in which a shape is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.wire import Provider

from .turns import BARE, EVERY_WAY, Heard, hear, played

Read = Callable[..., Awaitable[Heard]]


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


def _reader(way: str, provider: Provider) -> Read:
    async def read(*chunks: Any, tools: tuple[str, ...] = ("f", "g"), end: str = "[DONE]") -> Heard:
        return await hear(played(way, provider, [chunks], end=end), tools)

    return read


@pytest.fixture(params=EVERY_WAY)
def way(request: pytest.FixtureRequest) -> str:
    """How the turn is read: over HTTP, or from a custom client's dicts or objects."""
    return str(request.param)


@pytest.fixture
def read(way: str, provider: Provider) -> Read:
    """Reads the chunks of one turn, in every way."""
    return _reader(way, provider)


@pytest.fixture
def read_http(provider: Provider) -> Read:
    """Reads the chunks of one turn over HTTP alone."""
    return _reader("http", provider)


@pytest.fixture(params=BARE)
def read_bare(request: pytest.FixtureRequest, provider: Provider) -> Read:
    """Reads the chunks of one turn from a custom client alone."""
    return _reader(str(request.param), provider)


@pytest.fixture
def read_dicts(provider: Provider) -> Read:
    """Reads the chunks of one turn from a custom client's dicts: LiteLLM's own types refuse the shape."""
    return _reader("dicts", provider)


@pytest.fixture(params=["http", "dicts"])
def read_raw(request: pytest.FixtureRequest, provider: Provider) -> Read:
    """Reads the chunks of one turn where a provider's own finish word survives: LiteLLM's types rewrite the words that they do not know."""
    return _reader(str(request.param), provider)
