"""Puts what the trained reader made of each figure in place of what the rules made of it, and bare figures in their size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.rules.contexts import Context, Period, contexts, period_of, years_of
from knowledge.understanding.rules.figure import Figure, noun_of
from knowledge.understanding.rules.rooms import countable, rooms_before
from knowledge.understanding.rules.vocabulary import names, words
from knowledge.understanding.rules.weeks import weeks_let
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
_TIMES = frozenset({"term", "hold"})
#: Roles in which a minus sign says something: an outlay may be written with one.
_SIGNED = frozenset({"price", "value", "rent", "flow"})
_COUNTS = frozenset({"nights"})
_LARGE = frozenset({"price", "value", "loan", "debt", "own", "sale", "savings", "budget"})
#: (least, most) of the price that an amount is, by role and period; the smallest size that fits is taken.
_OF_PRICE = {
    "rent/month": (1e-3, 0.03),
    "netrent/month": (3e-4, 0.03),
    "room/month": (3e-4, 0.02),
    "instalment/month": (1e-3, 0.03),
    "instalment/year": (0.01, 0.3),
    "affordable/month": (1e-3, 0.03),
    "cost/month": (3e-5, 0.01),
    "rent/year": (0.01, 0.4),
    "netrent/year": (5e-3, 0.4),
    "room/year": (3e-3, 0.3),
    "cost/year": (2e-4, 0.1),
    "once": (2e-3, 0.4),
    "works": (5e-3, 1.5),
    "flow": (5e-3, 5.0),
    "night": (1e-4, 5e-3),
    "cost/night": (5e-6, 1e-3),
}
#: Months of rent that a price comes to.
_MONTHS = (40.0, 900.0)
_USUAL_MONTHS = 200.0
#: A bare price in the units that people leave out, by currency: (below, size).
_UNSAID = {"EUR": ((1_000.0, 1e3),), "COP": ((10_000.0, 1e6),), "MXN": ((40.0, 1e6), (1_000.0, 1e3))}
#: Of what stands empty, in percent; a larger share is what is let.
_MOST_EMPTY = 50
#: So near (in tokens) to each other flows are listed, one a year.
_LISTED = 3
#: Months of a year that stand empty; more are those that are let.
_MOST_EMPTY_MONTHS = 6
_UNITS = {
    "mdp": 1e6,
    "millones": 1e6,
    "millions": 1e6,
    "melones": 1e6,
    "palos": 1e6,
    "miles": 1e3,
    "thousands": 1e3,
    "k": 1e3,
}
_ADDED = words("added")
#: Rents of parts: names of the parts, what joins them and what tells of a change instead; how far (in tokens) they stand apart.
_PARTS, _JOINED, _MOVED = words("parts"), words("joins_parts"), words("not_both")
_PART_AWAY, _PART_AFTER, _UNITS_BEFORE, _EACH_BEFORE, _OWN_AWAY = 12, 5, 5, 3, 6
_EACH = words("each_of")
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
    found = []
    for amount, context in zip(told, contexts(tokens, told), strict=True):
        at, meaning = amount.first, meanings[amount.first]
        old = ruled.get(at)
        role = _ROLES.get(meaning.role, meaning.role)
        if role == "vacancy" and amount.value > _MOST_EMPTY:
            role = "occupancy"
        if meaning.role == "budget":
            role = "price" if old is not None and old.role == "price" else ""
        label = old.label if old is not None and old.role == role and old.label else noun_of(tokens, context, named)
        found.append(
            Figure(
                "night_cost" if meaning.label == "cost/night" else role,
                -values[at] if _below(tokens, amount, meaning) else values[at],
                _kind(amount, meaning),
                at,
                3.0,
                _period(meaning, old) or _paid(tokens, context, meaning),
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
    _add_rooms(found, tokens, rooms)
    _add_parts(found, tokens, rooms)
    _add_own(found, tokens)
    recurring = {
        a.first
        for a, c in zip(told, contexts(tokens, told), strict=True)
        if meanings[a.first].role == "flow"
        and (period_of(tokens, c) == "year" or len(years_of(tokens, c)) > 1)
        and not any(a is not b and meanings[b.first].role == "flow" and b.first - a.last <= _LISTED for b in told)
    }
    _date(found, recurring)
    return found


def _below(tokens: Sequence[Token], amount: Amount, meaning: Meaning) -> bool:
    """Whether a figure is below zero: written so, or "loses 2% of its value every year"."""
    if meaning.role in ("growth", "rent_growth"):
        return any(t.text.startswith(_FALLS) for t in tokens[max(0, amount.first - _VERB_BEFORE) : amount.first])
    return amount.below and meaning.role in _SIGNED


def _add_rooms(found: list[Figure], tokens: Sequence[Token], rooms: int | None) -> None:
    """ "three rooms let at 310, 295 and 340", "3 rooms at 400 each, a studio at 550", "las viviendas a 480 cada una, el bajo a
    700": rents of rooms make one rent of all."""
    each = [f for f in found if f.each]
    if len(each) < 2:
        return
    alone = countable(tokens).get("rooms", len(each)) == len(each)
    each[0].value = sum(f.value * (1 if alone and not rooms else _counted(tokens, f, rooms)) for f in each)
    each[0].each = False
    for figure in each[1:]:
        figure.role, figure.each = "part", False


def _add_parts(found: list[Figure], tokens: Sequence[Token], rooms: int | None) -> None:
    """ "900 mil por la casa de adelante y 650 mil por la de atrás", "nine flats paying 780 each plus a shop on 1,300": rents of
    the parts of one property, joined and with the name of a part beside the later, add up."""
    rents = [f for f in found if f.role == "rent" and not f.years]
    if len(rents) != 2 or rents[0].net != rents[1].net or sum(f.role == "price" for f in found) > 1:
        return
    first, second = rents
    between = tokens[first.at + 1 : second.at]
    behind = tokens[second.at + 1 : second.at + 1 + _PART_AFTER]
    end = next((n for n, t in enumerate(behind) if t.opens or t.comma), len(behind))
    words_of = {t.text for t in between}
    parts = {t.text for t in (*between, *behind[:end])} & _PARTS
    apart = any(t.comma for t in tokens[first.at + 1 : second.at + 1]) and _PARTS & {
        t.text for t in tokens[max(0, first.at - _PART_AFTER) : first.at]
    }
    opened = any(t.opens for t in tokens[first.at + 1 : second.at + 1])
    joined = (words_of & _JOINED or apart) and not words_of & _MOVED and not opened
    if joined and parts and len(between) <= _PART_AWAY:
        first.value = sum(f.value * (_counted(tokens, f, rooms) if f.each else 1) for f in rents)
        first.each, second.role = False, "part"


def _add_own(found: list[Figure], tokens: Sequence[Token]) -> None:
    """ "my own cash: 48,000 deposit + 14,000 fees": both are put in."""
    owns = [f for f in found if f.role == "own" and not f.years]
    if len(owns) != 2 or any(f.role == "each" for f in found):
        return
    between = tokens[owns[0].at + 1 : owns[1].at + 1]
    plus = any("+" in t.gap for t in between) or {t.text for t in between} & _JOINED
    if plus and len(between) <= _OWN_AWAY and not any(t.opens for t in between):
        owns[0].value, owns[1].role = owns[0].value + owns[1].value, "part"


def _counted(tokens: Sequence[Token], figure: Figure, rooms: int | None) -> int:
    """How many units a rent of each is of: as many as stand before it, else, where it says "cada una", as were told before."""
    here = rooms_before(tokens, figure.at, _UNITS_BEFORE)
    behind = next((n for n in range(figure.at + 1, len(tokens)) if tokens[n].comma or tokens[n].opens), len(tokens))
    said_each = bool({t.text for t in tokens[max(0, figure.at - _EACH_BEFORE) : behind]} & _EACH)
    return here if here > 1 else rooms if rooms and said_each else 1


def _kind(amount: Amount, meaning: Meaning) -> str:
    if meaning.role in _PERCENTS:
        return "percent"
    if meaning.role in _TIMES:
        return "years"
    if meaning.role == "vacant_months":
        return "months"
    return "other" if meaning.role in _COUNTS or meaning.role == "x" else "money"


def _period(meaning: Meaning, old: Figure | None) -> Period | None:
    if meaning.role in ("rent", "netrent", "room", "cost", "affordable") and meaning.period != "night":
        return "year" if meaning.period == "year" else "month"
    if meaning.role == "instalment" and meaning.period == "year":
        return "year"
    if meaning.role in ("rate", "target"):
        return old.period if old is not None and old.kind == "percent" else None
    return None


def _paid(tokens: list[Token], context: Context, meaning: Meaning) -> Period | None:
    """A loan's payments are a month's unless they are said to be a year's."""
    return "year" if meaning.role == "instalment" and period_of(tokens, context) == "year" else None


def _date(figures: Sequence[Figure], recurring: set[int]) -> None:
    """Flows told one after the other are of one year after the other ("20, 22, 24 y en el cuarto 215"); one of every year
    (`recurring`), or a single one of no year, is every year's. A later payment out of one's own pocket is a flow too."""
    outlays = [f for f in figures if f.role == "own"]
    for later in outlays[1:]:
        if len(later.years) == 1:
            later.role, later.value = "each", -later.value
    each = [f for f in figures if f.role == "each"]
    if len(each) > 1 and each[0].at in recurring and [f.years for f in each[1:]] == [(n + 2,) for n in range(len(each) - 1)]:
        recurring = recurring - {each[0].at}  # "al año recibo 12, al segundo 14": the first year's
        each[0].years = (1,)
    if len(each) > 1 and len(each[-1].years) == len(each) and not any(f.years for f in each[:-1]):
        recurring = recurring - {f.at for f in each}  # "6,000, then 6,500, then 7,000 at the end of years one, two and three"
        for flow, dated in zip(each, sorted(each[-1].years), strict=True):
            flow.years, flow.period = (dated,), None
    flows = [f for f in each if f.at not in recurring]
    year = 0
    for flow in flows if len(flows) > 1 else ():
        if not flow.years:
            flow.years = (year + 1,)
        year = max(flow.years)
    for flow in figures:
        if flow.role == "each" and (flow.at in recurring or len(flow.years) != 1):
            flow.period, flow.net, flow.years = "year", True, ()


# sizes


def sizes(
    tokens: Sequence[Token],
    told: Sequence[Amount],
    meanings: Mapping[int, Meaning],
    known: Mapping[str, Any],
    currency: str | None,
) -> dict[int, float]:
    """The value of each figure by its first token; bare amounts in the size that the others make likely."""
    said = _unit_of_all(tokens)
    values: dict[int, float] = {}
    for at, amount in enumerate(told):
        values[amount.first] = amount.value
        meaning = meanings[amount.first]
        if meaning.label == "rent/year" and (weeks := weeks_let(tokens, told, at)):
            values[amount.first] = amount.value * weeks
        if meaning.role == "vacant_months" and amount.value > _MOST_EMPTY_MONTHS:
            values[amount.first] = 12 - amount.value  # "rent 690 for eleven months of the year"
        elif amount.kind == "months" and meaning.role in _TIMES:
            values[amount.first] = round(amount.value / 12, 4)
        elif meaning.label == "nights/month":
            values[amount.first] = amount.value * 12
    large = [a for a in told if meanings[a.first].role in _LARGE]
    reference = next((float(known[k]) for k in ("price", "value", "loan", "own", "sale", "debt") if known.get(k)), None)
    reference = reference or max((a.value for a in large if not _bare(a)), default=None)
    rent = next(
        (a.value for a in told if meanings[a.first].label in ("rent/month", "netrent/month") and not _bare(a)), None
    )
    if rent is None and isinstance(known.get("rent"), Mapping):
        rent = float(known["rent"]["amount"]) / (12 if known["rent"].get("period") == "year" else 1)
    for amount in sorted(large, key=lambda a: -a.value):
        if _bare(amount):
            values[amount.first] = amount.value * said if said else _large(amount.value, reference, rent, currency)
        reference = (
            max(reference or 0.0, values[amount.first]) if meanings[amount.first].role != "savings" else reference
        )
    reference = reference or (rent and rent * _USUAL_MONTHS)
    for amount in told:
        limits = _OF_PRICE.get(meanings[amount.first].label)
        if limits and _bare(amount) and reference and values[amount.first] == amount.value:
            values[amount.first] = _small(amount.value, reference, *limits)
    return values


def _unit_of_all(tokens: Sequence[Token]) -> float | None:
    """ "prices in mdp: Progreso 2.4, Campeche 1.9", "todo en millones": the unit of all that stand bare."""
    for at, token in enumerate(tokens[1:], 1):
        before = tokens[at - 1]
        if token.text in _UNITS and before.text in ("in", "en", "all", "todo"):
            return _UNITS[token.text]
    return None


def _bare(amount: Amount) -> bool:
    small = 0 < amount.value < 1_000 and amount.kind in ("money", "other")
    return small and amount.literal and not (amount.scaled or amount.unit or amount.currency)


def _large(value: float, reference: float | None, rent: float | None, currency: str | None) -> float:
    if reference:
        sizes = [
            (abs(math.log(value * s / reference)), s) for s in (1.0, 1e3, 1e6) if 0.01 <= value * s / reference <= 30
        ]
        return value * min(sizes)[1] if sizes else value
    if rent:
        return next((value * s for s in (1.0, 1e3, 1e6) if _MONTHS[0] <= value * s / rent <= _MONTHS[1]), value)
    return next((value * size for below, size in _UNSAID.get(currency or "", ()) if value < below), value)


def _small(value: float, reference: float, least: float, most: float) -> float:
    return next((value * s for s in (1.0, 1e3, 1e6) if least <= value * s / reference <= most), value)
