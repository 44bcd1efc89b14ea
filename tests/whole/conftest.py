"""The product as it stands after a first start: a folder filled with the demo portfolio, asked through the runner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core.embedded import Servers
from core.scope import Scope
from core.settings import Settings
from evals.cases import Case
from evals.solve import solve
from graphs.runner import Runner
from knowledge.records import conversations
from knowledge.resources import Resources
from services.filling import fill
from tests.conftest import apart

SCOPE = Scope(role="visitor", subject="whole")


@pytest.fixture(scope="session")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A filled data folder; its servers stay up until the tests are done."""
    folder = tmp_path_factory.mktemp("portfolio")

    async def filled() -> None:
        resources = await Resources.open(Settings(data_dir=folder))
        try:
            assert await fill(resources, Scope(role="system", subject="test"), lambda *_: None)
        finally:
            await resources.close()

    with Servers() as servers:
        servers.start_postgres(folder)
        apart(filled())
        yield folder


@pytest.fixture
async def asked(portfolio: Path) -> AsyncIterator[Runner]:
    """A runner with the built-in brain over the filled folder."""
    runner = await Runner.open(Settings(data_dir=portfolio, brain="builtin"))
    yield runner
    await runner.close()


async def talk(runner: Runner, *words: str) -> list[dict]:  # type: ignore[type-arg]
    """What came of each message of a new conversation."""
    async with runner.resources.database.session(SCOPE) as session:
        row, _ = await conversations.create(session, SCOPE, visitor=SCOPE.subject, channel="test")
    return [await runner.ask(SCOPE, row.id, said) for said in words]


async def answers(runner: Runner, cases: list[Case]) -> list[dict]:  # type: ignore[type-arg]
    return [await solve(runner, case) for case in cases]
