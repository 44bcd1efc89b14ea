"""Adverts that may be compared with a property: the few hundred nearest in place and size, for ranking in Python.

The order in SQL is the rank's own scale of place and size (`knowledge/valuation/comparables.py`), so that what the
limit cuts off could hardly have come first.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.listings.search import Row, by_ids

MOST = 400
#: Candidates have between these shares of the subject's floor area.
SMALLEST, LARGEST = 0.6, 1.6
_FAR = "CASE WHEN l.area_id = :area_id THEN 0.2 ELSE 1.6 END"
_KILOMETRES = "sqrt(power((l.latitude - :latitude) * 110.57, 2) + power((l.longitude - :longitude) * :east, 2))"
_CANDIDATES = (
    "SELECT l.id FROM listings l WHERE l.status = 'active' AND l.operation = 'sale' AND l.city_id = :city_id"
    " AND l.property_type = :property_type AND l.currency = :currency AND l.id <> :own"
    " AND l.area_m2 BETWEEN :low AND :high"
    " ORDER BY {place} + abs(ln(l.area_m2 / :area)) / 0.25, l.id LIMIT :most"
)
_TYPES = text(
    "SELECT DISTINCT city_id, property_type FROM listings"
    " WHERE status = 'active' AND operation = 'sale' AND city_id = ANY(:cities)"
)


async def candidates(session: AsyncSession, subject: Mapping[str, Any], *, limit: int = MOST) -> list[Row]:
    """Active adverts for sale in the subject's city, of its type, currency and about its size, nearest first.

    `subject` has the names of the `listings` columns: `city_id`, `property_type`, `currency` and `area_m2` (m2) at
    least; `id` leaves that advert out; `latitude` and `longitude` (degrees) or `area_id` say what is near.
    """
    located = subject.get("latitude") is not None and subject.get("longitude") is not None
    area = float(subject["area_m2"])
    values: dict[str, Any] = {
        "city_id": subject["city_id"], "property_type": subject["property_type"], "currency": subject["currency"],
        "own": subject.get("id") or 0, "area": area, "low": SMALLEST * area, "high": LARGEST * area, "most": limit,
        "area_id": subject.get("area_id") or subject["city_id"],
    }
    place = _FAR
    if located:
        place = f"coalesce({_KILOMETRES} / 0.5, {_FAR})"
        values |= {
            "latitude": subject["latitude"], "longitude": subject["longitude"],
            "east": 111.32 * math.cos(math.radians(float(subject["latitude"]))),
        }
    ids = (await session.execute(text(_CANDIDATES.format(place=place)), values)).scalars()
    return await by_ids(session, list(ids))


async def types_for_sale(session: AsyncSession, cities: Collection[str]) -> dict[str, set[str]]:
    """City id -> the property types that are for sale there in our data; cities without adverts are not in it."""
    found: dict[str, set[str]] = {}
    for row in await session.execute(_TYPES, {"cities": sorted(cities)}):
        found.setdefault(row.city_id, set()).add(row.property_type)
    return found
