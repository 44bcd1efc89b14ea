"""A return year by year, as pages draw it: net income, instalments, cash flow, value, debt and equity at each year's end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.facts import Fact, Source
from core.locale import Locale
from core.words import label
from tools.result import ToolResult

if TYPE_CHECKING:
    from knowledge.finance.inputs import Inputs

#: Measures over a holding period: beside one of them the years are shown.
_OVER_YEARS = frozenset(
    {"irr", "levered_irr", "real_irr", "npv", "equity_at_horizon", "left_after_sale", "equity_multiple", "leverage_effect"}
)
#: Columns of the table, each an array of a projection.
COLUMNS = ("noi", "debt_service", "cash_flow", "value", "loan_balance", "equity")


def add_years(result: ToolResult, locale: Locale, inputs: Inputs, currency: str | None) -> None:
    """Table and chart of the years of a projected return; nothing where flows were told or what it needs lacks."""
    from knowledge.finance.holding import held_over

    if inputs.cash_flows or inputs.sale_price is not None or not _OVER_YEARS & set(inputs.measures):
        return
    held = held_over(inputs)
    if held is None:
        return
    lent = bool(held.debt_service.any())
    names = [name for name in COLUMNS if lent or name not in ("debt_service", "loan_balance")]

    def fact(name: str, value: float) -> str:
        made = Fact(f"year_{name}", round(value, 2), "money", Source("computation", "projection"), currency=currency)
        return result.add(made, say=False)

    rows: list[dict[str, Any]] = [
        {"year": str(year + 1)} | {name: fact(name, float(getattr(held, name)[year])) for name in names}
        for year in range(held.years)
    ]
    result.tables.append({
        "title": label("table_years", locale), "rows": rows,
        "columns": [{"key": "year", "label": label("year", locale), "align": "left"},
                    *({"key": name, "label": label(f"year_{name}", locale), "align": "right"} for name in names)],
    })
    points = [{"x": row["year"], "y": row["cash_flow"]} for row in rows]
    result.draw("columns", "chart_cash_flow", currency or "", {label("chart_flow", locale): points})
