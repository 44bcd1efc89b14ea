"""One property's value or rent carried along its area's index, both errors in the interval.

It is carried from the date it holds for: a model's value from its data's, a stated one from today.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from core import clock
from core.facts import Fact, Source
from core.locale import CURRENCY_OF
from knowledge.series.periods import read_period
from tools.context import Runtime
from tools.forecast_path import Metric, Path, find_path, months
from tools.provenance import settle
from tools.result import ToolResult


async def carry(
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
    since = read_period(base.as_of or "") if base.source.kind == "model" else None
    held = since or clock.now().date()
    now = path.level_at(held)
    if now is None:  # the area's own series begins later than the value's date: the country's may not
        longer, _ = await find_path(runtime, result, metric, home or None, None, None, years, by=held)
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
    if since is not None and months(last_day) - months(since) >= 12:
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
