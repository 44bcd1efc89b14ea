"""The gate before an endpoint: when it closes, who tries again, how long it rests, how many pass at once."""

from __future__ import annotations

import asyncio

import httpx
import openai
import pytest

from core.gate import FAILURES, LASTING_SECONDS, LONGEST_REST, REST_SECONDS, Gate
from core.retry import CutShort, MalformedAnswer, Resting


class Time:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def refused(status: int, code: str | None = None, after: str | None = None) -> openai.APIStatusError:
    response = httpx.Response(
        status, headers={} if after is None else {"retry-after": after}, request=httpx.Request("POST", "http://e.test")
    )
    return openai.APIStatusError("refused", response=response, body={"code": code})


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def gate(time: Time) -> Gate:
    return Gate(64, time)


async def call(gate: Gate, error: BaseException | None = None) -> None:
    """One call through the gate that ends with this error, or well."""
    try:
        async with gate.open():
            if error is not None:
                raise error
    except Resting:
        raise
    except BaseException as raised:
        if raised is not error:
            raise


async def down(gate: Gate) -> None:
    for _ in range(FAILURES):
        await call(gate, refused(503))
    assert gate.resting


async def rest(gate: Gate, time: Time) -> float:
    """How long the gate is closed from now, to the second."""
    begun = time.at
    while gate.resting:
        time.at += 1
    found, time.at = time.at - begun, begun
    return found


# closing


async def test_it_closes_after_three_outages_in_a_row(gate: Gate) -> None:
    for _ in range(FAILURES - 1):
        await call(gate, TimeoutError())
        assert not gate.resting
    await call(gate, httpx.ConnectError("refused"))
    assert gate.resting
    with pytest.raises(Resting, match="left alone for 10 s more"):
        await call(gate)


@pytest.mark.parametrize("between", [None, refused(400), MalformedAnswer("no end"), ValueError("no JSON")], ids=repr)
async def test_whatever_it_answers_in_between_breaks_the_row(gate: Gate, between: Exception | None) -> None:
    for _ in range(4):
        await call(gate, refused(503))
        await call(gate, refused(503))
        await call(gate, between)
    assert not gate.resting


async def test_a_defect_of_our_own_says_nothing_of_the_endpoint(gate: Gate) -> None:
    for error in (refused(503), refused(503), TypeError("ours"), refused(503)):
        await call(gate, error)
    assert gate.resting


@pytest.mark.parametrize(
    "error", [refused(401), refused(402), refused(403), refused(404), refused(429, "insufficient_quota")], ids=repr
)
async def test_a_refusal_that_lasts_closes_it_at_once(gate: Gate, time: Time, error: Exception) -> None:
    await call(gate, error)
    assert await rest(gate, time) == LASTING_SECONDS


@pytest.mark.parametrize(
    "error", [refused(400), refused(422), MalformedAnswer("no end"), asyncio.CancelledError(), CutShort("late")], ids=repr
)
async def test_what_is_no_outage_never_closes_it(gate: Gate, error: BaseException) -> None:
    for _ in range(10):
        await call(gate, error)
    assert not gate.resting


# trying again


async def test_one_caller_at_a_time_tries_whether_it_serves_again(gate: Gate, time: Time) -> None:
    await down(gate)
    time.at += REST_SECONDS
    assert not gate.resting
    async with gate.open():
        with pytest.raises(Resting):
            await call(gate)
    await asyncio.gather(*(call(gate) for _ in range(5)))  # it served: everybody passes


@pytest.mark.parametrize("error", [refused(400), MalformedAnswer("no end")], ids=repr)
async def test_a_trial_that_is_answered_opens_it_if_not_well(gate: Gate, time: Time, error: Exception) -> None:
    await down(gate)
    time.at += REST_SECONDS
    await call(gate, error)
    async with gate.open(), gate.open():
        pass


@pytest.mark.parametrize("end", [asyncio.CancelledError(), GeneratorExit(), TypeError("ours")], ids=repr)
async def test_a_trial_that_came_to_no_end_lets_the_next_one_try(gate: Gate, time: Time, end: BaseException) -> None:
    await down(gate)
    time.at += REST_SECONDS
    await call(gate, end)
    async with gate.open():
        with pytest.raises(Resting):  # still one at a time
            await call(gate)


async def test_rests_double_to_a_limit_and_begin_anew_once_it_served(gate: Gate, time: Time) -> None:
    await down(gate)
    rests = []
    for _ in range(6):
        rests.append(await rest(gate, time))
        time.at += rests[-1]
        await call(gate, refused(503))
    assert rests == [10, 20, 40, 80, LONGEST_REST, LONGEST_REST]
    time.at += LONGEST_REST
    await call(gate)
    await down(gate)
    assert await rest(gate, time) == REST_SECONDS


async def test_an_outage_of_days_is_borne(gate: Gate, time: Time) -> None:
    await down(gate)
    for _ in range(1100):
        time.at += LONGEST_REST
        await call(gate, refused(503))
    assert await rest(gate, time) == LONGEST_REST


# calls that were under way


async def test_calls_that_fail_together_rest_no_longer_than_one(gate: Gate, time: Time) -> None:
    fall = asyncio.Event()

    async def one() -> None:
        async with gate.open():
            await fall.wait()
            raise refused(503)

    calls = [asyncio.create_task(one()) for _ in range(40)]
    await asyncio.sleep(0)
    fall.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await rest(gate, time) == REST_SECONDS


async def test_one_of_them_that_is_served_after_all_opens_it(gate: Gate) -> None:
    async with gate.open():
        await down(gate)
    assert not gate.resting
    await asyncio.gather(call(gate), call(gate))


async def test_one_of_them_may_still_tell_how_long_to_wait(gate: Gate, time: Time) -> None:
    fall = asyncio.Event()

    async def one() -> None:
        async with gate.open():
            await fall.wait()
            raise refused(429, after="45")

    under_way = asyncio.create_task(one())
    await asyncio.sleep(0)
    await down(gate)
    fall.set()
    await asyncio.gather(under_way, return_exceptions=True)
    assert await rest(gate, time) == 45


# Retry-After


@pytest.mark.parametrize(
    ("asked", "seconds"), [("3", REST_SECONDS), ("45", 45), ("86400", LONGEST_REST), ("soon", REST_SECONDS)]
)
async def test_the_rest_is_at_least_as_long_as_asked_within_a_limit(gate: Gate, time: Time, asked: str, seconds: float) -> None:
    for _ in range(FAILURES):
        await call(gate, refused(429, after=asked))
    assert await rest(gate, time) == seconds


# concurrency


async def test_so_many_at_once_and_no_more(time: Time) -> None:
    gate, inside, most = Gate(3, time), 0, 0

    async def one() -> None:
        nonlocal inside, most
        async with gate.open():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 3


async def test_whoever_waited_for_a_place_is_not_sent_to_an_endpoint_that_went_down_meanwhile(time: Time) -> None:
    gate = Gate(1, time)
    first, second = await asyncio.gather(call(gate, refused(401)), call(gate), return_exceptions=True)
    assert first is None  # it was let through, and refused by the endpoint
    assert isinstance(second, Resting)


async def test_a_place_is_given_back_however_a_call_ends(time: Time) -> None:
    gate = Gate(1, time)
    for error in (None, refused(400), TypeError("ours"), asyncio.CancelledError()):
        await call(gate, error)
    async with asyncio.timeout(1), gate.open():
        pass
