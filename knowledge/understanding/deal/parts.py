"""Figures of parts that make one: rents of rooms, of parts of a building, of seasons of a year, own money in two sums."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.rooms import countable, rooms_before
from knowledge.understanding.rules.seasons import let_by_season
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token, to_break

#: Rents of parts: names of the parts, what joins them and what tells of a change instead; how far (in tokens) they stand apart.
_PARTS, _JOINED, _MOVED = words("parts"), words("joins_parts"), words("not_both")
_PART_AWAY, _PART_AFTER, _UNITS_BEFORE, _EACH_BEFORE, _OWN_AWAY = 12, 5, 5, 3, 6
_EACH = words("each_of")


def add_up(found: list[Figure], tokens: list[Token], told: Sequence[Amount], rooms: int | None) -> None:
    """The first of figures that belong together becomes their sum, the others `part`. `rooms`: how many were told before."""
    _add_rooms(found, tokens, rooms)
    _add_seasons(found, tokens, told)
    _add_parts(found, tokens, rooms)
    _add_own(found, tokens)


def _add_rooms(found: list[Figure], tokens: Sequence[Token], rooms: int | None) -> None:
    """ "three rooms let at 310, 295 and 340", "3 rooms at 400 each, a studio at 550", "las viviendas a 480 cada una, el bajo a
    700": rents of rooms make one rent of all."""
    each = [f for f in found if f.each]
    if len(each) < 2:
        return
    alone = countable(tokens).get("rooms", len(each)) == len(each)
    each[0].value = sum(f.value * (1 if alone and not rooms else _counted(tokens, f, rooms)) for f in each)
    each[0].each = False
    for figure in each[1:]:
        figure.role, figure.each = "part", False


def _add_parts(found: list[Figure], tokens: Sequence[Token], rooms: int | None) -> None:
    """ "900 mil por la casa de adelante y 650 mil por la de atrás", "nine flats paying 780 each plus a shop on 1,300": rents of
    the parts of one property, joined and with the name of a part beside the later, add up."""
    rents = [f for f in found if f.role == "rent" and not f.years]
    if len(rents) != 2 or rents[0].net != rents[1].net or sum(f.role == "price" for f in found) > 1:
        return
    first, second = rents
    between = tokens[first.at + 1 : second.at]
    behind = to_break(tokens[second.at + 1 : second.at + 1 + _PART_AFTER])
    words_of = {t.text for t in between}
    parts = {t.text for t in (*between, *behind)} & _PARTS
    apart = any(t.comma for t in tokens[first.at + 1 : second.at + 1]) and _PARTS & {
        t.text for t in tokens[max(0, first.at - _PART_AFTER) : first.at]
    }
    opened = any(t.opens for t in tokens[first.at + 1 : second.at + 1])
    joined = (words_of & _JOINED or apart) and not words_of & _MOVED and not opened
    if joined and parts and len(between) <= _PART_AWAY:
        first.value = sum(f.value * (_counted(tokens, f, rooms) if f.each else 1) for f in rents)
        first.each, second.role = False, "part"


def _add_own(found: list[Figure], tokens: Sequence[Token]) -> None:
    """ "my own cash: 48,000 deposit + 14,000 fees": both are put in."""
    owns = [f for f in found if f.role == "own" and not f.years]
    if len(owns) != 2 or any(f.role == "each" for f in found):
        return
    between = tokens[owns[0].at + 1 : owns[1].at + 1]
    plus = any("+" in t.gap for t in between) or {t.text for t in between} & _JOINED
    if plus and len(between) <= _OWN_AWAY and not any(t.opens for t in between):
        owns[0].value, owns[1].role = owns[0].value + owns[1].value, "part"


def _counted(tokens: Sequence[Token], figure: Figure, rooms: int | None) -> int:
    """How many units a rent of each is of: as many as stand before it, else, where it says "cada una", as were told before."""
    here = rooms_before(tokens, figure.at, _UNITS_BEFORE)
    near = (*tokens[max(0, figure.at - _EACH_BEFORE) : figure.at + 1], *to_break(tokens[figure.at + 1 :]))
    said_each = bool({t.text for t in near} & _EACH)
    return here if here > 1 else rooms if rooms and said_each else 1


def _add_seasons(found: list[Figure], tokens: list[Token], told: Sequence[Amount]) -> None:
    """ "nine months at 850 and two at 1,600": rents of the seasons of a year; what is told of a year is all of its season."""
    months = {told[n].first: count for n, count in let_by_season(tokens, told).items()}
    rents = [f for f in found if f.at in months and f.role == "rent"]
    if not rents or len(rents) < len(months) or len({f.net for f in rents}) > 1:
        return
    rents[0].value = sum(f.value * (months[f.at] if f.period == "month" else 1) for f in rents)
    rents[0].period, rents[0].each, rents[0].seasonal = "year", False, True
    for figure in rents[1:]:
        figure.role, figure.each = "part", False
