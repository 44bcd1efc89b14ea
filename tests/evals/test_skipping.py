"""How often the built-in reading is right, by the confidence from which on no model is asked."""

from __future__ import annotations

import pytest

from evals.skipping import table


def test_a_row_counts_the_turns_that_reach_the_threshold() -> None:
    turns = [(0.99, True), (0.95, True), (0.92, False), (0.4, False)]
    rows = table(turns, (0.0, 0.9, 0.95, 0.999))
    assert [(row.threshold, row.n, row.share, row.right) for row in rows] == [
        (0.0, 4, 1.0, 0.5), (0.9, 3, 0.75, pytest.approx(2 / 3)), (0.95, 2, 0.5, 1.0),
    ]
    assert all(row.low <= row.right <= row.high for row in rows)
