"""Rolling-origin backtest: which candidate would have been right, and how wide an interval would have held.

Candidates re-estimate their parameters a few times along the way and are only applied in between. A model's own
prediction bands play no part: widths are quantiles of the backtest's errors, pooled over horizons after division by a
smooth error scale of the form a h^b, because a dozen origins are too few for a quantile per horizon.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from knowledge.forecasting.methods import Candidate, DampedDrift, Mean, Naive
from knowledge.forecasting.series import PER_YEAR, Frequency, Numbers

#: Origins at most and at least, and how often parameters are estimated anew among them.
MOST_ORIGINS, FEWEST_ORIGINS, ESTIMATIONS = 16, 4, 3
#: Another candidate replaces the default if its error was at least this share smaller. Over 575 backtests of 119 official
#: indices, two years ahead, always the past winner had MASE 0.831, this rule 0.751, one of 10 % 0.783: leads are mostly luck.
CLEARLY = 0.30
LEVELS = (0.80, 0.95)
NORMAL = tuple(NormalDist().inv_cdf(0.5 + level / 2) for level in LEVELS)


@dataclass(frozen=True, slots=True)
class Backtest:
    """`errors[name]` (origins, horizon) are actual minus forecast; `mase` by candidate; `failed` were not fitted."""

    origins: int
    errors: dict[str, Numbers]
    mase: dict[str, float]
    failed: tuple[str, ...]

    @property
    def winner(self) -> str:
        """The mean of faded drift and autoregression, or faded drift where it could not be tested, unless another is
        clearly better. The naive forecast is the yardstick and never wins: where prices had just turned it wins by accident,
        and where nothing can be foretold the autoregression is as good."""
        default = Mean.name if Mean.name in self.mase else DampedDrift.name
        best = min((name for name in self.mase if name != Naive.name), key=lambda name: self.mase[name])
        return best if self.mase[best] < (1 - CLEARLY) * self.mase[default] else default


def origins_of(points: int, horizon: int, frequency: Frequency) -> NDArray[np.int64]:
    """Lengths of the training parts: evenly spread, the first about half of the series. Empty: too short."""
    last = points - horizon
    first = max(points // 2, 2 * PER_YEAR[frequency] + 1, 6)
    if last - first + 1 < FEWEST_ORIGINS:
        first = max(last - FEWEST_ORIGINS + 1, 2 * PER_YEAR[frequency] + 1, 6)
    if last - first + 1 < FEWEST_ORIGINS:
        return np.empty(0, dtype=np.int64)
    return np.unique(np.linspace(first, last, min(MOST_ORIGINS, last - first + 1)).astype(np.int64))


def run(
    y: Numbers, candidates: Sequence[Candidate], origins: NDArray[np.int64], horizon: int, scale: float
) -> Backtest:
    """`scale` is what errors are divided by for MASE: see `yearly_change`."""
    errors: dict[str, Numbers] = {}
    failed: list[str] = []
    every = max(1, math.ceil(len(origins) / ESTIMATIONS))
    for candidate in candidates:
        try:
            errors[candidate.name] = _errors(y, candidate, origins, horizon, every)
        except (np.linalg.LinAlgError, ValueError):  # a degenerate stretch that the method cannot be fitted to
            failed.append(candidate.name)
    mase = {name: round(float(np.abs(e).mean()) / scale, 4) for name, e in errors.items()}
    return Backtest(len(origins), errors, mase, tuple(failed))


def _errors(y: Numbers, candidate: Candidate, origins: NDArray[np.int64], horizon: int, every: int) -> Numbers:
    out = np.empty((len(origins), horizon))
    parameters = None
    for i, origin in enumerate(origins.tolist()):
        if i % every == 0:
            parameters = candidate.fit(y[:origin])
        out[i] = y[origin:origin + horizon] - candidate.predict(parameters, y[:origin], horizon)
    if not np.isfinite(out).all():
        raise ValueError(f"{candidate.name} gave no finite forecast")
    return out


def yearly_change(y: Numbers, frequency: Frequency) -> float:
    """Mean absolute change over a year: the in-sample error of the seasonal naive forecast (Hyndman & Koehler 2006)."""
    lag = PER_YEAR[frequency] if len(y) > PER_YEAR[frequency] else 1
    return max(float(np.abs(y[lag:] - y[:-lag]).mean()), 1e-9)


def half_widths(errors: Numbers, smallest_step: float) -> Numbers:
    """(horizon, len(LEVELS)) half widths that would have held each level over these errors (origins, horizon), never
    less than a random walk with steps of standard error `smallest_step` needs."""
    horizon = errors.shape[1]
    steps = np.arange(1, horizon + 1)
    least = smallest_step * np.sqrt(steps)
    size = np.maximum(np.sqrt((errors**2).mean(axis=0)), least)
    scale = size
    if horizon > 1:
        power, level = np.polyfit(np.log(steps), np.log(size), 1)
        scale = np.maximum(np.exp(level) * steps ** np.clip(power, 0.5, 1.5), least)
    pooled = np.abs(errors / scale).ravel()
    # Neighbouring horizons of one origin err together: the effective sample is about the number of origins.
    levels = [min(1.0, level * (1 + 1 / len(errors))) for level in LEVELS]
    return np.asarray(np.maximum(np.outer(scale, np.quantile(pooled, levels)), np.outer(least, NORMAL)))


def coverages(errors: Numbers, smallest_step: float) -> tuple[float, ...]:
    """Percent inside the interval for each level, each origin judged by widths from the other origins."""
    inside = np.zeros(len(LEVELS))
    for i in range(len(errors)):
        widths = half_widths(np.delete(errors, i, axis=0), smallest_step)
        inside += (np.abs(errors[i])[:, None] <= widths).mean(axis=0)
    return tuple(round(100 * float(x) / len(errors), 1) for x in inside)
