"""Months that a home stands empty, by their names: "julio y agosto siempre vacío", "it is empty in January"."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token

#: Lengths that no figure tells, by the phrases of `returns.toml` that do, in months.
_SPOKEN = (("month_and_a_half", 1.5), ("half_a_month", 0.5), ("two_months_empty", 2.0), ("month_empty", 1.0))
_MONTHS, _EMPTY = words("month_names"), words("stands_empty")


def months_empty(tokens: Sequence[Token]) -> float:
    """How many months a clause that says the home is empty then names, or tells in words ("mes y medio")."""
    found: set[str] = set()
    told = 0.0
    clause: list[Token] = []
    for token in [*tokens, None]:
        named = {t.text for t in clause}
        breaks = token is None or token.opens or token.comma
        idle = breaks and bool(_EMPTY & named or (_MONTHS & named and said(clause, "not_let")))
        if token is None or token.opens or idle:
            if idle:
                found |= _MONTHS & named
                told = max(told, next((length for phrase, length in _SPOKEN if said(clause, phrase)), 0.0))
            clause = []
        if token is not None:
            clause.append(token)
    return len(found) or told
