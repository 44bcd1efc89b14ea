"""The area that a person means by a name: the area itself, or the one nearest in name where only its parts are known.

People name districts ("Gràcia", "Eixample") and the data knows their neighbourhoods ("Vila de Gràcia"), or the other way
round. What stands in is never silent: a `Named` says whether the area is the one asked for, and which others there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.listings.areas import AreaRef, find_city, find_neighbourhood
from knowledge.understanding.text import fold

_INSIDE = text(
    "SELECT a.id, a.level, a.country, a.name, a.latitude, a.longitude, a.demo,"
    " (SELECT max(d.listings) FROM analytics_data d WHERE d.area_id = a.id) AS listings"
    " FROM areas a WHERE a.level IN ('district', 'neighbourhood') AND a.id LIKE :below"
)
_UNLINKED = text(
    "SELECT DISTINCT region, country FROM series WHERE area_id IS NULL AND metric = 'rent' AND region <> ''"
    " AND (CAST(:country AS text) IS NULL OR country = :country)"
)
#: Words that do not tell one place of a city from another.
_COMMON = frozenset(
    (
        "l d el la los las les els en i y e de del da do the barrio barri colonia zona sector distrito centro "
        "norte sur este oeste oriente occidente poniente san santa sant villa nueva nuevo ciudad residencial "
        "parque puerta"
    ).split()
)
_LINKING = frozenset(["l", "d", "el", "la", "los", "las", "les", "els", "en", "i", "y", "e", "de", "del", "the"])


@dataclass(frozen=True, slots=True)
class Named:
    """`area` is None where nothing of that name is known; `others` are further areas that carry the name."""

    area: AreaRef | None
    exact: bool = True
    others: tuple[str, ...] = ()


async def named_area(
    session: AsyncSession, country: str | None, city: str | None, neighbourhood: str | None
) -> Named:
    """The area of a name; a name that several cities share, and no city given, is none of them."""
    town = await find_city(session, city, country) if city else None
    if not neighbourhood:
        if town is None and city:  # a district named as if it were a city
            return Named(await find_neighbourhood(session, city, None, country))
        return Named(town)
    if city and town is None:
        return Named(None)
    found = await find_neighbourhood(session, neighbourhood, town.id if town else None, country)
    if town is None:
        rows = await session.execute(_INSIDE, {"below": f"{country.lower() if country else ''}%/%"})
        cities = {row.id.rsplit("/", row.id.count("/") - 1)[0] for row in rows if _words(row.name) == _words(neighbourhood)}
        return Named(found if len(cities) == 1 else None)
    if found is not None:
        return Named(found)
    return _nearest(await session.execute(_INSIDE, {"below": f"{town.id}/%"}), neighbourhood, town)


def _nearest(rows: Any, name: str, town: AreaRef) -> Named:
    """The area with fewest words more (or less) than the name, of those the one with most adverts."""
    asked = _words(name)
    if not asked - _COMMON:
        return Named(None)
    ranked = sorted(
        (len(asked ^ words), -(row.listings or 0), row.name, row)
        for row in rows
        if (words := _words(row.name)) >= asked or (words <= asked and words - _COMMON)
    )
    if not ranked:
        return Named(None)
    row = ranked[0][3]
    area = AreaRef(row.id, row.level, row.country, row.name, town.id, town.name, row.latitude, row.longitude, row.demo)
    return Named(area, not ranked[0][0], tuple(name for _, _, name, _ in ranked[1:]))


def _words(name: str) -> frozenset[str]:
    return frozenset(re.split(r"[^a-z0-9]+", fold(name))) - _LINKING - {""}


async def unlinked_region(session: AsyncSession, country: str | None, city: str) -> tuple[str, str] | None:
    """(region, country) of a published rent whose place has no adverts: "Hospitalet de Llobregat, l'" for l'Hospitalet."""
    rows = (await session.execute(_UNLINKED, {"country": country})).all()
    found = [(row.region, row.country) for row in rows if _words(row.region) == _words(city)]
    return found[0] if len(found) == 1 else None


def plain_name(region: str) -> str:
    """"Hospitalet de Llobregat, l'" as people write it: "l'Hospitalet de Llobregat"."""
    name, comma, article = region.rpartition(", ")
    return f"{article}{'' if article.endswith(chr(39)) else ' '}{name}" if comma else region
