"""Processes that start together take turns, and the one that waits never stands in the other's way."""

from __future__ import annotations

import asyncio

import psycopg

from core.database import Database
from core.turns import FILLING, one_at_a_time
from graphs.checkpoints import Checkpoints


async def test_who_waits_does_not_hold_up_an_index_built_concurrently(database: Database) -> None:
    order: list[str] = []
    begun = asyncio.Event()

    async def first() -> None:
        connection = await psycopg.AsyncConnection.connect(database.dsn, autocommit=True)
        async with connection, one_at_a_time(connection, FILLING):
            begun.set()
            await asyncio.sleep(0.2)
            await connection.execute("CREATE INDEX CONCURRENTLY ix_try ON listings (observed_on)")
            order.append("first")

    async def second() -> None:
        connection = await psycopg.AsyncConnection.connect(database.dsn, autocommit=True)
        await begun.wait()
        async with connection, one_at_a_time(connection, FILLING):
            order.append("second")

    await asyncio.wait_for(asyncio.gather(first(), second()), timeout=20)
    assert order == ["first", "second"]


async def test_a_killed_holder_leaves_no_lock(database: Database) -> None:
    held = await psycopg.AsyncConnection.connect(database.dsn, autocommit=True)
    turn = one_at_a_time(held, FILLING)
    await turn.__aenter__()
    await held.close()
    connection = await psycopg.AsyncConnection.connect(database.dsn, autocommit=True)
    async with connection, asyncio.timeout(10), one_at_a_time(connection, FILLING):
        pass


async def test_checkpoints_set_up_by_several_at_once(database: Database) -> None:
    opened = await asyncio.wait_for(asyncio.gather(*(Checkpoints.open(database) for _ in range(4))), timeout=30)
    for checkpoints in opened:
        await checkpoints.close()
