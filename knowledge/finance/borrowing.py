"""What a loan costs in all, what another term saves, and how large a loan an instalment repays."""

from __future__ import annotations

from core.facts import Fact
from knowledge.finance import loans
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.income import Missing, num, require


def total_interest(case: Case) -> Fact:
    """What the instalments pay beyond the loan itself."""
    payment, loan = case.payment, case.loan
    return case.money("total_interest", num(payment) * case.months - num(loan),
                      f"{case.months} × {plain(num(payment))} − {plain(num(loan))}", [payment, loan])


def interest_saved(case: Case) -> Fact:
    """The interest that the shorter of two terms saves at the same rate; both sums are facts too."""
    years = case.inputs.other_term_years
    if years is None:
        raise Missing("term_years")
    loan, rate, now = require(lambda: case.loan, lambda: case.monthly_rate_fact, lambda: total_interest(case))
    other = case.ledger.user("other_term_years", years, "years")
    months = loans.months_of(years)
    instalment = loans.payment(num(loan), case.monthly_rate, months)
    i = plain(case.monthly_rate)
    owed = plain(num(loan))
    formula = f"{owed} × {i} ÷ (1 − (1 + {i})^−{months})" if case.monthly_rate else f"{owed} ÷ {months}"
    paid = case.money("other_term_payment", instalment, formula, [loan, rate, other])
    there = case.money("other_term_interest", instalment * months - num(loan),
                       f"{months} × {plain(instalment)} − {owed}", [paid, loan])
    more, less = sorted((now, there), key=num, reverse=True)
    return case.money("interest_saved", num(more) - num(less), f"{plain(num(more))} − {plain(num(less))}", [more, less])


def affordable_loan(case: Case) -> Fact:
    """The loan that the instalment the investor can bear repays."""
    payment, _, term = require(lambda: case.stated("payment"), lambda: case.rate, lambda: case.term)
    rate, i = case.monthly_rate, plain(case.monthly_rate)
    amount, months = plain(num(payment)), case.months
    return case.money("affordable_loan", loans.affordable_principal(num(payment), rate, months),
                      f"{amount} × (1 − (1 + {i})^−{months}) ÷ {i}" if rate else f"{amount} × {months}",
                      [payment, case.monthly_rate_fact, term])
