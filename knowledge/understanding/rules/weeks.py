"""Rents told for a week: how many weeks of the year they are paid."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token, to_break

WEEKS_OF_A_YEAR = 52
_WEEKS, _WEEK, _WEEKLY = words("weeks"), words("week"), words("weekly")
_EMPTY = words("stands_empty")
#: What opens "a week", "por semana", and how far (in tokens) it stands behind its figure.
_EACH, _AWAY = words("per_unit"), 3


def counts_weeks(tokens: Sequence[Token], amount: Amount) -> bool:
    """ "22 weeks": the figure counts weeks."""
    bare = not amount.scaled and not amount.currency and 1 < amount.value <= WEEKS_OF_A_YEAR
    reach = (tokens[amount.first], *to_break(tokens[amount.first + 1 : amount.last + 3]))
    return bare and any(t.text in _WEEKS for t in reach)


def _stands_empty(tokens: Sequence[Token], amount: Amount) -> bool:
    """ "empty six weeks out of 52"."""
    near = tokens[max(0, amount.first - _AWAY) : amount.last + 1 + _AWAY]
    return any(t.text in _EMPTY for t in near)


def weeks_let(tokens: Sequence[Token], amounts: Sequence[Amount], position: int) -> float:
    """How many weeks of the year the amount at `position` comes in for: those counted in the message, all where it is said to
    be a week's and none are counted; 0 where it is nothing of weeks."""
    amount = amounts[position]
    counted = [(n, a) for n, a in enumerate(amounts) if n != position and counts_weeks(tokens, a)]
    weekly = _is_weekly(tokens, amount, amounts[position + 1].first if position + 1 < len(amounts) else len(tokens))
    if len(counted) == 1 and (weekly or counted[0][0] == position - 1):
        weeks = counted[0][1]
        return WEEKS_OF_A_YEAR - weeks.value if _stands_empty(tokens, weeks) else weeks.value
    return float(WEEKS_OF_A_YEAR) if weekly and not counted else 0.0


def _is_weekly(tokens: Sequence[Token], amount: Amount, end: int) -> bool:
    """ "1,150 a week", "280 semanales", "300 por semana"."""
    after = tokens[amount.last + 1 : min(end, amount.last + 1 + _AWAY)]
    for at, token in enumerate(after):
        if token.opens or token.comma:
            return False
        if token.text in _WEEKLY or (token.text in _WEEK and at and after[at - 1].text in _EACH):
            return True
    return False
