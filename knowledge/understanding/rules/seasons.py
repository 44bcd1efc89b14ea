"""Months that a home stands empty, by their names: "julio y agosto siempre vacío", "it is empty in January"."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token

#: Lengths that no figure tells.
_SPOKEN = (("mes y medio", 1.5), ("month and a half", 1.5), ("medio mes", 0.5), ("half a month", 0.5))
_MONTHS, _EMPTY = words("month_names"), words("stands_empty")


def months_empty(tokens: Sequence[Token]) -> float:
    """How many months a clause that says the home is empty then names, or tells in words ("mes y medio")."""
    found: set[str] = set()
    told = 0.0
    clause: list[str] = []
    for token in [*tokens, None]:
        if token is None or token.opens or (token.comma and _EMPTY & set(clause)):
            if _EMPTY & set(clause):
                found |= _MONTHS & set(clause)
                told = max(told, next((length for words, length in _SPOKEN if words in " ".join(clause)), 0.0))
            clause = []
        if token is not None:
            clause.append(token.text)
    return len(found) or told
