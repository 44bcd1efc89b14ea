"""The value of each figure of a return: bare ones in the size that the others make likely, weeks as the year has them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.rules.weeks import weeks_let
from knowledge.understanding.tokens import Token

_LARGE = frozenset({"price", "value", "loan", "debt", "own", "sale", "savings", "budget"})
#: (least, most) of the price that an amount is, by role and period; the smallest size that fits is taken.
_OF_PRICE = {
    "rent/month": (1e-3, 0.03),
    "netrent/month": (3e-4, 0.03),
    "room/month": (3e-4, 0.02),
    "instalment/month": (1e-3, 0.03),
    "instalment/year": (0.01, 0.3),
    "affordable/month": (1e-3, 0.03),
    "cost/month": (3e-5, 0.01),
    "rent/year": (0.01, 0.4),
    "netrent/year": (5e-3, 0.4),
    "room/year": (3e-3, 0.3),
    "cost/year": (2e-4, 0.1),
    "once": (2e-3, 0.4),
    "works": (5e-3, 1.5),
    "flow": (5e-3, 5.0),
    "night": (1e-4, 5e-3),
    "cost/night": (5e-6, 1e-3),
}
#: Months of rent that a price comes to.
_MONTHS = (40.0, 900.0)
_USUAL_MONTHS = 200.0
#: A bare price in the units that people leave out, by currency: (below, size).
_UNSAID = {"EUR": ((1_000.0, 1e3),), "COP": ((10_000.0, 1e6),), "MXN": ((40.0, 1e6), (1_000.0, 1e3))}
#: Months of a year that stand empty; more are those that are let.
_MOST_EMPTY_MONTHS = 6
_UNITS = {
    "mdp": 1e6,
    "millones": 1e6,
    "millions": 1e6,
    "melones": 1e6,
    "palos": 1e6,
    "miles": 1e3,
    "thousands": 1e3,
    "k": 1e3,
}
TIMES = frozenset({"term", "hold"})


def sizes(
    tokens: Sequence[Token],
    told: Sequence[Amount],
    meanings: Mapping[int, Meaning],
    known: Mapping[str, Any],
    currency: str | None,
) -> dict[int, float]:
    """The value of each figure by its first token; bare amounts in the size that the others make likely."""
    said = _unit_of_all(tokens)
    values: dict[int, float] = {}
    for at, amount in enumerate(told):
        values[amount.first] = amount.value
        meaning = meanings[amount.first]
        if meaning.label == "rent/year" and (weeks := weeks_let(tokens, told, at)):
            values[amount.first] = amount.value * weeks
        if meaning.role == "vacant_months" and amount.value > _MOST_EMPTY_MONTHS:
            values[amount.first] = 12 - amount.value  # "rent 690 for eleven months of the year"
        elif amount.kind == "months" and meaning.role in TIMES:
            values[amount.first] = round(amount.value / 12, 4)
        elif meaning.label == "nights/month":
            values[amount.first] = amount.value * 12
    large = [a for a in told if meanings[a.first].role in _LARGE]
    reference = next((float(known[k]) for k in ("price", "value", "loan", "own", "sale", "debt") if known.get(k)), None)
    reference = reference or max((a.value for a in large if not _bare(a)), default=None)
    rent = next(
        (a.value for a in told if meanings[a.first].label in ("rent/month", "netrent/month") and not _bare(a)), None
    )
    if rent is None and isinstance(known.get("rent"), Mapping):
        rent = float(known["rent"]["amount"]) / (12 if known["rent"].get("period") == "year" else 1)
    for amount in sorted(large, key=lambda a: -a.value):
        if _bare(amount):
            values[amount.first] = amount.value * said if said else _large(amount.value, reference, rent, currency)
        reference = (
            max(reference or 0.0, values[amount.first]) if meanings[amount.first].role != "savings" else reference
        )
    reference = reference or (rent and rent * _USUAL_MONTHS)
    for amount in told:
        limits = _OF_PRICE.get(meanings[amount.first].label)
        if limits and _bare(amount) and reference and values[amount.first] == amount.value:
            values[amount.first] = _small(amount.value, reference, *limits)
    return values


def _unit_of_all(tokens: Sequence[Token]) -> float | None:
    """ "prices in mdp: Progreso 2.4, Campeche 1.9", "todo en millones": the unit of all that stand bare."""
    for at, token in enumerate(tokens[1:], 1):
        before = tokens[at - 1]
        if token.text in _UNITS and before.text in ("in", "en", "all", "todo"):
            return _UNITS[token.text]
    return None


def _bare(amount: Amount) -> bool:
    small = 0 < amount.value < 1_000 and amount.kind in ("money", "other")
    return small and not (amount.scaled or amount.unit or amount.currency)


def _large(value: float, reference: float | None, rent: float | None, currency: str | None) -> float:
    if reference:
        sizes = [
            (abs(math.log(value * s / reference)), s) for s in (1.0, 1e3, 1e6) if 0.01 <= value * s / reference <= 30
        ]
        return value * min(sizes)[1] if sizes else value
    if rent:
        return next((value * s for s in (1.0, 1e3, 1e6) if _MONTHS[0] <= value * s / rent <= _MONTHS[1]), value)
    return next((value * size for below, size in _UNSAID.get(currency or "", ()) if value < below), value)


def _small(value: float, reference: float, least: float, most: float) -> float:
    return next((value * s for s in (1.0, 1e3, 1e6) if least <= value * s / reference <= most), value)


def away(held: Any, value: float) -> float:
    """How far a value is from another, as the logarithm of how many times it is larger or smaller."""
    held = held["amount"] if isinstance(held, Mapping) else held
    return abs(math.log(value / held)) if value > 0 and held > 0 else math.inf
