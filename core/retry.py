"""The one retry layer, and what counts as a model endpoint's fault. Clients are built with their own retries off, so that
attempts never multiply.
"""

from __future__ import annotations

import sys
from typing import Any

import httpx
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

ATTEMPTS = 2
#: What an endpoint says when it serves nobody, or not us: wrong key, no money, no such model, too many calls.
_REFUSALS = frozenset({401, 402, 403, 404, 407, 408, 409, 429})


class MalformedAnswer(ValueError):
    """An endpoint answered with something that is no answer: a stream without its end, a frame without its fields."""


def is_model_fault(error: BaseException) -> bool:
    """True for what a model endpoint does wrong (refused, timed out, 4xx/5xx, malformed answer): another brain goes on.

    `ValueError` and `LookupError` cover malformed JSON, empty answers, and answers that do not fit a schema.
    """
    if isinstance(error, (httpx.HTTPError, TimeoutError, ConnectionError, ValueError, LookupError)):
        return True
    if _is(error, "openai", "OpenAIError"):
        return True
    return _is(error, "langchain_openai.chat_models.base", "OpenAIRefusalError")


def is_outage(error: BaseException) -> bool:
    """True where the endpoint does not serve at all, so that asking it again in the same turn is time lost."""
    if isinstance(error, (httpx.HTTPError, TimeoutError, ConnectionError)) or _is(error, "openai", "APIConnectionError"):
        return True
    status = _status(error)
    return status is not None and (status >= 500 or status in _REFUSALS)


def worth_repeating(error: BaseException) -> bool:
    """A second try may help: connection trouble, rate limit, server error. Not a wrong key, a missing model or a timeout,
    which has taken its time already.
    """
    if isinstance(error, (TimeoutError, httpx.TimeoutException)) or _is(error, "openai", "APITimeoutError"):
        return False
    status = _status(error)
    if status is not None:
        return status in (408, 409, 429) or status >= 500
    return isinstance(error, (httpx.TransportError, ConnectionError)) or _is(error, "openai", "APIConnectionError")


def retrying() -> AsyncRetrying:
    """At most two attempts, up to half a second apart, for faults that a second try may mend."""
    return AsyncRetrying(
        retry=retry_if_exception(worth_repeating),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.5, max=2),
        reraise=True,
    )


def _status(error: BaseException) -> int | None:
    status: Any = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _is(error: BaseException, module: str, name: str) -> bool:
    """`isinstance` against a class of a library that is not imported for this question: it costs half a second."""
    found = getattr(sys.modules.get(module), name, None)
    return isinstance(found, type) and isinstance(error, found)
