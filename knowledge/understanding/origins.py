"""Which of the places of a message are only where somebody comes from, lives or worked: "retired from the railway in Ontario".

A place that people's lives are told of is left out only where another place is named that they are not told of, or where it is
outside the markets: "trabajé en Cali, busco apto" may well be about Cali. Places set side by side both stay.
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.lexicon import words
from knowledge.understanding.model import Place
from knowledge.understanding.tokens import Token

#: How many words may stand between what is told of somebody's life and the place.
_REACH = 7
_LIFE, _ENDS = words("biography"), words("biography_ends")
_FROM = frozenset({"from", "desde"})


def without_origins(tokens: Sequence[Token], places: Sequence[Place]) -> list[Place]:
    """The places without those that are only part of somebody's story."""
    told = [p for p in places if _of_life(tokens, places, p)]
    others = [p for p in places if p not in told and p.level != "country"]
    told += [p for p in others if not p.covered and _comes_from(tokens, p) and any(o.covered for o in others)]
    return [p for p in places if p not in told or (p.covered and not any(o not in told for o in others))]


def _of_life(tokens: Sequence[Token], places: Sequence[Place], place: Place) -> bool:
    """Whether the clause says of somebody's life that it was at the place: no other place and no property stands between."""
    at = next((i for i, t in enumerate(tokens) if t.end > place.start), 0)
    if at and (tokens[at].opens or tokens[at].comma):
        return False
    for i in range(at - 1, max(-1, at - 1 - _REACH), -1):
        token = tokens[i]
        inside = any(token.start < p.end and token.end > p.start for p in places)
        if token.text in _ENDS or "type" in token.classes or inside:
            return False
        if token.text in _LIFE or _is_said(tokens, i):
            return True
        if token.opens or token.comma:
            return False
    return False


def _is_said(tokens: Sequence[Token], at: int) -> bool:
    """ "soy dentista en Lima", "I'm a nurse in Boston"."""
    return tokens[at].text == "soy" or (tokens[at].text in ("m", "am") and tokens[at + 1].text in ("a", "an", "the"))


def _comes_from(tokens: Sequence[Token], place: Place) -> bool:
    """ "Derek from Ontario here, after a condo in Cancún"."""
    at = next((i for i, t in enumerate(tokens) if t.end > place.start), 0)
    return bool(at) and tokens[at - 1].text in _FROM and not tokens[at].opens
