"""The one call that return questions use: figures in, measures with their facts out.

Only measures whose inputs are known are computed; for an asked one that is not, `missing` says what to ask for.
Where the investor stated running costs, exactly those are used; where nothing was stated, the country's assumptions
are, each listed in `assumptions`. Figures are before income tax.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import BadInput
from core.facts import Fact
from knowledge.finance import costs, loans, returns
from knowledge.finance.abroad import home_irr
from knowledge.finance.affordable import affordable_price
from knowledge.finance.after_tax import AFTER_TAX
from knowledge.finance.borrowing import (
    affordable_loan,
    effective_annual_cost,
    further_loan,
    interest_only_payment,
    interest_saved,
    loan_balance,
    payment_with_costs,
    total_interest,
)
from knowledge.finance.case import Case
from knowledge.finance.cautions import Caution
from knowledge.finance.facts_of import plain
from knowledge.finance.holding import (
    annual_growth,
    equity_at_horizon,
    irr,
    levered_irr,
    npv,
    rent_at_horizon,
    total_return,
    value_at_horizon,
    xirr,
)
from knowledge.finance.income import Assumed, Missing, Undefined, ends, num, require
from knowledge.finance.inputs import Cost, Inputs
from knowledge.finance.leverage import equity_multiple, left_after_sale, leverage_effect, real_irr
from knowledge.finance.purchase import (
    acquisition_costs,
    cash_needed,
    discounted_price,
    down_payment,
    price_per_m2,
    savings_gap,
    total_outlay,
)
from knowledge.finance.rule import LeftOut, Rule
from knowledge.finance.taxation import Taxation
from knowledge.finance.taxpayer import UNTOLD
from knowledge.finance.trust import Trust
from knowledge.finance.wished import break_even_nights, price_for_yield, rent_for_yield

#: Gross yields outside these percents are unusual enough to ask whether a zero is missing.
PLAUSIBLE_GROSS = (1.0, 20.0)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Measures by name in the order of `MEASURES`, and everything needed to explain them.

    `missing`: asked measure -> inputs to ask for. `undefined`: asked measure -> caution code (the figure does not
    exist). `facts` holds inputs, assumptions, rules and results. `unverified` are the rules used without a check. `taxes`: the
    lines of the taxes that were asked for, `trust` what a foreigner's purchase in Mexico needs.
    """

    measures: dict[str, Fact]
    missing: dict[str, tuple[str, ...]]
    undefined: dict[str, str]
    assumptions: tuple[Assumed, ...]
    warnings: tuple[Caution, ...]
    facts: tuple[Fact, ...]
    left_out: tuple[LeftOut, ...]
    unverified: tuple[Rule, ...]
    taxes: Taxation | None = None
    trust: Trust | None = None

    def value(self, measure: str) -> float:
        """The figure of a computed measure; KeyError if it was not computed."""
        return num(self.measures[measure])


def analyse(inputs: Inputs, *, explain: bool = False) -> Analysis:
    """All asked measures (or all possible ones) of one property; with `explain`, what the others lack is told even where none
    was asked. Raises `BadInput` for an unknown measure."""
    # nobody's taxes are looked into where nothing was told of who is taxed
    unasked = {function.__name__ for function in AFTER_TAX} if inputs.taxpayer == UNTOLD else set()
    asked = inputs.measures or tuple(name for name in MEASURES if name not in unasked)
    for name in asked:
        if name not in MEASURES:
            raise BadInput(
                f"I know no measure {name!r}: expected one of {', '.join(MEASURES)}. Choose one of them.",
                f"No conozco la medida {name!r}: se espera una de {', '.join(MEASURES)}. Elija una de ellas.",
            )
    case = Case(inputs)
    found: dict[str, Fact] = {}
    missing: dict[str, tuple[str, ...]] = {}
    undefined: dict[str, str] = {}
    for name in asked:
        try:
            found[name] = MEASURES[name](case)
        except Missing as lack:
            missing[name] = lack.names
        except Undefined as none:
            undefined[name] = none.code
            if inputs.measures or none.code in ("tax_other_currency", "no_tax_rule"):  # who is taxed was told: so is why not
                case.warn(none.code)
    if not inputs.measures and not explain:
        missing, undefined = {}, {}
    _check(case)
    return Analysis(found, missing, undefined, tuple(case.assumed.values()), tuple(case.cautions.values()),
                    tuple(case.ledger.facts), tuple(case.left_out.values()), tuple(case.unverified.values()),
                    case.taxes if isinstance(case.taxes, Taxation) else None, case.trust)


def _check(case: Case) -> None:
    """Cautions that hold whatever was asked, wherever price and gross rent are known."""
    i = case.inputs
    if i.price is None or (i.monthly_rent is None and i.annual_rent is None) or i.rent_is_net:
        return
    if not PLAUSIBLE_GROSS[0] <= returns.gross_yield(case.annual_rent, i.price) <= PLAUSIBLE_GROSS[1]:
        case.warn("yield_implausible", gross_yield(case))
    if case.country is not None:
        cap = costs.rent_cap(case.country, num(case.price), case.annual_rent / 12, property_type=i.property_type,
                             on=case.on)
        if cap is not None and cap.above:
            case.warn("rent_above_legal_cap", legal_rent_cap(case))


# yields


def gross_yield(case: Case) -> Fact:
    price, rent = require(lambda: case.price, lambda: case.rent)
    if case.inputs.rent_is_net:
        raise Missing("monthly_rent")
    extra = case.stated_purchase if case.inputs.base == "invested" else None
    paid = f"({plain(num(price))} + {plain(num(extra))})" if extra else plain(num(price))
    return case.ledger.compute(
        "gross_yield", returns.gross_yield(case.annual_rent, num(price) + (num(extra) if extra else 0)), "percent",
        f"{case.rent_term} ÷ {paid}", [rent, price, *([extra] if extra else [])])


def noi(case: Case) -> Fact:
    return case.noi


def net_yield(case: Case) -> Fact:
    """NOI over the price, or over price and purchase costs where those count (`Inputs.base`)."""
    price, income = require(lambda: case.price, lambda: case.noi)
    return _over(case, "net_yield", income, price, None if case.inputs.base == "price" else case.purchase)


def cap_rate(case: Case) -> Fact:
    price, income = require(lambda: case.price, lambda: case.noi)
    return _over(case, "cap_rate", income, price, None)


def _over(case: Case, key: str, income: Fact, price: Fact, extra: Fact | None) -> Fact:
    """Income over price (and costs), with the range over both ends of each."""
    bases = [num(price) + e for e in (ends(extra) if extra else (0.0,))]
    every = [returns.net_yield(n, base) for n in ends(income) for base in bases]
    value = returns.net_yield(num(income), num(price) + (num(extra) if extra else 0))
    below = f"({plain(num(price))} + {plain(num(extra))})" if extra else plain(num(price))
    return case.ledger.compute(key, value, "percent", f"{plain(num(income))} ÷ {below}",
                               [income, price, *([extra] if extra else [])], low=min(every), high=max(every))


def years_of_rent(case: Case) -> Fact:
    price, rent = require(lambda: case.price, lambda: case.rent)
    return case.ledger.compute("years_of_rent", returns.years_of_rent(num(price), case.annual_rent), "years",
                               f"{plain(num(price))} ÷ ({case.rent_term})", [price, rent])


def payback_years(case: Case) -> Fact:
    """Invested money over the year's income: net where costs or vacancy were stated, else the plain rent."""
    i = case.inputs
    net = i.told_net or i.fill_defaults
    price, income = require(lambda: case.price, lambda: case.noi if net else case.rent)
    extra = case.stated_purchase
    yearly = num(income) if net else case.annual_rent
    if yearly <= 0:
        raise Undefined("never_pays_back")
    invested = num(price) + (num(extra) if extra else 0)
    above = f"({plain(num(price))} + {plain(num(extra))})" if extra else plain(num(price))
    below = plain(yearly) if net else f"({case.rent_term})"
    return case.ledger.compute("payback_years", returns.payback_years(invested, yearly), "years", f"{above} ÷ {below}",
                               [price, *([extra] if extra else []), income])


def legal_rent_cap(case: Case) -> Fact:
    """The highest legal monthly rent; with a rent, its share of the value is a fact too."""
    if case.country is None:
        raise Missing("country")
    price, i = case.price, case.inputs
    known = (i.monthly_rent is not None or i.annual_rent is not None) and not i.rent_is_net
    cap = costs.rent_cap(case.country, num(price), case.annual_rent / 12 if known else None,
                         property_type=i.property_type, on=case.on)
    if cap is None:
        raise Undefined("no_legal_cap")
    rule = cap.rule
    share = case.ledger.rule("legal_rent_cap_pct", rule.high, "percent", rule.id, rule.label_es, rule.label_en,
                             rule.source, as_of=rule.valid_from.isoformat())
    fact = case.money("legal_rent_cap", cap.cap, f"{plain(num(price))} × {plain(rule.high)} ÷ 100", [price, share])
    case.note_rules((rule,), fact)
    if cap.share_pct is not None:
        case.ledger.compute("rent_share_of_value", cap.share_pct, "percent",
                            f"{case.month_term} ÷ {plain(num(price))}", [case.rent, price])
    return fact


# loan and cash flow


def loan_amount(case: Case) -> Fact:
    return case.loan


def monthly_payment(case: Case) -> Fact:
    return case.payment


def loan_to_value(case: Case) -> Fact:
    loan, price = require(lambda: case.loan, lambda: case.price)
    return case.ledger.compute("loan_to_value", loans.loan_to_value(num(loan), num(price)), "percent",
                               f"{plain(num(loan))} ÷ {plain(num(price))}", [loan, price])


def rent_minus_payment(case: Case) -> Fact:
    """A month's rent less the instalment, before any cost; where negative, `monthly_top_up` is the gap."""
    payment, rent = require(lambda: case.payment, lambda: case.rent)
    left = case.annual_rent / 12 - num(payment)
    if left < 0:
        case.money("monthly_top_up", -left, f"{plain(num(payment))} − {case.month_term}", [payment, rent])
    return case.money("rent_minus_payment", left, f"{case.month_term} − {plain(num(payment))}", [rent, payment])


def cash_flow_year(case: Case) -> Fact:
    """NOI less the year's instalments and what is paid to the bank beside them (none without a loan), before income tax."""
    if not case.has_loan:
        income = case.noi
        flow = case.money("cash_flow_year", num(income), plain(num(income)), [income], low=ends(income)[0],
                          high=ends(income)[1])
    else:
        income, debt = require(lambda: case.noi, lambda: case.debt_service)
        paid = [debt, *([case.charges] if case.charges else [])]
        off = sum(num(fact) for fact in paid)
        flow = case.money("cash_flow_year", num(income) - off, " − ".join(plain(num(fact)) for fact in (income, *paid)),
                          [income, *paid], low=ends(income)[0] - off, high=ends(income)[1] - off)
    if num(flow) < 0:
        case.warn("negative_cash_flow", flow)
    return flow


def cash_flow_month(case: Case) -> Fact:
    flow = cash_flow_year(case)
    low, high = ends(flow)
    return case.money("cash_flow_month", num(flow) / 12, f"{plain(num(flow))} ÷ 12", [flow], low=low / 12,
                      high=high / 12)


def cash_on_cash(case: Case) -> Fact:
    """The year's cash flow over own money. Where no loan is told beside an income after costs, its payment is one of them."""
    i = case.inputs
    told = i.rent_is_net or bool(i.costs) or i.own_cash is not None
    unlent = i.loan_amount is None and i.rate_pct is None and i.term_years is None and i.instalment is None
    if unlent and told:
        own, income = require(lambda: case.own_cash, lambda: case.noi)
        flow, owed = income, 0.0
    else:
        own, income, debt = require(lambda: case.own_cash, lambda: case.noi, lambda: case.debt_service)
        flow, owed = cash_flow_year(case), num(debt) + (num(case.charges) if case.charges else 0.0)
        # negative leverage: a year's instalments per unit borrowed cost more than the property yields per unit of price
        if i.price is not None and i.instalment is None and num(debt) / num(case.loan) > num(income) / num(case.price):
            case.warn("negative_leverage", debt, income)
    return case.ledger.compute("cash_on_cash", returns.cash_on_cash(num(income), owed, num(own)), "percent",
                               f"{plain(num(flow))} ÷ {plain(num(own))}", [flow, own])


def dscr(case: Case) -> Fact:
    income, debt = require(lambda: case.noi, lambda: case.debt_service)
    return case.ledger.compute("dscr", returns.debt_service_coverage(num(income), num(debt)), "ratio",
                               f"{plain(num(income))} ÷ {plain(num(debt))}", [income, debt])


def break_even_rent(case: Case) -> Fact:
    """The monthly rent at which the cash flow is zero; costs that follow the rent move with it. No rent needs to be known."""
    running = case.running
    debt = case.debt_service if case.has_loan else None
    fixed = sum(cost.high for cost in running if not cost.share_pct)
    share = sum(cost.share_pct for cost in running)
    empty = num(case.vacancy) if case.vacancy else 0.0
    if empty + share >= 100:
        raise Undefined("costs_above_rent")
    beside = case.charges if debt else None
    owed = (num(debt) if debt else 0.0) + (num(beside) if beside else 0.0)
    used = [*(cost.fact for cost in running), *(fact for fact in (debt, beside, case.vacancy) if fact)]
    paid = " + ".join(plain(part) for part in (fixed, owed) if part) or "0"
    kept = f"(12 × (1 − {plain(empty + share)} ÷ 100))" if empty + share else "12"
    return case.money("break_even_rent", returns.break_even_rent(fixed, owed, empty, share),
                      f"({paid}) ÷ {kept}" if fixed and owed else f"{paid} ÷ {kept}", used)


def break_even_occupancy(case: Case) -> Fact:
    """The share of full rent that pays running costs and instalments, and the months a year it comes to; above 100 % it never
    does."""
    require(lambda: case.noi, *((lambda: case.debt_service,) if case.has_loan else ()))
    debt = case.debt_service if case.has_loan else None
    beside = case.charges if debt else None
    outgoings = sum(cost.high for cost in case.running)
    owed = (num(debt) if debt else 0.0) + (num(beside) if beside else 0.0)
    share = case.ledger.compute(
        "break_even_occupancy", returns.break_even_occupancy(case.annual_rent, outgoings, owed), "percent",
        f"({plain(outgoings)} + {plain(owed)}) ÷ ({case.rent_term})" if owed else f"{plain(outgoings)} ÷ ({case.rent_term})",
        [*(cost.fact for cost in case.running), *(fact for fact in (debt, beside) if fact), case.rent],
    )
    case.ledger.compute("break_even_months", num(share) * 12 / 100, "months", f"{plain(num(share))} × 12 ÷ 100", [share])
    return share


#: Every measure an agent can ask for, by its name.
MEASURES: dict[str, Callable[[Case], Fact]] = {
    function.__name__: function
    for function in (
        gross_yield, rent_for_yield, price_for_yield, net_yield, noi, cap_rate, years_of_rent, payback_years,
        price_per_m2, acquisition_costs, total_outlay, cash_needed, savings_gap,
        legal_rent_cap, loan_amount, down_payment, monthly_payment, total_interest, interest_saved, loan_to_value,
        payment_with_costs, interest_only_payment, loan_balance, further_loan, discounted_price,
        affordable_loan, affordable_price, break_even_nights,
        rent_minus_payment, cash_flow_month, cash_flow_year, cash_on_cash, dscr, break_even_rent,
        break_even_occupancy, irr, levered_irr, real_irr, xirr, home_irr, npv, annual_growth, total_return, value_at_horizon,
        rent_at_horizon, equity_at_horizon, left_after_sale, equity_multiple, leverage_effect, effective_annual_cost,
        *AFTER_TAX,
    )
}

__all__ = ["MEASURES", "Analysis", "Assumed", "Caution", "Cost", "Inputs", "analyse"]
