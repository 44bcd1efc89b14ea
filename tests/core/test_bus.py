"""Announcements reach readers in other processes, over PostgreSQL or over Redis, and survive a lost connection."""

from __future__ import annotations

import asyncio
import math

import psycopg
import pytest

from core.bus import Bus, Waiter
from core.database import Database
from core.scope import Scope
from knowledge.records import conversations, event_log
from tests.redis_server import redis_server  # noqa: F401 - a fixture

SCOPE = Scope()
ENTRY = ("CUSTOM", {"name": "x", "value": {}})


async def conversation(database: Database) -> str:
    async with database.session(SCOPE) as session:
        row, _ = await conversations.create(session, SCOPE, visitor="v", channel="test")
        return row.id


async def heard(waiter: Waiter, seq: int = 0) -> None:
    """Told that something above `seq` may have been written."""
    await asyncio.wait_for(waiter.beyond(seq), 10)
    waiter.missed()


@pytest.mark.parametrize("over", ["postgres", "redis"])
async def test_another_process_hears_what_is_written(
    database: Database, database_url: str, over: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("redis_server").url if over == "redis" else None
    writer, reader_database = Bus(database, url), Database(database_url)
    reader = Bus(reader_database, url)
    conversation_id = await conversation(database)
    try:
        async with reader.subscribe(conversation_id) as waiter:
            await reader.start()
            await heard(waiter)  # everyone is woken once the connection listens
            await writer.start()
            await event_log.append(database, SCOPE, conversation_id, None, 0, [ENTRY])
            await heard(waiter)
            assert len(await event_log.read(reader_database, SCOPE, conversation_id, 0)) == 1
    finally:
        await reader.close()
        await writer.close()
        await reader_database.close()


async def test_readers_are_woken_after_the_connection_was_lost(database: Database) -> None:
    lost = asyncio.Event()

    async def on_lost() -> None:
        lost.set()

    bus = Bus(database, on_lost=on_lost)
    conversation_id = await conversation(database)
    try:
        async with bus.subscribe(conversation_id) as waiter:
            await bus.start()
            await heard(waiter)
            async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as connection:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query = 'LISTEN ladrillo_events' AND datname = current_database()"
                )
            await asyncio.wait_for(lost.wait(), 10)
            await heard(waiter)
            await event_log.append(database, SCOPE, conversation_id, None, 0, [ENTRY])
            await heard(waiter)
    finally:
        await bus.close()


async def test_an_announcement_heard_twice_wakes_once() -> None:
    """The process that writes is told directly, and hears its own announcement again."""
    waiter = Waiter()
    waiter.tell(7)
    await asyncio.wait_for(waiter.beyond(6), 1)
    waiter.tell(7)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiter.beyond(7), 0.01)


async def test_whatever_may_have_been_missed_wakes_everyone_once() -> None:
    waiter = Waiter()
    waiter.tell(math.inf)
    await asyncio.wait_for(waiter.beyond(10**9), 1)
    assert waiter.missed()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiter.beyond(0), 0.01)
