"""Costs told for a stretch that is neither a month nor a year: "195 al trimestre", "predial bimestral de 900", "18 every two
months"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.contexts import Context, Period
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token, since_break, to_break

#: What the calculator calls the stretch -> the phrases of `returns.toml` that tell of it.
_SPANS: dict[Period, str] = {"week": "a_week", "two_months": "a_two_months", "quarter": "a_quarter", "half_year": "a_half_year"}
#: How far (in tokens) behind its figure, and before it, a stretch is told.
_BEHIND, _BEFORE = 5, 5
_MONTHS, _MONTHS_BEHIND, _YEAR = frozenset({"meses", "months"}), 8, 12
_EACH, _MOST, _YEARS = words("each_of"), 6, words("years")
_DURING = frozenset({"for", "durante", "los", "those", "only", "solo", "por"})


def span_of(tokens: Sequence[Token], context: Context) -> Period | None:
    """The stretch that the figure of `context` is told for; None for a month, a year, or where nothing says."""
    behind = _own(to_break(tokens[context.last + 1 : context.last + 1 + _BEHIND]))
    before = since_break(tokens[max(context.left, context.first - _BEFORE) : context.first])
    for near in (behind, before):
        for span, phrase in _SPANS.items():
            hits = said(near, phrase) if near else []
            if hits and not any(t.text in _YEARS for t in near[: hits[0].start]):  # "300 a year in quarterly instalments"
                return span
    return None


def _own(behind: Sequence[Token]) -> Sequence[Token]:
    """Up to the next figure, unless it counts the months of a stretch."""
    end = next((n for n, t in enumerate(behind) if t.kind == "num" and not (n and behind[n - 1].text in _EACH)), len(behind))
    return behind[:end]


def months_paid(tokens: Sequence[Token], context: Context) -> int | None:
    """ "230 monthly for those ten months": in how many months of the year a month's cost is paid, where its words say."""
    behind = to_break(tokens[context.last + 1 : context.last + 1 + _MONTHS_BEHIND])
    for at, token in enumerate(behind[2:], 2):
        written = behind[at - 1]
        count = int(written.raw) if re.fullmatch("[0-9]{1,2}", written.raw) else int(lexicon().numbers.get(written.text, 0))
        if token.text in _MONTHS and 1 < count < _YEAR and behind[at - 2].text in _DURING:
            return count
    return None


def counts_a_span(tokens: Sequence[Token], amount: Amount) -> bool:
    """The two months of "every two months"."""
    before = tokens[amount.first - 1].text if amount.first else ""
    return amount.kind == "months" and before in _EACH and amount.value <= _MOST
