"""How a calculation becomes facts: each input, assumption, rule and result with the formula that made it.

Formulas carry plain numbers ("12 × 2300000 ÷ 450000000"); writing them for a reader is the renderer's business.
A default that nobody stated is a fact of kind `rule` whose `ref` starts with `assumption/`: it can always be told
from a law (`rule/…`) and from what the investor said (`user`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from core.facts import Fact, Source, Unit
from knowledge.finance.currency import Conversion

Language = Literal["es", "en"]
ASSUMPTION = "assumption/"


def plain(value: float) -> str:
    """A number for a formula: no grouping, point for decimals, at most 6 of them (10 below 0.01)."""
    if value == int(value):
        return str(int(value))
    return f"{value:.{6 if abs(value) >= 0.01 else 10}f}".rstrip("0").rstrip(".")


class Ledger:
    """Collects the facts of one calculation, in order, each once. Entity and language apply to all of them."""

    def __init__(self, *, entity: str = "", entity_id: str = "", language: Language = "es") -> None:
        self.entity = entity
        self.entity_id = entity_id
        self.language: Language = language
        self._facts: dict[str, Fact] = {}

    @property
    def facts(self) -> list[Fact]:
        return list(self._facts.values())

    def user(
        self, key: str, value: float | str, unit: Unit, currency: str | None = None, entity: str | None = None
    ) -> Fact:
        """A figure from the investor's own message."""
        return self.add(key, value, unit, Source("user", "message"), currency=currency, entity=entity)

    def assume(
        self, key: str, value: float, unit: Unit, label_es: str, label_en: str, source: str, *,
        currency: str | None = None, low: float | None = None, high: float | None = None,
        ref: str | None = None,
    ) -> Fact:
        """A visible default. `source` says what supports it; `low` and `high` are the range it was taken from."""
        label = label_es if self.language == "es" else label_en
        return self.add(key, value, unit, Source("rule", f"{ASSUMPTION}{ref or key}", label, source),
                        currency=currency, low=low, high=high)

    def rule(
        self, key: str, value: float, unit: Unit, ref: str, label_es: str, label_en: str, source: str, *,
        as_of: str | None = None, low: float | None = None, high: float | None = None, currency: str | None = None,
    ) -> Fact:
        """A dated legal or tax parameter; `ref` is the rule's id, `as_of` the day it holds from."""
        label = label_es if self.language == "es" else label_en
        return self.add(key, value, unit, Source("rule", f"rule/{ref}", label, source), currency=currency, low=low,
                        high=high, as_of=as_of)

    def compute(
        self, key: str, value: float, unit: Unit, formula: str, inputs: Iterable[Fact | str] = (), *,
        currency: str | None = None, low: float | None = None, high: float | None = None, entity: str | None = None,
        as_of: str | None = None, ref: str | None = None,
    ) -> Fact:
        """A result. `formula` holds its numbers; `inputs` are facts or ids; a range that is the value is dropped."""
        ids = tuple(i.id if isinstance(i, Fact) else i for i in inputs)
        if low == high == value:
            low = high = None
        return self.add(key, value, unit, Source("computation", ref or key), currency=currency, low=low, high=high,
                        formula=formula, inputs=ids, entity=entity, as_of=as_of)

    def add(
        self, key: str, value: float | str, unit: Unit, source: Source, *, currency: str | None = None,
        low: float | None = None, high: float | None = None, formula: str | None = None,
        inputs: tuple[str, ...] = (), entity: str | None = None, as_of: str | None = None,
    ) -> Fact:
        fact = Fact(key=key, value=value, unit=unit, source=source, currency=currency, low=low, high=high,
                    formula=formula, inputs=inputs, as_of=as_of, entity=self.entity if entity is None else entity,
                    entity_id=self.entity_id)
        return self._facts.setdefault(fact.id, fact)

    def conversion(self, result: Conversion, amount: Fact | None = None) -> Fact:
        """A currency conversion: one fact a rate used, and the converted amount (key `converted_amount`)."""
        given = amount or self.user("amount", result.amount / result.rate, "money", currency=result.source)
        cross = self.exchange(result)
        return self.compute("converted_amount", result.amount, "money",
                            f"{plain(float(given.value))} × {plain(result.rate)}", [given, cross],
                            currency=result.target, as_of=cross.as_of)

    def exchange(self, result: Conversion) -> Fact:
        """The rate of a conversion, with one fact a rate used; one whose `ref` is "message" was told."""
        used = [
            self.add(r.pair, r.value, "rate",
                     Source("user", r.ref) if r.ref == "message" else Source("series", r.ref or f"FX/{r.pair}", r.pair,
                                                                             r.attribution),
                     as_of=r.on.isoformat())
            for r in result.path
        ]
        as_of = result.on.isoformat() if result.on else None
        return self.compute("exchange_rate", result.rate, "rate", _cross_formula(result), used, as_of=as_of)


def _cross_formula(result: Conversion) -> str:
    """Target per source from the quoted pairs: a pair that starts with the source multiplies, else it divides."""
    at, formula = result.source, "1"
    for rate in result.path:
        forward = rate.pair.startswith(at)
        formula += f" {'×' if forward else '÷'} {plain(rate.value)}"
        at = rate.pair[3:] if forward else rate.pair[:3]
    return formula

