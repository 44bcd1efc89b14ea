"""Bulk writes: COPY into a temporary table, then one INSERT … SELECT … ON CONFLICT that tells what it changed.

COPY cannot go into a table with row-level security, and a staging table also lets PostgreSQL compare whole files at
once. Everything runs on the caller's connection, in the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from psycopg import AsyncConnection, sql

from knowledge.loaders.places import KnownArea, Places

#: `progress(stage, done, total)`.
Progress = Callable[[str, int, int], None]
Connection = AsyncConnection[Any]
_STEP = 5_000


class Counts(NamedTuple):
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    price_changes: int = 0


def silent(stage: str, done: int, total: int) -> None:
    """The progress callback of those who asked for none."""


def _encoded(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


async def copy(
    connection: Connection, staged: str, columns: Sequence[str], rows: Iterable[Sequence[Any]],
    *, total: int = 0, stage: str = "copy", progress: Progress = silent,
) -> None:
    """COPY rows into a temporary table that exists; dicts and lists become JSON."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(staged), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    done = 0
    async with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for row in rows:
            await stream.write_row([_encoded(value) for value in row])
            done += 1
            if done % _STEP == 0:
                progress(stage, done, total)
    progress(stage, done, max(done, total))


async def stage_like(connection: Connection, staged: str, table: str, columns: Sequence[str]) -> None:
    """A temporary table with these columns of `table`, their types and none of its constraints."""
    await connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(staged)))
    await connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            sql.Identifier(staged), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
        )
    )


async def upsert(
    connection: Connection, table: str, rows: Sequence[Mapping[str, Any]], key: Sequence[str],
    *, keep: Sequence[str] = (), stage: str = "copy", progress: Progress = silent,
) -> Counts:
    """Insert rows of equal columns, update those whose `key` exists and whose other columns differ.

    `keep` names columns that an existing row keeps.
    """
    if not rows:
        return Counts()
    columns = list(rows[0])
    staged = f"staged_{table}"
    await stage_like(connection, staged, table, columns)
    await copy(connection, staged, columns, ([row[name] for name in columns] for row in rows),
               total=len(rows), stage=stage, progress=progress)
    changing = [name for name in columns if name not in key and name not in keep]
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM {staged} ON CONFLICT ({key}) DO UPDATE SET {sets} "
        "WHERE ({old}) IS DISTINCT FROM ({new}) RETURNING (xmax = 0)"
    ).format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        staged=sql.Identifier(staged),
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        sets=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in changing
        ),
        old=sql.SQL(", ").join(sql.Identifier(table, name) for name in changing),
        new=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in changing),
    )
    cursor = await connection.execute(statement)
    written = [bool(row[0]) for row in await cursor.fetchall()]
    return Counts(sum(written), len(written) - sum(written), len(rows) - len(written))


async def known_places(connection: Connection) -> Places:
    """Every area, ready for look-ups by name."""
    cursor = await connection.execute("SELECT id, parent_id, level, country, name FROM areas ORDER BY id")
    return Places.of(KnownArea(*row) for row in await cursor.fetchall())


async def merge_areas(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> Counts:
    """Write areas, parents first. A real row overrides a demo one; a demo row only fills gaps of a real one."""
    if not rows:
        return Counts()
    columns = ("id", "parent_id", "level", "country", "name", "name_folded", "latitude", "longitude", "population",
               "attributes", "demo")
    await stage_like(connection, "staged_areas", "areas", columns)
    await copy(connection, "staged_areas", columns, ([row[name] for name in columns] for row in rows),
               total=len(rows), stage="areas")
    cursor = await connection.execute(
        """
        INSERT INTO areas AS a (id, parent_id, level, country, name, name_folded, latitude, longitude, population,
                                attributes, demo)
        SELECT s.id, s.parent_id, s.level, s.country,
               CASE WHEN yields THEN o.name ELSE s.name END,
               CASE WHEN yields THEN o.name_folded ELSE s.name_folded END,
               CASE WHEN yields THEN coalesce(o.latitude, s.latitude) ELSE coalesce(s.latitude, o.latitude) END,
               CASE WHEN yields THEN coalesce(o.longitude, s.longitude) ELSE coalesce(s.longitude, o.longitude) END,
               CASE WHEN yields THEN coalesce(o.population, s.population)
                    ELSE coalesce(s.population, o.population) END,
               CASE WHEN yields THEN s.attributes || o.attributes
                    ELSE coalesce(o.attributes, '{}') || s.attributes END,
               s.demo AND coalesce(o.demo, true)
        FROM staged_areas s LEFT JOIN areas o ON o.id = s.id
        CROSS JOIN LATERAL (SELECT s.demo AND NOT coalesce(o.demo, true) AS yields) y
        ORDER BY length(s.id) - length(replace(s.id, '/', '')), s.id
        ON CONFLICT (id) DO UPDATE SET
          name = excluded.name, name_folded = excluded.name_folded, latitude = excluded.latitude,
          longitude = excluded.longitude, population = excluded.population, attributes = excluded.attributes,
          demo = excluded.demo
        WHERE (a.name, a.name_folded, a.latitude, a.longitude, a.population, a.attributes, a.demo) IS DISTINCT FROM
          (excluded.name, excluded.name_folded, excluded.latitude, excluded.longitude, excluded.population,
           excluded.attributes, excluded.demo)
        RETURNING (xmax = 0)
        """
    )
    written = [bool(row[0]) for row in await cursor.fetchall()]
    return Counts(sum(written), len(written) - sum(written), len(rows) - len(written))
