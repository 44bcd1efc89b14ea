"""The amortisation table of a loan, month by month and year by year, and what the loan costs with everything in it.

One table for every kind. A variable rate brings a new constant instalment over the months left whenever it changes. A loan
in units of account (Colombia's UVR, Mexico's UDI) is a constant instalment in units at a real rate; in money, balance and
instalment rise with the unit. float64; `to_the_cent` is the table a bank prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray

from knowledge.finance import checks, loans

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """One row a month, arrays of shape (n,), in money: `payment` = `interest` + `principal`; `charges` are the insurance and
    fees paid beside it; `indexation` is what inflation adds to the balance that month (0 unless the loan is indexed), so that
    `balance` = the one before + `indexation` - `principal`. `received`: the loan less what opening it cost."""

    payment: Array
    interest: Array
    principal: Array
    indexation: Array
    charges: Array
    balance: Array
    received: float


@dataclass(frozen=True, slots=True)
class CentRow:
    """A month of the printed table, in whole cents."""

    payment: Decimal
    interest: Decimal
    principal: Decimal
    balance: Decimal


def plan(
    principal: float, rate: float | Sequence[float], months: int, *, inflation_pct: float = 0.0, opening_fee: float = 0.0,
    monthly_fee: float = 0.0, insurance_pct: float = 0.0,
) -> Plan:
    """The whole table. `rate`: the monthly fraction, or one a year of the loan (the last holds for the years after it).
    `inflation_pct`: a year's rise of the unit of an indexed loan. `opening_fee`: money, paid when the loan is. `monthly_fee`:
    money a month; `insurance_pct`: percent of the balance before the instalment, a month."""
    checks.amount("loan_amount", principal)
    yearly = [rate] if isinstance(rate, int | float) else list(rate)
    if not yearly:
        raise checks.bad("rate_pct", "[]", "al menos una tasa", "at least one rate")
    for each in yearly:
        loans.payment(principal, each, months)  # checks rate and months
    fee = checks.amount("loan_costs", opening_fee, zero=True)
    if fee >= principal:
        raise checks.bad("loan_costs", opening_fee, f"menos que el crédito ({principal:g})",
                         f"less than the loan ({principal:g})")
    step = (1 + checks.percent("inflation_pct", inflation_pct, -20, 100) / 100) ** (1 / 12)
    owed, instalment, units = principal, 0.0, np.empty((months, 3))
    for month in range(months):
        now = yearly[min(month // 12, len(yearly) - 1)]
        if month % 12 == 0 and (month == 0 or month // 12 < len(yearly)):
            instalment = loans.payment(owed, now, months - month)
        left = months - month - 1
        after = loans.affordable_principal(instalment, now, left) if left else 0.0
        units[month] = owed * now, owed - after, after
        owed = after
    index = step ** np.arange(1, months + 1)
    interest, repaid, balance = (units[:, column] * index for column in range(3))
    before = np.concatenate(([principal], balance[:-1]))
    charges = checks.amount("loan_costs", monthly_fee, zero=True) + before * checks.percent(
        "loan_costs", insurance_pct, 0, 5) / 100
    return Plan(interest + repaid, interest, repaid, balance + repaid - before, charges, balance, principal - fee)


def effective_cost(table: Plan) -> float:
    """What the loan costs a year with its fees and insurance, percent: the monthly internal rate of what is received and what
    is paid, compounded twelve times. The TAE of Spain and the effective annual of Colombia; Mexico's CAT without VAT."""
    from pyxirr import irr

    rate = irr([table.received, *(-(table.payment + table.charges)).tolist()], silent=True)
    if rate is None:
        raise checks.bad("loan_costs", table.received, "gastos con los que exista una tasa", "costs that leave a rate")
    return float(np.expm1(12 * np.log1p(rate))) * 100


def by_year(table: Plan) -> dict[str, Array]:
    """The same by year, arrays of shape (years,): sums of the months, and the balance at each year's end."""
    starts = np.arange(0, len(table.payment), 12)
    ends = np.minimum(starts + 11, len(table.payment) - 1)
    sums = {name: np.add.reduceat(getattr(table, name), starts)
            for name in ("payment", "interest", "principal", "indexation", "charges")}
    return sums | {"balance": table.balance[ends]}


def to_the_cent(principal: float, rate: float, months: int) -> list[CentRow]:
    """A fixed loan as a bank books it: every amount in whole cents, the last instalment repays exactly what is left."""
    cent = Decimal("0.01")

    def booked(value: Decimal) -> Decimal:
        return value.quantize(cent, ROUND_HALF_EVEN)

    instalment = booked(Decimal(loans.payment(principal, rate, months)))
    owed, monthly = booked(Decimal(repr(float(principal)))), Decimal(repr(rate))
    rows: list[CentRow] = []
    for month in range(1, months + 1):
        interest = booked(owed * monthly)
        repaid = owed if month == months else min(owed, instalment - interest)
        owed -= repaid
        rows.append(CentRow(interest + repaid, interest, repaid, owed))
    return rows
