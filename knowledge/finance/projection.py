"""One projection of a purchase that is let and sold: every measure over a holding period, and every simulated path, uses it.

All years of all paths at once: an input is one figure, one a path (shape (paths,)), or one a path and year (shape
(paths, years), or (1, years) where all paths share it; years beyond the horizon are not looked at). Inside, everything is
(paths, years); a projection of figures alone comes back as (years,). Flows stand at year ends: what a year leaves, and in the
last one also the sale. float64.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.finance import checks

Array = NDArray[np.float64]
Figures = float | Array
#: Longest holding period, years.
MOST_YEARS = 60


@dataclass(frozen=True, slots=True)
class Debt:
    """A French loan: `amount`, `monthly_rate` as a fraction (a column a year where it is variable: the instalment is then
    worked out again each year over the months left), `months` instalments.

    `indexation_pct`: yearly inflation that the balance follows (UVR, UDI); the rate is then the real one, the instalment is
    constant in units and rises every month in money. `upfront`: what taking the loan costs, paid at the purchase; `fee_month`:
    money beside each instalment, `insurance_pct`: percent of the balance before it.
    """

    amount: Figures
    monthly_rate: Figures
    months: int
    indexation_pct: Figures = 0.0
    upfront: Figures = 0.0
    fee_month: float = 0.0
    insurance_pct: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What is projected. Money in one currency; percent 6.13 for 6.13 %.

    `rent`: the first year's at full occupancy; `costs`: the first year's in money; `costs_pct`: costs that are a share of the
    full rent; `vacancy_pct`: the share of the rent that is lost. Growth of column t happens during year t + 1, so rent and
    costs of the first year are as stated and the last column of their growth is not used. `cost_growth_pct` None: costs rise
    as the rent does. Selling costs are a share of the sale price, money, or both.
    """

    price: Figures
    years: int
    rent: Figures = 0.0
    costs: Figures = 0.0
    costs_pct: Figures = 0.0
    vacancy_pct: Figures = 0.0
    growth_pct: Figures = 0.0
    rent_growth_pct: Figures = 0.0
    cost_growth_pct: Figures | None = None
    purchase_costs: Figures = 0.0
    selling_costs_pct: Figures = 0.0
    selling_costs: Figures = 0.0
    debt: Debt | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """Yearly arrays of shape (years,) or (paths, years); flows of shape (years + 1,) or (paths, years + 1), the purchase first.

    `noi` = rent - vacancy_loss - running_costs; `debt_service` = interest + principal, where interest holds the rise of an
    indexed balance; `charges`: fees and insurance of the loan; `cash_flow` = noi - debt_service - charges - income_tax;
    `equity` = value - loan_balance. `sale` is what the sale in the last year brings after its costs and tax, before the debt is
    repaid, `selling_costs` those costs: shape () or (paths,). Without a loan `levered` equals `unlevered`.
    """

    rent: Array
    vacancy_loss: Array
    running_costs: Array
    noi: Array
    interest: Array
    principal: Array
    debt_service: Array
    charges: Array
    income_tax: Array
    cash_flow: Array
    value: Array
    loan_balance: Array
    equity: Array
    sale: Array
    selling_costs: Array
    outlay: Array
    own_money: Array
    unlevered: Array
    levered: Array

    @property
    def years(self) -> int:
        return int(self.value.shape[-1])

    @property
    def left_of_sale(self) -> Array:
        """What is left of the sale once the debt is repaid, shape () or (paths,)."""
        return np.asarray(self.sale - self.loan_balance[..., -1])

    def taxed(self, income_tax: Figures = 0.0, sale_tax: Figures = 0.0) -> Projection:
        """The same with taxes: `income_tax` of each year (shape of `noi`, or one figure), `sale_tax` of the sale (shape () or
        (paths,)), both taken off the unlevered and the levered flows. A tax that interest lowers belongs to the levered
        flows: for the unlevered ones, tax a projection without debt. May be applied once more: taxes add up."""
        year, sold = np.asarray(income_tax, dtype=np.float64), np.asarray(sale_tax, dtype=np.float64)
        for name, tax in (("income_tax", year), ("sale_tax", sold)):
            _all_finite(name, tax)
        off = np.broadcast_to(year, self.noi.shape)
        ends = np.concatenate((np.zeros((*off.shape[:-1], 1)), off), axis=-1)
        ends[..., -1] += sold
        return replace(self, income_tax=self.income_tax + off, cash_flow=self.cash_flow - off, sale=self.sale - sold,
                       unlevered=self.unlevered - ends, levered=self.levered - ends)


@dataclass(frozen=True, slots=True)
class Months:
    """One case month by month, arrays of shape (12 x years,); `cash_flow` = noi - payment - charges, before income tax, without
    purchase and sale."""

    noi: Array
    payment: Array
    interest: Array
    principal: Array
    charges: Array
    balance: Array
    cash_flow: Array


def project(deal: Deal, *, income_tax: Figures = 0.0, sale_tax: Figures = 0.0) -> Projection:
    """Buy today, hold whole years, let, sell at the end; taxes as `Projection.taxed` says. Raises `BadInput` on a figure that
    is out of its range."""
    years = horizon(deal.years)
    price = _figures("price", deal.price, 0, checks.LARGEST_AMOUNT, above=True)
    growth, rise, dearer = _growths(deal)
    value = price * np.cumprod(_each_year(growth, years), axis=1)
    rent = _amount("rent", deal.rent) * _from_the_second(rise, years)
    lost = rent * _figures("vacancy_pct", deal.vacancy_pct, 0, 100) / 100
    costs = _amount("cost", deal.costs) * _from_the_second(dearer, years)
    costs = costs + rent * _figures("cost", deal.costs_pct, 0, 100) / 100
    noi = rent - lost - costs
    selling = value[:, -1:] * _figures("selling_costs_pct", deal.selling_costs_pct, 0, 50) / 100
    selling = selling + _amount("selling_costs", deal.selling_costs)
    sale = value[:, -1:] - selling
    outlay = price + _amount("purchase_costs", deal.purchase_costs)
    interest, principal, balance, lent, upfront, charges = _debt(deal.debt, years)
    service = interest + principal
    cash = noi - service - charges
    unlevered = _flow_row(-outlay, noi, sale)
    levered = _flow_row(lent - outlay - upfront, cash, sale - balance[:, -1:])
    count = np.broadcast_shapes(levered.shape, unlevered.shape)[0]
    single = count == 1

    def yearly(array: Array) -> Array:
        full = np.broadcast_to(array, (count, array.shape[1]))
        return full[0] if single else full

    def once(array: Array) -> Array:
        full = np.broadcast_to(array, (count, 1))[:, 0]
        return np.asarray(full[0]) if single else full

    made = Projection(
        rent=yearly(rent), vacancy_loss=yearly(np.broadcast_to(lost, (lost.shape[0], years))), running_costs=yearly(costs),
        noi=yearly(noi), interest=yearly(interest), principal=yearly(principal), debt_service=yearly(service),
        charges=yearly(charges), income_tax=yearly(np.zeros((1, years))), cash_flow=yearly(cash), value=yearly(value),
        loan_balance=yearly(balance),
        equity=yearly(value - balance), sale=once(sale), selling_costs=once(selling), outlay=once(outlay),
        own_money=once(outlay + upfront - lent), unlevered=yearly(unlevered), levered=yearly(levered),
    )
    return made if np.isscalar(income_tax) and np.isscalar(sale_tax) and not income_tax and not sale_tax else made.taxed(
        income_tax, sale_tax)


def by_month(deal: Deal) -> Months:
    """The first path of `deal` month by month: a year's rent and costs in twelve parts, the loan by its own calendar."""
    held = project(deal)
    years = held.years
    noi = np.repeat(np.atleast_2d(held.noi)[0] / 12, 12)
    nothing = np.zeros(12 * years)
    if deal.debt is None:
        return Months(noi, nothing, nothing, nothing, nothing, nothing, noi)
    rates, index, left, owed = _terms(deal.debt, years)
    rows: list[tuple[float, float, float, float]] = []
    balance, units = float(owed[0, 0]), 1.0
    for month in range(12 * years):
        rate, due = float(rates[0, month // 12]), left - month
        if due <= 0:
            rows.append((0.0, 0.0, 0.0, 0.0))
            continue
        instalment = balance / float(annuity(np.array([[rate]]), np.array(due))[0, 0])
        beside = deal.debt.fee_month + balance * units * deal.debt.insurance_pct / 100
        units *= float(index[0, month // 12]) ** (1 / 12)
        after = instalment * float(annuity(np.array([[rate]]), np.array(due - 1))[0, 0])
        rows.append((balance * rate * units, (balance - after) * units, beside, after * units))
        balance = after
    interest, principal, charges, balances = (np.array(column) for column in zip(*rows, strict=True))
    return Months(noi, interest + principal, interest, principal, charges, balances, noi - interest - principal - charges)


def annuity(rate: Array, months: Array) -> Array:
    """What `months` instalments of 1 repay at a monthly `rate`: (1 - (1 + i)^-n) / i, and n at rate 0."""
    n = np.maximum(months, 0.0)
    safe = np.where(rate == 0, 1.0, rate)
    return np.asarray(np.where(rate == 0, n, -np.expm1(-n * np.log1p(safe)) / safe))


def horizon(years: Any) -> int:
    """A holding period in whole years, 1 to 60."""
    if isinstance(years, bool) or not isinstance(years, int | np.integer) or not 1 <= years <= MOST_YEARS:
        raise checks.bad("horizon_years", years, f"un número entero de 1 a {MOST_YEARS}",
                         f"a whole number from 1 to {MOST_YEARS}")
    return int(years)


def _terms(debt: Debt, years: int) -> tuple[Array, Array, int, Array]:
    rates = _each_year(_figures("rate_pct", debt.monthly_rate, 0, 1), years)
    index = 1 + _each_year(_figures("inflation_pct", debt.indexation_pct, -50, 100), years) / 100
    months = debt.months
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 720:
        raise checks.bad("months", months, "de 1 a 720 cuotas mensuales", "1 to 720 monthly instalments")
    return rates, index, months, _amount("loan_amount", debt.amount)


def _debt(debt: Debt | None, years: int) -> tuple[Array, Array, Array, Array, Array, Array]:
    """(interest, principal, balance) of each year, then the amount lent and what lending cost, shape (paths, 1), and the
    charges of each year."""
    none = np.zeros((1, years))
    if debt is None:
        return none, none, none, np.zeros((1, 1)), np.zeros((1, 1)), none
    rates, index, months, lent = _terms(debt, years)
    shape = np.broadcast_shapes(rates.shape, index.shape, (lent.shape[0], years))
    paid, owed, charges = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    fee = float(checks.amount("loan_costs", debt.fee_month, zero=True))
    insured = checks.percent("loan_costs", debt.insurance_pct, 0, 5) / 100
    balance, units = np.broadcast_to(lent, (shape[0], 1)), np.ones((shape[0], 1))
    for year in range(min(years, -(-months // 12))):
        rate, grown = rates[:, year : year + 1], index[:, year : year + 1]
        due = months - 12 * year
        count = min(12, due)
        instalment = balance / annuity(rate, np.array(float(due)))
        step = grown ** (1 / 12)
        # the instalment rises with the unit of account every month: a geometric sum of `count` terms
        risen = np.where(step == 1, float(count), step * (step**count - 1) / np.where(step == 1, 1.0, step - 1))
        paid[:, year : year + 1] = instalment * units * risen
        if fee or insured:
            before = sum((instalment * annuity(rate, np.array(float(due - month))) * units * step**month
                          for month in range(count)), np.zeros((shape[0], 1))) if insured else 0.0
            charges[:, year : year + 1] = fee * count + before * insured
        balance = instalment * annuity(rate, np.array(float(due - 12)))
        units = units * grown
        owed[:, year : year + 1] = balance * units
    before = np.concatenate((np.broadcast_to(lent, (shape[0], 1)), owed[:, :-1]), axis=1)
    principal = before - owed
    return paid - principal, principal, owed, lent, _amount("loan_costs", debt.upfront), charges


def _growths(deal: Deal) -> tuple[Array, Array, Array]:
    growth = 1 + _figures("growth_pct", deal.growth_pct, -99, 1000) / 100
    rise = 1 + _figures("rent_growth_pct", deal.rent_growth_pct, -99, 1000) / 100
    own = deal.cost_growth_pct
    return growth, rise, rise if own is None else 1 + _figures("cost_growth_pct", own, -99, 1000) / 100


def _from_the_second(rise: Array, years: int) -> Array:
    """Cumulated growth, 1 in the first year."""
    grown = np.cumprod(_each_year(rise, years)[:, :-1], axis=1) if years > 1 else np.empty((rise.shape[0], 0))
    return np.concatenate((np.ones((grown.shape[0], 1)), grown), axis=1)


def _each_year(array: Array, years: int) -> Array:
    array = array[:, :years]
    if array.shape[1] not in (1, years):
        raise checks.bad("horizon_years", array.shape[1], f"{years} columnas, una por año", f"{years} columns, one a year")
    return np.broadcast_to(array, (array.shape[0], years))


def _flow_row(first: Array, yearly: Array, last: Array) -> Array:
    rows = max(first.shape[0], yearly.shape[0], last.shape[0])
    flows = np.empty((rows, yearly.shape[1] + 1))
    flows[:, :1], flows[:, 1:] = first, yearly
    flows[:, -1:] += last
    return flows


def _amount(field: str, value: Figures) -> Array:
    return _figures(field, value, 0, checks.LARGEST_AMOUNT)


def _figures(field: str, value: Figures, low: float, high: float, *, above: bool = False) -> Array:
    """As (paths or 1, years or 1), every one finite and between the bounds (above the lower one where `above`)."""
    array = np.asarray(value, dtype=np.float64)
    array = array.reshape(1, 1) if array.ndim == 0 else array[:, None] if array.ndim == 1 else array
    _all_finite(field, array)
    wrong = array[(array < low) | (array > high) | ((array == low) if above else False)]
    if wrong.size:
        raise checks.bad(field, float(wrong.flat[0]), f"una cifra {'mayor que' if above else 'desde'} {low:g} y hasta {high:g}",
                         f"a figure {'above' if above else 'from'} {low:g} and up to {high:g}")
    return array


def _all_finite(field: str, array: Array) -> None:
    unreal = array[~np.isfinite(array)]
    if unreal.size:
        checks.finite(field, float(unreal.flat[0]))
