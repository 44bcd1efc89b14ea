"""A figure that is the sum of a price and of what is paid on top of it: "165 más 17,5 de gastos, 182,5 en total"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from knowledge.understanding.amounts import Amount
from knowledge.understanding.rules.vocabulary import said
from knowledge.understanding.tokens import Token, since_break, to_break

#: Bare figures may stand in thousands or millions; a total is that of its parts up to so much.
_SIZES, _ROUNDED = (1.0, 1e3, 1e6), 1e-3
#: How far (in tokens) from its figure it is called a total, or a price.
_NEAR, _NAMED, _PRICED = 6, 3, frozenset({"precio", "price", "tasacion", "hipoteca", "loan"})
#: Smaller figures may leave their size out.
_BARE = 1_000.0


def sums_up(value: float, prices: Sequence[float], extras: Sequence[float]) -> bool:
    """Whether `value` is one of the prices and all of `extras` (works, costs of the purchase) together; bare figures in any
    size that makes an extra smaller than the price."""
    if not extras:
        return False
    for price, of_value, of_extras in product(prices, _sizes(value), _sizes(max(extras))):
        on_top = sum(e * (of_extras if e < _BARE else 1.0) for e in extras)
        if 0 < on_top <= 2 * price and abs(value * of_value - price - on_top) <= _ROUNDED * price:
            return True
    return False


def told_as_total(tokens: Sequence[Token], amount: Amount) -> bool:
    """Whether a figure is said to be a total, or what something is reckoned on: "en total 182.500", "sobre los 115.000"."""
    before = since_break(tokens[max(0, amount.first - _NEAR) : amount.first + 1], commas=False)[:-1]
    behind = to_break(tokens[amount.last + 1 : amount.last + 1 + _NEAR], commas=False)
    named = {t.text for t in before[-_NAMED:]} & _PRICED
    return bool(said(before, "reckoned_on_total") or said(behind, "in_all")) and not named


def _sizes(value: float) -> Sequence[float]:
    return _SIZES if value < _BARE else _SIZES[:1]
