from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.forecasting import backtest
from knowledge.forecasting.forecast import ForecastResult, forecast
from knowledge.forecasting.methods import DAMPING, Autoregression, DampedDrift, DampedTrend, Drift, Mean, Naive
from knowledge.forecasting.project import project
from knowledge.forecasting.series import PER_YEAR, Frequency, clean, later

INDICES = Path(__file__).resolve().parents[4] / "shared" / "data" / "house_price_index_quarterly.csv"


def quarters(count: int, first: date = date(2008, 1, 1)) -> list[date]:
    return [later(first, "Q", i) for i in range(count)]


def index(count: int, seed: int = 5) -> list[float]:
    """Grows 1 % a quarter, with slow swings and small noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    return (100 * np.exp(0.01 * t + 0.03 * np.sin(t / 9) + 0.003 * rng.normal(size=count))).tolist()


@pytest.fixture(scope="module")
def result() -> ForecastResult:
    return forecast(quarters(64), index(64), "Q", 8)


def test_the_path_starts_after_the_last_observation_with_nested_widening_intervals(result: ForecastResult) -> None:
    assert result.origin == "2023-10-01"
    assert [s.period for s in result.path[:2]] == ["2024-01-01", "2024-04-01"]
    assert len(result.path) == 8
    for s in result.path:
        assert s.low_95 < s.low_80 < s.value < s.high_80 < s.high_95
    assert all(b.high_95 - b.low_95 > a.high_95 - a.low_95 for a, b in pairwise(result.path))


def test_the_mean_is_chosen_unless_another_was_clearly_better(result: ForecastResult) -> None:
    mase = result.backtest.mase
    assert set(mase) == {"naive", "drift", "damped", "ets", "arima", "mean"}
    best = min((name for name in mase if name != "naive"), key=lambda name: mase[name])
    assert result.method == (best if mase[best] < 0.7 * mase["mean"] else "mean")
    assert result.backtest.beats_drift == (mase[result.method] < mase["drift"])
    assert mase[result.method] < mase["naive"]
    assert result.backtest.origins == 16
    assert 90 <= (result.backtest.coverage_95 or 0) <= 100


@pytest.mark.parametrize(("mase", "winner"), [
    ({"naive": 0.1, "drift": 0.50, "damped": 0.50, "ets": 0.48, "mean": 0.49}, "mean"),
    ({"naive": 0.1, "drift": 0.50, "damped": 0.50, "ets": 0.34, "mean": 0.49}, "ets"),
    ({"naive": 0.1, "drift": 0.48, "damped": 0.50}, "damped"),
    ({"naive": 0.1, "drift": 0.34, "damped": 0.50}, "drift"),
])
def test_small_leads_and_the_last_value_do_not_win(mase: dict[str, float], winner: str) -> None:
    assert backtest.Backtest(8, {}, mase, ()).winner == winner


def test_a_steady_series_goes_on_steadily(result: ForecastResult) -> None:
    growth = [1.01**t for t in range(40)]
    steady = forecast(quarters(40), growth, "Q", 4)
    assert [s.value for s in steady.path] == pytest.approx([1.01**t for t in range(40, 44)], rel=1e-3)
    assert steady.flags == ()


def test_the_result_is_plain_json(result: ForecastResult) -> None:
    body = json.loads(json.dumps(result.to_dict()))
    assert body == result.to_dict()
    assert body["path"][0].keys() == {"period", "value", "low_80", "high_80", "low_95", "high_95"}


def test_the_same_series_gives_the_same_forecast(result: ForecastResult) -> None:
    shuffled = list(zip(quarters(64), index(64), strict=True))[::-1]
    assert forecast([p.isoformat() for p, _ in shuffled], [v for _, v in shuffled], "Q", 8) == result


@pytest.mark.parametrize(("frequency", "count", "horizon"), [("A", 30, 3), ("M", 80, 12)])
def test_years_and_months(frequency: str, count: int, horizon: int) -> None:
    periods = [later(date(1990, 1, 1), frequency, i) for i in range(count)]  # type: ignore[arg-type]
    found = forecast(periods, index(count), frequency, horizon)
    assert len(found.path) == horizon
    assert found.path[0].period == later(periods[-1], frequency, 1).isoformat()  # type: ignore[arg-type]
    assert found.backtest.origins >= backtest.FEWEST_ORIGINS


def test_a_short_series_drifts_with_an_untested_wide_interval() -> None:
    found = forecast(quarters(7), index(7), "Q", 4)
    assert found.method == "damped"
    assert "short" in found.flags
    assert found.backtest.origins == 0
    assert found.backtest.coverage_95 is None
    tested = forecast(quarters(64), index(64), "Q", 4)
    assert found.path[-1].high_95 / found.path[-1].value > tested.path[-1].high_95 / tested.path[-1].value


def test_a_flat_series_stays_with_a_little_uncertainty() -> None:
    found = forecast(quarters(40), [50.0] * 40, "Q", 4)
    assert "flat" in found.flags
    assert [s.value for s in found.path] == pytest.approx([50.0] * 4)
    assert all(s.low_95 < 50 < s.high_95 for s in found.path)


def test_small_gaps_are_filled_long_ones_cut_the_series() -> None:
    values: list[float | None] = list(index(60))
    values[30], values[41] = None, float("nan")
    filled = forecast(quarters(60), values, "Q", 4)
    assert filled.flags == ("gaps_filled",)
    assert filled.points == 60
    without = [i for i in range(60) if not 20 <= i < 30]
    cut = forecast([quarters(60)[i] for i in without], [index(60)[i] for i in without], "Q", 4)
    assert "cut_at_gap" in cut.flags
    assert cut.points == 30


def test_missing_values_at_the_end_move_the_origin() -> None:
    found = forecast(quarters(64), [*index(62), None, None], "Q", 4)
    assert found.origin == "2023-04-01"


def test_a_rebased_series_is_flagged() -> None:
    broken = index(40)
    broken[20:] = [v / 2 for v in broken[20:]]
    assert "level_break" in clean(quarters(40), broken, "Q").flags


def test_rates_that_go_below_zero_are_forecast_in_amounts() -> None:
    rates = [2.0 + np.sin(i / 3) * 3 for i in range(40)]
    found = forecast([later(date(1980, 1, 1), "A", i) for i in range(40)], rates, "A", 3)
    assert found.path[-1].low_95 < found.path[-1].value < found.path[-1].high_95
    assert not clean(quarters(40), rates, "Q").logs


@pytest.mark.parametrize(("periods", "values", "frequency", "horizon"), [
    (quarters(20), index(20), "W", 4),
    (quarters(20), index(19), "Q", 4),
    (quarters(20), index(20), "Q", 0),
    (quarters(20), index(20), "Q", 41),
    (quarters(3), index(3), "Q", 4),
    (quarters(20), [None] * 20, "Q", 4),
    ([date(2020, 1, 1)] * 20, index(20), "Q", 4),
    (["2020Q1"] * 20, index(20), "Q", 4),
    ([], [], "Q", 4),
])
def test_what_cannot_be_forecast_is_refused_in_both_languages(
    periods: list[date], values: list[float], frequency: str, horizon: int
) -> None:
    with pytest.raises(BadInput) as caught:
        forecast(periods, values, frequency, horizon)
    assert caught.value.es != caught.value.en


def test_widths_cover_what_they_were_calibrated_for() -> None:
    """Random walks: 95 % widths from sixteen past paths hold about 95 % of new paths."""
    rng = np.random.default_rng(0)
    inside, total = np.zeros(2), 0
    for _ in range(60):
        past = rng.normal(0, 0.02, (16, 8)).cumsum(axis=1)
        new = rng.normal(0, 0.02, (50, 8)).cumsum(axis=1)
        inside += (np.abs(new)[:, :, None] <= backtest.half_widths(past, 0.002)).sum(axis=(0, 1))
        total += new.size
    assert 0.74 <= inside[0] / total <= 0.86
    assert 0.92 <= inside[1] / total <= 0.99


def test_candidates_on_known_series() -> None:
    y = np.arange(30.0)
    assert Naive().predict(None, y, 2).tolist() == [29.0, 29.0]
    assert Drift("Q").predict(None, y, 2).tolist() == [30.0, 31.0]
    steps = np.diff(DampedDrift("Q").predict(None, y, 5), prepend=y[-1])
    assert steps[3] == pytest.approx(DAMPING)
    assert (np.diff(steps) < 0).all()
    mean = Mean([Naive(), Drift("Q")])
    assert mean.predict(mean.fit(y), y, 2).tolist() == [29.5, 30.0]
    ets = DampedTrend()
    assert ets.predict(ets.fit(y), y, 1)[0] == pytest.approx(30.0, abs=0.2)


@pytest.mark.parametrize("frequency", ["A", "Q", "M"])
def test_an_autoregression_of_growing_steps_still_settles(frequency: Frequency) -> None:
    """Steps that grew all along would grow for ever; what is left of them after a year is bounded."""
    y = np.cumsum(1.15 ** np.arange(40.0))
    steps = Autoregression(frequency)
    far = np.diff(steps.predict(steps.fit(y), y, 20 * PER_YEAR[frequency]), prepend=y[-1])
    assert abs(far[-1]) < 0.1 * abs(y[-1] - y[-2])


def test_errors_are_told_by_period(result: ForecastResult) -> None:
    errors = result.backtest.error_pct
    assert errors is not None
    assert len(errors) == len(result.path)
    assert errors[0] < errors[-1]


@pytest.mark.skipif(not INDICES.exists(), reason="the real indices are not beside this checkout")
def test_real_indices_the_choice_is_better_than_the_last_value_and_intervals_hold() -> None:
    rows: dict[str, list[tuple[date, float]]] = {}
    with INDICES.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            spain = row["source"] == "INE_IPV_25171" and row["region_code"] in ("ES", "ES-09")
            if (spain or row["source"] == "SHF") and row["segment"] == "all":
                day = date(int(row["quarter"][:4]), int(row["quarter"][-1]) * 3 - 2, 1)
                rows.setdefault(row["region_code"], []).append((day, float(row["value"])))
    ours, last, inside = [], [], []
    for series in rows.values():
        series.sort()
        found = forecast([d for d, _ in series[:-8]], [v for _, v in series[:-8]], "Q", 8)
        actual = np.array([v for _, v in series[-8:]])
        ours.append(np.abs(np.log([s.value for s in found.path]) - np.log(actual)).mean())
        last.append(np.abs(np.log(series[-9][1]) - np.log(actual)).mean())
        inside += [s.low_95 <= v <= s.high_95 for s, v in zip(found.path, actual, strict=True)]
    assert len(ours) == 6
    assert np.mean(ours) < 0.8 * np.mean(last)
    assert np.mean(inside) >= 0.9


def test_a_value_is_carried_along_the_index_with_both_errors() -> None:
    here = project(300_000, 260_000, 346_000, index_now=100, index_then=110, index_low_80=104, index_high_80=116.4)
    assert here.value == pytest.approx(330_000)
    assert here.change_pct == pytest.approx(10.0)
    market = {"index_now": 100, "index_then": 110, "index_low_80": 104, "index_high_80": 116.4}
    certain_index = project(300_000, 260_000, 346_000, **market | {"index_low_80": 110, "index_high_80": 110})
    certain_value = project(300_000, 300_000, 300_000, **market)
    widths = [np.log(p.high_80 / p.low_80) for p in (certain_index, certain_value, here)]
    assert widths[2] == pytest.approx(np.hypot(widths[0], widths[1]))
    assert certain_index.low_80 == pytest.approx(286_000, rel=0.01)


@settings(max_examples=50, deadline=None)
@given(spread=st.floats(0.01, 1.0), growth=st.floats(-0.5, 0.5), error=st.floats(0.01, 0.5))
def test_a_projection_is_never_more_certain_than_its_parts(spread: float, growth: float, error: float) -> None:
    then = 100 * float(np.exp(growth))
    found = project(
        1000, 1000 * float(np.exp(-spread)), 1000 * float(np.exp(spread)), index_now=100, index_then=then,
        index_low_80=then * float(np.exp(-error)), index_high_80=then * float(np.exp(error)),
    )
    assert found.low_80 < found.value < found.high_80
    assert np.log(found.high_80 / found.low_80) >= 2 * max(spread, error) * (1 - 1e-9)


@pytest.mark.parametrize("change", [{"value": -1.0}, {"low_80": 400_000.0}, {"index_then": float("nan")}])
def test_a_projection_of_nonsense_is_refused(change: dict[str, float]) -> None:
    good = {"value": 300_000.0, "low_80": 260_000.0, "high_80": 346_000.0}
    market = {"index_now": 100.0, "index_then": 110.0, "index_low_80": 104.0, "index_high_80": 116.0}
    with pytest.raises(BadInput):
        project(**(good | market | change))


def test_projecting_a_stored_forecast_imports_no_statistics_library() -> None:
    code = (
        "import sys, knowledge.forecasting.project, knowledge.forecasting.series, knowledge.forecasting.forecast; "
        "sys.exit(bool({'statsmodels', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
