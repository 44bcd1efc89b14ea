"""Medians: an interval that covers as it says, and small samples drawn to their city, never past it."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.market.medians import FEWEST_GROUPS, Group, median_interval, median_rank, shrink

prices = st.lists(st.floats(1, 1e7), min_size=1, max_size=60)
groups = st.lists(
    st.tuples(st.floats(10, 1e6), st.floats(1.01, 2), st.floats(1.01, 2), st.integers(1, 500)),
    min_size=FEWEST_GROUPS, max_size=12,
).map(lambda rows: {f"a{i}": Group(m, m / low, m * high, n) for i, (m, low, high, n) in enumerate(rows)})


def test_the_ranks_are_those_of_a_fair_coin() -> None:
    assert median_rank(5, 0.9) == 1  # two heads in 32 throws lie outside: 1/16 < 0.1
    assert median_rank(4, 0.9) is None  # 1/8 of the throws are all heads or all tails
    assert median_rank(20, 0.95) == 6  # the textbook's 6th and 15th of 20
    assert median_rank(300, 0.9) == pytest.approx(median_rank(301, 0.9), abs=1)  # counted, then by the normal curve


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    rng = random.Random(5)
    covered = 0
    for _ in range(600):
        found = median_interval([rng.lognormvariate(0, 0.6) for _ in range(25)], 0.9)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1.0 <= found.high
    assert covered / 600 > 0.88


@given(prices)
def test_the_interval_holds_the_median_and_order_does_not_matter(values: list[float]) -> None:
    found = median_interval(values)
    assert found is not None
    assert found == median_interval(list(reversed(values)))
    if found.low is not None and found.high is not None:
        assert found.low <= found.value <= found.high


def test_values_that_are_none_give_nothing() -> None:
    assert median_interval([]) is None
    assert median_interval([math.nan, math.inf]) is None
    one = median_interval([7.0, math.nan])
    assert one is not None
    assert (one.value, one.low, one.high) == (7.0, None, None)


@given(groups)
def test_the_shrunk_median_lies_between_its_own_and_the_city_s(some: dict[str, Group]) -> None:
    found = shrink(some)
    assert set(found) == set(some)
    for name, shrunk in found.items():
        low, high = sorted((some[name].median, shrunk.parent))
        assert low * (1 - 1e-9) <= shrunk.value <= high * (1 + 1e-9)
        assert 0 <= shrunk.weight <= 1
    assert {n: s.value for n, s in shrink(dict(reversed(some.items()))).items()} == pytest.approx(
        {n: s.value for n, s in found.items()}, rel=1e-6)


def test_fewer_adverts_are_drawn_further() -> None:
    some = {f"a{i}": Group(m, m * 0.8, m * 1.25, 100) for i, m in enumerate((900.0, 1000.0, 1100.0, 1250.0))}
    weights = [shrink(some | {"own": Group(2000, 1600, 2500, n)})["own"].weight for n in (8, 30, 300)]
    assert weights == sorted(weights)
    assert weights[0] < 0.9


def test_too_few_or_impossible_groups_are_not_shrunk() -> None:
    assert shrink({"a": Group(1, 1, 1, 9), "b": Group(2, 2, 2, 9)}) == {}
    bad = {"nan": Group(math.nan, 1, 1, 9), "zero": Group(0, 0, 0, 9), "none": Group(5, 4, 6, 0)}
    good = {f"a{i}": Group(m, m * 0.9, m * 1.1, 20) for i, m in enumerate((900.0, 1000.0, 1100.0, 1250.0))}
    assert set(shrink(bad | good)) == set(good)


def test_areas_that_do_not_differ_are_all_the_city() -> None:
    found = shrink({f"a{i}": Group(1000.0, 800.0, 1250.0, 20) for i in range(5)})
    assert all(s.value == pytest.approx(1000) and s.weight == 0 for s in found.values())
