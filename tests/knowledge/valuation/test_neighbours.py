"""What the errors next door say: much of almost the same home, nothing of one far away."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.valuation.neighbours import BELIEVED, CORRECTED, DOUBT, FEW, Neighbours

HERE = (41.39, 2.17, 4.4, 2.0, 1970.0)
FAR = (41.45, 2.20, 4.4, 2.0, 1970.0)


def beside(*errors: float) -> Neighbours:
    """Homes in one place that asked so much more (log) than they were valued at, and one far away that asked twice as much."""
    points = np.array([HERE] * len(errors) + [FAR])
    keys = np.arange(1, len(points) + 1, dtype=np.uint64)
    market = Neighbours.fit(points, np.full(len(points), 8.0), keys)
    return market.told(np.ones(len(points), dtype=bool), np.array([*errors, 0.69]))


def test_the_same_home_next_door_moves_a_value_by_part_of_its_error() -> None:
    moved = beside(0.2).correction(np.array([HERE]))
    assert moved[0] == pytest.approx(CORRECTED * 0.2 / (1 + DOUBT), rel=1e-3)


def test_many_that_agree_move_it_more_and_some_that_differ_not_at_all() -> None:
    one, four, both = (beside(*errors).correction(np.array([HERE]))[0] for errors in ((0.2,), (0.2,) * 4, (0.2, -0.2)))
    assert one < four < CORRECTED * 0.2
    assert both == pytest.approx(0, abs=1e-6)


def test_a_typing_error_next_door_is_not_believed() -> None:
    assert abs(beside(5.0).correction(np.array([HERE]))[0]) <= CORRECTED * BELIEVED


def test_far_from_all_and_without_coordinates_nothing_moves() -> None:
    nowhere = np.array([(40.0, 2.17, 4.4, 2.0, 1970.0), (np.nan, np.nan, 4.4, 2.0, 1970.0)])
    assert beside(0.2).correction(nowhere) == pytest.approx([0, 0], abs=1e-9)


def test_a_market_whose_errors_were_not_told_moves_nothing() -> None:
    market = Neighbours.fit(np.array([HERE]), np.array([8.0]), np.array([1], dtype=np.uint64))
    assert market.correction(np.array([HERE])) == pytest.approx([0])


def test_many_questions_get_what_each_gets_alone() -> None:
    asked = np.array([HERE, FAR] * FEW)
    market = beside(0.2, 0.1)
    alone = [market.correction(asked[i:i + 1])[0] for i in range(2)]
    assert market.correction(asked)[:2] == pytest.approx(alone)
