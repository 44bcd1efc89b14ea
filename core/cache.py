"""What was worked out before, kept for a while: in the process, bounded, and in Redis where one is configured.

A cache may only ever save time. Redis gets a fraction of a second; where it is down or slow it is left alone for a while, said
once, and everything is worked out as without it. What is read from it is checked by a digest, since others write there too, and
is bytes: JSON or numbers, never pickled objects.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from core.clock import monotonic

log = logging.getLogger("ladrillo.cache")
#: Begins every value in Redis; another number where the form of values changes.
_FORM = b"LC1"
_DIGEST = 8
#: Seconds that Redis may take to connect and to answer, and that it is left alone after a failure.
REDIS_SECONDS, REST_SECONDS = 0.25, 30.0
#: Larger values are not worth their transport.
_LARGEST = 1 << 20


def digest(*parts: object) -> str:
    """A key of everything that a value depends on, by its JSON. Raises `ValueError` for NaN and infinity, which JSON lacks."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


class Local:
    """Values of this process, the one used longest ago dropped first. Threads may share it."""

    def __init__(self, *, most: int, most_bytes: int, seconds: float, now: Callable[[], float] = monotonic) -> None:
        self._most, self._most_bytes, self._seconds, self._now = most, most_bytes, seconds, now
        self._held: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> bytes | None:
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            if found[0] <= self._now():
                self._drop(key)
                return None
            self._held.move_to_end(key)
            return found[1]

    def put(self, key: str, value: bytes) -> None:
        with self._lock:
            self._drop(key)
            if len(value) > self._most_bytes:
                return
            self._held[key] = (self._now() + self._seconds, value)
            self.size += len(value)
            while self.size > self._most_bytes or len(self._held) > self._most:
                self._drop(next(iter(self._held)))

    def _drop(self, key: str) -> None:
        found = self._held.pop(key, None)
        self.size -= len(found[1]) if found else 0


class Cache:
    """Bytes by key, for `seconds`. One per process and purpose (`space`); close it with `await close()`.

    `get` and `put` are for the event loop, `get_many` and `put_many` for code that runs in threads. `most_bytes` bounds what
    the process holds; what Redis holds is its own affair (`maxmemory`), and each value ends there after `seconds` as well.
    """

    def __init__(
        self, space: str, *, seconds: float, redis_url: str | None = None, most: int = 4096, most_bytes: int = 32 << 20,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self.local = Local(most=most, most_bytes=most_bytes, seconds=seconds, now=now)
        self._space, self._seconds, self._url, self._now = space, seconds, redis_url, now
        self._async: Any = None
        self._sync: Any = None
        self._rests_until = float("-inf")
        self._lost = False
        self._running: dict[str, asyncio.Future[None]] = {}

    @property
    def shared(self) -> bool:
        """Whether other processes may read what this one puts."""
        return self._url is not None

    async def get(self, key: str) -> bytes | None:
        found = self.local.get(key)
        if found is None and self._asks_redis():
            with self._excused():
                async with asyncio.timeout(REDIS_SECONDS):
                    found = _opened(await self._client().get(self._name(key)))
                self._answered()
            if found is not None:
                self.local.put(key, found)
        return found

    async def put(self, key: str, value: bytes) -> None:
        self.local.put(key, value)
        if len(value) <= _LARGEST and self._asks_redis():
            with self._excused():
                async with asyncio.timeout(REDIS_SECONDS):
                    await self._client().set(self._name(key), _sealed(value), px=self._milliseconds)
                self._answered()

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is known of `keys`. Blocking."""
        found = {key: value for key in keys if (value := self.local.get(key)) is not None}
        wanted = [key for key in keys if key not in found]
        if wanted and self._asks_redis():
            with self._excused():
                values = self._blocking_client().mget([self._name(key) for key in wanted])
                self._answered()
                for key, value in zip(wanted, values, strict=True):
                    if (opened := _opened(value)) is not None:
                        self.local.put(key, opened)
                        found[key] = opened
        return found

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Blocking."""
        for key, value in values.items():
            self.local.put(key, value)
        if values and self._asks_redis():
            with self._excused():
                pipeline = self._blocking_client().pipeline(transaction=False)
                for key, value in values.items():
                    pipeline.set(self._name(key), _sealed(value), px=self._milliseconds)
                pipeline.execute()
                self._answered()

    async def elsewhere(self, key: str) -> bool:
        """Wait while another task works the value out; True where one did, so that it is worth another look."""
        running = self._running.get(key)
        if running is None:
            return False
        await asyncio.wait([running])
        return True

    @contextmanager
    def working_out(self, key: str) -> Iterator[None]:
        """While inside, whoever asks `elsewhere` for the key waits."""
        if key in self._running:  # whoever waited in vain works it out beside others that did
            yield
            return
        running = self._running[key] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._running[key]
            running.set_result(None)

    async def close(self) -> None:
        if self._sync is not None:
            self._sync.close()
        if self._async is not None:
            await self._async.aclose()
        self._sync = self._async = None

    def _name(self, key: str) -> str:
        return f"ladrillo:{self._space}:{key}"

    @property
    def _milliseconds(self) -> int:
        return max(1, int(self._seconds * 1000))

    def _asks_redis(self) -> bool:
        return self._url is not None and self._now() >= self._rests_until

    def _client(self) -> Any:
        if self._async is None:
            from redis import asyncio as redis_asyncio
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff

            self._async = redis_asyncio.from_url(self._url or "", retry=Retry(NoBackoff(), 0), **_TIMEOUTS)
        return self._async

    def _blocking_client(self) -> Any:
        if self._sync is None:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry

            self._sync = redis.from_url(self._url or "", retry=Retry(NoBackoff(), 0), **_TIMEOUTS)
        return self._sync

    @contextmanager
    def _excused(self) -> Iterator[None]:
        """A failure of Redis ends here, and the next ones are not waited for."""
        from redis.exceptions import RedisError

        try:
            yield
        except (OSError, RedisError) as error:  # a timeout is an OSError
            self._rests_until = self._now() + REST_SECONDS
            if not self._lost:
                self._lost = True
                log.warning("Redis does not serve as a cache (%s): it is left alone and tried again from time to time",
                            type(error).__name__)

    def _answered(self) -> None:
        if self._lost:
            self._lost = False
            log.info("Redis serves as a cache again")


_TIMEOUTS = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}


def _sealed(value: bytes) -> bytes:
    return _FORM + hashlib.blake2b(value, digest_size=_DIGEST).digest() + value


def _opened(sealed: bytes | None) -> bytes | None:
    """The value, or None for what is not ours, of another form, or damaged."""
    head = len(_FORM) + _DIGEST
    if not isinstance(sealed, bytes) or not sealed.startswith(_FORM) or len(sealed) < head:
        return None
    value = sealed[head:]
    return value if hashlib.blake2b(value, digest_size=_DIGEST).digest() == sealed[len(_FORM) : head] else None
