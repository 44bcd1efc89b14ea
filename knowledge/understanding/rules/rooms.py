"""Rooms and units that a message counts, and how many of them stand empty."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token, to_break

_LET, _YOURS = words("let_words"), words("yours")
#: How far (in tokens) the number of rooms stands from the rent of each.
_NEAR = 6
_JUST_BEFORE = 4
_OF_FOUR, _MONTHS = words("of_four"), words("months")
_TIMES = frozenset({"por", "x", "times", "veces"})
_UNITS = words("units_let") | {"unit", "units", "unidades"}
#: Storeys, which are let apart only where something is told of each; two of a thing.
_FLOORS, _EACH = frozenset({"floors", "plantas", "niveles", "pisos"}), words("each_of") | {"apiece"}
_COMPARED = words("asks_which")
#: How far (in tokens) what is said of each reaches behind a figure, and before it; what goes on after it, and the words of a
#: month or a year before it.
_EACH_BEHIND, _EACH_BEFORE, _GOES_ON = 6, 10, words("joins_parts") | {"in", "for", "with", "con"}
_PERIOD_WORDS = words("months") | words("years") | {"a", "al", "por", "per"}
_MONTHS_COUNTED = frozenset({"meses", "months", "anos", "years"})
_DWELLINGS = {"duplex": 2, "triplex": 3}
_PAIR, _OF = frozenset({"pair", "par"}), frozenset({"of", "de"})
_EMPTY = frozenset({"vacia", "vacio", "vacias", "vacios", "empty", "unlet"})


def _number_before(tokens: Sequence[Token], at: int) -> int:
    """ "if one stays empty", "una vacía": how many, 0 where nothing says."""
    for before in reversed(tokens[max(0, at - 3) : at]):
        number = int(before.raw) if re.fullmatch("[1-9]", before.raw) else int(lexicon().numbers.get(before.text, 0))
        if 1 <= number <= 9:
            return number
    return 0


def _number_of(tokens: Sequence[Token], at: int) -> int:
    """The number that the noun at `at` goes with: "3 rooms", "three lock-up garages", "a pair of storage units"; 0 for none."""
    for back in (1, 2, 3):
        before = tokens[at - back] if at >= back else None
        if before is None or tokens[at - back + 1].opens or tokens[at - back + 1].comma:
            return 0
        if before.text in _PAIR and back > 1 and tokens[at - back + 1].text in _OF:
            return 2
        number = int(before.raw) if re.fullmatch("[0-9]{1,3}", before.raw) else int(lexicon().numbers.get(before.text, 0))
        if number or before.kind != "word":
            return number if back == 1 or 2 <= number <= 60 else 0
    return 0


def units_told(tokens: Sequence[Token]) -> int:
    """How many homes, garages or the like a message counts that are let apart; 0 where it counts none. Bedrooms are none."""
    found = _dwellings(tokens)
    if found:
        return found
    for token, number in _counted_nouns(tokens):
        found = number if lexicon().counts.get(token.text) != "bedrooms" else found
    return found


def _dwellings(tokens: Sequence[Token]) -> int:
    """Two of "un dúplex; cada planta renta 8.400"; 0 where nothing is told of each."""
    each = any(t.text in _EACH for t in tokens)
    return next((_DWELLINGS[t.text] for t in tokens if t.text in _DWELLINGS), 0) if each else 0


def _counted_nouns(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """Rooms, homes, garages and, where something is told of each, storeys, with how many of them there are."""
    each = any(t.text in _EACH for t in tokens)
    for at, token in enumerate(tokens[1:], 1):
        rooms = lexicon().counts.get(token.text) == "bedrooms"
        plural = rooms or "types" in token.classes or token.text in _UNITS or (each and token.text in _FLOORS)
        number = _number_of(tokens, at) if plural and not token.gap.strip(" -") else 0
        if 2 <= number <= 60:
            yield token, number


def is_unit(token: Token) -> bool:
    """Whether a word names one of what a property may have several of: "cajón", "garage", "local"."""
    return "type" in token.classes or any(f"{token.text}{ending}" in _UNITS for ending in ("s", "es"))


def countable(tokens: Sequence[Token]) -> dict[str, int]:
    """Rooms counted in the message, how many of them are let (`taken`), and how many stand empty or are kept."""
    found: dict[str, int] = {}
    if any(t.text in _OF_FOUR for t in tokens):
        found["rooms"] = 4
    if (named := _dwellings(tokens)):
        found["rooms"] = named
    for _, number in _counted_nouns(tokens):
        found["rooms"] = number
    for at, token in enumerate(tokens[1:], 1):
        if token.text in _LET and (let := _number_before(tokens, at)) > 1:
            found["taken"] = let
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.text in _EMPTY | _YOURS and after not in _MONTHS and (idle := _number_before(tokens, at)):
            found["empty"] = idle
    return found


def rooms_before(tokens: Sequence[Token], at: int, reach: int = _JUST_BEFORE) -> int:
    """How many rooms the rent at `at` is told for, at most `reach` tokens before: "3 rooms at 400"; 1 where nothing says."""
    for token in reversed(tokens[max(0, at - reach) : at]):
        number = int(token.raw) if re.fullmatch("[0-9]{1,2}", token.raw) else int(lexicon().numbers.get(token.text, 0))
        if number > 1 or token.comma or token.opens:
            return number if 2 <= number <= 60 else 1
    return 1


def of_each(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether what the figure at tokens [start, end) tells is told of each of several: "65 al mes cada uno", "apiece", "each of
    its two floors is rented at 9,200"."""
    opened = max((n for n in range(start + 1) if n < len(tokens) and (tokens[n].opens or tokens[n].comma)), default=0)
    before = tokens[max(opened, start - _EACH_BEFORE) : start]
    return told_of_each(tokens, end) or bool(said(before, "each_of_several"))


def told_of_each(tokens: Sequence[Token], end: int) -> bool:
    """Whether "apiece", "cada uno", "each" or "cada cajón" stands right behind a figure that ends before `end`; not "60
    cada uno de los meses"."""
    after = [t for t in to_break(tokens[end:]) if t.text not in _PERIOD_WORDS]
    if not after or {t.text for t in after[:_EACH_BEHIND]} & _MONTHS_COUNTED:
        return False
    alone = after[0].text == "each" and (len(after) == 1 or after[1].text in _GOES_ON)
    unit = len(after) > 1 and after[0].text in _EACH and is_unit(after[1])
    return alone or unit or any(h.start == 0 for h in said(after[:_EACH_BEHIND], "apiece"))


def times_before(tokens: Sequence[Token], at: int) -> bool:
    """Whether the rent at `at` is told to be multiplied: "4 x 320 €", "5 times 610"."""
    number, times = (tokens[at - 2], tokens[at - 1]) if at > 1 else (None, None)
    counted = number is not None and re.fullmatch("[2-9]|[1-5][0-9]", number.raw) is not None
    return counted and times is not None and times.text in _TIMES and not times.opens and not times.comma


def rooms_near(tokens: Sequence[Token], amount: Amount) -> int | None:
    """How many rooms or units a rent of each is of: the small number nearest to it ("4 rooms at 375", "420 times four")."""
    found: list[tuple[int, int]] = []
    for at in range(max(0, amount.first - _NEAR), min(len(tokens), amount.last + 1 + _NEAR)):
        token = tokens[at]
        if amount.first <= at <= amount.last:
            continue
        number = int(token.raw) if re.fullmatch("[0-9]{1,2}", token.raw) else int(lexicon().numbers.get(token.text, 0))
        if 2 <= number <= 60:
            found.append((min(abs(at - amount.first), abs(at - amount.last)), number))
    return min(found)[1] if found else None


def taken_together(tokens: Sequence[Token]) -> bool:
    """Whether the properties told of are asked about as one: "las dos cosas juntas", "the two together"."""
    words_of = {t.text for t in tokens}
    return bool(said(tokens, "as_one")) and not words_of & (_COMPARED | _EACH)
