"""Gross yields of a city's neighbourhoods, from the medians asked per m2 for rent and for sale, with their range.

A yield is told only where both medians rest on enough adverts of about the same time and both are measured, or both generated;
its interval is that of a ratio of two independent medians (delta method on the logs). Where no adverts to let are known, a
published mean rent per m2 of that time stands in, whose own error nobody tells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from langchain.tools import tool

from core.facts import Fact, Source
from core.locale import Locale
from knowledge.market import reading
from knowledge.market.medians import shrink
from knowledge.market.pace import FEWEST
from knowledge.market.reading import Level
from tools.context import Runtime
from tools.listings import PropertyType
from tools.market_area import asked, market_area
from tools.published_rents import RENTED, SAME_TIME_DAYS, Published, published_rents
from tools.result import Content, ToolResult

#: Neighbourhoods shown, from the highest yield down; the interval's level.
SHOWN, LEVEL = 8, 0.8
_COLUMNS = {"es": ("Zona", "Rentabilidad bruta", "Renta por m²", "Precio por m²"),
            "en": ("Area", "Gross yield", "Rent per m²", "Price per m²")}


@dataclass(frozen=True, slots=True)
class AreaYield:
    """Gross yield a year in per cent of one area, with its interval; `rent` and `price` are what it rests on, `rent_m2` and
    `price_m2` what it is made of: medians of few adverts are drawn to the city's."""

    rent: Level | Published
    price: Level
    rent_m2: float
    price_m2: float
    value: float
    low: float
    high: float


def area_yields(levels: list[Level], published: Sequence[Published] = (), level: float = LEVEL) -> list[AreaYield]:
    """The yields that the stored medians give, highest first. Each median is first drawn to its city's (empirical Bayes), so
    that a handful of cheap adverts does not top the list."""
    sale = {lv.area_id: lv for lv in levels if lv.operation == "sale" and lv.listings >= FEWEST}
    rent = {lv.area_id: lv for lv in levels if lv.operation == "rent" and lv.listings >= FEWEST}
    told: dict[str, Level | Published] = dict(_of_then(published, sale))
    told |= {area: lv for area, lv in rent.items() if area in sale and _alike(lv, sale[area])}
    z = NormalDist().inv_cdf(0.5 + level / 2)
    drawn = {kind: shrink({area: lv.group for area, lv in some.items()}) for kind, some in (("sale", sale), ("rent", rent))}

    def settled(kind: str, lv: Level | Published) -> tuple[float, float]:
        """A rent or price per m2, and the variance of its logarithm."""
        if isinstance(lv, Published):
            return lv.value, 0.0
        shrunk = drawn[kind].get(lv.area_id)
        weight = shrunk.weight if shrunk else 1.0
        return shrunk.value if shrunk else lv.mid, weight * math.pi / 2 * lv.group.spread**2 / lv.listings

    found = []
    for area, let in told.items():
        (asked_rent, rent_error), (asked_price, price_error) = settled("rent", let), settled("sale", sale[area])
        value = 12 * asked_rent / asked_price * 100
        factor = math.exp(z * math.sqrt(rent_error + price_error))
        found.append(AreaYield(let, sale[area], asked_rent, asked_price, value, value / factor, value * factor))
    return sorted(found, key=lambda y: (-y.value, y.price.area_id))


def _alike(rent: Level | Published, price: Level) -> bool:
    """Whether both are of about the same time, of one currency, and both measured or both generated."""
    near = abs((rent.period - price.period).days) <= SAME_TIME_DAYS
    return near and rent.demo == price.demo and rent.currency == price.currency


def _of_then(published: Sequence[Published], sale: Mapping[str, Level]) -> dict[str, Published]:
    """Of each area with a price, the published rent per m2 nearest to the price's time."""
    found: dict[str, Published] = {}
    for rent in published:
        price, known = sale.get(rent.area_id), found.get(rent.area_id)
        if price is None or rent.metric != "rent_m2" or not _alike(rent, price):
            continue
        if known is None or abs(rent.period - price.period) < abs(known.period - price.period):
            found[rent.area_id] = rent
    return found


@tool(response_format="content_and_artifact")
async def market_yields(
    runtime: Runtime, country: str | None = None, city: str | None = None, neighbourhood: str | None = None,
    property_type: PropertyType | None = None,
) -> Content:
    """Gross rental yields by neighbourhood of a city (by city of a country), highest first, from the median rents and prices
    asked per m2 (or published mean rents), small samples drawn to the city's level. With a neighbourhood, that one first.
    Yields of asking prices before costs and vacancy: say so, and how wide each one's interval is.
    """
    context = runtime.context
    result = ToolResult()
    place = asked(runtime, country, city, neighbourhood)
    result.data = {"place": place, "found": False, "yields": [], "own": None, "area": None, "rents_known": False,
                   "whole": None, "property_type": property_type}
    async with context.resources.database.session(context.scope) as session:
        at = await market_area(session, runtime, country, city, neighbourhood)
        if at is None:
            result.gap("no_data", what="yields", place=place)
            return result.done()
        national = at.market.level == "country"
        ids = await (reading.cities(session, at.country.country) if national
                     else reading.neighbourhoods(session, at.market.id))
        levels = await reading.levels(session, ids, property_type)
        town = await reading.levels(session, [at.market.id], property_type)
        rents = await published_rents(session, [*ids, at.market.id]) if property_type in RENTED["rent_m2"] else []
    found = area_yields(levels, rents)
    result.data |= {"area": at.market.place, "rents_known": bool(rents) or any(lv.operation == "rent" for lv in levels)}
    whole = area_yields(town, rents)
    if whole:
        result.data["whole"] = _shown(result, whole[0])
    if not found:
        result.gap("no_data" if not result.data["rents_known"] else "thin_data", what="yields", place=place)
        return result.done()
    rows = [_shown(result, y) for y in found]
    own = next((row for row in rows if row["id"] == at.area.id), None)
    result.data |= {"found": True, "yields": rows[:SHOWN], "own": own, "lowest": rows[-1] if len(rows) > SHOWN else None,
                    "as_of": rows[0]["as_of"], "demo": found[0].price.demo,
                    "published": next((y.rent.attribution for y in found if isinstance(y.rent, Published)), None)}
    result.data["count"] = result.add(Fact("areas_compared", len(rows), "count", Source("aggregate", f"yields/{at.market.id}"),
                                           entity=at.market.place))
    result.tables.append(_table(rows, context.locale))
    result.say("gross yields of asking rents and prices, before costs and vacancy")
    return result.done()


def _shown(result: ToolResult, found: AreaYield) -> dict[str, str]:
    name, area = found.price.name, found.price.area_id
    rent = found.rent.fact(name) if isinstance(found.rent, Published) else _median("rent", found.rent)
    inputs = tuple(result.add(fact, say=False) for fact in (rent, _median("price", found.price)))
    as_of = found.price.quarter
    value = result.add(Fact(
        "area_gross_yield", found.value, "percent",
        Source("computation", "area_gross_yield", found.price.source, "", found.price.demo), entity=name, entity_id=area,
        as_of=as_of, low=found.low, high=found.high, level=LEVEL, inputs=inputs,
        formula=f"12 × {found.rent_m2:.10g} ÷ {found.price_m2:.10g} × 100",
    ))
    return {"id": area, "name": name, "yield": value, "rent": inputs[0], "price": inputs[1], "as_of": as_of}


def _median(kind: str, lv: Level) -> Fact:
    return Fact(
        f"{kind}_m2_median", lv.mid, "money_per_m2",
        Source("aggregate", f"analytics_data/{lv.area_id}/{lv.operation}/{lv.period}", lv.source, "", lv.demo),
        currency=lv.currency, entity=lv.name, entity_id=lv.area_id, as_of=lv.period.isoformat(),
    )


def _table(rows: list[dict[str, str]], locale: Locale) -> dict[str, object]:
    name, value, rent, price = _COLUMNS[locale.language]
    return {
        "title": value, "rows": [{k: row[k] for k in ("name", "yield", "rent", "price")} for row in rows],
        "columns": [{"key": "name", "label": name, "align": "left"},
                    *({"key": k, "label": label, "align": "right"}
                      for k, label in (("yield", value), ("rent", rent), ("price", price)))],
    }
