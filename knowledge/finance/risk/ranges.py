"""How far each input may stray, and what says so: the one source of scenarios, tornado and simulated paths.

A band is a forecast's: the middle and the ends of the 80 % interval by year, as factors of today's level. Farther than it
reaches nobody forecasts: its middle then rises with inflation, whatever the forecast's own pace, and its width grows as a
random walk's does, with the root of time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.finance import checks

Array = NDArray[np.float64]
#: What a range rests on: a forecast's interval, published or advertised figures, what was told, an assumption.
Basis = Literal["forecast", "area", "series", "told", "assumption"]
#: Half the width of an 80 % interval in standard deviations.
Z80 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Band:
    """Factors of today's level at the end of years 1..n: middle, and the ends that 80 % of the outcomes stay between."""

    middle: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    basis: Basis = "assumption"

    def __post_init__(self) -> None:
        if not self.middle or not len(self.middle) == len(self.low) == len(self.high):
            raise checks.bad("growth_pct", len(self.middle), "un valor por año en cada extremo", "one value a year at each end")
        for low, middle, high in zip(self.low, self.middle, self.high, strict=True):
            if not 0 < checks.finite("growth_pct", low) <= checks.finite("growth_pct", middle) <= checks.finite(
                    "growth_pct", high):
                raise checks.bad("growth_pct", middle, "un intervalo de positivos en orden", "an ordered interval above 0")

    @property
    def spread(self) -> Array:
        """Standard deviation of the logarithm by year, never falling: shape (n,)."""
        width = np.log(np.array(self.high) / np.array(self.low)) / (2 * Z80)
        return np.maximum.accumulate(width)

    def growth(self, end: Literal["low", "middle", "high"] = "middle") -> Array:
        """Percent a year along the middle or an end, shape (n,)."""
        level = np.array(getattr(self, end))
        return np.asarray((level / np.concatenate(([1.0], level[:-1])) - 1) * 100)

    def yearly(self, end: Literal["low", "middle", "high"] = "middle") -> float:
        """The one yearly percentage that leads to the last year's level."""
        return float((getattr(self, end)[-1] ** (1 / len(self.middle)) - 1) * 100)


@dataclass(frozen=True, slots=True)
class Range:
    """80 % of the outcomes lie from `low` to `high`."""

    low: float
    base: float
    high: float
    basis: Basis = "assumption"

    def __post_init__(self) -> None:
        if not self.low <= self.base <= self.high or not all(map(math.isfinite, (self.low, self.high))):
            raise checks.bad("amount", self.base, f"una cifra entre {self.low:g} y {self.high:g}",
                             f"a figure between {self.low:g} and {self.high:g}")

    @property
    def ratio_spread(self) -> float:
        """Standard deviation of the logarithm, where the range is of positive figures."""
        return math.log(self.high / self.low) / (2 * Z80)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """The ranges of one deal. `value` and `rent` grow as their bands say; `rent_level`: the first year's rent; `vacancy`:
    percent; `costs`: a factor of the running costs; `rate`: points on the loan's rate, each year where `rate_moves` (a variable
    loan), once where it is still to be signed; `fx_spread`: yearly standard deviation of the logarithm of the exchange rate, 0
    where the currencies are one."""

    value: Band
    rent: Band
    rent_level: Range
    vacancy: Range
    costs: Range = Range(0.9, 1.0, 1.1)
    rate: Range = Range(-1.0, 0.0, 1.0)
    rate_moves: bool = False
    fx_spread: float = 0.0


def band_of(
    steps: Sequence[tuple[float, float, float]], years: int, later_pct: float = 0.0, basis: Basis = "forecast"
) -> Band:
    """A band of `years` from a forecast's (middle, low, high) at the ends of its first years; in those after, the middle rises
    by `later_pct` a year."""
    rows = [tuple(float(x) for x in step) for step in steps[:years]]
    if not rows:
        raise checks.bad("growth_pct", "[]", "al menos un año", "at least one year")
    last, known = rows[-1], len(rows)
    for year in range(known + 1, years + 1):
        middle = last[0] * (1 + later_pct / 100) ** (year - known)
        wider = math.sqrt(year / known)
        rows.append((middle, middle * (last[1] / last[0]) ** wider, middle * (last[2] / last[0]) ** wider))
    middles, lows, highs = zip(*rows, strict=True)
    return Band(middles, lows, highs, basis)


def band_around(growth_pct: float, spread_pct: float, years: int, basis: Basis = "assumption") -> Band:
    """A band around one yearly growth: 80 % lie within `spread_pct` percent after one year, the root of n as much after n."""
    step = 1 + checks.percent("growth_pct", growth_pct, -50, 100) / 100
    width = math.log1p(checks.percent("growth_pct", spread_pct, 0, 50) / 100)
    rows = [(step**n, step**n * math.exp(-width * math.sqrt(n)), step**n * math.exp(width * math.sqrt(n)))
            for n in range(1, years + 1)]
    middles, lows, highs = zip(*rows, strict=True)
    return Band(middles, lows, highs, basis)


def recentred(band: Band, growth_pct: float) -> Band:
    """The same width around the growth that the investor reckons with."""
    told = [(1 + growth_pct / 100) ** n for n in range(1, len(band.middle) + 1)]
    scale = [own / middle for own, middle in zip(told, band.middle, strict=True)]
    return Band(tuple(told), tuple(x * s for x, s in zip(band.low, scale, strict=True)),
                tuple(x * s for x, s in zip(band.high, scale, strict=True)), band.basis)


def widened(band: Band, spread_pct: float) -> Band:
    """The same with what one property may differ from its market by: 80 % within `spread_pct` percent, in every year alike."""
    own = math.log1p(checks.percent("growth_pct", spread_pct, 0, 50) / 100)
    rows = [(m, m * math.exp(-math.hypot(math.log(m / low), own)), m * math.exp(math.hypot(math.log(high / m), own)))
            for m, low, high in zip(band.middle, band.low, band.high, strict=True)]
    middles, lows, highs = zip(*rows, strict=True)
    return Band(middles, lows, highs, band.basis)


def empty_spells(vacancy_pct: float, basis: Basis = "assumption") -> Range:
    """The 80 % range of a year's vacancy when empty spells have exponential lengths around their mean."""
    mean = checks.percent("vacancy_pct", vacancy_pct, 0, 99)
    return Range(mean * -math.log(0.9), mean, min(100.0, mean * math.log(10)), basis)
