"""What a household can pay a month as a share of what it earns: "no más del 30 % de los ingresos, y gano 9'200.000"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.understanding.amounts import Amount
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token

_INCOME, _OF_PROPERTY, _YEARS = words("income"), words("income_of_property"), words("years")
#: How far (in tokens) the word of an income stands from its figure, and from its share.
_NEAR, _SHARE_NEAR = 4, 5


@dataclass(frozen=True, slots=True)
class Affordable:
    """`value` a month; `first` are the first tokens of the two figures that it is worked out from."""

    value: float
    first: frozenset[int]


def share_of_income(tokens: Sequence[Token], amounts: Sequence[Amount]) -> Affordable | None:
    """The share of an income that may be paid, where a message tells both; None else."""
    named = [at for at, t in enumerate(tokens) if t.text in _INCOME and (not at or tokens[at - 1].text not in _OF_PROPERTY)]
    shares = [a for a in amounts if a.kind == "percent" and any(0 < at - a.last <= _SHARE_NEAR for at in named)]
    incomes = [
        a for a in amounts
        if a.kind == "money" and any(0 < a.first - at <= _NEAR or 0 < at - a.last <= _NEAR for at in named)
    ]
    if len(shares) != 1 or len(incomes) != 1 or not 0 < shares[0].value < 100:
        return None
    income, share = incomes[0], shares[0]
    yearly = any(t.text in _YEARS for t in tokens[income.last + 1 : income.last + 1 + _NEAR])
    month = income.value / 12 if yearly else income.value
    return Affordable(month * share.value / 100, frozenset({income.first, share.first}))
