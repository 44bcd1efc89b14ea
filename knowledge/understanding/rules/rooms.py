"""Rooms and units that a message counts, and how many of them stand empty."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token

_LET, _YOURS = words("let_words"), words("yours")
#: How far (in tokens) the number of rooms stands from the rent of each.
_NEAR = 6
_JUST_BEFORE = 4
_OF_FOUR, _MONTHS = words("of_four"), words("months")
_TIMES = frozenset({"por", "x", "times", "veces"})
_UNITS = frozenset({"unit", "units", "unidades"})
_EMPTY = frozenset({"vacia", "vacio", "vacias", "vacios", "empty", "unlet"})


def _number_before(tokens: Sequence[Token], at: int) -> int:
    """ "if one stays empty", "una vacía": how many, 0 where nothing says."""
    for before in reversed(tokens[max(0, at - 3) : at]):
        number = int(before.raw) if re.fullmatch("[1-9]", before.raw) else int(lexicon().numbers.get(before.text, 0))
        if 1 <= number <= 9:
            return number
    return 0


def countable(tokens: Sequence[Token]) -> dict[str, int]:
    """Rooms counted in the message, how many of them are let (`taken`), and how many stand empty or are kept."""
    found: dict[str, int] = {}
    counts = lexicon().counts
    if any(t.text in _OF_FOUR for t in tokens):
        found["rooms"] = 4
    for at, token in enumerate(tokens[1:], 1):
        before = tokens[at - 1]
        number = (
            int(before.raw) if re.fullmatch("[0-9]{1,3}", before.raw) else int(lexicon().numbers.get(before.text, 0))
        )
        unit = counts.get(token.text) == "bedrooms" or "types" in token.classes or token.text in _UNITS
        if unit and 2 <= number <= 60 and not token.gap.strip(" -"):
            found["rooms"] = number
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
