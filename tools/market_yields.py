"""Gross yields of a city's neighbourhoods, from the medians asked per m2 for rent and for sale, with their range.

A yield is told only where both medians rest on enough adverts of about the same time and both are measured, or both generated;
its interval is that of a ratio of two independent medians (delta method on the logs).
"""

from __future__ import annotations

import math
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
from tools.published_rents import SAME_TIME_DAYS
from tools.result import Content, ToolResult

#: Neighbourhoods shown, from the highest yield down; the interval's level.
SHOWN, LEVEL = 8, 0.8
_COLUMNS = {"es": ("Zona", "Rentabilidad bruta", "Renta por m²", "Precio por m²"),
            "en": ("Area", "Gross yield", "Rent per m²", "Price per m²")}


@dataclass(frozen=True, slots=True)
class AreaYield:
    """Gross yield a year in per cent of one area, with its interval; `rent` and `price` are the medians it is made of."""

    rent: Level
    price: Level
    value: float
    low: float
    high: float


def area_yields(levels: list[Level], level: float = LEVEL) -> list[AreaYield]:
    """The yields that the stored medians give, highest first. Each median is first drawn to its city's (empirical Bayes), so
    that a handful of cheap adverts does not top the list."""
    sale = {lv.area_id: lv for lv in levels if lv.operation == "sale" and lv.listings >= FEWEST}
    rent = {lv.area_id: lv for lv in levels if lv.operation == "rent" and lv.listings >= FEWEST}
    both = [
        area for area, price in sale.items()
        if area in rent and rent[area].demo == price.demo and rent[area].currency == price.currency
        and abs((rent[area].period - price.period).days) <= SAME_TIME_DAYS
    ]
    z = NormalDist().inv_cdf(0.5 + level / 2)
    drawn = {kind: shrink({area: lv.group for area, lv in some.items()}) for kind, some in (("sale", sale), ("rent", rent))}
    found = []
    for area in both:
        own = []
        for kind, lv in (("rent", rent[area]), ("sale", sale[area])):
            shrunk = drawn[kind].get(area)
            weight = shrunk.weight if shrunk else 1.0
            own.append((shrunk.value if shrunk else lv.mid, weight * math.pi / 2 * lv.group.spread**2 / lv.listings))
        (asked_rent, rent_error), (asked_price, price_error) = own
        value = 12 * asked_rent / asked_price * 100
        factor = math.exp(z * math.sqrt(rent_error + price_error))
        found.append(AreaYield(rent[area], sale[area], value, value / factor, value * factor))
    return sorted(found, key=lambda y: (-y.value, y.price.area_id))


@tool(response_format="content_and_artifact")
async def market_yields(
    runtime: Runtime, country: str | None = None, city: str | None = None, neighbourhood: str | None = None,
    property_type: PropertyType | None = None,
) -> Content:
    """Gross rental yields by neighbourhood of a city (by city of a country), highest first, from the median rents and prices
    asked per m2, small samples drawn to the city's level. With a neighbourhood, that one first. Yields of asking prices before
    costs and vacancy: say so, and how wide each one's interval is.
    """
    context = runtime.context
    result = ToolResult()
    place = asked(runtime, country, city, neighbourhood)
    result.data = {"place": place, "found": False, "yields": [], "own": None, "area": None, "rents_known": False,
                   "property_type": property_type}
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
    found = area_yields(levels)
    result.data |= {"area": at.market.place, "rents_known": any(lv.operation == "rent" for lv in levels)}
    whole = area_yields(town)
    if whole:
        result.data["whole"] = _shown(result, whole[0])
    if not found:
        result.gap("no_data" if not result.data["rents_known"] else "thin_data", what="yields", place=place)
        return result.done()
    rows = [_shown(result, y) for y in found]
    own = next((row for row in rows if row["id"] == at.area.id), None)
    result.data |= {"found": True, "yields": rows[:SHOWN], "own": own, "lowest": rows[-1] if len(rows) > SHOWN else None,
                    "as_of": rows[0]["as_of"], "demo": found[0].price.demo}
    result.data["count"] = result.add(Fact("areas_compared", len(rows), "count", Source("aggregate", f"yields/{at.market.id}"),
                                           entity=at.market.place))
    result.tables.append(_table(rows, context.locale))
    result.say("gross yields of asking rents and prices, before costs and vacancy")
    return result.done()


def _shown(result: ToolResult, found: AreaYield) -> dict[str, str]:
    rent, price = (
        result.add(Fact(
            f"{kind}_m2_median", lv.mid, "money_per_m2",
            Source("aggregate", f"analytics_data/{lv.area_id}/{lv.operation}/{lv.period}", lv.source, "", lv.demo),
            currency=lv.currency, entity=lv.name, entity_id=lv.area_id, as_of=lv.period.isoformat(),
        ), say=False)
        for kind, lv in (("rent", found.rent), ("price", found.price))
    )
    as_of = found.price.quarter
    value = result.add(Fact(
        "area_gross_yield", found.value, "percent",
        Source("computation", "area_gross_yield", found.price.source, "", found.price.demo), entity=found.price.name,
        entity_id=found.price.area_id, as_of=as_of, low=found.low, high=found.high, level=LEVEL,
        formula="12 × rent ÷ price × 100", inputs=(rent, price),
    ))
    return {"id": found.price.area_id, "name": found.price.name, "yield": value, "rent": rent, "price": price, "as_of": as_of}


def _table(rows: list[dict[str, str]], locale: Locale) -> dict[str, object]:
    name, value, rent, price = _COLUMNS[locale.language]
    return {
        "title": value, "rows": [{k: row[k] for k in ("name", "yield", "rent", "price")} for row in rows],
        "columns": [{"key": "name", "label": name, "align": "left"},
                    *({"key": k, "label": label, "align": "right"}
                      for k, label in (("yield", value), ("rent", rent), ("price", price)))],
    }
