"""The gate before one endpoint: how many calls at once, and none while it is down (a circuit breaker).

Closed after failures in a row, or at once by a refusal that lasts; then one caller at a time tries whether it serves again.
What fails while it is closed and was begun before says nothing new, so that many calls at once do not rest longer than one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.clock import Monotonic, monotonic
from core.retry import CutShort, Resting, asked_to_wait, is_lasting, is_model_fault, is_outage

FAILURES = 3
REST_SECONDS, LASTING_SECONDS, LONGEST_REST = 10.0, 30.0, 120.0
_DOUBLINGS = 10  # far beyond the longest rest


class Gate:
    """`async with gate.open(): …` around each call. Raises `Resting` while the endpoint is left alone."""

    def __init__(self, concurrency: int, clock: Monotonic = monotonic) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._clock = clock
        self._failures = 0
        self._rests = 0
        self._until = 0.0
        self._trying = False

    @property
    def resting(self) -> bool:
        return self._clock() < self._until

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with self._places:
            trial = self._admit()
            try:
                yield
            except Exception as error:
                if isinstance(error, CutShort):
                    pass  # says nothing of the endpoint
                elif is_outage(error):
                    self._failed(error, trial)
                elif is_model_fault(error):
                    self._served()  # it answered, if not well
                raise
            else:
                self._served()
            finally:
                if trial:
                    self._trying = False

    def _admit(self) -> bool:
        """True for the caller who tries whether the endpoint serves again."""
        if not self._until:
            return False
        if self.resting or self._trying:
            raise Resting(f"the endpoint failed and is left alone for {max(0.0, self._until - self._clock()):.0f} s more")
        self._trying = True
        return True

    def _served(self) -> None:
        self._failures, self._rests, self._until = 0, 0, 0.0

    def _failed(self, error: BaseException, trial: bool) -> None:
        asked = min(asked_to_wait(error) or 0.0, LONGEST_REST)
        if self._until and not trial:
            self._until = max(self._until, self._clock() + asked)
            return
        self._failures += 1
        if not (is_lasting(error) or trial or self._failures >= FAILURES):
            return
        rest = LASTING_SECONDS if is_lasting(error) else min(REST_SECONDS * 2 ** min(self._rests, _DOUBLINGS), LONGEST_REST)
        self._rests += 1
        self._until = self._clock() + max(rest, asked)
