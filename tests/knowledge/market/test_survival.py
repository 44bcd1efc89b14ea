"""Days on market: the product-limit estimate, its known cases and its bounds."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.market.survival import Spell, duration, kaplan_meier

spells = st.lists(
    st.builds(Spell, st.integers(0, 300), st.integers(0, 400), st.booleans(), st.integers(1, 5)), min_size=1, max_size=40
)


def test_the_textbook_example() -> None:
    """Six-mercaptopurine arm of Freireich et al. 1963, as in every textbook: S(6) = 0.857, S(10) = 0.753, S(23) = 0.448."""
    left = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    still = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    steps = {s.day: s for s in kaplan_meier([Spell(0, d, True) for d in left] + [Spell(0, d, False) for d in still])}
    assert [round(steps[day].survival, 3) for day in (6, 7, 10, 13, 16, 22, 23)] == [
        0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert steps[10].at_risk == 15
    assert math.sqrt(steps[10].variance) * steps[10].survival == pytest.approx(0.0963, abs=1e-4)  # Greenwood


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60))
def test_without_censoring_it_is_the_share_still_up(days: list[int]) -> None:
    for step in kaplan_meier([Spell(0, day, True) for day in days]):
        assert step.survival == pytest.approx(sum(d > step.day for d in days) / len(days), abs=1e-12)


@given(spells)
def test_the_curve_falls_within_0_and_1_whatever_the_order(some: list[Spell]) -> None:
    steps = kaplan_meier(some)
    assert all(0 <= s.survival <= 1 and s.at_risk > 0 for s in steps)
    assert all(a.survival >= b.survival and a.day < b.day for a, b in pairwise(steps))
    assert kaplan_meier(some[::-1]) == steps
    found = duration(some)
    if found is not None and found.median is not None:
        assert (found.low or 0) <= found.median <= (found.high if found.high is not None else math.inf)


def test_counting_is_the_same_as_repeating() -> None:
    assert kaplan_meier([Spell(0, 5, True, 3), Spell(0, 9, False, 2)]) == kaplan_meier(
        [Spell(0, 5, True)] * 3 + [Spell(0, 9, False)] * 2)


def test_less_than_half_gone_has_no_median() -> None:
    found = duration([Spell(0, 10, True), *[Spell(0, 60, False)] * 9])
    assert found is not None
    assert (found.median, found.longest, found.left, found.still_up) == (None, 60, 1, pytest.approx(0.9))
    assert duration([Spell(0, 60, False)] * 9) is None


def test_watching_late_does_not_lengthen_the_days() -> None:
    """Adverts leave with a median of 60 days. Whoever starts to look on day 300 and forgets what left before finds twice that;
    with the age at which each came into sight the estimate is right."""
    rng = random.Random(3)
    rate = math.log(2) / 60
    watched, naive = [], []
    for _ in range(4_000):
        start, up = rng.uniform(0, 400), rng.expovariate(rate)
        if start + up < 300:
            continue
        end = min(start + up, 400)
        own = Spell(max(0, round(300 - start)), round(end - start), start + up < 400)
        watched.append(own)
        naive.append(Spell(0, own.exit, own.left))
    right, wrong = duration(watched), duration(naive)
    assert right is not None
    assert right.median is not None
    assert wrong is not None
    assert wrong.median is not None
    assert 52 <= right.median <= 68
    assert wrong.median > 75
