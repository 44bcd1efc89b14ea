"""From nominal to real: what a forecast is worth in the money of its last observation.

Inflation is known by the year, as the change between yearly means of consumer prices. Each mean is placed in the middle of its
year and prices move evenly (in logs) from middle to middle. After the last one the last year's rate is assumed to go on: over
the three countries since 2000 it missed the next one to five years by less than the mean of three, five or ten years did, but
for Spain, where they are alike. How much it missed over the last twenty years widens the interval, as an error of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.errors import BadInput
from knowledge.forecasting.project import together
from knowledge.forecasting.series import MONTHS
from knowledge.forecasting.widths import NORMAL

#: Years whose misses tell how far the assumed rate may be off, and at least needed.
_LOOKED_BACK, FEWEST = 20, 8
_NORMAL = dict(zip(("80", "95"), NORMAL, strict=True))


@dataclass(frozen=True, slots=True)
class Inflation:
    """Yearly rates in percent, of consecutive years up to `last_year`; which stored series they are, if any."""

    last_year: int
    rates: tuple[float, ...]
    series: str = ""
    name: str = ""
    attribution: str = ""

    @property
    def assumed_pct(self) -> float:
        """The rate taken for the time after the last known middle of a year."""
        return self.rates[-1]

    def log_prices(self, at: float) -> float:
        """Logarithm of consumer prices at a moment (2023.5 is the middle of 2023), over those in the middle of `last_year`.

        Before the first year the first rate is taken backwards.
        """
        ahead = at - (self.last_year + 0.5)
        if ahead >= 0:
            return ahead * math.log1p(self.rates[-1] / 100)
        total, left = 0.0, -ahead
        for rate in reversed(self.rates):
            part = min(left, 1.0)
            total -= part * math.log1p(rate / 100)
            left -= part
            if left <= 0:
                return total
        return total - left * math.log1p(self.rates[0] / 100)

    def miss(self, years: float) -> float:
        """Root mean square (in logs) of what the assumption missed over that many years, over the last twenty."""
        if years <= 0:
            return 0.0
        whole = math.floor(years)
        low, high = self._missed(whole), self._missed(whole + 1)
        return low + (years - whole) * (high - low)

    def _missed(self, years: int) -> float:
        logs = [math.log1p(rate / 100) for rate in self.rates]
        years = min(years, len(logs) - 2)
        ends = range(max(len(logs) - _LOOKED_BACK, years + 1), len(logs) + 1)
        errors = [sum(logs[end - years:end]) - years * logs[end - years - 1] for end in ends] if years else [0.0]
        return math.sqrt(sum(e * e for e in errors) / len(errors))


def inflation(points: Sequence[tuple[date, float]]) -> Inflation:
    """From yearly observations in order. Only what follows the last missing year is used. Raises `BadInput` for fewer than
    `FEWEST` years and for rates of -50 % or less."""
    years = [(day.year, float(rate)) for day, rate in points]
    start = max((i for i in range(1, len(years)) if years[i][0] != years[i - 1][0] + 1), default=0)
    kept = years[start:]
    if len(kept) < FEWEST or not all(math.isfinite(rate) and rate > -50 for _, rate in kept):
        raise BadInput(
            f"Real figures need at least {FEWEST} consecutive years of inflation above -50 %; there are {len(kept)}.",
            f"Las cifras reales necesitan al menos {FEWEST} años seguidos de inflación por encima de -50 %; hay {len(kept)}.",
        )
    return Inflation(kept[-1][0], tuple(rate for _, rate in kept))


def real_path(origin: date, path: Sequence[Mapping[str, Any]], frequency: str, prices: Inflation) -> list[dict[str, Any]]:
    """The steps of a forecast path (`ForecastResult.to_dict()`) in the money of `origin`'s period, with `inflation_pct`, the
    rise of consumer prices since then. Bounds hold both errors, taken as independent."""
    begun = _middle(origin, frequency)
    known_until = prices.last_year + 0.5
    out = []
    for step in path:
        at = _middle(date.fromisoformat(str(step["period"])), frequency)
        risen = prices.log_prices(at) - prices.log_prices(begun)
        miss = prices.miss(at - max(known_until, begun))
        value = float(step["value"])
        real: dict[str, Any] = {"period": step["period"], "value": value * math.exp(-risen)}
        for level, normal in _NORMAL.items():
            factor = math.exp(normal * miss)
            low, high = together(value, float(step[f"low_{level}"]), float(step[f"high_{level}"]), 1 / factor, factor)
            real |= {f"low_{level}": low * math.exp(-risen), f"high_{level}": high * math.exp(-risen)}
        out.append(real | {"inflation_pct": 100 * math.expm1(risen)})
    return out


def _middle(day: date, frequency: str) -> float:
    return day.year + (day.month - 1 + MONTHS[frequency] / 2) / 12
