"""What buying and selling cost by law and custom, and the legal ceiling of a rent. Sums of dated rules.

Every line keeps its range and the rule it comes from. A line that is part of another (a tax inside a published closing
total) is shown but not counted twice. float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core import clock
from knowledge.finance import brackets, checks, rules
from knowledge.finance.rule import Kind, LeftOut, Rule


@dataclass(frozen=True, slots=True)
class CostLine:
    """One cost in money between `low` and `high`; `open_above`: more may apply than any published value.

    `low_pct`, `high_pct` are percent of the price, None for a fixed amount. `counted` is False where another line
    already holds it.
    """

    key: str
    low: float
    high: float
    low_pct: float | None
    high_pct: float | None
    currency: str
    open_above: bool
    counted: bool
    payer: str
    rules: tuple[Rule, ...]

    @property
    def verified(self) -> bool:
        return all(rule.verified for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Costs:
    """Lines and their sum (counted lines only), in `currency`; `left_out` names what the sum does not hold."""

    lines: tuple[CostLine, ...]
    low: float
    high: float
    low_pct: float
    high_pct: float
    currency: str
    open_above: bool
    left_out: tuple[LeftOut, ...]

    @property
    def verified(self) -> bool:
        return all(line.verified for line in self.lines if line.counted)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for line in self.lines if line.counted for rule in line.rules)


@dataclass(frozen=True, slots=True)
class RentCap:
    """The highest legal monthly rent and how much of the value the rent is (percent); `above` if it breaks the rule."""

    cap: float
    share_pct: float | None
    above: bool
    rule: Rule


def acquisition_costs(
    country: str,
    price: float,
    *,
    city: str | None = None,
    new_build: bool = False,
    property_type: str | None = None,
    currency: str | None = None,
    reference_value: float | None = None,
    foreign_trust: bool = False,
    on: date | None = None,
) -> Costs:
    """What the buyer pays on top of `price`, by line.

    `city` may be a city or a region; unknown ones get the country's range. `currency` is the price's (default: the
    country's). `reference_value` (Spain's cadastral reference, Mexico's appraisal) raises the base of the taxes that
    look at it. `on` is the day of the deed, default today.
    """
    return _sum("acquisition", country, price, city, new_build, property_type, currency, reference_value,
                foreign_trust, on)


def selling_costs(
    country: str,
    price: float,
    *,
    city: str | None = None,
    property_type: str | None = None,
    currency: str | None = None,
    on: date | None = None,
) -> Costs:
    """What the seller pays out of `price`, by line; taxes on the gain are not in it (see `left_out`)."""
    return _sum("selling", country, price, city, False, property_type, currency, None, False, on)


def rent_cap(
    country: str,
    price: float,
    monthly_rent: float | None = None,
    *,
    property_type: str | None = None,
    on: date | None = None,
) -> RentCap | None:
    """The legal ceiling of a monthly rent as a share of the commercial value; None where no such rule is known.

    Colombia: 1 % a month for housing (Ley 820 de 2003). `price` stands for the commercial value.
    """
    checks.amount("price", price)
    held = rules.in_force(country, "rent_cap", on or clock.now().date(),
                          applies_to=rules.property_class(property_type))
    if not held:
        return None
    cap = price * held[0].high / 100
    if monthly_rent is None:
        return RentCap(cap, None, False, held[0])
    share = checks.amount("monthly_rent", monthly_rent) / price * 100
    # a rent exactly at the ceiling is legal; floats must not say otherwise
    return RentCap(cap, share, monthly_rent > cap * (1 + 1e-9), held[0])


def _sum(
    kind: Kind, country: str, price: float, city: str | None, new_build: bool, property_type: str | None,
    currency: str | None, reference_value: float | None, foreign_trust: bool, on: date | None,
) -> Costs:
    checks.amount("price", price)
    reference = price if reference_value is None else max(price, checks.amount("reference_value", reference_value))
    held = rules.in_force(
        country, kind, on or clock.now().date(), region=rules.region_of(country, city),
        applies_to=rules.property_class(property_type), new_build=new_build, foreign_trust=foreign_trust,
        price=reference, currency=currency,
    )
    keys = {rule.key for rule in held}
    by_key: dict[str, list[Rule]] = {}
    for rule in held:
        by_key.setdefault(rule.key, []).append(rule)
    home = currency or rules.load(country)[0].currency
    day = on or clock.now().date()
    lines = tuple(_line(same, price, reference, home, keys, day) for same in by_key.values())
    counted = [line for line in lines if line.counted]
    low, high = sum(line.low for line in counted), sum(line.high for line in counted)
    # fixed amounts are only ever part of a percentage line (the data's test says so), so the percentages sum too
    low_pct, high_pct = sum(line.low_pct or 0 for line in counted), sum(line.high_pct or 0 for line in counted)
    return Costs(lines, low, high, round(low_pct, 10), round(high_pct, 10), home,
                 any(line.open_above for line in counted), rules.left_out(country, kind))


def _line(same: Sequence[Rule], price: float, reference: float, home: str, keys: set[str], on: date) -> CostLine:
    """One line of the rules of one key: several (bands that cannot be told apart) give the range over all of them."""
    first = same[0]
    base = reference if first.base == "price_or_reference" else price
    money = first.unit == "money"
    each = [_ends(rule, base, home, on) for rule in same]
    low, high = min(pair[0] for pair in each), max(pair[1] for pair in each)
    return CostLine(
        key=first.key,
        low=low if money else base * low / 100,
        high=high if money else base * high / 100,
        low_pct=None if money else low * base / price,
        high_pct=None if money else high * base / price,
        currency=first.currency if money else home,
        open_above=any(rule.open_above for rule in same),
        counted=first.part_of not in keys,
        payer=first.payer,
        rules=tuple(same),
    )


def _ends(rule: Rule, base: float, home: str, on: date) -> tuple[float, float]:
    """Both ends of a rule: percent of `base`, or money. Bands in another currency, or in a unit without a value that day,
    give their lowest and highest rate."""
    if rule.table is None:
        return rule.low, rule.high
    scale = rules.scale_of(rule, on) if home == rule.currency else None
    if scale is None:
        return rule.low, rule.high
    effective = round(float(brackets.amount(rule.table, base, scale)) / base * 100, 12)
    return effective, effective
