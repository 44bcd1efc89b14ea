"""The candidates. Each estimates its parameters once (`fit`) and applies them to any longer stretch (`predict`).

House price indices are smooth and trend for years, so the candidate to beat is the drift of the last two years; no trend
goes on for ever, so the one that is trusted fades. Those whose parameters are estimated stand in `statistical`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from knowledge.forecasting.series import PER_YEAR, Frequency, Numbers
from knowledge.forecasting.statistical import Autoregression, DampedTrend, Sarimax, Theta

#: Points that candidates with estimated parameters need.
ENOUGH = 20
#: What is left of a trend after a year.
DAMPING = 0.72


class Candidate(Protocol):
    name: str

    def fit(self, y: Numbers) -> Any:
        """Parameters estimated on `y` (n,)."""

    def predict(self, parameters: Any, y: Numbers, horizon: int) -> Numbers:
        """(horizon,) after the end of `y`."""


class Naive:
    """The last value."""

    name = "naive"

    def fit(self, y: Numbers) -> None:
        return None

    def predict(self, parameters: None, y: Numbers, horizon: int) -> Numbers:
        return np.full(horizon, y[-1])


class SeasonalNaive:
    """The value of the same season a year before; the last value for yearly series."""

    name = "seasonal_naive"

    def __init__(self, frequency: Frequency) -> None:
        self.season = PER_YEAR[frequency]

    def fit(self, y: Numbers) -> None:
        return None

    def predict(self, parameters: None, y: Numbers, horizon: int) -> Numbers:
        season = min(self.season, len(y))
        return y[len(y) - season + np.arange(horizon) % season]


class Drift:
    """The last value moving on at the mean step of the last two years (8 quarters, 24 months)."""

    name = "drift"

    def __init__(self, frequency: Frequency) -> None:
        self.window = max(2 * PER_YEAR[frequency], 4)

    def fit(self, y: Numbers) -> None:
        return None

    def predict(self, parameters: None, y: Numbers, horizon: int) -> Numbers:
        window = min(self.window, len(y) - 1)
        return np.asarray(y[-1] + (y[-1] - y[-1 - window]) / window * np.arange(1, horizon + 1))


class DampedDrift(Drift):
    """The drift, fading: what is left of it after a year is `DAMPING`."""

    name = "damped"

    def __init__(self, frequency: Frequency) -> None:
        super().__init__(frequency)
        self.kept = DAMPING ** (1 / PER_YEAR[frequency])

    def predict(self, parameters: None, y: Numbers, horizon: int) -> Numbers:
        steps = np.diff(super().predict(parameters, y, horizon), prepend=y[-1])
        return np.asarray(y[-1] + np.cumsum(steps * self.kept ** np.arange(1, horizon + 1)))


class Mean:
    """The mean of several candidates, which no longer depends on one of them being right: the default choice.

    Of drift, autoregression and SARIMAX it erred less over 182 official series than each candidate alone and than the
    means with exponential smoothing, a faded drift or Theta among them (docs/accuracy.md).
    """

    name = "mean"

    def __init__(self, members: list[Candidate]) -> None:
        self.members = members

    def fit(self, y: Numbers) -> list[Any]:
        return [member.fit(y) for member in self.members]

    def predict(self, parameters: list[Any], y: Numbers, horizon: int) -> Numbers:
        paths = [m.predict(p, y, horizon) for m, p in zip(self.members, parameters, strict=True)]
        return np.asarray(np.mean(paths, axis=0))


def candidates(frequency: Frequency, points: int) -> list[Candidate]:
    """Simplest first, for series whose first backtest origin has `points` observations."""
    drift = Drift(frequency)
    simple: list[Candidate] = [Naive(), SeasonalNaive(frequency), drift, DampedDrift(frequency)]
    if points < ENOUGH:
        return simple
    steps, sarimax = Autoregression(frequency), Sarimax(frequency)
    # months are too noisy for an ARIMA of order one to see their trend
    members: list[Candidate] = [drift, DampedDrift(frequency), steps] if frequency == "M" else [drift, steps, sarimax]
    return [*simple, DampedTrend(), Theta(), steps, sarimax, Mean(members)]
