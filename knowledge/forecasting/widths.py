"""The distances from a forecast to the ends of its intervals: calibrated over many series where they apply, else its own.

Positive series observed by quarters or months take the pooled `calibration`; a month's distance lies between those of the
quarters around it, growing with the root of time. Yearly series, rates, and series under six years take quantiles of their own
backtest's errors, pooled over horizons after division by a smooth error scale of the form a h^b. A model's own bands play
no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from knowledge.forecasting import spread
from knowledge.forecasting.calibration import LEVELS, Calibration
from knowledge.forecasting.series import MONTHS, Numbers, Series

#: Origins of the backtest that the calibration must reach.
FEWEST_SEEN = 3
NORMAL = tuple(NormalDist().inv_cdf(0.5 + level / 2) for level in LEVELS)


class Widths:
    """`distances(i)` and `distances()` give (horizon, 2 x len(LEVELS)): below for each level, then above, all positive.

    `errors` (origins, horizon) are those of the candidate chosen at each step. Without `leave_out` the distances are those
    at the end of the series; with it, those at that origin, from the errors of the others.
    """

    def __init__(
        self, series: Series, origins: NDArray[np.int64], errors: Numbers, calibration: Calibration, family: str | None
    ) -> None:
        self.series, self.origins, self.errors = series, origins, errors
        self.calibration, self.family = calibration, family
        self.horizon = errors.shape[1]
        self.step = MONTHS[series.frequency] / 3  # of a quarter
        apt = series.logs and self.step <= 1
        self.seen = [i for i, origin in enumerate(origins) if apt and len(self._quarters(int(origin))) >= spread.FEWEST]
        #: An origin that the features do not reach cannot be judged, and an interval that nothing judges is not given.
        self.pooled = len(self.seen) >= FEWEST_SEEN
        if self.pooled:
            self._measure()

    def distances(self, leave_out: int | None = None) -> Numbers:
        kept = [i for i in range(len(self.origins)) if i != leave_out]
        found = self._pooled(kept, leave_out) if self.pooled else _symmetric(self._own(kept))
        least = np.outer(self.series.smallest_step * np.sqrt(np.arange(1, self.horizon + 1)), NORMAL)
        found = np.maximum(found, np.hstack([least, least]))
        for side in (0, len(LEVELS)):  # nested, and never narrower farther ahead
            found[:, side + 1] = np.maximum(found[:, side + 1], found[:, side])
        return np.asarray(np.maximum.accumulate(found, axis=0))

    def _quarters(self, origin: int) -> Numbers:
        """The last value known at an origin and those whole quarters before it."""
        return self.series.values[:origin][::-1][::round(1 / self.step)][::-1]

    def _measure(self) -> None:
        ahead = int(np.ceil(self.horizon * self.step))
        points = [*(int(self.origins[i]) for i in self.seen), len(self.series.values)]
        parts = [self._quarters(origin) for origin in points]
        features = np.concatenate([spread.features(part, np.array([len(part)]), ahead) for part in parts])
        self.sizes = self.calibration.sizes(features)
        at = np.round(np.arange(1, ahead + 1) / self.step).astype(int) - 1  # the period that ends each quarter
        self.complete = at < self.horizon
        self.relative = self.errors[self.seen][:, np.minimum(at, self.horizon - 1)] / self.sizes[:-1]

    def _pooled(self, kept: Sequence[int], leave_out: int | None) -> Numbers:
        rows = [row for row, i in enumerate(self.seen) if i in kept]
        size = self.sizes[self.seen.index(leave_out) if leave_out in self.seen else -1]
        span = (self.origins[-1] - self.origins[0]) * self.step
        out = np.empty((len(size), 2 * len(LEVELS)))
        for row in range(len(size)):
            own = self.relative[rows, row] if self.complete[row] else np.empty(0)
            windows = min(len(own), span / (row + 1) + 1)
            out[row] = size[row] * self.calibration.tails(row + 1, own, windows, self.family)
        if self.step == 1:
            return out
        roots = np.sqrt(np.arange(len(size) + 1))
        at = np.sqrt(np.arange(1, self.horizon + 1) * self.step)
        return np.column_stack([np.interp(at, roots, np.concatenate([[0.0], column])) for column in out.T])

    def _own(self, kept: Sequence[int]) -> Numbers:
        return own_widths(self.errors[kept], self.series.smallest_step)

    def coverages(self) -> tuple[float, ...]:
        """Percent inside the interval for each level, each origin judged by widths from the other origins."""
        inside = np.zeros(len(LEVELS))
        judged = [i for i in range(len(self.origins)) if not self.pooled or i in self.seen]
        for i in judged:
            distances, error = self.distances(leave_out=i), self.errors[i][:, None]
            inside += ((error >= -distances[:, :len(LEVELS)]) & (error <= distances[:, len(LEVELS):])).mean(axis=0)
        return tuple(round(100 * float(x) / len(judged), 1) for x in inside)


def _symmetric(half: Numbers) -> Numbers:
    return np.hstack([half, half])


def own_widths(errors: Numbers, smallest_step: float) -> Numbers:
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
