"""Several floor areas of one home: built, usable, and that of its plot or terrace. One of them is meant."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import words
from knowledge.understanding.tokens import Token, since_break, to_break

#: Kinds of area by the words of `lexicon.toml` that name them; where nothing says which is meant, the first of these told.
_KINDS = {"built": words("built_area"), "usable": words("usable_area"), "outside": words("outside_area")}
_BARE = words("bare_areas")
_UNITS, _FILLERS, _ONLY = words("area_units"), words("area_fillers"), words("only_counts")
#: How far (in tokens) its kind stands from an area, and areas that no home has.
_AWAY, _LEAST, _MOST = 4, 10.0, 2_000.0
_JOINTS = frozenset({"a", "to", "o", "or", "hasta"})


def choose_area(tokens: Sequence[Token], amounts: Sequence[Amount]) -> None:
    """Where one home is told several areas of different kinds ("88 construidos, 74 útiles"), the one that is asked about stays
    an area, the others are figures of nothing."""
    told = {n: kind for n, a in enumerate(amounts) if (kind := _kind(tokens, amounts, n))}
    areas = [n for n, a in enumerate(amounts) if a.kind == "area"]
    rest = [n for n in areas if n not in told]
    kinds = {*told.values(), *(("built",) if rest else ())}
    beside = [(a, b) for a, b in pairwise(sorted({*told, *rest})) if b == a + 1]
    ranged = any(_joined(tokens[amounts[a].last + 1 : amounts[b].first]) for a, b in beside)
    if ranged or len(told) + len(rest) < 2 or len(kinds) < len(told) + len(rest) or not (areas or _asked(tokens)):
        return
    meant = _asked(tokens)
    meant = meant if meant in kinds else next(kind for kind in _KINDS if kind in kinds)
    for n in {*told, *rest}:
        if told.get(n, "built") == meant:
            amounts[n].kind = "area"
        else:
            amounts[n].kind, amounts[n].unit = "other", "away"


def _kind(tokens: Sequence[Token], amounts: Sequence[Amount], n: int) -> str | None:
    """The kind of area that the words right beside a figure name."""
    amount = amounts[n]
    bare = amount.kind == "other" and amount.literal and not amount.scaled and not amount.currency
    if not (amount.kind == "area" or (bare and _LEAST <= amount.value <= _MOST and not amount.unit)):
        return None
    following = amounts[n + 1].first if n + 1 < len(amounts) else len(tokens)
    behind = to_break(tokens[amount.last + 1 : min(following, amount.last + 1 + _AWAY)])
    before = since_break(tokens[max(amounts[n - 1].last + 1 if n else 0, amount.first - _AWAY) : amount.first])
    inside = tokens[amount.first + 1 : amount.last + 1]
    for near in ((*inside, *behind), tuple(reversed(before))):
        for token in near:
            kind = next((name for name, named in _KINDS.items() if token.text in named), None)
            if kind and (amount.kind == "area" or token.text in _BARE):
                return kind
            if token.text not in _UNITS | _FILLERS:
                break
    return None


def _joined(between: Sequence[Token]) -> bool:
    """ "80 a 120 m2 útiles": a range."""
    return len([t for t in between if t.text not in _UNITS]) == 1 and any(t.text in _JOINTS for t in between)


def _asked(tokens: Sequence[Token]) -> str | None:
    """ "el metro útil", "per usable metre", "solo cuento útiles": the kind of area that is spoken of beside no figure."""
    for at, token in enumerate(tokens):
        kind = next((name for name, named in _KINDS.items() if token.text in named), None)
        near = {t.text for t in (*tokens[max(0, at - 2) : at], *tokens[at + 1 : at + 2])}
        figures = any(t.kind == "num" for t in (*tokens[max(0, at - _AWAY) : at], *to_break(tokens[at + 1 : at + 3])))
        if kind and not figures and near & (_UNITS | _ONLY):
            return kind
    return None
