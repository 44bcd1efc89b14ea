"""The one retry layer. Clients are built with their own retries off, so that attempts never multiply."""

from __future__ import annotations

import sys

import httpx
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

ATTEMPTS = 2


def is_model_fault(error: BaseException) -> bool:
    """True for what a model endpoint does wrong (refused, timed out, 4xx/5xx, malformed answer): another brain goes on.

    `ValueError` covers malformed JSON and answers that do not fit a schema.
    """
    if isinstance(error, (httpx.HTTPError, TimeoutError, ConnectionError, ValueError)):
        return True
    openai = sys.modules.get("openai")  # not imported unless it is used: it costs half a second
    return openai is not None and isinstance(error, openai.OpenAIError)


def worth_repeating(error: BaseException) -> bool:
    """A second try may help: connection trouble, rate limit, server error. Not a wrong key or a missing model."""
    status = getattr(error, "status_code", None)
    if status is not None:
        return status in (408, 409, 429) or status >= 500
    return isinstance(error, (httpx.TransportError, ConnectionError)) or type(error).__name__ == "APIConnectionError"


def retrying() -> AsyncRetrying:
    """At most two attempts, half a second to two seconds apart, for faults that a second try may mend."""
    return AsyncRetrying(
        retry=retry_if_exception(worth_repeating),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.5, max=2),
        reraise=True,
    )
