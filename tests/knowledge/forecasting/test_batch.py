"""Many series at once: in order, the same as one by one, an error in its place."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.errors import BadInput, Unavailable
from knowledge.forecasting import batch, forecast
from knowledge.forecasting.batch import FEW, Job, make, make_all
from knowledge.forecasting.calibration import LEVELS, parse, shipped
from knowledge.forecasting.series import later
from knowledge.forecasting.spread import LONGEST, NAMES, features


def job(number: int, points: int = 30) -> Job:
    rng = np.random.default_rng(number)
    values = 100 * np.exp(np.cumsum(0.01 + 0.01 * rng.normal(size=points)))
    periods = tuple(later(date(2010, 1, 1), "Q", i) for i in range(points))
    return Job(f"s{number}", periods, tuple(values.tolist()), "Q", 4)


def test_in_processes_each_series_gets_what_it_gets_alone_and_errors_keep_their_place() -> None:
    jobs = [job(i, 3 if i == 4 else 13) for i in range(FEW)]
    told: list[int] = []
    together = make_all(jobs, told.append, processes=2)
    assert told == list(range(1, FEW + 1))
    assert isinstance(together[4], BadInput)
    assert "3" in together[4].en
    assert together[4].es != together[4].en
    assert together[0] == make(jobs[0])
    assert together[FEW - 1] == make(jobs[FEW - 1])


def test_a_forecast_that_runs_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "WILDEST", 0.5)
    with pytest.raises(BadInput, match="runs away"):
        make(job(1))


def test_the_shipped_calibration_is_whole_and_a_damaged_one_is_refused() -> None:
    known = shipped()
    assert parse(known.to_json()) == known
    assert known.series > 100
    assert known.prior(known.default, 0) == 0 < known.prior("mean", 0)
    assert known.prior("naive", 1) > known.prior("drift", 1) > 0
    for text in ("{}", "[]", known.to_json()[:-40], known.to_json().replace('"schema": 1', '"schema": 0'),
                 known.to_json().replace('"one"', '"two"')):
        with pytest.raises(Unavailable):
            parse(text)


@pytest.mark.parametrize("ahead", [1, 8, LONGEST, 40])
def test_tails_are_mixed_from_the_pool_and_the_series_own_errors(ahead: int) -> None:
    known = shipped()
    alone = known.tails(ahead, np.empty(0), 0.0, None)
    wild = known.tails(ahead, np.linspace(-50, 50, 40), 1000.0, None)
    assert (alone > 0).all()
    assert (wild > alone).all()
    assert (alone[1], alone[3]) > (alone[0], alone[2])
    assert len(alone) == 2 * len(LEVELS)


def test_features_know_nothing_of_what_comes_after_the_origin() -> None:
    y = np.log(np.asarray(job(7, 60).values, dtype=np.float64))
    later_on = y.copy()
    later_on[40:] += np.linspace(0, 3, 20)
    here = features(y, np.array([40]), 8)
    assert here.shape == (1, 8, len(NAMES))
    assert np.array_equal(here, features(later_on, np.array([40]), 8))
    assert not np.array_equal(here, features(later_on, np.array([50]), 8))
    assert forecast.SHORT < 24
