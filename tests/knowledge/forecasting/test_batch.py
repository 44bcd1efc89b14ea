"""Many series at once: in order, the same as one by one, an error in its place."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadInput, Unavailable
from core.locale import COUNTRIES
from knowledge.forecasting import batch, forecast, train
from knowledge.forecasting.batch import FEW, Job, make, make_all
from knowledge.forecasting.calibration import LEVELS, parse, shipped
from knowledge.forecasting.methods import candidates
from knowledge.forecasting.series import later
from knowledge.forecasting.spread import LONGEST, NAMES, features

INDICES = Path(__file__).parents[4] / "shared" / "data" / "house_price_index_quarterly.csv"


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


def test_where_processes_cannot_start_the_forecasts_are_made_here(tmp_path: Path) -> None:
    """A program without a guard around its start cannot be imported by the processes it starts."""
    program = tmp_path / "bare.py"
    program.write_text(
        "from tests.knowledge.forecasting.test_batch import job\n"
        "from knowledge.forecasting.batch import FEW, make_all\n"
        "print(len(make_all([job(i, 13) for i in range(FEW)], processes=2)), 'made')\n"
    )
    root = Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=120, check=False,
                         env=os.environ | {"PYTHONPATH": str(root)})
    assert f"{FEW} made" in ran.stdout
    assert ran.returncode == 0


def test_a_forecast_that_runs_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "WILDEST", 0.5)
    with pytest.raises(BadInput, match="runs away"):
        make(job(1))


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("where", ["coverage_80", "mase", "error_pct"])
def test_no_figure_that_is_not_finite_reaches_what_is_stored(
    monkeypatch: pytest.MonkeyPatch, where: str, figure: float
) -> None:
    honest = forecast.forecast
    put: dict[str, Any] = {"coverage_80": figure, "mase": {"mean": figure}, "error_pct": (1.0, figure)}

    def spoilt(*args: Any, **more: Any) -> Any:
        made = honest(*args, **more)
        return replace(made, backtest=replace(made.backtest, **{where: put[where]}))

    monkeypatch.setattr(forecast, "forecast", spoilt)
    with pytest.raises(BadInput, match="finite") as caught:
        make(job(1))
    assert caught.value.es != caught.value.en


def test_the_shipped_calibration_is_the_one_that_training_makes() -> None:
    """Its version is the digest of its content, its settings those of the code that makes it."""
    known = shipped()
    dateless = replace(known, version="", made_on="").to_json()
    assert known.version == hashlib.blake2s(dateless.encode(), digest_size=6).hexdigest()
    assert (known.default, known.choice_prior) == (train.DEFAULT, train.CHOICE_PRIOR)
    assert set(known.family_priors.values()) == {train.REGIONS_PRIORS, train.ONE_PRIORS}
    assert {len(row) for table in known.families.values() for row in table} == {train.FAMILY_POINTS}
    assert set(known.priors) == {c.name for c in candidates("Q", 24)} | {train.DEFAULT}
    assert {len(table) for table in known.errors} == {train.POOL_POINTS}
    if INDICES.exists():
        official = train.read(INDICES)
        assert known.data == hashlib.sha256(INDICES.read_bytes()).hexdigest()[:16]
        assert known.series == len(official)
        assert set(known.families) == {s.family for s in official if s.country in COUNTRIES}


def test_the_shipped_calibration_is_whole_and_a_damaged_one_is_refused() -> None:
    known = shipped()
    assert parse(known.to_json()) == known
    assert known.series > 100
    assert known.prior(known.default, 0) == 0 < known.prior("mean", 0)
    assert known.prior("naive", 1) > known.prior("drift", 1) > 0
    for text in ("{}", "[]", known.to_json()[:-40], known.to_json().replace('"schema": 2', '"schema": 1'),
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


def test_the_far_interval_is_the_shortest_that_holds_its_level_and_the_near_one_misses_alike() -> None:
    """Of a hundred errors that lean upwards, as a family's that count for nearly all."""
    known = shipped()
    leaning = np.sort(np.exp(np.linspace(-1, 2, 400)) - 1)
    (low_80, low_95), (high_80, high_95) = known.tails(8, leaning, 1e9, None).reshape(2, -1)
    assert (np.mean(leaning < -low_80), np.mean(leaning > high_80)) == pytest.approx((0.1, 0.1), abs=0.005)
    assert (np.mean(leaning < -low_95), np.mean(leaning > high_95)) == pytest.approx((0.0125, 0.0375), abs=0.005)


def test_features_know_nothing_of_what_comes_after_the_origin() -> None:
    y = np.log(np.asarray(job(7, 60).values, dtype=np.float64))
    later_on = y.copy()
    later_on[40:] += np.linspace(0, 3, 20)
    here = features(y, np.array([40]), 8)
    assert here.shape == (1, 8, len(NAMES))
    assert np.array_equal(here, features(later_on, np.array([40]), 8))
    assert not np.array_equal(here, features(later_on, np.array([50]), 8))
    assert forecast.SHORT < 24
