"""Figures of parts that make one: rents of rooms, of parts of a building, of seasons of a year, own money in two sums."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.rooms import countable, rooms_before, taken_together, told_of_each, units_told
from knowledge.understanding.rules.seasons import let_by_season
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token, since_break, to_break

#: Rents of parts: names of the parts, what joins them and what tells of a change instead; how far (in tokens) they stand apart.
_PARTS, _JOINED, _MOVED = words("parts"), words("joins_parts"), words("not_both")
_PART_AWAY, _PART_AFTER, _UNITS_BEFORE, _EACH_BEFORE, _OWN_AWAY = 12, 5, 5, 3, 6
_BUILDINGS = words("let_by_floors")
_STOREY, _SEASONAL = words("high_and_low"), words("of_seasons")
_ROUNDED, _MOVED_BEFORE, _MOVED_BEHIND = 0.01, 12, 2
#: What may be told of each unit, and how far (in tokens) before a figure "each one" stands.
_OF_EACH, _APIECE, _EACH_CLAUSE = frozenset({"cost"}), frozenset({"price", "loan", "once", "value"}), 12
_EACH = words("each_of")


def add_up(found: list[Figure], tokens: list[Token], told: Sequence[Amount], rooms: int | None) -> None:
    """The first of figures that belong together becomes their sum, the others `part`. `rooms`: how many were told before."""
    _add_seasons(found, tokens, told)
    _multiply(found, tokens, told, rooms)
    _add_prices(found, tokens)
    _add_units(found, tokens, rooms)
    _add_own(found, tokens)


def _multiply(found: list[Figure], tokens: list[Token], told: Sequence[Amount], rooms: int | None) -> None:
    """ "three garages, thirteen grand apiece", "each one earns 70 and costs me 9 in fees": what is told of each, of all. Prices
    are told of each home or garage, never of each bedroom."""
    homes = units_told(tokens)
    each = any(f.each for f in found)
    of_costs = homes or (countable(tokens).get("rooms") or rooms or 0 if each else 0)
    ends = {a.first: a.last + 1 for a in told}
    for figure in found:
        units = of_costs if figure.role in _OF_EACH else homes or rooms or 0 if figure.role in _APIECE else 0
        if units < 2 or figure.kind != "money":
            continue
        end = ends.get(figure.at, figure.at + 1)
        start = max((n for n in range(figure.at + 1) if tokens[n].opens), default=0)
        begins = tokens[figure.at].comma or tokens[figure.at].opens
        before = [] if begins else since_break(tokens[max(start, figure.at - _EACH_CLAUSE) : figure.at])
        of_all = said([*before, *to_break(tokens[end : end + _EACH_CLAUSE], commas=False)], "for_all")
        shared = figure.role in _OF_EACH and each and said(before, "each_of_several")
        if (told_of_each(tokens, end) or shared) and not of_all:
            figure.value *= units


def _add_prices(found: list[Figure], tokens: Sequence[Token]) -> None:
    """ "118.000 por el piso, 14.000 por la plaza, las dos cosas juntas": prices of the parts of what is taken together."""
    prices = [f for f in found if f.role == "price"]
    if len(prices) > 1 and taken_together(tokens):
        prices[0].value = sum(f.value for f in prices)
        for figure in prices[1:]:
            figure.role = "part"


def _add_units(found: list[Figure], tokens: Sequence[Token], told_rooms: int | None) -> None:
    """ "three rooms let at 310, 295 and 340", "two at 65 and two at 55", "900 por la casa de adelante y 650 por la de atrás",
    "3 rooms at 400 each, a studio at 550": rents of the units of one property make one rent of all."""
    rents = [f for f in found if f.role == "rent" and not f.years and not f.seasonal]
    one_property = sum(f.role == "price" for f in found) < 2 and len({(f.net, f.period) for f in rents}) == 1
    if len(rents) < 2 or not one_property or _stand_for_each_other(tokens, rents):
        return
    units, homes = countable(tokens).get("rooms") or told_rooms, units_told(tokens)
    apart = any(t.opens for t in tokens[rents[0].at + 1 : rents[-1].at + 1])
    listed = len(rents) in (units, homes) or any(t.text in _BUILDINGS for t in tokens)
    evidence = any(f.each for f in rents) or (homes and not apart) or (listed and _listed(tokens, rents))
    if not evidence and not _joined(tokens, rents):
        return
    if (whole := _whole(rents, units)) is not None:  # "1.600 en total, 400 cada una"
        for figure in rents:
            figure.role, figure.each = ("rent" if figure is whole else "part"), False
        return
    counts = [_counted(tokens, f, told_rooms, opens=n == 0) for n, f in enumerate(rents)]
    if units == len(rents) and sum(counts) != units:
        counts = [1] * len(rents)
    rents[0].value = sum(f.value * count for f, count in zip(rents, counts, strict=True))
    rents[0].each = False
    for figure in rents[1:]:
        figure.role, figure.each = "part", False


def _whole(rents: Sequence[Figure], units: int | None) -> Figure | None:
    """The rent that is what all the others come to."""
    for figure in rents:
        others = sum(f.value * (units or 1 if f.each else 1) for f in rents if f is not figure)
        each = any(f.each for f in rents if f is not figure)
        if each and not figure.each and abs(figure.value - others) <= _ROUNDED * others:
            return figure
    return None


def _listed(tokens: Sequence[Token], rents: Sequence[Figure]) -> bool:
    """ "rents are 14k, 13k and 11k a month": three or more with nothing but commas and "and" between."""
    between = [t for first, second in pairwise(rents) for t in tokens[first.at + 1 : second.at + 1] if t.kind == "word"]
    joined = all(t.text in _JOINED or t.text in lexicon().scales for t in between if t.text not in lexicon().currency)
    return len(rents) > 2 and joined and all(tokens[f.at].comma or tokens[f.at - 1].text in _JOINED for f in rents[1:])


def _joined(tokens: Sequence[Token], rents: Sequence[Figure]) -> bool:
    """Whether the rents stand joined in one sentence with the name of a part beside the later ("nine flats paying 780 each plus
    a shop on 1,300"), or each has the name of a part before it ("La planta baja en $6,800 y la alta en $7,400")."""
    for first, second in pairwise(rents):
        between = tokens[first.at + 1 : second.at]
        behind = to_break(tokens[second.at + 1 : second.at + 1 + _PART_AFTER])
        before = _parts_of(tokens[max(0, first.at - _PART_AFTER) : first.at])
        parts = _parts_of((*between, *behind))
        listed = any(t.comma for t in tokens[first.at + 1 : second.at + 1]) and before
        apart = len(between) > _PART_AWAY or any(t.opens for t in tokens[first.at + 1 : second.at + 1])
        if apart or not (parts or before) or not ({t.text for t in between} & _JOINED or listed):
            return False
    return True


def _parts_of(tokens: Sequence[Token]) -> set[str]:
    """Names of parts of a property: "la alta" is one of a floor, not of a season or of a trend."""
    named = {t.text for t in tokens}
    seasonal = named & _SEASONAL or any(b.text in _STOREY and a.text == "la" and n and tokens[n - 1].text == "a"
                                        for n, (a, b) in enumerate(pairwise(tokens)))
    return (named & _PARTS) - (_STOREY if seasonal else set())


def _stand_for_each_other(tokens: Sequence[Token], rents: Sequence[Figure]) -> bool:
    """ "antes 700, ahora 750", "900 or 950": rents of the same home."""
    opened = max((n for n in range(rents[0].at + 1) if tokens[n].opens), default=0)
    around = {t.text for t in tokens[max(opened, rents[0].at - _MOVED_BEFORE) : rents[-1].at]}
    behind = {t.text for t in to_break(tokens[rents[-1].at + 1 : rents[-1].at + 1 + _MOVED_BEHIND])}
    return bool(around & _MOVED or behind & _MOVED)


def _add_own(found: list[Figure], tokens: Sequence[Token]) -> None:
    """ "my own cash: 48,000 deposit + 14,000 fees": both are put in."""
    owns = [f for f in found if f.role == "own" and not f.years]
    if len(owns) != 2 or any(f.role == "each" for f in found):
        return
    between = tokens[owns[0].at + 1 : owns[1].at + 1]
    plus = any("+" in t.gap for t in between) or {t.text for t in between} & _JOINED
    if plus and len(between) <= _OWN_AWAY and not any(t.opens for t in between):
        owns[0].value, owns[1].role = owns[0].value + owns[1].value, "part"


def _counted(tokens: Sequence[Token], figure: Figure, rooms: int | None, *, opens: bool) -> int:
    """How many units a rent is of: as many as stand right before it ("two at 275"), else, where it says "cada una", as were
    told before. `opens`: the first of its list, before which the number of all may stand: "tres estudios: 720 mil, 680 mil"."""
    here = rooms_before(tokens, figure.at, _UNITS_BEFORE)
    near = (*tokens[max(0, figure.at - _EACH_BEFORE) : figure.at + 1], *to_break(tokens[figure.at + 1 :]))
    said_each = bool({t.text for t in near} & _EACH)
    headed = opens and ":" in tokens[figure.at].gap
    return here if here > 1 and not headed else rooms if rooms and said_each else 1


def _add_seasons(found: list[Figure], tokens: list[Token], told: Sequence[Amount]) -> None:
    """ "nine months at 850 and two at 1,600": rents of the seasons of a year; what is told of a year is all of its season."""
    months = {told[n].first: count for n, count in let_by_season(tokens, told).items()}
    rents = [f for f in found if f.at in months and f.role == "rent"]
    if not rents or len(rents) < len(months) or len({f.net for f in rents}) > 1:
        return
    units = countable(tokens).get("rooms") or 1
    rents[0].value = sum(
        f.value * (months[f.at] if f.period == "month" else 1) * (units if f.each else 1) for f in rents
    )
    rents[0].period, rents[0].each, rents[0].seasonal = "year", False, True
    for figure in rents[1:]:
        figure.role, figure.each = "part", False
