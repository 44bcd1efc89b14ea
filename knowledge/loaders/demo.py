"""The generated portfolio into the database, through the same staging as real files, in one transaction.

Demo rows never replace real ones: a real area keeps its values, and demo listings of a city and operation that real
listings cover are superseded on arrival.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from core.clock import monotonic
from core.database import Database
from core.scope import Scope
from knowledge.loaders import analytics, merge, series
from knowledge.loaders.ingest import LoadResult, recorded_load
from knowledge.loaders.staging import (
    Connection,
    Counts,
    Progress,
    copy,
    known_places,
    merge_areas,
    silent,
    stage_like,
    upsert,
)

NAME = "demo"
Row = Mapping[str, Any]


class Portfolio(Protocol):
    """Rows by table, keyed by column name, without `tenant_id`; `price_history` names its listing by `external_id`."""

    @property
    def areas(self) -> Sequence[Row]: ...
    @property
    def project_owners(self) -> Sequence[Row]: ...
    @property
    def projects(self) -> Sequence[Row]: ...
    @property
    def listings(self) -> Sequence[Row]: ...
    @property
    def withdrawn(self) -> Sequence[Row]: ...
    @property
    def price_history(self) -> Sequence[Row]: ...
    @property
    def series(self) -> Sequence[Row]: ...
    @property
    def observations(self) -> Sequence[Row]: ...
    @property
    def documents(self) -> Sequence[Row]: ...


async def load_demo(
    database: Database, scope: Scope, portfolio: Portfolio, progress: Progress | None = None
) -> LoadResult:
    """Load the portfolio; again changes nothing. The counts are those of its listings. Errors as `ingest_file`."""
    started = monotonic()
    report = progress or silent
    async with recorded_load(database, scope, NAME, NAME, _digest([*portfolio.listings, *portfolio.withdrawn])) as load:
        connection, tenant = load.connection, scope.tenant
        created = await merge_areas(connection, portfolio.areas)
        for table, rows in (("project_owners", portfolio.project_owners), ("projects", portfolio.projects)):
            await upsert(connection, table, _owned(tenant, rows), ("id",), stage=table, progress=report)
        listings = [*portfolio.listings, *portfolio.withdrawn]  # those that left come last: ids of the others stay
        counts = await merge.merge_listings(connection, tenant, _staged(listings), len(listings), report)
        history = await _write_history(connection, tenant, portfolio)
        await upsert(connection, "series", portfolio.series, ("id",), stage="series", progress=report)
        await upsert(connection, "observations", portfolio.observations, ("series_id", "period"),
                     stage="observations", progress=report)
        documents = [{"fingerprint": _digest(row), **row} for row in portfolio.documents]
        await upsert(connection, "documents", _owned(tenant, documents), ("id",), stage="documents", progress=report)
        cities = {row["city_id"] for row in listings} | await merge.supersede_demo(connection, tenant)
        if created.inserted:
            await series.link_later(connection, await known_places(connection))
        report("analytics", 0, 1)
        await analytics.refresh_analytics(connection, tenant, cities)
        report("analytics", 1, 1)
        total = Counts(counts.inserted, counts.updated, counts.unchanged, counts.price_changes + history)
        result = LoadResult(
            file=NAME, mapping=NAME, rows=len(listings), **total._asdict(), quarantined=0,
            seconds=round(monotonic() - started, 3), areas_created=created.inserted,
        )
        await load.finish(result, source=NAME, attribution="")
    return result


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _owned(tenant: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [{"tenant_id": tenant, **row} for row in rows]


def _staged(rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    return ((*(row[name] for name in merge.STAGED), True) for row in rows)


async def _write_history(connection: Connection, tenant: str, portfolio: Portfolio) -> int:
    """Earlier prices, and the present one of every listing that has any; the number of new entries."""
    listings = {row["external_id"]: row for row in portfolio.listings}
    named = {row["external_id"] for row in portfolio.price_history}
    columns = ("observed_on", "price", "currency")
    await stage_like(connection, "staged_prices", "price_history", columns)
    await connection.execute("ALTER TABLE staged_prices ADD COLUMN source text, ADD COLUMN external_id text")
    present = [listings[external_id] for external_id in sorted(named)]
    await copy(connection, "staged_prices", (*columns, "source", "external_id"), (
        (*(row[name] for name in columns), listings[row["external_id"]]["source"], row["external_id"])
        for row in (*portfolio.price_history, *present)
    ), stage="price_history")
    cursor = await connection.execute(
        """
        INSERT INTO price_history (tenant_id, listing_id, observed_on, price, currency)
        SELECT l.tenant_id, l.id, s.observed_on, s.price, s.currency
        FROM staged_prices s
        JOIN listings l ON l.tenant_id = %s AND l.source = s.source AND l.external_id = s.external_id
        ON CONFLICT (listing_id, observed_on) DO NOTHING
        """, (tenant,))
    return cursor.rowcount
