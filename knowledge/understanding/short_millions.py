"""Millions written with a lower-case m, as the English press does with pesos: "420m pesos", "rents at 1.9m a month"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.understanding.lexicon import lexicon, words
from knowledge.understanding.tokens import Token

#: Words behind a figure that make it a length or an area, those that make it money, and those before it that do.
_METRES, _PAID, _PAYS = words("behind_metres"), words("behind_millions"), words("before_millions")
#: How far (in tokens) before a figure a word of paying stands.
_AWAY = 3


def mark_millions(tokens: Sequence[Token], *, in_millions: bool) -> None:
    """Gives the class `million` to each m glued to a figure that means it: its own words speak of money, or others of the
    message do so, or the conversation is about such sums (`in_millions`)."""
    glued = [at for at in range(1, len(tokens)) if _is_glued(tokens, at) and not _measures(tokens, at)]
    sure = [at for at in glued if _is_money(tokens, at)]
    written_so = in_millions or bool(sure) or any(_is_billion(tokens, at) for at in range(1, len(tokens)))
    for at in glued if written_so else ():
        tokens[at].classes.add("million")


def _is_glued(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].raw == "m" and not tokens[at].gap and tokens[at - 1].kind == "num"


def _is_billion(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].text == "bn" and not tokens[at].gap and tokens[at - 1].kind == "num"


def _measures(tokens: Sequence[Token], at: int) -> bool:
    """ "400m from the metro", "a 96m flat"."""
    after = tokens[at + 1] if at + 1 < len(tokens) and not tokens[at + 1].opens and not tokens[at + 1].comma else None
    return after is not None and (after.text in _METRES or (after.text,) in lexicon().types)


def _is_money(tokens: Sequence[Token], at: int) -> bool:
    money = lexicon().currency
    after = [t.text for t in tokens[at + 1 : at + 2] if not t.opens and not t.comma]
    before = [t.text for t in tokens[max(0, at - 1 - _AWAY) : at - 1]]
    decimal = re.fullmatch(r"[0-9]{1,2}[.,][0-9]+", tokens[at - 1].raw)
    marked = bool(re.search(r"[$€£]\s*$", tokens[at - 1].gap)) or bool(before and before[-1] in money)
    return bool(decimal or marked or (after and (after[0] in money or after[0] in _PAID)) or _PAYS & {*before})
