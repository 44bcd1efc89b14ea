"""Millions written with a lower-case m, as the English press does with pesos: "420m pesos", "rents at 1.9m a month"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.understanding.lexicon import lexicon, words
from knowledge.understanding.numerals import parse_literal
from knowledge.understanding.tokens import Token, since_break

#: Words behind a figure that make it a length or an area, those that make it money, and those before it that do.
_METRES, _PAID, _PAYS = words("behind_metres"), words("behind_millions"), words("before_millions")
#: How far (in tokens) before a figure a word of paying stands.
_AWAY = 3
#: A figure that nothing but its company makes money is at most so many times larger or smaller than another sum.
_APART = 4.0


def mark_millions(tokens: Sequence[Token], told: Sequence[float]) -> None:
    """Gives the class `million` to each m glued to a figure that means it: its own words speak of money, or others of the
    message do so and it has words of its own, or it is of the size of a sum told here or before (`told`)."""
    glued = [at for at in range(1, len(tokens)) if _is_glued(tokens, at, "m")]
    for at in [at for at in glued if _measures(tokens, at)]:
        tokens[at].classes.add("metres")
        glued.remove(at)
    sure = [at for at in glued if _is_money(tokens, at)]
    written_so = bool(sure) or any(_is_glued(tokens, at, "bn") for at in range(1, len(tokens)))
    sums = [*told, *(1e6 * parse_literal(tokens[at - 1].raw) for at in sure)]
    for at in glued:
        value = 1e6 * parse_literal(tokens[at - 1].raw)
        alike = any(value / _APART <= one <= value * _APART for one in sums)
        if at in sure or alike or (written_so and not _stands_alone(tokens, at)):
            tokens[at].classes.add("million")


def _is_glued(tokens: Sequence[Token], at: int, unit: str) -> bool:
    return tokens[at].raw == unit and not tokens[at].gap and tokens[at - 1].kind == "num"


def _measures(tokens: Sequence[Token], at: int) -> bool:
    """ "400m from the metro", "a 96m flat"."""
    after = tokens[at + 1] if at + 1 < len(tokens) and not tokens[at + 1].opens and not tokens[at + 1].comma else None
    return after is not None and (after.text in _METRES or (after.text,) in lexicon().types)


def _stands_alone(tokens: Sequence[Token], at: int) -> bool:
    """Whether a figure has its clause for itself: "…, 75m, …"."""
    first = tokens[at - 1]
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return (first.comma or first.opens) and (after is None or after.comma or after.opens)


def _is_money(tokens: Sequence[Token], at: int) -> bool:
    money = lexicon().currency
    after = [t.text for t in tokens[at + 1 : at + 2] if not t.opens and not t.comma]
    clause = since_break(tokens[max(0, at - 1 - _AWAY) : at])[:-1]
    before = [t.text for t in clause[max((n + 1 for n, t in enumerate(clause) if t.kind == "num"), default=0) :]]
    marked = bool(re.search(r"[$€£]\s*$", tokens[at - 1].gap)) or (at > 1 and tokens[at - 2].text in money)
    return bool(marked or (after and (after[0] in money or after[0] in _PAID)) or _PAYS & {*before})
