"""One series in, its forecast out: the candidate that earned it, the path with intervals, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from core.errors import BadInput
from knowledge.forecasting import backtest
from knowledge.forecasting.methods import DampedDrift, candidates
from knowledge.forecasting.series import PER_YEAR, Numbers, Series, clean, later

#: Years ahead at most: no backtest of these series supports more.
LONGEST_HORIZON_YEARS = 10
#: Fewer points than this are not backtested.
SHORT = 12
#: Half widths of a short series in standard deviations of its steps: normal quantiles, and half as much again because
#: nothing was tested.
UNTESTED = tuple(1.5 * score for score in backtest.NORMAL)


@dataclass(frozen=True, slots=True)
class Step:
    """`period` is the first day (ISO) of a future month, quarter or year; bounds hold with 80 and 95 %."""

    period: str
    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The backtest: MASE per candidate (errors over the mean yearly change; lower is better), percent of actual values
    inside the intervals, and the winner's mean absolute error in percent at each period of the path.

    Empty (`origins` 0) for a series too short to test.
    """

    origins: int
    mase: dict[str, float]
    failed: tuple[str, ...]
    coverage_80: float | None
    coverage_95: float | None
    error_pct: tuple[float, ...] | None
    beats_drift: bool | None


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """`origin` is the last observed period (ISO date), `last_value` its value; `flags` as in `series.Flag`."""

    method: str
    frequency: str
    origin: str
    last_value: float
    points: int
    path: tuple[Step, ...]
    backtest: Evidence
    flags: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain types only: what table `forecasts` stores."""
        body = asdict(self)
        body["path"], body["flags"] = list(body["path"]), list(body["flags"])
        tested = body["backtest"]
        tested["failed"] = list(tested["failed"])
        tested["error_pct"] = list(tested["error_pct"]) if tested["error_pct"] else None
        return body


def forecast(
    periods: Sequence[date | str], values: Sequence[float | None], frequency: str, horizon: int
) -> ForecastResult:
    """Forecasts a dated series (`frequency` A, Q or M) `horizon` periods ahead, in the unit of `values`.

    Raises `BadInput` for what `series.clean` refuses and for a horizon under 1 or over ten years.
    """
    series = clean(periods, values, frequency)
    longest = LONGEST_HORIZON_YEARS * PER_YEAR[series.frequency]
    if not 1 <= horizon <= longest:
        raise BadInput(
            f"A horizon of {horizon} periods cannot be forecast; expected 1 to {longest}.",
            f"No se puede pronosticar a {horizon} periodos; se esperaba de 1 a {longest}.",
        )
    origins = backtest.origins_of(len(series.values), horizon, series.frequency)
    if len(series.values) < SHORT or not len(origins):
        return _untested(series, horizon)
    y = series.values
    every = candidates(series.frequency, int(origins[0]))
    tested = backtest.run(y, every, origins, horizon, backtest.yearly_change(y, series.frequency))
    winner = next(c for c in every if c.name == tested.winner)
    path = winner.predict(winner.fit(y), y, horizon)
    errors = tested.errors[winner.name]
    coverage_80, coverage_95 = backtest.coverages(errors, series.smallest_step)
    sizes = np.abs(errors)
    error = np.expm1(sizes) if series.logs else sizes / abs(y[-1] or np.nan)
    evidence = Evidence(
        tested.origins, tested.mase, tested.failed, coverage_80, coverage_95,
        tuple(np.round(100 * error.mean(axis=0), 2).tolist()) if np.isfinite(error).all() else None,
        tested.mase[winner.name] < tested.mase["drift"],
    )
    return _result(series, winner.name, path, backtest.half_widths(errors, series.smallest_step), evidence, series.flags)


def _untested(series: Series, horizon: int) -> ForecastResult:
    y = series.values
    drift = DampedDrift(series.frequency)
    step = max(float(np.std(np.diff(y), ddof=1)), series.smallest_step)
    # Steps of an index err in the same direction for long: the error grows with h, not with its root.
    widths = np.outer(step * np.arange(1, horizon + 1), UNTESTED)
    evidence = Evidence(0, {}, (), None, None, None, None)
    return _result(series, drift.name, drift.predict(None, y, horizon), widths, evidence, (*series.flags, "short"))


def _result(
    series: Series, method: str, path: Numbers, widths: Numbers, evidence: Evidence, flags: tuple[str, ...]
) -> ForecastResult:
    columns = [path, path - widths[:, 0], path + widths[:, 0], path - widths[:, 1], path + widths[:, 1]]
    levels = np.column_stack([series.level(c) for c in columns]).tolist()
    steps = tuple(
        Step(later(series.last, series.frequency, i + 1).isoformat(), *(round(x, 6) for x in row))
        for i, row in enumerate(levels)
    )
    return ForecastResult(
        method, series.frequency, series.last.isoformat(), float(series.level(series.values[-1:])[0]),
        len(series.values), steps, evidence, flags,
    )
