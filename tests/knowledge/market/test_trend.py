"""Trends: found where there is one, and seldom where there is none, whatever follows whatever."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.market.trend import FEWEST, assess

Points = list[tuple[date, float]]


def monthly(values: Sequence[float]) -> Points:
    return [(date(2018 + i // 12, i % 12 + 1, 1), v) for i, v in enumerate(values)]


def wandering(rng: random.Random, n: int, *, memory: float = 0.0, pull: float = 1.0, drift: float = 0.0) -> list[float]:
    """exp of a path: `pull` 1 keeps every step (a random walk), less draws it back; `memory` makes steps follow one another."""
    level = step = 0.0
    found = []
    for _ in range(n):
        step = memory * step + rng.gauss(0, 0.01)
        level = pull * level + step + drift
        found.append(math.exp(level))
    return found


@pytest.mark.parametrize(("memory", "pull"), [(0.0, 1.0), (0.5, 1.0), (0.7, 1.0), (0.0, 0.8), (0.0, 0.0)])
def test_a_market_without_trend_is_seldom_said_to_have_one(memory: float, pull: float) -> None:
    rng = random.Random(7)
    said = [assess(monthly(wandering(rng, 25, memory=memory, pull=pull)), "M", 2) for _ in range(400)]
    wrong = sum(found is not None and found.verdict in ("rising", "falling") for found in said) / len(said)
    assert wrong < 0.11  # asked for 0.05; a memory of 0.7 in 24 months costs a little


@pytest.mark.parametrize(("drift", "verdict"), [(0.012, "rising"), (-0.012, "falling")])
def test_a_trend_that_stands_out_is_found(drift: float, verdict: str) -> None:
    rng = random.Random(8)
    said = [assess(monthly(wandering(rng, 25, drift=drift)), "M", 2) for _ in range(200)]
    assert sum(found is not None and found.verdict == verdict for found in said) / 200 > 0.8


def test_growth_a_year_and_its_interval() -> None:
    found = assess(monthly([100 * 1.005**i * (1 + 0.001 * (-1) ** i) for i in range(37)]), "M", 3)
    assert found is not None
    assert found.yearly is not None
    assert found.low is not None
    assert found.high is not None
    assert found.verdict == "rising"
    assert found.yearly == pytest.approx((1.005**12 - 1) * 100, abs=0.1)
    assert found.low < found.yearly < found.high
    assert (found.since, found.until, found.changes) == (date(2018, 1, 1), date(2021, 1, 1), 36)


def test_quarters_and_years_have_their_own_length() -> None:
    quarters = [(date(2018 + i // 4, 3 * (i % 4) + 1, 1), 100 * 1.02**i) for i in range(13)]
    found = assess(quarters, "Q", 2)
    assert found is not None
    assert found.yearly == pytest.approx((1.02**4 - 1) * 100)
    years = [(date(2000 + i, 1, 1), 100 * 1.03**i) for i in range(12)]
    found = assess(years, "A", 2)  # two changes say nothing: as many years as are needed are taken
    assert found is not None
    assert found.changes == FEWEST
    assert found.yearly == pytest.approx(3)


@pytest.mark.parametrize("n", [2, 5, FEWEST])
def test_a_few_points_are_too_few(n: int) -> None:
    found = assess(monthly([100.0 + i for i in range(n)]), "M", 2)
    assert found is not None
    assert (found.verdict, found.yearly, found.p_value) == ("few", None, None)


def test_nothing_is_made_of_nothing() -> None:
    assert assess([], "M") is None
    assert assess(monthly([100.0]), "M") is None
    assert assess(monthly([math.nan, math.inf, -3.0, 0.0]), "M") is None


def test_gaps_are_jumped_and_too_many_of_them_end_it() -> None:
    points = monthly([100 * 1.005**i for i in range(25)])
    with_gaps = [p for i, p in enumerate(points) if i not in (5, 13)]
    found = assess(with_gaps, "M", 2)
    assert found is not None
    assert found.verdict == "rising"
    assert found.changes == 20
    assert found.yearly == pytest.approx((1.005**12 - 1) * 100)
    found = assess(points[::2], "M", 2)
    assert found is not None
    assert found.verdict == "few"


def test_a_break_starts_the_window_anew() -> None:
    rng = random.Random(2)
    values = [v * 100 for v in wandering(rng, 30)]
    rebased = values[:10] + [v * 1.6 for v in values[10:]]
    found = assess(monthly(rebased), "M", 3)
    assert found is not None
    assert found.broken == date(2018, 11, 1) == found.since
    assert found.verdict == "flat"


@given(st.lists(st.integers(1, 1_000_000), min_size=2, max_size=30), st.sampled_from([0.01, 0.37, 2.5, 100.0]))
def test_the_unit_and_the_order_of_the_points_change_nothing(values: list[int], unit: float) -> None:
    found, other = assess(monthly(values), "M"), assess([(d, v * unit) for d, v in reversed(monthly(values))], "M")
    assert found is not None
    assert other is not None
    assert (found.since, found.until, found.changes) == (other.since, other.until, other.changes)
    if found.yearly is not None and found.p_value is not None:
        assert found.yearly == pytest.approx(other.yearly, rel=1e-6, abs=1e-6)
        assert 0 <= found.p_value <= 1
        assert found.low <= found.yearly <= found.high  # type: ignore[operator]
