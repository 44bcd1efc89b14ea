"""Which of the places of a message are only where somebody comes from, lives or worked: "retired from the railway in Ontario".

A place that people's lives are told of is left out only where another place is named that they are not told of, or where it is
outside the markets: "trabajé en Cali, busco apto" may well be about Cali. Places set side by side both stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from knowledge.understanding.lexicon import phrases, words
from knowledge.understanding.model import Place
from knowledge.understanding.tokens import Token, words_at

#: How many words may stand between what is told of somebody's life and the place.
_REACH = 7
_LIFE, _ENDS = phrases("biography"), words("biography_ends")
_PEOPLE, _OF = words("people"), frozenset({"de", "del", "from"})
_FROM = frozenset({"from", "desde"})
_ARTICLES = frozenset({"la", "el", "los", "las", "the"})
_GOING_ON = frozenset({"y", "e", "o", "and", "or"}) | _OF
_BESIDE = frozenset({"o", "u", "y", "e", "or", "and", "vs", "versus", "en", "in", "la", "el", "the"})


def without_origins(tokens: list[Token], places: Sequence[Place], placed: bool = False) -> list[Place]:
    """The places without those that are only part of somebody's story; `placed`: a place was spoken of before, so that where
    people come from ("¿compra ahí gente de Madrid?") is not the place either."""
    visitors = _homes(tokens, places)
    told = [p for p in places if p in visitors or _of_life(tokens, places, p)]
    beside = [(one, other) for one, other in pairwise(places) if _side_by_side(tokens, one, other)]
    beside = [pair for pair in beside if pair[0] not in told or pair[1] not in told]
    told = [p for p in told if p in visitors or not any(p in pair for pair in beside)]
    others = [p for p in places if p not in told and p.level not in ("country", "region")]
    told += [p for p in others if not p.covered and _comes_from(tokens, p) and any(o.covered for o in others)]
    about = any(p not in told for p in others)
    only = [p for p in told if p.covered and not about and not (placed and p in visitors)]
    return [p for p in places if p not in told or p in only]


def _homes(tokens: list[Token], places: Sequence[Place]) -> list[Place]:
    """Places that people come from, alone or in a list: "se llena de gente de Puebla y de México"."""
    found: list[Place] = []
    last: Place | None = None
    for place in places:
        at = _first(tokens, place)
        while at and tokens[at - 1].text in _ARTICLES:
            at -= 1
        come = at > 1 and tokens[at - 1].text in _OF and tokens[at - 2].text in _PEOPLE and not tokens[at].opens
        on = last is not None and last in found and _side_by_side(tokens, last, place, _GOING_ON)
        if come or on:
            found.append(place)
        last = place
    return found


def _of_life(tokens: list[Token], places: Sequence[Place], place: Place) -> bool:
    """Whether the clause says of somebody's life that it was at the place: no other place and no property stands between."""
    at = _first(tokens, place)
    if not at or tokens[at].opens or tokens[at].comma:
        return False
    for i in range(at - 1, max(-1, at - 1 - _REACH), -1):
        token = tokens[i]
        if any(words_at(tokens, i + 1 - len(p), len(p)) == p for p in _LIFE if len(p) <= i + 1):
            return True
        inside = any(token.start < p.end and token.end > p.start for p in places)
        if token.text in _ENDS or "type" in token.classes or inside or token.opens or token.comma:
            return False
    return False


def _first(tokens: Sequence[Token], place: Place) -> int:
    return next((i for i, t in enumerate(tokens) if t.end > place.start), 0)


def _side_by_side(tokens: Sequence[Token], one: Place, other: Place, joints: frozenset[str] = _BESIDE) -> bool:
    """Whether two places are joined by no more than `o`, `vs` and the like: "vive de rentas en Cali o en Miami"."""
    between = [t.text for t in tokens if one.end <= t.start and t.end <= other.start]
    return 0 < len(between) <= 3 and set(between) <= joints


def _comes_from(tokens: Sequence[Token], place: Place) -> bool:
    """ "Derek from Ontario here, after a condo in Cancún"."""
    at = _first(tokens, place)
    return bool(at) and tokens[at - 1].text in _FROM and not tokens[at].opens
