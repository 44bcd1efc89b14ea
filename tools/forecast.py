"""Where an area's prices or rents are going: a forecast with its interval and the backtest that earned it.

The horizon is counted from the last observation, unless that is old: then from today, and the change is told from the
last observation on, because nobody knows what happened in between. A value known today is carried along the index, from
the date it holds for, with both errors in its interval.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from langchain.tools import tool
from sqlalchemy import text

from core import clock
from core.errors import BadInput
from core.facts import Fact, Source, Unit
from core.locale import COUNTRY_NAMES, CURRENCY_OF, Language, country_name
from knowledge.forecasting.registry import country_inflation, forecast_series
from knowledge.series.choice import SeriesRef, choose_series, country_of
from tools.context import Runtime
from tools.provenance import settle
from tools.result import Content, ToolResult

Metric = Literal["price", "rent"]
Currency = Literal["COP", "EUR", "MXN", "USD"]
#: Farther ahead nothing is forecast: backtests of these series do not reach farther.
MOST_YEARS = 5.0
#: A last observation older than this, in months, is not today's.
OLD_AFTER_MONTHS = 9
_MONTHS = {"A": 12, "Q": 3, "M": 1}
_HISTORY, _EVERY_MONTHS = 24, 3
#: Where inflation is high enough that a nominal forecast alone misleads.
INFLATIONARY = frozenset(("CO", "MX"))
_POINTS = text("SELECT period, value FROM observations WHERE series_id = :id ORDER BY period")
_NAMES = {"es": ("observado", "pronóstico"), "en": ("observed", "forecast")}


@dataclass(frozen=True, slots=True)
class Path:
    """A series with its observations and forecast; `steps` is the period asked for, counted from the last one."""

    series: SeriesRef
    points: list[tuple[date, float]]
    body: dict[str, Any]
    steps: int

    @property
    def target(self) -> dict[str, Any]:
        step: dict[str, Any] = self.body["path"][self.steps - 1]
        return step

    @property
    def years(self) -> float:
        return self.steps * _MONTHS[self.series.frequency] / 12

    def region(self, language: Language) -> str:
        """The series' area; a country by its name in the reader's language."""
        names = (n for n in COUNTRY_NAMES.values() if self.series.region in n.values())
        return next((n[language] for n in names), self.series.region)

    @property
    def source(self) -> Source:
        s = self.series
        return Source("model", f"forecast/{s.id}@{self.body['fingerprint'][:8]}", s.name, s.attribution, s.demo)

    def level_at(self, day: date) -> float | None:
        """The index in the period that `day` lies in, observed or forecast; None before the first observation."""
        before = [value for period, value in self.points if period <= day]
        ahead = _months(day) - _months(self.points[-1][0])
        step = ahead // _MONTHS[self.series.frequency]
        if step > 0 and ahead > OLD_AFTER_MONTHS:
            path = self.body["path"]
            return float(path[min(step, len(path)) - 1]["value"])
        return before[-1] if before else None


@tool(response_format="content_and_artifact")
async def forecast_index(
    runtime: Runtime,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    horizon_years: float | None = None,
    metric: Metric = "price",
    value_today: float | None = None,
    currency: Currency | None = None,
    real: bool = False,
) -> Content:
    """How prices or rents of an area are expected to move: change in percent with 80 % and 95 % intervals, yearly rate,
    change without inflation, the method and its backtest.

    country: CO, ES or MX; place names as the investor wrote them; falls back from neighbourhood to city to country and
    says which. horizon_years: years from now, at most 5, default 1. value_today: what one property is worth or asks now
    (or its monthly rent, with metric rent), in currency; a value from value_property keeps its interval and date. The
    result then also says what it would be at the horizon. real: the change without inflation was asked for. Give intervals,
    never a single figure alone.
    """
    years = 1.0 if horizon_years is None else float(horizon_years)
    if not (math.isfinite(years) and years > 0):
        raise BadInput(f"horizon_years is {horizon_years}; expected more than 0 and at most {MOST_YEARS:g}.",
                       f"horizon_years es {horizon_years}; se esperaba más de 0 y como mucho {MOST_YEARS:g}.")
    if value_today is not None:
        from knowledge.finance import checks

        checks.amount("monthly_rent" if metric == "rent" else "price", value_today)
    code = country.upper() if country else None
    place = ", ".join(n for n in (neighbourhood, city) if n) or country_name(code, runtime.context.locale.language)
    result = ToolResult()
    result.data = {"found": False, "place": place, "country": code, "metric": metric, "capped": years > MOST_YEARS,
                   "projected": None, "updated": None, "too_short": False, "real": None}
    if not place:
        result.gap("missing_input", slot="city")
        return result.done()
    result.add(Fact("place", place, "text", Source("user", "message")), say=False)  # its name may hold digits
    if years > MOST_YEARS:
        result.say(f"{years:g} years were asked; nothing is forecast beyond {MOST_YEARS:g}: say so")
    path, exact = await _path(runtime, result, metric, code, city, neighbourhood, min(years, MOST_YEARS))
    if path is None:
        return result.done()
    _report(result, runtime, path, min(years, MOST_YEARS), exact)
    await _real(result, runtime, path, asked=real)
    if value_today is not None:
        await _carry(result, runtime, path, metric, value_today, currency, min(years, MOST_YEARS))
    return result.done()


async def _path(
    runtime: Runtime, result: ToolResult, metric: Metric, country: str | None, city: str | None,
    neighbourhood: str | None, years: float, by: date | None = None,
) -> tuple[Path | None, bool]:
    context = runtime.context
    async with context.resources.database.session(context.scope) as session:
        series, exact = await choose_series(session, metric, country, city, neighbourhood, by=by)
        points = [(r.period, r.value) for r in await session.execute(_POINTS, {"id": series.id})] if series else []
    if series is None:
        if by is None:
            result.gap("no_data", what=f"{metric} series", place=result.data["place"])
        return None, False
    per = _MONTHS[series.frequency]
    steps = max(1, math.ceil(years * 12 / per - 1e-9))
    age = _months(clock.now().date()) - _months(series.last)
    if age > OLD_AFTER_MONTHS:
        steps += age // per
    steps = min(steps, 10 * 12 // per)  # as far as forecasts go at all
    try:
        body = await forecast_series(context.resources.database, context.scope, series.id, steps)
    except BadInput as error:
        if by is not None:
            return None, False
        result.data["too_short"] = True
        result.say(error.en)
        result.gap("thin_data", what="observations", place=series.region)
        return None, False
    return Path(series, points, body, steps), exact


def _report(result: ToolResult, runtime: Runtime, path: Path, years: float, exact: bool) -> None:
    series, source, target = path.series, path.source, path.target
    region = path.region(runtime.context.locale.language)
    last_day, last = path.points[-1]
    then, unit = series.label(date.fromisoformat(target["period"])), series.fact_unit
    currency = series.currency if unit.startswith("money") else None

    def fact(key: str, value: float, unit: Unit, as_of: str = then, **more: Any) -> Fact:
        return Fact(key, value, unit, more.pop("source", source), entity=region, as_of=as_of,
                    currency=currency if unit.startswith("money") else None, **more)

    def change(bound: str) -> float:
        return round(100 * (float(target[bound]) / last - 1), 1)

    def yearly(bound: str) -> float:
        return float(round(100 * ((float(target[bound]) / last) ** (1 / path.years) - 1), 1))

    observed = Source("series", series.id, series.name, series.attribution, series.demo)
    horizon = Fact("horizon_years", years, "years", Source("user", "message"))
    horizon = settle([horizon], runtime)[horizon.id]
    latest = fact("latest", last, unit, series.label(last_day), source=observed)
    level = fact("level_at_horizon", target["value"], unit, low=target["low_80"], high=target["high_80"], level=0.8)
    facts = {
        "horizon": horizon, "latest": latest, "level": level,
        "change": fact("expected_change", change("value"), "percent", low=change("low_80"), high=change("high_80"),
                       level=0.8, inputs=(latest.id, level.id)),
        "change_95": fact("expected_change_95", change("value"), "percent", low=change("low_95"),
                          high=change("high_95"), level=0.95, inputs=(latest.id, level.id)),
        "yearly": fact("yearly_rate", yearly("value"), "percent", low=yearly("low_80"), high=yearly("high_80"),
                       level=0.8, inputs=(level.id,)),
    }
    ids = {name: result.add(f) for name, f in facts.items()}
    stale = path.years > years + 0.5
    result.data |= ids | {
        "found": True, "exact": exact, "region": region, "series": series.name, "target": then,
        "as_of": series.label(last_day), "stale": stale, "is_index": unit == "index", "method": target["method"],
        "kind": series.metric, "demo": series.demo, "attribution": series.attribution,
        "backtest": _backtest(result, path, fact),
        "direction": "flat" if facts["change"].value == 0 else "up" if change("value") > 0 else "down",
        "sure": change("low_80") > 0 or change("high_80") < 0,
    }
    if not exact:
        result.say(f"the series is of {series.region}, wider than the place asked: say so")
    if stale:
        result.say(f"the last observation is of {result.data['as_of']}: the change counts from there, say so")
    result.evidence["interval_width"] = (target["high_80"] - target["low_80"]) / target["value"]
    _chart(result, runtime, path, fact, observed)


def _backtest(result: ToolResult, path: Path, fact: Any) -> dict[str, Any] | None:
    """What the backtest measured, as facts; None (and a gap) where the series is too short for one."""
    found, as_of = path.body["backtest"], path.series.label(path.points[-1][0])
    if not found["origins"]:
        result.gap("thin_data", what="observations to test the forecast at this horizon", place=path.series.region)
        return None
    facts = {
        "origins": fact("backtest_origins", found["origins"], "count", as_of),
        "mase": fact("backtest_mase", found["mase_chosen"], "score", as_of),
        "mase_drift": fact("backtest_mase_drift", found["mase"]["drift"], "score", as_of),
        "coverage": fact("backtest_coverage_80", found["coverage_80"], "percent", as_of),
        "years": fact("backtest_years", path.years, "years", as_of),
    }
    if found["error_pct"] is not None:
        facts["error"] = fact("backtest_error", round(found["error_pct"][path.steps - 1], 1), "percent", as_of)
    if not found["beats_drift"]:
        result.say("in its backtest this forecast was no better than letting the trend go on: say so")
    return {"error": None, "beats_drift": found["beats_drift"]} | {name: result.add(f) for name, f in facts.items()}


async def _real(result: ToolResult, runtime: Runtime, path: Path, *, asked: bool) -> None:
    """The change to the horizon in the money of the last observation, where the country's inflation is known."""
    context, series, target = runtime.context, path.series, path.target
    async with context.resources.database.session(context.scope) as session:
        country = result.data["country"] or await country_of(session, series.id)
        prices = await country_inflation(session, country)
    if prices is None or target["low_95"] <= 0:
        if asked:
            result.gap("no_data", what="inflation", place=path.region(context.locale.language))
        return
    from knowledge.forecasting.deflate import real_path

    last_day, last = path.points[-1]
    found = real_path(last_day, [target], series.frequency, prices)[0]
    region, then = path.region(context.locale.language), series.label(date.fromisoformat(target["period"]))

    def change(bound: str) -> float:
        return round(100 * (float(found[bound]) / last - 1), 1)

    assumed = Fact("assumed_inflation", round(prices.assumed_pct, 1), "percent",
                   Source("series", prices.series, prices.name, prices.attribution), entity=country or "",
                   as_of=str(prices.last_year))
    risen = Fact("expected_inflation", round(found["inflation_pct"], 1), "percent", path.source, entity=region, as_of=then,
                 inputs=(assumed.id,))
    real = Fact("expected_change_real", change("value"), "percent", path.source, entity=region, as_of=then,
                low=change("low_80"), high=change("high_80"), level=0.8, inputs=(result.data["change"], risen.id),
                formula=f"(1 + {100 * (target['value'] / last - 1):.4g} %) ÷ (1 + {found['inflation_pct']:.4g} %) − 1")
    wide = Fact("expected_change_real_95", change("value"), "percent", path.source, entity=region, as_of=then,
                low=change("low_95"), high=change("high_95"), level=0.95, inputs=(real.id,))
    result.data["real"] = {
        "assumed": result.add(assumed), "inflation": result.add(risen), "change": result.add(real),
        "change_95": result.add(wide),
        "shown": asked or country in INFLATIONARY, "since": series.label(last_day), "known_to": str(prices.last_year),
    }


def _chart(result: ToolResult, runtime: Runtime, path: Path, fact: Any, observed: Source) -> None:
    series, unit = path.series, path.series.fact_unit

    def point(day: date, value: float, **more: Any) -> dict[str, str]:
        made = fact("point", value, unit, series.label(day), **more)
        return {"x": day.isoformat(), "y": result.add(made, say=False)}

    history = [point(day, value, source=observed) for day, value in path.points[-_HISTORY:]]
    every = max(1, _EVERY_MONTHS // _MONTHS[series.frequency])
    ahead = [
        point(date.fromisoformat(s["period"]), s["value"], low=s["low_80"], high=s["high_80"], level=0.8)
        for i, s in enumerate(path.body["path"][:path.steps], 1) if i % every == 0 or i == path.steps
    ]
    language = runtime.context.locale.language
    names, region = _NAMES[language], path.region(language)
    result.draw("line", f"series_{series.metric}", series.unit, {names[0]: history, names[1]: [history[-1], *ahead]}, region)


async def _carry(
    result: ToolResult, runtime: Runtime, path: Path, metric: Metric, value_today: float, currency: str | None,
    years: float,
) -> None:
    """The value at the horizon; where it holds for an earlier date, also at the last observation."""
    from knowledge.finance.assumptions import significant
    from knowledge.forecasting.project import project

    home = str(result.data["country"] or "")
    stated = Fact("monthly_rent" if metric == "rent" else "value", value_today, "money", Source("user", "message"),
                  currency=currency or path.series.currency or CURRENCY_OF.get(home))
    base = settle([stated], runtime)[stated.id]
    since = _day(base.as_of) if base.source.kind == "model" else None
    held = since or clock.now().date()
    now = path.level_at(held)
    if now is None:  # the area's own series begins later than the value's date: the country's may not
        longer, _ = await _path(runtime, result, metric, home or None, None, None, years, by=held)
        now = longer.level_at(held) if longer is not None else None
        if longer is None or now is None:
            result.gap("no_data", what=f"{metric} series since {base.as_of}", place=path.series.region)
            return
        path = longer
    low, high = base.low or float(base.value), base.high or float(base.value)
    base_id = result.add(base)
    given = {"low_80": low, "high_80": high, "index_now": now}

    def fact(key: str, found: Any, index: float, as_of: str) -> str:
        source = Source("computation", key, path.series.name, path.series.attribution,
                        path.series.demo or base.source.demo)
        ranged = found.low_80 < found.high_80
        return result.add(Fact(
            key, significant(found.value, 3), "money", source, currency=base.currency, entity=base.entity,
            entity_id=base.entity_id, as_of=as_of, low=significant(found.low_80, 3) if ranged else None,
            high=significant(found.high_80, 3) if ranged else None, level=0.8 if ranged else None, inputs=(base_id,),
            formula=f"{float(base.value):.10g} × {index:.10g} ÷ {now:.10g}",
        ))

    last_day, last = path.points[-1]
    if since is not None and _months(last_day) - _months(since) >= 12:
        found = project(float(base.value), **given, index_then=last, index_low_80=last, index_high_80=last)
        result.data["updated"] = fact("updated_value", found, last, path.series.label(last_day))
    then = path.target
    found = project(float(base.value), **given, index_then=then["value"], index_low_80=then["low_80"],
                    index_high_80=then["high_80"])
    then_label = path.series.label(date.fromisoformat(then["period"]))
    result.data |= {
        "projected": fact("projected_value", found, then["value"], then_label), "base": base_id,
        "base_kind": base.source.kind, "base_as_of": base.as_of, "carried_to": then_label,
        "carried_by": path.region(runtime.context.locale.language), "carried_from": path.series.label(last_day),
    }
    result.evidence["interval_width"] = (found.high_80 - found.low_80) / found.value


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _day(as_of: str | None) -> date | None:
    """The first day of a month told as `2018-12`."""
    return date.fromisoformat(f"{as_of}-01") if as_of and re.fullmatch(r"\d{4}-\d{2}", as_of) else None
