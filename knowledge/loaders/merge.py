"""Staged listings into `listings` and `price_history`, and which rows a real load retires.

A listing is its (source, external id). Its row holds what was last seen: an observation older than the row only adds to
the price history. When a price changes, the history gets the old price at its date and the new one at its own; the
history has one price per day, so where both fall on one day the old one is put on the day before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import sql

from core.errors import BadInput
from knowledge.loaders.staging import Connection, Counts, Progress, copy, silent, stage_like

#: Columns of `listings` that a load stages, in COPY order; `dated` tells that the file itself dates the row.
STAGED = (
    "source", "external_id", "operation", "property_type", "country", "city_id", "area_id", "project_id", "title",
    "text", "language", "price", "currency", "area_m2", "price_per_m2", "bedrooms", "bathrooms", "floor", "year_built",
    "latitude", "longitude", "features", "attributes", "dwelling_group", "status", "first_seen", "observed_on", "demo",
)
#: What a fingerprint covers: everything a reader sees. The date is compared on its own.
_CONTENT = tuple(name for name in STAGED if name not in ("source", "external_id", "first_seen", "observed_on"))
#: From this many changed rows on, the planner's statistics are refreshed.
_MANY = 2_000


#: Real adverts of a city that take the place of its demo ones; a handful could answer nothing on its own.
ENOUGH_REAL = 25


async def merge_listings(
    connection: Connection, tenant: str, rows: Iterable[Sequence[Any]], total: int, progress: Progress = silent
) -> Counts:
    """Load staged rows (values of `STAGED`, then `dated`). Returns what changed.

    Needs unique (source, external_id) among the rows, and areas that exist.
    """
    await stage_like(connection, "staged_listings", "listings", STAGED)
    await connection.execute("ALTER TABLE staged_listings ADD COLUMN dated boolean")
    await copy(connection, "staged_listings", (*STAGED, "dated"), rows, total=total, progress=progress)
    await connection.execute("ANALYZE staged_listings")
    progress("merge", 0, total)
    content = sql.SQL(", ").join(sql.Identifier("s", name) for name in _CONTENT)
    await connection.execute("DROP TABLE IF EXISTS compared")
    await connection.execute(sql.SQL(
        """
        CREATE TEMP TABLE compared ON COMMIT DROP AS
        SELECT s.*, md5(row({content})::text) AS fingerprint, l.id, l.price AS old_price, l.currency AS old_currency,
               l.observed_on AS old_observed_on,
               (s.dated AND l.observed_on > s.observed_on) IS TRUE AS stale,
               l.fingerprint IS DISTINCT FROM md5(row({content})::text) AS differs
        FROM staged_listings s
        LEFT JOIN listings l ON l.tenant_id = %s AND l.source = s.source AND l.external_id = s.external_id
        """
    ).format(content=content), (tenant,))
    inserted = await _insert(connection, tenant)
    price_changes = await _remember_prices(connection, tenant)
    updated = await _update(connection)
    if inserted + updated >= _MANY:
        await refresh_statistics(connection)
    progress("merge", total, total)
    return Counts(inserted, updated, total - inserted - updated, price_changes)


async def _insert(connection: Connection, tenant: str) -> int:
    columns = sql.SQL(", ").join(map(sql.Identifier, (*STAGED, "fingerprint")))
    cursor = await connection.execute(sql.SQL(
        "INSERT INTO listings (tenant_id, {columns}) SELECT %s, {columns} FROM compared WHERE id IS NULL "
        "ON CONFLICT (tenant_id, source, external_id) DO NOTHING"
    ).format(columns=columns), (tenant,))
    return cursor.rowcount


async def _remember_prices(connection: Connection, tenant: str) -> int:
    """Old and new price of every changed one; the number of changes."""
    await connection.execute(
        """
        INSERT INTO price_history (tenant_id, listing_id, observed_on, price, currency)
        SELECT %(tenant)s, id,
               CASE WHEN observed_on = old_observed_on THEN old_observed_on - 1 ELSE old_observed_on END,
               old_price, old_currency
        FROM compared
        WHERE id IS NOT NULL AND NOT stale AND (price, currency) IS DISTINCT FROM (old_price, old_currency)
        ON CONFLICT (listing_id, observed_on) DO NOTHING
        """, {"tenant": tenant})
    cursor = await connection.execute(
        """
        INSERT INTO price_history (tenant_id, listing_id, observed_on, price, currency)
        SELECT %(tenant)s, id, observed_on, price, currency
        FROM compared
        WHERE id IS NOT NULL AND (price, currency) IS DISTINCT FROM (old_price, old_currency)
        ON CONFLICT (listing_id, observed_on) DO UPDATE SET price = excluded.price, currency = excluded.currency
        WHERE (price_history.price, price_history.currency) IS DISTINCT FROM (excluded.price, excluded.currency)
        """, {"tenant": tenant})
    return cursor.rowcount


async def _update(connection: Connection) -> int:
    changing = [name for name in _CONTENT if name != "status"]
    cursor = await connection.execute(sql.SQL(
        """
        UPDATE listings l SET {sets}, fingerprint = c.fingerprint, status = c.status,
               observed_on = CASE WHEN c.dated OR (c.price, c.currency) IS DISTINCT FROM (c.old_price, c.old_currency)
                             THEN c.observed_on ELSE l.observed_on END
        FROM compared c
        WHERE l.id = c.id AND NOT c.stale AND (c.differs OR (c.dated AND c.observed_on > c.old_observed_on))
        """
    ).format(sets=sql.SQL(", ").join(sql.SQL("{0} = c.{0}").format(sql.Identifier(name)) for name in changing)))
    earlier = await connection.execute(
        "UPDATE listings l SET first_seen = c.observed_on FROM compared c "
        "WHERE l.id = c.id AND c.stale AND c.observed_on < l.first_seen")
    return cursor.rowcount + earlier.rowcount


#: A complete file that would withdraw more than this share of at least so many listings is taken for one that is not.
MOST_WITHDRAWN, FEW = 0.5, 20


async def withdraw_missing(connection: Connection, tenant: str, named: Iterable[Sequence[Any]]) -> tuple[int, set[str]]:
    """Withdraw the active listings that a complete file no longer names: how many, and of which cities.

    `named` are (source, external id) of all its rows; `staged_listings` must still hold the accepted ones. Only sources, cities
    and operations that the file speaks of are concerned, and only listings seen before its newest row. A withdrawn listing
    keeps the day it was last seen, and forgets its fingerprint, so that it comes back as it was when a file names it again.
    Raises `BadInput` where more than half would go.
    """
    await connection.execute("CREATE TEMP TABLE named (source text, external_id text) ON COMMIT DROP")
    await copy(connection, "named", ("source", "external_id"), named)
    await connection.execute(
        """
        CREATE TEMP TABLE concerned ON COMMIT DROP AS
        SELECT l.id, l.observed_on < (SELECT max(observed_on) FROM staged_listings) AS older,
               NOT EXISTS (SELECT FROM named n WHERE n.source = l.source AND n.external_id = l.external_id) AS missing
        FROM listings l
        WHERE l.tenant_id = %s AND l.status = 'active'
          AND (l.source, l.city_id, l.operation) IN (SELECT DISTINCT source, city_id, operation FROM staged_listings)
        """, (tenant,))
    cursor = await connection.execute("SELECT count(*), count(*) FILTER (WHERE missing) FROM concerned")
    row = await cursor.fetchone()
    assert row is not None
    active, missing = row
    if active >= FEW and missing > MOST_WITHDRAWN * active:
        raise BadInput(
            f"This file would withdraw {missing} of {active} active listings of its source; expected at most half of a"
            " complete file's. Load it without --complete, or check that it holds all.",
            f"Este archivo retiraría {missing} de {active} anuncios activos de su fuente; de uno completo se esperaba como"
            " mucho la mitad. Cárguelo sin --complete o revise que esté entero.",
        )
    cursor = await connection.execute(
        "UPDATE listings l SET status = 'withdrawn', fingerprint = '' FROM concerned c"
        " WHERE l.id = c.id AND c.missing AND c.older RETURNING l.city_id")
    cities = [found[0] for found in await cursor.fetchall()]
    return len(cities), set(cities)


async def refresh_statistics(connection: Connection) -> None:
    """ANALYZE what was loaded, as the connecting user: the row-only role may not, and plans would be blind."""
    cursor = await connection.execute("SELECT current_user")
    row = await cursor.fetchone()
    assert row is not None
    await connection.execute("SET LOCAL ROLE NONE")
    await connection.execute("ANALYZE listings, areas")
    await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(row[0])))


async def supersede_demo(connection: Connection, tenant: str) -> set[str]:
    """Retire demo listings where enough real ones of the same city and operation are active; the cities touched.

    The only place that does it: every load of listings, real or demo, ends here.
    """
    cursor = await connection.execute(
        """
        UPDATE listings d SET status = 'superseded'
        WHERE d.tenant_id = %(tenant)s AND d.demo AND d.status <> 'superseded' AND (d.city_id, d.operation) IN (
          SELECT r.city_id, r.operation FROM listings r
          WHERE r.tenant_id = %(tenant)s AND NOT r.demo AND r.status = 'active'
          GROUP BY r.city_id, r.operation HAVING count(*) >= %(enough)s)
        RETURNING d.city_id
        """, {"tenant": tenant, "enough": ENOUGH_REAL})
    return {row[0] for row in await cursor.fetchall()}
