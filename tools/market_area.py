"""Which area a question about a market is of, and which market it is measured in: its city, or the country for a city."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.locale import Language, country_name
from knowledge.listings.areas import AreaRef, find_city
from tools.context import Runtime
from tools.named_areas import Named, named_area

_COUNTRY = text("SELECT id, level, country, name, latitude, longitude, demo FROM areas WHERE id = :id")


@dataclass(frozen=True, slots=True)
class MarketArea:
    """`area` as asked, or the nearest in name (`exact` false); `city` it lies in; `country` as an area of its own."""

    area: AreaRef
    exact: bool
    others: tuple[str, ...]
    city: AreaRef | None
    country: AreaRef

    @property
    def market(self) -> AreaRef:
        """What its rows are read from: the city, or the country for a country."""
        return self.city or self.country


def asked(runtime: Runtime, country: str | None, city: str | None, neighbourhood: str | None) -> str:
    """The place in words, as it was asked for."""
    named = ", ".join(name for name in (neighbourhood, city) if name)
    return named or country_name(country, runtime.context.locale.language)


async def market_area(
    session: AsyncSession, runtime: Runtime, country: str | None, city: str | None, neighbourhood: str | None
) -> MarketArea | None:
    """The area of the names, the country where no city is named; None where nothing of that name is known."""
    code = country.upper() if country else None
    language = runtime.context.locale.language
    if not city and not neighbourhood:
        nation = await _country(session, code, language)
        return MarketArea(nation, True, (), None, nation) if nation else None
    named = await named_area(session, code, city, neighbourhood)
    if named.area is None and neighbourhood and city:
        named = Named(await find_city(session, city, code), exact=False)
    area = named.area
    nation = await _country(session, area.country, language) if area else None
    if area is None or nation is None:
        return None
    town = area if area.level == "city" else await find_city(session, area.city or "", area.country)
    return MarketArea(area, named.exact, named.others, town, nation)


async def _country(session: AsyncSession, code: str | None, language: Language) -> AreaRef | None:
    if code is None:
        return None
    row = (await session.execute(_COUNTRY, {"id": code.lower()})).first()
    if row is None:
        return None
    return replace(AreaRef(**row._mapping, city_id=None, city=None), name=country_name(code, language))
