"""A value today carried along an index forecast. Arithmetic only: runs on stored forecasts.

Both errors are taken as independent (the valuation errs about the dwelling, the forecast about the market) and about
lognormal, so their distances in logs add in quadrature, at the level of the intervals, below and above apart: either may lean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Projection:
    """`value` in the currency of the value today, and its 80 % interval."""

    value: float
    low_80: float
    high_80: float


def project(
    value: float, low_80: float, high_80: float, *, index_now: float, index_then: float, index_low_80: float,
    index_high_80: float,
) -> Projection:
    """`value` with its 80 % interval times `index_then / index_now`, whose 80 % interval is given in index points.

    A value that is certain (a price paid) has `low_80 == high_80 == value`. Raises `BadInput` unless all are positive
    and each lies within its interval.
    """
    figures = (value, low_80, high_80, index_now, index_then, index_low_80, index_high_80)
    if not all(math.isfinite(x) and x > 0 for x in figures) or not (
        low_80 <= value <= high_80 and index_low_80 <= index_then <= index_high_80
    ):
        raise BadInput(
            f"A projection needs positive figures inside their intervals, got {figures}.",
            f"Una proyección necesita cifras positivas dentro de sus intervalos; llegaron {figures}.",
        )
    change = index_then / index_now
    low, high = together(value, low_80, high_80, index_low_80 / index_then, index_high_80 / index_then)
    return Projection(value * change, low * change, high * change)


def together(value: float, low: float, high: float, factor_low: float, factor_high: float) -> tuple[float, float]:
    """The bounds of a value whose own bounds are `low` and `high`, multiplied by an independent factor around 1.

    All bounds hold at the same level. Distances in logs add in quadrature, which is exact for lognormal errors.
    """
    below = math.hypot(math.log(value / low), math.log(factor_low))
    above = math.hypot(math.log(high / value), math.log(factor_high))
    return value * math.exp(-below), value * math.exp(above)
