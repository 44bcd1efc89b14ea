"""A let by the night: how many nights a year, what one brings, and what one costs."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token

_NIGHTS, _EACH, _COSTS = words("nights"), words("each_night"), words("night_costs")
#: What may stand between the nights of a year and what each brings: "180 noches al año a 95", "150 nights at 110".
_JOINTS = frozenset("al ano a por the year per cada at for de en of each y and x un".split())
#: How far (in tokens) "por noche" may be from its figure.
_REACH = 4
_DAYS = 365
_DAYS_OF, _MONTHS_OF = words("days_of"), words("months_of")


def night_roles(tokens: Sequence[Token], amounts: Sequence[Amount]) -> dict[int, str]:
    """First token of a figure -> `nights`, `night` (what one brings) or `night_cost`."""
    found: dict[int, str] = {}
    counted: Amount | None = None
    for i, amount in enumerate(amounts):
        if amount.kind not in ("money", "other"):
            continue
        following = amounts[i + 1].first if i + 1 < len(amounts) else len(tokens)
        earlier = amounts[i - 1].last + 1 if i else 0
        if _counts(tokens, amount, following) and amount.value <= _DAYS:
            found[amount.first], counted = "nights", amount
        elif counted is not None and _only_joints(tokens[counted.last + 1 : amount.first]):
            found[amount.first] = "night"
        elif _each(tokens, amount, earlier, following):
            near = {t.text for t in _clause(tokens, amount, earlier, following)}
            found[amount.first] = "night_cost" if near & _COSTS else "night"
    return found


def _counts(tokens: Sequence[Token], amount: Amount, end: int) -> bool:
    """ "180 noches", "ocupo 200 de las noches": the figure counts nights."""
    if amount.currency or amount.scaled:
        return False
    inside = {t.text for t in tokens[amount.first : min(end, amount.last + 3)]}
    return bool(inside & _NIGHTS)


def _clause(tokens: Sequence[Token], amount: Amount, start: int, end: int) -> Sequence[Token]:
    """The words of a figure: from the one before it, or a comma, to the next comma, "y" or figure."""
    start, stop = max(start, amount.first - _REACH - 1), min(end, amount.last + 1 + _REACH)
    first = max((at for at in range(start, amount.first) if _breaks(tokens[at])), default=start)
    last = (at for at in range(amount.last + 1, stop) if _breaks(tokens[at]) or tokens[at].text in ("y", "and"))
    return tokens[first : next(last, stop)]


def _breaks(token: Token) -> bool:
    return token.comma or token.opens


def _only_joints(between: Sequence[Token]) -> bool:
    return len(between) <= 6 and all(t.text in _JOINTS | _NIGHTS for t in between)


def _each(tokens: Sequence[Token], amount: Amount, start: int, end: int) -> bool:
    """ "85 € netos por noche", "each night leaves me 64"."""
    return any(t.text in _EACH for t in _clause(tokens, amount, start, end))


def days_of_month(tokens: Sequence[Token]) -> int | None:
    """ "un mes de 30 noches", "a 30-day month": the length of the month that is reckoned with, in days."""
    for at, token in enumerate(tokens):
        if token.raw in ("28", "29", "30", "31") and at + 1 < len(tokens) and tokens[at + 1].text in _DAYS_OF:
            near = {t.text for t in (*tokens[max(0, at - 2) : at], *tokens[at + 2 : at + 3])}
            if near & _MONTHS_OF:
                return int(token.raw)
    return None
