"""What a family of series says of one of them: the mean of their steps, known up to the origin, half of the forecast."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from knowledge.forecasting.calibration import shipped
from knowledge.forecasting.family import SHARED, family_steps, mean_steps, shared_errors, shared_path
from knowledge.forecasting.forecast import ForecastResult, forecast
from knowledge.forecasting.series import Numbers, clean, later, steps_of
from knowledge.forecasting.train import Official, alike, panel


def logs(seed: int, points: int = 44) -> Numbers:
    rng = np.random.default_rng(seed)
    return np.asarray(4 + np.cumsum(0.008 + 0.012 * np.sin(np.arange(points) / 6) + 0.01 * rng.normal(size=points)))


def dates(points: int) -> list[date]:
    return [later(date(2012, 1, 1), "Q", i) for i in range(points)]


def ahead(values: Numbers, steps: dict[date, float] | None) -> ForecastResult:
    return forecast(dates(len(values)), np.exp(values).tolist(), "Q", 8, alike=steps)


def test_the_mean_takes_whoever_has_a_step_in_a_period() -> None:
    assert mean_steps([{1: 0.1, 2: 0.3}, {2: 0.1}]) == {1: 0.1, 2: 0.2}


def test_a_step_that_too_few_series_have_is_none_of_the_family() -> None:
    assert mean_steps([{1: 0.1, 2: 0.3}, {2: 0.1}], 2) == {2: 0.2}
    days = dates(20)
    series = [(days[first:], np.exp(logs(seed, 20)[first:]).tolist()) for seed, first in ((1, 0), (2, 4), (3, 8))]
    found = family_steps([*series, (days[:2], [1.0, 2.0])])
    assert list(found) == days[:8:-1]
    assert found[days[9]] == pytest.approx(np.mean([np.diff(logs(seed, 20))[8] for seed in (1, 2, 3)]))
    assert family_steps(series[:2]) == {}


def test_half_of_each() -> None:
    own, moved = np.array([0.02, 0.04]), np.array([0.04, 0.0])
    assert shared_path(own, moved) == pytest.approx([0.03, 0.02])
    actual, family = np.array([0.05, 0.05]), np.array([0.05, 0.01])
    assert shared_errors(actual - own, actual, family, family - moved) == pytest.approx(actual - [0.03, 0.02])


def test_a_series_whose_family_moves_as_it_does_is_forecast_as_it_would_be_alone() -> None:
    y = logs(1)
    own = dict(zip(dates(len(y))[1:], np.diff(y).tolist(), strict=True))
    together, alone = ahead(y, own), ahead(y, None)
    assert {step.method for step in together.path} == {SHARED}
    assert [step.value for step in together.path] == pytest.approx([step.value for step in alone.path], rel=1e-3)
    assert together.backtest.mase[SHARED] == pytest.approx(alone.backtest.mase["mean"], rel=1e-2)


def test_a_family_that_rises_faster_draws_the_forecast_up() -> None:
    y = logs(2)
    faster = dict(zip(dates(len(y))[1:], (np.diff(y) + 0.01).tolist(), strict=True))
    assert ahead(y, faster).path[7].value > 1.02 * ahead(y, None).path[7].value


def test_periods_that_the_family_lacks_take_the_series_own_steps_and_too_few_say_nothing() -> None:
    y = logs(3, 20)
    series = clean(dates(20), np.exp(y).tolist(), "Q")
    some = dict.fromkeys(dates(20)[8:], 0.01)
    found = steps_of(series, some)
    assert found is not None
    assert np.diff(found) == pytest.approx(np.concatenate([np.diff(y)[:7], np.full(12, 0.01)]))
    assert steps_of(series, dict.fromkeys(dates(20)[15:], 0.01)) is None
    assert SHARED not in ahead(y, dict.fromkeys(dates(20)[15:], 0.01)).backtest.mase


def test_in_the_calibration_the_shared_forecast_errs_as_in_a_forecast() -> None:
    """The panel's errors of a family at an origin are those of a forecast made there."""
    official = [Official(f"r{i}", "ES", "X/ES/price_index", logs(i, 56), 8100) for i in range(3)]
    (index,) = alike(official)
    assert np.diff(index.logs) == pytest.approx(np.mean([np.diff(s.logs) for s in official], axis=0))
    seen = panel(official, processes=1)
    row = int(np.flatnonzero((seen.series == 1) & (seen.quarter == 8100 - 7))[0])
    known = official[1].logs[:48]
    steps = dict(zip(dates(48)[1:], np.diff(index.logs[:48]).tolist(), strict=True))
    made = forecast(dates(48), np.exp(known).tolist(), "Q", 8, alike=steps)
    assert {step.method for step in made.path} == {SHARED}
    missed = official[1].logs[48:56] - np.log([step.value for step in made.path])
    assert seen.errors[SHARED][row, :8] == pytest.approx(missed, abs=1e-9)
    assert shipped().default == SHARED
