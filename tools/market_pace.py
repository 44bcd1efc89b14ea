"""How fast a market turns and how strong its demand is: stock, what came and went, days on market, cuts, an index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain.tools import tool
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.facts import Fact, Source, Unit
from knowledge.listings.areas import AreaRef
from knowledge.market import demand as index
from knowledge.market import reading
from knowledge.market.medians import shrink
from knowledge.market.pace import FEWEST, Pace, Watch, pace, watch
from knowledge.market.reading import Ledger, Level
from knowledge.market.survival import Duration
from tools.context import Runtime
from tools.listings import Operation, PropertyType
from tools.market_area import MarketArea, asked, market_area
from tools.result import Content, ToolResult

#: A median that holds less than this share of itself after shrinkage is shown with what its city makes of it.
SHOWN_SHRUNK = 0.9


@dataclass(frozen=True, slots=True)
class OwnPace:
    """The pace of `at` from the rows of its market; `few` adverts are up in the area asked where it is its city's instead."""

    at: MarketArea
    found: Pace
    home: Ledger
    few: int | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """The pace of an area, of each of its peers, and of all of them together."""

    area: AreaRef
    found: Pace
    peers: dict[str, Pace]
    of_all: Pace
    watch: Watch
    demo: bool
    growth: dict[str, float]


@tool(response_format="content_and_artifact")
async def market_pace(
    runtime: Runtime, country: str | None = None, city: str | None = None, neighbourhood: str | None = None,
    operation: Operation = "sale", property_type: PropertyType | None = None,
) -> Content:
    """How fast adverts go in an area and how strong demand is: stock, new and withdrawn adverts, absorption a month, months of
    stock, median days on market (adverts still up counted as not yet over), share of price cuts, and a demand index 0 to 100
    among the other areas of the city (or cities of the country) with its components. operation: sale or rent.

    What is not watched is a gap, never zero. Say how many adverts it rests on and what is missing.
    """
    context = runtime.context
    result = ToolResult()
    place = asked(runtime, country, city, neighbourhood)
    result.data = {"place": place, "operation": operation, "found": False, "property_type": property_type}
    async with context.resources.database.session(context.scope) as session:
        at = await market_area(session, runtime, country, city, neighbourhood)
        if at is None:
            result.gap("no_data", what=f"{operation} adverts", place=place)
            return result.done()
        own = await read_pace(session, at, operation, property_type)
        at, narrowed = own.at, own.few is not None
        market = await _among_peers(session, own, operation, property_type)
        medians = await _medians(session, at, operation, property_type)
    if not market.found.stock and not market.found.withdrawn:
        result.gap("no_data", what=f"{operation} adverts", place=place)
        return result.done()
    result.data |= {"found": True, "area": at.area.place, "narrowed": narrowed, "exact": at.exact or narrowed,
                    "others": list(at.others), "country": at.area.country}
    report = _Report(result, market, operation, property_type)
    result.data["few"] = None if own.few is None else report.fact("stock", own.few, "count", entity=place)
    report.pace()
    report.demand(at)
    if market.found.on_market is None and at.area.level in ("neighbourhood", "district") and at.city is not None:
        report.of_city(at.city.name)
    if medians is not None:
        report.median(*medians)
    return result.done()


async def read_pace(session: AsyncSession, at: MarketArea, operation: str, property_type: str | None) -> OwnPace:
    """The pace of an area, or of its city where the area has too few adverts: both from the same rows."""
    today = clock.now().date()
    home = await reading.ledger(session, at.market, operation, property_type)
    over = watch(home.rows, today)
    found = pace(home.rows, home.changes, over, today, reading.inside(at.area, {r.area_id for r in home.rows}))
    if found.unknown != "few" or at.city is None or at.area.id == at.city.id:
        return OwnPace(at, found, home)
    town = MarketArea(at.city, False, at.others, at.city, at.country)
    return OwnPace(town, pace(home.rows, home.changes, over, today), home, found.stock)


async def _among_peers(session: AsyncSession, own: OwnPace, operation: str, property_type: str | None) -> Market:
    """Beside its peers: neighbourhoods of its city, or the cities of the country for a city."""
    today = clock.now().date()
    area, home, over = own.at.area, own.home, own.found.watch
    among, mine = home, {area.id}
    if area.level == "city":
        among = await reading.ledger(session, own.at.country, operation, property_type)
        over = watch(among.rows, today)
    else:
        mine = reading.inside(area, {r.area_id for r in home.rows})
    keys = sorted({r.area_id for r in among.rows})
    rising = await reading.growth(session, keys, operation, home.demo, today)
    # a district stands among the neighbourhoods that are not its own
    peers = {key: pace(among.rows, among.changes, over, today, {key}) for key in keys if key not in mine}
    return Market(area, own.found, peers | {area.id: own.found}, pace(among.rows, among.changes, over, today),
                  own.found.watch, home.demo, rising)


async def _medians(
    session: AsyncSession, at: MarketArea, operation: str, property_type: str | None
) -> tuple[Any, int, Level, dict[str, Level]] | None:
    """The area's median per m2 with its interval, how many adverts, its stored level, and those of its city's areas."""
    ids = [at.area.id]
    if at.area.level in ("neighbourhood", "district") and at.city is not None:
        ids += await reading.neighbourhoods(session, at.city.id)
    stored = {lv.area_id: lv for lv in await reading.levels(session, ids, property_type) if lv.operation == operation}
    own = stored.get(at.area.id)
    if own is None or own.listings < FEWEST:
        return None
    found = await reading.median_of(session, at.area, operation, property_type, own.period)
    return (*found, own, stored) if found is not None else None


@dataclass(slots=True)
class _Report:
    """Writes what was found into the result, each figure as a fact."""

    result: ToolResult
    market: Market
    operation: str
    property_type: str | None

    def fact(self, key: str, value: float, unit: Unit, **more: Any) -> str:
        market = self.market
        ref = f"market/{market.area.id}/{self.operation}/{self.property_type or 'all'}/{key}"
        more.setdefault("entity", market.area.place)
        return self.result.add(Fact(
            key, float(value), unit, more.pop("source", Source("aggregate", ref, "listings", "", market.demo)),
            entity_id=market.area.id, as_of=market.watch.until.isoformat(), **more,
        ))

    def pace(self) -> None:
        found, over = self.market.found, self.market.watch
        data: dict[str, Any] = {
            "stock": self.fact("stock", found.stock, "count"), "unknown": found.unknown, "as_of": over.until.isoformat(),
            "since": over.since.isoformat(), "new": None, "withdrawn": None, "absorption": None, "months_of_stock": None,
            "days": None, "days_beyond": None, "still_up": None, "cuts_share": None, "cuts_size": None,
            "demo": self.market.demo, "median_m2": None, "shrunk": None,
            "city_days": None,
        }
        self.result.evidence["sample"] = found.stock
        if found.unknown is not None:
            self.result.gap("thin_data" if found.unknown == "few" else "no_data", what=f"pace: {found.unknown}",
                            place=self.market.area.place)
        if found.new is not None and found.withdrawn is not None:
            data["new"] = self.fact("new_adverts", found.new, "count")
            data["withdrawn"] = self.fact("withdrawn_adverts", found.withdrawn, "count")
        if found.absorption is not None and found.absorption_low is not None and found.absorption_high is not None:
            data["absorption"] = self.fact(
                "absorption", found.absorption * 100, "percent", low=found.absorption_low * 100,
                high=found.absorption_high * 100, level=0.9,
                formula=f"{found.withdrawn} ÷ ({over.months:.4g} × stock) × 100")
        if found.months_of_stock is not None:
            data["months_of_stock"] = self.fact(
                "months_of_stock", found.months_of_stock, "months",
                formula=f"{found.stock} × {over.months:.4g} ÷ {found.withdrawn}")
        data |= self._days(found.on_market, self.market.area.place)
        if (cuts := found.cuts) is not None:
            data["cuts_share"] = self.fact("cuts_share", cuts.share * 100, "percent", low=cuts.low * 100, high=cuts.high * 100,
                                           level=0.9, formula=f"{cuts.count} ÷ {found.stock} × 100")
            if cuts.size is not None:
                data["cuts_size"] = self.fact("cuts_size", cuts.size * 100, "percent")
        self.result.data |= data

    def of_city(self, name: str) -> None:
        """Days on market of the whole city, where too few left in the area itself."""
        days = self._days(self.market.of_all.on_market, name).get("days")
        if days is not None:
            self.result.data |= {"city_days": days, "city": name}

    def _days(self, lasting: Duration | None, entity: str) -> dict[str, str]:
        if lasting is None:
            return {}
        if lasting.median is None:  # more than half are still up: how long is not known, only that it is longer
            return {"days_beyond": self.fact("days_beyond", lasting.longest, "days", entity=entity),
                    "still_up": self.fact("still_up", lasting.still_up * 100, "percent", entity=entity)}
        low = float(lasting.low if lasting.low is not None else lasting.median)
        high = float(lasting.high if lasting.high is not None else lasting.longest)
        return {"days": self.fact("days_on_market", lasting.median, "days", entity=entity, low=low,
                                  high=max(high, lasting.median), level=lasting.level)}

    def demand(self, at: MarketArea) -> None:
        market = self.market
        peers = {name: index.measures(p, market.of_all, market.growth.get(name)) for name, p in market.peers.items()
                 if p.unknown is None}
        if market.found.unknown is not None:
            peers = {}
        found = index.demand(market.area.id, peers)
        parts = [
            {"name": part.name, "score": self.fact(f"demand_{part.name}", part.score, "score"),
             "weight": self.fact(f"weight_{part.name}", part.weight * 100, "percent",
                                 source=Source("rule", f"demand.toml/{part.name}", "demand index"))}
            for part in found.parts
        ]
        score = None
        if found.score is not None:
            inputs = tuple(part["score"] for part in parts)
            score = self.fact("demand_index", found.score, "score", inputs=inputs,
                              source=Source("computation", "demand_index", "listings", "", market.demo))
            self.result.data |= {
                "demand_peers": self.fact("demand_peers", found.peers, "count"), "demand_band": index.band(found.score),
                "top": self.fact("scale_top", 100, "score", source=Source("rule", "demand.toml", "demand index")),
            }
        elif market.found.unknown is None:
            self.result.gap("thin_data", what="demand index", place=market.area.place)
        among = "" if at.city is None else at.country.name if market.area.level == "city" else at.city.name
        self.result.data |= {"demand": score, "demand_parts": parts, "demand_missing": list(found.missing), "among": among}

    def median(self, found: Any, n: int, own: Level, stored: Mapping[str, Level]) -> None:
        source = Source("aggregate", f"listings/{own.area_id}/{self.operation}/{self.property_type or 'all'}/median",
                        own.source, "", own.demo)
        key = "rent_m2_median" if self.operation == "rent" else "price_m2_median"

        def money(name: str, value: float, **more: Any) -> str:
            return self.result.add(Fact(name, value, "money_per_m2", more.pop("source", source), currency=own.currency,
                                        entity=self.market.area.place, entity_id=own.area_id, as_of=own.quarter, **more))

        bounded = found.low is not None and found.high is not None
        more = {"low": found.low, "high": found.high, "level": found.level} if bounded else {}
        self.result.data |= {"median_m2": money(key, found.value, **more),
                             "median_count": self.fact("count", n, "count")}
        groups = {lv.area_id: lv.group for lv in stored.values()
                  if lv.listings >= FEWEST and lv.demo == own.demo and lv.period == own.period}
        drawn = shrink(groups).get(own.area_id)
        if drawn is not None and drawn.weight < SHOWN_SHRUNK:
            self.result.data["shrunk"] = money(
                f"{key}_shrunk", drawn.value, source=Source("computation", "empirical_bayes", own.source, "", own.demo),
                formula=f"{own.mid:.10g}^{drawn.weight:.4g} × {drawn.parent:.10g}^{1 - drawn.weight:.4g}",
                inputs=(self.result.data["median_m2"],))
