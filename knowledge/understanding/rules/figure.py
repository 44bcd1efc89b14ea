"""One figure of a message, with what it is and what it is stated for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.understanding.rules.contexts import Context, Period
from knowledge.understanding.rules.vocabulary import Named
from knowledge.understanding.tokens import Token

#: What a rent is called.
RENTS = frozenset({"rent", "rents", "renta", "alquiler", "arriendo", "canon", "income", "ingresos"})
#: From this strength on the words around a figure speak of it.
SURE = 1.0


@dataclass(slots=True)
class Figure:
    """One figure read. `period` is what it is stated for; `net`: costs are already off; `added`: said to come on top.

    `years`: the years, counted from the purchase, that its words name. `at` is its first token. `guessed`: nothing said its
    period; `seasonal`: a year's rent summed over its seasons.
    """

    role: str
    value: float
    kind: str
    at: int
    strength: float
    period: Period | None = None
    label: str = ""
    net: bool = False
    added: bool = False
    each: bool = False
    years: tuple[int, ...] = ()
    currency: str | None = None
    literal: bool = True
    opener: str = ""
    guessed: bool = False
    seasonal: bool = False


def label_of(tokens: Sequence[Token], name: Named) -> str:
    return " ".join(t.raw for t in tokens[name.start : name.end])


def noun_of(tokens: Sequence[Token], context: Context, named: Sequence[Named]) -> str:
    """What a cost is called that a verb names ("quítale 2,800 de mantenimiento")."""
    nouns = [
        n
        for n in named
        if n.role in ("cost", "rent_cost")
        and n.side == "both"
        and context.left <= n.start
        and n.end <= context.right
        and not {t.text for t in tokens[n.start : n.end]} & RENTS
    ]
    return label_of(tokens, nouns[0]) if nouns else "-"
