"""What similar series say of one: half of a forecast is the movement of its family (one source, country and measure, or the
quarterly series of one file).

Regions of a country move together and each is measured with noise of its own, so the mean of their steps is forecast as one
index beside the series, by the same mean of candidates, and both forecasts count alike. Only steps up to the origin are used.
Over all origins of the official regional series this erred 2 to 3 % less than the series alone (docs/accuracy.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

import numpy as np

from core.errors import BadInput
from knowledge.forecasting.series import Numbers, clean, later

Period = TypeVar("Period", int, date)

#: The candidate's name.
SHARED = "shared"
#: Series that make a family whose mean says more than one of them.
FEWEST_ALIKE = 3
#: How much of the forecast is the family's: a half; a third and two thirds did the same within 0.5 %.
SHARE = 0.5


def mean_steps(steps: Sequence[Mapping[Period, float]], fewest: int = 1) -> dict[Period, float]:
    """The mean over series of their steps (in logs) in each period that at least `fewest` have one for."""
    heaped: dict[Period, list[float]] = {}
    for series in steps:
        for period, step in series.items():
            heaped.setdefault(period, []).append(step)
    return {period: sum(found) / len(found) for period, found in heaped.items() if len(found) >= fewest}


def family_steps(observed: Iterable[tuple[Sequence[date | str], Sequence[float | None]]]) -> dict[date, float]:
    """The mean step (logs), by the first day of each quarter, of series given as periods and values: in the quarters that
    `FEWEST_ALIKE` of them have one for, none where so many are not there. Series that cannot be forecast, and rates, do not
    count."""
    steps = []
    for periods, values in observed:
        try:
            series = clean(periods, values, "Q")
        except BadInput:
            continue
        if series.logs:
            backwards = np.diff(series.values)[::-1].tolist()
            steps.append({later(series.last, "Q", -back): step for back, step in enumerate(backwards)})
    return mean_steps(steps, FEWEST_ALIKE)


def shared_path(own: Numbers, moved: Numbers) -> Numbers:
    """The forecast `own` (horizon,) in distances from the last value, with the family's forecast movement `moved`."""
    return np.asarray((1 - SHARE) * own + SHARE * moved)


def shared_errors(own: Numbers, actual: Numbers, family: Numbers, missed: Numbers) -> Numbers:
    """Errors of the shared forecast: `own` errors of the series' forecast, how far it (`actual`) and its `family` moved from
    the origin, and the errors `missed` of the family's forecast; all (..., horizon) in logs."""
    return np.asarray(actual - shared_path(actual - own, family - missed))
