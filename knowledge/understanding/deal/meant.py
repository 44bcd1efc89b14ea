"""Puts what the trained reader made of each figure in place of what the rules made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from knowledge.finance.inputs import TIMES_A_YEAR
from knowledge.understanding.amounts import Amount
from knowledge.understanding.deal.flows import date_flows, recurring_flows
from knowledge.understanding.deal.parts import add_up
from knowledge.understanding.deal.sizes import TIMES, sizes
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.rules.contexts import Context, Period, contexts, period_of, period_word, years_of
from knowledge.understanding.rules.figure import Figure, noun_of
from knowledge.understanding.rules.spans import months_paid, span_of
from knowledge.understanding.rules.vocabulary import names, said, words
from knowledge.understanding.tokens import Token

#: Role of the reader -> role of a return, where they differ. Of a return only: budgets are not.
_ROLES = {
    "rent": "rent",
    "netrent": "rent",
    "room": "rent",
    "works": "once",
    "flow": "each",
    "cost_of_rent": "rent_cost",
    "cost_of_price": "price_cost",
    "once_pct": "once",
    "vacant_months": "vacancy_months",
    "convert": "",
    "fx": "",
    "x": "",
    "rentbudget": "",
}
_PERCENTS = frozenset(
    {
        "rate",
        "down",
        "financed",
        "vacancy",
        "occupancy",
        "growth",
        "rent_growth",
        "target",
        "discount",
        "selling",
        "cost_of_rent",
        "cost_of_price",
        "once_pct",
    }
)
#: Roles in which a minus sign says something: an outlay may be written with one.
_SIGNED = frozenset({"price", "value", "rent", "flow"})
_COUNTS = frozenset({"nights"})
#: Of what stands empty, in percent; a larger share is what is let.
_MOST_EMPTY = 50
_ADDED = words("added")
#: Rents, the stretches that they may be told for besides, and how far (in tokens) past their words "for the whole year" ends.
_RISES = tuple(words("rises_stems"))
#: A rent brings at least so much of the largest sum a year.
_LEAST_YEARLY = 0.03
_LET, _STRETCHES, _WHOLE_AWAY = frozenset({"rent", "netrent", "room"}), frozenset({"two_months", "quarter", "half_year"}), 2
#: Beginnings of verbs of what falls, and how far (in tokens) before its figure one stands.
_FALLS, _VERB_BEFORE = tuple(words("falls")), 3


def as_meant(
    figures: Sequence[Figure],
    tokens: list[Token],
    amounts: Sequence[Amount],
    meanings: Mapping[int, Meaning],
    known: Mapping[str, Any],
    currency: str | None,
) -> list[Figure]:
    """The figures of the message by the reader's meanings (by first token); those that it does not speak of stay."""
    told = [a for a in amounts if a.first in meanings]
    values = sizes(tokens, told, meanings, known, currency)
    ruled = {f.at: f for f in figures}
    found = [f for f in figures if f.at not in meanings]
    found += figures_of(tokens, told, meanings, values, ruled, known.get("rooms"))
    found.sort(key=lambda f: f.at)
    return found


def figures_of(
    tokens: list[Token],
    told: Sequence[Amount],
    meanings: Mapping[int, Meaning],
    values: Mapping[int, float],
    ruled: Mapping[int, Figure],
    rooms: int | None = None,
) -> list[Figure]:
    """A figure for each amount: its role by its meaning, its value by `values`; `ruled` (by first token) lends labels, `rooms`
    is how many were told before."""
    flows = {int(a.value) for a in told if meanings[a.first].role == "flow"}  # "cada año: 20, 22, 24" names no years
    named = names(tokens)
    largest = max((values[a.first] for a in told if meanings[a.first].role in ("price", "value")), default=0.0)
    found = []
    for amount, context in zip(told, contexts(tokens, told), strict=True):
        at, meaning = amount.first, meanings[amount.first]
        old = ruled.get(at)
        role = _ROLES.get(meaning.role, meaning.role)
        if role == "vacancy" and amount.value > _MOST_EMPTY:
            role = "occupancy"
        if meaning.role == "budget":
            role = "price" if old is not None and old.role == "price" else ""
        months = months_paid(tokens, context) if meaning.label == "cost/month" else None
        span = span_of(tokens, context)
        value = -values[at] if _below(tokens, amount, meaning) else values[at]
        times = _times_a_year(tokens, context, span) if meaning.role in _LET else None
        if times and (not largest or times * value >= _LEAST_YEARLY * largest):
            meaning, value = replace(meaning, period="year"), value * times  # "consigna cada trimestre 13.800.000"
        label = old.label if old is not None and old.role == role and old.label else noun_of(tokens, context, named)
        found.append(
            Figure(
                "night_cost" if meaning.label == "cost/night" else role,
                value * (months or 1),
                _kind(amount, meaning),
                at,
                3.0,
                "year" if months else _period(meaning, old, span) or _paid(tokens, context, meaning),
                label,
                net=meaning.role == "netrent" or (meaning.role == "target" and old is not None and old.net),
                added=any(t.text in _ADDED for t in tokens[max(context.left, at - 4) : at]),
                each=meaning.role == "room",
                years=tuple(y for y in years_of(tokens, context) if y not in flows),
                currency=amount.currency,
                literal=amount.literal,
                opener=tokens[at - 1].text if at and not tokens[at].opens else "",
            )
        )
    for option in dict.fromkeys(meanings[f.at].option for f in found):
        add_up([f for f in found if meanings[f.at].option == option], tokens, told, rooms)
    date_flows(found, recurring_flows(tokens, told, meanings))
    return found


def _times_a_year(tokens: list[Token], context: Context, span: Period | None) -> int | None:
    """How often a year a rent is paid that is told for another stretch than a month; None for a month, and where the stretch is
    that of a rise ("cada seis meses sube")."""
    behind = {t.text for t in tokens[context.last + 1 : context.right + _WHOLE_AWAY + 2]}
    near = range(context.last + 1, min(context.last + 3, len(tokens)))
    monthly = any(period_word(tokens, at) == "month" for at in near)
    if monthly or any(word.startswith(_RISES) for word in behind):
        return None
    if span in _STRETCHES:
        return TIMES_A_YEAR[span]
    return 1 if said(tokens[context.last + 1 : context.right + _WHOLE_AWAY], "whole_year") else None


def _below(tokens: Sequence[Token], amount: Amount, meaning: Meaning) -> bool:
    """Whether a figure is below zero: written so, or "loses 2% of its value every year"."""
    if meaning.role in ("growth", "rent_growth"):
        return any(t.text.startswith(_FALLS) for t in tokens[max(0, amount.first - _VERB_BEFORE) : amount.first])
    return amount.below and meaning.role in _SIGNED


def _kind(amount: Amount, meaning: Meaning) -> str:
    if meaning.role in _PERCENTS:
        return "percent"
    if meaning.role in TIMES:
        return "years"
    if meaning.role == "vacant_months":
        return "months"
    if meaning.role == "x":
        return "percent" if amount.kind == "percent" else "other"
    return "other" if meaning.role in _COUNTS else "money"


def _period(meaning: Meaning, old: Figure | None, span: Period | None) -> Period | None:
    if meaning.role == "cost" and meaning.period != "night" and span is not None:
        return span
    if meaning.role in ("rent", "netrent", "room", "cost", "affordable") and meaning.period != "night":
        return "year" if meaning.period == "year" else "month"
    if meaning.role == "instalment" and meaning.period == "year":
        return "year"
    if meaning.role in ("rate", "target"):
        return old.period if old is not None and old.kind == "percent" else None
    return None


def _paid(tokens: list[Token], context: Context, meaning: Meaning) -> Period | None:
    """A loan's payments are a month's unless they are said to be a year's."""
    times = [t.text for t in tokens[context.last + 1 : context.last + 3]]
    monthly = len(times) == 2 and times[0] in ("por", "x") and times[1] == "12"  # "cuota 1.020.000 x12"
    return "year" if meaning.role == "instalment" and not monthly and period_of(tokens, context) == "year" else None
