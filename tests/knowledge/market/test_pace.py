"""Pace: what is watched is told with its interval, what is not is unknown and never zero."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.market.pace import FEWEST, Change, Row, cuts, pace, poisson, watch, wilson

TODAY = date(2026, 6, 30)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


#: 40 adverts up since between 10 and 200 days; 20 left over the last hundred days.
MARKET = [
    *(Row("a", ago(10 + 5 * i), TODAY, False) for i in range(40)),
    *(Row("a", ago(150 + i), ago(5 * i), True) for i in range(1, 21)),
]


def test_absorption_and_months_of_stock_are_each_other_s_inverse_where_the_stock_is_steady() -> None:
    over = watch(MARKET, TODAY)
    found = pace(MARKET, [], over, TODAY)
    assert (over.since, over.until, over.unknown) == (ago(100), TODAY, None)
    assert (found.stock, found.withdrawn, found.unknown) == (40, 20, None)
    assert found.new == 19  # first seen in the last hundred days
    months = 100 / (365.25 / 12)
    at_start = 20 + 21  # those that left later, and those up since before
    assert found.absorption == pytest.approx(20 / (months * (40 + at_start) / 2))
    assert found.months_of_stock == pytest.approx(40 * months / 20)
    assert found.absorption_low < found.absorption < found.absorption_high  # type: ignore[operator]


def test_one_snapshot_tells_a_stock_and_nothing_else() -> None:
    rows = [Row("a", ago(90), ago(90), False)] * 30
    found = pace(rows, [], watch(rows, TODAY), TODAY)
    assert (found.stock, found.unknown) == (30, "snapshot")
    assert (found.new, found.withdrawn, found.absorption, found.on_market, found.cuts) == (None,) * 5


def test_adverts_seen_again_of_which_none_was_marked_as_gone_have_no_pace_but_cuts() -> None:
    rows = [Row("a", ago(90), TODAY, False)] * 30
    found = pace(rows, [Change("a", 100.0, 90.0)], watch(rows, TODAY), TODAY)
    assert found.unknown == "not_watched"
    assert found.absorption is None
    assert found.cuts is not None
    assert found.cuts.share == pytest.approx(1 / 30)


def test_departures_of_a_few_days_are_too_short_a_watch() -> None:
    rows = [Row("a", ago(90), TODAY, False)] * 30 + [Row("a", ago(90), ago(10), True)] * 5
    assert pace(rows, [], watch(rows, TODAY), TODAY).unknown == "short"


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_an_empty_area_and_a_few_adverts_are_counted_only(count: int) -> None:
    rows = [*MARKET, *(Row("b", ago(30), TODAY, False) for _ in range(count))]
    found = pace(rows, [], watch(rows, TODAY), TODAY, {"b"})
    assert (found.stock, found.unknown) == (count, "few")
    assert found.absorption is None


def test_days_to_come_and_days_before_the_first_count_nowhere() -> None:
    odd = [Row("a", TODAY + timedelta(days=3), TODAY + timedelta(days=5), False), Row("a", TODAY, ago(3), True)]
    over = watch([*MARKET, *odd], TODAY)
    assert pace([*MARKET, *odd], [], over, TODAY) == pace(MARKET, [], watch(MARKET, TODAY), TODAY)


def test_cuts_ignore_prices_that_are_none() -> None:
    changes = [Change("a", 100.0, 90.0), Change("a", 100.0, 80.0), Change("a", 100.0, 0.0), Change("a", math.nan, 5.0),
               Change("a", math.inf, 5.0), Change("a", -3.0, -5.0), Change("a", 100.0, 130.0)]
    found = cuts(changes, 20)
    assert found is not None
    assert (found.count, found.share, found.size) == (2, 0.1, pytest.approx(0.15))
    assert cuts([], 0) is None


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400), st.booleans()), min_size=1, max_size=60))
def test_figures_stay_in_their_bounds_and_do_not_depend_on_order(seen: list[tuple[int, int, bool]]) -> None:
    rows = [Row("a", ago(max(x, y)), ago(min(x, y)), gone) for x, y, gone in seen]
    over = watch(rows, TODAY)
    found = pace(rows, [], over, TODAY)
    assert found == pace(rows[::-1], [], watch(rows[::-1], TODAY), TODAY)
    if found.absorption is not None:
        assert 0 <= found.absorption_low <= found.absorption <= found.absorption_high  # type: ignore[operator]
        assert found.new <= len(rows)
        assert found.withdrawn <= len(rows)


@given(st.integers(0, 200), st.integers(1, 200))
def test_intervals_hold_what_was_counted(count: int, more: int) -> None:
    low, high = wilson(count, count + more)
    assert 0 <= low <= count / (count + more) <= high <= 1
    low, high = poisson(count)
    assert 0 <= low <= count <= high


def test_the_interval_is_wilsons() -> None:
    """Figures of Newcombe (1998), table I: 81 of 263, 15 of 148 and 0 of 20."""
    for good, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        assert wilson(good, n, 0.95) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
