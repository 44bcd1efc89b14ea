"""The stretch of a city's values keeps the price-related differential, never turns two homes round, and costs few hits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
