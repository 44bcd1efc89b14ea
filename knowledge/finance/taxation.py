"""One property's taxes as facts: what is taxed, the rule and its date, and what is due, line by line.

The arithmetic is `knowledge.finance.taxes`; here a case's figures are handed to it and its results written down. Where the
law or the investor's circumstances leave a range, a tax is its high end and carries both, as every cost does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from core.facts import Fact
from core.locale import CURRENCY_OF
from knowledge.finance import costs, rules
from knowledge.finance.assumptions import assumption, cost_kind
from knowledge.finance.brackets import Array
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.income import Assumed, Missing, Undefined, num
from knowledge.finance.projection import Deal, Projection, project
from knowledge.finance.rule import LeftOut, Rule
from knowledge.finance.taxes import Let, Owner, Sold, Tax, TaxLine, UnknownRule, rent_tax, sale_tax
from knowledge.finance.taxes.spain import yearly_wear

#: Line of a tax -> what it is called where no single rule names it.
_LABELS = {
    "rent_tax": ("impuesto sobre la renta del alquiler", "income tax on the rent"),
    "gain_tax": ("impuesto sobre la ganancia", "tax on the gain"),
    "land_gain_tax": ("plusvalía municipal", "municipal land-gain tax"),
    "withholding": ("retención a cuenta", "withheld on account"),
}


@dataclass(frozen=True, slots=True)
class TaxRow:
    """A line as it is shown: facts of base, rate (percent of the base) and amount, and the rules it rests on, the first one
    leading. `advance`: paid on account and not added up."""

    event: str
    key: str
    label_es: str
    label_en: str
    base: Fact
    rate: Fact
    amount: Fact
    rules: tuple[Rule, ...]
    advance: bool = False


@dataclass
class Taxation:
    """Taxes of one case, each event reckoned once; rows in the order they were asked for."""

    case: Case
    rows: list[TaxRow] = field(default_factory=list)
    notes: dict[str, LeftOut] = field(default_factory=dict)

    @property
    def country(self) -> str:
        """The country whose taxes are asked for; `Missing` without one, `Undefined` where amounts are in another currency."""
        country, money = self.case.country, self.case.inputs.money
        if country is None:
            raise Missing("country")
        if country not in CURRENCY_OF:
            raise Undefined("no_tax_rule")
        if money is not None and money != CURRENCY_OF[country]:
            raise Undefined("tax_other_currency")
        return country

    @property
    def owner(self) -> Owner:
        payer = self.case.inputs.taxpayer
        if payer.residence is None:
            self.case.warn("residence_assumed")
        return Owner(payer.residence or "resident", payer.marginal_rate_pct, payer.other_income)

    @property
    def housing(self) -> bool:
        return rules.property_class(self.case.inputs.property_type) == "housing"

    @property
    def cost(self) -> tuple[Fact, Fact | None]:
        """Price and purchase costs: as told, else by the country's rules; none where nothing but what was told counts."""
        case = self.case
        return case.price, case.stated_purchase or (None if case.inputs.as_told else case.ruled_purchase)

    # rent

    def let(self, held: Projection) -> Let:
        """Each year of a projection as the tax on rent takes it."""
        return self._let(held.rent - held.vacancy_loss, held.running_costs, held.interest)

    def first_year(self, *, with_loan: bool) -> Let:
        """The first year as scalars; no price is needed where costs are told, or none are taken off."""
        case = self.case
        rent = case.annual_rent * (1 - (num(case.vacancy) if case.vacancy else 0.0) / 100)
        interest = 0.0
        if with_loan:
            alone = project(Deal(price=num(case.loan), years=1, debt=case.debt))
            interest = float(alone.interest[0])
        return self._let(np.asarray(rent), np.asarray(sum(cost.high for cost in case.running)), np.asarray(interest))

    def _let(self, rent: Array, running: Array, interest: Array) -> Let:
        """`Missing` where only a net rent was told. The property tax is the same share of the costs in every year."""
        case = self.case
        if case.inputs.rent_is_net:
            raise Missing("monthly_rent")
        paid = 0.0
        if case.inputs.price is not None:
            price, extra = self.cost
            paid = num(price) + (num(extra) if extra else 0.0)
        elif self.country == "ES":
            self.notes["price"] = LeftOut("sin el precio de compra no descuento la amortización",
                                          "without the purchase price no depreciation is taken off")
        costs = case.running
        total, own = sum(c.high for c in costs), sum(c.high for c in costs if _is_property_tax(c.fact))
        if not total:
            self.notes["costs"] = LeftOut("sin gastos, porque no se indicaron: los justificados bajan el impuesto",
                                          "without costs: none were told; those with a receipt lower the tax")
        return Let(rent=rent, costs=running, property_tax=running * (own / total if total else 0.0), interest=interest,
                   cost=paid, building_share_pct=self._building_share() if paid else (0.0, 0.0), housing=self.housing,
                   reduction_pct=case.inputs.taxpayer.reduction_pct)

    def _building_share(self) -> tuple[float, float]:
        """The share of the cost that is no land: by the official values, else Spain's assumption, shown."""
        payer = self.case.inputs.taxpayer
        if payer.land_value is not None and payer.cadastral_value is not None:
            share = (1 - payer.land_value / payer.cadastral_value) * 100
            return share, share
        assumed = assumption("building_share_pct", self.country)
        if assumed is None:
            return 0.0, 100.0
        if self.country == "ES" and (payer.residence or "resident") != "other":
            fact = self.case.assume(assumed)
            self.case.assumed["building_share_pct"] = Assumed("building_share_pct", fact, assumed.label_es, assumed.label_en)
        return assumed.low, assumed.high

    def on_rent(self, let: Let) -> Tax:
        """The tax on the rent of a year, or of every year of a projection."""
        try:
            tax = rent_tax(self.country, self.owner, let, on=self.case.on)
        except UnknownRule as unknown:
            raise Undefined("no_tax_rule") from unknown
        return self._noted(tax)

    # sale

    def worn(self, years: float) -> tuple[float, float]:
        """Depreciation that a Spanish purchase cost is lowered by after letting."""
        if self.country != "ES" or not self.case.inputs.lets:
            return 0.0, 0.0
        low, high = yearly_wear(self.first_year(with_loan=False), self.case.on)
        return float(low) * years, float(high) * years

    def on_sale(self, price: ArrayLike, years: float, *, selling: ArrayLike, past: bool) -> Tax:
        """The taxes of selling at `price` (one, or one a path) after `years`; `past`: it was bought then, at costs that only
        the investor knows."""
        case, payer = self.case, self.case.inputs.taxpayer
        self._show_assumed()
        extra = case.stated_purchase or (None if past or case.inputs.as_told else case.ruled_purchase)
        if extra is None:
            self.notes["purchase"] = LeftOut(
                "gastos de la compra no indicados: los justificados bajarían la ganancia",
                "purchase costs not told: those with a receipt would lower the gain")
        sold = Sold(price=price, bought_for=num(case.price), years=years, purchase_costs=num(extra) if extra else 0.0,
                    selling_costs=selling, worn=self.worn(years), land_value=payer.land_value,
                    cadastral_value=payer.cadastral_value, municipal_rate_pct=payer.municipal_rate_pct,
                    inflation_pct=case.inputs.inflation_pct, own_home=payer.own_home, housing=self.housing)
        try:
            tax = sale_tax(self.country, self.owner, sold, on=case.on)
        except UnknownRule as unknown:
            raise Undefined("no_tax_rule") from unknown
        return self._noted(tax)

    def _show_assumed(self) -> None:
        """What the tax of a sale takes for granted where nothing was told."""
        payer = self.case.inputs.taxpayer
        resident = (payer.residence or "resident") == "resident"
        wanted = {"MX": "inflation_pct" if resident and self.case.inputs.inflation_pct is None else None,
                  "ES": "cadastral_share_pct" if payer.land_value is None else None}.get(self.country)
        found = assumption(wanted, self.country) if wanted else None
        if found is not None:
            self.case.show(found, self.case.assume(found))

    def exit_share(self) -> tuple[float, float]:
        """Selling costs in percent of the sale price: without advances of tax, then those advances."""
        case = self.case
        share, money = case.inputs.selling_costs_pct, case.inputs.selling_costs
        if share is not None or money is not None:
            told = (money or 0.0) / case.inputs.sale_price * 100 if case.inputs.sale_price is not None else 0.0
            return (share or 0.0) + told, 0.0
        found = case.selling_costs(num(case.price))
        kept = [line for line in found.lines if line.counted and line.high_pct is not None]
        advance = sum(line.high_pct or 0.0 for line in kept if line.key == "withholding")
        return sum(line.high_pct or 0.0 for line in kept) - advance, advance

    # writing down

    def _noted(self, tax: Tax) -> Tax:
        self.case.left_out.update({item.en: item for item in tax.left_out})
        self.notes.update({note.en: note for note in tax.notes})
        return tax

    def write(self, event: str, tax: Tax) -> Fact:
        """The lines of a tax without years as facts and rows; the sum that counts, `<event>_tax`, comes back."""
        case = self.case
        used: list[Fact] = []
        for item in tax.lines:
            row = self._row(event, item)
            self.rows.append(row)
            if not item.advance:
                used.append(row.amount)
        low, high = float(tax.low), float(tax.high)
        formula = _sum_of(used, high)
        total = case.money(f"{event}_tax_total", high, formula, used, low=low, high=high)
        case.note_rules(tax.rules, total)
        payer = case.inputs.taxpayer
        told = payer.marginal_rate_pct is not None or payer.other_income is not None
        by_scale = event == "rent" or (self.country == "CO" and any(rule.key == "income_scale" for rule in tax.rules))
        if by_scale and low != high and not told and (payer.residence or "resident") == "resident":
            case.warn("scale_range", total)
        return total

    def withheld(self, price: Fact) -> Fact:
        """The advances of a sale at `price` as rows; their sum. `Undefined` where nothing is withheld."""
        case = self.case
        try:
            tax = sale_tax(self.country, self.owner, Sold(num(price), num(price), 5.0, housing=self.housing), on=case.on)
        except UnknownRule as unknown:
            raise Undefined("no_tax_rule") from unknown
        lines = [item for item in tax.lines if item.advance]
        if not lines:
            raise Undefined("nothing_withheld")
        rows = [self._row("sell", item) for item in lines]
        if not any(row.advance for row in self.rows):
            self.rows += rows
        case.note_rules(tuple(rule for item in lines for rule in item.rules), rows[0].amount)
        return rows[0].amount

    def _row(self, event: str, item: TaxLine) -> TaxRow:
        case = self.case
        es, en = _LABELS[item.key]
        bases = (float(item.base[0]), float(item.base[1]))
        ends = (float(item.low), float(item.high))
        base = case.money(f"{item.key}_base", bases[1], plain(round(bases[1], 2)), [], low=bases[0], high=bases[1])
        shares = (round(float(item.rate(0)), 10), round(float(item.rate(1)), 10))
        for rule in dict.fromkeys(one for one in item.rules if one.unit != "money"):
            counted = rule.unit == "count"
            case.ledger.rule(rule.key if counted else f"{rule.key}_pct", rule.high, "count" if counted else "percent", rule.id,
                             rule.label_es, rule.label_en, rule.source, as_of=rule.valid_from.isoformat(),
                             low=rule.low if rule.low != rule.high else None, high=rule.high if rule.low != rule.high else None)
        rate = case.ledger.compute(f"{item.key}_rate", shares[1], "percent",
                                   f"{plain(round(ends[1], 2))} ÷ {plain(round(bases[1], 2))}", [base],
                                   low=min(shares), high=max(shares))
        amount = case.money(item.key, ends[1], f"{plain(round(bases[1], 2))} × {plain(shares[1])} ÷ 100", [base, rate],
                            low=ends[0], high=ends[1])
        return TaxRow(event, item.key, es, en, base, rate, amount, item.rules, item.advance)

    def buying(self) -> Fact:
        """Purchase costs by line, as rows, once; the sum is the case's own."""
        case = self.case
        total = case.acquisition
        self.country  # noqa: B018 - taxes are reckoned in the money of the property's country alone
        if not any(row.event == "buy" for row in self.rows):
            self.rows += self._cost_rows("buy", case.buying_costs, case.price)
        return total

    def selling(self, price: Fact) -> Fact | None:
        """Selling costs by line at a sale price, as rows, advances of tax apart; None where none are known or told."""
        case, i = self.case, self.case.inputs
        if i.selling_costs is not None or i.selling_costs_pct is not None:
            share = i.selling_costs_pct or 0.0
            used = [price]
            if i.selling_costs_pct is not None:
                used.append(case.ledger.user("selling_costs_pct", share, "percent"))
            if i.selling_costs is not None:
                used.append(case.stated("selling_costs"))
            value = num(price) * share / 100 + (i.selling_costs or 0.0)
            return case.money("selling_costs_money", value, f"{plain(num(price))} × {plain(share)} ÷ 100"
                              + (f" + {plain(i.selling_costs)}" if i.selling_costs else ""), used)
        rows = [row for row in self._cost_rows("sell", case.selling_costs(num(price)), price) if row.key != "withholding"]
        if not rows:
            return None
        self.rows += rows
        case.note_rules(tuple(rule for row in rows for rule in row.rules), rows[0].amount)
        low = sum(row.amount.low if row.amount.low is not None else num(row.amount) for row in rows)
        return case.money("selling_costs_money", sum(num(row.amount) for row in rows),
                          " + ".join(plain(round(num(row.amount), 2)) for row in rows), [row.amount for row in rows],
                          low=low, high=sum(num(row.amount) for row in rows))

    def _cost_rows(self, event: str, found: costs.Costs, base: Fact) -> list[TaxRow]:
        case, rows = self.case, []
        for item in found.lines:
            if not item.counted or item.low_pct is None or item.high_pct is None:
                continue
            lead = item.rules[0]
            ranged = item.low_pct != item.high_pct
            rate = case.ledger.rule(f"{item.key}_pct", item.high_pct, "percent", lead.id, lead.label_es, lead.label_en,
                                    lead.source, as_of=lead.valid_from.isoformat(), low=item.low_pct if ranged else None,
                                    high=item.high_pct if ranged else None)
            amount = case.money(f"{event}_{item.key}", item.high, f"{plain(num(base))} × {plain(item.high_pct)} ÷ 100",
                                [base, rate], low=item.low, high=item.high)
            rows.append(TaxRow(event, item.key, lead.label_es, lead.label_en, base, rate, amount, item.rules))
        return rows


def _sum_of(lines: list[Fact], total: float) -> str:
    """The sum that makes the total. The highest ends of two lines need not go together: a higher municipal tax lowers the gain
    that the State taxes."""
    ends = [dict.fromkeys((num(fact), num(fact) if fact.low is None else fact.low)) for fact in lines]
    chosen = min(product(*ends), key=lambda values: abs(sum(values) - total))
    return " + ".join(plain(round(value, 2)) for value in chosen) or "0"


def _is_property_tax(fact: Fact) -> bool:
    """Whether a running cost is the property tax, assumed or told by name."""
    return fact.key in ("property_tax_year", "property_tax_month") or cost_kind(str(fact.entity)) == "property_tax_pct"

