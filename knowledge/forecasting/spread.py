"""How far off a forecast of a series usually is, as far as the series itself tells: features of an error's size.

Everything is measured on what was known at the origin, with one plain forecast (the drift of the last two years, fading) as the
probe: its past errors at the same horizon over all history, five years and two years; how rough the steps are; how far
growth has moved from its habit. All are logarithms of sizes, so a series in twice the unit gives the same features,
shifted alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knowledge.forecasting.series import Numbers

NAMES = (
    "one", "errors_ever", "errors_five_years", "errors_two_years", "errors_year_ahead", "rough_six_years", "rough_two_years",
    "acceleration", "off_habit", "yearly_moves",
)
#: Quarters that the probe's drift looks back, and what is left of it after a quarter.
_WINDOW, _KEPT = 8, 0.85 ** 0.25
#: Points before an origin that the features need; steps ahead that they reach.
FEWEST, LONGEST = 24, 20
_RECENT, _LATEST = 20, 8
#: Sizes (of logarithms) below which nothing is told apart: published indices are rounded to about this.
_SMALL = 0.003


def features(y: Numbers, origins: NDArray[np.int64], horizon: int) -> Numbers:
    """(origins, horizon, len(NAMES)) for logarithms of quarterly values `y`; an origin is the number of points known.

    Horizons beyond `LONGEST` take the features of the longest. Origins under `FEWEST` are refused by the caller.
    """
    steps = min(horizon, LONGEST)
    out = np.empty((len(origins), steps, len(NAMES)))
    out[:, :, 0] = 1.0
    squares = [_probe_errors(y, ahead) for ahead in range(1, steps + 1)]
    year = _probe_errors(y, 4)
    for i, origin in enumerate(origins.tolist()):
        for ahead in range(1, steps + 1):
            known = squares[ahead - 1][: max(origin - ahead - _WINDOW, 1)]
            for column, last in enumerate((len(known), _RECENT, _LATEST), 1):
                out[i, ahead - 1, column] = _size(known[-last:])
        out[i, :, 4] = _size(year[: origin - 4 - _WINDOW][-_LATEST:])
        out[i, :, 5:] = _state(y[:origin])
    if horizon > steps:
        out = np.concatenate([out, np.repeat(out[:, -1:], horizon - steps, axis=1)], axis=1)
    return out


def _probe_errors(y: Numbers, ahead: int) -> Numbers:
    """Squared errors `ahead` steps after each origin from `_WINDOW + 1` points on."""
    origins = np.arange(_WINDOW + 1, len(y) - ahead + 1)
    drift = (y[origins - 1] - y[origins - 1 - _WINDOW]) / _WINDOW
    reach = float(np.sum(_KEPT ** np.arange(1, ahead + 1)))
    return np.asarray((y[origins + ahead - 1] - y[origins - 1] - drift * reach) ** 2)


def _size(squares: Numbers) -> float:
    return float(np.log(max(np.sqrt(squares.mean() + 1e-6), _SMALL))) if len(squares) else float(np.log(_SMALL))


def _state(y: Numbers) -> tuple[float, ...]:
    steps, moves = np.diff(y), np.abs(y[4:] - y[:-4])
    year, before, two, ten = (_growth(y, 4, 0), _growth(y, 8, 4), _growth(y, 8, 0), _growth(y, 40, 0))
    return (
        _log(float(np.std(np.diff(steps[-24:]))) / np.sqrt(2), 0.002),
        _log(float(np.std(np.diff(y[-9:]))), 0.002),
        float(np.log(abs(year - before) + _SMALL)),
        float(np.log(abs(two - ten) + _SMALL)),
        _log(float(moves[-20:].mean()), 0.005),
    )


def _growth(y: Numbers, since: int, until: int) -> float:
    since = min(since, len(y) - 1)
    return float((y[-1 - until] - y[-1 - since]) / (since - until))


def _log(size: float, least: float) -> float:
    return float(np.log(max(size, least)))
