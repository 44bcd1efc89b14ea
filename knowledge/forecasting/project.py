"""A value today carried along an index forecast. Arithmetic only: runs on stored forecasts.

Both errors are taken as lognormal and independent, so their variances add in logs (the valuation errs about the
dwelling, the forecast about the market).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from core.errors import BadInput

Z80 = NormalDist().inv_cdf(0.90)


@dataclass(frozen=True, slots=True)
class Projection:
    """`value` in the currency of the value today, its 80 % interval, `change_pct` the index's growth to then."""

    value: float
    low_80: float
    high_80: float
    change_pct: float


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
    spread = math.hypot(_sigma(low_80, high_80), _sigma(index_low_80, index_high_80)) * Z80
    middle = value * change
    return Projection(middle, middle * math.exp(-spread), middle * math.exp(spread), 100 * (change - 1))


def _sigma(low_80: float, high_80: float) -> float:
    """Standard deviation of the log from an 80 % interval."""
    return math.log(high_80 / low_80) / (2 * Z80)
