"""Shared fixtures: a migrated PostgreSQL database per test, cloned from one template per run.

The server is the embedded one, one per xdist worker, in a folder that goes away with the run.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock

import psycopg
import pytest

from core.database import Database
from core.scope import Scope
from core.settings import Settings
from graphs.runner import Runner
from knowledge.migrations import upgrade
from knowledge.resources import Resources

if TYPE_CHECKING:
    from tests.traced import Traced

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside this checkout")


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own. `asyncio.run` in the thread of the tests would take the event loop from the test
    plugin, which then never closes it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads the developer's settings or writes to their data folder."""
    saved = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("LADRILLO_", "OPENAI_", "LANGSMITH_", "LANGFUSE_", "OTEL_")) or name in (
                "DATABASE_URL", "CHROMA_URL", "REDIS_URL"):
            del os.environ[name]
    os.environ["LADRILLO_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
    os.environ["LANGSMITH_TRACING"] = "false"
    yield
    os.environ.clear()
    os.environ.update(saved)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with a migrated database `template_ladrillo`; holds for the worker's life."""
    from core.embedded import Servers

    servers = Servers()
    url = servers.start_postgres(tmp_path_factory.mktemp("postgres"))
    with psycopg.connect(_dsn(url), autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_ladrillo")
    upgrade(_with_name(url, "template_ladrillo"))
    yield url
    servers.release()


def _dsn(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _with_name(url: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    """A fresh migrated database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(_dsn(postgres), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template_ladrillo STRATEGY file_copy')
    yield _with_name(postgres, name)
    with psycopg.connect(_dsn(postgres), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    db = Database(database_url)
    yield db
    await db.close()


@pytest.fixture
def scope() -> Scope:
    return Scope()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, or a skip with the reason."""
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    return SHARED / "data"




@pytest.fixture
async def resources(database: Database, tmp_path: Path) -> Resources:
    """Resources over the test's database; Chroma is out of reach (a port that refuses)."""
    settings = Settings(data_dir=tmp_path, chroma_url="http://127.0.0.1:9")
    return Resources(settings, database)


@pytest.fixture
async def runner(resources: Resources) -> AsyncIterator[Runner]:
    """A runner with the built-in brain."""
    found = await Runner.open(resources.settings, opening=AsyncMock(return_value=resources))
    yield found
    await found.close()


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Traced]:
    """This process is traced, and the spans that left can be read."""
    from tests.traced import collecting

    with collecting(monkeypatch) as found:
        yield found
