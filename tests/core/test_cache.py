"""Caches: bounds and time in the process, sharing over Redis, and a Redis that dies, lies or sleeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import pytest
import redis

from core.cache import REST_SECONDS, Cache, Local, digest
from tests.redis_server import RedisServer, redis_server  # noqa: F401 - a fixture


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


Make = Callable[..., Cache]


@pytest.fixture
async def process(redis_server: RedisServer, clock: Seconds) -> AsyncIterator[Make]:  # noqa: F811
    """Makes caches over one Redis, each as another process would."""
    made: list[Cache] = []

    def make(url: str | None = redis_server.url) -> Cache:
        made.append(Cache("test", seconds=60, redis_url=url, now=clock))
        return made[-1]

    yield make
    for cache in made:
        await cache.close()


# in the process


def test_the_one_used_longest_ago_goes_first(clock: Seconds) -> None:
    held = Local(most=2, most_bytes=100, seconds=60, now=clock)
    held.put("a", b"1")
    held.put("b", b"2")
    assert held.get("a") == b"1"
    held.put("c", b"3")
    assert (held.get("a"), held.get("b"), held.get("c")) == (b"1", None, b"3")


def test_bytes_are_bounded_and_counted_once(clock: Seconds) -> None:
    held = Local(most=100, most_bytes=10, seconds=60, now=clock)
    held.put("a", b"12345")
    held.put("a", b"123456")
    assert held.size == 6
    held.put("b", b"12345")
    assert (held.get("a"), held.get("b"), held.size) == (None, b"12345", 5)
    held.put("b", b"x" * 11)
    assert (held.get("b"), len(held), held.size) == (None, 0, 0)


def test_a_value_ends_with_its_time(clock: Seconds) -> None:
    held = Local(most=2, most_bytes=100, seconds=60, now=clock)
    held.put("a", b"1")
    clock.at += 59.9
    assert held.get("a") == b"1"
    clock.at += 0.1
    assert (held.get("a"), held.size) == (None, 0)


def test_a_key_tells_kinds_and_order_of_values_apart_but_not_of_names() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert len({digest(x) for x in (1, 1.0, "1", True, None, [1], "á", "a", "A")}) == 9
    assert digest("ab", "c") != digest("a", "bc")
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest(float("nan"))


async def test_whoever_comes_while_it_is_worked_out_waits() -> None:
    cache = Cache("test", seconds=60)
    order: list[str] = []

    async def second() -> None:
        assert await cache.elsewhere("k")
        order.append("waited")

    with cache.working_out("k"):
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0)
        order.append("worked")
    await waiting
    assert order == ["worked", "waited"]
    assert not await cache.elsewhere("k")


# over Redis


async def test_another_process_reads_what_one_put(process: Make) -> None:
    one, other = process(), process()
    await one.put("k", b"\x00value")
    assert await other.get("k") == b"\x00value"
    assert other.local.get("k") == b"\x00value"
    one.put_many({"v": b"1", "w": b"2"})
    assert process().get_many(["w", "x", "v"]) == {"v": b"1", "w": b"2"}


async def test_redis_forgets_in_time_by_itself(process: Make, redis_server: RedisServer) -> None:  # noqa: F811
    await process().put("k", b"value")
    with redis.from_url(redis_server.url) as server:
        assert server.keys() == [b"ladrillo:test:k"]
        assert 0 < server.pttl("ladrillo:test:k") <= 60_000


@pytest.mark.parametrize("harm", ["cut", "bit", "foreign", "empty", "other kind"])
async def test_a_damaged_value_is_ignored(process: Make, redis_server: RedisServer, harm: str) -> None:  # noqa: F811
    await process().put("k", b"value")
    name = "ladrillo:test:k"
    with redis.from_url(redis_server.url) as server:
        whole = server.get(name)
        assert isinstance(whole, bytes)
        if harm == "other kind":
            server.delete(name)
            server.lpush(name, "x")
        else:
            harmed = {"cut": whole[:-1], "bit": whole[:-1] + b"f", "foreign": b'["value"]', "empty": b""}
            server.set(name, harmed[harm])
    assert await process().get("k") is None
    assert process().get_many(["k"]) == {}


async def test_a_redis_that_dies_is_left_alone_said_once_and_found_again(
    process: Make, redis_server: RedisServer, clock: Seconds, caplog: pytest.LogCaptureFixture  # noqa: F811
) -> None:
    caplog.set_level(logging.INFO, "ladrillo.cache")
    cache = process()
    await cache.put("k", b"value")
    redis_server.kill()
    assert await cache.get("unknown") is None
    assert await cache.get("k") == b"value"
    await cache.put("l", b"other")
    cache.put_many({"m": b"more"})
    assert cache.get_many(["l", "m", "n"]) == {"l": b"other", "m": b"more"}
    clock.at += REST_SECONDS
    assert await cache.get("unknown") is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    redis_server.start()
    await cache.put("back", b"1")
    assert await process().get("back") is None  # still left alone
    clock.at += REST_SECONDS
    await cache.put("back", b"1")
    assert await process().get("back") == b"1"
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_redis_that_does_not_answer_costs_a_moment_once(process: Make) -> None:
    asked = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    cache = process(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server:
        async with asyncio.timeout(5):
            for _ in range(20):
                assert await cache.get("k") is None
        await cache.close()
    assert asked == 1
