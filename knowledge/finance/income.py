"""One property's price, rent, costs and investment, each resolved once: stated, assumed, or from a rule.

Where a stated figure is lacking `Missing` names it; the analysis turns that into a report instead of a guess. A value
that rests on a range is its costly end and carries both ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from core import clock
from core.facts import Fact
from knowledge.finance import costs, returns, rules
from knowledge.finance.assumptions import Assumption, assumption, cost_kind
from knowledge.finance.cautions import Caution, caution
from knowledge.finance.facts_of import Ledger, plain
from knowledge.finance.inputs import TIMES_A_YEAR, Cost, Inputs
from knowledge.finance.rule import LeftOut, Rule
from knowledge.finance.trust import Trust, trust_of
from knowledge.understanding.text import fold

#: Words of a stated cost that is the trust's fee.
_IS_TRUST = frozenset({"fideicomiso", "trust", "fideicomisos"})


class Missing(Exception):
    """Inputs without which a figure cannot be computed; never leaves the finance package."""

    def __init__(self, *names: str) -> None:
        self.names = names


class Undefined(Exception):
    """The inputs are there but the figure does not exist for them; `code` is a caution's."""

    def __init__(self, code: str) -> None:
        self.code = code


@dataclass(frozen=True, slots=True)
class Assumed:
    """An assumption as it is shown: `fact` in the unit people change it in, a month or a year if it is an amount."""

    key: str
    fact: Fact
    label_es: str
    label_en: str
    note_es: str = ""
    note_en: str = ""
    period: str | None = None


@dataclass(frozen=True, slots=True)
class RunningCost:
    """A year's cost: its fact, formula term, costly and cheap end; `share_pct` if it follows the rent."""

    fact: Fact
    term: str
    high: float
    low: float
    share_pct: float = 0


def num(fact: Fact) -> float:
    return float(fact.value)


def ends(fact: Fact) -> tuple[float, float]:
    """Low and high end; the value itself where there is no range."""
    value = num(fact)
    return (value if fact.low is None else fact.low, value if fact.high is None else fact.high)


def require(*getters: Callable[[], Fact]) -> list[Fact]:
    """All of them, or one `Missing` that names everything lacking at once."""
    found: list[Fact] = []
    lacking: list[str] = []
    for get in getters:
        try:
            found.append(get())
        except Missing as missing:
            lacking += [name for name in missing.names if name not in lacking]
    if lacking:
        raise Missing(*lacking)
    return found


class Income:
    """Lazily resolved figures over one `Inputs`, written to the ledger as they are used."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.country = inputs.legal_country
        self.on = inputs.on or clock.now().date()
        self.ledger = Ledger(entity=inputs.entity, entity_id=inputs.entity_id, language=inputs.language)
        self.assumed: dict[str, Assumed] = {}
        self.cautions: dict[str, Caution] = {}
        self.left_out: dict[str, LeftOut] = {}
        self.unverified: dict[str, Rule] = {}
        self.taxes: object | None = None  # a `taxation.Taxation`, once taxes are asked for

    def warn(self, code: str, *facts: Fact, **names: str) -> None:
        self.cautions.setdefault(code, caution(code, tuple(fact.id for fact in facts), **names))

    def money(
        self, key: str, value: float, formula: str, used: list[Fact], *, low: float | None = None,
        high: float | None = None,
    ) -> Fact:
        return self.ledger.compute(key, value, "money", formula, used, currency=self.inputs.money, low=low, high=high)

    def stated(self, key: str) -> Fact:
        """A money input as stated, else `Missing`."""
        value = getattr(self.inputs, key)
        if value is None:
            raise Missing(key)
        return self.ledger.user(key, value, "money", self.inputs.money)

    # price and rent

    @cached_property
    def price(self) -> Fact:
        """As stated, or what a discount told leaves of the asking price."""
        i = self.inputs
        if i.asking_price is None or i.price_cut_pct is None:
            return self.stated("price")
        asked, cut = self.stated("asking_price"), self.ledger.user("price_cut_pct", i.price_cut_pct, "percent")
        return self.money("price", num(asked) * (1 - num(cut) / 100),
                          f"{plain(num(asked))} × (1 − {plain(num(cut))} ÷ 100)", [asked, cut])

    @cached_property
    def rent(self) -> Fact:
        """The rent as stated: a month's, else a year's, else that of the nights let."""
        if self.inputs.monthly_rent is not None:
            return self.stated("monthly_rent")
        if self.inputs.annual_rent is not None:
            return self.stated("annual_rent")
        if self.inputs.nights is not None and self.inputs.nightly_rent is not None:
            nights, night = self.nights, self.stated("nightly_rent")
            term = f"{plain(num(nights))} × {plain(num(night))}"
            return self.money("annual_rent", num(nights) * num(night), term, [nights, night])
        raise Missing("monthly_rent")

    @cached_property
    def nights(self) -> Fact:
        """The nights let in a year."""
        if self.inputs.nights is None:
            raise Missing("nights")
        return self.ledger.user("nights", self.inputs.nights, "count")

    @property
    def annual_rent(self) -> float:
        return num(self.rent) * (12 if self.rent.key == "monthly_rent" else 1)

    @property
    def rent_term(self) -> str:
        """The year's rent inside a formula."""
        return ("12 × " if self.rent.key == "monthly_rent" else "") + plain(num(self.rent))

    @property
    def month_term(self) -> str:
        """A month's rent inside a formula."""
        return plain(num(self.rent)) + ("" if self.rent.key == "monthly_rent" else " ÷ 12")

    # assumptions and running costs

    def assume(self, rule: Assumption, key: str | None = None) -> Fact:
        ref = f"{rule.country}/{rule.key}"
        return self.ledger.assume(key or rule.key, rule.value, "years" if rule.key.endswith("years") else "percent",
                                  rule.label_es, rule.label_en, rule.source, ref=ref,
                                  low=rule.low if rule.low != rule.high else None,
                                  high=rule.high if rule.low != rule.high else None)

    def show(self, rule: Assumption, fact: Fact, period: str | None = None) -> None:
        self.assumed[rule.key] = Assumed(rule.key, fact, rule.label_es, rule.label_en, rule.note_es, rule.note_en,
                                         period)

    def percent_or_assumed(self, field: str) -> Fact:
        """A percentage as stated, else the country's assumption, shown."""
        value = getattr(self.inputs, field)
        if value is not None:
            return self.ledger.user(field, value, "percent")
        default = assumption(field, self.country)
        if default is None:
            raise Missing(field)
        fact = self.assume(default)
        self.show(default, fact)
        return fact

    @cached_property
    def vacancy(self) -> Fact | None:
        """Stated, or assumed for a monthly rent; a stated yearly rent is taken as what is collected."""
        if self.inputs.vacancy_pct is not None:
            return self.ledger.user("vacancy_pct", self.inputs.vacancy_pct, "percent")
        if self.inputs.assumes_costs and self.rent.key == "monthly_rent":
            return self.percent_or_assumed("vacancy_pct")
        return None

    @cached_property
    def running(self) -> tuple[RunningCost, ...]:
        """A year's costs: the stated ones, and assumptions for kinds nobody stated where the inputs call for them."""
        stated = [self._stated_cost(cost) for cost in self.inputs.running_costs]
        if not self.inputs.assumes_costs:
            return tuple(stated)
        if self.country is None:
            raise Missing("costs", "country")
        known = {cost_kind(cost.label) for cost in self.inputs.running_costs}
        keys = ("administration_pct", "property_tax_pct", "maintenance_pct")
        defaults = [assumption(key, self.country) for key in keys if key not in known]
        fee = self._trust_fee()
        return (*stated, *(self._assumed_cost(d) for d in defaults if d is not None), *([fee] if fee else []))

    def _stated_cost(self, cost: Cost) -> RunningCost:
        if cost.of == "money":
            fact = self.ledger.user(f"cost_{cost.period}", cost.amount, "money", self.inputs.money, entity=cost.label)
            times = num(self.nights) if cost.period == "night" else TIMES_A_YEAR.get(cost.period, 1)
            return RunningCost(fact, f"{f'{plain(times)} × ' if times != 1 else ''}{plain(cost.amount)}",
                               cost.amount * times, cost.amount * times)
        key = "cost_once_pct" if cost.period == "once" else f"cost_pct_of_{cost.of}"
        fact = self.ledger.user(key, cost.amount, "percent", entity=cost.label)
        if cost.of == "rent" and not self.inputs.lets:
            return RunningCost(fact, f"{plain(cost.amount)} %", 0, 0, cost.amount)  # of a rent that is to be found
        base, term = ((self.annual_rent, self.rent_term) if cost.of == "rent"
                      else (num(self.price), plain(num(self.price))))
        amount = base * cost.amount / 100
        return RunningCost(fact, f"{term} × {plain(cost.amount)} ÷ 100", amount, amount,
                           cost.amount if cost.of == "rent" else 0)

    def _assumed_cost(self, rule: Assumption) -> RunningCost:
        share = self.assume(rule)
        name = rule.key.removesuffix("_pct")
        if rule.figures:  # a monthly bill, rounded: it should not look more exact than it is
            month = rule.of(self.annual_rent / 12)
            fact = self.money(f"{name}_month", month, f"{self.month_term} × {plain(rule.value)} ÷ 100 ≈ {plain(month)}",
                              [self.rent, share])
            self.show(rule, fact, "month")
            return RunningCost(fact, f"12 × {plain(month)}", month * 12, month * 12)
        of_rent = rule.base == "rent"
        base_fact = self.rent if of_rent else self.price
        base, term = (self.annual_rent, self.rent_term) if of_rent else (num(self.price), plain(num(self.price)))
        high, low = rule.of(base), rule.of(base, rule.low)
        fact = self.money(f"{name}_year", high, f"{term} × {plain(rule.value)} ÷ 100", [base_fact, share],
                          low=low, high=high)
        self.show(rule, share if of_rent else fact, None if of_rent else "year")
        return RunningCost(fact, plain(high), high, low, rule.value if of_rent else 0)

    @cached_property
    def trust(self) -> Trust | None:
        """The trust of a foreigner who buys in Mexico."""
        i = self.inputs
        found = trust_of(self.country, i.city, buyer=i.foreign_buyer, told=i.foreign_trust, on=self.on)
        if found is not None and not found.told and not found.zone.verified:
            self.warn("trust_place_unverified" if found.used else "trust_place_unknown")
        return found

    def _trust_fee(self) -> RunningCost | None:
        """What the bank takes for the trust a year, in the money of the purchase; None where there is none, it is among the
        stated costs, or nobody said what a dollar is worth, which a caution says."""
        rule = self.trust.year if self.trust and self.trust.used else None
        if rule is None or any(_IS_TRUST & set(fold(cost.label).split()) for cost in self.inputs.running_costs):
            return None
        told = self.ledger.rule(rule.key, rule.high, "money", rule.id, rule.label_es, rule.label_en, rule.source,
                                as_of=rule.valid_from.isoformat(), low=rule.low, high=rule.high, currency=rule.currency)
        rate = self.inputs.dollar
        if rule.currency == self.inputs.money:
            fee, high, low = told, rule.high, rule.low
        elif rate is not None and (rate.source, rate.target) == (rule.currency, self.inputs.money):
            high, low = rule.high * rate.rate, rule.low * rate.rate
            fee = self.money("trust_fee_year", high, f"{plain(rule.high)} × {plain(rate.rate)}",
                             [told, self.ledger.exchange(rate)], low=low, high=high)
        else:
            self.warn("trust_fee_apart", told)
            return None
        self.note_rules((rule,), fee)
        self.assumed["trust_year"] = Assumed("trust_year", fee, rule.label_es, rule.label_en, rule.note_es, rule.note_en,
                                             "year")
        return RunningCost(fee, plain(high), high, low)

    @cached_property
    def noi(self) -> Fact:
        """The year's net operating income: rent less vacancy and running costs, before debt and income tax."""
        rent, vacancy, running = self.rent, self.vacancy, self.running
        empty = num(vacancy) if vacancy else 0.0
        value = returns.net_operating_income(self.annual_rent, empty, sum(c.high for c in running))
        best = returns.net_operating_income(self.annual_rent, empty, sum(c.low for c in running))
        formula = self.rent_term + (f" × (1 − {plain(empty)} ÷ 100)" if vacancy else "")
        formula += "".join(f" − {cost.term}" for cost in running)
        used = [rent, *([vacancy] if vacancy else []), *(cost.fact for cost in running)]
        return self.money("noi", value, formula, used, low=value, high=best)

    # what is invested

    @cached_property
    def purchase(self) -> Fact | None:
        """Costs on top of the price: stated; else by rule where net figures rest on assumptions or on all invested."""
        stated = self.stated_purchase
        if stated is None and (self.inputs.assumes_costs or self.inputs.base == "invested"):
            return self.ruled_purchase
        return stated

    @cached_property
    def stated_purchase(self) -> Fact | None:
        """Costs on top of the price that the investor told, in one sum."""
        once = [c for c in self.inputs.costs or () if c.period == "once"]
        if self.inputs.purchase_costs is None and not once:
            return None
        parts = [self.stated("purchase_costs")] if self.inputs.purchase_costs is not None else []
        for cost in once:
            stated = self._stated_cost(cost)
            parts.append(stated.fact if cost.of == "money" else self.ledger.compute(
                "upfront_part", stated.high, "money", stated.term, [self.price, stated.fact], currency=self.inputs.money,
                entity=cost.label))
        if len(parts) == 1:
            return parts[0]
        return self.money("upfront_costs", sum(num(p) for p in parts), " + ".join(plain(num(p)) for p in parts), parts)

    @cached_property
    def buying_costs(self) -> costs.Costs:
        """What the country's rules say of buying at the price, line by line. `Missing` without a country."""
        if self.country is None:
            raise Missing("purchase_costs", "country")
        i = self.inputs
        return costs.acquisition_costs(
            self.country, num(self.price), city=i.city, new_build=i.new_build, property_type=i.property_type,
            currency=i.money, foreign_trust=self.trust is not None and self.trust.used, on=self.on,
        )

    def selling_costs(self, price: float) -> costs.Costs:
        """What the country's rules say of selling at `price`, line by line. `Missing` without a country."""
        if self.country is None:
            raise Missing("country")
        i = self.inputs
        return costs.selling_costs(self.country, price, city=i.city, property_type=i.property_type, currency=i.money,
                                   on=self.on)

    @cached_property
    def ruled_purchase(self) -> Fact | None:
        """Purchase costs by the country's rules; None, and said, where no rule holds on the day."""
        if not self.buying_costs.lines:
            self.warn("no_purchase_rule")
            return None
        return self.acquisition

    @cached_property
    def acquisition(self) -> Fact:
        """Purchase costs by the country's rules: the costly end, with the range. `Undefined` where no rule holds on the day."""
        if not self.buying_costs.lines:
            raise Undefined("no_purchase_rule")
        result, i, price = self.buying_costs, self.inputs, self.price
        pct = self.rule_percent("acquisition_costs_pct", result)
        self.assumed["acquisition_costs_pct"] = Assumed("acquisition_costs_pct", pct, "gastos de compra",
                                                        "purchase costs")
        if self.country and rules.unknown_region(self.country, i.city, ("acquisition",)):
            self.warn("region_unknown", pct, place=str(i.city))
        inside = {line.rules[0].part_of for line in result.lines if line.rules[0].region != "*"}
        for line in result.lines:  # a total whose regional part is known is no rule that lacks
            if line.counted and line.key not in inside and rules.stands_in(line.rules[0], i.city):
                self.warn("region_rule_unknown", pct, place=str(i.city), es=line.rules[0].label_es, en=line.rules[0].label_en)
        now = rules.in_force(self.country or "", "acquisition", clock.now().date(), new_build=i.new_build,
                             applies_to=rules.property_class(i.property_type))
        if {rule.key for rule in now if not rule.part_of} - {line.key for line in result.lines}:
            self.warn("purchase_rules_partial", pct)
        for line in result.lines:  # each line in money, beside its share
            share = next((f for f in self.ledger.facts if f.key == f"{line.key}_pct"), None)
            if share is not None and line.counted and line.high_pct is not None:
                self.money(f"buy_{line.key}", line.high, f"{plain(num(price))} × {plain(line.high_pct)} ÷ 100", [price, share],
                           low=line.low, high=line.high)
        return self.money("acquisition_costs", result.high, f"{plain(num(price))} × {plain(result.high_pct)} ÷ 100",
                          [price, pct], low=result.low, high=result.high)

    def rule_percent(self, key: str, result: costs.Costs) -> Fact:
        """The rules behind a sum of costs as facts, and their sum in percent."""
        used = []
        for line in result.lines:
            rule = line.rules[0]
            if line.low_pct is None or line.high_pct is None:
                continue
            ranged = line.low_pct != line.high_pct
            if not line.counted:  # inside another line: named with its own rule, not added
                self.ledger.rule(f"inside_{line.key}_pct", line.high_pct, "percent", rule.id, rule.label_es, rule.label_en,
                                 rule.source, as_of=rule.valid_from.isoformat(), low=line.low_pct if ranged else None,
                                 high=line.high_pct if ranged else None)
                if not rule.verified:
                    self.unverified[rule.id] = rule
                continue
            used.append(self.ledger.rule(
                f"{line.key}_pct", line.high_pct, "percent", rule.id, rule.label_es, rule.label_en, rule.source,
                as_of=rule.valid_from.isoformat(), low=line.low_pct if ranged else None,
                high=line.high_pct if ranged else None,
            ))
        total = self.ledger.compute(key, result.high_pct, "percent", " + ".join(plain(num(f)) for f in used), used,
                                    low=result.low_pct, high=result.high_pct)
        if result.open_above:
            self.warn("open_range", total)
        self.note_rules(result.rules, total)
        self.left_out.update({omitted.en: omitted for omitted in result.left_out})
        return total

    def note_rules(self, used: tuple[Rule, ...], fact: Fact) -> None:
        doubtful = {rule.id: rule for rule in used if not rule.verified}
        if doubtful:
            self.unverified |= doubtful
            self.warn("unverified_rule", fact)
