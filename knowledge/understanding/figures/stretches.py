"""Rents that are told for weeks or for seasons of the year."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.figures.history import NOTHING
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.contexts import contexts, period_of
from knowledge.understanding.rules.weeks import WEEKS_OF_A_YEAR, counts_weeks, weeks_let

#: What a week's rent may be taken for, and a season's.
_LET = frozenset({"rent", "room", "night", "cost", NOTHING})
_RENTS = frozenset({"rent", "netrent"})
_LET_SO = _RENTS | {"room", "rentbudget"}
_MONTHS_OF_A_YEAR = 12


def of_weeks(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """ "22 weeks at 1,150", "250 a week": a week's rent is told for the year's weeks that are let (`weeks_let`)."""
    found = list(meanings)
    around = contexts(seen.tokens, seen.amounts)
    let = any(m.role in _RENTS for m in meanings) or bool(seen.known.get("rent"))
    for at, (amount, meaning) in enumerate(zip(seen.amounts, meanings, strict=True)):
        if meaning.role == "cost" and let:
            continue  # "vigilancia 30 mil semanales"
        yearly = at + 1 <= len(around) and period_of(seen.tokens, around[at]) == "year" and meaning.label == "cost/year"
        pays = not yearly and amount.kind in ("money", "other") and meaning.role in _LET and amount.value > WEEKS_OF_A_YEAR
        if pays and weeks_let(seen.tokens, seen.amounts, at):
            found[at] = meaning.instead("rent/year", meaning.probability)
        elif counts_weeks(seen.tokens, amount):
            found[at] = meaning.instead(NOTHING, meaning.probability)
    return found


def of_seasons(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """ "nine months at 850 and two at 1,600": what the seasons of a year bring are rents, and their months nothing besides."""
    let = seen.seasons
    if not any(meanings[n].role in _LET_SO for n in let):
        return list(meanings)
    found = list(meanings)
    net = any(meanings[n].role == "netrent" for n in let)
    for at, (amount, meaning) in enumerate(zip(seen.amounts, meanings, strict=True)):
        if at in let and meaning.role != "room" and meaning.label not in ("rent/year", "netrent/year"):
            found[at] = meaning.instead("netrent/month" if net else "rent/month", meaning.probability)
        elif at not in let and (amount.kind == "months" or (amount.kind == "other" and amount.value < _MONTHS_OF_A_YEAR)):
            found[at] = meaning.instead(NOTHING, meaning.probability)
    return found
