"""Reads what stands around a place: adverts with their distance, and developments with their units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.distance import kilometres
from knowledge.market.competition import box
from knowledge.understanding.text import fold

#: A city farther away than this (km) is not the one a point lies in.
_CITY_REACH = 60.0
_NEAR = text(
    "SELECT id, property_type, price_per_m2, area_m2, latitude, longitude, demo, currency FROM listings"
    " WHERE city_id = ANY(:cities) AND operation = :operation AND status <> 'superseded' AND status = 'active'"
    " AND latitude BETWEEN :south AND :north AND longitude BETWEEN :west AND :east"
)
_PROJECTS = text(
    "SELECT p.id, p.name, p.stage, p.units, p.units_available, p.delivery_on, p.price_from, p.currency, p.latitude,"
    " p.longitude, p.attributes, p.demo, p.area_id, p.source, o.name AS owner, a.name AS area, a.country,"
    " coalesce((SELECT c.id FROM areas c WHERE c.level = 'city' AND (p.area_id = c.id OR p.area_id LIKE c.id || '/%')"
    " LIMIT 1), p.area_id) AS city_id FROM projects p JOIN project_owners o ON o.id = p.owner_id"
    " JOIN areas a ON a.id = p.area_id"
)
_BOX = " WHERE p.latitude BETWEEN :south AND :north AND p.longitude BETWEEN :west AND :east"
_CITIES = text("SELECT id, latitude, longitude FROM areas WHERE level = 'city' AND latitude IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Near:
    """An advert within the radius; `km` from the point."""

    id: int
    property_type: str
    price_per_m2: float | None
    area_m2: float | None
    currency: str
    demo: bool
    km: float


@dataclass(frozen=True, slots=True)
class Development:
    """A project. `smallest` is its smallest home in m2 where told; `km` from the point asked about (0 for itself)."""

    id: str
    name: str
    owner: str
    area: str
    area_id: str
    city_id: str
    country: str
    stage: str
    units: int
    available: int
    delivery_on: date | None
    price_from: float | None
    currency: str
    smallest: float | None
    latitude: float | None
    longitude: float | None
    source: str
    demo: bool
    km: float = 0.0


async def adverts_around(
    session: AsyncSession, latitude: float, longitude: float, km: float, operation: str, cities: Sequence[str]
) -> list[Near]:
    """Active adverts of these cities within `km`, nearest first."""
    south, north, west, east = box(latitude, longitude, km)
    rows = await session.execute(_NEAR, {"cities": list(cities), "operation": operation, "south": south, "north": north,
                                         "west": west, "east": east})
    found = [
        Near(r.id, r.property_type, r.price_per_m2, r.area_m2, r.currency, r.demo, far)
        for r, far in _from(latitude, longitude, rows.all())
    ]
    return sorted((n for n in found if n.km <= km), key=lambda n: (n.km, n.id))


async def developments_around(session: AsyncSession, latitude: float, longitude: float, km: float) -> list[Development]:
    """Projects within `km`, nearest first."""
    south, north, west, east = box(latitude, longitude, km)
    rows = await session.execute(text(_PROJECTS.text + _BOX), {"south": south, "north": north, "west": west, "east": east})
    found = [_development(r, far) for r, far in _from(latitude, longitude, rows.all())]
    return sorted((d for d in found if d.km <= km), key=lambda d: (d.km, d.id))


async def development_named(session: AsyncSession, words: str) -> Development | None:
    """The project whose name stands in these words; the longest where several do."""
    said = f" {fold(words)} "
    found = [d for d in map(_development, await session.execute(_PROJECTS)) if f" {fold(d.name)} " in said]
    return max(found, key=lambda d: len(d.name), default=None)


async def cities_near(session: AsyncSession, latitude: float, longitude: float) -> list[str]:
    """Cities that a point may lie in, nearest first."""
    rows = (await session.execute(_CITIES)).all()
    found = [(far, r.id) for r, far in _from(latitude, longitude, rows)]
    return [id_ for km, id_ in sorted(found) if km <= _CITY_REACH]


def _from(latitude: float, longitude: float, rows: Sequence[Row[Any]]) -> Iterator[tuple[Row[Any], float]]:
    """Each row with its distance in km."""
    far = kilometres(latitude, longitude, [r.latitude for r in rows], [r.longitude for r in rows])
    return zip(rows, far.tolist(), strict=True)


def _development(row: object, km: float = 0.0) -> Development:
    r: dict[str, object] = dict(row._mapping)  # type: ignore[attr-defined]
    attributes = r.pop("attributes") or {}
    smallest = attributes.get("area_from_m2") if isinstance(attributes, dict) else None
    available = r.pop("units_available")
    return Development(**r, available=available, km=km,  # type: ignore[arg-type]
                       smallest=float(smallest) if isinstance(smallest, (int, float)) and smallest > 0 else None)
