"""Three coherent stories of a deal: pessimistic, base and optimistic, each with what it changes.

The outer two take the same end of every 80 % range at once. That is rarer than one in ten by far, which is the point of a
scenario: it shows a bad and a good world, not a likely one; chances are what the simulated paths are for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from knowledge.finance import returns
from knowledge.finance.projection import Deal, Projection, project
from knowledge.finance.risk.ranges import Basis, Ranges

Name = Literal["pessimistic", "base", "optimistic"]
_ENDS: dict[Name, Literal["low", "middle", "high"]] = {"pessimistic": "low", "base": "middle", "optimistic": "high"}


@dataclass(frozen=True, slots=True)
class Change:
    """One input of a scenario: `key`, its figure there, and what its range rests on."""

    key: str
    value: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class Scenario:
    """`irr`: percent a year on the own money, None where it does not exist; `cash_flow`: the first year's; `gain`: all that
    comes back less all put in; `left`: what the sale leaves once the debt is repaid."""

    name: Name
    changes: tuple[Change, ...]
    irr: float | None
    cash_flow: float
    gain: float
    left: float
    held: Projection


def scenarios(deal: Deal, ranges: Ranges) -> tuple[Scenario, ...]:
    """Pessimistic, base, optimistic; `deal`'s growth, rent, vacancy and costs give way to those of the ranges."""
    return tuple(_scenario(name, deal, ranges) for name in _ENDS)


def _scenario(name: Name, deal: Deal, ranges: Ranges) -> Scenario:
    end = _ENDS[name]
    wide: Any = {"low": "low", "middle": "base", "high": "high"}[end]
    narrow: Any = {"low": "high", "middle": "base", "high": "low"}[end]  # vacancy, costs and rates hurt where they are high
    vacancy, costs = getattr(ranges.vacancy, narrow), getattr(ranges.costs, narrow)
    rent, points = getattr(ranges.rent_level, wide), getattr(ranges.rate, narrow)
    changes = [
        Change("growth_pct", ranges.value.yearly(end), ranges.value.basis),
        Change("rent_growth_pct", ranges.rent.yearly(end), ranges.rent.basis),
        Change("rent", rent, ranges.rent_level.basis), Change("vacancy_pct", vacancy, ranges.vacancy.basis),
        Change("costs", costs, ranges.costs.basis),
    ]
    debt = deal.debt
    if debt is not None and ranges.rate_moves:
        changes.append(Change("rate_points", points, ranges.rate.basis))
        base = np.atleast_2d(np.asarray(debt.monthly_rate, dtype=np.float64))
        later = np.concatenate((np.zeros(1), np.full(deal.years - 1, points / 1200)))[None, :]
        debt = replace(debt, monthly_rate=np.clip(base[:, : deal.years] + later, 0.0, 1.0))
    held = project(replace(
        deal, growth_pct=ranges.value.growth(end)[None, : deal.years],
        rent_growth_pct=ranges.rent.growth(end)[None, : deal.years], rent=rent, vacancy_pct=vacancy,
        costs=np.asarray(deal.costs) * costs, debt=debt,
        cost_growth_pct=ranges.rent.growth()[None, : deal.years],
    ))
    found = returns.internal_rate(held.levered.tolist())
    return Scenario(name, tuple(changes), found.rates[0] if found.status == "one" else None, float(held.cash_flow[0]),
                    float(held.levered.sum()), float(held.left_of_sale), held)
