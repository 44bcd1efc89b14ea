"""One series in, its forecast out: the candidates that earned it, the path with intervals, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from knowledge.forecasting import backtest, calibration
from knowledge.forecasting.calibration import Calibration
from knowledge.forecasting.family import SHARED, shared_errors, shared_path
from knowledge.forecasting.methods import Candidate, DampedDrift, Mean, candidates
from knowledge.forecasting.series import PER_YEAR, Numbers, Series, clean, later, steps_of
from knowledge.forecasting.widths import NORMAL, Widths

#: Years ahead at most: no backtest of these series supports more.
LONGEST_HORIZON_YEARS = 10
#: Fewer points than this are not backtested.
SHORT = 12
#: Half widths of a short series in standard deviations of its steps: normal quantiles, and half as much again because
#: nothing was tested.
UNTESTED = tuple(1.5 * score for score in NORMAL)
#: Standard deviation (in logs) of the steps of a year that a short series of prices is taken to have at least: a few calm
#: points prove nothing, and with this its interval is about as wide as that of the official series together (docs/accuracy.md).
UNTESTED_YEAR = 0.048


@dataclass(frozen=True, slots=True)
class Step:
    """`period` is the first day (ISO) of a future month, quarter or year; bounds hold with 80 and 95 %; `method` is the
    candidate chosen for this year ahead."""

    period: str
    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float
    method: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The backtest. `mase` per candidate: mean absolute error over the mean change over a year of what was known at each
    origin, both in the series' own unit (Hyndman & Koehler 2006; lower is better); `mase_chosen` of the path as it was chosen.
    `coverage_*`: percent of actual values inside the intervals, each origin judged by widths from the others. `error_pct`: by
    period of the path, the chosen candidate's mean absolute error.

    Empty (`origins` 0) for a series too short to test. `beats_drift`: whether the chosen path erred less than the plain drift.
    """

    origins: int
    mase: dict[str, float]
    mase_chosen: float | None
    failed: tuple[str, ...]
    coverage_80: float | None
    coverage_95: float | None
    error_pct: tuple[float, ...] | None
    beats_drift: bool | None
    calibration: str | None


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """`origin` is the last observed period (ISO date), `last_value` its value; `flags` as in `series.Flag`; `method` that
    of the first year ahead."""

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
        for name in ("failed", "error_pct"):
            tested[name] = list(tested[name]) if tested[name] is not None else None
        return body


def forecast(
    periods: Sequence[date | str], values: Sequence[float | None], frequency: str, horizon: int, *,
    family: str | None = None, alike: Mapping[date, float] | None = None, using: Calibration | None = None,
) -> ForecastResult:
    """Forecasts a dated series (`frequency` A, Q or M) `horizon` periods ahead, in the unit of `values`.

    `family` (`calibration.family_name`) lets the intervals learn from similar series and `alike`, the mean steps (logs) of that
    family by period, the path (`knowledge.forecasting.family`; quarters only). `using` is another calibration than the
    shipped one. Raises `BadInput` for what `series.clean` refuses and for a horizon under 1 or over ten years.
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
    y, pooled = series.values, using or calibration.shipped()
    every = candidates(series.frequency, int(origins[0]))
    tested = backtest.run(y, every, origins, horizon, series.frequency)
    index = steps_of(series, alike) if alike is not None and series.logs and series.frequency == "Q" else None
    tested = _shared(tested, y, index)
    chosen = backtest.choose(tested, _default(tested, pooled), series.frequency, pooled)
    methods = [chosen[step // PER_YEAR[series.frequency]] for step in range(horizon)]
    path, methods = _path(y, every, methods, origins, index)
    errors = np.column_stack([tested.errors[name][:, step] for step, name in enumerate(methods)])
    widths = Widths(series, origins, errors, pooled, family)
    return _result(series, path, methods, widths.distances(), _evidence(series, tested, errors, widths, pooled), series.flags)


def _default(tested: backtest.Backtest, pooled: Calibration) -> str:
    names = (pooled.default, Mean.name, DampedDrift.name)
    return next(name for name in names if name in tested.errors)


@lru_cache(maxsize=64)
def _of_family(index: bytes, origins: bytes, horizon: int) -> tuple[Numbers | None, Numbers | None]:
    """The mean's errors over a family's index, and how far it goes on from the end; None where it cannot be fitted. Kept: the
    series of a family share them, and they cost as much as a series of its own."""
    y, at = np.frombuffer(index), np.frombuffer(origins, dtype=np.int64)
    mean = next((c for c in candidates("Q", int(at[0])) if isinstance(c, Mean)), None)
    if mean is None:
        return None, None
    try:
        moved = mean.predict(mean.fit(y), y, horizon) - y[-1]
    except (np.linalg.LinAlgError, ValueError):
        return None, None
    return backtest.run(y, [mean], at, horizon, "Q").errors.get(Mean.name), moved


def _shared(tested: backtest.Backtest, y: Numbers, index: Numbers | None) -> backtest.Backtest:
    """With the errors of `SHARED`, where the family's `index` (n,) is known and the mean can be fitted to both."""
    if index is None or Mean.name not in tested.errors:
        return tested
    horizon = tested.errors[Mean.name].shape[1]
    missed, _ = _of_family(index.tobytes(), tested.origins.tobytes(), horizon)
    if missed is None:
        return tested
    ahead = tested.origins[:, None] + np.arange(horizon)
    actual, moved = (z[ahead] - z[tested.origins - 1][:, None] for z in (y, index))
    shared = shared_errors(tested.errors[Mean.name], actual, moved, missed)
    return replace(tested, errors=tested.errors | {SHARED: shared})


def _path(
    y: Numbers, every: Sequence[Candidate], methods: list[str], origins: NDArray[np.int64], index: Numbers | None
) -> tuple[Numbers, list[str]]:
    """The chosen candidates' forecasts of each step; one that fails on the whole series gives way to the faded drift."""
    made: dict[str, Numbers] = {}
    wanted = {*methods, DampedDrift.name} | ({Mean.name} if SHARED in methods else set())
    for candidate in every:
        if candidate.name in wanted:
            try:
                found = candidate.predict(candidate.fit(y), y, len(methods))
            except (np.linalg.LinAlgError, ValueError):
                continue
            if np.isfinite(found).all():
                made[candidate.name] = found
            if candidate.name == Mean.name and index is not None and SHARED in methods:
                _, moved = _of_family(index.tobytes(), origins.tobytes(), len(methods))
                if moved is not None:
                    made[SHARED] = y[-1] + shared_path(found - y[-1], moved)
    methods = [name if name in made else DampedDrift.name for name in methods]
    return np.array([made[name][step] for step, name in enumerate(methods)]), methods


def _evidence(
    series: Series, tested: backtest.Backtest, errors: Numbers, widths: Widths, pooled: Calibration
) -> Evidence:
    horizon = errors.shape[1]
    actual = np.array([series.values[origin:origin + horizon] for origin in tested.origins.tolist()])
    levels = series.level(actual)
    change = np.array([
        backtest.yearly_change(series.level(series.values[:origin]), series.frequency) for origin in tested.origins.tolist()
    ])

    def mase(missed: Numbers) -> float:
        return round(float((np.abs(levels - series.level(actual - missed)) / change[:, None]).mean()), 4)

    sizes = np.abs(errors)
    error = np.expm1(sizes) if series.logs else sizes / abs(series.values[-1] or np.nan)
    coverage_80, coverage_95 = widths.coverages()
    by_name = {name: mase(missed) for name, missed in tested.errors.items()}
    chosen = mase(errors)
    return Evidence(
        len(tested.origins), by_name, chosen, tested.failed, coverage_80, coverage_95,
        tuple(np.round(100 * error.mean(axis=0), 2).tolist()) if np.isfinite(error).all() else None,
        chosen < by_name["drift"], pooled.version if widths.pooled else None,
    )


def _untested(series: Series, horizon: int) -> ForecastResult:
    y = series.values
    drift = DampedDrift(series.frequency)
    least = UNTESTED_YEAR / PER_YEAR[series.frequency] if series.logs else 0.0
    step = max(float(np.std(np.diff(y), ddof=1)), series.smallest_step, least)
    # Steps of an index err in the same direction for long: the error grows with h, not with its root.
    half = np.outer(step * np.arange(1, horizon + 1), UNTESTED)
    evidence = Evidence(0, {}, None, (), None, None, None, None, None)
    path = drift.predict(None, y, horizon)
    return _result(series, path, [drift.name] * horizon, np.hstack([half, half]), evidence, (*series.flags, "short"))


def _result(
    series: Series, path: Numbers, methods: Sequence[str], distances: Numbers, evidence: Evidence, flags: tuple[str, ...]
) -> ForecastResult:
    columns = [path, path - distances[:, 0], path + distances[:, 2], path - distances[:, 1], path + distances[:, 3]]
    with np.errstate(over="ignore"):
        levels = np.column_stack([series.level(c) for c in columns])
    if not np.isfinite(levels).all():
        raise BadInput(
            "This series moves so wildly that its forecast has no finite interval; check its values.",
            "Esta serie se mueve tanto que su pronóstico no tiene un intervalo finito; revise sus valores.",
            code="unstable_forecast",
        )
    steps = tuple(
        Step(later(series.last, series.frequency, i + 1).isoformat(), *_figures(row), methods[i])
        for i, row in enumerate(levels.tolist())
    )
    return ForecastResult(
        methods[0], series.frequency, series.last.isoformat(), float(series.level(series.values[-1:])[0]),
        len(series.values), steps, evidence, flags,
    )


def _figures(row: list[float]) -> tuple[float, float, float, float, float]:
    """Ten digits, whatever the unit."""
    value, low_80, high_80, low_95, high_95 = (float(f"{x:.10g}") for x in row)
    return value, low_80, high_80, low_95, high_95
