"""Settles what the words around a figure leave open, from its size, its company and what is asked.

The largest unnamed amount is the price, a percentage beside a loan its rate; an instalment of a twentieth of the price is
the loan itself, and an income as large as the outlay is the sale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.rules.figure import Figure

#: Entries with one figure, by the role that fills them.
ENTRIES = {
    "price": "price",
    "value": "value",
    "loan": "loan",
    "debt": "debt",
    "instalment": "instalment",
    "sale": "sale",
    "own": "own",
    "affordable": "affordable",
    "savings": "savings",
    "nights": "nights",
    "night": "nightly",
    "financed": "financed_pct",
    "down": "down_pct",
    "rate": "rate_pct",
    "vacancy": "vacancy_pct",
    "growth": "growth_pct",
    "rent_growth": "rent_growth_pct",
    "selling": "selling_pct",
    "sale_cost": "selling_costs",
    "discount": "discount_pct",
    "term": "term_years",
    "hold": "hold_years",
    "reach": "reach_pct",
    "cut": "cut_pct",
    "new_rate": "new_rate",
}
#: Measures of flows over years.
FLOWS = frozenset({"irr", "npv", "annual_growth"})
_PAID_FOR = frozenset({"pago", "pagaria", "pagaría", "pagar", "pagaré", "pay", "paying", "pago por", "cost", "costs"})
_LOAN_NAMES = frozenset({"mortgage", "loan", "hipoteca", "credito", "crédito"})


#: Measures of a loan that is being paid back.
_REPAID = frozenset({"monthly_payment", "total_interest", "interest_saved"})
_PURCHASE = frozenset({"down_payment", "cash_needed", "savings_gap", "total_outlay", "purchase_costs"})
#: A bare number after these words, or with decimals, can be the rate of a loan.
_RATE_OPENERS = frozenset({"al", "at", "del", "a", "tasa", "rate"})
_HIGHEST_BARE = 25


def settle(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """Figures that no word names: the largest is the price, a percentage of a loan its rate, its years the term."""
    _settle_dated(figures, deal)
    _settle_price(figures, deal)
    _settle_size(figures, deal)
    _settle_bare_rate(figures, deal)
    _settle_repaid(figures, deal)
    _settle_income(figures, deal)
    asked = set(deal.get("asked") or ())
    has = set(deal) | {ENTRIES.get(f.role, f.role) for f in figures}
    money = [f for f in figures if f.kind == "money"]
    repaid = asked & _REPAID
    if repaid and not has & {"loan", "financed_pct", "down_pct", "own"}:
        for figure in money:
            if figure.role == "price" and figure.label.lower() in _PAID_FOR and any(f.kind == "years" for f in figures):
                figure.role = "loan"  # "¿cuánto pagaría al mes por 150.000 a 20 años?"
    for figure in money:
        if figure.role or any(_near(figure.value, deal.get(k)) for k in ("price", "own", "loan", "value", "sale")):
            continue
        if (
            "loan" not in has
            and asked & _REPAID
            and any(f.kind == "percent" for f in figures)
        ):
            figure.role = "loan"
        elif "affordable_loan" in asked and not has & {"affordable", "instalment"}:
            figure.role = "affordable"
        elif figure.period is not None:
            figure.role = "rent" if "rent" not in has else ""
        elif (
            not has & {"price", "value"}
            and not ("own" in has and asked & FLOWS)
            and figure.value == max(f.value for f in money if not f.role)
        ):
            figure.role = "price"
        has |= {ENTRIES.get(figure.role, figure.role)} if figure.role else set()
    lending = has & {"loan", "financed_pct", "down_pct", "rate_pct"} or asked & {
        "monthly_payment",
        "total_interest",
        "interest_saved",
        "affordable_loan",
    }
    years = any(f.kind == "years" for f in figures)
    for figure in figures:
        if (
            figure.kind == "percent"
            and not figure.role
            and (lending or years)
            and figure.value <= 40
            and "rate_pct" not in has
        ):
            figure.role = "rate"
        if figure.kind == "years":
            ahead = asked & (FLOWS | {"future_value"}) and not (lending and figure.role == "term")
            moved = not lending and "price" in has and bool(has & {"value", "sale"})
            held = (figure.role == "hold" or moved) and not (lending and "term_years" not in has and "sale" not in has)
            figure.role = "hold" if ahead or held else "term" if lending or figure.role == "term" else figure.role
        if figure.role == "financed" and figure.value > 100 and "rate" not in has and "rate_pct" not in has:
            figure.role = "rate"  # nobody lends more than the whole: "crédito al 400 %"
    if "affordable_loan" in asked and not {"affordable", "instalment"} & ({f.role for f in figures} | set(deal)):
        for figure in figures:
            if figure.role == "rent" and figure.period == "month" and not has & {"price"}:
                figure.role = "affordable"  # "what loan can I get for 1,500 a month?"
    _settle_loan(figures, deal)
    _settle_purchase(figures, deal)
    _settle_sale(figures, deal)


def _settle_repaid(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """ "¿qué letra me queda con 140.000 euros a 25 años?": beside a rate and a term the only amount is the loan."""
    told = {f.role for f in figures} | set(deal)
    if not set(deal.get("asked") or ()) & _REPAID or not any(f.kind == "years" for f in figures):
        return
    if told & {"loan", "financed", "financed_pct", "down", "down_pct", "own", "price", "value", "instalment", "affordable"}:
        return
    for figure in figures:
        if figure.role in ("rent", "each", "sale") and figure.period is None and figure.kind == "money":
            figure.role, figure.net = "loan", False


def _settle_income(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """ "el canon es el 0,6 % del precio. Este está en 1.350.000, ¿cuánto ofrezco?": where the price is asked for, the only
    amount is the rent."""
    told = {f.role for f in figures}
    wished = "target" in told or deal.get("target_pct")
    money = [f for f in figures if f.kind == "money"]
    asked = set(deal.get("asked") or ()) & {"price_for_yield", "rent_for_yield"}
    if not wished or asked != {"price_for_yield"} or {"rent", "each"} & told or deal.get("rent"):
        return
    if len(money) == 1 and money[0].role in ("price", "") and not deal.get("price"):
        money[0].role, money[0].period = "rent", money[0].period or "month"


def _settle_size(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """ "debo 220 millones y vale 400": what is owed on is of the size of what is owed."""
    owed = next((f.value for f in figures if f.role in ("debt", "loan")), deal.get("debt") or deal.get("loan") or 0.0)
    for figure in figures:
        if figure.role in ("price", "value") and figure.literal and 0 < figure.value < min(1_000, owed / 100):
            figure.value *= next((s for s in (1e3, 1e6) if figure.value * s >= 0.5 * owed), 1.0)


def _settle_bare_rate(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """ "180k, 3.25 over 25 years": the small figure beside a loan and its years is the rate."""
    told = {f.role for f in figures} | set(deal)
    lent = {"loan", "financed", "financed_pct", "down", "down_pct"} & told or set(deal.get("asked") or ()) & _REPAID
    timed = "term_years" in told or any(f.kind == "years" for f in figures)
    if {"rate_pct", "rate"} & told or any(f.kind == "percent" for f in figures) or not lent or not timed:
        return
    for figure in figures:
        decimal = figure.value != int(figure.value)
        bare = figure.kind == "other" and not figure.role and figure.literal
        if bare and 0 < figure.value < _HIGHEST_BARE and (decimal or figure.opener in _RATE_OPENERS):
            figure.role, figure.kind = "rate", "percent"
            return


def _settle_purchase(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """Costs without a period are the purchase's where only its cash is asked for and nothing is let."""
    let = deal.get("rent") or any(f.role in ("rent", "each", "night") for f in figures)
    if let or not set(deal.get("asked") or ()) & _PURCHASE:
        return
    for figure in figures:
        if figure.role == "cost" and (figure.guessed or figure.period is None):
            figure.role, figure.period = "once", None
        elif figure.role == "rent_cost" or (figure.role == "" and figure.kind == "percent"):
            figure.role = "once"


def _settle_price(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """ "it has 8 units at 7,200 each and costs 8.5 million": no cost is that many rents; it is what the property costs."""
    rent = next((f for f in figures if f.role == "rent"), None)
    month = rent.value / (12 if rent.period == "year" else 1) if rent else None
    if month is None or deal.get("price") or any(f.role in ("price", "value") for f in figures):
        return
    for figure in figures:
        if figure.role == "cost" and figure.kind == "money" and figure.value > 40 * month:
            figure.role, figure.period = "price", None
            return


def _settle_dated(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """ "el primer año 6 millones, el segundo 7": a bare figure of a year is of the size of the one before it."""
    told = any(f.role in ("own", "price") for f in figures) or "own" in deal or "price" in deal
    before: Figure | None = None
    for figure in figures:
        if (
            told
            and len(figure.years) == 1
            and figure.kind in ("money", "other")
            and figure.period is None
            and not figure.role
        ):
            if figure.kind == "other" and before is not None:
                figure.value *= next((s for s in (1e6, 1e3) if before.value >= s > figure.value), 1.0)
            if figure.kind == "money" or before is not None:
                figure.role, figure.kind = "each", "money"
        before = figure if figure.role in ("rent", "each") and figure.years else before


def _settle_loan(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """Tells a loan from its instalment where the words fit both: by its size, and by rate and term."""
    asked = set(deal.get("asked") or ())
    price = next((f.value for f in figures if f.role in ("price", "value")), deal.get("price") or deal.get("value"))
    told = {f.role for f in figures} | {k for k in deal}
    dated = bool({"rate", "rate_pct"} & told) and bool({"term", "term_years"} & told)
    for figure in figures:
        if figure.role == "loan" and not dated and figure.period is None:
            small = (
                figure.value < 0.03 * price
                if price
                else bool(asked & {"break_even_rent", "cash_flow_month", "cash_on_cash"})
            )
            if small:
                figure.role = "instalment"
        elif figure.role in ("instalment", "affordable"):
            principal = (
                asked & _REPAID
                and not told & {"loan", "financed_pct", "down_pct", "down"}
                and "affordable_loan" not in asked
            )
            named = dated and figure.period is None and figure.label.lower().split(" ")[0] in _LOAN_NAMES
            if named or (price and figure.value > 0.05 * price) or (principal and dated and not price):
                figure.role = "loan"


def _settle_sale(figures: Sequence[Figure], deal: Mapping[str, Any]) -> None:
    """In flows, an income about as large as the outlay is the sale: "lo vendo y me quedan limpios 108.000"."""
    outlay = next((f.value for f in figures if f.role in ("own", "price")), deal.get("own") or deal.get("price"))
    told = "sale" in deal or any(f.role == "sale" for f in figures)
    currency = next((f.currency for f in figures if f.role in ("own", "price")), deal.get("currency"))
    for figure in figures:
        if (
            outlay
            and not told
            and figure.currency in (None, currency)
            and (figure.net or figure.role == "each")
            and (figure.period != "month" and figure.value > 0.5 * outlay)
        ):
            figure.role, told = "sale", True


def _near(value: float, held: Any) -> bool:
    return isinstance(held, (int, float)) and abs(held - value) <= 1e-6 * max(1.0, abs(held))
