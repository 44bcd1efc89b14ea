"""Measures that the trained reader does not know, and the figures that only they have: a share of the value to be reached, a
discount on the price, the rate that a loan changes to, the years that a debt or a rent is looked at after.

The reader has no role for these figures and takes them for others; the words of the message say what they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.cues import Hit
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.vocabulary import rare_measures, said, words
from knowledge.understanding.tokens import Token, since_break, to_break

_RISES, _REACHED, _CHANGES, _RATE_TO = words("rises"), words("reached"), words("changes"), words("rate_to")
_YEARS, _MONTHS, _RATED, _NET = words("years"), words("months"), words("rated"), words("net")
_REST, _INSTEAD, _FROM, _TO = words("rest"), words("instead_of"), words("goes_from"), words("goes_to")
#: So far (in tokens) behind "the rest" its term and rate stand.
_REST_AWAY = 12
#: A rent rises by no more than so many times, and works cost no more than so many months of it.
_MOST_DEARER, _MOST_WORKS, _LEAST_RENT = 3.0, 60.0, 50.0
_SELLS, _SELLERS = words("sells"), words("sellers")
#: What selling costs may have been taken for.
_UNSURE_SALE = frozenset({"", "once", "cost", "rent_cost", "selling", "discount", "cut"})
_RENTED = frozenset({"rent", "each"})
#: So near (in tokens) to its percentage a discount, or what a debt is to reach, is named.
_NEAR = 4
#: The same of what a share is taken off for.
_COST_AWAY = 7
_REPAID = frozenset({"affordable", "instalment"})
#: What a percentage may have been taken for that is something rarer.
_UNSURE = frozenset({"", "target", "financed", "down", "growth", "rent_growth", "once", "selling", "discount", "vacancy",
                     "occupancy", "rent_cost", "price_cost", "rate"})
#: The same for a discount; one of flows to come is a rate.
_UNSURE_CUT = frozenset({"", "target", "financed", "down", "growth", "discount"})
#: So little of a year is let by nobody.
_LEAST_LET = 40
_FLOWS = frozenset({"each", "sale", "hold"})
#: Figures that take the place of others come after them.
_LAST = ("cut", "new_rate")


def rare_names(tokens: Sequence[Token]) -> frozenset[str]:
    """The measures beyond the reader's that the message names."""
    found = frozenset(hit.cue.route for hit in rare_measures(tokens))
    whole = said(tokens, "whole_interest")  # "total interest over the life, not the instalment, just the interest"
    return found - {"interest_only_payment"} if whole else found


def told_for(
    names: Collection[str],
    figures: Sequence[Figure],
    tokens: Sequence[Token],
    amounts: Sequence[Amount],
    known: Mapping[str, Any],
) -> list[Figure]:
    """The figures of the message with the roles that these measures give them, discounts and new rates last."""
    percents = {a.first: a for a in amounts if a.kind == "percent"}
    spans = {a.first: a for a in amounts}
    found = list(figures)
    has = {f.role for f in found}
    if "further_loan" in names:
        _reach(found, tokens, percents)
    _cut(found, tokens, percents, priced=bool(known.get("price")))
    _selling(found, tokens, spans, sold=bool(known.get("sale")))
    _new_rate(found, tokens, spans)
    if "rent_at_horizon" in names and (has & _RENTED or known.get("rent")) and not (has & {"price", "own", "sale"}):
        _grow(found, tokens, spans, percents)
    if "loan_balance" in names:
        _later(found, spans, bool(known.get("term_years")))
    for figure in found:
        named = {t.text for t in tokens[max(0, figure.at - _NEAR) : figure.at]}
        if figure.role == "target" and named & _NET:
            figure.net = True  # "una neta del 5 %"
    if "affordable_price" in names:
        _own(found, spans, known)
    _rest_lent(found, tokens, spans)
    if not known.get("price"):
        _dearer_rent(found, tokens, spans)
    return sorted(found, key=lambda f: (f.role in _LAST, f.at))


def _own(figures: Sequence[Figure], spans: Mapping[int, Amount], known: Mapping[str, Any]) -> None:
    """ "I have 75k and need 25% down, what price does that mean?": where a price is asked for, what was taken for one, or for
    nothing, beside the share or the instalment that it goes with."""
    has = {f.role for f in figures}
    if has & (_RENTED | {"own", "savings", "loan"}) or any(known.get(k) for k in ("own", "savings", "loan", "price")):
        return
    shared = has & {"down", "financed"} or known.get("down_pct") or known.get("financed_pct")
    taken = {""} if has & _REPAID else {"", "price"} if shared else set()
    for figure in [f for f in figures if f.role in taken and f.at in spans and spans[f.at].kind == "money"][:1]:
        figure.role, figure.kind, figure.period = "own", "money", None


def _as(figure: Figure, role: str, amount: Amount, kind: str = "percent") -> None:
    figure.role, figure.kind, figure.value, figure.period, figure.net = role, kind, amount.value, None, False


def _reach(figures: Sequence[Figure], tokens: Sequence[Token], percents: Mapping[int, Amount]) -> None:
    """ "hasta el 80 %", "to reach 70%": the share of the value that the debt may come to."""
    told = [f for f in figures if f.at in percents and f.role in _UNSURE]
    near = [f for f in told if {t.text for t in tokens[max(0, f.at - _NEAR) : f.at]} & _REACHED]
    for figure in (near or told)[-1:]:
        _as(figure, "reach", percents[figure.at])


def _cut(figures: Sequence[Figure], tokens: Sequence[Token], percents: Mapping[int, Amount], *, priced: bool) -> None:
    """ "me rebajan el 7 %", "8% off the 310k": a discount on the price, not of a year."""
    if not priced and not any(f.role == "price" for f in figures):
        return
    hits = said(tokens, "price_cut")
    priced_here = any(f.role == "price" for f in figures)
    rented = None if priced_here else next((f.at for f in figures if f.role in _RENTED), None)
    unsure = _UNSURE_CUT - ({"discount"} if any(f.role in _FLOWS for f in figures) else set())
    unsure |= {"rent_growth"}
    for figure in figures:
        amount = percents.get(figure.at)
        if amount is None or not (figure.role in unsure or (figure.role == "occupancy" and amount.value < _LEAST_LET)):
            continue
        yearly = {t.text for t in tokens[amount.last + 1 : amount.last + _NEAR]} & (_YEARS | _MONTHS)
        rated = {t.text for t in tokens[max(0, figure.at - _NEAR) : figure.at]} & _RATED
        if yearly or rated or not any(_beside(tokens, hit, amount) for hit in hits):
            continue
        running = said(tokens[amount.last + 1 : amount.last + 1 + _COST_AWAY], "for_running")
        if running or (rented is not None and rented < figure.at):
            _as(figure, "rent_cost", amount)  # "knock off 38% of that for cleaning", "canon de 2.9 y me descuenta el 8%"
            continue
        _as(figure, "cut", amount)
        return


def _rest_lent(figures: Sequence[Figure], tokens: Sequence[Token], spans: Mapping[int, Amount]) -> None:
    """ "doy la mitad y lo demás a 5 años al 14 %", "30% down, the rest over 10 years at 12%": term and rate of the rest."""
    at = next((n for n, t in enumerate(tokens) if t.text in _REST and not t.opens), None)
    if at is None:
        return
    end = next((n for n in range(at + 1, len(tokens)) if tokens[n].opens), len(tokens))
    for figure in figures:
        amount = spans.get(figure.at)
        if amount is None or not at < figure.at < min(end, at + _REST_AWAY):
            continue
        if amount.kind in ("years", "months") and figure.role in ("", "hold"):
            _as(figure, "term", amount, "years")
            figure.value = round(amount.value / 12, 4) if amount.kind == "months" else amount.value
        elif amount.kind == "percent" and figure.role in ("", "growth", "rent_growth", "target", "discount"):
            _as(figure, "rate", amount)


def _dearer_rent(figures: list[Figure], tokens: Sequence[Token], spans: Mapping[int, Amount]) -> None:
    """ "gasto 14.200 en reformar y subo el alquiler de 520 a 645", "645 rather than 520": works, and the rent that they bring
    more, which is what pays them back."""
    money = [a for a in spans.values() if a.kind in ("money", "other") and a.value >= _LEAST_RENT]
    found = {f.at: f for f in figures}
    if len(money) != 3:
        return
    for paid in money:
        first, second = sorted((a for a in money if a is not paid), key=lambda a: a.first)
        between = tokens[first.last + 1 : second.first]
        opened = bool(first.first) and tokens[first.first - 1].text in _FROM
        goes = opened and 0 < len(between) <= 2 and between[-1].text in _TO
        instead = any(t.text in _INSTEAD for t in between) and len(between) <= _NEAR + 1
        low, high = sorted((first.value, second.value))
        dearer = low < high <= _MOST_DEARER * low and high < paid.value <= _MOST_WORKS * high
        rents = [found[a.first] for a in (first, second) if a.first in found and found[a.first].role in ("rent", "each")]
        if not (goes or instead) or not dearer or not rents or paid.first not in found:
            continue
        figures[:] = [f for f in figures if f is rents[0] or f.at not in (first.first, second.first)]
        rents[0].role, rents[0].period, rents[0].value = "rent", rents[0].period or "month", high - low
        _as(found[paid.first], "price", paid, "money")
        return


def _selling(figures: Sequence[Figure], tokens: Sequence[Token], spans: Mapping[int, Amount], *, sold: bool) -> None:
    """ "vendo en 149.000 y la inmobiliaria se lleva 4.200 al vender", "sold at 201 less 7 to the agent": what selling costs."""
    sales = [f.at for f in figures if f.role == "sale"]
    if not sold and not sales:
        return
    for figure in figures:
        amount = spans.get(figure.at)
        if amount is None or figure.role not in _UNSURE_SALE or amount.kind not in ("money", "other", "percent"):
            continue
        if (sales and figure.at < sales[0]) or not _said_near(tokens, amount):
            continue
        if amount.kind == "percent":
            _as(figure, "selling", amount)
        else:
            figure.role, figure.kind, figure.period = "sale_cost", "money", None


def _said_near(tokens: Sequence[Token], amount: Amount) -> bool:
    """Whether selling is spoken of beside a figure, or an agent right behind it."""
    before = {t.text for t in since_break(tokens[max(0, amount.first - _NEAR) : amount.first])}
    behind = {t.text for t in to_break(tokens[amount.last + 1 : amount.last + 1 + _NEAR + 2])}
    return bool((before | behind) & _SELLS or behind & _SELLERS)


def _beside(tokens: Sequence[Token], hit: Hit, amount: Amount) -> bool:
    """Whether a phrase stands at most three words from the figure, in its sentence."""
    gap = amount.first - hit.end if hit.start < amount.first else hit.start - amount.last - 1
    low, high = sorted((hit.start, amount.first))
    return gap < _NEAR and not any(t.opens for t in tokens[low + 1 : high + 1])


def _new_rate(figures: Sequence[Figure], tokens: Sequence[Token], spans: Mapping[int, Amount]) -> None:
    """ "paso del 2,1 % al 3,65 %", "goes from 8.9 to 10.4": the rate that a loan has and the one that it changes to."""
    rates = [f for f in figures if f.role == "rate"]
    if len(rates) != 2 or not any(t.text in _CHANGES for t in tokens):
        return
    first, second = rates
    between = tokens[spans[first.at].last + 1 : second.at] if first.at in spans else []
    if len(between) <= _NEAR and not any(t.opens for t in between) and any(t.text in _RATE_TO for t in between):
        second.role = "new_rate"


def _grow(figures: list[Figure], tokens: Sequence[Token], spans: Mapping[int, Amount], percents: Mapping[int, Amount]) -> None:
    """ "le subo 4,5 % cada año … después de seis aumentos": how fast a rent rises and how often."""
    for figure in figures:
        amount = spans.get(figure.at)
        if amount is None:
            continue
        if figure.at in percents and figure.role in _UNSURE:
            _as(figure, "rent_growth", amount)
        elif any(t.text in _RISES for t in tokens[amount.last + 1 : amount.last + 2]):
            _as(figure, "hold", amount, "years")
        elif amount.kind == "years" and figure.role in ("", "term"):
            _as(figure, "hold", amount, "years")


def _later(figures: Sequence[Figure], spans: Mapping[int, Amount], timed: bool) -> None:
    """ "a 25 años … ¿cuánto debo después de 8?": beside the term, told here or before (`timed`), the years that have passed."""
    if any(f.role == "hold" for f in figures):
        return
    years = [f for f in figures if f.at in spans and spans[f.at].kind in ("years", "months") and f.role in ("", "term")]
    terms = [f for f in years if f.role == "term"]
    for figure in [f for f in years if f.role == ""][-1:] or (terms[-1:] if timed or len(terms) > 1 else []):
        amount = spans[figure.at]
        _as(figure, "hold", amount, "years")
        if amount.kind == "months":
            figure.value = round(amount.value / 12, 4)
