"""Rolling-origin backtest: which candidate would have been right, year by year ahead.

Origins come in pairs of one year, half a year apart: parameters are estimated at the first of each year and applied at the
second. How wide an interval would have held is `widths`' business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.forecasting.calibration import Calibration
from knowledge.forecasting.family import SHARED
from knowledge.forecasting.methods import Candidate, Mean
from knowledge.forecasting.series import PER_YEAR, Frequency, Numbers

#: Years of origins at most, and origins at least.
MOST_YEARS, FEWEST_ORIGINS = 8, 4
#: Yardsticks: they are measured and told, and never chosen. Where prices had just turned they win by accident.
YARDSTICKS = frozenset({"naive", "seasonal_naive"})


@dataclass(frozen=True, slots=True)
class Backtest:
    """`origins` (points known at each); `errors[name]` (origins, horizon) are actual minus forecast; `failed` were not
    fitted."""

    origins: NDArray[np.int64]
    errors: dict[str, Numbers]
    failed: tuple[str, ...]


def origins_of(points: int, horizon: int, frequency: Frequency) -> NDArray[np.int64]:
    """Lengths of the training parts: two a year in evenly spread years, the first about half of the series. Empty: too
    short."""
    per = PER_YEAR[frequency]
    last = points - horizon
    first = max(points // 2, 2 * per + 1, 6)
    if last - first + 1 < FEWEST_ORIGINS:
        first = max(last - FEWEST_ORIGINS + 1, 2 * per + 1, 6)
    if last - first + 1 < FEWEST_ORIGINS:
        return np.empty(0, dtype=np.int64)
    half = max(1, per // 2)
    years = min(MOST_YEARS, max(2, (last - first + 1) // per))
    # the second of each pair ends the year, so that the last origin is the newest
    seconds = np.linspace(min(first + half, last), last, years).astype(np.int64)
    pairs = np.unique(np.concatenate([np.maximum(seconds - half, first), seconds]))
    if len(pairs) >= FEWEST_ORIGINS:
        return pairs
    return np.unique(np.linspace(first, last, FEWEST_ORIGINS).astype(np.int64))


def run(
    y: Numbers, candidates: Sequence[Candidate], origins: NDArray[np.int64], horizon: int, frequency: Frequency
) -> Backtest:
    errors: dict[str, Numbers] = {}
    failed: list[str] = []
    for candidate in candidates:
        try:
            if isinstance(candidate, Mean) and all(member.name in errors for member in candidate.members):
                errors[candidate.name] = np.mean([errors[member.name] for member in candidate.members], axis=0)
            else:
                errors[candidate.name] = _errors(y, candidate, origins, horizon, PER_YEAR[frequency])
        except (np.linalg.LinAlgError, ValueError):  # a degenerate stretch that the method cannot be fitted to
            failed.append(candidate.name)
    return Backtest(origins, errors, tuple(failed))


def _errors(y: Numbers, candidate: Candidate, origins: NDArray[np.int64], horizon: int, year: int) -> Numbers:
    out = np.empty((len(origins), horizon))
    parameters, estimated = None, -year
    for i, origin in enumerate(origins.tolist()):
        if origin - estimated >= year:
            parameters, estimated = candidate.fit(y[:origin]), origin
        out[i] = y[origin:origin + horizon] - candidate.predict(parameters, y[:origin], horizon)
    if not np.isfinite(out).all():
        raise ValueError(f"{candidate.name} gave no finite forecast")
    return out


def yearly_change(y: Numbers, frequency: Frequency) -> float:
    """Mean absolute change over a year: the in-sample error of the seasonal naive forecast (Hyndman & Koehler 2006)."""
    lag = PER_YEAR[frequency] if len(y) > PER_YEAR[frequency] else 1
    return max(float(np.abs(y[lag:] - y[:-lag]).mean()), 1e-9)


def choose(tested: Backtest, default: str, frequency: Frequency, calibration: Calibration) -> tuple[str, ...]:
    """The candidate for each year ahead, the first from the next period on.

    A lead in a dozen origins is mostly luck, so each candidate's error over the default's (in logs) is drawn towards what it
    is over all official series; the weight of the series' own is `n / (n + calibration.choice_prior)` with `n` the years
    of origins that do not overlap.
    """
    horizon, per = tested.errors[default].shape[1], PER_YEAR[frequency]
    chosen = []
    # a dozen origins do not tell the shared forecast from the one it is made of: thousands have (docs/accuracy.md)
    never = YARDSTICKS | ({Mean.name} if default == SHARED else set())
    for year, start in enumerate(range(0, horizon, per)):
        ahead = slice(start, min(start + per, horizon))
        size = {name: float(np.abs(e[:, ahead]).mean()) for name, e in tested.errors.items() if name not in never}
        least = 1e-9 + 0.01 * size[default]
        span = (tested.origins[-1] - tested.origins[0]) / per + 1
        own = min(len(tested.origins), span / (year + 1))
        weight = own / (own + calibration.choice_prior)
        score = {
            name: weight * math.log((found + least) / (size[default] + least)) + (1 - weight) * calibration.prior(name, year)
            for name, found in size.items()
        }
        chosen.append(min(score, key=lambda name: (score[name], name != default)))
    return tuple(chosen)
