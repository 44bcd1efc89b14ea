"""From a place as people name it to a row of `areas`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.understanding.gazetteer import default_places
from knowledge.understanding.text import fold


@dataclass(frozen=True, slots=True)
class AreaRef:
    """An area with its city (itself, for a city)."""

    id: str
    level: str
    country: str
    name: str
    city_id: str | None
    city: str | None
    latitude: float | None
    longitude: float | None
    demo: bool

    @property
    def place(self) -> str:
        """`la Vila de Gràcia, Barcelona`."""
        return f"{self.name}, {self.city}" if self.city and self.city != self.name else self.name


_FIND = text(
    """
    SELECT a.id, a.level, a.country, a.name, a.latitude, a.longitude, a.demo,
           CASE WHEN a.level = 'city' THEN a.id WHEN p.level = 'city' THEN p.id ELSE g.id END AS city_id,
           CASE WHEN a.level = 'city' THEN a.name WHEN p.level = 'city' THEN p.name ELSE g.name END AS city
    FROM areas a LEFT JOIN areas p ON p.id = a.parent_id LEFT JOIN areas g ON g.id = p.parent_id
    WHERE a.name_folded = ANY(:names) AND a.level = ANY(:levels)
      AND (CAST(:country AS text) IS NULL OR a.country = :country)
    ORDER BY a.population DESC NULLS LAST, a.id
    """
)
_ARTICLES = ("la ", "el ", "los ", "las ", "l ", "the ")


def _spellings(name: str) -> list[str]:
    folded = fold(name)
    bare = next((folded.removeprefix(a) for a in _ARTICLES if folded.startswith(a)), folded)
    return list(dict.fromkeys([folded, bare, *(a + bare for a in _ARTICLES)]))


async def find_city(session: AsyncSession, name: str, country: str | None) -> AreaRef | None:
    """The largest city of that name, in the country if one is given; None where we have no such area."""
    rows = await session.execute(_FIND, {"names": _spellings(name), "levels": ["city"], "country": country})
    row = rows.first()
    return AreaRef(**row._mapping) if row else None


async def find_neighbourhood(
    session: AsyncSession, name: str, city_id: str | None, country: str | None
) -> AreaRef | None:
    """A neighbourhood or district by any of its names, within a city if one is given; the name as said comes first."""
    said = _spellings(name)
    names = list(said)
    names += [s for other in default_places().spellings(name) for s in _spellings(other) if s not in names]
    rows = await session.execute(
        _FIND, {"names": names, "levels": ["neighbourhood", "district"], "country": country}
    )
    found = [AreaRef(**row._mapping) for row in rows]
    if city_id is not None:
        found = [area for area in found if area.city_id == city_id]
    return next((area for area in found if fold(area.name) in said), found[0] if found else None)
