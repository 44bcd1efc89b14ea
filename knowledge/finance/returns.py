"""Measures of a rental property: yields, cash flow, coverage, break-even, IRR and NPV.

Definitions are the usual ones of income appraisal; where two exist the docstring says which. Results in percent are
6.13 for 6.13 %. An IRR is never forced: flows whose sign changes more than once may have none or several, and all
roots are reported. float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from knowledge.finance import checks


@dataclass(frozen=True, slots=True)
class Irr:
    """Internal rates of return in percent per period, ascending; `status` counts them."""

    rates: tuple[float, ...]

    @property
    def status(self) -> Literal["none", "one", "several"]:
        return "none" if not self.rates else "one" if len(self.rates) == 1 else "several"


def gross_yield(annual_rent: float, price: float) -> float:
    """Yearly rent over price, percent."""
    return checks.amount("annual_rent", annual_rent, zero=True) / checks.amount("price", price) * 100


def rent_for_yield(price: float, target_yield_pct: float) -> float:
    """The monthly rent at which the gross yield is `target_yield_pct`."""
    return checks.amount("price", price) * checks.percent("target_yield_pct", target_yield_pct, 0.1, 100) / 1200


def price_for_yield(annual_rent: float, target_yield_pct: float) -> float:
    """The price at which the gross yield is `target_yield_pct`."""
    return checks.amount("annual_rent", annual_rent) / checks.percent("target_yield_pct", target_yield_pct, 0.1, 100) * 100


def net_operating_income(annual_rent: float, vacancy_pct: float = 0, costs: float = 0) -> float:
    """Rent x (1 - vacancy) - running costs, a year; before debt and income tax. May be negative."""
    checks.amount("annual_rent", annual_rent, zero=True)
    checks.amount("cost", costs, zero=True)
    return round(annual_rent * (1 - checks.percent("vacancy_pct", vacancy_pct, 0, 100) / 100) - costs, 6)


def net_yield(noi: float, price: float, acquisition_costs: float = 0) -> float:
    """NOI over price plus acquisition costs, percent. With costs 0 it is the yield on the price (the cap rate)."""
    base = checks.amount("price", price) + checks.amount("purchase_costs", acquisition_costs, zero=True)
    return checks.finite("income", noi) / base * 100


def cap_rate(noi: float, value: float) -> float:
    """NOI over market value, percent."""
    return net_yield(noi, value)


def cash_on_cash(noi: float, debt_service: float, invested: float) -> float:
    """(NOI - year's loan payments) over own cash invested, percent; before income tax."""
    return (checks.finite("income", noi) - checks.amount("debt_service", debt_service, zero=True)) / checks.amount(
        "invested", invested
    ) * 100


def debt_service_coverage(noi: float, debt_service: float) -> float:
    """NOI over the year's loan payments, a ratio."""
    return checks.finite("income", noi) / checks.amount("debt_service", debt_service)


def years_of_rent(price: float, annual_rent: float) -> float:
    """Price over yearly rent (gross rent multiplier), years."""
    return checks.amount("price", price) / checks.amount("annual_rent", annual_rent)


def payback_years(invested: float, annual_income: float) -> float:
    """Years of constant income that return the investment; raises `BadInput` if the income is not positive."""
    return checks.amount("invested", invested) / checks.amount("income", annual_income)


def break_even_rent(
    fixed_costs: float, debt_service: float = 0, vacancy_pct: float = 0, share_of_rent_pct: float = 0
) -> float:
    """Monthly rent at which the cash flow is zero: (fixed + debt) / (12 (1 - vacancy - costs that follow the rent)).

    `fixed_costs` and `debt_service` are yearly. Raises `BadInput` where vacancy and shares leave nothing of the rent.
    """
    kept = 1 - checks.percent("vacancy_pct", vacancy_pct, 0, 100) / 100 - share_of_rent_pct / 100
    if kept <= 0:
        raise checks.bad("vacancy_pct", vacancy_pct, "que vacancia y gastos dejen parte de la renta",
                         "vacancy and costs that leave part of the rent")
    return (checks.amount("cost", fixed_costs, zero=True) + checks.amount("debt_service", debt_service, zero=True)) / (
        12 * kept
    )


def break_even_occupancy(annual_rent: float, costs: float, debt_service: float = 0) -> float:
    """(running costs + debt) over full rent, percent; above 100 the property never pays for itself."""
    outgoings = checks.amount("cost", costs, zero=True) + checks.amount("debt_service", debt_service, zero=True)
    return outgoings / checks.amount("annual_rent", annual_rent) * 100


def price_per_m2(price: float, area_m2: float) -> float:
    """Price over area, money per square metre."""
    return checks.amount("price", price) / checks.amount("area_m2", area_m2)


def net_present_value(rate_pct: float, flows: Sequence[float]) -> float:
    """Sum of flows discounted at `rate_pct` per period; the first flow is today. Rate above -100 %."""
    from pyxirr import npv

    rate = checks.percent("discount_pct", rate_pct, -99, 1000)
    return float(npv(rate / 100, _flows(flows)) or 0.0)


def internal_rate(flows: Sequence[float]) -> Irr:
    """All internal rates between -99 % and 1000 % per period of equally spaced flows.

    One change of sign means at most one rate above -100 % (Descartes' rule) and pyxirr finds it; otherwise the net
    present value is scanned on a grid of growth factors and every crossing is refined by bisection.
    """
    values = _flows(flows)
    signs = np.sign([v for v in values if v])
    changes = int(np.count_nonzero(signs[1:] != signs[:-1]))
    if changes == 0:
        return Irr(())
    if changes == 1:
        from pyxirr import irr

        rate = irr(values, silent=True)
        if rate is not None and -0.99 <= rate <= 10:
            return Irr((float(rate) * 100,))
    return Irr(_crossings(np.asarray(values, dtype=np.float64)))


def dated_internal_rate(days: Sequence[date], flows: Sequence[float]) -> float | None:
    """The internal rate of flows on days of their own (XIRR), percent a year of 365 days; None where there is none, or where
    the flows change sign more than once and no single rate is sure."""
    from pyxirr import xirr

    values = _flows(flows)
    if len(days) != len(values):
        raise checks.bad("flow_dates", len(days), f"{len(values)} fechas, una por flujo", f"{len(values)} dates, one a flow")
    ordered = [flow for _, flow in sorted(zip(days, values, strict=True))]
    signs = np.sign([v for v in ordered if v])
    if int(np.count_nonzero(signs[1:] != signs[:-1])) != 1 or len(set(days)) < 2:
        return None
    rate = xirr(list(days), values, silent=True)
    return None if rate is None else float(rate) * 100


def _crossings(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, ...]:
    powers = np.arange(len(values))

    def present(factors: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        # scaled by the largest discount factor, so that 0.01^-480 does not overflow; the sign is what matters
        logs = -np.log(factors)[:, None] * powers
        return np.asarray(np.exp(logs - logs.max(axis=1, keepdims=True)) @ values)

    grid = np.geomspace(0.01, 11, 4001)
    at = present(grid)
    roots = [float(g) for g, v in zip(grid, at, strict=True) if v == 0]
    for i in np.flatnonzero(at[:-1] * at[1:] < 0):
        low, high, sign = grid[i], grid[i + 1], np.sign(at[i])
        for _ in range(60):
            middle = (low + high) / 2
            if np.sign(present(np.array([middle]))[0]) == sign:
                low = middle
            else:
                high = middle
        roots.append(float((low + high) / 2))
    return tuple(sorted((root - 1) * 100 for root in roots))


def _flows(flows: Sequence[float]) -> list[float]:
    if not 2 <= len(flows) <= 1200:
        raise checks.bad("cash_flows", f"{len(flows)}", "entre 2 y 1200 flujos", "between 2 and 1200 flows")
    return [checks.finite("cash_flows", v) for v in flows]
