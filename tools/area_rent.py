"""What an area's adverts and statistics say about rents, where the investor gave none: an estimate, never a quote.

Measured figures come before demo ones, the area itself before the city around it, the property type before all types.
A yield of the area is only formed from a rent and a price of about the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from langchain.tools import tool
from sqlalchemy import bindparam, text

from core.errors import BadInput
from core.facts import Fact, Source
from knowledge.understanding.text import fold
from tools.context import Runtime
from tools.listing_figures import listing_figures
from tools.provenance import settle
from tools.result import Content, ToolResult

#: A rent and a price further apart than this make no yield.
SAME_TIME_DAYS = 400
_AREAS = text(
    "SELECT id, level, name, country FROM areas WHERE name_folded IN :names"
).bindparams(bindparam("names", expanding=True))
_AGGREGATES = text(
    "SELECT d.area_id, a.name, d.operation, d.property_type, d.period, d.listings, d.currency, d.price_m2_median AS mid,"
    " d.price_m2_q1 AS low, d.price_m2_q3 AS high, d.source, d.demo"
    " FROM analytics_data d JOIN areas a ON a.id = d.area_id"
    " WHERE d.area_id IN :chain AND d.property_type IN :types AND d.price_m2_median > 0"
).bindparams(bindparam("chain", expanding=True), bindparam("types", expanding=True))
_SERIES = text(
    "SELECT s.id, s.area_id, a.name, s.currency, s.attribution, s.demo, s.frequency, o.period, o.value"
    " FROM series s JOIN areas a ON a.id = s.area_id JOIN observations o ON o.series_id = s.id"
    " WHERE s.area_id IN :chain AND s.metric = 'rent_m2' AND o.value > 0"
).bindparams(bindparam("chain", expanding=True))


@dataclass(frozen=True, slots=True)
class Level:
    """A median (or published mean) per m2 of one area, operation and period; `count` None for a published statistic."""

    area_id: str
    name: str
    rent: bool
    property_type: str
    period: date
    mid: float
    low: float | None
    high: float | None
    currency: str | None
    count: int | None
    source: Source

    @property
    def as_of(self) -> str:
        return f"{self.period.year}-Q{(self.period.month - 1) // 3 + 1}"


@tool(response_format="content_and_artifact")
async def area_rent(
    runtime: Runtime, country: str | None = None, city: str | None = None, neighbourhood: str | None = None,
    property_type: str | None = None, area_m2: float | None = None, listing_id: int | None = None,
) -> Content:
    """Rent per m2 of an area, and what a property of area_m2 would rent for: an estimate from adverts or statistics.

    Use it only where the investor gave no rent (or no price, with a rent). Name the place as the investor did, or give
    listing_id alone. property_type: apartment, house, studio, office, retail, land, warehouse, building or room.
    area_m2: size in m2; without it only figures per m2 come back. Also returns the area's gross yield where rents and
    prices of the same time are known. Always say that these are estimates, from which area and of which date.
    """
    from knowledge.finance import checks

    if area_m2 is not None:
        checks.amount("area_m2", area_m2)
    result = ToolResult()
    given: dict[str, Fact] = {}
    if listing_id is not None:
        listing = await listing_figures(runtime, listing_id)
        chain, property_type = _chain(listing.area_id), listing.property_type
        given = {"area_m2": listing.facts["area_m2"]} if "area_m2" in listing.facts else {}
        area_m2 = listing.value("area_m2") or area_m2
        place = f"{listing.title}"
    else:
        place = ", ".join(name for name in (neighbourhood, city) if name)
        if not place:
            raise BadInput("Name a city or a neighbourhood to look up its rents.",
                           "Nombre una ciudad o un barrio para buscar sus rentas.")
        chain = await _find(runtime, country, city, neighbourhood)
    levels = await _levels(runtime, chain, property_type)
    rent = _best([lv for lv in levels if lv.rent], chain, property_type)
    price = _best([lv for lv in levels if not lv.rent], chain, property_type, like=rent)
    result.data = {"place": place, "rent_m2": None, "price_m2": None, "estimated_rent": None, "estimated_price": None,
                   "area_yield": None, "count": None, "as_of": None, "area": None, "type_is_exact": False,
                   "area_is_exact": False, "area_m2": None, "published": False}
    if rent is None and price is None:
        # a rent the investor can tell settles the question; without a price the question was about the area itself
        code = "missing_input" if runtime.context.slots.get("price") or listing_id else "no_data"
        result.gap(code, what="rent", place=place)
        return result.done()
    _report(result, runtime, rent, price, area_m2, given, levels)
    shown = rent or price
    assert shown is not None
    named = not neighbourhood or listing_id is not None or fold(shown.name) == fold(neighbourhood)
    result.data |= {"area": shown.name, "as_of": shown.as_of, "published": shown.count is None,
                    "type_is_exact": shown.property_type == property_type,
                    "area_is_exact": named and shown.area_id == chain[0]}
    return result.done()


def _report(
    result: ToolResult, runtime: Runtime, rent: Level | None, price: Level | None, area_m2: float | None,
    given: dict[str, Fact], levels: list[Level],
) -> None:
    facts: list[Fact] = []
    names: dict[str, Fact] = {}

    def keep(name: str, fact: Fact) -> Fact:
        facts.append(fact)
        names[name] = fact
        return fact

    size = keep("area_m2", Fact("area_m2", area_m2, "m2", Source("user", "message"))) if area_m2 else None
    for level, name in ((rent, "rent"), (price, "price")):
        if level is None:
            continue
        per_m2 = keep(f"{name}_m2", _per_m2(level))
        if size is not None:
            keep(f"estimated_{name}", _estimate(level, per_m2, size))
    if rent is not None:
        if rent.count is not None:
            keep("count", Fact("count", rent.count, "count", rent.source, entity=rent.name, as_of=rent.as_of))
            result.evidence["comparables"] = rent.count
        _area_yield(keep, rent, price, levels)
    settled = settle(facts, runtime, given)
    for name, fact in names.items():
        result.data[name] = result.add(settled[fact.id])
    result.say("estimates from the area, not quotes: say so, with the area and the date")


def _area_yield(keep: Callable[[str, Fact], Fact], rent: Level, price: Level | None, levels: list[Level]) -> None:
    """12 x rent per m2 over price per m2, of one time: a published rent is taken at the price's date."""
    if price is None or price.currency != rent.currency:
        return
    same = [lv for lv in levels if lv.rent and lv.source.ref.split("@")[0] == rent.source.ref.split("@")[0]]
    at = min(same, key=lambda lv: abs((lv.period - price.period).days))
    if abs((at.period - price.period).days) > SAME_TIME_DAYS:
        return
    rent_fact = keep("yield_rent_m2", _per_m2(at))
    price_fact = _per_m2(price)
    keep("area_yield", Fact(
        "area_gross_yield", 12 * at.mid / price.mid * 100, "percent",
        Source("computation", "area_gross_yield"), entity=at.name, entity_id=at.area_id, as_of=price.as_of,
        formula=f"12 × {at.mid:.10g} ÷ {price.mid:.10g}", inputs=(rent_fact.id, price_fact.id),
    ))


def _per_m2(level: Level) -> Fact:
    ranged = level.low is not None and level.high is not None
    statistic = "median" if level.count is not None else "mean"
    return Fact(
        f"{'rent' if level.rent else 'price'}_m2_{statistic}", level.mid, "money_per_m2", level.source,
        currency=level.currency, entity=level.name, entity_id=level.area_id, as_of=level.as_of,
        low=level.low if ranged else None, high=level.high if ranged else None, level=0.5 if ranged else None,
    )


def _estimate(level: Level, per_m2: Fact, size: Fact) -> Fact:
    """A figure per m2 times the size, to three significant digits: it should not look more exact than it is."""
    from knowledge.finance.assumptions import significant

    metres = float(size.value)
    ranged = per_m2.low is not None and per_m2.high is not None
    return Fact(
        "monthly_rent" if level.rent else "price", significant(level.mid * metres, 3), "money",
        Source("aggregate", f"{level.source.ref} × m2", level.source.label, level.source.attribution, level.source.demo),
        currency=level.currency, entity=level.name, entity_id=level.area_id, as_of=level.as_of,
        low=significant((per_m2.low or 0) * metres, 3) if ranged else None,
        high=significant((per_m2.high or 0) * metres, 3) if ranged else None, level=per_m2.level,
        formula=f"{level.mid:.10g} × {metres:.10g}", inputs=(per_m2.id, size.id),
    )


def _chain(area_id: str) -> list[str]:
    """An area and those above it, up to its city: `co/bogota/chapinero` -> itself, `co/bogota`."""
    parts = area_id.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts), 1, -1)]


async def _find(runtime: Runtime, country: str | None, city: str | None, neighbourhood: str | None) -> list[str]:
    """The named area with its city; empty where the name is unknown or stands for areas of several cities."""
    context = runtime.context
    names = [fold(name) for name in (city, neighbourhood) if name]
    async with context.resources.database.session(context.scope) as session:
        rows = (await session.execute(_AREAS, {"names": names})).all()
    rows = [row for row in rows if country is None or row.country == country.upper()]
    cities = [row.id for row in rows if row.level == "city" and city and fold(row.name) == fold(city)]
    if neighbourhood:
        inside = [row.id for row in rows if row.level in ("district", "neighbourhood")
                  and fold(row.name) == fold(neighbourhood)
                  and (not city or any(row.id.startswith(f"{c}/") for c in cities))]
        if len({"/".join(i.split("/")[:2]) for i in inside}) == 1:
            return _chain(min(inside, key=len))
    return _chain(cities[0]) if len(cities) == 1 else []


async def _levels(runtime: Runtime, chain: list[str], property_type: str | None) -> list[Level]:
    if not chain:
        return []
    context = runtime.context
    types = [property_type, "all"] if property_type else ["all"]
    async with context.resources.database.session(context.scope) as session:
        rows = (await session.execute(_AGGREGATES, {"chain": chain, "types": types})).all()
        # the published statistics are of dwellings
        dwelling = property_type in (None, "apartment", "studio")
        published = (await session.execute(_SERIES, {"chain": chain})).all() if dwelling else []
    found = [
        Level(r.area_id, r.name, r.operation == "rent", r.property_type, r.period, r.mid, r.low, r.high, r.currency,
              r.listings, Source("aggregate", f"analytics_data/{r.area_id}/{r.operation}/{r.property_type}@{r.period}",
                                 r.name, r.source, r.demo))
        for r in rows
    ]
    found += [
        Level(r.area_id, r.name, True, "all", r.period, r.value, None, None, r.currency, None,
              Source("series", f"{r.id}@{r.period}", r.name, r.attribution, r.demo))
        for r in published
    ]
    return found


def _best(
    levels: list[Level], chain: list[str], property_type: str | None, like: Level | None = None
) -> Level | None:
    def rank(level: Level) -> tuple[bool, bool, int, bool, int]:
        return (like is not None and level.area_id != like.area_id, level.source.demo, chain.index(level.area_id),
                level.property_type != property_type, -level.period.toordinal())

    return min(levels, key=rank, default=None)
