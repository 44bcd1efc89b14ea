"""What has to hold for a wished result: the rent or the price that gives a yield, the nights that pay the costs."""

from __future__ import annotations

from core.facts import Fact, Unit
from knowledge.finance import returns
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.income import Missing, Undefined, num, require
from knowledge.finance.inputs import TIMES_A_YEAR


def _target(case: Case) -> Fact:
    if case.inputs.target_yield_pct is None:
        raise Missing("target_yield_pct")
    return case.ledger.user("target_yield_pct", case.inputs.target_yield_pct, "percent")


def rent_for_yield(case: Case) -> Fact:
    """The monthly rent that gives the yield wished for; a net one pays the running costs as well. The year's income that such a
    yield is, is a fact too."""
    price, wished = require(lambda: case.price, lambda: _target(case))
    share = f"{plain(num(price))} × {plain(num(wished))} ÷ 100"
    if not case.inputs.target_is_monthly:
        case.money("income_for_yield", num(price) * num(wished) / 100, share, [price, wished])
    if case.inputs.target_is_monthly:
        return case.money("rent_for_yield", num(price) * num(wished) / 100, share, [price, wished])
    costs_year = sum(c.high for c in case.running) if case.inputs.target_is_net and case.inputs.costs else 0.0
    if not costs_year:
        return case.money("rent_for_yield", returns.rent_for_yield(num(price), num(wished)), f"{share} ÷ 12", [price, wished])
    used = [price, wished, *(c.fact for c in case.running)]
    return case.money("rent_for_yield", returns.rent_for_yield(num(price), num(wished)) + costs_year / 12,
                      f"({share} + {plain(costs_year)}) ÷ 12", used)


def price_for_yield(case: Case) -> Fact:
    """The price at which the rent, or what is left of it after the stated costs, gives the yield wished for."""
    net = case.inputs.target_is_net and not case.inputs.rent_is_net and bool(case.inputs.costs or case.inputs.vacancy_pct)
    income, wished = require(lambda: case.noi if net else case.rent, lambda: _target(case))
    yearly = num(income) if net else case.annual_rent
    if yearly <= 0:
        raise Undefined("never_pays_back")
    if case.inputs.target_is_monthly:
        return case.money("price_for_yield", yearly / 12 / num(wished) * 100,
                          f"{plain(yearly / 12)} ÷ {plain(num(wished))} × 100", [income, wished])
    term = plain(yearly) if net else case.rent_term
    return case.money("price_for_yield", returns.price_for_yield(yearly, num(wished)),
                      f"{term} ÷ {plain(num(wished))} × 100", [income, wished])


def break_even_nights(case: Case) -> Fact:
    """The nights a year (beside them, those of a month and the share of the year) that pay the fixed costs.

    Costs that follow the rent, or that each night has, come off the night."""
    night = case.stated("nightly_rent")
    if not case.inputs.running_costs:
        raise Missing("costs")
    fixed, share, off = 0.0, 0.0, 0.0
    used = [night]
    for cost in case.inputs.running_costs:
        unit: Unit = "money" if cost.of == "money" else "percent"
        key = f"cost_{cost.period}" if cost.of == "money" else f"cost_pct_of_{cost.of}"
        used.append(case.ledger.user(key, cost.amount, unit, case.inputs.money if unit == "money" else None, entity=cost.label))
        if cost.of == "rent":
            share += cost.amount
        elif cost.period == "night":
            off += cost.amount
        else:
            fixed += cost.amount * TIMES_A_YEAR.get(cost.period, 1)
    kept = num(night) * (1 - share / 100) - off
    if kept <= 0:
        raise Undefined("costs_above_rent")
    if share or off:
        term = plain(num(night)) + (f" × (1 − {plain(share)} ÷ 100)" if share else "") + (f" − {plain(off)}" if off else "")
        used.append(case.money("night_kept", kept, term, used))
    nights = case.ledger.compute("break_even_nights", fixed / kept, "count", f"{plain(fixed)} ÷ {plain(kept)}", used)
    days = 12 * case.inputs.month_days if case.inputs.month_days else 365
    of_days = f"{plain(fixed / kept)} ÷ {days}"
    case.ledger.compute("break_even_occupancy", fixed / kept / days * 100, "percent", of_days, [nights])
    case.ledger.compute("break_even_nights_month", fixed / kept / 12, "count", f"{plain(fixed / 12)} ÷ {plain(kept)}", [nights])
    return nights
