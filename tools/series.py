"""How a market moved: a dated series of an area, its change over one and several years, as a chart with its table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

from langchain.tools import tool
from sqlalchemy import text

from core.errors import BadInput
from core.facts import Fact, Source
from core.locale import COUNTRY_NAMES, country_name
from knowledge.market.trend import assess
from knowledge.series.choice import SeriesRef, choose_series
from tools.context import Runtime
from tools.named_areas import plain_name
from tools.result import Content, ToolResult

Metric = Literal["price", "rent", "days_on_market", "stock", "mortgage_rate", "inflation"]
_POINTS = text("SELECT period, value FROM observations WHERE series_id = :id ORDER BY period DESC LIMIT 400")
_POINTS_SHOWN = 24
_USUAL_YEARS = 5


@tool(response_format="content_and_artifact")
async def market_trend(
    runtime: Runtime,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    metric: Metric = "price",
    years: int = _USUAL_YEARS,
    year: int | None = None,
    since: int | None = None,
) -> Content:
    """How a measure of an area moved: latest value, change over one year and over `years` (1 to 30, or as far as it goes).

    metric: price, rent, days_on_market, stock (of a city or neighbourhood), mortgage_rate or inflation (of a country).
    year: a calendar year to tell of instead of the newest figure. since: a calendar year from which on to tell the change,
    instead of `years`.
    trend: growth a year over the recent past with its interval; verdict: whether it differs from zero (flat: it does not).
    Falls back from neighbourhood to city to country, and says which one it is.
    """
    if not 1 <= years <= 30:
        raise BadInput(f"years is {years}; expected 1 to 30.", f"years es {years}; se esperaba de 1 a 30.")
    if since is not None and not 1800 <= since <= 2200:
        raise BadInput(f"since is {since}; expected a calendar year.", f"since es {since}; se esperaba un año del calendario.")
    context = runtime.context
    result = ToolResult()
    code = country.upper() if country else None
    language = context.locale.language
    place = ", ".join(name for name in (neighbourhood, city) if name) or country_name(code, language)
    result.data = {"place": place, "metric": metric, "found": False, "year": None, "year_missing": None}
    async with context.resources.database.session(context.scope) as session:
        row, exact = await choose_series(session, metric, code, city, neighbourhood)
        points = list((await session.execute(_POINTS, {"id": row.id})).all()) if row is not None else []
    if row is None or not points:
        result.gap("no_data", what=f"{metric} series", place=place)
        return result.done()
    points.reverse()
    known = year is not None and any(point.period.year == year for point in points)
    points = [point for point in points if not known or point.period.year <= (year or 0)]
    later = [i for i, point in enumerate(points[:-1]) if since is not None and point.period.year == since]
    result.data |= {"year": year if known else None, "since": since if later else None,
                    "year_missing": since if since is not None and not later else None if known else year}
    region = row.region
    if not region or region == code or region in COUNTRY_NAMES.get(code or "", {}).values():
        region = country_name(code, language) or region
    region = plain_name(region)
    _report(result, row, points, exact, region, years, later[0] if later else None)
    return result.done()


def _report(
    result: ToolResult, row: SeriesRef, points: list[Any], exact: bool, region: str, long: int, since: int | None
) -> None:
    """`since`: the observation from which on the long change counts, instead of `long` years back."""
    source = Source("series", row.id, row.name, row.attribution, row.demo)
    unit = row.fact_unit

    def fact(key: str, value: float, unit: Any, as_of: date, **more: Any) -> str:
        return result.add(
            Fact(key, float(value), unit, more.pop("source", source), entity=region,
                 currency=row.currency if unit.startswith("money") else None, as_of=row.label(as_of), **more),
            say=key != "point",
        )

    last = points[-1]
    latest = fact(f"{row.metric}_latest", last.value, unit, last.period)
    ids = [fact("point", p.value, unit, p.period) for p in points[-_POINTS_SHOWN:]]
    changes: dict[str, str | None] = {}
    for name, years in (("year", 1), ("long", long)):
        started = since if name == "long" else None
        before = points[started] if started is not None else _before(points, last.period, years)
        changes[name] = None
        if name == "long" and started is None and (years == 1 or (before is None and len(points) <= 2)):
            continue
        if before is None and years > 1:
            before = points[0]
        if before is None or before.value == 0 or unit == "percent":
            continue
        change = (last.value / before.value - 1) * 100
        changes[name] = fact(
            f"change_{name}", change, "percent", last.period,
            source=Source("computation", "change", row.name, row.attribution, row.demo),
            formula=f"({last.value:.10g} ÷ {before.value:.10g} − 1) × 100", inputs=(latest,),
        )
        result.data[f"{name}_since"] = row.label(before.period)
        result.data |= {"then": fact("point", before.value, unit, before.period), "then_at": row.label(before.period)}
    tested = long if since is None else max(1, last.period.year - points[since].period.year)
    result.data |= _tested(row, points, fact, tested) | {
        "found": True, "exact": exact, "region": region, "latest": latest, "change_year": changes["year"],
        "change_long": changes["long"], "as_of": row.label(last.period), "series": row.name,
        "attribution": row.attribution, "is_index": unit == "index", "is_percent": unit == "percent", "kind": row.metric,
        "demo": row.demo,
    }
    if result.data["verdict"]:
        result.say(f"verdict: {result.data['verdict']}")
    shown = [{"x": p.period.isoformat(), "y": i} for p, i in zip(points[-_POINTS_SHOWN:], ids, strict=True)]
    result.draw("line", f"series_{row.metric}", row.unit, {region: shown}, region)


#: Years that a trend is tested over where a longer look back was not asked for: what moves now, not what moved once.
_RECENT_YEARS = 2


def _tested(row: SeriesRef, points: list[Any], fact: Callable[..., str], asked: int) -> dict[str, Any]:
    """Whether the series really moves: growth a year with its interval, and if it differs from zero."""
    none = {"trend": None, "verdict": None, "trend_since": None, "trend_p": None, "broken": None}
    if row.fact_unit == "percent":
        return none
    years = asked if asked != _USUAL_YEARS else _RECENT_YEARS
    found = assess([(p.period, p.value) for p in points], row.frequency, years)
    if found is None or found.yearly is None:
        return none | {"verdict": found.verdict if found else None}
    growth = fact("trend_yearly", found.yearly, "percent", found.until, low=found.low, high=found.high, level=found.level,
                  source=Source("computation", "trend_har_ewc", row.name, row.attribution, row.demo),
                  formula=f"mean of {found.changes} log changes, a year")
    p_value = fact("trend_p_value", found.p_value, "ratio", found.until,
                   source=Source("computation", "trend_har_ewc", row.name, row.attribution, row.demo))
    return {"trend": growth, "verdict": found.verdict, "trend_since": row.label(found.since), "trend_p": p_value,
            "broken": row.label(found.broken) if found.broken else None}


def _before(points: list[Any], last: date, years: int) -> Any:
    """The observation of the same period `years` earlier."""
    return next((p for p in points if (p.period.year, p.period.month) == (last.year - years, last.month)), None)
