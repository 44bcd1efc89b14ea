"""Scope is enforced by PostgreSQL itself, for raw SQL too."""

from __future__ import annotations

import errno
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from core.clock import now
from core.database import Database, normalise_url, to_json
from core.errors import Misconfigured, Unavailable
from core.scope import Scope
from knowledge.migrations import HEAD, config, current, upgrade
from knowledge.tables import OWNED_TABLES, Conversation

A, B = Scope(tenant="default"), Scope(tenant="other")


async def add_tenant(url: str, name: str) -> None:
    dsn = normalise_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("INSERT INTO tenants VALUES (%s, %s, now())", (name, name))


def conversation(tenant: str, id_: str) -> Conversation:
    return Conversation(
        tenant_id=tenant, id=id_, visitor="v", token_hash="h", created_at=now(), updated_at=now()
    )


async def test_rows_of_another_tenant_do_not_exist(database: Database, database_url: str) -> None:
    await add_tenant(database_url, "other")
    async with database.session(A) as session:
        session.add(conversation("default", "c1"))
    async with database.session(B) as session:
        session.add(conversation("other", "c2"))
    async with database.session(A) as session:
        rows = (await session.execute(text("SELECT id FROM conversations"))).scalars().all()
        assert rows == ["c1"]
        changed = await session.execute(text("UPDATE conversations SET visitor = 'x' WHERE id = 'c2'"))
        assert changed.rowcount == 0
    async with database.session(B) as session:
        assert (await session.execute(text("SELECT visitor FROM conversations"))).scalars().all() == ["v"]


async def test_a_row_cannot_be_written_for_another_tenant(database: Database, database_url: str) -> None:
    await add_tenant(database_url, "other")
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.session(A) as session:
            session.add(conversation("other", "c3"))


@pytest.mark.parametrize("table", OWNED_TABLES)
async def test_every_owned_table_raises_without_a_scope(database_url: str, table: str) -> None:
    dsn = normalise_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute("SET ROLE ladrillo_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no tenant is set"):
            await connection.execute(f"SELECT count(*) FROM {table}")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"a": "x\0y"}, {"a": "xy"}), ({"\0a": ["\ud83d!"]}, {"a": ["!"]}),
        ({"a": r"C:\u0000x \ud83d"}, {"a": r"C:\u0000x \ud83d"}),
        ({"a": "ñ 😀", "b": [1, None, True]}, {"a": "ñ 😀", "b": [1, None, True]}),
    ],
)
async def test_json_is_kept_without_what_postgres_has_not(database: Database, given: Any, kept: Any) -> None:
    async with database.session(A) as session:
        found = await session.execute(text("SELECT CAST(:json AS jsonb)"), {"json": to_json(given)})
        assert found.scalar_one() == kept


async def test_what_people_write_stays_out_of_errors(database: Database) -> None:
    with pytest.raises(DBAPIError) as failed:
        async with database.session(A) as session:
            await session.execute(text("SELECT 1 / (length(:words) - 6)"), {"words": "secret"})
    assert "secret" not in str(failed.value)


async def test_the_scope_ends_with_its_transaction(database: Database) -> None:
    async with database.session(A) as session:
        await session.execute(text("SELECT 1"))
    async with database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "postgres"
        assert not (await connection.execute(text("SELECT current_setting('app.tenant', true)"))).scalar_one()


async def test_the_application_role_cannot_touch_tenants_or_migrations(database: Database) -> None:
    for statement in ("INSERT INTO tenants VALUES ('x', 'x', now())", "UPDATE alembic_version SET version_num = 'x'"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.session(A) as session:
                await session.execute(text(statement))


async def test_a_server_that_is_gone_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="does not answer"):
        async with database.session(A):
            pass
    await database.close()


async def test_a_full_disk_is_told_as_one_whoever_meets_it(database: Database) -> None:
    full = psycopg.errors.DiskFull("could not extend file")
    wrapped = OperationalError("INSERT", {}, full)
    for error in (full, wrapped, OSError(errno.ENOSPC, "No space left on device")):
        with pytest.raises(Unavailable) as told:
            async with database.session(A):
                raise error
        assert told.value.code == "disk_full"
        assert "disco está lleno" in told.value.es


async def test_a_value_that_the_server_cannot_hold_is_not_a_server_that_is_gone(database: Database) -> None:
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        async with database.connection(A) as connection:
            raise psycopg.errors.ProgramLimitExceeded("index row requires 20016 bytes")
    assert connection.closed is False


async def test_what_people_wrote_does_not_reach_the_log(database: Database) -> None:
    with pytest.raises(DBAPIError) as failed:
        async with database.session(A) as session:
            await session.execute(text("SELECT CAST(:words AS integer)"), {"words": "llámeme al 300 555 1234"})
    assert "parameters hidden" in str(failed.value)


@pytest.mark.parametrize("url", ["mysql://u@h/db", "not a url at all", "sqlite:///x.db"])
def test_an_address_that_is_not_postgres_is_named(url: str) -> None:
    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        normalise_url(url)


def test_head_is_the_newest_migration(database_url: str) -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(config(database_url)).get_current_head() == HEAD
    assert current(database_url) == HEAD
    assert upgrade(database_url) is False


def test_models_and_migrations_agree(database_url: str) -> None:
    from alembic import command

    command.check(config(database_url))


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    dsn = normalise_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Misconfigured, match="9999"):
        upgrade(database_url)
