"""Time and identifiers, replaceable: evaluations and tests need two runs to be equal to the byte."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta


class Clock:
    """The real one: UTC wall clock and time-ordered random ids."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def new_id(self, prefix: str) -> str:
        """A sortable id such as `run_0192f…`: 48 bits of milliseconds and 64 random bits."""
        return f"{prefix}_{int(time.time() * 1000):012x}{uuid.uuid4().hex[:16]}"

    def new_number(self) -> int | None:
        """The number of a row that people name by number; None where the database counts."""
        return None


class FixedClock(Clock):
    """Starts at a given moment, advances one second per question, numbers its ids."""

    def __init__(self, start: datetime, seed: str = "") -> None:
        self._now = start
        self._seed = seed
        self._count = 0

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def new_id(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._seed}{self._count:08d}"

    def new_number(self) -> int | None:
        """Ten digits of the seed and the count, far above what a database counts to."""
        self._count += 1
        digest = hashlib.blake2s(f"{self._seed}/{self._count}".encode(), digest_size=6).digest()
        return 10**9 + int.from_bytes(digest) % (9 * 10**9)


_REAL = Clock()
_clock: ContextVar[Clock] = ContextVar("ladrillo_clock", default=_REAL)


def now() -> datetime:
    return _clock.get().now()


def new_id(prefix: str) -> str:
    return _clock.get().new_id(prefix)


def new_number() -> int | None:
    return _clock.get().new_number()


@contextmanager
def use_clock(clock: Clock) -> Iterator[Clock]:
    token = _clock.set(clock)
    try:
        yield clock
    finally:
        _clock.reset(token)


Monotonic = Callable[[], float]
monotonic: Monotonic = time.monotonic
