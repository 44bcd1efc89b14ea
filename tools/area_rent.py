"""What an area's adverts and statistics say about rents, where the investor gave none: an estimate, never a quote.

Measured figures come before demo ones, the area itself before the city around it, the property type before all types.
A published mean of whole dwellings stands for itself: no size scales it. A yield of the area is only formed from a rent
and a price per m2 of about the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from langchain.tools import tool
from sqlalchemy import bindparam, text

from core import clock
from core.errors import BadInput
from core.facts import Fact, Source
from knowledge.series.periods import period_label
from tools.context import Runtime
from tools.listing_figures import listing_figures
from tools.named_areas import Named, named_area, unlinked_region
from tools.provenance import settle
from tools.published_rents import RENTED, SAME_TIME_DAYS, Published, published_rents
from tools.result import Content, ToolResult

#: A median of fewer adverts is used only where there is no other, and then without its range.
FEWEST = 5
_AGGREGATES = text(
    "SELECT d.area_id, a.name, d.operation, d.property_type, d.period, d.listings, d.currency, d.price_m2_median AS mid,"
    " d.price_m2_q1 AS low, d.price_m2_q3 AS high, d.source, d.demo"
    " FROM analytics_data d JOIN areas a ON a.id = d.area_id"
    " WHERE d.area_id IN :chain AND d.property_type IN :types AND d.price_m2_median > 0"
).bindparams(bindparam("chain", expanding=True), bindparam("types", expanding=True))


@dataclass(frozen=True, slots=True)
class Level:
    """A median (or published mean) per m2 of one area, operation and period; `published` where it is a statistic."""

    area_id: str
    name: str
    rent: bool
    property_type: str
    period: date
    as_of: str
    mid: float
    low: float | None
    high: float | None
    currency: str | None
    count: int | None
    source: Source
    published: Published | None = None

    @property
    def thin(self) -> bool:
        """Whether it rests on so few adverts that a wider area says more."""
        return self.count is not None and self.count < FEWEST

    @property
    def whole(self) -> bool:
        """Whether `mid` is the rent of a dwelling, not of a m2."""
        return self.published is not None and self.published.metric == "rent"


@tool(response_format="content_and_artifact")
async def area_rent(
    runtime: Runtime, country: str | None = None, city: str | None = None, neighbourhood: str | None = None,
    property_type: str | None = None, area_m2: float | None = None, listing_id: int | None = None,
    today: bool = False,
) -> Content:
    """Rent per m2 of an area, and what a property of area_m2 would rent for: an estimate from adverts or statistics.

    Use it only where the investor gave no rent (or no price, with a rent). Name the place as the investor did, or give
    listing_id alone. property_type: apartment, house, studio, office, retail, land, warehouse, building or room.
    today: with listing_id, what it would rent for now; else rents of the advert's own time, which make a yield with its price.
    area_m2: size in m2; without it only figures per m2 come back, or a published mean rent of dwellings of any size. Also
    returns the area's gross yield where rents and prices of the same time are known. Always say that these are estimates,
    from which area and of which date; if the area is not the one asked for, say which it is.
    """
    from knowledge.finance import checks

    if area_m2 is not None:
        checks.amount("area_m2", area_m2)
    result = ToolResult()
    given: dict[str, Fact] = {}
    named, at = Named(None), clock.now().date()
    if listing_id is not None:
        listing = await listing_figures(runtime, listing_id)
        levels = await _levels(runtime, _chain(listing.area_id), None, listing.property_type)
        chain, property_type = _chain(listing.area_id), listing.property_type
        given = {"area_m2": listing.facts["area_m2"]} if "area_m2" in listing.facts else {}
        area_m2 = listing.value("area_m2") or area_m2
        place = listing.title
        at = at if today else date.fromisoformat(listing.observed_on)
    else:
        place = ", ".join(name for name in (neighbourhood, city) if name)
        if not place:
            raise BadInput("Name a city or a neighbourhood to look up its rents.",
                           "Nombre una ciudad o un barrio para buscar sus rentas.")
        named, chain, region = await _find(runtime, country, city, neighbourhood)
        levels = await _levels(runtime, chain, region, property_type)
    rents = [lv for lv in levels if lv.rent]
    dated = listing_id is not None and not today
    timely = [lv for lv in rents if _same_time(lv.period, at)] if dated else rents
    rent = _best(timely, chain, property_type, at=at if dated else None)
    price = _best([lv for lv in levels if not lv.rent], chain, property_type, like=None if rent and rent.whole else rent)
    result.data = {"place": place, "rent_m2": None, "rent_mean": None, "price_m2": None, "estimated_rent": None,
                   "estimated_price": None, "area_yield": None, "count": None, "as_of": None, "area": None,
                   "price_area": None, "price_as_of": None, "type_is_exact": False, "area_is_exact": False,
                   "area_m2": None, "published": None, "others": list(named.others),
                   "rents_of": None, "seen_on": at.isoformat() if dated else None, "price_is_old": False}
    if rents and not timely:
        other = max(rents, key=lambda lv: lv.period)
        result.add(_per_m2(other), say=False)
        result.data["rents_of"] = other.as_of
        result.say(f"rents are known of {other.as_of} only: set against the advert's price they would make a false yield")
    if rent is None and price is None:
        # a rent the investor can tell settles the question; without a price the question was about the area itself
        code = "missing_input" if runtime.context.slots.get("price") or listing_id else "no_data"
        result.gap(code, what="rent", place=place)
        return result.done()
    _report(result, runtime, rent, price, area_m2, given, levels, at)
    shown = rent or price
    assert shown is not None
    published = shown.source.attribution if shown.published else None
    result.data |= {"area": shown.name, "as_of": shown.as_of, "published": published,
                    "type_is_exact": shown.property_type == property_type,
                    "area_is_exact": named.exact and shown.area_id == (chain[0] if chain else "")}
    if price is not None:
        result.data |= {"price_area": price.name, "price_as_of": price.as_of,
                        "price_is_old": not _same_time(price.period, at)}
    for name in (*named.others, *([shown.source.attribution] if shown.published else [])):  # names may hold digits
        result.add(Fact("name", name, "text", shown.source), say=False)
    if not result.data["area_is_exact"] and not listing_id:
        result.say(f"the figures are of {shown.name}, the nearest area with data to {place}: say so")
    return result.done()


def _report(
    result: ToolResult, runtime: Runtime, rent: Level | None, price: Level | None, area_m2: float | None,
    given: dict[str, Fact], levels: list[Level], at: date,
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
        if level.whole:
            assert level.published is not None
            keep("rent_mean", level.published.fact(level.name))
            keep("estimated_rent", replace(level.published.fact(level.name), id="", key="monthly_rent"))
            continue
        per_m2 = keep(f"{name}_m2", _per_m2(level))
        if size is not None and (level.rent or _same_time(level.period, at)):  # an old price under a rent of today flatters
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
    if price is None or rent.whole or price.area_id != rent.area_id or price.currency != rent.currency:
        return
    same = [lv for lv in levels if lv.rent and lv.source.ref.split("@")[0] == rent.source.ref.split("@")[0]]
    at = min(same, key=lambda lv: abs((lv.period - price.period).days))
    if not _same_time(at.period, price.period):
        return
    rent_fact = keep("yield_rent_m2", _per_m2(at))
    price_fact = _per_m2(price)
    keep("area_yield", Fact(
        "area_gross_yield", 12 * at.mid / price.mid * 100, "percent",
        Source("computation", "area_gross_yield"), entity=at.name, entity_id=at.area_id, as_of=price.as_of,
        formula=f"12 × {at.mid:.10g} ÷ {price.mid:.10g}", inputs=(rent_fact.id, price_fact.id),
    ))


def _same_time(one: date, other: date) -> bool:
    return abs((one - other).days) <= SAME_TIME_DAYS


def _per_m2(level: Level) -> Fact:
    ranged = level.low is not None and level.high is not None and not level.thin
    statistic = "mean" if level.published else "median"
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


async def _find(
    runtime: Runtime, country: str | None, city: str | None, neighbourhood: str | None
) -> tuple[Named, list[str], tuple[str, str] | None]:
    """The named area, it with its city, and where it has no area the region that published rents know it by."""
    context = runtime.context
    async with context.resources.database.session(context.scope) as session:
        named = await named_area(session, country, city, neighbourhood)
        if named.area is not None:
            return named, _chain(named.area.id), None
        town = (await named_area(session, country, city, None)).area if city and neighbourhood else None
        if town is not None:
            return Named(town, exact=False), _chain(town.id), None
        region = await unlinked_region(session, country, city) if city else None
    return Named(None, exact=not neighbourhood), [], region


async def _levels(
    runtime: Runtime, chain: list[str], region: tuple[str, str] | None, property_type: str | None
) -> list[Level]:
    from knowledge.loaders.mapping import attribution_of

    context = runtime.context
    types = [property_type, "all"] if property_type else ["all"]
    async with context.resources.database.session(context.scope) as session:
        rows = (await session.execute(_AGGREGATES, {"chain": chain, "types": types})).all() if chain else []
        published = [p for p in await published_rents(session, chain, region) if property_type in RENTED[p.metric]]
    found = [
        Level(r.area_id, r.name, r.operation == "rent", r.property_type, r.period,
              period_label(r.period, "Q"), r.mid, r.low, r.high, r.currency, r.listings,
              Source("aggregate", f"analytics_data/{r.area_id}/{r.operation}/{r.property_type}@{r.period}",
                     r.name, attribution_of(r.source), r.demo))
        for r in rows
    ]
    found += [
        Level(p.area_id, p.place, True, "all", p.period, p.as_of, p.value, None, None, p.currency, None, p.source, p)
        for p in published
    ]
    return found


def _best(
    levels: list[Level], chain: list[str], property_type: str | None, like: Level | None = None, at: date | None = None
) -> Level | None:
    def rank(level: Level) -> tuple[bool, bool, bool, int, bool, bool, int]:
        return (like is not None and level.area_id != like.area_id, level.source.demo, level.thin,
                chain.index(level.area_id) if level.area_id in chain else 0, level.property_type != property_type,
                level.whole, abs((level.period - at).days) if at else -level.period.toordinal())

    return min(levels, key=rank, default=None)
