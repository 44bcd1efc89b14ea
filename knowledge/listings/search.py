"""Listing search: structured filters in SQL, over partial indexes of active rows.

A wish for meaning ("luminoso, cerca del parque") is ranked by Chroma over the rows that pass the filters; that is the
tool's part. Filters here never guess: an unknown city raises nothing and finds nothing, the tool says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.scope import Scope
from knowledge.listings.areas import find_city, find_neighbourhood

Order = Literal["newest", "cheapest", "dearest", "cheapest_per_m2", "largest"]
_ORDERS: dict[Order, str] = {
    "newest": "l.observed_on DESC, l.id",
    "cheapest": "l.price, l.id",
    "dearest": "l.price DESC, l.id",
    "cheapest_per_m2": "l.price_per_m2 NULLS LAST, l.id",
    "largest": "l.area_m2 DESC NULLS LAST, l.id",
}
_COLUMNS = (
    "l.id, l.source, l.external_id, l.operation, l.property_type, l.country, l.city_id, l.area_id, l.title, l.text,"
    " l.language, l.price, l.currency, l.area_m2, l.price_per_m2, l.bedrooms, l.bathrooms, l.floor, l.year_built,"
    " l.latitude, l.longitude, l.features, l.attributes, l.dwelling_group, l.observed_on, l.first_seen, l.demo,"
    " a.name AS area, c.name AS city"
)
_FROM = "FROM listings l JOIN areas a ON a.id = l.area_id JOIN areas c ON c.id = l.city_id"


#: How many pages are looked through, for adverts in the reader's language and of different dwellings.
_SPARE = 4


@dataclass(frozen=True, slots=True)
class Filters:
    """What the investor wants. Prices in `currency` of the listing; `operation` is sale or rent; names as written.
    `lacking`: features that an advert may not tell of. `without`: neighbourhoods left out; one that is not known leaves
    nothing out.
    """

    country: str | None = None
    city: str | None = None
    neighbourhood: str | None = None
    operation: str | None = "sale"
    property_type: str | None = None
    price_min: float | None = None
    price_max: float | None = None
    area_min: float | None = None
    area_max: float | None = None
    bedrooms_min: int | None = None
    bedrooms_max: int | None = None
    bathrooms_min: int | None = None
    features: Sequence[str] = ()
    lacking: Sequence[str] = ()
    without: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A listing as found."""

    id: int
    source: str
    external_id: str
    operation: str
    property_type: str
    country: str
    city_id: str
    area_id: str
    title: str
    text: str
    language: str
    price: float
    currency: str
    area_m2: float | None
    price_per_m2: float | None
    bedrooms: int | None
    bathrooms: int | None
    floor: int | None
    year_built: int | None
    latitude: float | None
    longitude: float | None
    features: list[str]
    attributes: dict[str, Any]
    dwelling_group: str | None
    observed_on: date
    first_seen: date
    demo: bool
    area: str
    city: str

    @property
    def place(self) -> str:
        return f"{self.area}, {self.city}" if self.area != self.city else self.city


@dataclass(frozen=True, slots=True)
class Found:
    """The page of rows asked for, how many pass the filters in all, whether the place is one we have, and the day of the
    newest advert that passes."""

    rows: list[Row]
    total: int
    place_known: bool
    newest: date | None = None


async def search(
    database: Database, scope: Scope, filters: Filters, *, limit: int = 6, order: Order = "newest",
    language: str | None = None,
) -> Found:
    """The first `limit` listings that pass, and how many pass in all.

    Among the newest, those written in `language` come first: of many recent adverts a reader wants the readable ones.
    """
    async with database.session(scope) as session:
        return await search_in(session, filters, limit=limit, order=order, language=language)


async def search_in(
    session: AsyncSession, filters: Filters, *, limit: int, order: Order = "newest", language: str | None = None
) -> Found:
    conditions = await conditions_of(session, filters)
    if conditions is None:
        return Found([], 0, place_known=False)
    where, values = conditions
    counted = await session.execute(text(f"SELECT count(*) FROM listings l WHERE {where}"), values)  # noqa: S608
    total = int(counted.scalar_one())
    ids = await session.execute(
        text(f"SELECT l.id FROM listings l WHERE {where} ORDER BY {_ORDERS[order]} LIMIT :limit"),  # noqa: S608
        {**values, "limit": limit * _SPARE},
    )
    rows = await by_ids(session, list(ids.scalars())) if total else []
    if order == "newest":
        newest = rows[0].observed_on if rows else None
        rows.sort(key=lambda row: language is not None and row.language != language)
    else:
        day = f"SELECT l.observed_on FROM listings l WHERE {where} ORDER BY {_ORDERS['newest']} LIMIT 1"  # noqa: S608
        newest = (await session.execute(text(day), values)).scalar()
    return Found(one_each(rows)[:limit], total, place_known=True, newest=newest)


def one_each(rows: Sequence[Row]) -> list[Row]:
    """The first advert of each dwelling: portals carry some dwellings several times."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row.dwelling_group or f"advert {row.id}", row)
    return list(found.values())


async def conditions_of(session: AsyncSession, filters: Filters) -> tuple[str, dict[str, Any]] | None:
    """WHERE clause (own text only) and its parameters; None where the named place is not one of ours."""
    parts = ["l.status = 'active'"]
    values: dict[str, Any] = {}

    def add(clause: str, **given: Any) -> None:
        parts.append(clause)
        values.update(given)

    city = None
    if filters.city is not None:
        city = await find_city(session, filters.city, filters.country)
        if city is None:
            return None
        add("l.city_id = :city", city=city.id)
    if filters.neighbourhood is not None:
        area = await find_neighbourhood(
            session, filters.neighbourhood, city.id if city else None, filters.country
        )
        if area is None:
            return None
        add("l.area_id = :area", area=area.id)
    refused = [await find_neighbourhood(session, name, city.id if city else None, filters.country) for name in filters.without]
    if ids := [area.id for area in refused if area is not None]:
        add("l.area_id <> ALL(:without)", without=ids)
    for clause, name, value in (
        ("l.country = :country", "country", filters.country),
        ("l.operation = :operation", "operation", filters.operation),
        ("l.property_type = :property_type", "property_type", filters.property_type),
        ("l.price >= :price_min", "price_min", filters.price_min),
        ("l.price <= :price_max", "price_max", filters.price_max),
        ("l.area_m2 >= :area_min", "area_min", filters.area_min),
        ("l.area_m2 <= :area_max", "area_max", filters.area_max),
        ("l.bedrooms >= :bedrooms_min", "bedrooms_min", filters.bedrooms_min),
        ("l.bedrooms <= :bedrooms_max", "bedrooms_max", filters.bedrooms_max),
        ("l.bathrooms >= :bathrooms_min", "bathrooms_min", filters.bathrooms_min),
    ):
        if value is not None:
            add(clause, **{name: value})
    if filters.features:
        add("l.features @> CAST(:features AS jsonb)", features=json.dumps(sorted(filters.features)))
    if filters.lacking:
        add("NOT jsonb_exists_any(l.features, :lacking)", lacking=sorted(filters.lacking))
    return " AND ".join(parts), values


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> list[Row]:
    """Listings by id in the order given, of any status; those that do not exist are left out."""
    rows = await session.execute(
        text(f"SELECT {_COLUMNS} {_FROM} WHERE l.id = ANY(:ids)"), {"ids": list(ids)}
    )
    found = {row.id: Row(**row._mapping) for row in rows}
    return [found[i] for i in ids if i in found]


async def passing(session: AsyncSession, filters: Filters, ids: Sequence[int]) -> set[int]:
    """Those of `ids` that pass the filters."""
    conditions = await conditions_of(session, filters)
    if conditions is None or not ids:
        return set()
    where, values = conditions
    rows = await session.execute(
        text(f"SELECT l.id FROM listings l WHERE {where} AND l.id = ANY(:ids)"), {**values, "ids": list(ids)}  # noqa: S608
    )
    return set(rows.scalars())


async def price_history(session: AsyncSession, listing_id: int) -> list[tuple[date, float, str]]:
    """Earlier asking prices of a listing, oldest first: (day, price, currency)."""
    rows = await session.execute(
        text("SELECT observed_on, price, currency FROM price_history WHERE listing_id = :id ORDER BY observed_on"),
        {"id": listing_id},
    )
    return [(row.observed_on, row.price, row.currency) for row in rows]
