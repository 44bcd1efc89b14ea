"""The one retry layer, and what counts as a model endpoint's fault. Clients are built with their own retries off, so that
attempts never multiply.

A wait never outlasts the deadline, nor a bound of its own: where an endpoint asks for more patience than that, it is left
at once.
"""

from __future__ import annotations

import asyncio
import math
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from core.errors import LadrilloError

ATTEMPTS = 2
#: Seconds that an endpoint may ask for before the second attempt.
LONGEST_WAIT = 20.0
#: What an endpoint says when it serves nobody, or not us: wrong key, no money, no such model, too many calls.
_REFUSALS = frozenset({401, 402, 403, 404, 407, 408, 409, 429})
#: Refusals that the next call gets as well, until somebody changes something.
_LASTING = frozenset({401, 402, 403, 404, 407})
#: Codes of a 429 that no waiting mends.
_NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_jittered = wait_random_exponential(multiplier=0.5, max=2)


class MalformedAnswer(ValueError):
    """An endpoint answered with something that is no answer: a stream without its end, a frame without its fields."""


class Resting(ConnectionError):
    """An endpoint that failed again and again, and is left alone for a while."""


class CutShort(TimeoutError):
    """A call that ended with its turn's time, while the endpoint might still have served it."""


class BudgetSpent(RuntimeError):
    """The tokens or the money set for language models are used up. `span` says over what: run, conversation, day, tenant."""

    def __init__(self, span: str) -> None:
        self.span = span
        super().__init__(f"the budget of this {span} is spent")


def is_model_fault(error: BaseException) -> bool:
    """True for what a model endpoint does wrong (refused, timed out, 4xx/5xx, malformed answer), and for a budget that is
    spent: another brain goes on.

    `ValueError` and `LookupError` cover malformed JSON, empty answers, and answers that do not fit a schema.
    """
    if isinstance(error, (httpx.HTTPError, TimeoutError, ConnectionError, ValueError, LookupError, BudgetSpent)):
        return True
    if _is(error, "openai", "OpenAIError"):
        return True
    return _is(error, "langchain_openai.chat_models.base", "OpenAIRefusalError")


def is_outage(error: BaseException) -> bool:
    """True where the endpoint does not serve at all, so that asking it again in the same turn is time lost."""
    if isinstance(error, (httpx.HTTPError, TimeoutError, ConnectionError, BudgetSpent)):
        return True
    if _is(error, "openai", "APIConnectionError"):
        return True
    status = _status(error)
    return status is not None and (status >= 500 or status in _REFUSALS)


def is_lasting(error: BaseException) -> bool:
    """True for a refusal that the next call gets as well: a wrong key, a missing model, no money."""
    code = getattr(error, "code", None)  # whatever the endpoint put there
    return _status(error) in _LASTING or (isinstance(code, str) and code in _NO_MONEY)


def worth_repeating(error: BaseException) -> bool:
    """A second try may help: connection trouble, rate limit, server error. Not a wrong key, a missing model or a timeout,
    which has taken its time already.
    """
    if isinstance(error, (TimeoutError, httpx.TimeoutException, Resting)) or _is(error, "openai", "APITimeoutError"):
        return False
    status = _status(error)
    if status is not None:
        return (status in (408, 409, 429) or status >= 500) and not is_lasting(error)
    return isinstance(error, (httpx.TransportError, ConnectionError)) or _is(error, "openai", "APIConnectionError")


def asked_to_wait(error: BaseException | None) -> float | None:
    """Seconds of the answer's `Retry-After` (a number or a date), or of `retry-after-ms`; None where it has none."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        return None
    try:
        if (milliseconds := headers.get("retry-after-ms")) is not None:
            seconds = float(milliseconds) / 1000
        elif (said := headers.get("retry-after")) is None:
            return None
        elif said.strip().replace(".", "", 1).isdigit():
            seconds = float(said)
        else:
            at = parsedate_to_datetime(said)
            seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def retrying(deadline: float | None = None) -> AsyncRetrying:
    """At most two attempts, as far apart as the endpoint asked or else with jitter, for faults that a second try may mend.
    Not again where the wait would reach `deadline`, in the event loop's time, or is longer than `LONGEST_WAIT`.
    """

    def wait(state: RetryCallState) -> float:
        asked = asked_to_wait(state.outcome.exception() if state.outcome else None)
        return _jittered(state) if asked is None else asked

    def stop(state: RetryCallState) -> bool:
        late = deadline is not None and asyncio.get_running_loop().time() + state.upcoming_sleep >= deadline
        return late or state.upcoming_sleep > LONGEST_WAIT or stop_after_attempt(ATTEMPTS)(state)

    return AsyncRetrying(retry=retry_if_exception(worth_repeating), stop=stop, wait=wait, reraise=True)


def retrying_tool() -> AsyncRetrying:
    """A second attempt for a tool whose source (the meaning index, say) did not answer; a lost database is not asked again,
    since the whole turn depends on it."""
    def worth(error: BaseException) -> bool:
        return isinstance(error, LadrilloError) and error.retryable and error.code != "database_unavailable"

    return AsyncRetrying(
        retry=retry_if_exception(worth), stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.1, max=0.3), reraise=True,
    )


def _status(error: BaseException) -> int | None:
    status: Any = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _is(error: BaseException, module: str, name: str) -> bool:
    """`isinstance` against a class of a library that is not imported for this question: it costs half a second."""
    found = getattr(sys.modules.get(module), name, None)
    return isinstance(found, type) and isinstance(error, found)
