"""Amounts of a return in another currency: the rate told or told anew, whose pesos are meant, and what is to be converted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.deal.sizes import away
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.rules.asked import ASKED
from knowledge.understanding.rules.exchange import Exchange, asked_currency, currency_at
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token

#: A rate of exchange that takes the place of another is no more than so many times it.
_SAME_RATE = 1.6
_RATES = words("rate_of_exchange") | {"rate", "tasa", "tipo"}
_YEARS, _PESOS = words("years"), words("pesos")
_INCOME, _LEAVES = frozenset({"rent", "netrent"}), words("leaves")


def another_rate(
    tokens: Sequence[Token], amounts: Sequence[Amount], before: Mapping[str, Any] | None, meanings: Mapping[int, Meaning]
) -> Exchange | None:
    """The same two currencies at the only figure of the message: "and at 17.6?", "the rate's moved, call it 1.14"."""
    if not before or len(amounts) != 1 or amounts[0].first not in meanings:
        return None
    named = any(t.text in _RATES for t in tokens) and away(before["value"], amounts[0].value) <= math.log(_SAME_RATE)
    if meanings[amounts[0].first].role != "fx" and not named:
        return None
    return Exchange(amounts[0].value, before["quote"], before["base"], amounts[0].first)


def name_pesos(tokens: Sequence[Token], amounts: Sequence[Amount], pesos: str | None) -> None:
    """Pesos are those of the rate that was told."""
    for amount in amounts if pesos in ("COP", "MXN") else ():
        if amount.kind == "money" and amount.currency is None and tokens[amount.last].text in _PESOS:
            amount.currency = pesos


def speak_of(
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


def convert(spoken: Mapping[str, Any], amounts: Sequence[Amount], meanings: dict[int, Meaning]) -> None:
    """The amount to be converted is nothing else, unless its words say so."""
    for amount in amounts:
        meaning = meanings.get(amount.first)
        if meaning and amount.value == spoken.get("amount") and amount.currency and meaning.probability < ASKED:
            meanings[amount.first] = meaning.instead("convert", meaning.probability)


def _asks_a_period(tokens: Sequence[Token]) -> bool:
    """ "¿cuántos dólares al año me deja?": what comes in is meant."""
    return any(t.text in _YEARS for t in tokens) and any(t.text in _LEAVES for t in tokens)
