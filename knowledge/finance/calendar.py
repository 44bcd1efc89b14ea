"""A case laid out in time, as plain rows: by year over its holding period, by month for its cash flow and its loan.

A loan that nothing else is known of has its amortisation table: in whole cents where every instalment is the same, as a bank
prints it.
"""

from __future__ import annotations

from knowledge.finance.case import Case
from knowledge.finance.holding import deal_of
from knowledge.finance.income import Missing, Undefined, num
from knowledge.finance.inputs import Inputs
from knowledge.finance.projection import Deal, by_month, project
from knowledge.finance.schedule import to_the_cent

#: Columns by year, each an array of a projection.
YEARLY = ("rent", "vacancy_loss", "running_costs", "noi", "interest", "principal", "debt_service", "charges", "cash_flow",
          "value", "loan_balance", "equity")
MONTHLY = ("noi", "payment", "interest", "principal", "charges", "balance", "cash_flow")
Rows = list[dict[str, float]]


def years_of(inputs: Inputs) -> Rows:
    """One row a year; the first, year 0, holds the flows of the purchase. Empty where a projection lacks something."""
    deal = _deal(inputs)
    if deal is None:
        return []
    held = project(deal)
    first = {"year": 0.0, "unlevered": float(held.unlevered[0]), "levered": float(held.levered[0])}
    return [first] + [
        {"year": float(year)} | {name: float(getattr(held, name)[year - 1]) for name in YEARLY}
        | {"unlevered": float(held.unlevered[year]), "levered": float(held.levered[year])}
        for year in range(1, held.years + 1)
    ]


def months_of(inputs: Inputs) -> Rows:
    """One row a month: of the whole case where it can be projected, else of its loan alone, else none."""
    deal = _deal(inputs)
    if deal is not None:
        months = by_month(deal)
        return [{"month": float(month + 1)} | {name: float(getattr(months, name)[month]) for name in MONTHLY}
                for month in range(12 * deal.years)]
    case = Case(inputs)
    try:
        if case.plain_loan:
            return [{"month": float(month), "payment": float(row.payment), "interest": float(row.interest),
                     "principal": float(row.principal), "balance": float(row.balance)}
                    for month, row in enumerate(to_the_cent(num(case.loan), case.monthly_rate, case.months), 1)]
        table = case.table
    except (Missing, Undefined):
        return []
    columns = {"payment": table.payment, "interest": table.interest, "principal": table.principal, "balance": table.balance}
    return [{"month": float(month + 1)} | {name: float(column[month]) for name, column in columns.items()}
            for month in range(len(table.payment))]


def _deal(inputs: Inputs) -> Deal | None:
    case = Case(inputs)
    try:
        return deal_of(case, with_loan=case.has_loan)[0]
    except (Missing, Undefined):
        return None
