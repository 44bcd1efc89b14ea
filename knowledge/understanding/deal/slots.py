"""Where the reading of a return meets the rest of the understanding: it corrects the roles that slots are filled from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.locale import CURRENCY_OF
from knowledge.understanding.amounts import Amount
from knowledge.understanding.deal.state import read_deal
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.intent import Intent
from knowledge.understanding.rules.asked import ASKED, feasible
from knowledge.understanding.rules.exchange import of_exchange, stated_exchange
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.figures import refused
from knowledge.understanding.rules.income import share_of_income
from knowledge.understanding.rules.vocabulary import said
from knowledge.understanding.tokens import Token, to_break

#: Role in a return -> role that slots and request know it by.
_ROLES = {
    "price": "price",
    "value": "price",
    "own": "down_payment",
    "loan": "loan_amount",
    "debt": "debt",
    "instalment": "instalment",
    "sale": "sale",
    "cost": "cost",
    "once": "purchase_costs",
    "affordable": "payment",
    "financed": "financed_pct",
    "down": "down_payment_pct",
    "rate": "rate_pct",
    "vacancy": "vacancy_pct",
    "growth": "growth_pct",
    "rent_growth": "rent_growth_pct",
    "rent_cost": "cost_pct",
    "term": "term_years",
    "hold": "horizon_years",
    "target": "target_yield_pct",
    "vacancy_months": "vacancy",
    "night": "nightly",
    "part": "part",
}
#: Slot -> what it is called in a return.
_SLOTS = {
    "price": "price", "rate_pct": "rate_pct", "term_years": "term_years", "down_payment_pct": "down_pct", "loan_amount": "loan",
}
#: From this strength on the words around a figure have named it.
_NAMED = 1.2
#: Measures that no rent counts for: a message that brings one goes on to another.
_WITHOUT_RENT = frozenset(
    {"monthly_payment", "total_interest", "down_payment", "loan_to_value", "affordable_loan", "loan_amount"}
)
#: What is told of a square metre, and how far (in tokens) behind its figure that stands.
_OF_A_METRE, _METRE_AWAY = frozenset({"price", "rent"}), 4
#: Figures that another reading has already placed.
_ELSEWHERE = frozenset({"rate_moves", "fx_rate", "lost", "price_per_m2", "fx_pct"})
#: Other readings of the figures that are tried where what is asked lacks one.
_TRIED = 8
#: From this probability on the trained reader tells the price of a property from that of a square metre.
_SURE = 0.9
_YEAR, _NEAR = frozenset({"ano", "year"}), 10
#: Measures of the request that this reading knows nothing of.
_FOREIGN = frozenset({"acquisition_costs", "fx", "short_rent", "equity_at_horizon", "with_loan", "other_term"})


def deal_of(
    text: str,
    tokens: list[Token],
    plain: list[Amount],
    amounts: list[Amount],
    known: Mapping[str, Any],
    meant: Intent,
    open_question: str | None,
    meanings: Mapping[int, Meaning],
    wanted: Mapping[str, float],
    *,
    follow_up: bool,
    correcting: bool,
) -> dict[str, Any]:
    """What is known of a return after this message. `plain` are its figures as they were found; what is read in them
    gives `amounts` their roles where the message is about a return; `turn` are the measures to answer with now."""
    before = (known.get("_request") or {}).get("deal") or {}
    area = next((a.value for a in plain if a.kind == "area"), None)
    _name_pesos(tokens, amounts)
    exchange = stated_exchange(tokens, plain)
    rate = of_exchange(plain, exchange) if exchange else set()
    earned = share_of_income(tokens, plain)
    for amount in amounts:
        meaning, after = meanings.get(amount.first), tokens[amount.last + 1 : amount.last + 2]
        apart = any(t.comma or t.opens for t in after)
        if amount.role == "price_per_m2" and apart and meaning and meaning.role == "price" and meaning.probability >= _SURE:
            amount.role = "price"  # "1.200 metros a 310 millones, el metro a cómo sale?"
        if earned and amount.first in earned.first:
            amount.role = "income"
        if refused(tokens, amount):
            amount.role = "past"  # "el IBI son 930, no 390"
        if amount.first in rate:
            amount.role = "fx_rate"  # and the one unit of "one euro is 1.085 dollars"
    size = float(area or before.get("area_m2") or 0.0)
    by_size = _by_size(tokens, amounts, meanings, wanted) if size else set()
    plain = [replace(a, value=a.value * size, scaled=True) if a.first in by_size else a for a in plain]
    placed = {a.first for a in amounts if a.role in _ELSEWHERE} - rate - by_size
    trusted = {at: m for at, m in meanings.items() if at not in placed}

    def read(chosen: Mapping[int, Meaning]) -> tuple[dict[str, Any], list[Figure]]:
        return read_deal(
            tokens,
            text,
            [a for a in plain if a.first not in placed],
            before,
            follow_up=follow_up,
            correcting=correcting,
            area=area,
            exchange=exchange,
            earned=earned,
            awaited=open_question,
            meanings=chosen,
            wanted=wanted,
            currency=next((a.currency for a in amounts if a.currency), None) or known.get("currency")
            or CURRENCY_OF.get(str(known.get("country"))),
        )

    deal, figures = read(trusted)
    if not deal.get("turn") and any(p >= ASKED for p in wanted.values()):
        for other in _otherwise(trusted):
            again, read_again = read(other)
            if again.get("turn"):
                deal, figures = again, read_again
                break
    if before.get("fx") and before["fx"] != deal.get("fx"):
        new_rate = {a.first for a in plain if a.value == (deal.get("fx") or {}).get("value")}
        for amount in amounts:
            amount.role = "fx_rate" if amount.first in new_rate else amount.role
    _as_found(tokens, amounts, figures, deal, meant)
    for amount in amounts:
        if amount.role == "price" and any(f.at == amount.first and f.role == "rent" and f.period == "month" for f in figures):
            amount.role = "monthly_rent"  # "rento mi depa de Santa Fe en 28 mil"
    if "roi" in meant.routes:
        _give_roles(amounts, figures)
    _whole_rent(amounts, figures, deal)
    foreign = _FOREIGN & set(meant.wishes.get("measures", ()))
    let = any(figure.role == "rent" for figure in figures) and set(deal.get("asked") or ()) <= _WITHOUT_RENT
    told = any(figure.role for figure in figures) or deal.get("asked") != before.get("asked")
    if deal and told and not deal.get("turn") and not foreign and not let:
        deal["turn"] = [m for m in deal.get("asked") or () if feasible(m, deal)]
    return deal


def _by_size(
    tokens: Sequence[Token], amounts: Sequence[Amount], meanings: Mapping[int, Meaning], wanted: Mapping[str, float]
) -> set[int]:
    """ "la compro a 62 mil el metro y la rento en 340 pesos el metro": prices and rents that are told of a square metre, by
    first token; where the square metre is what is asked, they are none."""
    if wanted and max(wanted, key=lambda name: wanted[name]) == "price_per_m2":
        return set()
    found = set()
    for amount in amounts:
        meaning, after = meanings.get(amount.first), tokens[amount.last + 1 : amount.last + 1 + _METRE_AWAY]
        if meaning and meaning.role in _OF_A_METRE and amount.kind in ("money", "other") and said(to_break(after), "per_metre"):
            found.add(amount.first)
    return found


def told_slots(deal: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the return, as slots: for those that no message filled itself ("la señora paga 980")."""
    found: dict[str, Any] = {slot: deal[name] for slot, name in _SLOTS.items() if deal.get(name) is not None}
    income = deal.get("rent") or {}
    if income.get("period") == "month" and not income.get("net"):
        found["monthly_rent"] = income["amount"] * (deal.get("let", 1) if income.get("each") else 1)
    if deal.get("financed_pct") is not None:
        found["down_payment_pct"] = 100 - deal["financed_pct"]
    return {slot: int(value) if value == int(value) else value for slot, value in found.items()}


def _otherwise(meanings: Mapping[int, Meaning]) -> list[dict[int, Meaning]]:
    """The meanings with one figure read as what else it could be, the likeliest first: tried where what is surely asked lacks a
    figure."""
    flips = sorted(((p / m.probability, at, label, p) for at, m in meanings.items() for label, p in m.others), reverse=True)
    return [{**meanings, at: meanings[at].instead(label, p)} for _, at, label, p in flips[:_TRIED]]


def _name_pesos(tokens: list[Token], amounts: list[Amount]) -> None:
    """Which pesos an exchange rate is of: some 17 to the dollar are Mexican, some 4,000 Colombian."""
    rate = next((a.value for a in amounts if a.role == "fx_rate"), None)
    if rate is None or not any(a.currency in ("USD", "EUR") for a in amounts):
        return
    for amount in amounts:
        if (
            amount.kind == "money"
            and amount.currency is None
            and amount.role != "fx_rate"
            and tokens[amount.last].text == "pesos"
        ):
            amount.currency = "MXN" if rate < 100 else "COP"


def _as_found(
    tokens: list[Token], amounts: list[Amount], figures: list[Figure], deal: dict[str, Any], meant: Intent
) -> None:
    """Where the payment is asked, the only amount is the loan ("¿qué hipoteca mensual por 134.000?"); a rent that is the year's
    by the words after it ("y el resto del año nada") stays so."""
    roles = {amount.first: amount.role for amount in amounts}
    money = [figure for figure in figures if figure.kind == "money"]
    for figure in money:
        found = roles.get(figure.at)
        alone = len(money) == 1 and not deal.keys() & {"loan", "price", "debt"}
        asked = "monthly_payment" in meant.wishes.get("measures", ()) and "affordable_loan" not in deal.get("asked", ())
        if figure.role == "instalment" and found == "loan_amount" and alone and asked:
            figure.role = "loan"
            deal["loan"] = deal.pop("instalment", figure.value)
            deal["asked"] = list(dict.fromkeys([*deal.get("asked", ()), "monthly_payment"]))
            deal["turn"] = [m for m in deal["asked"] if feasible(m, deal)]
        yearly = any(t.text in _YEAR for t in tokens[figure.at : figure.at + _NEAR])
        if figure.role == "rent" and found == "annual_rent" and yearly:
            figure.period = "year"
            if isinstance(deal.get("rent"), dict) and deal["rent"].get("amount") == figure.value:
                deal["rent"] = {**deal["rent"], "period": "year"}


def _whole_rent(amounts: list[Amount], figures: list[Figure], deal: Mapping[str, Any]) -> None:
    """The rent of each room or unit, where their number is known, is that of the whole property; so are those of all rooms."""
    each = {f.at for f in figures if f.role == "rent" and f.each}
    whole = {f.at: f.value for f in figures if f.role == "rent" and not f.each and f.period == "month"}
    for amount in amounts:
        if amount.role == "monthly_rent" and len(whole) == 1 and whole.get(amount.first, amount.value) > amount.value:
            amount.value = whole[amount.first]
        if amount.first in each and amount.role == "monthly_rent" and deal.get("let"):
            amount.value *= deal["let"]


def _give_roles(amounts: list[Amount], figures: list[Figure]) -> None:
    by_token = {figure.at: figure for figure in figures}
    for amount in amounts:
        figure = by_token.get(amount.first)
        if (
            figure is None
            or not figure.role
            or amount.role == "cash_flow"
            or (figure.strength < _NAMED and amount.role is not None)
        ):
            continue
        role = _ROLES.get(figure.role)
        if figure.role in ("rent", "each"):
            role = "annual_rent" if figure.period == "year" else "monthly_rent"
        if figure.role == "each" and figure.years:
            role = "flow"  # of one year: no rent
        if role is None:
            continue
        amount.role = role
        if amount.kind in ("other", "money") and figure.kind != "years":
            amount.kind, amount.value = ("percent" if figure.kind == "percent" else "money"), figure.value
