"""How far the inputs of one deal may stray, from what is stored: forecasts of the area's prices and rents.

Where there is no forecast the assumptions speak, and are shown. A forecast is counted from its last observation or, where that
is old, from today: the months since then are then part of its width.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from core import clock
from core.errors import BadInput
from core.facts import Fact, Source
from knowledge.finance.assumptions import Assumption, assumption
from knowledge.finance.case import Case
from knowledge.finance.income import num
from knowledge.finance.projection import Deal
from knowledge.finance.risk.ranges import (
    Band,
    Basis,
    Range,
    Ranges,
    band_around,
    band_of,
    empty_spells,
    recentred,
    widened,
)
from knowledge.forecasting.series import PER_YEAR
from knowledge.series.choice import SeriesRef, choose_series
from tools.context import Runtime
from tools.forecast_path import OLD_AFTER_MONTHS

_LAST = text("SELECT value FROM observations WHERE series_id = :id ORDER BY period DESC LIMIT 1")


@dataclass(frozen=True, slots=True)
class Place:
    country: str | None = None
    city: str | None = None
    neighbourhood: str | None = None


@dataclass(frozen=True, slots=True)
class Forecasted:
    """A band, the series that it comes from, whose area may be wider than the one asked for, and the years it forecasts."""

    band: Band
    series: SeriesRef
    years: int


async def ranges_of(
    runtime: Runtime, case: Case, deal: Deal, place: Place, *, rent_ends: tuple[float, float] | None, fx_spread: float
) -> tuple[Ranges, dict[str, Forecasted]]:
    """The ranges of a deal, and the forecasts used by `value` and `rent`. A growth that the investor stated is the middle; the
    forecast, or an assumption, gives the width; without either the middle is the inflation assumed."""
    found: dict[str, Forecasted] = {}
    for key, metric in (("value", "price"), ("rent", "rent")):
        forecast = await _forecast(runtime, metric, place, deal.years, num(case.percent_or_assumed("inflation_pct")))
        if forecast is not None:
            found[key] = forecast
    value, rent = (
        _band(case, found.get(key), stated, f"{key}_spread_pct", deal.years)
        for key, stated in (("value", case.inputs.growth_pct), ("rent", case.inputs.rent_growth_pct))
    )
    # one property strays from its market: a margin of its own, in every year alike
    value = widened(value, _assumed(case, "resale_spread_pct"))
    level = float(deal.rent)
    if rent_ends is not None and rent_ends[0] <= level <= rent_ends[1]:
        rent_level, spread = Range(rent_ends[0], level, rent_ends[1], "area"), 0.0
    else:
        spread = _assumed(case, "rent_level_spread_pct") / 100
        rent_level = Range(level * (1 - spread), level, level * (1 + spread))
    told: Basis = "told" if case.inputs.vacancy_pct is not None else "assumption"
    costs = _assumed(case, "costs_spread_pct") / 100
    points = _assumed(case, "rate_spread_points") if deal.debt is not None else 0.0
    return Ranges(
        value=value, rent=rent, rent_level=rent_level, vacancy=empty_spells(float(deal.vacancy_pct), told),
        costs=Range(1 - costs, 1.0, 1 + costs), rate=Range(-points, 0.0, points),
        rate_moves=bool(case.inputs.index_path) or case.inputs.margin_pct is not None, fx_spread=fx_spread,
    ), found


def _band(case: Case, forecast: Forecasted | None, stated: float | None, spread_key: str, years: int) -> Band:
    if forecast is not None:
        return forecast.band if stated is None else recentred(forecast.band, stated)
    # without a forecast neither prices nor rents lose or gain purchasing power
    middle = num(case.percent_or_assumed("inflation_pct")) if stated is None else stated
    return band_around(middle, _assumed(case, spread_key), years)


def _assumed(case: Case, key: str) -> float:
    rule = assumption(key, case.country)
    assert isinstance(rule, Assumption), key
    fact = case.assume(rule)
    case.show(rule, fact)
    return num(fact)


async def _forecast(runtime: Runtime, metric: str, place: Place, years: int, later_pct: float) -> Forecasted | None:
    """The band of the area's series by year from today, or None where there is no series or no stable forecast.

    The stored forecast is read, as far as it reaches: no other is as well tested."""
    from knowledge.forecasting.registry import STORED_YEARS, forecast_series

    if not (place.country or place.city or place.neighbourhood):
        return None
    context = runtime.context
    async with context.resources.database.session(context.scope) as session:
        series, _ = await choose_series(session, metric, place.country, place.city, place.neighbourhood)
        last = (await session.execute(_LAST, {"id": series.id})).scalar_one_or_none() if series else None
    if series is None or last is None or float(last) <= 0:
        return None
    per = PER_YEAR[series.frequency]
    today = clock.now().date()
    age = (today.year - series.last.year) * 12 + today.month - series.last.month
    since = age * per // 12 if age > OLD_AFTER_MONTHS else 0
    ahead = max(STORED_YEARS * per, since + per)
    try:
        body = await forecast_series(context.resources.database, context.scope, series.id, ahead)
    except BadInput:
        return None
    path = body["path"]
    now = float(path[since - 1]["value"]) if since else float(last)
    steps = [
        tuple(float(path[since + year * per - 1][end]) / now for end in ("value", "low_80", "high_80"))
        for year in range(1, years + 1) if since + year * per <= len(path)
    ]
    if not steps or min(min(step) for step in steps) <= 0:
        return None
    return Forecasted(band_of([(m, min(low, m), max(high, m)) for m, low, high in steps], years, later_pct), series, len(steps))


def band_fact(forecast: Forecasted, key: str) -> Fact:
    """The yearly growth of a forecast's band with its 80 % interval, as a fact of its series."""
    s, reach = forecast.series, forecast.years
    band = Band(*(getattr(forecast.band, end)[:reach] for end in ("middle", "low", "high")))
    return Fact(key, round(band.yearly(), 2), "percent", Source("model", f"forecast/{s.id}", s.name, s.attribution, s.demo),
                entity=s.region, as_of=s.label(s.last), low=round(band.yearly("low"), 2), high=round(band.yearly("high"), 2),
                level=0.8)
