"""Is an asking price too high? The price against the distribution of what such a property asks.

The distribution is the calibrated one: its 68, 80 and 90 % points come from the valuation, between them the normal
score is interpolated in log distance, so that tails heavier than the normal's stay heavy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, Protocol

from core.errors import BadInput

Verdict = Literal["under", "fair", "over"]

#: A price within this share of the true market level is neither over nor under: two adverts of one dwelling differ by
#: 4.7 % (median, idealista18).
TOLERANCE = 0.05


class Interval(Protocol):
    @property
    def value(self) -> float: ...
    @property
    def low_80(self) -> float: ...
    @property
    def high_80(self) -> float: ...
    @property
    def low_90(self) -> float: ...
    @property
    def high_90(self) -> float: ...
    @property
    def fsd(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Fairness:
    """`verdict`: over or under outside the 80 % interval, else fair. `percentile`: percent of such properties that ask less.
    The three probabilities (sum 1) are about the price that the market gives this very property: more than 5 % below the
    asking price (`over`), above it (`under`), else `fair`."""

    verdict: Verdict
    percentile: float
    over: float
    fair: float
    under: float


def judge(asking_price: float, valuation: Interval) -> Fairness:
    """Both in the same currency. Raises `BadInput` if the price is not positive or the valuation has no value."""
    if not (math.isfinite(asking_price) and asking_price > 0):
        raise BadInput(
            f"The asking price {asking_price!r} must be a positive amount.",
            f"El precio pedido {asking_price!r} debe ser una cantidad positiva.",
        )
    if not (math.isfinite(valuation.value) and valuation.value > 0):
        raise BadInput(
            "The property has no value to compare the price with; give its city and floor area.",
            "El inmueble no tiene valor con que comparar el precio; indique su ciudad y sus metros cuadrados.",
        )
    below = _share_below(asking_price, valuation)
    over = _share_below(asking_price / (1 + TOLERANCE), valuation)
    under = 1 - _share_below(asking_price * (1 + TOLERANCE), valuation)
    verdict: Verdict = "over" if below > 0.9 else "under" if below < 0.1 else "fair"
    return Fairness(verdict, round(100 * below, 1), round(over, 4), round(1 - over - under, 4), round(under, 4))


def _share_below(price: float, valuation: Interval) -> float:
    normal = NormalDist()
    ends = (valuation.low_80, valuation.low_90) if price < valuation.value else (valuation.high_80, valuation.high_90)
    outer = [abs(math.log(end / valuation.value)) for end in ends]
    other = abs(math.log((valuation.high_80 if price < valuation.value else valuation.low_80) / valuation.value))
    # The forecast standard deviation is the mean of both sides: each has its share of it.
    distances = [0.0, math.log1p(valuation.fsd) * 2 * outer[0] / (outer[0] + other), *outer]
    scores = [0.0, *(normal.inv_cdf(0.5 + level / 2) for level in (0.68, 0.80, 0.90))]
    distance = abs(math.log(price / valuation.value))
    last = 1
    while last < 3 and distance > distances[last]:
        last += 1
    slope = (scores[last] - scores[last - 1]) / max(distances[last] - distances[last - 1], 1e-9)
    score = scores[last - 1] + slope * (distance - distances[last - 1])
    return normal.cdf(math.copysign(score, price - valuation.value))
