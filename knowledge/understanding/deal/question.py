"""Which measures a message asks for, now that its figures are known: by name, by the trained reader, by what is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from knowledge.understanding.cues import Hit
from knowledge.understanding.rules.asked import (
    asked_measures,
    feasible,
    implied_measures,
    in_one_list,
    of_the_year,
    rests_on,
    wanted_measures,
)
from knowledge.understanding.rules.vocabulary import said
from knowledge.understanding.tokens import Token

#: From these probabilities on a message that names no measure asks for another than before: where it tells a figure that the
#: one before rests on, and where it does not.
_CHANGED, _UNCHANGED = 0.8, 0.4
#: Figures that ask for a measure of their own where what was asked before does not rest on them.
_LEADING = frozenset({"rent", "rate_pct", "term_years", "down_pct", "financed_pct"})
#: What is taken off a rent.
_OFF_THE_RENT = frozenset({"cost", "rent_cost", "price_cost", "vacancy_pct", "vacancy_months", "occupancy"})
_EMPTY = frozenset({"vacancy_pct", "vacancy_months", "occupancy"})


def settle_question(
    deal: dict[str, Any],
    tokens: list[Token],
    hits: Sequence[Hit],
    wanted: Mapping[str, float],
    rare: Collection[str],
    earlier: list[str],
    before: list[str],
    new: set[str],
) -> None:
    """Writes `asked` (what is being asked) and `turn` (what is answered now) to the return. `hits` are the measures that the
    message names, `wanted` the probability of each, `rare` those that only words ask for; `earlier` is what was asked before,
    `before` the same where the message goes on with it, `new` the entries that it told."""
    loose = [key for key in new & _LEADING if not any(rests_on(m, {key}) for m in before)]
    sure = _CHANGED if new and not loose else _UNCHANGED
    named = {h.cue.route for h in hits} | {m for m in rare if feasible(m, deal)}
    asked, deal["turn"] = wanted_measures(wanted, deal, named, before, sure)
    if not named and said(tokens, "same_again") and (same := [m for m in earlier if feasible(m, deal)]):
        asked = deal["turn"] = same
    if deal["turn"] == ["rent_for_yield"] and feasible("gross_yield", deal) and not deal.get("target_net"):
        deal["turn"] = ["gross_yield", "rent_for_yield"]  # "¿llego al 6 %?" has the yield as it is for an answer
    off = set() if deal.get("nightly") else new & _OFF_THE_RENT
    off = off or ({"vacancy_pct"} if deal.get("vacancy_pct") and not deal.get("costs") else set())
    if asked == ["gross_yield"] and off and (before == asked or off <= _EMPTY) and feasible("net_yield", deal):
        asked = deal["turn"] = ["net_yield"]  # what is told now comes off, and nothing besides
        deal["only_told"] = True
        before = []  # another measure than before
    elif named:
        deal["only_told"] = None
    if before and asked == before:
        again = any(wanted[m] >= _CHANGED for m in before if m in wanted)
        deal["turn"] = deal["turn"] if new or again else []  # neither a figure nor a measure: something else is asked
        implied = ("gross_yield",) if "rent" in loose else ("monthly_payment", "loan_amount")
        possible = [m for m in implied if feasible(m, deal)]
        if loose and possible:
            asked = deal["turn"] = possible[:1]
    beside = in_one_list(tokens, hits, deal["turn"], deal)
    if asked and beside:
        asked = deal["turn"] = [*deal["turn"], *beside]
    if asked:
        if deal["turn"] == ["cash_flow_month"] and of_the_year(tokens, hits):
            deal["turn"] = ["cash_flow_year"]
        deal["asked"] = asked
        return
    deal["turn"] = asked_measures(tokens, hits, deal)
    if not hits and not earlier and new:
        deal["turn"] = implied_measures(deal)
    deal["asked"] = deal["turn"] or (deal["asked"] if hits else earlier)
