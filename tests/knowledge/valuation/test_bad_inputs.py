"""Whatever a row holds, the model gives a sound value, a wide one, or none with a reason: never a silly figure."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.valuation.training import Trained, train
from tests.knowledge.valuation.conftest import made_up

HOME: dict[str, Any] = {"city_id": "es/norte", "area_id": "es/norte/medio", "area_m2": 90.0, "bedrooms": 3,
                        "property_type": "apartment"}
ANYTHING = st.one_of(st.none(), st.floats(), st.integers(-(10**9), 10**9), st.text(max_size=5), st.booleans())
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(area=ANYTHING, bedrooms=ANYTHING, floor=ANYTHING, year=ANYTHING, latitude=ANYTHING, observed=ANYTHING)
def test_nonsense_gives_a_finite_value_within_its_intervals_or_none_with_a_reason(
    trained: Trained, area: Any, bedrooms: Any, floor: Any, year: Any, latitude: Any, observed: Any
) -> None:
    found = trained.model.predict_one(HOME | {
        "area_m2": area, "bedrooms": bedrooms, "floor": floor, "year_built": year, "latitude": latitude,
        "longitude": -2.9, "observed_on": observed,
    })
    if math.isnan(found.value):
        assert found.reasons
    else:
        assert 0 < found.low_90 < found.low_80 < found.value < found.high_80 < found.high_90 < math.inf
        assert 500 < found.value / float(area) < 15_000


@pytest.mark.parametrize("area", [0, -90, float("nan"), float("inf"), 5_000, 1e12])
def test_no_floor_area_and_one_that_no_home_has_give_no_value(trained: Trained, area: float) -> None:
    found = trained.model.predict_one(HOME | {"area_m2": area})
    assert math.isnan(found.value)
    assert found.reasons[-1] in ("missing_area", "area_out_of_range")


def test_beyond_what_was_observed_the_interval_grows_with_the_distance(trained: Trained) -> None:
    widths = []
    for area in (150.0, 250.0, 400.0):
        found = trained.model.predict_one(HOME | {"area_m2": area, "bedrooms": round(area / 30)})
        widths.append(found.high_90 / found.low_90)
    assert widths[0] < widths[1] < widths[2]
    assert "unusual_area" in trained.model.predict_one(HOME | {"area_m2": 400.0}).reasons
    crowded = trained.model.predict_one(HOME | {"bedrooms": 40})
    assert "unusual_rooms" in crowded.reasons
    usual = trained.model.predict_one(HOME)
    assert crowded.high_90 / crowded.low_90 > usual.high_90 / usual.low_90


@QUIET
@given(seed=st.integers(0, 1000))
def test_the_order_of_the_rows_changes_no_value(trained: Trained, seed: int) -> None:
    rows = made_up(12, seed=3)
    order = np.random.default_rng(seed).permutation(len(rows))
    plain, mixed = trained.model.predict(rows)["value"].to_numpy(), trained.model.predict(rows.iloc[order])["value"].to_numpy()
    assert np.allclose(plain[order], mixed, rtol=1e-9)


def test_a_city_that_asks_twice_as_much_is_worth_twice_as_much(listings: pd.DataFrame, trained: Trained) -> None:
    """Prices in another unit are the same market: the values scale with them."""
    doubled = train(listings.assign(price=listings["price"] * 2), "ES").model
    rows = made_up(40, seed=6)
    ratio = doubled.predict(rows)["value"].to_numpy() / trained.model.predict(rows)["value"].to_numpy()
    assert np.median(ratio) == pytest.approx(2, rel=0.01)
    assert np.all(np.abs(ratio / 2 - 1) < 0.1)


def test_prices_that_are_none_never_reach_a_model(listings: pd.DataFrame) -> None:
    frame = listings.head(220).copy()
    bad = [0.0, -1.0, float("nan"), float("inf"), 1e15, 1.0]
    for i, price in enumerate(bad):
        frame.loc[frame.index[i], "price"] = price
    frame.loc[frame.index[6], "area_m2"] = float("inf")
    frame.loc[frame.index[7], "area_m2"] = 0.0
    metrics = train(frame, "ES").metrics
    assert metrics["dropped"] == len(bad) + 2
    assert math.isfinite(metrics["mdape"])


def test_an_advert_of_the_future_counts_as_the_newest(trained: Trained) -> None:
    today, future = (trained.model.predict_one(HOME | {"observed_on": day}) for day in (date(2024, 6, 1), date(2099, 1, 1)))
    assert future.value == today.value
