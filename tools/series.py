"""How a market moved: a dated series of an area, its change over one and several years, as a chart with its table."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from langchain.tools import tool
from sqlalchemy import text

from core.facts import Fact, Source
from knowledge.series.choice import SeriesRef, choose_series
from tools.context import Runtime
from tools.result import Content, ToolResult

Metric = Literal["price", "rent", "days_on_market", "stock", "mortgage_rate", "inflation"]
_POINTS = text("SELECT period, value FROM observations WHERE series_id = :id ORDER BY period DESC LIMIT 120")
_POINTS_SHOWN = 24


@tool(response_format="content_and_artifact")
async def market_trend(
    runtime: Runtime,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    metric: Metric = "price",
) -> Content:
    """How a measure of an area moved: latest value, change over one year and over the whole series (at most five years).

    metric: price, rent, days_on_market, stock (of a city or neighbourhood), mortgage_rate or inflation (of a country).
    Falls back from neighbourhood to city to country, and says which one it is.
    """
    context = runtime.context
    result = ToolResult()
    code = country.upper() if country else None
    place = ", ".join(name for name in (neighbourhood, city) if name) or (code or "")
    result.data = {"place": place, "metric": metric, "found": False}
    async with context.resources.database.session(context.scope) as session:
        row, exact = await choose_series(session, metric, code, city, neighbourhood)
        points = list((await session.execute(_POINTS, {"id": row.id})).all()) if row is not None else []
    if row is None or not points:
        result.gap("no_data", what=f"{metric} series", place=place)
        return result.done()
    points.reverse()
    _report(result, row, points, exact)
    return result.done()


def _report(result: ToolResult, row: SeriesRef, points: list[Any], exact: bool) -> None:
    source = Source("series", row.id, row.name, row.attribution, row.demo)
    unit = row.fact_unit

    def fact(key: str, value: float, unit: Any, as_of: date, **more: Any) -> str:
        return result.add(
            Fact(key, float(value), unit, more.pop("source", source), entity=row.region,
                 currency=row.currency if unit.startswith("money") else None, as_of=row.label(as_of), **more),
            say=key != "point",
        )

    last = points[-1]
    latest = fact(f"{row.metric}_latest", last.value, unit, last.period)
    ids = [fact("point", p.value, unit, p.period) for p in points[-_POINTS_SHOWN:]]
    changes: dict[str, str | None] = {}
    for name, years in (("year", 1), ("long", 5)):
        before = _before(points, last.period, years)
        changes[name] = None
        if before is None and years > 1 and len(points) > 2:
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
    result.data |= {
        "found": True, "exact": exact, "region": row.region, "latest": latest, "change_year": changes["year"],
        "change_long": changes["long"], "as_of": row.label(last.period), "series": row.name,
        "attribution": row.attribution, "is_index": unit == "index",
    }
    result.charts.append(
        {"kind": "line", "title": row.name, "unit": row.unit, "series": [
            {"name": row.region, "points": [{"x": p.period.isoformat(), "y": i}
                                            for p, i in zip(points[-_POINTS_SHOWN:], ids, strict=True)]}
        ]}
    )


def _before(points: list[Any], last: date, years: int) -> Any:
    """The observation of the same period `years` earlier."""
    return next((p for p in points if (p.period.year, p.period.month) == (last.year - years, last.month)), None)
