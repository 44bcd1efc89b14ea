"""Months that a home stands empty, by their names: "julio y agosto siempre vacío", "it is empty in January"."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token

_MONTHS, _EMPTY = words("month_names"), words("stands_empty")


def months_empty(tokens: Sequence[Token]) -> int:
    """How many months are named in a clause that says the home is empty then."""
    found: set[str] = set()
    clause: list[str] = []
    for token in [*tokens, None]:
        if token is None or token.opens or (token.comma and _EMPTY & set(clause)):
            if _EMPTY & set(clause):
                found |= _MONTHS & set(clause)
            clause = []
        if token is not None:
            clause.append(token.text)
    return len(found)
