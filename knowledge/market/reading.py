"""Reads the rows that the market's figures are made of, already counted: a city of tens of thousands of adverts comes back
as a few hundred rows.

Everything is worked out when asked, not stored with each load: a question about one city costs some milliseconds
(`ix_listings_market` holds all that is read), the figures are as of today's rows, and a load is not slowed by what nobody asks.
Price levels alone stay in `analytics_data`, which the load keeps anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.locale import CURRENCY_OF
from knowledge.listings.areas import AreaRef
from knowledge.market.medians import Group, Interval, median_rank
from knowledge.market.pace import Change, Row
from knowledge.market.trend import assess
from knowledge.series.choice import METRICS
from knowledge.series.periods import period_label

#: Rows of adverts that are up or gone; generated ones never stand beside real ones.
_ROWS = (
    "SELECT {key} AS area_id, status = 'withdrawn' AS gone, first_seen, observed_on, count(*) AS n, bool_or(demo) AS demo"
    " FROM listings WHERE {scope} AND operation = :operation AND status <> 'superseded'"
    " AND (CAST(:type AS text) IS NULL OR property_type = :type) GROUP BY 1, 2, 3, 4"
)
_CHANGES = (
    "SELECT {key} AS area_id, l.price AS now, (array_agg(h.price ORDER BY h.observed_on))[1] AS before"
    " FROM listings l JOIN price_history h ON h.listing_id = l.id"
    " WHERE {scope} AND l.operation = :operation AND l.status = 'active' AND l.price > 0"
    " AND (CAST(:type AS text) IS NULL OR l.property_type = :type)"
    " GROUP BY l.id HAVING bool_and(h.currency = l.currency) AND bool_and(h.price > 0)"
)
_LEVELS = text(
    "SELECT DISTINCT ON (d.area_id, d.operation) d.area_id, a.name, d.operation, d.period, d.listings, d.currency,"
    " d.price_m2_median AS mid, d.price_m2_q1 AS q1, d.price_m2_q3 AS q3, d.source, d.demo"
    " FROM analytics_data d JOIN areas a ON a.id = d.area_id"
    " WHERE a.id = ANY(:ids) AND d.property_type = :type AND d.price_m2_median > 0"
    " ORDER BY d.area_id, d.operation, d.period DESC"
)
_INSIDE = text("SELECT id FROM areas WHERE id LIKE :below AND level = 'neighbourhood'")
_GROWTH = text(
    "SELECT s.area_id, s.frequency, o.period, o.value FROM (SELECT DISTINCT ON (area_id) id, area_id, frequency FROM series"
    " WHERE area_id = ANY(:ids) AND metric = ANY(:metrics) AND segment = 'all' AND demo = :demo"
    " ORDER BY area_id, array_position(CAST(:metrics AS text[]), metric), id) s JOIN observations o ON o.series_id = s.id"
    " WHERE o.period >= :since"
)
_CITIES = text("SELECT id FROM areas WHERE country = :country AND level = 'city' ORDER BY id")
_RANKS = (
    "WITH asked AS MATERIALIZED (SELECT price_per_m2 AS v FROM listings WHERE {scope} AND operation = :operation"
    " AND status = 'active' AND currency = :currency AND price_per_m2 > 0 AND price_per_m2 < 'Infinity'::float8"
    " AND observed_on >= :since AND (CAST(:type AS text) IS NULL OR property_type = :type)) "
)


_COUNTED = "SELECT count(*) FROM asked"
_AT_RANKS = "SELECT percentile_cont(CAST(:shares AS float8[])) WITHIN GROUP (ORDER BY v) FROM asked"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Rows and price changes of a market (a city, or a country by city), and whether any is generated."""

    rows: tuple[Row, ...]
    changes: tuple[Change, ...]
    demo: bool


@dataclass(frozen=True, slots=True)
class Level:
    """The stored median per m2 of one area and operation, of its latest quarter, with its quartiles."""

    area_id: str
    name: str
    operation: str
    period: date
    listings: int
    currency: str
    mid: float
    q1: float
    q3: float
    source: str
    demo: bool

    @property
    def group(self) -> Group:
        return Group(self.mid, self.q1, self.q3, self.listings)

    @property
    def quarter(self) -> str:
        return period_label(self.period, "Q")


async def ledger(session: AsyncSession, market: AreaRef, operation: str, property_type: str | None) -> Ledger:
    """The adverts of a city by neighbourhood, or of a country by city."""
    national = market.level == "country"
    key, scope = ("city_id", "city_id = ANY(:ids)") if national else ("area_id", "city_id = :id")
    values: dict[str, Any] = {"operation": operation, "type": property_type}
    values |= {"ids": await cities(session, market.country)} if national else {"id": market.city_id or market.id}
    rows = (await session.execute(text(_ROWS.format(key=key, scope=scope)), values)).all()
    changed = await session.execute(text(_CHANGES.format(key=f"l.{key}", scope=f"l.{scope}")), values)
    return Ledger(
        tuple(Row(r.area_id, r.first_seen, r.observed_on, r.gone, r.n) for r in rows),
        tuple(Change(c.area_id, c.before, c.now) for c in changed), any(r.demo for r in rows),
    )


async def levels(session: AsyncSession, ids: Sequence[str], property_type: str | None) -> list[Level]:
    """Latest stored medians per m2 of these areas, for sale and for rent."""
    rows = await session.execute(_LEVELS, {"ids": list(ids), "type": property_type or "all"})
    return [Level(**r._mapping) for r in rows]


async def cities(session: AsyncSession, country: str) -> list[str]:
    """The ids of a country's cities."""
    return list((await session.execute(_CITIES, {"country": country})).scalars())


async def growth(
    session: AsyncSession, ids: Sequence[str], operation: str, demo: bool, today: date
) -> dict[str, float]:
    """Growth of prices (or rents) a year in per cent over the last two years of those areas that have a series of their own."""
    measure = "rent" if operation == "rent" else "price"
    points: dict[tuple[str, str], list[tuple[date, float]]] = {}
    rows = await session.execute(_GROWTH, {"ids": list(ids), "metrics": list(METRICS[measure]), "demo": demo,
                                           "since": today.replace(year=today.year - 4, day=1)})
    for r in rows:
        points.setdefault((r.area_id, r.frequency), []).append((r.period, r.value))
    found = {area: assess(some, frequency) for (area, frequency), some in points.items()}
    return {area: trend.yearly for area, trend in found.items() if trend is not None and trend.yearly is not None}


async def neighbourhoods(session: AsyncSession, city_id: str) -> list[str]:
    """The ids of a city's neighbourhoods, wherever in it they stand."""
    return list((await session.execute(_INSIDE, {"below": f"{city_id}/%"})).scalars())


async def median_of(
    session: AsyncSession, area: AreaRef, operation: str, property_type: str | None, since: date, level: float = 0.9
) -> tuple[Interval, int] | None:
    """Median asked per m2 of the adverts seen since a day, with its interval, and how many they are; None where none are.

    The two ranks are read, not the prices: PostgreSQL sorts, one row comes back.
    """
    scope, values = _scope(area)
    if area.level == "country":
        values["ids"] = await cities(session, area.country)
    values |= {"operation": operation, "type": property_type, "since": since, "currency": CURRENCY_OF[area.country]}
    asked = _RANKS.format(scope=scope)
    n = (await session.execute(text(asked + _COUNTED), values)).scalar_one()
    if not n:
        return None
    rank = median_rank(n, level)
    shares = [0.5, (rank - 1) / max(1, n - 1), (n - rank) / max(1, n - 1)] if rank else [0.5]
    found = (await session.execute(
        text(asked + _AT_RANKS),
        values | {"shares": shares},
    )).scalar_one()
    low, high = (found[1], found[2]) if rank else (None, None)
    return Interval(float(found[0]), low, high, level), n


def _scope(area: AreaRef) -> tuple[str, dict[str, Any]]:
    if area.level == "country":
        return "city_id = ANY(:ids)", {}
    if area.level == "city":
        return "city_id = :id", {"id": area.id}
    if area.level == "district":
        return "city_id = :city AND area_id LIKE :below", {"city": area.city_id, "below": f"{area.id}/%"}
    return "city_id = :city AND area_id = :id", {"city": area.city_id, "id": area.id}


def inside(area: AreaRef, keys: Iterable[str]) -> set[str]:
    """Those of a market's areas that make up `area`: itself and what lies in it; all of them for the market itself."""
    if area.level in ("city", "country"):
        return set(keys)
    return {key for key in keys if key == area.id or key.startswith(f"{area.id}/")}
