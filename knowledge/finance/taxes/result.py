"""What a tax comes to: its lines, each with base, rate and rules, and the sum of those that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.errors import BadInput
from knowledge.finance import brackets, rules
from knowledge.finance.brackets import Array
from knowledge.finance.rule import Kind, LeftOut, Rule
from knowledge.finance.taxes.owner import Owner


class UnknownRule(BadInput):
    """No rule of this kind holds on the day."""


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax: `base` and what is due, both ends, money, elementwise. `advance`: paid on account, so not counted."""

    key: str
    base: tuple[Array, Array]
    low: Array
    high: Array
    rules: tuple[Rule, ...]
    advance: bool = False

    def rate(self, end: int) -> Array:
        """What is due over its base, percent; 0 without a base. `end` 0 is the low one."""
        due = (self.low, self.high)[end]
        base = self.base[end]
        safe = np.where(base > 0, base, 1.0)
        return np.asarray(np.where(base > 0, due / safe * 100, 0.0))


@dataclass(frozen=True, slots=True)
class Tax:
    """`low` and `high` are what is due in all, elementwise; `notes` say what an end rests on."""

    lines: tuple[TaxLine, ...]
    low: Array
    high: Array
    left_out: tuple[LeftOut, ...]
    notes: tuple[LeftOut, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(dict.fromkeys(rule for line in self.lines for rule in line.rules))

    @property
    def unverified(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if not rule.verified)


def line(
    key: str, base: tuple[Array, Array], due: tuple[Array, Array], used: Sequence[Rule], *, advance: bool = False
) -> TaxLine:
    """A line whose ends are put in order, elementwise."""
    a, b = np.broadcast_arrays(*due)
    x, y = np.broadcast_arrays(*base)
    return TaxLine(key, (np.minimum(x, y), np.maximum(x, y)), np.minimum(a, b), np.maximum(a, b), tuple(used), advance)


def summed(country: str, kind: Kind, lines: Sequence[TaxLine], notes: Sequence[LeftOut] = ()) -> Tax:
    """Lines whose ends simply add up."""
    counted = [item for item in lines if not item.advance]
    zero = np.zeros(())
    return Tax(tuple(lines), sum((item.low for item in counted), zero), sum((item.high for item in counted), zero),
               rules.left_out(country, kind), tuple(notes))


def the(country: str, kind: Kind, key: str, on: date, *, housing: bool = True) -> Rule:
    """The rule of a key on a day; `UnknownRule` says that there is none."""
    held = rules.in_force(country, kind, on, applies_to="housing" if housing else "commercial")
    found = next((rule for rule in held if rule.key == key), None)
    if found is None:
        raise UnknownRule(
            f"I have no rule {country}/{key} for {on.isoformat()}: expected a day that my dated rules cover. "
            "Ask about another date or state the tax yourself.",
            f"No tengo la regla {country}/{key} para el {on.isoformat()}: se espera un día que cubran mis reglas con fecha. "
            "Pregunte por otra fecha o indique usted el impuesto.",
        )
    return found


def unit(country: str, key: str, on: date) -> Rule:
    """The value of a legal unit on a day (the UVT); `UnknownRule` where no year covers it."""
    found = rules.unit_value(country, key, on)
    if found is None:
        raise UnknownRule(
            f"I have no value of the {key.upper()} for {on.isoformat()}: expected a year that my rules cover. "
            "Ask about another date.",
            f"No tengo el valor de la {key.upper()} para el {on.isoformat()}: se espera un año que cubran mis reglas. "
            "Pregunte por otra fecha.",
        )
    return found


def by_scale(
    owner: Owner, scale: Rule, base: tuple[Array, Array], unit_value: float = 1.0
) -> tuple[Array, Array]:
    """Both ends of a tax by a progressive scale.

    A stated marginal rate is applied to the base; a stated other income puts the base on top of it. Without either: as if
    there were no other income (low) and as if all of it fell in the highest band (high).
    """
    assert scale.table is not None
    low, high = (np.maximum(end, 0.0) for end in base)
    if owner.marginal_rate_pct is not None:
        return low * owner.marginal_rate_pct / 100, high * owner.marginal_rate_pct / 100
    if owner.other_income is not None:
        rest = brackets.amount(scale.table, owner.other_income, unit_value)
        return tuple(  # type: ignore[return-value]
            np.maximum(brackets.amount(scale.table, end + owner.other_income, unit_value) - rest, 0.0) for end in (low, high))
    return brackets.amount(scale.table, low, unit_value), high * scale.high / 100
