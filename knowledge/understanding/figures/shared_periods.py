"""The period that the costs of one list share: "cada año 640 de IBI y 260 de seguro", "38 insurance and 96 fees a month"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.contexts import period_word
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token, to_break

_EACH, _AND = words("each_of"), frozenset({"y", "e", "and", "plus", "mas"})
#: Costs of one list that are a month's differ by no more than so many times: not "480 de IBI y 60 de comunidad al mes".
_OF_A_SIZE = 4.0
_YEARLY = words("yearly_costs")
_PERIODS = frozenset({"month", "year"})


def of_lists(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """Each cost of a list with the period that heads or ends the list, unless its own words tell another."""
    found = list(meanings)
    for run in _lists(seen, meanings):
        heads: dict[int, str | None] = {}
        for n, at in enumerate(run):
            earlier = heads[run[n - 1]] if n and _is_named_behind(seen, at) else None
            heads[at] = _head(seen, at) or earlier
        after = None
        for at in reversed(run):
            said = _own(seen, at)
            after = at if said else after if after is not None and _leads_to(seen, at) else None
            if not said and after is not None and not heads[at]:
                said = _shared(seen, at, after, meanings[at])
            if (said := said or heads[at]) and said != meanings[at].period:
                found[at] = meanings[at].instead(f"cost/{said}", meanings[at].probability)
    return found


def _lists(seen: Seen, meanings: Sequence[Meaning]) -> list[list[int]]:
    """The positions of costs that follow each other within a sentence."""
    lists: list[list[int]] = []
    for at, (amount, meaning) in enumerate(zip(seen.amounts, meanings, strict=True)):
        if meaning.role != "cost" or meaning.period not in _PERIODS:
            continue
        previous = lists[-1][-1] if lists else -2
        apart = previous != at - 1 or any(t.opens for t in seen.tokens[seen.amounts[at - 1].last + 1 : amount.first + 1])
        if apart:
            lists.append([])
        lists[-1].append(at)
    return lists


def _behind(seen: Seen, at: int) -> Sequence[Token]:
    """The words after a figure, up to the next one, a comma or the end of its sentence."""
    end = seen.amounts[at + 1].first if at + 1 < len(seen.amounts) else len(seen.tokens)
    return to_break(seen.tokens[seen.amounts[at].last + 1 : end])


def _own(seen: Seen, at: int) -> str | None:
    """ "41 de IBI y seguro al mes": the period that closes the words behind a figure, which is none of the next one's."""
    start, behind = seen.amounts[at].last + 1, _behind(seen, at)
    following = seen.amounts[at + 1].first if at + 1 < len(seen.amounts) else -1
    for n, token in enumerate(behind):
        period = period_word(seen.tokens, start + n)
        if period and start + n + 1 != following and token.gap.strip() in ("", "/"):
            return period
    return None


def _head(seen: Seen, at: int) -> str | None:
    """ "y cada año soltamos 640 de IBI": the period that opens the clause of a cost."""
    amount = seen.amounts[at]
    start = seen.amounts[at - 1].last + 1 if at else 0
    for n in range(amount.first - 2, start - 1, -1):
        token = seen.tokens[n]
        opens = n == 0 or token.opens or token.comma or seen.tokens[n - 1].text in _AND
        if token.text in _EACH and opens:
            return period_word(seen.tokens, n + 1)
        if token.opens:
            return None
    return None


def _shared(seen: Seen, at: int, after: int, meaning: Meaning) -> str | None:
    """The period of the cost `after` for one before it, where that is likely: a tax or an insurance that is dearer than
    a month's dues is a year's."""
    period, yearly = _own(seen, after), bool({t.text for t in _behind(seen, at)} & _YEARLY)
    if period == "month":
        return period if seen.amounts[at].value <= (1.0 if yearly else _OF_A_SIZE) * seen.amounts[after].value else None
    return period if meaning.perhaps("cost/year") else None


def _is_named_behind(seen: Seen, at: int) -> bool:
    """ "640 de IBI", "38 insurance": whether a cost's name follows its figure."""
    behind = _behind(seen, at)
    return bool(behind) and behind[0].text not in _AND and behind[0].kind != "num"


def _leads_to(seen: Seen, at: int) -> bool:
    """Whether a cost is named behind its figure, and the list goes on to one more: "38 insurance and 96 community fee"."""
    following = seen.amounts[at + 1].first if at + 1 < len(seen.amounts) else len(seen.tokens)
    between = seen.tokens[seen.amounts[at].last + 1 : following]
    named = bool(between) and between[0].text not in _AND and not between[0].comma
    return named and (between[-1].text in _AND or any(b.comma for _, b in pairwise([*between, seen.tokens[following]])))
