"""The version of the data changes with every committed write to what answers are made from, and with nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
from sqlalchemy import text

from core.database import Database
from core.scope import Scope
from knowledge.data_version import data_version, mark_changed
from knowledge.tables import metadata
from tools.caching import KEEPING

SCOPE, OTHER = Scope(), Scope("other")
ROOT = Path(__file__).resolve().parents[2]
#: Rooms whose code reads for tools; only `tools/leads.py` reads conversations, and it writes.
ROOMS = ("documents", "forecasting", "listings", "market", "series", "valuation")
SHARED, OWNED = ("areas", "forecasts", "observations", "series"), (
    "analytics_data", "documents", "listings", "models", "price_history", "project_owners", "projects")
AREA = (
    "INSERT INTO areas (id, level, country, name, name_folded, demo, attributes)"
    " VALUES (:id, 'city', 'ES', :id, :id, false, '{}')"
)


async def write(database: Database, statement: str, scope: Scope = SCOPE, **values: object) -> None:
    async with database.session(scope) as session:
        await session.execute(text(statement), values)


async def versions(database: Database) -> list[str]:
    return [await data_version(database, scope) for scope in (SCOPE, OTHER)]


async def test_a_write_to_a_table_counts_for_its_owner_or_for_all(database: Database) -> None:
    for table in (*SHARED, *OWNED):
        before = await versions(database)
        await write(database, f"DELETE FROM {table}")
        after = await versions(database)
        assert [a != b for a, b in zip(after, before, strict=True)] == [True, table in SHARED], table


async def test_whoever_writes_beside_the_program_counts_for_everyone(database: Database) -> None:
    for table in (*SHARED, *OWNED):
        before = await versions(database)
        async with await psycopg.AsyncConnection.connect(database.dsn) as connection:
            await connection.execute(f"TRUNCATE {table} CASCADE")
        after = await versions(database)
        assert all(a != b for a, b in zip(after, before, strict=True)), table


def test_every_table_that_tools_read_leaves_a_stamp() -> None:
    named = {name for room in ("tools", *(f"knowledge/{name}" for name in ROOMS)) for path in (ROOT / room).rglob("*.py")
             for name in re.findall(r"\b(?:FROM|JOIN) ([a-z_]+)", path.read_text("utf-8"))}
    read = named & metadata.tables.keys() - {"conversations"}
    assert {"listings", "series", "models"} <= read <= {*SHARED, *OWNED}
    assert {name for keeping in KEEPING.values() for name in keeping.reads} <= {*SHARED, *OWNED}


async def test_writes_of_a_conversation_change_nothing(database: Database) -> None:
    before = await data_version(database, SCOPE)
    await write(database, "DELETE FROM conversations")
    await write(database, "DELETE FROM leads")
    assert await data_version(database, SCOPE) == before


async def test_what_is_rolled_back_never_was(database: Database) -> None:
    before = await data_version(database, SCOPE)
    async with database.session(SCOPE) as session:
        await session.execute(text("DELETE FROM listings"))
        await session.rollback()
    assert await data_version(database, SCOPE) == before


async def test_a_change_shows_with_its_commit_in_whatever_order(database: Database, database_url: str) -> None:
    process = Database(database_url)
    try:
        seen = [await data_version(database, SCOPE)]
        async with process.session(SCOPE) as first:
            await first.execute(text("DELETE FROM listings"))
            assert await data_version(database, SCOPE) == seen[0]
            async with database.session(SCOPE) as second:  # does not wait for the first
                await second.execute(text("DELETE FROM listings"))
            seen.append(await data_version(database, SCOPE))
        seen.append(await data_version(database, SCOPE))
        assert len(set(seen)) == 3
    finally:
        await process.close()


async def test_no_version_comes_back_and_stamps_stay_few(database: Database) -> None:
    seen = [await data_version(database, SCOPE)]
    for number in range(40):
        await write(database, AREA, id=f"x{number}")
        await mark_changed(database, SCOPE)
        seen.append(await data_version(database, SCOPE))
    assert len(set(seen)) == len(seen)
    async with database.session(SCOPE) as session:
        assert (await session.execute(text("SELECT count(*) FROM data_changes"))).scalar_one() <= 2 * 17
