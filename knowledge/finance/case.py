"""One property with its loan: what is borrowed, at which monthly rate, for what instalment.

The kind of a quoted rate decides the payment. Where only the country's custom tells, both readings become facts and
a caution says which one was used.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from core.facts import Fact
from knowledge.finance import loans
from knowledge.finance.assumptions import assumption
from knowledge.finance.facts_of import plain
from knowledge.finance.income import Income, Missing, Undefined, num, require
from knowledge.finance.projection import MOST_YEARS, Debt
from knowledge.finance.schedule import Plan, plan


class Case(Income):
    """Price, rent, costs and loan of one `Inputs`."""

    @property
    def has_loan(self) -> bool:
        """Whether the investor spoke of a loan (a down payment of 100 % is none)."""
        down = self.inputs.down_payment_pct
        stated = self.inputs.loan_amount is not None or self.inputs.instalment is not None
        return stated or (down is not None and down < 100) or self._rest_is_lent

    @property
    def _rest_is_lent(self) -> bool:
        """Own money beside a price and a loan's terms, or where the loan is asked for: the bank pays the rest."""
        i = self.inputs
        lent = i.rate_pct is not None or bool(i.index_path) or "loan_amount" in i.measures
        return lent and i.own_cash is not None and i.price is not None and i.own_cash < i.price

    @cached_property
    def lent_on(self) -> Fact:
        """What the bank lends a share of: its valuation where that is below the price."""
        valuation, price = self.inputs.valuation, self.inputs.price
        if valuation is not None and (price is None or valuation < price):
            return self.stated("valuation")
        return self.price

    @cached_property
    def loan(self) -> Fact:
        down = self.inputs.down_payment_pct
        if self.inputs.loan_amount is not None:
            loan = self.stated("loan_amount")
            if self.inputs.price is not None:
                price = self.price
                if num(loan) > num(price):
                    self.warn("loan_above_price", loan, price)
                if down is not None and abs(num(price) * (1 - down / 100) / num(loan) - 1) > 0.01:
                    self.warn("loan_conflict", loan)
            return loan
        if down is None and self._rest_is_lent:
            price, own, beside = self.price, self.own_told, self._paid_of_own
            if num(own) <= sum(num(fact) for fact in beside):
                raise Undefined("costs_above_own_money")
            formula = f"{plain(num(price))} − {plain(num(own))}" if not beside else (
                " + ".join(plain(num(fact)) for fact in (price, *beside)) + f" − {plain(num(own))}")
            return self.money("loan_amount", num(price) + sum(num(fact) for fact in beside) - num(own), formula,
                              [price, *beside, own])
        if down is None or down >= 100:
            raise Missing("loan_amount")
        price, share = self.lent_on, self.ledger.user("down_payment_pct", down, "percent")
        return self.money("loan_amount", num(price) * (1 - down / 100),
                          f"{plain(num(price))} × (1 − {plain(down)} ÷ 100)", [price, share])

    @cached_property
    def rate(self) -> Fact:
        """The yearly rate as quoted; of a variable loan, that of its first year."""
        i = self.inputs
        if i.rate_pct is None and i.index_path:
            index = self.ledger.user("index_pct", i.index_path[0], "percent")
            if not i.margin_pct:
                return index
            margin = self.ledger.user("margin_pct", i.margin_pct, "percent")
            return self.ledger.compute("rate_pct", num(index) + num(margin), "percent",
                                       f"{plain(num(index))} + {plain(num(margin))}", [index, margin])
        return self._loan_term("rate_pct", "percent")

    @property
    def monthly_rates(self) -> tuple[float, ...]:
        """The monthly fraction of each year of the loan; the last holds on."""
        path, margin = self.inputs.index_path, self.inputs.margin_pct or 0.0
        later = tuple(loans.monthly_rate(index + margin, self.rate_kind) for index in path[1:])
        return (self.monthly_rate, *later)

    @cached_property
    def inflation(self) -> Fact | None:
        """How fast the unit of an indexed loan rises a year: as told, else assumed and shown; None where it is not indexed."""
        if self.inputs.indexed_to is None:
            return None
        fact = self.percent_or_assumed("inflation_pct")
        self.warn("indexed_loan", fact)
        return fact

    @property
    def plain_loan(self) -> bool:
        """Whether every instalment is the same."""
        return self.inputs.indexed_to is None and len(self.inputs.index_path) < 2

    @cached_property
    def table(self) -> Plan:
        """The loan month by month, with what is paid beside it."""
        i = self.inputs
        grown = num(self.inflation) if self.inflation else 0.0
        return plan(num(self.loan), self.monthly_rates, self.months, inflation_pct=grown, opening_fee=i.opening_fee or 0.0,
                    monthly_fee=i.loan_fee_month or 0.0, insurance_pct=i.loan_insurance_pct or 0.0)

    @cached_property
    def term(self) -> Fact:
        return self._loan_term("term_years", "years")

    def _loan_term(self, field: str, unit: str) -> Fact:
        value = getattr(self.inputs, field)
        if value is not None:
            return self.ledger.user(field, value, "years" if unit == "years" else "percent")
        example = assumption(f"example_{field}", self.country) if self.inputs.example_loan else None
        if example is None:
            raise Missing(field)
        fact = self.assume(example, field)
        self.show(example, fact)
        self.warn("example_loan", fact)
        return fact

    @property
    def months(self) -> int:
        return loans.months_of(num(self.term))

    @property
    def rate_kind(self) -> loans.RateKind:
        return loans.rate_kind(self.country, self.inputs.rate_kind)

    @property
    def monthly_rate(self) -> float:
        return loans.monthly_rate(num(self.rate), self.rate_kind)

    @cached_property
    def monthly_rate_fact(self) -> Fact:
        rate = plain(num(self.rate))
        formula = {"effective": f"((1 + {rate} ÷ 100)^(1 ÷ 12) − 1) × 100", "monthly": rate}.get(self.rate_kind, f"{rate} ÷ 12")
        return self.ledger.compute("monthly_rate_pct", self.monthly_rate * 100, "percent", formula, [self.rate],
                                   ref=f"monthly_rate_{self.rate_kind}")

    @cached_property
    def payment(self) -> Fact:
        """The monthly instalment: as told, else computed. Where Colombian custom decided the kind of rate, the other reading
        is a fact too."""
        if self.inputs.instalment is not None:
            return self.ledger.user("monthly_payment", self.inputs.instalment, "money", self.inputs.money)
        loan, rate, term = require(lambda: self.loan, lambda: self.rate, lambda: self.term)
        fact = self._payment("monthly_payment", loan, self.monthly_rate, self.monthly_rate_fact, term)
        if self.rate_kind == "effective" and self.inputs.rate_kind is None and self.inputs.rate_pct:
            nominal = loans.monthly_rate(num(rate), "nominal")
            other = self.ledger.compute("monthly_rate_pct", nominal * 100, "percent", f"{plain(num(rate))} ÷ 12",
                                        [rate], ref="monthly_rate_nominal")
            self.warn("rate_kind_assumed", fact,
                      self._payment("monthly_payment_if_nominal", loan, nominal, other, term))
        return fact

    def _payment(self, key: str, loan: Fact, rate: float, rate_fact: Fact, term: Fact) -> Fact:
        months = self.months
        owed = plain(num(loan))
        i = plain(rate)
        formula = f"{owed} × {i} ÷ (1 − (1 + {i})^−{months})" if rate else f"{owed} ÷ {months}"
        value, used = loans.payment(num(loan), rate, months), [loan, rate_fact, term]
        if self.inflation is not None:  # the first instalment is due a month after the unit's value today
            grown = plain(num(self.inflation))
            formula, used = f"{formula} × (1 + {grown} ÷ 100)^(1 ÷ 12)", [*used, self.inflation]
            value *= (1 + num(self.inflation) / 100) ** (1 / 12)
        return self.money(key, value, formula, used)

    @property
    def debt(self) -> Debt:
        """The loan as a projection takes it, with its fees when it is opened."""
        rates = self.monthly_rates
        path = rates[0] if len(rates) == 1 else np.array([[rates[min(y, len(rates) - 1)] for y in range(MOST_YEARS)]])
        return Debt(num(self.loan), path, self.months, indexation_pct=num(self.inflation) if self.inflation else 0.0,
                    upfront=self.inputs.opening_fee or 0.0, fee_month=self.inputs.loan_fee_month or 0.0,
                    insurance_pct=self.inputs.loan_insurance_pct or 0.0)

    @cached_property
    def debt_service(self) -> Fact:
        """The first year's instalments."""
        payment = self.payment
        count = 12 if self.inputs.instalment is not None else min(12, self.months)
        if self.inputs.instalment is None and self.inflation is not None:
            step = plain(float((1 + num(self.inflation) / 100) ** (1 / 12)))
            return self.money("debt_service_year", float(self.table.payment[:count].sum()),
                              f"{plain(num(payment))} × ({step}^{count} − 1) ÷ ({step} − 1)", [payment, self.inflation])
        return self.money("debt_service_year", num(payment) * count, f"{count} × {plain(num(payment))}", [payment])

    @cached_property
    def charges(self) -> Fact | None:
        """The first year's fees and insurance of the loan, beside its instalments; None where there are none."""
        i = self.inputs
        if not (i.loan_fee_month or i.loan_insurance_pct):
            return None
        if i.instalment is not None:  # without rate and term only a fixed fee is known
            return self.money("loan_charges_year", 12 * (i.loan_fee_month or 0.0), f"12 × {plain(i.loan_fee_month or 0.0)}",
                              [self.payment]) if i.loan_fee_month else None
        return self.money("loan_charges_year", float(self.table.charges[:12].sum()), f"sum of {min(12, self.months)} months",
                          [self.payment])

    @cached_property
    def beside_price(self) -> tuple[Fact, ...]:
        """What is paid with own money on top of the price: purchase costs, and what taking the loan costs."""
        fee = self.inputs.opening_fee
        return (*((self.purchase,) if self.purchase else ()), *((self.stated("opening_fee"),) if fee else ()))

    @property
    def _paid_of_own(self) -> tuple[Fact, ...]:
        """What the own money told pays for beside the price: the costs told, unless they come on top of it."""
        fee = self.inputs.opening_fee
        if self.inputs.own_excludes_costs:
            return ()
        return (*((self.stated_purchase,) if self.stated_purchase else ()), *((self.stated("opening_fee"),) if fee else ()))

    @cached_property
    def own_told(self) -> Fact:
        """The own money told: all of it, or what goes to the price alone."""
        key = "own_money" if self.inputs.own_excludes_costs else "own_cash"
        if self.inputs.own_cash is None:
            raise Missing("own_cash")
        return self.ledger.user(key, self.inputs.own_cash, "money", self.inputs.money)

    @cached_property
    def own_cash(self) -> Fact:
        """Own money put in: as told, with the purchase costs where those come on top; else price and costs less the loan. What
        taking the loan costs is own money too."""
        i, extra = self.inputs, self.beside_price
        if i.own_cash is not None:
            if not (i.own_excludes_costs and extra):
                return self.stated("own_cash")
            own = self.own_told
            return self.money("own_cash", num(own) + sum(num(fact) for fact in extra),
                              " + ".join(plain(num(fact)) for fact in (own, *extra)), [own, *extra])
        down = i.down_payment_pct
        if i.loan_amount is None and down is not None and i.valuation is None:
            price, share = self.price, self.ledger.user("down_payment_pct", down, "percent")
            formula, parts, value = f"{plain(num(price))} × {plain(down)} ÷ 100", [price, share], num(price) * down / 100
        else:
            price, loan = require(lambda: self.price, lambda: self.loan)
            formula, parts, value = f"{plain(num(price))} − {plain(num(loan))}", [price, loan], num(price) - num(loan)
        for fact in extra:
            formula, parts, value = f"{formula} + {plain(num(fact))}", [*parts, fact], value + num(fact)
        if value <= 0:
            raise Undefined("loan_above_price")
        return self.money("own_cash", value, formula, parts)
