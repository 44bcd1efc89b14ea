"""One server for all tests of a worker: conversations keep the tests apart, as they keep visitors apart."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import make_url

from api.app import create_app
from core.settings import Settings

from .support import STAFF_TOKENS, Service, Waiting, WaitingStaff, serving

NOBODY = "http://127.0.0.1:9"


class Databases:
    """Databases of the worker's PostgreSQL, made from the migrated template and dropped at the end."""

    def __init__(self, postgres: str) -> None:
        self._server = make_url(postgres)
        self._dsn = self._server.set(drivername="postgresql").render_as_string(hide_password=False)
        self.names: list[str] = []

    def address(self) -> str:
        """Where a database will be."""
        self.names.append(f"api_{uuid.uuid4().hex[:12]}")
        return self._server.set(database=self.names[-1]).render_as_string(hide_password=False)

    def create(self, url: str) -> str:
        self.run(f'CREATE DATABASE "{make_url(url).database}" TEMPLATE template_ladrillo STRATEGY file_copy')
        return url

    def run(self, statement: str) -> None:
        self.run_in(self._dsn, statement)

    def run_in(self, dsn: str, statement: str) -> None:
        """As the owner of everything, whom no tenant's walls stop."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(statement.encode())

    def drop(self) -> None:
        for name in self.names:
            self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def databases(postgres: str) -> Iterator[Databases]:
    found = Databases(postgres)
    yield found
    found.drop()


def settings_for(folder: Path, database_url: str | None) -> Settings:
    """Settings of a test's server; Chroma is out of reach (a port that refuses)."""
    return Settings(
        data_dir=folder, database_url=database_url, chroma_url=NOBODY, staff_tokens=STAFF_TOKENS, log_level="error"
    )


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def shared_service(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    url = databases.create(databases.address())
    app = create_app(settings_for(tmp_path_factory.mktemp("api"), url))
    async with serving(app) as address, httpx.AsyncClient(base_url=address, timeout=20) as client:
        yield Service(client, app, address)


@pytest_asyncio.fixture(loop_scope="session")
async def service(shared_service: Service) -> AsyncIterator[Service]:
    """The server with its own specialists, whatever the test before made of them."""
    runner = shared_service.runner
    staff = runner.staff
    yield shared_service
    runner.staff = staff


@pytest_asyncio.fixture(loop_scope="session")
async def waiting(service: Service) -> AsyncIterator[Waiting]:
    """Specialists that wait; whoever still waits at the end is let go."""
    agent = Waiting()
    service.runner.staff = WaitingStaff(service.runner.staff, agent)
    yield agent
    agent.go.set()
