"""A forecast in the money of its last observation: the expected change without the country's inflation."""

from __future__ import annotations

from datetime import date

from core.facts import Fact, Source
from knowledge.forecasting.registry import country_inflation
from tools.context import Runtime
from tools.forecast_path import Path
from tools.result import ToolResult

#: Where inflation is high enough that a nominal forecast alone misleads.
INFLATIONARY = frozenset(("CO", "MX"))


async def tell_real(result: ToolResult, runtime: Runtime, path: Path, *, asked: bool) -> None:
    """The change to the horizon in the money of the last observation, where the country's inflation is known."""
    context, series, target = runtime.context, path.series, path.target
    async with context.resources.database.session(context.scope) as session:
        prices = await country_inflation(session, series.country)
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
                   Source("series", prices.series, prices.name, prices.attribution), as_of=str(prices.last_year))
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
        "shown": asked or series.country in INFLATIONARY, "since": series.label(last_day), "known_to": str(prices.last_year),
    }
