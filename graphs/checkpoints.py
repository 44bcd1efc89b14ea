"""LangGraph's checkpoints in the same database, in a schema of their own (`langgraph`), through their own small pool."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from core.database import Database, unavailable
from core.turns import CHECKPOINTS, one_at_a_time

if TYPE_CHECKING:
    Pool = AsyncConnectionPool[psycopg.AsyncConnection[DictRow]]

log = logging.getLogger("ladrillo.runner")
SCHEMA = "langgraph"


class Checkpoints:
    """`await Checkpoints.open(database)`; `saver` goes to the graph; `await close()`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.saver = AsyncPostgresSaver(pool)

    @classmethod
    async def open(cls, database: Database) -> Checkpoints:
        try:
            await _set_up(database.dsn)
        except psycopg.OperationalError as error:
            raise unavailable(error) from error
        pool: Pool = AsyncConnectionPool(
            database.dsn,
            kwargs=_options(),
            min_size=1,
            max_size=6,
            max_lifetime=1800,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )
        await pool.open()
        return cls(pool)

    async def prune(self, conversation_id: str) -> None:
        """Keep only the newest checkpoint of a conversation; no run of it may be active."""
        try:
            await self.saver.aprune([conversation_id], strategy="keep_latest")
        except psycopg.Error as error:
            log.warning("checkpoints of %s not pruned: %s", conversation_id, error)

    async def forget(self, conversation_id: str) -> None:
        """Erase what the graph remembers of a conversation."""
        await self.saver.adelete_thread(conversation_id)

    async def close(self) -> None:
        await self._pool.close()


def _options() -> dict[str, Any]:
    return {
        "autocommit": True, "row_factory": dict_row, "prepare_threshold": 5, "connect_timeout": 5,
        "options": f"-c search_path={SCHEMA}",
    }


async def _set_up(dsn: str) -> None:
    """Create or migrate LangGraph's tables. One row tells that there is nothing to do."""
    async with await psycopg.AsyncConnection.connect(dsn, **_options()) as connection:
        newest = len(AsyncPostgresSaver.MIGRATIONS) - 1
        table = await (await connection.execute("SELECT to_regclass('langgraph.checkpoint_migrations') AS t")).fetchone()
        if table and table["t"] is not None:
            row = await (await connection.execute("SELECT max(v) AS v FROM checkpoint_migrations")).fetchone()
            if row and row["v"] == newest:
                return
        async with one_at_a_time(connection, CHECKPOINTS):
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            await AsyncPostgresSaver(connection).setup()
