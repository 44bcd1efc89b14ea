"""The figures of one message as the trained reader takes them: each with its words, and what the rules made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.cues import Hit
from knowledge.understanding.roles import Reading
from knowledge.understanding.rules.asked import named_measures
from knowledge.understanding.rules.contexts import is_year_number
from knowledge.understanding.rules.exchange import of_exchange, stated_exchange
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.figures import NO_RETURN, read_figures, refused
from knowledge.understanding.rules.income import share_of_income
from knowledge.understanding.rules.marks import Mark, Marks
from knowledge.understanding.rules.seasons import let_by_season
from knowledge.understanding.rules.settle import settle
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token

#: Kinds of figure that can be part of a return.
KINDS = frozenset({"money", "percent", "other", "years", "months", "area"})
#: Roles that another reading has already placed.
ELSEWHERE = frozenset({"rate_moves", "fx_rate", "lost", "price_per_m2", "fx_pct"})

#: Of these, the ones that are no figure of a return whatever stands around them.
_PLACED = ELSEWHERE - {"price_per_m2"}
_DAYS = words("days")
#: How far (in tokens) a bare figure stands from the area before it.
_AREA_AWAY = 5
_DAYS_OF_A_YEAR, _MONTHS_OF_A_YEAR = 366, 12
_OF, _FOR = frozenset({"de", "of", "con", "with"}), (["a"], ["por"], ["at"], ["for"], ["en"])


@dataclass(frozen=True, slots=True)
class Seen:
    """A message's figures (`amounts`, of `KINDS` only) before their roles are decided. `readings` by position, `ruled` by
    first token are what the two sets of rules say; `known` is the return told so far, `hits` the measures named,
    `marks` the words that point at one option of several; `compares`: it sets options against each other;
    `seasons`: the months that the rents of the seasons of a year, by position, are for."""

    tokens: list[Token]
    amounts: list[Amount]
    readings: dict[int, Reading]
    ruled: dict[int, Figure]
    known: Mapping[str, Any]
    hits: Sequence[Hit]
    follow_up: bool
    marks: Sequence[Mark] = ()
    compares: bool = False
    seasons: Mapping[int, float] = field(default_factory=dict)

    @property
    def asked(self) -> frozenset[str]:
        """The measures that the message names, and those asked before."""
        return frozenset({h.cue.route for h in self.hits} | {*self.known.get("asked", ())})


def see(
    text: str,
    tokens: list[Token],
    amounts: Sequence[Amount],
    readings: Mapping[int, Reading],
    known: Mapping[str, Any],
    follow_up: bool,
    marks: Marks,
) -> Seen:
    """`known` is what earlier turns told of the return (`_request`'s `deal`)."""
    hits = named_measures(tokens, text)
    plain = [replace(a, role=None) for a in amounts if a.role not in ELSEWHERE]
    exchange = stated_exchange(tokens, plain)
    earned = share_of_income(tokens, plain)
    placed = marks.taken | (earned.first if earned else frozenset()) | (of_exchange(amounts, exchange) if exchange else set())
    kept = [
        i
        for i, a in enumerate(amounts)
        if a.kind in KINDS
        and a.role not in _PLACED
        and not placed & set(range(a.first, a.last + 1))
        and not is_year_number(tokens, a)
        and not refused(tokens, a)
        and not _of_days(tokens, a)
        and not _twelve_times(tokens, a)
        and a.unit not in NO_RETURN
    ]
    figures = read_figures(tokens, plain, known, hits, exchange.first if exchange else None)
    asked = list(dict.fromkeys(h.cue.route for h in hits)) or list(known.get("asked") or ())
    settle(figures, {**known, "asked": asked})
    found = [replace(amounts[i]) for i in kept]
    _share_areas(tokens, found, marks)
    return Seen(
        tokens,
        found,
        {n: readings[i] for n, i in enumerate(kept) if i in readings},
        {f.at: f for f in figures},
        known,
        hits,
        follow_up,
        marks.found,
        marks.asks or marks.beside or any(m.other or m.label or m.nth for m in marks.found),
        let_by_season(tokens, found),
    )


def _of_days(tokens: Sequence[Token], amount: Amount) -> bool:
    """ "los 365 días", "a 30-day month": a stretch of time in days is no figure of a return."""
    here = tokens[amount.last : amount.last + 2]
    bare = amount.kind in ("other", "money") and not amount.currency and not amount.scaled and amount.value <= _DAYS_OF_A_YEAR
    return bare and any(t.text in _DAYS and not t.opens for t in here)


def _twelve_times(tokens: Sequence[Token], amount: Amount) -> bool:
    """The 12 of "arriendo 2.350.000 x12"."""
    before = tokens[max(0, amount.first - 2) : amount.first]
    multiplied = len(before) == 2 and before[1].text in ("por", "x", "times") and not before[1].opens
    return amount.value == _MONTHS_OF_A_YEAR and amount.kind in ("other", "money") and multiplied and before[0].kind == "num"


def _share_areas(tokens: Sequence[Token], amounts: Sequence[Amount], marks: Marks) -> None:
    """ "A is 70 sqm and B 92": a bare figure after an area, with the name of another option between, is one too."""
    first = next((a for a in amounts if a.kind == "area"), None)
    for amount, after in pairwise(amounts):
        listed = first is not None and first.last < amount.first and amount.first and tokens[amount.first - 1].text in _OF
        priced = after.kind == "money" and [t.text for t in tokens[amount.last + 1 : after.first]] in _FOR
        if listed and priced and first is not None and _bare(amount) and first.value / 4 <= amount.value <= first.value * 4:
            amount.kind = "area"  # "de 72 metros a 396 millones, … de 65 a 390 millones"
    for before, amount in pairwise(amounts):
        near = amount.first - before.last <= _AREA_AWAY and any(before.last < m.first < amount.first for m in marks.found)
        if before.kind == "area" and near and _bare(amount) and before.value / 4 <= amount.value <= before.value * 4:
            amount.kind = "area"


def _bare(amount: Amount) -> bool:
    return amount.kind == "other" and amount.literal and not amount.currency
