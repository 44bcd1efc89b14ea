"""What a loan costs in all, what another term saves, how large a loan an instalment repays or a value still bears."""

from __future__ import annotations

from core.facts import Fact
from knowledge.finance import loans
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.income import Missing, num, require
from knowledge.finance.schedule import effective_cost


def total_interest(case: Case) -> Fact:
    """What the instalments pay beyond the loan itself."""
    payment, loan = case.payment, case.loan
    if not case.plain_loan and case.inputs.instalment is None:
        total = float(case.table.payment.sum())
        paid = case.money("instalments_paid", total, f"sum of {case.months} instalments", [payment])
        return case.money("total_interest", num(paid) - num(loan), f"{plain(num(paid))} − {plain(num(loan))}", [paid, loan])
    return case.money("total_interest", num(payment) * case.months - num(loan),
                      f"{case.months} × {plain(num(payment))} − {plain(num(loan))}", [payment, loan])


def payment_with_costs(case: Case) -> Fact:
    """The instalment and what else was told to be paid beside it, a month."""
    payment = case.payment
    if not case.inputs.running_costs or any(cost.of != "money" or cost.period == "night" for cost in case.inputs.running_costs):
        raise Missing("costs")
    monthly = [cost.high / 12 for cost in case.running]
    return case.money("payment_with_costs", num(payment) + sum(monthly),
                      " + ".join(plain(v) for v in (num(payment), *monthly)), [payment, *(c.fact for c in case.running)])


def interest_saved(case: Case) -> Fact:
    """The interest that the shorter of two terms saves at the same rate; both sums are facts too."""
    years = case.inputs.other_term_years
    if years is None:
        raise Missing("other_term_years")
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


def interest_only_payment(case: Case) -> Fact:
    """A month's interest on the whole loan, with nothing of it paid back."""
    loan, rate = require(lambda: case.loan, lambda: case.monthly_rate_fact)
    i = case.monthly_rate
    return case.money("interest_only_payment", num(loan) * i, f"{plain(num(loan))} × {plain(i)}", [loan, rate])


def loan_balance(case: Case) -> Fact:
    """What is still owed after the years told; what has been paid back by then is a fact too."""
    def after() -> Fact:
        if case.inputs.horizon_years is None:
            raise Missing("horizon_years")
        return case.ledger.user("horizon_years", case.inputs.horizon_years, "years")

    loan, rate, term, years = require(lambda: case.loan, lambda: case.monthly_rate_fact, lambda: case.term, after)
    months, paid = case.months, loans.months_of(num(years))
    i = case.monthly_rate
    if not case.plain_loan:
        still = case.money("loan_balance", float(case.table.balance[paid - 1]) if paid <= months else 0.0,
                           f"balance after {min(paid, months)} of {months}", [loan, rate, term, years])
        case.money("loan_repaid", num(loan) - num(still), f"{plain(num(loan))} − {plain(num(still))}", [loan, still])
        return still
    instalment = case.money("contract_payment", loans.payment(num(loan), i, months),
                            f"{plain(num(loan))} × {plain(i)} ÷ (1 − (1 + {plain(i)})^−{months})" if i
                            else f"{plain(num(loan))} ÷ {months}", [loan, rate, term])
    left, each = max(months - paid, 0), plain(num(instalment))
    formula = f"{each} × (1 − (1 + {plain(i)})^−{left}) ÷ {plain(i)}" if i else f"{each} × {left}"
    owed = case.money("loan_balance", loans.balance(num(loan), i, months, paid), formula, [instalment, rate, years])
    case.money("loan_repaid", num(loan) - num(owed), f"{plain(num(loan))} − {plain(num(owed))}", [loan, owed])
    return owed


def effective_annual_cost(case: Case) -> Fact:
    """What the loan costs a year with fees and insurance: TAE, effective annual, CAT without VAT. The sum of what is paid
    beside the instalments is a fact too."""
    payment, i = case.payment, case.inputs
    if i.instalment is not None:
        raise Missing("rate_pct", "term_years")
    used = [payment, case.loan]
    if i.opening_fee:
        used.append(case.stated("opening_fee"))
    if charges := float(case.table.charges.sum()):
        used.append(case.money("loan_charges", charges, f"sum of {case.months} months", [payment]))
    return case.ledger.compute("effective_annual_cost", effective_cost(case.table), "percent",
                               f"((1 + IRR({plain(case.table.received)}; {case.months} instalments))^12 − 1) × 100", used)


def further_loan(case: Case) -> Fact:
    """What can still be borrowed until the debt is the share of the value told; where it is above that already, the excess
    under `loan_above_share`."""
    if case.inputs.reach_pct is None:
        raise Missing("reach_pct")
    loan, value = require(lambda: case.loan, lambda: case.price)
    share = case.ledger.user("reach_pct", case.inputs.reach_pct, "percent")
    most = case.money("loan_at_share", num(value) * num(share) / 100, f"{plain(num(value))} × {plain(num(share))} ÷ 100",
                      [value, share])
    room = num(most) - num(loan)
    if room < 0:
        return case.money("loan_above_share", -room, f"{plain(num(loan))} − {plain(num(most))}", [loan, most])
    return case.money("further_loan", room, f"{plain(num(most))} − {plain(num(loan))}", [most, loan])
