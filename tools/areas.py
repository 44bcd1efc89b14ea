"""What the adverts of an area say: prices, prices per m2, rents, stock, with quartiles; withheld where there are few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langchain.tools import tool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.facts import Fact, Source
from core.locale import country_name
from knowledge.listings.areas import AreaRef, find_city
from knowledge.market.pace import FEWEST
from knowledge.series.periods import period_label
from tools.context import Runtime
from tools.listings import STALE_DAYS, Operation, PropertyType
from tools.named_areas import Named, named_area
from tools.result import Content, ToolResult

_LATEST = text(
    "SELECT * FROM analytics_data WHERE area_id = :area AND operation = :operation AND property_type = :type"
    " ORDER BY period DESC LIMIT 1"
)
_SERIES = text(
    "SELECT DISTINCT ON (s.metric) s.id, s.metric, s.name, s.attribution, s.demo, o.period, o.value FROM series s"
    " JOIN observations o ON o.series_id = s.id WHERE s.area_id = :area AND s.metric IN ('days_on_market', 'stock')"
    " ORDER BY s.metric, o.period DESC"
)
_INSIDE = text(
    "SELECT a.name, d.listings, d.price_m2_median, d.currency, d.period, d.source, d.demo, a.id FROM analytics_data d"
    " JOIN areas a ON a.id = d.area_id WHERE a.parent_id = :area AND d.operation = :operation AND d.property_type = :type"
    " AND d.listings >= :fewest AND d.price_m2_median IS NOT NULL"
    " AND d.period = (SELECT max(period) FROM analytics_data x WHERE x.area_id = d.area_id AND x.operation = d.operation"
    " AND x.property_type = d.property_type) ORDER BY d.price_m2_median DESC"
)


@tool(response_format="content_and_artifact")
async def area_statistics(
    runtime: Runtime,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    operation: Operation = "sale",
    property_type: PropertyType | None = None,
) -> Content:
    """Price levels of an area from its adverts: median and quartiles of price and price per m2, number of adverts, days on
    the market, dearest and cheapest neighbourhoods. operation rent gives monthly rents. Place names as the investor wrote.
    """
    context = runtime.context
    result = ToolResult()
    language = context.locale.language
    wanted = ", ".join(name for name in (neighbourhood, city) if name) or country_name(country, language)
    result.data = {"place": wanted, "operation": operation, "property_type": property_type, "found": False,
                   "nearest": False, "others": []}
    async with context.resources.database.session(context.scope) as session:
        named = await _area(session, country, city, neighbourhood)
        area = named.area
        row = None
        kind = property_type or "all"
        narrowed = bool(neighbourhood) and area is not None and area.level == "city"
        if area is not None:
            row = (await session.execute(_LATEST, {"area": area.id, "operation": operation, "type": kind})).first()
            if (row is None or row.listings < FEWEST) and area.level != "city" and area.city_id:
                whole = await find_city(session, area.city or "", area.country)
                if whole is not None:  # the city says more than four adverts of a neighbourhood
                    wider = await session.execute(_LATEST, {"area": whole.id, "operation": operation, "type": kind})
                    found = wider.first()
                    if found is not None and found.listings >= FEWEST:
                        area, row, narrowed = whole, found, True
        inside = (
            (await session.execute(_INSIDE, {"area": area.id, "operation": operation, "type": kind, "fewest": FEWEST})).all()
            if area is not None and area.level == "city" else []
        )
        series = (await session.execute(_SERIES, {"area": area.id})).all() if area is not None else []
    if area is None or row is None:
        result.gap("no_data", what=f"{operation} adverts", place=wanted)
        return result.done()
    if area.level == "country":
        area = replace(area, name=country_name(area.country, language))
    if not named.exact and not narrowed and area.level != "city":
        result.data |= {"nearest": True, "others": list(named.others)}
        for name in named.others:
            result.add(Fact("name", name, "text", Source("aggregate", "areas", name)), say=False)
    result.data |= {"found": True, "area": area.place, "narrowed": narrowed}
    _describe(result, area, row, operation)
    _neighbourhoods(result, inside)
    _pace(result, area, [s for s in series if row.demo or not s.demo])  # generated figures never dress up real ones
    return result.done()


async def _area(session: AsyncSession, country: str | None, city: str | None, neighbourhood: str | None) -> Named:
    """The area of a name, the nearest one to a district's name, else its city; a country where no city is named."""
    code = country.upper() if country else None
    if neighbourhood:
        named = await named_area(session, code, city, neighbourhood)
        return named if named.area is not None else Named(await find_city(session, city, code) if city else None)
    if city or code is None:
        return Named(await find_city(session, city, code) if city else None)
    row = (await session.execute(
        text("SELECT id, level, country, name, latitude, longitude, demo FROM areas WHERE id = :id"), {"id": code.lower()}
    )).first()
    return Named(AreaRef(**row._mapping, city_id=None, city=None) if row else None)


def _describe(result: ToolResult, area: AreaRef, row: Any, operation: str) -> None:
    as_of = period_label(row.period, "Q")
    source = Source("aggregate", f"analytics_data/{row.area_id}/{operation}/{row.property_type}/{row.period}", row.source,
                    "", row.demo)

    def fact(key: str, value: float | None, unit: Any, low: float | None = None, high: float | None = None) -> str | None:
        if value is None:
            return None
        money = unit.startswith("money")
        ranged = low is not None and high is not None
        return result.add(
            Fact(key, float(value), unit, source, currency=row.currency if money else None, entity=area.place,
                 entity_id=area.id, as_of=as_of, low=low, high=high, level=0.5 if ranged else None)
        )

    prefix = "rent" if operation == "rent" else "price"
    result.data |= {"as_of": as_of, "count": fact("count", row.listings, "count"), "thin": row.listings < FEWEST,
                    "stale": (clock.now().date() - row.period).days > STALE_DAYS + 90, "demo": row.demo}
    result.evidence["sample"] = row.listings
    if row.listings < FEWEST:
        result.gap("thin_data", place=area.place, listings=row.listings)
        return
    result.data |= {
        "median": fact(f"{prefix}_median", row.price_median, "money", row.price_q1, row.price_q3),
        "median_m2": fact(f"{prefix}_m2_median", row.price_m2_median, "money_per_m2", row.price_m2_q1, row.price_m2_q3),
        "median_area": fact("area_m2_median", row.area_m2_median, "m2"),
    }


def _neighbourhoods(result: ToolResult, rows: Any) -> None:
    ranked = [
        {
            "name": row.name,
            "price_m2": result.add(
                Fact("price_m2_median", float(row.price_m2_median), "money_per_m2",
                     Source("aggregate", f"analytics_data/{row.id}/{row.period}", row.source, "", row.demo),
                     currency=row.currency, entity=row.name, entity_id=row.id, as_of=row.period.isoformat()),
            ),
        }
        for row in ([*rows[:3], *rows[-3:]] if len(rows) > 6 else [])
    ]
    result.data |= {"dearest": ranked[:3], "cheapest": list(reversed(ranked[3:]))}


def _pace(result: ToolResult, area: AreaRef, rows: Any) -> None:
    result.data |= {"days_on_market": None, "stock": None}
    for row in rows:
        unit: Any = "days" if row.metric == "days_on_market" else "count"
        result.data[row.metric] = result.add(
            Fact(row.metric, float(row.value), unit, Source("series", row.id, row.name, row.attribution, row.demo),
                 entity=area.place, entity_id=area.id, as_of=f"{row.period:%Y-%m}")
        )
