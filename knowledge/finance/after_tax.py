"""Measures after tax: yield, cash flow and internal rates, and what a sale leaves.

The tax without a loan is reckoned without its interest, that with a loan with it. A measure is the costly end of the range
that rules and circumstances leave, and carries both ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.facts import Fact
from knowledge.finance import returns
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.holding import deal_of
from knowledge.finance.income import Missing, Undefined, num, require
from knowledge.finance.projection import Deal, Projection, project
from knowledge.finance.taxation import Taxation
from knowledge.finance.taxes import Tax


def taxation(case: Case) -> Taxation:
    """The case's taxes, kept with it so that a row is written once."""
    if case.taxes is None:
        case.taxes = Taxation(case)
    found = case.taxes
    assert isinstance(found, Taxation)
    return found


def purchase_taxes(case: Case) -> Fact:
    """Taxes and costs of the purchase by line; the sum."""
    require(lambda: case.price)
    return taxation(case).buying()


def rent_tax(case: Case) -> Fact:
    """The tax on the first year's rent, with the loan's interest where there is a loan."""
    kept = _written(case, "rent_tax_total")
    if kept is not None:
        return kept
    taxes = taxation(case)
    taxes.country  # noqa: B018 - a missing country is asked for before anything else
    borrowed = _has_terms(case)
    require(lambda: case.rent, *((lambda: case.payment,) if borrowed else ()))
    return taxes.write("rent", taxes.on_rent(taxes.first_year(with_loan=borrowed)))


def after_tax_yield(case: Case) -> Fact:
    """(NOI - tax on the rent without a loan) over price and purchase costs, percent."""
    price, income = require(lambda: case.price, lambda: case.noi)
    taxes = taxation(case)
    _, extra = taxes.cost
    paid = num(price) + (num(extra) if extra else 0.0)
    tax = taxes.on_rent(taxes.first_year(with_loan=False))
    due = case.money("rent_tax_unlevered", float(tax.high), plain(round(float(tax.high), 2)), [income], low=float(tax.low),
                     high=float(tax.high))
    case.note_rules(tax.rules, due)
    ends = [returns.net_yield(num(income) - end, paid) for end in (float(tax.high), float(tax.low))]
    below = f"({plain(num(price))} + {plain(num(extra))})" if extra else plain(num(price))
    formula = f"({plain(num(income))} − {plain(round(num(due), 2))}) ÷ {below}"
    used = [income, due, price, *([extra] if extra else [])]
    return case.ledger.compute("after_tax_yield", ends[0], "percent", formula, used, low=ends[0],
                               high=ends[1])


def after_tax_cash_flow_year(case: Case) -> Fact:
    """The first year's NOI less instalments and tax."""
    income, tax = require(lambda: case.noi, lambda: rent_tax(case))
    owed = num(case.debt_service) if case.has_loan else 0.0
    owed += num(case.charges) if case.has_loan and case.charges else 0.0
    low, high = num(income) - owed - num(tax), num(income) - owed - (tax.low if tax.low is not None else num(tax))
    terms = [plain(num(income)), *([plain(owed)] if owed else []), plain(round(num(tax), 2))]
    return case.money("after_tax_cash_flow_year", low, " − ".join(terms), [income, tax], low=low, high=high)


def after_tax_cash_flow_month(case: Case) -> Fact:
    flow = after_tax_cash_flow_year(case)
    high = flow.high if flow.high is not None else num(flow)
    return case.money("after_tax_cash_flow_month", num(flow) / 12, f"{plain(round(num(flow), 2))} ÷ 12", [flow],
                      low=num(flow) / 12, high=high / 12)


def after_tax_irr(case: Case) -> Fact:
    """Internal rate of buying without a loan, letting and selling, after the taxes of rent and sale."""
    return _irr(case, "after_tax_irr", with_loan=False)


def after_tax_levered_irr(case: Case) -> Fact:
    """The same of the own money, with the loan."""
    return _irr(case, "after_tax_levered_irr", with_loan=True)


def sale_taxes(case: Case) -> Fact:
    """Taxes of the sale: at the price told, else at the end of the horizon."""
    kept = _written(case, "sell_tax_total")
    if kept is not None:
        return kept
    taxes = taxation(case)
    price, years = _sale(case)
    taxes.country  # noqa: B018 - a missing country is asked for before anything else
    selling = taxes.selling(price)
    past = case.inputs.sale_price is not None
    tax = taxes.on_sale(num(price), num(years), selling=num(selling) if selling else 0.0, past=past)
    return taxes.write("sell", tax)


def sale_proceeds(case: Case) -> Fact:
    """What a sale leaves: price less selling costs, taxes and what is still owed."""
    tax = sale_taxes(case)
    price, _ = _sale(case)
    selling = _written(case, "selling_costs_money")
    parts = [tax, *([selling] if selling else [])]
    if case.inputs.horizon_years is not None and _has_terms(case):
        deal, _used = deal_of(case, with_loan=True, with_income=False, with_sale=False)
        owed = project(deal).loan_balance[-1]
        parts.append(case.money("loan_balance_at_horizon", float(owed), plain(round(float(owed), 2)), [case.loan]))
    off = sum(num(p) for p in parts)
    least = sum(p.low if p.low is not None else num(p) for p in parts)
    return case.money("sale_proceeds", num(price) - off,
                      " − ".join(plain(round(num(p), 2)) for p in (price, *parts)), [price, *parts],
                      low=num(price) - off, high=num(price) - least)


def sale_withholding(case: Case) -> Fact:
    """What is withheld at the sale, on account of its taxes; no gain needs to be known."""
    taxes = taxation(case)
    price = case.stated("sale_price") if case.inputs.sale_price is not None else case.price
    return taxes.withheld(price)


def _sale(case: Case) -> tuple[Fact, Fact]:
    """Sale price and years held: as told, by the purchase's date, or at the end of the horizon."""
    i = case.inputs

    def held() -> Fact:
        by_date = i.taxpayer.years_on(case.on)
        if by_date is not None and i.sale_price is not None:
            return case.ledger.compute("years_held", round(by_date, 4), "years", plain(round(by_date, 4)))
        if i.horizon_years is None:
            raise Missing("horizon_years")
        return case.ledger.user("horizon_years", i.horizon_years, "years")

    def sold() -> Fact:
        if i.sale_price is not None:
            return case.stated("sale_price")
        price, years = require(lambda: case.price, held)
        growth = case.percent_or_assumed("growth_pct")
        formula = f"{plain(num(price))} × (1 + {plain(num(growth))} ÷ 100)^{plain(num(years))}"
        return case.money("value_at_horizon", num(price) * (1 + num(growth) / 100) ** num(years), formula,
                          [price, growth, years])

    price, years, _paid = require(sold, held, lambda: case.price)
    return price, years


def _written(case: Case, key: str) -> Fact | None:
    return next((fact for fact in case.ledger.facts if fact.key == key), None)


def _has_terms(case: Case) -> bool:
    """Whether the loan's interest can be told: an instalment alone does not split."""
    return case.has_loan and case.inputs.instalment is None


def taxed(taxes: Taxation, held: Projection, deal: Deal) -> tuple[Projection, Projection, Tax, Tax]:
    """The years of `deal`, one path or many, after the taxes of rent and sale at their costly end, then at their cheap one; and
    the tax on the rents and on the sale. `Missing` and `Undefined` where they cannot be told."""
    kept, advance = taxes.exit_share()
    rent = taxes.on_rent(taxes.let(held))
    value = held.value[..., -1]
    sale = taxes.on_sale(value, float(held.years), selling=value * kept / 100 + np.max(deal.selling_costs), past=False)
    # selling costs by rule hold the notary's withholding, which is an advance of this very tax
    paid = value * advance / 100
    return held.taxed(rent.high, sale.high - paid), held.taxed(rent.low, sale.low - paid), rent, sale


def _irr(case: Case, key: str, *, with_loan: bool) -> Fact:
    taxes = taxation(case)
    taxes.country  # noqa: B018 - a missing country is asked for before anything else
    deal, used = deal_of(case, with_loan=with_loan)
    kept, advance = taxes.exit_share()
    if case.inputs.sale_price is not None:
        deal = replace(deal, selling_costs_pct=kept + advance, selling_costs=0.0)
    costly, cheap, rent, sale = taxed(taxes, project(deal), deal)
    if with_loan and costly.levered[0] >= 0:
        raise Undefined("no_own_money_irr")
    ends = [_rate(end, with_loan) for end in (costly, cheap)]
    if not any(row.event == "sell" for row in taxes.rows):
        taxes.write("sell", sale)
    rent_tax(case)
    least, most = (float(end) for end in (rent.low.sum() + sale.low, rent.high.sum() + sale.high))
    due = case.money("taxes_of_horizon", most, plain(round(most, 2)), used, low=least, high=most)
    case.note_rules((*rent.rules, *sale.rules), due)
    flows = costly.levered if with_loan else costly.unlevered
    return case.ledger.compute(key, ends[0], "percent", "IRR(" + "; ".join(plain(round(float(f), 2)) for f in flows) + ")",
                               [*used, due], low=min(ends), high=max(ends))


def _rate(held: Projection, with_loan: bool) -> float:
    found = returns.internal_rate(tuple((held.levered if with_loan else held.unlevered).tolist()))
    if found.status != "one":
        raise Undefined(f"irr_{found.status}")
    return found.rates[0]


#: Measures that are only reckoned where they are asked for.
AFTER_TAX: tuple[Callable[[Case], Fact], ...] = (
    purchase_taxes, rent_tax, after_tax_yield, after_tax_cash_flow_year, after_tax_cash_flow_month, after_tax_irr,
    after_tax_levered_irr, sale_taxes, sale_proceeds, sale_withholding,
)
