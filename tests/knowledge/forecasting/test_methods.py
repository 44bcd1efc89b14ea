"""Each candidate on a known series, and the recursions against statsmodels, which they stand for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # type: ignore[import-untyped]
from statsmodels.tsa.forecasting.theta import ThetaModel  # type: ignore[import-untyped]
from statsmodels.tsa.statespace.sarimax import SARIMAX  # type: ignore[import-untyped]

from knowledge.forecasting.methods import DAMPING, DampedDrift, Drift, Mean, Naive, SeasonalNaive
from knowledge.forecasting.series import PER_YEAR, Frequency, Numbers
from knowledge.forecasting.statistical import Autoregression, DampedTrend, Sarimax, Theta


@pytest.fixture(scope="module")
def y() -> Numbers:
    rng = np.random.default_rng(3)
    return np.asarray(4 + np.cumsum(0.008 + 0.01 * np.sin(np.arange(70) / 8) + 0.006 * rng.normal(size=70)))


def test_simple_candidates_on_a_line() -> None:
    line = np.arange(30.0)
    assert Naive().predict(None, line, 2).tolist() == [29.0, 29.0]
    assert Drift("Q").predict(None, line, 2).tolist() == [30.0, 31.0]
    assert SeasonalNaive("Q").predict(None, line, 5).tolist() == [26.0, 27.0, 28.0, 29.0, 26.0]
    steps = np.diff(DampedDrift("Q").predict(None, line, 5), prepend=line[-1])
    assert steps[3] == pytest.approx(DAMPING)
    assert (np.diff(steps) < 0).all()
    mean = Mean([Naive(), Drift("Q")])
    assert mean.predict(mean.fit(line), line, 2).tolist() == [29.5, 30.0]


def test_exponential_smoothing_applied_later_is_that_of_statsmodels(y: Numbers) -> None:
    ets = DampedTrend()
    parameters = ets.fit(y[:50])
    whole = ETSModel(pd.Series(100 * y), error="add", trend="add", damped_trend=True)
    assert ets.predict(parameters, y, 8) == pytest.approx(np.asarray(whole.smooth(parameters).forecast(8)) / 100, rel=1e-9)


def test_theta_is_that_of_statsmodels(y: Numbers) -> None:
    theta = Theta()
    dated = pd.Series(100 * y, index=pd.period_range("2000Q1", periods=len(y), freq="Q"))
    theirs = ThetaModel(dated, period=4, deseasonalize=False).fit()
    assert theta.predict(theta.fit(y), y, 8) == pytest.approx(np.asarray(theirs.forecast(8)) / 100, rel=1e-6)


def test_sarimax_applied_later_keeps_its_parameters(y: Numbers) -> None:
    sarimax = Sarimax("Q")
    fitted = sarimax.fit(y[:60])
    again = SARIMAX(100 * y, order=(1, 1, 1), seasonal_order=(1, 0, 1, 4)).filter(fitted.params)
    assert sarimax.predict(fitted, y, 8) == pytest.approx(np.asarray(again.forecast(8)) / 100, rel=1e-9)


@pytest.mark.parametrize("frequency", ["A", "Q", "M"])
def test_an_autoregression_of_growing_steps_still_settles(frequency: Frequency) -> None:
    """Steps that grew all along would grow for ever; what is left of them after a year is bounded."""
    y = np.cumsum(1.15 ** np.arange(40.0))
    steps = Autoregression(frequency)
    far = np.diff(steps.predict(steps.fit(y), y, 20 * PER_YEAR[frequency]), prepend=y[-1])
    assert abs(far[-1]) < 0.1 * abs(y[-1] - y[-2])
