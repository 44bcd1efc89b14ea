"""What the loan and inflation do to a return, how often own money comes back, and what a sale leaves with the debt repaid."""

from __future__ import annotations

from core.facts import Fact
from knowledge.finance import loans
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.holding import bought_outright, irr, levered_irr, projection_of
from knowledge.finance.income import Undefined, num


def leverage_effect(case: Case) -> Fact:
    """The internal rate of the own money less that of the purchase without the loan, in points. Why is a fact too: the loan's
    effective rate, which the return without it is above or below. Both are of one projection: years that nobody told are the
    example's."""
    own = levered_irr(case, example_years=True)
    without = bought_outright(case, example_years=True)
    rate = loans.quoted_rate(case.monthly_rate, "effective")
    formula = f"((1 + {plain(case.monthly_rate)})^12 − 1) × 100"
    cost = case.ledger.compute("effective_rate", rate, "percent", formula, [case.monthly_rate_fact])
    case.ledger.compute("return_over_debt_cost", num(without) - rate, "percent", f"{plain(num(without))} − {plain(rate)}",
                        [without, cost])
    if num(own) < num(without):
        case.warn("leverage_lowers", own, without, cost)
    return case.ledger.compute("leverage_effect", num(own) - num(without), "percent",
                               f"{plain(num(own))} − {plain(num(without))}", [own, without])


def real_irr(case: Case) -> Fact:
    """The internal rate without the yearly inflation: that of the own money where there is a loan, else that of `irr`. The
    inflation nobody told is the country's, shown."""
    nominal = levered_irr(case) if case.has_loan else irr(case)
    inflation = case.percent_or_assumed("inflation_pct")
    value = ((1 + num(nominal) / 100) / (1 + num(inflation) / 100) - 1) * 100
    formula = f"((1 + {plain(num(nominal))} ÷ 100) ÷ (1 + {plain(num(inflation))} ÷ 100) − 1) × 100"
    return case.ledger.compute("real_irr", value, "percent", formula, [nominal, inflation])


def equity_multiple(case: Case) -> Fact:
    """All that comes back over all the own money put in, whenever: a year that costs money counts as put in."""
    held, used = projection_of(case, with_loan=case.has_loan)
    flows = [float(flow) for flow in held.levered]
    put = -sum(flow for flow in flows if flow < 0)
    back = sum(flow for flow in flows if flow > 0)
    if put <= 0:
        raise Undefined("no_own_money")
    invested = case.money("own_money_put_in", put, " + ".join(plain(-f) for f in flows if f < 0), used)
    returned = case.money("own_money_back", back, " + ".join(plain(f) for f in flows if f > 0) or "0", used)
    return case.ledger.compute("equity_multiple", back / put, "ratio", f"{plain(back)} ÷ {plain(put)}", [returned, invested])


def left_after_sale(case: Case) -> Fact:
    """What the seller keeps: the value at the horizon less selling costs and what is still owed; before taxes on the gain."""
    held, used = projection_of(case, with_loan=case.has_loan, with_income=False)
    sold = case.inputs.sale_price is not None
    value = case.stated("sale_price") if sold else case.money(
        "value_at_horizon", float(held.value[-1]),
        f"{plain(num(used[0]))} × (1 + {plain(num(used[2]))} ÷ 100)^{held.years}", used[:3])
    parts, formula = [value], plain(num(value))
    if float(held.selling_costs):
        parts.append(case.money("selling_costs_at_horizon", float(held.selling_costs),
                                f"{plain(num(value))} × {plain(float(held.selling_costs / held.value[-1] * 100))} ÷ 100", used))
    if case.has_loan:
        after = min(12 * held.years, case.months)
        parts.append(case.money("loan_balance_at_horizon", float(held.loan_balance[-1]),
                                f"balance after {after} of {case.months}", [case.loan, case.payment]))
    formula = " − ".join(plain(num(part)) for part in parts)
    return case.money("left_after_sale", float(held.left_of_sale), formula, parts)
