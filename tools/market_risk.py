"""How risky a place is to invest in, taken apart: price swings, how fast one can sell, vacancy, and what the investor tells of
loan, currency and share of wealth. Each component with its figure and its own scale, and what would change the score."""

from __future__ import annotations

import math
from typing import Any

from langchain.tools import tool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput
from core.facts import Fact, Source
from core.locale import CURRENCY_OF
from knowledge.finance.assumptions import assumption
from knowledge.market import risk as scoring
from knowledge.market.risk import volatility
from knowledge.series.choice import choose_series
from tools.context import Runtime
from tools.exchange_swing import exchange_swing
from tools.market_area import MarketArea, asked, market_area
from tools.market_pace import read_pace
from tools.result import Content, ToolResult

_POINTS = text("SELECT period, value FROM observations WHERE series_id = :id ORDER BY period")
#: What the investor may tell of the purchase: least and most that is one.
_LIMITS = {"ltv_pct": (0.0, 120.0), "dscr": (0.0, 50.0), "vacancy_pct": (0.0, 100.0), "wealth_share_pct": (0.0, 100.0)}
_TOLD = {"ltv_pct": "loan_to_value", "dscr": "dscr", "vacancy_pct": "vacancy", "wealth_share_pct": "concentration"}


@tool(response_format="content_and_artifact")
async def market_risk(
    runtime: Runtime, country: str | None = None, city: str | None = None, neighbourhood: str | None = None,
    ltv_pct: float | None = None, dscr: float | None = None, vacancy_pct: float | None = None,
    investor_currency: str | None = None, wealth_share_pct: float | None = None,
) -> Content:
    """Risk score of a place, 0 (calm) to 100 (severe): price volatility, months of stock, time to sell, vacancy; and of a
    purchase there, where told: ltv_pct (share borrowed, 0 to 120), dscr (net income over loan payments), vacancy_pct,
    investor_currency (COP, EUR, MXN or USD), wealth_share_pct (share of the investor's wealth in it, 0 to 100). Give only what
    the investor stated.

    Each component comes with its figure, its weight and by how much the score would fall if it were calm. Say what is unknown.
    """
    given = {"ltv_pct": ltv_pct, "dscr": dscr, "vacancy_pct": vacancy_pct, "wealth_share_pct": wealth_share_pct}
    for name, value in given.items():
        low, high = _LIMITS[name]
        if value is not None and not (math.isfinite(value) and low <= value <= high):
            raise BadInput(f"{name} is {value}; expected {low:g} to {high:g}.",
                           f"{name} es {value}; se esperaba de {low:g} a {high:g}.")
    context = runtime.context
    result = ToolResult()
    place = asked(runtime, country, city, neighbourhood)
    result.data = {"place": place, "found": False, "score": None, "parts": [], "vacancy_assumed": False}
    async with context.resources.database.session(context.scope) as session:
        at = await market_area(session, runtime, country, city, neighbourhood)
        if at is None:
            result.gap("no_data", what="risk", place=place)
            return result.done()
        facts = {_TOLD[name]: _told(_TOLD[name], value) for name, value in given.items() if value is not None}
        facts |= await _prices(session, at)
        facts |= await _pace(session, at)
    facts |= await _currency(runtime, at, investor_currency)
    if "vacancy" not in facts and (assumed := assumption("vacancy_pct", at.area.country)) is not None:
        facts["vacancy"] = Fact("vacancy", assumed.value, "percent", Source("rule", "assumption/vacancy_pct", assumed.source))
        result.data["vacancy_assumed"] = True
    _report(result, at, facts)
    return result.done()


def _told(name: str, value: float) -> Fact:
    return Fact(name, float(value), scoring.scale().components[name].unit, Source("user", "message"))


async def _prices(session: AsyncSession, at: MarketArea) -> dict[str, Fact]:
    """Swings of the price series of the smallest area that has one."""
    own = at.area.level in ("neighbourhood", "district")
    row, _ = await choose_series(session, "price", at.area.country, at.city.name if at.city else None,
                                 at.area.name if own else None)
    if row is None:
        return {}
    points = [(p.period, p.value) for p in await session.execute(_POINTS, {"id": row.id})]
    swing = volatility(points, row.frequency)
    if swing is None:
        return {}
    return {"price_volatility": Fact(
        "price_volatility", swing, "percent", Source("series", row.id, row.name, row.attribution, row.demo),
        entity=row.region or at.country.name, as_of=row.label(row.last), formula="standard deviation of yearly log changes")}


async def _pace(session: AsyncSession, at: MarketArea) -> dict[str, Fact]:
    """Months of stock and time to sell: of the area, or of its city where the area has too few adverts."""
    own = await read_pace(session, at, "sale", None)
    found, area = own.found, own.at.area
    source = Source("aggregate", f"market/{area.id}/sale/all/pace", "listings", "", own.home.demo)
    facts = {}
    if found.months_of_stock is not None:
        facts["liquidity"] = Fact("months_of_stock", found.months_of_stock, "months", source, entity=area.place,
                                  entity_id=area.id, as_of=found.watch.until.isoformat())
    if found.on_market is not None:
        lasting = found.on_market
        days = lasting.median if lasting.median is not None else lasting.longest
        facts["time_to_sell"] = Fact("days_on_market", float(days), "days", source, entity=area.place, entity_id=area.id,
                                     as_of=found.watch.until.isoformat())
    return facts


async def _currency(runtime: Runtime, at: MarketArea, investor: str | None) -> dict[str, Fact]:
    """Volatility of the property's currency in the investor's; calm where they are one."""
    if not investor:
        return {}
    own, home = CURRENCY_OF[at.area.country], investor.strip().upper()
    if own == home:
        return {"currency": Fact("currency", 0.0, "percent", Source("rule", "same_currency", own))}
    swing = await exchange_swing(runtime, own, home)
    return {} if swing is None else {"currency": swing.fact("currency")}


def _report(result: ToolResult, at: MarketArea, facts: dict[str, Fact]) -> None:
    found = scoring.risk({name: float(fact.value) for name, fact in facts.items()})
    demo = any(fact.source.demo for fact in facts.values())
    place = at.area.place

    def computed(key: str, value: float, unit: Any, inputs: tuple[str, ...] = ()) -> str:
        source = Source("computation", f"risk.toml/{key}", "risk score", "", demo)
        entity = place if key in ("risk_score", "risk_known") else ""  # of a part beside whose figure another area may stand
        return result.add(Fact(key, value, unit, source, entity=entity, entity_id=at.area.id, inputs=inputs))

    parts: list[dict[str, Any]] = []
    for part in found.parts:
        value = result.add(facts[part.name])
        parts.append({
            "name": part.name, "value": value, "source": facts[part.name].source.kind,
            "score": computed(f"risk_{part.name}", part.score, "score", (value,)),
            "weight": computed(f"weight_{part.name}", part.weight * 100, "percent"),
            "relief": computed(f"relief_{part.name}", part.relief, "score", (value,)),
            "after": None if found.score is None else computed(f"risk_without_{part.name}", found.score - part.relief, "score"),
            "calm": result.add(Fact(f"calm_{part.name}", part.calm, scoring.scale().components[part.name].unit,
                                    Source("rule", f"risk.toml/{part.name}", "risk score"))),
            "of": facts[part.name].entity or place,
        })
    result.data |= {"found": True, "area": place, "exact": at.exact, "others": list(at.others), "parts": parts,
                    "unknown": list(found.unknown), "known": computed("risk_known", found.known * 100, "percent"), "demo": demo}
    if found.score is None:
        result.gap("thin_data", what="risk score", place=place)
        return
    result.data |= {"score": computed("risk_score", found.score, "score", tuple(p["score"] for p in parts)),
                    "band": scoring.band(found.score),
                    "top": result.add(Fact("scale_top", 100, "score", Source("rule", "risk.toml", "risk score")))}
