"""One input at a time from one end of its range to the other: which of them the return hangs on.

All the rows are one projection: each path moves one input, the first none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from knowledge.finance.projection import Deal, project
from knowledge.finance.risk.ranges import Array, Basis, Ranges
from knowledge.finance.risk.roots import internal_rates


@dataclass(frozen=True, slots=True)
class Bar:
    """One input: its two ends, the internal rate of the own money (percent; NaN where there is none) and the first year's cash
    flow at each. `swing`: how far apart the two rates are, or the cash flows as a share of the own money where a rate lacks."""

    key: str
    low: float
    high: float
    irr_low: float
    irr_high: float
    cash_low: float
    cash_high: float
    swing: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class Tornado:
    """`bars` from the widest swing to the narrowest, around the base case's `irr` and first-year `cash_flow`."""

    irr: float
    cash_flow: float
    bars: tuple[Bar, ...]


def tornado(deal: Deal, ranges: Ranges) -> Tornado:
    """Growth, rent growth, rent, vacancy, costs, the loan's rate and the price paid (5 % either way), each low and high."""
    years = deal.years
    value, rise = ranges.value.growth()[:years], ranges.rent.growth()[:years]
    moved: list[tuple[str, float, float, Basis, dict[str, tuple[Any, Any]]]] = [
        ("growth_pct", ranges.value.yearly("low"), ranges.value.yearly("high"), ranges.value.basis,
         {"growth": (ranges.value.growth("low")[:years], ranges.value.growth("high")[:years])}),
        ("rent_growth_pct", ranges.rent.yearly("low"), ranges.rent.yearly("high"), ranges.rent.basis,
         {"rise": (ranges.rent.growth("low")[:years], ranges.rent.growth("high")[:years])}),
        ("rent", ranges.rent_level.low, ranges.rent_level.high, ranges.rent_level.basis,
         {"rent": (ranges.rent_level.low, ranges.rent_level.high)}),
        ("vacancy_pct", ranges.vacancy.low, ranges.vacancy.high, ranges.vacancy.basis,
         {"vacancy": (ranges.vacancy.low, ranges.vacancy.high)}),
        ("costs", ranges.costs.low, ranges.costs.high, ranges.costs.basis, {"costs": (ranges.costs.low, ranges.costs.high)}),
        ("price", 0.95, 1.05, "assumption", {"price": (0.95, 1.05)}),
    ]
    if deal.debt is not None:
        moved.append(("rate_points", ranges.rate.low, ranges.rate.high, ranges.rate.basis,
                      {"rate": (ranges.rate.low, ranges.rate.high)}))
    count = 1 + 2 * len(moved)
    rows: dict[str, Array] = {
        "growth": np.tile(value, (count, 1)), "rise": np.tile(rise, (count, 1)),
        "rent": np.full(count, ranges.rent_level.base),
        "vacancy": np.full(count, ranges.vacancy.base), "costs": np.ones(count), "rate": np.zeros(count),
        "price": np.ones(count),
    }
    for number, (*_, ends) in enumerate(moved):
        for name, (low, high) in ends.items():
            rows[name][1 + 2 * number], rows[name][2 + 2 * number] = low, high
    price = np.asarray(deal.price, dtype=np.float64) * rows["price"]
    debt = deal.debt
    if debt is not None:
        base = np.atleast_2d(np.asarray(debt.monthly_rate, dtype=np.float64))
        debt = replace(debt, monthly_rate=np.clip(base + rows["rate"][:, None] / 1200, 0.0, 1.0))
    held = project(replace(
        deal, price=price, growth_pct=_same_end(rows), rent_growth_pct=rows["rise"], rent=rows["rent"],
        vacancy_pct=rows["vacancy"], costs=np.asarray(deal.costs) * rows["costs"], cost_growth_pct=rise[None, :], debt=debt,
    ))
    irr, cash = internal_rates(held.levered).rate, held.cash_flow[:, 0]
    own = float(np.atleast_1d(held.own_money)[0])
    bars = []
    for number, (key, low, high, basis, _) in enumerate(moved):
        a, b = 1 + 2 * number, 2 + 2 * number
        apart = abs(float(irr[a] - irr[b]))
        swing = apart if np.isfinite(apart) else abs(float(cash[a] - cash[b])) / max(own, 1.0) * 100
        bars.append(Bar(key, low, high, float(irr[a]), float(irr[b]), float(cash[a]), float(cash[b]), swing, basis))
    return Tornado(float(irr[0]), float(cash[0]), tuple(sorted(bars, key=lambda bar: -bar.swing)))


def _same_end(rows: dict[str, Array]) -> Array:
    """Growth by path; where the price paid moves, what it is worth later does not, so the first year makes up for it."""
    growth = rows["growth"].copy()
    growth[:, 0] = ((1 + growth[:, 0] / 100) / rows["price"] - 1) * 100
    return growth
