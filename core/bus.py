"""Who wakes the readers of an event log: LISTEN/NOTIFY by default, Redis when configured. No polling.

A reader subscribes to a conversation, reads the log, and waits. An announcement carries a conversation and a number, never
content: what is read always comes from the database. In the writer's own process the wake-up is direct.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from core.database import Database

log = logging.getLogger("ladrillo.bus")
CHANNEL = "ladrillo_events"
_RECONNECT = 1.0


class Waiter:
    """Woken by announcements: `newest` is the highest event number announced, infinite where some may have been missed."""

    def __init__(self) -> None:
        self.newest = 0.0
        self._event = asyncio.Event()

    def tell(self, seq: float) -> None:
        self.newest = max(self.newest, seq)
        self._event.set()

    def missed(self) -> bool:
        """Whether announcements may have been missed, since this was asked last."""
        found = math.isinf(self.newest)
        if found:
            self.newest = 0.0
        return found

    async def beyond(self, seq: int) -> None:
        """Wait until something above `seq` may have been written."""
        while not (self.newest > seq):
            self._event.clear()
            await self._event.wait()


class Bus:
    """One per process. `await start()`, then `async with bus.subscribe(id) as waiter: await waiter.beyond(seq)`.

    `on_lost` is awaited whenever its connection breaks.
    """

    def __init__(
        self,
        database: Database,
        redis_url: str | None = None,
        on_lost: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._database = database
        self._on_lost = on_lost
        self._redis_url = redis_url
        self._redis: Any = None
        self._waiters: dict[str, set[Waiter]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._faults: tuple[type[BaseException], ...] = (OSError, psycopg.Error)

    async def start(self) -> None:
        self._database.announcer = self._announce
        if self._redis_url:
            from redis import asyncio as redis_asyncio
            from redis.exceptions import RedisError

            self._faults = (*self._faults, RedisError)
            self._redis = redis_asyncio.from_url(self._redis_url, socket_timeout=None, socket_connect_timeout=2)
        self._task = asyncio.create_task(self._listen(), name="ladrillo-bus")

    async def close(self) -> None:
        self._database.announcer = None
        if self._task is not None:
            while not self._task.done():  # Python 3.11 loses a cancellation that meets the end of a wait_for
                self._task.cancel()
                await asyncio.wait([self._task], timeout=1)
        if self._redis is not None:
            await self._redis.aclose()

    @asynccontextmanager
    async def subscribe(self, conversation_id: str) -> AsyncIterator[Waiter]:
        """A waiter that is told whenever the conversation's log may have grown."""
        waiter = Waiter()
        self._waiters[conversation_id].add(waiter)
        try:
            yield waiter
        finally:
            self._waiters[conversation_id].discard(waiter)
            if not self._waiters[conversation_id]:
                del self._waiters[conversation_id]

    def wake(self, conversation_id: str, seq: float = math.inf) -> None:
        for waiter in self._waiters.get(conversation_id, ()):
            waiter.tell(seq)

    async def _announce(self, written: dict[str, int]) -> None:
        for conversation_id, seq in written.items():
            self.wake(conversation_id, seq)
            if self._redis is not None:
                try:
                    await self._redis.publish(CHANNEL, json.dumps([conversation_id, seq]))
                except self._faults as error:  # readers in other processes wake at their next ping
                    log.warning("Redis does not take announcements: %s", error)

    def _wake_all(self) -> None:
        for conversation_id in list(self._waiters):
            self.wake(conversation_id)

    async def _listen(self) -> None:
        """Read announcements for ever; after a lost connection wake everyone, since some may have been missed."""
        while True:
            try:
                if self._redis is not None:
                    await self._listen_redis()
                else:
                    await self._listen_postgres()
            except self._faults as error:
                log.warning("announcements interrupted, reconnecting: %s", error)
                if self._on_lost is not None:
                    await self._on_lost()
            await asyncio.sleep(_RECONNECT)
            self._wake_all()

    async def _listen_postgres(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._database.dsn, autocommit=True, connect_timeout=5)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self._wake_all()
            async for notice in connection.notifies():
                self._hear(notice.payload)

    async def _listen_redis(self) -> None:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            self._wake_all()
            async for message in channel.listen():
                if message["type"] == "message":
                    self._hear(message["data"])

    def _hear(self, payload: str | bytes) -> None:
        try:
            conversation_id, seq = json.loads(payload)
        except (ValueError, TypeError):
            conversation_id = seq = None
        if isinstance(conversation_id, str) and isinstance(seq, int):
            self.wake(conversation_id, seq)
        else:
            log.warning("an announcement that is not ours: %r", payload)
