"""Money from one currency to another at dated rates that the caller brings.

Three pairs are enough for the four currencies, as published: EURUSD (USD per EUR), USDMXN (MXN per USD) and USDCOP
(COP per USD). Everything else crosses through the dollar. A crossed rate is as old as its oldest leg. float64.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from core.errors import BadInput, NotFound
from knowledge.finance import checks

#: currency -> (pair, True if the pair quotes dollars per unit of it)
_PAIRS: dict[str, tuple[str, bool]] = {"EUR": ("EURUSD", True), "MXN": ("USDMXN", False), "COP": ("USDCOP", False)}


@dataclass(frozen=True, slots=True)
class Rate:
    """A published rate: `EURUSD` 1.08 means 1 EUR = 1.08 USD. `ref` names its series, `attribution` its publisher."""

    pair: str
    value: float
    on: date
    ref: str = ""
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """`amount` in `target`; `rate` is target per source; `path` the pairs used; `on` the oldest rate's date."""

    amount: float
    rate: float
    source: str
    target: str
    path: tuple[Rate, ...]
    on: date | None


def pairs_between(source: str, target: str) -> tuple[str, ...]:
    """The pairs needed to go from one currency to the other, in order; empty if they are the same."""
    for code in (source, target):
        if code != "USD" and code not in _PAIRS:
            raise BadInput(
                f"I cannot convert {code!r}: expected one of COP, EUR, MXN, USD. Give the amount in one of them.",
                f"No puedo convertir {code!r}: se espera COP, EUR, MXN o USD. Dé el importe en una de ellas.",
            )
    if source == target:
        return ()
    return tuple(_PAIRS[code][0] for code in (source, target) if code != "USD")


def convert(amount: float, source: str, target: str, rates: Iterable[Rate]) -> Conversion:
    """Converts `amount` with one rate a pair. Raises `NotFound` if a needed pair is missing, `BadInput` on nonsense."""
    checks.finite("amount", amount)
    known = {rate.pair: rate for rate in rates}
    path: list[Rate] = []
    for pair in pairs_between(source, target):
        if pair not in known:
            raise NotFound(
                f"There is no {pair} rate for that date: expected one to convert {source} to {target}. Choose a date "
                "that the exchange-rate series covers.",
                f"No hay tasa {pair} para esa fecha y hace falta para pasar de {source} a {target}. Elija una fecha "
                "que cubra la serie de tasas de cambio.",
            )
        checks.amount("rate", known[pair].value)
        path.append(known[pair])
    factor = 1.0
    if path:
        factor = _dollars_per(source, known) / _dollars_per(target, known)
    return Conversion(amount * factor, factor, source, target, tuple(path), min((r.on for r in path), default=None))


def _dollars_per(code: str, known: dict[str, Rate]) -> float:
    if code == "USD":
        return 1.0
    pair, direct = _PAIRS[code]
    return known[pair].value if direct else 1 / known[pair].value
