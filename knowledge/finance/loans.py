"""Constant-instalment (French) loans.

A quoted yearly rate becomes a monthly one by the convention of its market, and that is where most wrong payments come
from: Spain and Mexico quote nominal rates (divided by 12), Colombia effective ones (the twelfth root). float64.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from knowledge.finance import checks

RateKind = Literal["nominal", "effective", "monthly"]

#: Countries whose loans are quoted as effective annual rates (E.A.); everywhere else nominal.
EFFECTIVE_COUNTRIES = frozenset({"CO"})


def rate_kind(country: str | None, stated: RateKind | None = None) -> RateKind:
    """How a quoted rate is meant: as stated, else by the country's custom (CO effective, others nominal)."""
    return stated or ("effective" if country in EFFECTIVE_COUNTRIES else "nominal")


def monthly_rate(rate_pct: float, kind: RateKind) -> float:
    """Monthly rate as a fraction: annual / 12 if nominal, (1 + annual)^(1/12) - 1 if effective, itself if it was quoted
    a month. `rate_pct` 0-100."""
    annual = checks.rate(rate_pct) / 100
    if kind == "monthly":
        return annual
    return float((1 + annual) ** (1 / 12) - 1) if kind == "effective" else annual / 12


def quoted_rate(monthly: float, kind: RateKind) -> float:
    """The inverse of `monthly_rate`: a monthly fraction as a yearly percentage of this kind (a month's if `monthly`)."""
    checks.percent("rate_pct", monthly * 100, 0, 100)
    if kind == "monthly":
        return monthly * 100
    return float(np.expm1(12 * np.log1p(monthly))) * 100 if kind == "effective" else monthly * 1200


def months_of(term_years: float) -> int:
    """Number of instalments of a term in years, to the nearest month."""
    return round(checks.years("term_years", term_years) * 12)


def payment(principal: float, rate: float, months: int) -> float:
    """Constant monthly instalment: P i / (1 - (1 + i)^-n), or P / n at rate 0. `rate` is the monthly fraction."""
    checks.amount("loan_amount", principal)
    _check_loan(rate, months)
    return principal * rate / -np.expm1(-months * np.log1p(rate)).item() if rate else principal / months


def balance(principal: float, rate: float, months: int, paid: int) -> float:
    """What is still owed after `paid` instalments; 0 once all `months` are paid.

    P (1+i)^k - A ((1+i)^k - 1) / i, written with the instalments still due so that it does not cancel badly.
    """
    if paid < 0:
        raise checks.bad("months", paid, "cero o más cuotas pagadas", "zero or more instalments paid")
    left = months - paid
    if left <= 0:
        return 0.0
    return affordable_principal(payment(principal, rate, months), rate, left)


def affordable_principal(instalment: float, rate: float, months: int) -> float:
    """The loan that `instalment` a month repays in `months`: the inverse of `payment`."""
    checks.amount("payment", instalment)
    _check_loan(rate, months)
    return instalment * -np.expm1(-months * np.log1p(rate)).item() / rate if rate else instalment * months


def loan_to_value(loan: float, value: float) -> float:
    """Loan over value in percent."""
    return checks.amount("loan_amount", loan) / checks.amount("price", value) * 100


def _check_loan(rate: float, months: int) -> None:
    checks.percent("rate_pct", rate * 100, 0, 100)
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 720:
        raise checks.bad("months", months, "de 1 a 720 cuotas mensuales", "1 to 720 monthly instalments")
