"""A database that knows one city, and a reader of what a load left in the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.clock import FixedClock, use_clock
from core.database import Database
from core.scope import Scope

from .support import Rows


@pytest.fixture(autouse=True)
def _fixed_time() -> Any:
    with use_clock(FixedClock(datetime(2026, 6, 15, 12, 0, tzinfo=UTC))) as clock:
        yield clock


@pytest.fixture
async def bogota(database: Database, scope: Scope) -> Database:
    """A database that knows one city, and nothing in it."""
    async with database.connection(scope) as connection:
        await connection.execute(
            """INSERT INTO areas (id, parent_id, level, country, name, name_folded, attributes, demo) VALUES
            ('co', NULL, 'country', 'CO', 'Colombia', 'colombia', '{}', false),
            ('co/bogota', 'co', 'city', 'CO', 'Bogotá', 'bogota', '{}', false)""")
    return database


@pytest.fixture
def rows(database: Database, scope: Scope) -> Rows:
    async def fetch(query: str, *parameters: Any) -> list[dict[str, Any]]:
        async with database.connection(scope) as connection:
            cursor = await connection.execute(query, parameters)
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]

    return fetch
