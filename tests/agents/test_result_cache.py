"""Equal calls of read-only tools are answered once, and never where the result could be another."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from langchain.agents.middleware import ToolCallRequest
from langchain.tools import ToolRuntime, tool
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from sqlalchemy import text

from agents.result_cache import ResultCache
from core.cache import Cache
from core.clock import FixedClock, use_clock
from core.database import Database
from core.errors import NotFound
from core.facts import Fact, Source
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from evals.cases import Case
from evals.solve import solve
from graphs.runner import Runner
from knowledge.resources import Resources
from tests.priced import FRESH, priced, priced_template  # noqa: F401 - fixtures
from tests.redis_server import RedisServer, redis_server  # noqa: F401 - a fixture
from tools.caching import KEEPING, Keeping
from tools.context import Runtime, TurnContext
from tools.listings import search_listings
from tools.provenance import settle
from tools.result import Content, ToolResult
from tools.valuation import value_property


@dataclass
class Desk:
    """Calls tools as an agent does, through the middleware; `ran` counts what really ran."""

    resources: Resources
    ran: int = 0
    cache: ResultCache = field(default_factory=ResultCache)

    async def call(self, of: BaseTool, *, tenant: str = "default", said: tuple[str, ...] = (), **args: Any) -> ToolMessage:
        context = TurnContext(self.resources, Scope(tenant), message_id="msg_1", user_words=said)
        return await self.within(context, of, args)

    async def within(
        self, context: TurnContext, of: BaseTool, args: dict[str, Any], state: dict[str, Any] | None = None
    ) -> ToolMessage:
        runtime: Any = ToolRuntime(
            state=state or {"messages": []}, context=context, config={}, stream_writer=lambda _: None, tool_call_id="c/0",
            store=None,
        )
        call: Any = {"name": of.name, "args": args, "id": "c/0", "type": "tool_call"}

        async def run(request: ToolCallRequest) -> ToolMessage:
            self.ran += 1
            assert request.tool is not None
            found: ToolMessage = await request.tool.ainvoke({**call, "args": {**args, "runtime": request.runtime}})
            return found

        found = await self.cache.awrap_tool_call(ToolCallRequest(call, of, runtime.state, runtime), run)
        assert isinstance(found, ToolMessage)
        assert (found.tool_call_id, found.name, found.status) == ("c/0", of.name, "success")
        return found


#: Nobody listens there: tools of these tests read no data, unless a test says so.
NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    resources = Resources(Settings(data_dir=tmp_path), Database(NOWHERE))
    yield Desk(resources)
    await resources.close()


def declared(monkeypatch: pytest.MonkeyPatch, of: BaseTool, *reads: str) -> BaseTool:
    monkeypatch.setitem(KEEPING, of.name, Keeping(reads))
    return of


@tool(response_format="content_and_artifact")
async def count_something(
    runtime: Runtime, city: str | None = None, price: float = 3.0, features: list[str] | None = None
) -> Content:
    """A search."""
    result = ToolResult()
    result.data = {"city": city}
    result.add(Fact("price", price, "money", Source("listing", "1"), currency="EUR", entity=city or ""))
    return result.done()


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> BaseTool:
    return declared(monkeypatch, count_something)


async def test_an_equal_call_gives_the_same_without_running(desk: Desk, counting: BaseTool) -> None:
    first = await desk.call(counting, city="Norte", price=5)
    again = await desk.call(counting, city="Norte", price=5)
    assert desk.ran == 1
    assert (again.content, again.artifact) == (first.content, first.artifact)
    assert again.artifact["facts"][0]["id"].startswith("f_")


@pytest.mark.parametrize("args", [
    {"city": "Norte", "price": 3}, {"price": 3.0, "city": "Norte"}, {"city": "Norte", "features": None},
])
async def test_what_a_tool_reads_alike_is_equal(desk: Desk, counting: BaseTool, args: dict[str, Any]) -> None:
    await desk.call(counting, city="Norte")
    await desk.call(counting, **args)
    assert desk.ran == 1


@pytest.mark.parametrize("args", [
    {"city": "norte"}, {"city": "Nórte"}, {"city": "Norte "}, {"city": "Norte", "price": 3.0000001}, {},
    {"city": "Norte", "features": []}, {"city": "Norte", "features": ["a", "b"]}, {"city": "Norte", "price": math.inf},
])
async def test_a_similar_call_is_another(desk: Desk, counting: BaseTool, args: dict[str, Any]) -> None:
    await desk.call(counting, city="Norte")
    await desk.call(counting, city="Norte", features=["b", "a"])
    await desk.call(counting, **args)
    assert desk.ran == 3


async def test_another_tenant_language_or_day_is_another_call(desk: Desk, counting: BaseTool) -> None:
    seen = []
    for day in (1, 2):
        with use_clock(FixedClock(datetime(2026, 5, day, tzinfo=UTC))):
            for tenant in ("default", "other"):
                for code in ("es-CO", "es-ES"):
                    seen.append((day, tenant, code))
                    context = TurnContext(desk.resources, Scope(tenant), locale=LOCALES[code])
                    await desk.within(context, counting, {"city": "A"})
                    assert desk.ran == len(seen)


async def test_who_asks_and_in_which_conversation_does_not_matter(desk: Desk, counting: BaseTool) -> None:
    for who in ("a", "b"):
        context = TurnContext(desk.resources, Scope(subject=who), conversation_id=who, run_id=who, message_id=who,
                              user_words=(f"soy {who}",), slots={"price": 3})
        await desk.within(context, counting, {"city": "Norte"})
    assert desk.ran == 1


async def test_a_write_by_another_process_counts_at_once(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    desk, counting = Desk(resources), declared(monkeypatch, count_something, "listings")
    await desk.call(counting, city="Norte")
    await desk.call(counting, city="Norte")
    process = Database(database_url)
    try:
        async with process.session(Scope()) as session:
            await session.execute(text("DELETE FROM listings"))
            await desk.call(counting, city="Norte")
            assert desk.ran == 1  # nothing is committed yet
    finally:
        await process.close()
    await desk.call(counting, city="Norte")
    assert desk.ran == 2


LOOKS: dict[str, Callable[[Runtime], object]] = {
    "the words": lambda runtime: runtime.context.user_words,
    "the slots": lambda runtime: runtime.context.slots.get("price"),
    "the message": lambda runtime: runtime.context.message_id,
    "the conversation": lambda runtime: runtime.context.conversation_id,
    "earlier results": lambda runtime: runtime.state.get("messages"),
    "whether there are any": lambda runtime: len(runtime.state),
    "names read at the start": lambda runtime: runtime.context.resources.places,
    "whose a figure is": lambda runtime: settle([Fact("price", 7.0, "money", Source("user", "message"))], runtime),
}


@pytest.mark.parametrize("at", LOOKS)
async def test_a_result_of_a_look_at_the_turn_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    @tool(response_format="content_and_artifact")
    async def looking(runtime: Runtime) -> Content:
        """Looks at the turn."""
        LOOKS[at](runtime)
        return ToolResult().done()

    declared(monkeypatch, looking)
    await desk.call(looking)
    await desk.call(looking)
    assert desk.ran == 2


async def test_a_figure_of_an_advert_is_no_look_at_the_turn(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    @tool(response_format="content_and_artifact")
    async def calculating(runtime: Runtime) -> Content:
        """Calculates with an advert's price."""
        price = Fact("price", 7.0, "money", Source("listing", "1"), currency="EUR")
        result = ToolResult()
        result.extend(settle([Fact("price", 7.0, "money", Source("user", "message"))], runtime, {"price": price}).values())
        return result.done()

    declared(monkeypatch, calculating)
    first = await desk.call(calculating, said=("7 euros",))
    assert first.artifact["facts"][0]["source"]["kind"] == "listing"
    assert (await desk.call(calculating)).artifact == first.artifact
    assert desk.ran == 1


def _with_gap(code: str) -> Content:
    result = ToolResult()
    result.gap(code, what="x")
    return result.done()


def _with(**data: Any) -> Content:
    result = ToolResult()
    result.data = data
    return result.done()


def _failed() -> Content:
    result = ToolResult()
    result.evidence["failed"] = True
    return result.done()


@pytest.mark.parametrize("made", [
    lambda: _with_gap("degraded"), lambda: _with_gap("tool_failed"), lambda: _with_gap("bad_input"), _failed,
    lambda: _with(a=(1, 2)), lambda: _with(a=math.nan), lambda: _with(a={1: 2}), lambda: _with(a={1, 2}),
], ids=["degraded", "failed", "refused", "evidence", "tuple", "nan", "numbered", "set"])
async def test_what_may_pass_or_is_not_plain_is_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, made: Callable[[], Content]
) -> None:
    @tool(response_format="content_and_artifact")
    async def weak(runtime: Runtime) -> Content:
        """Weak."""
        return made()

    declared(monkeypatch, weak)
    await desk.call(weak)
    await desk.call(weak)
    assert desk.ran == 2


async def test_that_nothing_is_known_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    @tool(response_format="content_and_artifact")
    async def knowing(runtime: Runtime) -> Content:
        """Knows nothing."""
        return _with_gap("no_data")

    declared(monkeypatch, knowing)
    assert (await desk.call(knowing)).artifact == (await desk.call(knowing)).artifact
    assert desk.ran == 1


async def test_an_error_is_not_kept_and_passes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    @tool(response_format="content_and_artifact")
    async def failing(runtime: Runtime) -> Content:
        """Fails."""
        raise NotFound("There is none.", "No hay.")

    declared(monkeypatch, failing)
    for _ in range(2):
        with pytest.raises(NotFound):
            await desk.call(failing)
    assert desk.ran == 2


@pytest.mark.parametrize("city", ["ana@correo.es", "llámame al 612 34 56 78", "+57 (310) 555-0101"])
async def test_a_call_that_may_hold_contact_data_is_not_kept(desk: Desk, counting: BaseTool, city: str) -> None:
    await desk.call(counting, city=city)
    assert desk.resources.results is not None
    assert len(desk.resources.results.local) == 0


async def test_what_a_caller_does_to_a_result_stays_with_it(desk: Desk, counting: BaseTool) -> None:
    for _ in range(3):
        found = await desk.call(counting, city="Norte")
        assert len(found.artifact["facts"]) == 1
        found.artifact["facts"].clear()
        found.artifact["data"]["city"] = "Sur"
    assert found.artifact["data"] == {"city": "Sur"}
    assert (await desk.call(counting, city="Norte")).artifact["data"] == {"city": "Norte"}


async def test_two_at_a_time_run_once_and_each_has_its_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    go = asyncio.Event()

    @tool(response_format="content_and_artifact")
    async def slow(runtime: Runtime) -> Content:
        """Slow."""
        await go.wait()
        return _with(a=[1])

    declared(monkeypatch, slow)
    calls = [asyncio.create_task(desk.call(slow)) for _ in range(3)]
    for _ in range(20):
        await asyncio.sleep(0)
    go.set()
    found = [(await call).artifact for call in calls]
    assert desk.ran == 1
    assert found[0] == found[1] == found[2]
    assert found[1] is not found[2]


async def test_who_waited_for_a_failure_tries_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    go, left = asyncio.Event(), [NotFound("There is none.", "No hay.")]

    @tool(response_format="content_and_artifact")
    async def unlucky(runtime: Runtime) -> Content:
        """Fails once."""
        await go.wait()
        if left:
            raise left.pop()
        return _with(a=1)

    declared(monkeypatch, unlucky)
    calls = [asyncio.create_task(desk.call(unlucky)) for _ in range(2)]
    for _ in range(20):
        await asyncio.sleep(0)
    go.set()
    first, second = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(first, NotFound)
    assert isinstance(second, ToolMessage)
    assert desk.ran == 2


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'["text"]', b'["text", []]', b'[1, {}]', b"\xff"])
async def test_a_kept_value_that_is_no_result_is_worked_out_again(desk: Desk, counting: BaseTool, value: bytes) -> None:
    first = await desk.call(counting, city="Norte")
    assert desk.resources.results is not None
    held = desk.resources.results.local
    [key] = held._held
    held.put(key, value)
    assert (await desk.call(counting, city="Norte")).artifact == first.artifact
    assert desk.ran == 2


async def test_switched_off_every_call_runs(counting: BaseTool) -> None:
    desk = Desk(Resources(Settings(tool_cache=0), Database(NOWHERE)))
    await desk.call(counting, city="Norte")
    await desk.call(counting, city="Norte")
    assert desk.ran == 2


async def test_processes_share_results_over_redis_until_it_dies(
    desk: Desk, counting: BaseTool, redis_server: RedisServer  # noqa: F811
) -> None:
    caches = [Cache("tool", seconds=60, redis_url=redis_server.url) for _ in range(3)]
    desk.resources.results = caches[0]
    first = await desk.call(counting, city="Norte")
    desk.resources.results = caches[1]
    assert (await desk.call(counting, city="Norte")).artifact == first.artifact
    assert desk.ran == 1
    redis_server.kill()
    desk.resources.results = caches[2]
    assert (await desk.call(counting, city="Norte")).artifact == first.artifact
    assert desk.ran == 2
    for cache in caches:
        await cache.close()


# our own tools


async def test_a_search_is_kept_and_a_valuation_only_of_an_advert(priced: Resources) -> None:  # noqa: F811
    desk = Desk(priced)
    with use_clock(FixedClock(datetime(FRESH.year, FRESH.month, FRESH.day, tzinfo=UTC))):
        search = await desk.call(search_listings, country="ES", city="Norte")
        assert (await desk.call(search_listings, city="Norte", country="ES")).artifact == search.artifact
        assert desk.ran == 1
        advert = search.artifact["cards"][0]["id"]
        valued = await desk.call(value_property, listing_id=advert, said=("el primero",))
        assert valued.artifact["data"]["found"]
        assert (await desk.call(value_property, listing_id=advert)).artifact == valued.artifact
        assert desk.ran == 2
        for _ in range(2):
            await desk.call(value_property, country="ES", city="Norte", area_m2=80.0, said=("80 m2",))
        assert desk.ran == 4


QUESTIONS = (
    "pisos de 2 habitaciones en Norte", "What is an 80 m2 flat in Norte, Spain worth?",
    "¿cómo van los precios en Norte, España?",
    "compara Norte y Sur, España", "¿qué rentabilidad deja un piso de 200.000 € en Norte arrendado en 900 €?",
    "¿qué impuestos pago al comprar en España?",
)


async def test_conversations_are_the_same_with_results_kept(priced: Resources) -> None:  # noqa: F811
    runner = await Runner.open(priced.settings, opening=AsyncMock(return_value=priced))
    kept, told = priced.results, []
    assert kept is not None
    try:
        for cache in (None, kept, kept):
            priced.results = cache
            told.append([await solve(runner, Case(id=f"case-{i}", lang="es", turns=[said, "¿y en Sur?"]))
                         for i, said in enumerate(QUESTIONS)])
    finally:
        await runner.staff.close()
        await runner.bus.close()
        await runner.checkpoints.close()
    for lines in told:
        for line in lines:
            for turn in line["turns"]:
                assert turn.pop("ms") >= 0
                assert turn["status"] == "finished"
    assert told[0] == told[1] == told[2]
    assert len(kept.local) > 4
