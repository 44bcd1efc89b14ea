"""What language models used, as the database keeps it: sums for budgets and for the table of costs."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from core.database import Database
from core.metering import ModelCall
from core.scope import Scope
from knowledge.records import usage

SCOPE = Scope(role="system")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def call(
    tokens: int, at: datetime = NOON, *, role: str = "compose", cost: float | None = None, error: str | None = None
) -> ModelCall:
    return ModelCall(role=role, model=f"model-{role}", at=at, input_tokens=tokens - 1, output_tokens=1, cached_tokens=2,
                     cost=cost, ms=10, error=error)


async def add(database: Database, conversation: str, *calls: ModelCall, run: str = "run", scope: Scope = SCOPE) -> None:
    async with database.session(scope) as session:
        usage.add(session, scope, conversation, run, calls)


async def test_budgets_count_the_conversation_the_day_and_the_month(database: Database) -> None:
    await add(database, "one", call(100, cost=0.5), call(10, datetime(2026, 11, 30, 0, 0, tzinfo=UTC)))
    await add(database, "two", call(1000, datetime(2026, 11, 29, 23, 59, tzinfo=UTC), cost=0.25),
              call(10_000, datetime(2026, 10, 31, 23, 59, tzinfo=UTC)))
    await add(database, "one", call(100_000, datetime(2026, 10, 1, tzinfo=UTC)))
    async with database.session(SCOPE) as session:
        found = await usage.used(session, "one", NOON)
    assert found == {"conversation": (100_110, 0.5), "day": (110, 0.5), "tenant": (1110, 0.75)}


async def test_a_portal_sees_its_own_calls_alone(database: Database) -> None:
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as owner:
        await owner.execute("INSERT INTO tenants (id, name, created_at) VALUES ('other', 'Other', now())")
    await add(database, "one", call(100), scope=Scope("other"))
    async with database.session(SCOPE) as session:
        assert (await usage.used(session, "one", NOON))["tenant"] == (0, 0.0)
        assert await usage.report(session, "day", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("by", "groups"),
    [("day", ["2026-11-29", "2026-11-30"]), ("role", ["compose", "router"]), ("model", ["model-compose", "model-router"]),
     ("conversation", ["two", "one"])],
)
async def test_costs_are_told_by_group(database: Database, by: usage.By, groups: list[str]) -> None:
    await add(database, "one", call(10, cost=0.1), call(20, role="router", cost=None, error="TimeoutError"), run="a")
    await add(database, "two", call(30, datetime(2026, 11, 29, 8, tzinfo=UTC), cost=0.3), run="b")
    async with database.session(SCOPE) as session:
        rows = await usage.report(session, by, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert [row.group for row in rows] == groups
    assert sum(row.calls for row in rows) == 3
    assert sum(row.failed for row in rows) == 1
    assert sum(row.input_tokens + row.output_tokens for row in rows) == 60
    assert sum(row.cost or 0 for row in rows) == pytest.approx(0.4)
    if by == "role":
        assert rows[1].cost is None
