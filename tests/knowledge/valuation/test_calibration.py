"""The stretch of a city's values keeps the price-related differential, never turns two homes round, and costs few hits; its
intervals hold the cheapest homes as often as the others."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.valuation.calibration import DETAILS, Calibration, Shape
from knowledge.valuation.columns import Numbers
from knowledge.valuation.metrics import ratio_study
from knowledge.valuation.model import MANY_ROWS, TREES_AT_ONCE
from knowledge.valuation.training import Trained

FULL = DETAILS.index("full")


def pulled_to_the_middle(seed: int, rows: int = 6000) -> tuple[Numbers, Numbers, Numbers]:
    """Log values, log prices and predicted errors of a city whose dear homes come out too cheap."""
    rng = np.random.default_rng(seed)
    true = rng.normal(12.2, 0.6, rows)
    scale = rng.uniform(0.05, 0.25, rows)
    return 12.2 + 0.93 * (true - 12.2), true + rng.normal(0, scale), scale


def test_the_differential_keeps_the_assessors_standard_on_rows_that_did_not_calibrate_it() -> None:
    log_value, log_price, scale = pulled_to_the_middle(1)
    city, detail = np.full(len(scale), "es/valencia"), np.full(len(scale), FULL)
    calibration = Calibration.fit(log_value, log_price, scale, detail, city)
    log_value, log_price, scale = pulled_to_the_middle(2)
    moved = calibration.apply(log_value, scale, detail, city.tolist())[0]
    before, after = (ratio_study(np.exp(v), np.exp(log_price)) for v in (log_value, moved))
    assert before["prd"] > 1.03
    assert after["prd"] <= 1.03
    assert after["mdape"] <= before["mdape"] + 0.3


def test_a_city_without_the_fault_keeps_its_values() -> None:
    _, log_price, scale = pulled_to_the_middle(1)
    log_value = log_price + np.random.default_rng(3).normal(0, 0.05, len(scale))
    city, detail = np.full(len(scale), "es/valencia"), np.full(len(scale), FULL)
    calibration = Calibration.fit(log_value, log_price, scale, detail, city)
    assert calibration.apply(log_value, scale, detail, city.tolist())[0] == pytest.approx(log_value)


def city_of(seed: int, middle: float = 12.2, rows: int = 20_000) -> tuple[Numbers, Numbers, Numbers]:
    """Log values without fault, log prices, predicted errors. The cheapest fifth of the prices asks less than its values."""
    rng = np.random.default_rng(seed)
    log_value, scale = rng.normal(middle, 0.5, rows), rng.uniform(0.06, 0.24, rows)
    return log_value, log_value + scale * rng.standard_t(4, rows), scale


def held(calibration: Calibration, rows: tuple[Numbers, Numbers, Numbers], city: list[str]) -> NDArray[np.bool_]:
    """Whether each price lies in its 90 % interval."""
    log_value, log_price, scale = rows
    value, below, above = calibration.apply(log_value, scale, np.full(len(scale), FULL), city)
    return np.asarray((log_price >= value - below[:, 2]) & (log_price <= value + above[:, 2]))


def test_every_fifth_of_the_prices_and_of_the_values_is_held_alike() -> None:
    fitted, fresh = city_of(1), city_of(9)
    city = np.full(len(fitted[0]), "es/valencia")
    inside = held(Calibration.fit(*fitted, np.full(len(city), FULL), city), fresh, city.tolist())
    for of in (fresh[1], fresh[0]):
        fifth = np.searchsorted(np.quantile(of, (0.2, 0.4, 0.6, 0.8)), of)
        assert [87.5 <= 100 * inside[fifth == k].mean() <= 92.5 for k in range(5)] == [True] * 5


def test_a_dear_citys_homes_among_the_cheapest_of_the_market_are_held_too() -> None:
    def both(seed: int) -> tuple[Numbers, Numbers, Numbers]:
        value, price, scale = (np.concatenate(part) for part in zip(city_of(seed, 12.8), city_of(seed + 50, 12.0), strict=True))
        return value, price, scale

    fitted, fresh = both(1), both(2)
    city = np.repeat(["es/cara", "es/barata"], len(fitted[0]) // 2)
    inside = held(Calibration.fit(*fitted, np.full(len(city), FULL), city), fresh, city.tolist())
    cheapest = fresh[1] <= np.quantile(fresh[1], 0.2)
    assert [100 * inside[cheapest & (city == name)].mean() > 88 for name in ("es/cara", "es/barata")] == [True, True]


def test_a_city_with_few_homes_has_curves_that_hold_on_others() -> None:
    fitted, fresh = city_of(1, rows=600), city_of(2)
    names = np.full(len(fitted[0]), "es/soria")
    calibration = Calibration.fit(*fitted, np.full(len(names), FULL), names)
    shape = calibration.shapes["es/soria"]
    assert max(map(abs, shape.below + shape.above)) < 0.7
    assert 86 <= 100 * held(calibration, fresh, ["es/soria"] * len(fresh[0])).mean() <= 94


def test_homes_told_in_detail_have_the_sides_of_their_city_and_no_stretch() -> None:
    log_value, log_price, scale = pulled_to_the_middle(1)
    detail = np.where(np.arange(len(scale)) % 3 == 0, DETAILS.index("detailed"), FULL)
    city = np.full(len(scale), "es/valencia")
    calibration = Calibration.fit(log_value, log_price, scale, detail, city)
    value, below, above = calibration.apply(log_value, scale, detail, city.tolist())
    told = detail == DETAILS.index("detailed")
    assert (value[told] == log_value[told]).all()
    assert not (value[~told] == log_value[~told]).all()
    assert np.ptp((below / above)[told, 2]) > 0.1


def test_a_calibration_is_the_same_after_storing_it() -> None:
    rows = city_of(1, rows=2_000)
    calibration = Calibration.fit(*rows, np.full(2_000, FULL), np.full(2_000, "es/valencia"))
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


@given(st.floats(9, 17), st.floats(1e-3, 3), st.floats(0, 0.08), st.floats(0.01, 2))
def test_a_dearer_home_stays_the_dearer_one(log_value: float, more: float, stretch: float, scale: float) -> None:
    shape = Shape(mean=12.5, stretch=stretch)
    low, high = shape.corrected(np.array([log_value, log_value + more]), np.array([scale, scale])).tolist()
    assert high > low


def test_trees_in_blocks_add_up_to_the_whole_model(trained: Trained, listings: pd.DataFrame) -> None:
    """A batch large enough for blocks gives each property the value that it has alone."""
    strangers = listings.drop(columns=["dwelling_group", "external_id"])
    assert len(strangers) > MANY_ROWS
    assert trained.model.brief[0].num_trees() > TREES_AT_ONCE
    batch = trained.model.predict(strangers)["value"].head(3).to_numpy()
    alone = [trained.model.predict_one(row).value for row in strangers.head(3).to_dict("records")]
    assert batch == pytest.approx(alone, rel=1e-9)
