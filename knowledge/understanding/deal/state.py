"""What is known of a return after each message: figures of new turns add to the earlier ones or take their place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from knowledge.understanding.amounts import HIGHEST_RATE, Amount
from knowledge.understanding.deal.changes import dropped, is_generic, relative, replaces
from knowledge.understanding.deal.currencies import another_rate, convert, name_pesos, speak_of
from knowledge.understanding.deal.entries import enter, fill_nights, name_apart, name_as_before
from knowledge.understanding.deal.meant import as_meant
from knowledge.understanding.deal.question import settle_question
from knowledge.understanding.deal.sizes import away
from knowledge.understanding.figures.history import NOTHING
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.rules.asked import (
    ASKED,
    base_of,
    feasible,
    named_measures,
)
from knowledge.understanding.rules.contexts import years_named
from knowledge.understanding.rules.exchange import (
    Exchange,
    asked_currency,
    asks_amount,
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
from knowledge.understanding.rules.totals import sums_up, told_as_total
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token

_HALVES, _DEPOSIT = words("halves"), words("deposit")
#: Before a bare number of years: "¿y si lo hago a 25?", "instead of 30".
_BEFORE_TERM = words("before_term")
#: A bare figure replaces an earlier one that is at most this many times larger or smaller.
_SAME_SIZE = 8.0
#: A message of so few words continues the one before.
_SHORT = 12
_PERCENTS = ("financed_pct", "down_pct", "rate_pct", "growth_pct", "vacancy_pct", "target_pct")
_MONEY = ("price", "rent", "loan", "instalment", "own", "sale", "affordable", "value", "debt")
#: How likely an amount is asked for in another currency where the rate is known and both are named.
_CONVERTED = 0.9
_REPAID, _PAID_DOWN = frozenset({"monthly_payment", "loan_amount"}), frozenset({"own", "loan", "down_pct", "financed_pct"})
#: What a figure surely is, whatever was asked for: "y al cierre del año 3 se vende en 590 millones".
_NO_ANSWER = frozenset({"sale", "flow", "loan", "debt", "instalment", "own", "savings"})
_YIELDS = frozenset({"gross_yield", "net_yield", "cap_rate"})
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
    exchange = exchange or another_rate(tokens, amounts, known.get("fx"), meanings)
    name_pesos(tokens, amounts, exchange.quote if exchange else (known.get("fx") or {}).get("quote"))
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
    speak_of(deal, tokens, amounts, exchange, figures, trusted)
    if deal.get("fx") and asked_currency(tokens, deal["fx"]) and (asks_amount(tokens) or second is not None):
        wanted = {**wanted, "converted": max(_CONVERTED, wanted.get("converted", 0.0))}
        convert(deal.get("spoken") or {}, amounts, trusted)
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
        read = trusted.get(figures[0].at)
        if figures[0].kind in kinds and (read is None or read.role not in _NO_ANSWER):  # a bare answer to what was asked
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
        name_as_before(figures, deal, supposing=bool(said(tokens, "supposing")))
    if not correcting:
        name_apart(figures)
    generic = [c for c in deal.get("costs") or () if is_generic(c["label"])] if replaces(tokens) else []
    for figure in figures:
        if figure.role == "cost" and len(generic) == 1 and is_generic(figure.label or "-"):
            deal["costs"] = [c for c in deal["costs"] if c not in generic]
            alike = 1 / _SAME_SIZE < figure.value / float(generic[0]["amount"] or 1) < _SAME_SIZE / 2
            figure.period = generic[0]["period"] if alike else figure.period or generic[0]["period"]
        enter(deal, figure)
    if not base and _tells_the_total(tokens, amounts, deal, trusted):
        deal["base"] = "invested"  # "¿neta sobre los 115.000?"
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
    if _REPAID & set(deal["asked"]) and deal.get("savings") and deal.get("price") and not deal.keys() & _PAID_DOWN:
        deal["own"], deal["savings"] = deal["savings"], None  # "tengo 190.000 guardados y lo que falta lo pediría prestado"
    deal |= countable(tokens)
    if (deal.get("rent") or {}).get("each") and not deal.get("rooms"):
        of_each = next((a for a in amounts if a.first in {f.at for f in figures if f.each}), None)
        deal["rooms"] = rooms_near(tokens, of_each) if of_each else None
    deal["month_days"] = days_of_month(tokens) or deal.get("month_days")
    fill_nights(deal)
    if deal.get("rooms") and (deal.get("rent") or {}).get("each"):
        deal["let"] = deal.get("taken") or max(1, deal["rooms"] - deal.get("empty", 0))
    _horizon(deal, tokens, figures)
    if area is not None:
        deal["area_m2"] = area
    before = list(known.get("asked") or ()) if follow_up or len(tokens) <= _SHORT else []
    unanswered = known.get("asked") and not known.get("turn") and not any(feasible(m, known) for m in known["asked"])
    if unanswered and not hits and "?" not in text:
        before = list(known["asked"])  # "necesito la TIR" and then its figures
    new = {ENTRIES.get(f.role, f.role) for f in figures if f.role} | ({"vacancy_pct"} if empty else set())
    new |= ({"cost"} if fewer else set()) | ({"fx"} if exchange else set())
    settle_question(deal, tokens, hits, wanted, rare, list(known.get("asked") or ()), before, new)
    return {k: v for k, v in deal.items() if v not in (None, [], {})}, figures


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


def _tells_the_total(
    tokens: Sequence[Token], amounts: Sequence[Amount], deal: Mapping[str, Any], meanings: Mapping[int, Meaning]
) -> bool:
    """Whether a figure of the message is what the property cost with all that was paid on top."""
    prices = [float(deal[name]) for name in ("price", "value") if deal.get(name)]
    extras = [float(c["amount"]) for c in deal.get("upfront") or () if not c.get("of")]
    told = [a for a in amounts if a.kind in ("money", "other") and a.value not in (*prices, *extras)]
    read = {at: m.role for at, m in meanings.items()}
    free = [a for a in told if read.get(a.first, NOTHING) == NOTHING and told_as_total(tokens, a)]
    return any(sums_up(a.value, prices, extras) for a in free)


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
        sized = [(away(known[k], figure.value * s) - (0.6 if k in told else 0.0), k, s) for k, s in choices]
        near = [c for c in sized if c[0] <= math.log(_SAME_SIZE)]
        if not near:
            continue
        _, key, size = min(near)
        figure.role = next((role for role, name in ENTRIES.items() if name == key), "again")
        if key == "rent":
            deal["rent"] = {**known["rent"], "amount": figure.value * size}
        else:
            deal[key] = figure.value * size


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
