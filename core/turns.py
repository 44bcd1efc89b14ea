"""One process at a time at a piece of work, by a lock that PostgreSQL lets go with the connection.

The lock is asked for again and again, never waited for: a statement that waits holds a snapshot, and `CREATE INDEX
CONCURRENTLY` in the process that has the lock would wait for that snapshot in turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import scalar_row

from core.database import Database, unavailable

#: Keys of the locks. 7_205_101 is the migrations' (`knowledge/migrations/env.py`).
CHECKPOINTS, FILLING, EVALUATING = 7_205_102, 7_205_103, 7_205_104
_PAUSE = 0.05


@asynccontextmanager
async def one_at_a_time(connection: psycopg.AsyncConnection[Any], key: int) -> AsyncIterator[None]:
    """Hold the lock `key`. The connection commits each statement on its own; closed, it lets the lock go."""
    cursor = connection.cursor(row_factory=scalar_row)
    while not await (await cursor.execute("SELECT pg_try_advisory_lock(%s)", (key,))).fetchone():  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE)
    yield
    await cursor.execute("SELECT pg_advisory_unlock(%s)", (key,))


@asynccontextmanager
async def alone(database: Database, key: int) -> AsyncIterator[None]:
    """`one_at_a_time` over a connection of its own: a killed process never blocks the next. Raises `Unavailable`."""
    try:
        connection = await psycopg.AsyncConnection.connect(database.dsn, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise unavailable(error) from error
    async with connection, one_at_a_time(connection, key):
        yield
