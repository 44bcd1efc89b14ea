"""How often the built-in reading is right, by the confidence from which on no model is asked."""

from __future__ import annotations

import pytest

from evals.skipping import table, wilson


def test_a_row_counts_the_turns_that_reach_the_threshold() -> None:
    turns = [(0.99, True), (0.95, True), (0.92, False), (0.4, False)]
    rows = table(turns, (0.0, 0.9, 0.95, 0.999))
    assert [(row.threshold, row.n, row.share, row.right) for row in rows] == [
        (0.0, 4, 1.0, 0.5), (0.9, 3, 0.75, pytest.approx(2 / 3)), (0.95, 2, 0.5, 1.0),
    ]
    assert all(row.low <= row.right <= row.high for row in rows)


def test_the_interval_is_wilsons() -> None:
    """Figures of Newcombe (1998), table I: 81 of 263, 15 of 148 and 0 of 20."""
    for good, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        assert wilson(good, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
