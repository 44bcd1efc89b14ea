"""The retry layer: what is asked again and when, what is an outage, what lasts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_openai.chat_models.base import OpenAIRefusalError

from core.errors import BadInput, Unavailable
from core.retry import (
    ATTEMPTS,
    LONGEST_WAIT,
    BudgetSpent,
    MalformedAnswer,
    Resting,
    asked_to_wait,
    is_lasting,
    is_model_fault,
    is_outage,
    retrying,
    retrying_tool,
    worth_repeating,
)

REQUEST = httpx.Request("POST", "http://endpoint.test/v1/chat/completions")
UNREACHED = openai.APIConnectionError(request=REQUEST)
LATE = openai.APITimeoutError(request=REQUEST)


def refused(status: int, code: Any = None, **headers: str) -> openai.APIStatusError:
    response = httpx.Response(status, headers=headers, request=REQUEST)
    return openai.APIStatusError("refused", response=response, body={"code": code})


def told_to_wait(value: str, name: str = "retry-after") -> float | None:
    return asked_to_wait(refused(429, **{name: value}))


# Retry-After


@pytest.mark.parametrize(("said", "seconds"), [("0", 0.0), ("7", 7.0), (" 120 ", 120.0), ("1.5", 1.5)])
def test_seconds(said: str, seconds: float) -> None:
    assert told_to_wait(said) == seconds


def test_milliseconds_are_finer_than_seconds_and_go_before_them() -> None:
    assert told_to_wait("250", "retry-after-ms") == 0.25
    assert asked_to_wait(refused(429, **{"retry-after": "9", "retry-after-ms": "250"})) == 0.25
    assert told_to_wait("-250", "retry-after-ms") == 0.0


def test_a_date_is_so_far_away_as_it_is() -> None:
    at = datetime.now(UTC) + timedelta(seconds=90)
    assert told_to_wait(format_datetime(at, usegmt=True)) == pytest.approx(90, abs=5)
    assert told_to_wait(f"{at:%a, %d %b %Y %H:%M:%S}") == pytest.approx(90, abs=5)  # without a zone: UTC


def test_a_date_that_is_over_asks_for_no_wait() -> None:
    assert told_to_wait("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize(
    "said",
    ["", "soon", "-3", "nan", "inf", "1" * 400, "1.2.3", "²", "Mon, 99 Jan 2024 00:00:00 GMT", ", , ,",
     "Mon, 01 Jan 2024 00:00:00 +99999999999999999999"],
)
def test_nonsense_is_no_wish(said: str) -> None:
    assert asked_to_wait(_With({"retry-after": said})) is None


@given(st.text(max_size=60))
def test_no_header_breaks_the_turn(said: str) -> None:
    for name in ("retry-after", "retry-after-ms"):
        wait = asked_to_wait(_With({name: said}))
        assert wait is None or wait >= 0


@pytest.mark.parametrize("error", [None, ValueError("x"), UNREACHED, refused(429)], ids=repr)
def test_where_nobody_asked_there_is_none(error: BaseException | None) -> None:
    assert asked_to_wait(error) is None


class _With(Exception):
    """An error with an answer's headers, whatever they hold."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.response = type("Answer", (), {"headers": headers})()


# whose fault, whether it serves, whether it lasts, whether a second try helps

FAULTS: list[tuple[BaseException, bool, bool, bool]] = [
    # error, outage, lasting, worth repeating
    *((refused(status), True, True, False) for status in (401, 402, 403, 404, 407)),
    *((refused(status), True, False, True) for status in (408, 409, 429, 500, 502, 503, 529)),
    *((refused(status), False, False, False) for status in (400, 405, 413, 422)),
    *((refused(429, code), True, True, False) for code in ("insufficient_quota", "billing_hard_limit_reached")),
    (refused(429, "rate_limit_exceeded"), True, False, True),
    (refused(429, 429), True, False, True),
    (refused(500, {"nested": "code"}), True, False, True),
    (UNREACHED, True, False, True),
    (httpx.ConnectError("refused"), True, False, True),
    (httpx.RemoteProtocolError("cut"), True, False, True),
    (ConnectionResetError(), True, False, True),
    (LATE, True, False, False),
    (TimeoutError(), True, False, False),
    (httpx.ReadTimeout("late"), True, False, False),
    (Resting("left alone"), True, False, False),
    (BudgetSpent("day"), True, False, False),
    (MalformedAnswer("no end"), False, False, False),
    (ValueError("no JSON"), False, False, False),
    (KeyError("choices"), False, False, False),
    (openai.ContentFilterFinishReasonError(), False, False, False),
    (OpenAIRefusalError("I will not"), False, False, False),
]


@pytest.mark.parametrize(("error", "outage", "lasting", "again"), FAULTS, ids=lambda value: repr(value)[:60])
def test_a_fault_of_an_endpoint(error: BaseException, outage: bool, lasting: bool, again: bool) -> None:
    assert is_model_fault(error)
    assert (is_outage(error), is_lasting(error), worth_repeating(error)) == (outage, lasting, again)


@pytest.mark.parametrize(
    "error",
    [TypeError("a defect"), AttributeError("x"), ZeroDivisionError(), Unavailable("the database", "la base", code="x")],
    ids=repr,
)
def test_a_defect_or_a_lost_database_is_no_endpoints_fault(error: BaseException) -> None:
    assert not is_model_fault(error)
    assert not is_outage(error)
    assert not worth_repeating(error)


def test_a_spent_budget_says_over_what() -> None:
    assert BudgetSpent("day").span == "day"
    assert "day" in str(BudgetSpent("day"))


# asking again


class _Endpoint:
    """Fails with these errors in turn, then answers; notes the waits."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors, self.calls, self.waits = list(errors), 0, list[float]()

    async def ask(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"

    async def asked(self, deadline: float | None = None) -> str:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        return await retrying(deadline).copy(sleep=sleep)(self.ask)


async def test_a_passing_fault_is_asked_again_after_a_short_while() -> None:
    endpoint = _Endpoint(refused(503))
    assert await endpoint.asked() == "answer"
    assert endpoint.calls == 2
    assert 0 <= endpoint.waits[0] <= 2


async def test_the_wait_is_the_one_asked_for() -> None:
    endpoint = _Endpoint(refused(429, **{"retry-after": "3"}))
    assert await endpoint.asked() == "answer"
    assert endpoint.waits == [3.0]


async def test_no_more_than_two_attempts_and_the_last_error_is_the_one_raised() -> None:
    first, second = refused(503), refused(500)
    endpoint = _Endpoint(first, second)
    with pytest.raises(openai.APIStatusError) as raised:
        await endpoint.asked()
    assert raised.value is second
    assert endpoint.calls == ATTEMPTS == 2


@pytest.mark.parametrize("error", [refused(401), refused(400), TimeoutError(), MalformedAnswer("no end")], ids=repr)
async def test_what_a_second_try_does_not_mend_is_not_tried(error: Exception) -> None:
    endpoint = _Endpoint(error)
    with pytest.raises(type(error)):
        await endpoint.asked()
    assert endpoint.calls == 1


@pytest.mark.parametrize(("asked", "calls"), [("4", 2), ("6", 1)])
async def test_a_wait_that_reaches_the_deadline_is_not_begun(asked: str, calls: int) -> None:
    endpoint = _Endpoint(refused(429, **{"retry-after": asked}))
    deadline = asyncio.get_running_loop().time() + 5
    if calls == 2:
        assert await endpoint.asked(deadline) == "answer"
    else:
        with pytest.raises(openai.APIStatusError):
            await endpoint.asked(deadline)
    assert endpoint.calls == calls


async def test_nobody_waits_an_hour_where_there_is_no_deadline() -> None:
    endpoint = _Endpoint(refused(429, **{"retry-after": "3600"}))
    with pytest.raises(openai.APIStatusError):
        await endpoint.asked()
    assert (endpoint.calls, endpoint.waits) == (1, [])
    bearable = _Endpoint(refused(429, **{"retry-after": f"{LONGEST_WAIT:g}"}))
    assert await bearable.asked() == "answer"


# tools


@pytest.mark.parametrize(
    ("error", "calls"),
    [(Unavailable("the index", "el índice", code="meaning_unavailable"), 2),
     (Unavailable("the database", "la base", code="database_unavailable"), 1),
     (BadInput("a price", "un precio"), 1), (ValueError("a defect"), 1)],
    ids=repr,
)
async def test_a_tool_is_asked_again_where_its_source_was_away_for_a_moment(error: Exception, calls: int) -> None:
    endpoint = _Endpoint(error)

    async def sleep(seconds: float) -> None:
        endpoint.waits.append(seconds)

    again = retrying_tool().copy(sleep=sleep)
    if calls == 2:
        assert await again(endpoint.ask) == "answer"
        assert 0 <= endpoint.waits[0] <= 0.3
    else:
        with pytest.raises(type(error)):
            await again(endpoint.ask)
    assert endpoint.calls == calls
