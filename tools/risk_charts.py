"""What pages and reports draw of a risk: the distribution of the internal rate, the tornado, the cash flow by year."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from core.locale import Locale
from core.words import label
from tools.result import ToolResult

if TYPE_CHECKING:
    from knowledge.finance.risk.monte_carlo import Outcome
    from knowledge.finance.risk.scenarios import Scenario
    from knowledge.finance.risk.tornado import Tornado

_BINS = 20


def add_charts(
    result: ToolResult, locale: Locale, made: Any, outcome: Outcome, hangs: Tornado, stories: tuple[Scenario, ...],
    currency: str | None,
) -> None:
    """Charts in the form of `ToolResult.charts`; `made(key, value, unit, …)` keeps a fact and returns its id."""
    edges, shares = outcome.histogram(_BINS)
    bins = [
        {"x": made("irr_bin", float(low + high) / 2, "percent", say=False, ref="histogram"),
         "y": made("irr_bin_share", float(share), "percent", say=False, ref="histogram")}
        for low, high, share in zip(edges[:-1], edges[1:], shares, strict=True)
    ]
    result.draw("columns", "chart_irr", "%", {label("chart_paths", locale): bins})
    bars = [bar for bar in hangs.bars if bar.swing and math.isfinite(bar.irr_low) and math.isfinite(bar.irr_high)]
    if math.isfinite(hangs.irr):
        swings = [
            {"x": label(f"input_{bar.key}", locale),
             "y": made("tornado_irr", hangs.irr, "percent", say=False, ref="tornado",
                       low=round(min(bar.irr_low, bar.irr_high), 2), high=round(max(bar.irr_low, bar.irr_high), 2))}
            for bar in bars
        ]
        result.draw("ranges", "chart_tornado", "%", {label("chart_rate", locale): swings})
    yearly = [
        {"x": str(year), "y": made("cash_flow_of_year", float(flow), "money", say=False, ref="cash_flow_year")}
        for year, flow in enumerate(stories[1].held.cash_flow, 1)
    ]
    result.draw("columns", "chart_cash_flow", currency or "", {label("chart_flow", locale): yearly})
