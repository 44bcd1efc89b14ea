"""What is known of a return after each message: figures of new turns add to the earlier ones or take their place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from knowledge.understanding.amounts import HIGHEST_RATE, Amount
from knowledge.understanding.deal.changes import dropped, is_generic, relative, replaces
from knowledge.understanding.deal.meant import as_meant
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.rules.asked import (
    ASKED,
    asked_measures,
    base_of,
    feasible,
    implied_measures,
    named_measures,
    of_the_year,
    rests_on,
    wanted_measures,
)
from knowledge.understanding.rules.contexts import years_named
from knowledge.understanding.rules.exchange import (
    Exchange,
    asked_currency,
    asks_amount,
    currency_at,
    of_exchange,
    other_rate,
)
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.figures import read_figures
from knowledge.understanding.rules.income import Affordable
from knowledge.understanding.rules.nights import days_of_month
from knowledge.understanding.rules.rare import rare_names, told_for
from knowledge.understanding.rules.rooms import countable, rooms_near
from knowledge.understanding.rules.seasons import months_empty
from knowledge.understanding.rules.settle import ENTRIES, FLOWS, settle
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token

#: Figures that a new one of a role takes the place of.
_INSTEAD = {
    "own": ("own_added",),
    "financed": ("down_pct", "loan"),
    "down": ("financed_pct", "loan"),
    "loan": ("financed_pct", "down_pct"),
    "price": ("cut_pct",),
    "rate": ("new_rate",),
}
_HALVES, _YEARS, _PESOS, _DEPOSIT = words("halves"), words("years"), words("pesos"), words("deposit")
#: Before a bare number of years: "¿y si lo hago a 25?", "instead of 30".
_BEFORE_TERM = words("before_term")
#: A bare figure replaces an earlier one that is at most this many times larger or smaller.
_SAME_SIZE = 8.0
#: The same of a cost that is paid once.
_SAME_COST = 1.5
#: A rate of exchange that takes the place of another is no more than so many times it.
_SAME_RATE = 1.6
_RATES = words("rate_of_exchange") | {"rate", "tasa", "tipo"}
#: A message of so few words continues the one before.
_SHORT = 12
_PERCENTS = ("financed_pct", "down_pct", "rate_pct", "growth_pct", "vacancy_pct", "target_pct")
_MONEY = ("price", "rent", "loan", "instalment", "own", "sale", "affordable", "value", "debt")
#: From these probabilities on a message that names no measure asks for another than before: where it tells a figure that the
#: one before rests on, and where it does not.
_CHANGED, _UNCHANGED = 0.8, 0.4
#: How likely an amount is asked for in another currency where the rate is known and both are named.
_CONVERTED = 0.9
_INCOME, _LEAVES = frozenset({"rent", "netrent"}), words("leaves")
#: Figures that ask for a measure of their own where what was asked before does not rest on them.
_LEADING = frozenset({"rent", "rate_pct", "term_years", "down_pct", "financed_pct"})
#: What is taken off a rent.
_OFF_THE_RENT = frozenset({"cost", "rent_cost", "price_cost", "vacancy_pct", "vacancy_months", "occupancy"})
_YIELDS = frozenset({"gross_yield", "net_yield", "cap_rate"})
_EMPTY = frozenset({"vacancy_pct", "vacancy_months", "occupancy"})
_SHARE, _TIME, _AMOUNT = frozenset({"percent", "other"}), frozenset({"years", "months", "other"}), frozenset({"money", "other"})
#: What was asked for -> the role of the figure that answers, and what kind of figure it is.
_AWAITED = {
    "rate_pct": ("rate", _SHARE),
    "down_payment_pct": ("down", _SHARE),
    "term_years": ("term", _TIME),
    "horizon_years": ("hold", _TIME),
    "price": ("price", _AMOUNT),
    "monthly_rent": ("rent", _AMOUNT),
    "loan_amount": ("loan", _AMOUNT),
}
#: What a preposition before a bare figure speaks of.
_TELLING = {
    "a": frozenset({"term_years", "hold_years"}),
    "over": frozenset({"term_years"}),
    "en": frozenset({"term_years"}),
    "al": frozenset({"rate_pct"}),
    "at": frozenset({"rate_pct"}),
    "del": frozenset({"rate_pct"}),
    "in": frozenset({"hold_years"}),
}


def read_deal(
    tokens: list[Token],
    text: str,
    amounts: Sequence[Amount],
    known: Mapping[str, Any],
    *,
    follow_up: bool,
    correcting: bool,
    area: float | None = None,
    exchange: Exchange | None = None,
    earned: Affordable | None = None,
    awaited: str | None = None,
    meanings: Mapping[int, Meaning] = MappingProxyType({}),
    wanted: Mapping[str, float] = MappingProxyType({}),
    currency: str | None = None,
) -> tuple[dict[str, Any], list[Figure]]:
    """(what is known of the return after this message, the figures read in it). `meanings` are the trained reader's, by first
    token, `wanted` the probability of each measure."""
    empty = months_empty(tokens)
    hits = [h for h in named_measures(tokens, text) if not (empty and h.cue.route.startswith("cash_flow"))]  # "se queda vacío"
    exchange = exchange or _another_rate(tokens, amounts, known.get("fx"), meanings)
    _name_pesos(tokens, amounts, exchange.quote if exchange else (known.get("fx") or {}).get("quote"))
    figures = read_figures(tokens, amounts, known, hits, exchange.first if exchange else None)
    deal = {k: v for k, v in known.items() if k != "turn"}
    placed = of_exchange(amounts, exchange) if exchange else set()
    second = other_rate(amounts, exchange) if exchange else None
    if second is not None:
        placed.add(second.first)
    amounts = [a for a in amounts if a.first not in placed or (exchange and a.first == exchange.first)]
    if earned:
        figures = [f for f in figures if f.at not in earned.first]
    trusted = {at: m for at, m in meanings.items() if at not in placed}
    if _several(as_meant(figures, tokens, amounts, trusted, known, currency)):
        return deal, []
    if exchange:
        deal["fx"] = {"value": exchange.value, "quote": exchange.quote, "base": exchange.base}
        if second is not None:
            deal["fx"]["rates"] = [r for _, r in sorted(((exchange.first, exchange.value), (second.first, second.value)))]
        if deal.get("price") and not deal.get("currency") and (deal.get("rent") or {}).get("currency") == exchange.base:
            deal["currency"] = exchange.quote  # a rent in dollars and a price in pesos
    _speak_of(deal, tokens, amounts, exchange, figures, trusted)
    if deal.get("fx") and asked_currency(tokens, deal["fx"]) and (asks_amount(tokens) or second is not None):
        wanted = {**wanted, "converted": max(_CONVERTED, wanted.get("converted", 0.0))}
        _convert(deal.get("spoken") or {}, amounts, trusted)
    if known.get("price") and _another(figures, tokens, follow_up) and not correcting:
        deal = {}
    # what is said to be asked helps to read the figures; what can be worked out is known once they are
    deal["asked"] = list(dict.fromkeys(h.cue.route for h in hits)) or list(known.get("asked") or ())
    if wanted.get("interest_saved", 0.0) >= ASKED:
        deal["asked"] = list(dict.fromkeys([*deal["asked"], "interest_saved"]))
    if base := base_of(tokens):
        deal["base"] = base
    if awaited in _AWAITED and len(figures) == 1 and figures[0].role in ("", "price"):
        role, kinds = _AWAITED[awaited]
        if figures[0].kind in kinds:  # a bare answer to what was asked
            figures[0].role = role
            trusted.pop(figures[0].at, None)
    if known and (correcting or len(tokens) <= (_SHORT + 4 if follow_up else _SHORT)):
        _replace(deal, [f for f in figures if f.at not in trusted], known)
    settle(figures, deal)
    rare = rare_names(tokens)
    figures = told_for(rare, as_meant(figures, tokens, amounts, trusted, deal, currency), tokens, amounts, deal)
    relative(figures, tokens, amounts, deal)
    figures, left = dropped(figures, tokens, deal.get("costs") or ())
    fewer, deal["costs"] = len(left) < len(deal.get("costs") or ()), left
    if correcting or replaces(tokens):
        _name_as_before(figures, deal)
    if not correcting:
        _name_apart(figures)
    generic = [c for c in deal.get("costs") or () if is_generic(c["label"])] if replaces(tokens) else []
    for figure in figures:
        if figure.role == "cost" and len(generic) == 1 and is_generic(figure.label or "-"):
            deal["costs"] = [c for c in deal["costs"] if c not in generic]
            alike = 1 / _SAME_SIZE < figure.value / float(generic[0]["amount"] or 1) < _SAME_SIZE / 2
            figure.period = generic[0]["period"] if alike else figure.period or generic[0]["period"]
        _enter(deal, figure)
    if "rent_at_horizon" in rare and deal.get("rent_growth_pct"):
        deal.setdefault("hold_years", 1)  # "le subo el 5,2 %, ¿en cuánto queda el nuevo canon?"
    now = deal.get("value") or deal.get("sale")
    if now and deal.get("price") and _YIELDS & set(deal["asked"]) and said(tokens, "at_todays_value"):
        deal["price"], deal["value"], deal["sale"] = now, None, None
    _deposit(deal, figures, tokens)
    if earned:
        deal["affordable"] = earned.value
    _halves(deal, tokens)
    if any(f.seasonal for f in figures):
        deal["vacancy_pct"] = None  # months without rent are in the sum of the others
    elif empty and not deal.get("vacancy_pct"):
        deal["vacancy_pct"] = 100 * empty / 12
    _terms(deal, known, tokens, figures, amounts)
    if "savings_gap" in deal["asked"] and "savings" not in deal and (deal.get("down_pct") or deal.get("financed_pct")):
        deal["savings"], deal["own"] = deal.get("own"), None
    deal |= countable(tokens)
    if (deal.get("rent") or {}).get("each") and not deal.get("rooms"):
        of_each = next((a for a in amounts if a.first in {f.at for f in figures if f.each}), None)
        deal["rooms"] = rooms_near(tokens, of_each) if of_each else None
    deal["month_days"] = days_of_month(tokens) or deal.get("month_days")
    _nights(deal)
    if deal.get("rooms") and (deal.get("rent") or {}).get("each"):
        deal["let"] = deal.get("taken") or max(1, deal["rooms"] - deal.get("empty", 0))
    _horizon(deal, tokens, figures)
    if area is not None:
        deal["area_m2"] = area
    before = list(known.get("asked") or ()) if follow_up or len(tokens) <= _SHORT else []
    new = {ENTRIES.get(f.role, f.role) for f in figures if f.role} | ({"vacancy_pct"} if empty else set())
    new |= ({"cost"} if fewer else set()) | ({"fx"} if exchange else set())
    loose = [key for key in new & _LEADING if not any(rests_on(m, {key}) for m in before)]
    sure = _CHANGED if new and not loose else _UNCHANGED
    named = {h.cue.route for h in hits} | {m for m in rare if feasible(m, deal)}
    asked, deal["turn"] = wanted_measures(wanted, deal, named, before, sure)
    if said(tokens, "same_again") and (same := [m for m in known.get("asked") or () if feasible(m, deal)]):
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
    if asked:
        if deal["turn"] == ["cash_flow_month"] and of_the_year(tokens, hits):
            deal["turn"] = ["cash_flow_year"]
        deal["asked"] = asked
        return {k: v for k, v in deal.items() if v not in (None, [], {})}, figures
    deal["turn"] = asked_measures(tokens, hits, deal)
    if not hits and not known.get("asked") and figures:
        deal["turn"] = implied_measures(deal)
    deal["asked"] = deal["turn"] or (deal["asked"] if hits else list(known.get("asked") or ()))
    return {k: v for k, v in deal.items() if v not in (None, [], {})}, figures


def tell(deal: Mapping[str, Any], figures: Sequence[Figure], rooms: int | None = None) -> dict[str, Any]:
    """What is known of one option after its figures; `rooms`: how many of them are let at the rent of each."""
    after = dict(deal)
    for figure in figures:
        _enter(after, figure)
    if rooms and (after.get("rent") or {}).get("each"):
        after["rooms"] = after["let"] = rooms
    _nights(after)
    return {k: v for k, v in after.items() if v not in (None, [], {})}


def _convert(spoken: Mapping[str, Any], amounts: Sequence[Amount], meanings: dict[int, Meaning]) -> None:
    """The amount to be converted is nothing else, unless its words say so."""
    for amount in amounts:
        meaning = meanings.get(amount.first)
        if meaning and amount.value == spoken.get("amount") and amount.currency and meaning.probability < ASKED:
            meanings[amount.first] = meaning.instead("convert", meaning.probability)


def _another_rate(
    tokens: Sequence[Token], amounts: Sequence[Amount], before: Mapping[str, Any] | None, meanings: Mapping[int, Meaning]
) -> Exchange | None:
    """The same two currencies at the only figure of the message: "and at 17.6?", "the rate's moved, call it 1.14"."""
    if not before or len(amounts) != 1 or amounts[0].first not in meanings:
        return None
    named = any(t.text in _RATES for t in tokens) and _away(before["value"], amounts[0].value) <= math.log(_SAME_RATE)
    if meanings[amounts[0].first].role != "fx" and not named:
        return None
    return Exchange(amounts[0].value, before["quote"], before["base"], amounts[0].first)


def _name_pesos(tokens: Sequence[Token], amounts: Sequence[Amount], pesos: str | None) -> None:
    """Pesos are those of the rate that was told."""
    for amount in amounts if pesos in ("COP", "MXN") else ():
        if amount.kind == "money" and amount.currency is None and tokens[amount.last].text in _PESOS:
            amount.currency = pesos


def _speak_of(
    deal: dict[str, Any],
    tokens: Sequence[Token],
    amounts: Sequence[Amount],
    exchange: Exchange | None,
    figures: Sequence[Figure],
    meanings: Mapping[int, Meaning],
) -> None:
    """The amount that a conversion would be of, in its currency, and the currency asked for."""
    periods = {f.at: f.period for f in figures}
    money = [a for a in amounts if a.kind == "money" and a.first in periods and not (exchange and a.first == exchange.first)]
    if money:
        target = asked_currency(tokens, deal.get("fx"))
        income = {at for at, m in meanings.items() if m.role in _INCOME} if _asks_a_period(tokens) else set()
        spoken = max(money, key=lambda a: (a.first in income, bool(target and a.currency not in (None, target)), a.value))
        currency = spoken.currency or next(
            (c for at in range(spoken.last, min(spoken.last + 3, len(tokens))) if (c := currency_at(tokens, at))), None
        )
        deal["spoken"] = {"amount": spoken.value, "currency": currency, "period": periods[spoken.first]}
    if not deal.get("fx"):
        return
    if target := asked_currency(tokens, deal["fx"]):
        deal["target_currency"] = target
        wanted = {t.text for t in tokens}
        deal["per"] = "year" if wanted & _YEARS and (deal.get("spoken") or {}).get("period") == "month" else None


def _asks_a_period(tokens: Sequence[Token]) -> bool:
    """ "¿cuántos dólares al año me deja?": what comes in is meant."""
    return any(t.text in _YEARS for t in tokens) and any(t.text in _LEAVES for t in tokens)


def _terms(
    deal: dict[str, Any],
    known: Mapping[str, Any],
    tokens: Sequence[Token],
    figures: Sequence[Figure],
    amounts: Sequence[Amount],
) -> None:
    """Two terms to set against each other: "a 10 años en vez de 15", "¿y si lo hago a 25?" after 30."""
    if "interest_saved" not in deal["asked"]:
        return
    told = [f.value for f in figures if f.role == "term"]
    told += [
        a.value for a in amounts
        if a.kind in ("other", "years") and a.literal and 1 <= a.value <= 40 and a.value == int(a.value)
        and a.first and tokens[a.first - 1].text in _BEFORE_TERM
    ]
    terms = list(dict.fromkeys([*told, *(t for t in (known.get("term_years"),) if t)]))
    if len(terms) > 1:
        deal["term_years"], deal["other_term"] = terms[0], terms[1]


def _nights(deal: dict[str, Any]) -> None:
    """Nights let, or the share of the year that they are, at their price make the year's rent."""
    if deal.get("nightly") and not deal.get("nights") and deal.get("vacancy_pct"):
        deal["nights"], deal["vacancy_pct"] = round(365 * (1 - deal["vacancy_pct"] / 100), 4), None
    if deal.get("nightly") and deal.get("nights"):
        deal["rent"] = {"amount": deal["nights"] * deal["nightly"], "period": "year", "net": False, "nights": True}


def _several(figures: Sequence[Figure]) -> bool:
    """Whether the message tells of more than one property."""
    prices = {f.value for f in figures if f.role == "price"}
    rents = {f.value for f in figures if f.role == "rent" and not f.net}
    unnamed = {f.value for f in figures if not f.role and f.kind == "money"}
    return len(prices) > 1 or (len(rents) > 1 and len(prices | unnamed) > 1)


def _another(figures: Sequence[Figure], tokens: Sequence[Token], follow_up: bool) -> bool:
    """Whether a price and a rent are of another property than before, not other figures of the same one."""
    roles = {f.role for f in figures}
    return {"price", "rent"} <= roles and (not follow_up or any("type" in t.classes for t in tokens))


def _enter(deal: dict[str, Any], figure: Figure) -> None:
    role = figure.role
    if figure.value == 0 and figure.kind == "money":
        return
    if role in ENTRIES:
        deal[ENTRIES[role]] = figure.value / 12 if role == "instalment" and figure.period == "year" else figure.value
        if role in ("price", "own"):
            deal["currency"] = figure.currency or deal.get("currency")
        if role == "rate":
            deal["rate_period"] = figure.period
        for other in _INSTEAD.get(role, ()):
            deal[other] = None
    elif role == "vacancy_months":
        deal["vacancy_pct"] = 100 * figure.value / 12
    elif role == "occupancy":
        deal["vacancy_pct"] = 100 - figure.value
    elif role == "target":
        deal["target_pct"], deal["target_net"] = figure.value, figure.net
        deal["target_month"] = True if figure.period == "month" else None
    elif role in ("rent", "each"):
        _enter_income(deal, figure)
    elif role == "night_cost":
        _listed(deal, "costs", {"label": figure.label or "-", "amount": figure.value, "period": "night"})
    elif role == "cost":
        _listed(
            deal, "costs", {"label": figure.label or "-", "amount": figure.value, "period": figure.period or "year"}
        )
    elif role == "price_cost":
        _listed(
            deal, "costs", {"label": figure.label or "-", "amount": figure.value, "period": "year", "of": "price"}
        )
    elif role == "rent_cost":
        _listed(deal, "costs", {"label": figure.label or "-", "amount": figure.value, "period": "year", "of": "rent"})
    elif role == "once":
        entry: dict[str, Any] = {"label": figure.label or "-", "amount": figure.value}
        if figure.kind == "percent":
            entry["of"] = "price"
        if figure.added:
            deal["own_added"] = True
        _listed(deal, "upfront", entry)
    elif role == "works":
        _listed(deal, "upfront", {"label": figure.label or "-", "amount": figure.value, "of": "price"})


def _enter_income(deal: dict[str, Any], figure: Figure) -> None:
    if len(figure.years) == 1 and figure.period is None:
        dated = [d for d in deal.get("dated") or () if d[0] != figure.years[0]]
        deal["dated"] = [*dated, [figure.years[0], figure.value]]
        return
    flows = bool(set(deal.get("asked") or ()) & FLOWS) and figure.period is None
    outlay = deal.get("own") or deal.get("price")
    large = bool(outlay) and 12 * figure.value > 0.2 * float(outlay or 0)
    yearly = figure.period == "year" or (flows and (figure.role == "each" or len(figure.years) > 1 or large))
    income: dict[str, Any] = {"amount": figure.value, "period": "year" if yearly else "month", "net": figure.net}
    if figure.currency:
        income["currency"] = figure.currency
    if figure.each and not flows:
        income["each"] = True
    deal["rent"] = income


def _name_as_before(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """ "sorry, the fee is 280k" after "the building fee, 310k", "make the reno 420k": a cost told again by a part of its name,
    or, paid once, by its size, is the one told before."""
    for figure in figures:
        if figure.role not in ("cost", "once") or figure.kind != "money":
            continue
        key = "costs" if figure.role == "cost" else "upfront"
        told = [e for e in deal.get(key) or () if not e.get("of")]
        named = set(figure.label.lower().split()) - {"-"}
        alike = [e for e in told if named and named < set(str(e["label"]).lower().split())]
        if key == "upfront" and not alike and not any(named & set(str(e["label"]).lower().split()) for e in told):
            alike = [e for e in told if 1 / _SAME_COST < figure.value / float(e["amount"] or 1) < _SAME_COST]
        if len(alike) == 1 and figure.value != alike[0]["amount"]:
            if alike[0]["label"] == "-":
                deal[key].remove(alike[0])
            else:
                figure.label = str(alike[0]["label"])


def _name_apart(figures: Sequence[Figure]) -> None:
    """Two costs of one message that got the same name are two: the later goes without."""
    told: dict[tuple[str, str], float] = {}
    for figure in figures:
        named = figure.role in ("cost", "once")
        if named and told.setdefault((figure.role, figure.label.lower()), figure.value) != figure.value:
            figure.label = "-"


def _listed(deal: dict[str, Any], key: str, entry: dict[str, Any]) -> None:
    """A cost replaces the one of the same name."""
    same = entry["label"].lower()
    deal[key] = [e for e in deal.get(key) or () if e["label"].lower() != same or same == "-"] + [entry]


def _replace(deal: dict[str, Any], figures: Sequence[Figure], known: Mapping[str, Any]) -> None:
    """Figures of a follow-up that no word names take the place of the nearest earlier one of their kind."""
    for figure in figures:
        if figure.role or not figure.literal:
            continue
        if figure.kind == "percent":
            choices = [
                (k, 1.0) for k in _PERCENTS if known.get(k) and not (k == "rate_pct" and figure.value >= HIGHEST_RATE)
            ]
        elif figure.kind == "years":
            choices = [(k, 1.0) for k in ("term_years", "hold_years") if known.get(k)]
        elif figure.kind == "money":
            choices = [(k, 1.0) for k in _MONEY if known.get(k)]
        else:
            choices = [(k, 1.0) for k in (*_PERCENTS, "term_years", "hold_years") if known.get(k)]
            choices += [(k, s) for k in _MONEY if known.get(k) for s in (1.0, 1e3, 1e6)]
        told = _TELLING.get(figure.opener, frozenset())
        sized = [(_away(known[k], figure.value * s) - (0.6 if k in told else 0.0), k, s) for k, s in choices]
        near = [c for c in sized if c[0] <= math.log(_SAME_SIZE)]
        if not near:
            continue
        _, key, size = min(near)
        figure.role = next((role for role, name in ENTRIES.items() if name == key), "again")
        if key == "rent":
            deal["rent"] = {**known["rent"], "amount": figure.value * size}
        else:
            deal[key] = figure.value * size


def _away(held: Any, value: float) -> float:
    held = held["amount"] if isinstance(held, Mapping) else held
    return abs(math.log(value / held)) if value > 0 and held > 0 else math.inf


def _deposit(deal: dict[str, Any], figures: Sequence[Figure], tokens: Sequence[Token]) -> None:
    """What is paid down is part of the price: costs of the purchase that are told come on top of it."""
    for figure in figures:
        if figure.role == "own":
            near = {t.text for t in tokens[max(0, figure.at - 3) : figure.at + 4]}
            deal["own_added"] = True if near & _DEPOSIT else deal.get("own_added")


def _halves(deal: dict[str, Any], tokens: Sequence[Token]) -> None:
    """ "doy la mitad", "the bank finances half": fifty percent."""
    at = next((i for i, t in enumerate(tokens) if t.text in _HALVES), None)
    if at is None or deal.get("financed_pct") is not None or deal.get("down_pct") is not None:
        return
    if sum(t.text in _HALVES for t in tokens) > 1 and deal.get("loan") and not deal.get("price"):
        deal["price"], deal["loan"] = deal["loan"], None  # "I cover half, the bank does the other half"
    near = {t.text[:6] for t in tokens[max(0, at - 6) : at + 7]}
    if any(
        w.startswith(
            ("financ", "prest", "doy", "pongo", "aport", "lend", "borrow", "mortga", "down", "banco", "bank", "hipote", "carr",
             "cover", "cubr")
        )
        for w in near
    ):
        deal["financed_pct"] = 50.0


def _horizon(deal: dict[str, Any], tokens: Sequence[Token], figures: Sequence[Figure]) -> None:
    """The last year that the flows are told for; a horizon that is told now takes the place of an earlier one."""
    if not set(deal.get("asked") or ()) & FLOWS and "sale" not in deal:
        return
    named = [*years_named(tokens, 0, len(tokens)), *(year for f in figures if f.role in ("each", "sale") for year in f.years)]
    if deal.get("last_year") and (held := [f.value for f in figures if f.role == "hold"]):
        deal["last_year"] = None if not named else deal["last_year"]
        deal["hold_years"] = held[-1]
    if named and ("sale" in deal or "rent" in deal or "own" in deal):
        deal["last_year"] = max([*named, deal.get("last_year") or 0])
