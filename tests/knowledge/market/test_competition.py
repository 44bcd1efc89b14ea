"""Competition: distances, squares that hold circles, percentiles, and radii that are none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.market.competition import box, check_point, check_radius, percentile

latitudes, longitudes = st.floats(-60, 60), st.floats(-170, 170)


@given(latitudes, longitudes, st.floats(0.05, 25), st.floats(0, 2 * math.pi))
def test_the_square_holds_the_circle(latitude: float, longitude: float, km: float, angle: float) -> None:
    south, north, west, east = box(latitude, longitude, km)
    there = latitude + math.degrees(km / 6371) * math.sin(angle) * 0.99
    beside = longitude + math.degrees(km / 6371) * math.cos(angle) * 0.99 / math.cos(math.radians(latitude))
    assert south <= there <= north
    assert west <= beside <= east


@pytest.mark.parametrize("km", [0, -1, 0.01, 26, 1e9, math.nan, math.inf])
def test_a_radius_that_is_none(km: float) -> None:
    with pytest.raises(BadInput, match="radius"):
        check_radius(km)


@pytest.mark.parametrize(("latitude", "longitude"), [(91, 0), (0, 181), (math.nan, 0), (0, -math.inf)])
def test_a_point_that_is_none(latitude: float, longitude: float) -> None:
    with pytest.raises(BadInput, match="no place"):
        check_point(latitude, longitude)


@given(st.floats(0, 1e6), st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_percentiles_are_shares_and_rise_with_the_price(value: float, among: list[float]) -> None:
    found = percentile(value, among)
    assert found is not None
    assert 0 <= found <= 100
    assert found == percentile(value, among[::-1])
    assert (percentile(value + 1, among) or 0) >= found


def test_ties_count_half_and_nothing_compares_with_nothing() -> None:
    assert percentile(5, [1, 5, 5, 9]) == 50
    assert percentile(5, []) is None
    assert percentile(math.nan, [1.0]) is None
    assert percentile(5, [math.nan, math.inf]) is None
