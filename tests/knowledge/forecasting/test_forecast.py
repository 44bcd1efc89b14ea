from __future__ import annotations

import csv
import json
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.forecasting import backtest
from knowledge.forecasting.calibration import family_name, shipped
from knowledge.forecasting.forecast import ForecastResult, forecast
from knowledge.forecasting.series import clean, later

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


def test_the_mean_is_chosen_and_the_evidence_told(result: ForecastResult) -> None:
    tested = result.backtest
    assert set(tested.mase) == {
        "naive", "seasonal_naive", "drift", "damped", "ets", "theta", "arima", "sarimax", "mean",
    }
    assert {s.method for s in result.path} == {result.method}
    assert tested.mase_chosen == tested.mase[result.method]
    assert tested.beats_drift == (tested.mase_chosen < tested.mase["drift"])
    assert tested.mase_chosen < tested.mase["naive"]
    assert tested.origins >= 12
    assert 80 <= (tested.coverage_95 or 0) <= 100
    assert (tested.coverage_80 or 0) <= (tested.coverage_95 or 0)
    assert tested.calibration == shipped().version


def errors(**sizes: tuple[float, float]) -> backtest.Backtest:
    """A backtest of eight years of origins in which each candidate missed by so much in the first and the second year."""
    found = {n: np.outer([1, -1] * 8, np.repeat(both, 4)) for n, both in sizes.items()}
    return backtest.Backtest(np.linspace(40, 68, 16).astype(np.int64), found, ())


def test_small_leads_and_the_last_value_do_not_win_but_a_large_one_does_in_its_year() -> None:
    alike, once = errors(naive=(0.01, 0.01), drift=(0.95, 0.95), mean=(1, 1)), errors(drift=(0.02, 1), mean=(1, 1))
    assert backtest.choose(alike, "mean", "Q", shipped()) == ("mean", "mean")
    assert backtest.choose(once, "mean", "Q", shipped()) == ("drift", "mean")


def test_a_forecast_that_the_drift_beats_says_so() -> None:
    ramps = np.cumsum(np.tile([0.02] * 12 + [-0.02] * 12, 4)) + 5  # every turn comes as the others have begun to follow
    found = forecast(quarters(96), np.exp(ramps).tolist(), "Q", 2).backtest
    assert found.beats_drift == ((found.mase_chosen or 0) < found.mase["drift"])
    assert found.beats_drift is not None


def test_a_steady_series_goes_on_steadily(result: ForecastResult) -> None:
    growth = [1.01**t for t in range(40)]
    steady = forecast(quarters(40), growth, "Q", 4)
    assert [s.value for s in steady.path] == pytest.approx([1.01**t for t in range(40, 44)], rel=1e-3)
    assert steady.flags == ()


def test_the_result_is_plain_json(result: ForecastResult) -> None:
    body = json.loads(json.dumps(result.to_dict()))
    assert body == result.to_dict()
    assert body["path"][0].keys() == {"period", "value", "low_80", "high_80", "low_95", "high_95", "method"}


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


def test_a_rebased_series_is_forecast_from_its_new_base_alone() -> None:
    broken = index(60)
    broken[20:] = [v / 2 for v in broken[20:]]
    found = forecast(quarters(60), broken, "Q", 4)
    assert (found.flags, found.points) == (("level_break",), 40)
    late = [*index(60)[:-2], *(v / 2 for v in index(60)[-2:])]
    with pytest.raises(BadInput, match="base"):
        forecast(quarters(60), late, "Q", 4)


def test_a_fall_that_lasts_is_no_break() -> None:
    fall = np.cumsum([0.01] * 30 + [-0.2] * 4 + [0.005] * 20)
    assert "level_break" not in clean(quarters(54), np.exp(fall).tolist(), "Q").flags


def test_high_inflation_is_growth_and_no_rate() -> None:
    prices = (100 * np.exp(np.cumsum(0.12 + 0.02 * np.sin(np.arange(60))))).tolist()
    found = forecast(quarters(60), prices, "Q", 8)
    assert clean(quarters(60), prices, "Q").logs
    assert found.path[-1].value > 1.8 * prices[-1]
    assert found.path[-1].low_95 > 0


@pytest.mark.parametrize("wrong", [0.0, -3.0])
def test_a_price_at_or_under_zero_is_refused_by_its_period(wrong: float) -> None:
    values = index(40)
    values[10] = wrong
    with pytest.raises(BadInput, match="2010-07-01"):
        clean(quarters(40), values, "Q")


@pytest.mark.parametrize("wrong", [float("inf"), float("-inf"), 1e200])
def test_an_infinite_value_is_refused(wrong: float) -> None:
    with pytest.raises(BadInput, match="finite"):
        clean(quarters(40), [*index(39), wrong], "Q")


@pytest.mark.parametrize("count", [5, 8, 11])
def test_few_points_give_a_wide_interval(count: int) -> None:
    found = forecast(quarters(count), index(count), "Q", 8)
    assert "short" in found.flags
    assert found.path[-1].high_95 / found.path[-1].low_95 > 1.05


@settings(max_examples=8, deadline=None)
@example(factor=892146.3750038751, shift=0, seed=33)
@example(factor=37.0, shift=3, seed=27)
@given(factor=st.floats(1e-3, 1e6), shift=st.integers(-20, 20), seed=st.integers(0, 50))
def test_another_unit_or_other_dates_change_nothing_else(factor: float, shift: int, seed: int) -> None:
    values = index(44, seed)
    here = forecast(quarters(44), values, "Q", 6)
    there = forecast(quarters(44, later(date(2008, 1, 1), "Q", shift)), [factor * v for v in values], "Q", 6)
    assert there.path[0].period == later(date.fromisoformat(here.path[0].period), "Q", shift).isoformat()
    for a, b in zip(here.path, there.path, strict=True):
        expected = (factor * a.value, factor * a.low_95, factor * a.high_80)
        assert (b.value, b.low_95, b.high_80) == pytest.approx(expected, rel=1e-3)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), noise=st.floats(0, 0.05), points=st.integers(4, 70))
def test_intervals_are_nested_and_widen(seed: int, noise: float, points: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.exp(4 + np.cumsum(0.01 * np.sin(np.arange(points) / 7) + noise * rng.normal(size=points))).tolist()
    path = forecast(quarters(points), values, "Q", 9).path
    for s in path:
        assert s.low_95 <= s.low_80 < s.value < s.high_80 <= s.high_95
    for near, far in pairwise(path):
        assert far.high_95 / far.low_95 >= near.high_95 / near.low_95 * (1 - 1e-6)
        assert far.high_80 / far.low_80 >= near.high_80 / near.low_80 * (1 - 1e-6)


def test_a_family_known_to_err_less_has_a_narrower_interval() -> None:
    family = family_name("SHF", "MX", "price_index")
    alone, known = (forecast(quarters(64), index(64), "Q", 8, family=f) for f in (None, family))
    assert [s.value for s in alone.path] == [s.value for s in known.path]
    assert alone.path[-1].high_95 != known.path[-1].high_95


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


def test_errors_are_told_by_period(result: ForecastResult) -> None:
    errors = result.backtest.error_pct
    assert errors is not None
    assert len(errors) == len(result.path)
    assert errors[0] < errors[-1]


@pytest.mark.skipif(not INDICES.exists(), reason="the real indices are not beside this checkout")
def test_real_indices_the_choice_is_better_than_the_last_value_and_intervals_hold() -> None:
    rows: dict[tuple[str, str], list[tuple[date, float]]] = {}
    with INDICES.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            spain = row["source"] == "INE_IPV_25171" and row["region_code"] in ("ES", "ES-09")
            if (spain or row["source"] == "SHF") and row["segment"] == "all":
                day = date(int(row["quarter"][:4]), int(row["quarter"][-1]) * 3 - 2, 1)
                rows.setdefault((row["source"], row["region_code"]), []).append((day, float(row["value"])))
    ours, last, inside = [], [], []
    for (source, region), series in rows.items():
        series.sort()
        periods, values = [d for d, _ in series[:-8]], [v for _, v in series[:-8]]
        found = forecast(periods, values, "Q", 8, family=family_name(source, region[:2], "price_index"))
        actual = np.array([v for _, v in series[-8:]])
        ours.append(np.abs(np.log([s.value for s in found.path]) - np.log(actual)).mean())
        last.append(np.abs(np.log(series[-9][1]) - np.log(actual)).mean())
        inside += [s.low_95 <= v <= s.high_95 for s, v in zip(found.path, actual, strict=True)]
    assert len(ours) == 6
    assert np.mean(ours) < 0.8 * np.mean(last)
    assert np.mean(inside) >= 0.9
