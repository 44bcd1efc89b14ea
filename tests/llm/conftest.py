"""A fake endpoint, and a runner whose brain is the language model behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from pydantic import SecretStr

from core.database import Database
from core.settings import Settings
from graphs.runner import Runner
from knowledge.resources import Resources

from .fake_endpoint import FakeEndpoint
from .turns import ask

Opened = Callable[..., Awaitable[Runner]]


@pytest.fixture
async def endpoint() -> AsyncIterator[FakeEndpoint]:
    """An endpoint whose script covers every request, each of them one that OpenAI would accept."""
    async with FakeEndpoint() as found:
        yield found
    assert found.unexpected == []
    assert found.invalid == []


@pytest.fixture
async def opened(database: Database, tmp_path: Path) -> AsyncIterator[Opened]:
    """`await opened(base_url, **settings)`: a runner over the test's database that asks this address, and the model about
    everything it might be asked."""
    runners: list[Runner] = []

    async def opening(base_url: str, **values: Any) -> Runner:
        settings = Settings(
            data_dir=tmp_path, chroma_url="http://127.0.0.1:9", brain="llm", openai_base_url=base_url,
            openai_api_key=SecretStr("test"),
            **{"model": "fake-model", "model_timeout": 5.0, "router_threshold": 1.0} | values,
        )
        runner = await Runner.open(settings, opening=AsyncMock(return_value=Resources(settings, database)))
        runners.append(runner)
        return runner

    yield opening
    for runner in runners:
        await runner.close()


@pytest.fixture
async def runner(opened: Opened, endpoint: FakeEndpoint) -> Runner:
    return await opened(endpoint.url)


@pytest.fixture
async def builtin_answer(resources: Resources, database: Database) -> str:
    """What the built-in brain answers to the question of these tests: where an outage must end."""
    runner = await Runner.open(resources.settings, opening=AsyncMock(return_value=resources))
    return (await ask(runner, database)).shown
