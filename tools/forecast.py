"""Where an area's prices or rents are going: a forecast with its interval and the backtest that earned it.

The horizon is counted from the last observation, unless that is old: then from today, and the change is told from the
last observation on, because nobody knows what happened in between. Without inflation and for one property:
`forecast_real`, `forecast_carry`.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Any, Literal

from langchain.tools import tool

from core.errors import BadInput
from core.facts import Fact, Source, Unit
from core.locale import country_name
from knowledge.forecasting.series import MONTHS
from tools.context import Runtime
from tools.forecast_carry import carry
from tools.forecast_path import Metric, Path, find_path
from tools.forecast_real import tell_real
from tools.provenance import settle
from tools.result import Content, ToolResult

Currency = Literal["COP", "EUR", "MXN", "USD"]
#: Farther ahead nothing is forecast: backtests of these series do not reach farther.
MOST_YEARS = 5.0
_HISTORY, _EVERY_MONTHS = 24, 3
_NAMES = {"es": ("observado", "pronóstico"), "en": ("observed", "forecast")}


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
    path, exact = await find_path(runtime, result, metric, code, city, neighbourhood, min(years, MOST_YEARS))
    if path is None:
        return result.done()
    _report(result, runtime, path, min(years, MOST_YEARS), exact)
    await tell_real(result, runtime, path, asked=real)
    if value_today is not None:
        await carry(result, runtime, path, metric, value_today, currency, min(years, MOST_YEARS))
    return result.done()


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


def _chart(result: ToolResult, runtime: Runtime, path: Path, fact: Any, observed: Source) -> None:
    series, unit = path.series, path.series.fact_unit

    def point(day: date, value: float, **more: Any) -> dict[str, str]:
        made = fact("point", value, unit, series.label(day), **more)
        return {"x": day.isoformat(), "y": result.add(made, say=False)}

    history = [point(day, value, source=observed) for day, value in path.points[-_HISTORY:]]
    every = max(1, _EVERY_MONTHS // MONTHS[series.frequency])
    ahead = [
        point(date.fromisoformat(s["period"]), s["value"], low=s["low_80"], high=s["high_80"], level=0.8)
        for i, s in enumerate(path.body["path"][:path.steps], 1) if i % every == 0 or i == path.steps
    ]
    language = runtime.context.locale.language
    names, region = _NAMES[language], path.region(language)
    result.draw("line", f"series_{series.metric}", series.unit, {names[0]: history, names[1]: [history[-1], *ahead]}, region)
