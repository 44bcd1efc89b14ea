"""Distances on Earth: known ones, one point to itself, and coordinates that are not known."""

from __future__ import annotations

import math

import pytest

from knowledge.distance import kilometres


def test_known_distances() -> None:
    madrid, barcelona, degree = (40.4168, -3.7038), (41.3874, 2.1686), (41.4168, -3.7038)
    far = kilometres(*madrid, [barcelona[0], madrid[0], degree[0]], [barcelona[1], madrid[1], degree[1]])
    assert far.tolist() == pytest.approx([505, 0, 111.2], abs=1)


def test_a_coordinate_that_is_not_known_has_no_distance() -> None:
    assert [math.isnan(far) for far in kilometres(4.6, -74.1, [4.7, None, math.nan], [None, -74.0, -74.0])] == [True] * 3
    assert kilometres(4.6, -74.1, [], []).tolist() == []
