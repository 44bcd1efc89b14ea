"""Exchange rates that a message states, in either direction, and the currency that it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.vocabulary import outside_currencies, words
from knowledge.understanding.tokens import Token

_PESOS, _PER, _IS, _NAMES = words("pesos"), words("per_unit"), words("is_worth"), words("rate_of_exchange")
_ASKING = words("asks_currency")
#: No rate between the currencies people name is above this.
_HIGHEST = 20_000
#: Below this, pesos to a dollar or a euro are Mexican.
_MEXICAN = 100
#: Only pesos are so many to a pound or a franc.
_HIGHEST_BETWEEN_OTHERS = 10
_LOWEST = 0.05
_REACH = 6
#: Two rates of the same currencies that one message tells are no further apart (times).
_RATES_APART = 1.7
#: What one unit can be worth in pesos: (Mexican, Colombian), least and most.
_IN_PESOS = {"USD": ((10, 30), (2_500, 7_000)), "EUR": ((12, 35), (2_800, 8_000)), "GBP": ((15, 40), (3_500, 9_000))}
_HOW_MUCH = words("how_much")
_AT = words("at_rate")


@dataclass(frozen=True, slots=True)
class Exchange:
    """So much of `quote` for one of `base`; `first` is the figure's first token. PESO: pesos whose country is open."""

    value: float
    quote: str
    base: str
    first: int


def currency_at(tokens: Sequence[Token], at: int) -> str | None:
    """The currency that the word at `at` names; PESO where its country is open."""
    if not 0 <= at < len(tokens):
        return None
    word = tokens[at].text
    if word in _PESOS:
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        return lexicon().currency.get(f"{word} {after}") or "PESO"
    return lexicon().currency.get(word) or outside_currencies().get(word)


def stated_exchange(tokens: Sequence[Token], amounts: Sequence[Amount]) -> Exchange | None:
    """The rate of the message: "20.15 pesos per euro", "con el dólar a 4.120", "tipo de cambio 18.2"."""
    for amount in amounts:
        if amount.kind not in ("money", "other") or amount.scaled or not 0 < amount.value <= _HIGHEST:
            continue
        if found := _per_unit(tokens, amount) or _worth(tokens, amount) or _named(tokens, amount, amounts):
            return found
    return _bare(tokens, amounts)


def of_exchange(amounts: Sequence[Amount], exchange: Exchange) -> set[int]:
    """First tokens of a rate and of the one unit that it is of ("1 euro = 1.09 dollars")."""
    ones = (a.first for a in amounts if a.value == 1 and abs(a.first - exchange.first) <= _REACH)
    return {exchange.first, *ones}


def _unit(tokens: Sequence[Token], at: int) -> str | None:
    """The currency one unit of which follows: "per euro", "por cada dólar", "to the pound"."""
    if at >= len(tokens) or tokens[at].text not in _PER or tokens[at].opens:
        return None
    while at < len(tokens) and (tokens[at].text in _PER or tokens[at].raw == "1"):
        at += 1
    return currency_at(tokens, at)


def _per_unit(tokens: Sequence[Token], amount: Amount) -> Exchange | None:
    after = amount.last + 1
    quote = amount.currency or currency_at(tokens, amount.last)
    if (own := currency_at(tokens, after)) is not None:
        quote, after = own, after + 1
        if after < len(tokens) and tokens[after].text in ("colombianos", "mexicanos"):
            after += 1
    base = _unit(tokens, after)
    return _exchange(amount, None if quote == base else quote, base)  # "180.000 euros a 4.350 por euro"


def _worth(tokens: Sequence[Token], amount: Amount) -> Exchange | None:
    """ "el euro lo voy a tomar a 20.15", "1 pound is 1.17 euros": the unit stands before."""
    at = amount.first - 1
    while at >= max(0, amount.first - _REACH) and tokens[at].text in _IS and not tokens[at + 1].opens:
        at -= 1
    equals = tokens[amount.first].gap.strip() == "="
    if at < 0 or (at == amount.first - 1 and not equals) or tokens[at].text.endswith("s"):
        return None
    base = currency_at(tokens, at)
    quote = amount.currency or currency_at(tokens, amount.last) or currency_at(tokens, amount.last + 1)
    return _exchange(amount, quote if quote != base else None, base)


def _named(tokens: Sequence[Token], amount: Amount, amounts: Sequence[Amount]) -> Exchange | None:
    """ "tipo de cambio de 4.100", "TRM a 4.050": the unit is the foreign currency spoken of."""
    before = {t.text for t in tokens[max(0, amount.first - _REACH) : amount.first]}
    if not before & _NAMES:
        return None
    spoken = [a.currency for a in amounts if a is not amount and a.currency] + [
        c for at in range(len(tokens)) if (c := currency_at(tokens, at))
    ]
    usual = any(least <= amount.value <= most for least, most in _IN_PESOS["USD"])  # "el tipo de cambio ponlo a 18.35"
    base = next((c for c in spoken if c not in ("PESO", "COP", "MXN")), "USD" if usual else None)
    return _exchange(amount, amount.currency, base)


def _bare(tokens: Sequence[Token], amounts: Sequence[Amount]) -> Exchange | None:
    """ "at 18.9 how many pesos is 410,000 dollars": a bare figure after "a" or "at" that can be the rate of the two currencies
    named, one of them pesos."""
    named = [c for at in range(len(tokens)) if (c := currency_at(tokens, at))] + [a.currency for a in amounts if a.currency]
    base = next((c for c in named if c in _IN_PESOS), None)
    if base is None or not any(c in ("PESO", "COP", "MXN") for c in named) or not any(t.text in _ASKING for t in tokens):
        return None
    for amount in amounts:
        opened = amount.first and tokens[amount.first - 1].text in _AT and not tokens[amount.first].opens
        own = amount.currency in (None, "COP", "MXN")  # "los cambiamos a 4.080 pesos cada uno"
        if not opened or amount.scaled or not own or amount.kind not in ("money", "other"):
            continue
        if any(least <= amount.value <= most for least, most in _IN_PESOS[base]):
            return _exchange(amount, None, base)
    return None


def _exchange(amount: Amount, quote: str | None, base: str | None) -> Exchange | None:
    if base is None or base == quote or base == "PESO":
        return None
    if quote not in (None, "PESO", "COP", "MXN") and 1e3 * _LOWEST <= amount.value < 1e3 * _HIGHEST_BETWEEN_OTHERS:
        return Exchange(amount.value / 1e3, quote, base, amount.first)  # "one euro is 1.085 dollars"
    if quote in (None, "PESO"):
        if base not in ("USD", "EUR") and quote is None and amount.value < _HIGHEST_BETWEEN_OTHERS:
            return None
        quote = "MXN" if amount.value < _MEXICAN else "COP" if amount.value > 500 else None
    return Exchange(amount.value, quote, base, amount.first) if quote and quote != base else None


def other_rate(amounts: Sequence[Amount], exchange: Exchange) -> Amount | None:
    """ "slides from 3,900 to 4,500 per dollar", "at 3,950, and back at 4,300": a second rate of the same two currencies."""
    for amount in amounts:
        alike = exchange.value / _RATES_APART <= amount.value <= exchange.value * _RATES_APART
        plain = amount.kind in ("money", "other") and not amount.scaled and amount.currency in (None, exchange.quote)
        if amount.first != exchange.first and alike and plain:
            return amount
    return None


def asks_amount(tokens: Sequence[Token]) -> bool:
    """Whether the message asks for an amount in a currency: "¿cuánto es en pesos?", "how many dollars is that?"."""
    asking = [at for at, t in enumerate(tokens) if t.text in _HOW_MUCH]
    return any(currency_at(tokens, at) and any(0 < at - a <= _REACH for a in asking) for at in range(len(tokens)))


def asked_currency(tokens: Sequence[Token], fx: Mapping[str, object] | None) -> str | None:
    """The currency that the question asks for: "¿cuántos euros son?", "how much is that in dollars?"."""
    if not fx:
        return None
    counted = [at for at in range(1, len(tokens)) if tokens[at - 1].text in _HOW_MUCH and currency_at(tokens, at)]
    for at in counted or range(len(tokens) - 1, -1, -1):  # "how many pesos is 1,300 euros, at 4,620 to the euro"
        named = currency_at(tokens, at)
        before = {t.text for t in tokens[max(0, at - 2) : at]}
        if named is None or not before & _ASKING or (tokens[at - 1].kind == "num"):
            continue
        named = next((str(c) for c in (fx["quote"], fx["base"]) if c in ("COP", "MXN")), named) if named == "PESO" else named
        if named in (fx["quote"], fx["base"]):
            return named
    return None
