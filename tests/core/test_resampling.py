"""The bootstrap: conversations are drawn, not turns, and its intervals hold what they promise."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from core.resampling import paired_difference, ratio_interval, statistic_interval


def width(found: tuple[float, float, float, int]) -> float:
    return found[2] - found[1]


def test_the_value_is_the_ratio_of_sums() -> None:
    found = ratio_interval([1, 0, 3], [1, 1, 4], ["a", "b", "c"])
    assert found.value == pytest.approx(4 / 6)
    assert found.n == 3
    assert found.low <= found.value <= found.high


def test_repeats_of_a_conversation_are_no_more_evidence() -> None:
    """Twenty conversations asked five times with one outcome each know as little as twenty asked once."""
    rng = np.random.default_rng(1)
    outcomes = rng.random(20) < 0.7
    repeated = [float(x) for x in outcomes for _ in range(5)]
    clustered = ratio_interval(repeated, [1.0] * 100, [f"c{i // 5}" for i in range(100)])
    naive = ratio_interval(repeated, [1.0] * 100, [f"t{i}" for i in range(100)])
    once = ratio_interval([float(x) for x in outcomes], [1.0] * 20, [f"c{i}" for i in range(20)])
    assert clustered.n == 20
    assert naive.n == 100
    assert width(clustered) > 1.8 * width(naive)
    assert width(clustered) == pytest.approx(width(once), rel=0.15)


def test_the_interval_covers_a_known_proportion() -> None:
    """Correlated turns, share 0.7: about 95 of 100 intervals hold it; those that take turns for independent do not."""
    rng = np.random.default_rng(7)
    clusters = [f"c{i // 4}" for i in range(240)]
    held, naive = 0, 0
    for seed in range(100):
        kind = rng.random(60) < 0.7
        own = rng.random(240) < 0.7
        share = np.where(rng.random(240) < 0.8, np.repeat(kind, 4), own).astype(float)
        one = ratio_interval(share, [1.0] * 240, clusters, draws=400, seed=seed)
        other = ratio_interval(share, [1.0] * 240, [str(i) for i in range(240)], draws=400, seed=seed)
        held += one.low <= 0.7 <= one.high
        naive += other.low <= 0.7 <= other.high
    assert 88 <= held <= 100
    assert naive < held - 8


def test_draws_are_seeded() -> None:
    numbers, ones, names = [0.0, 1.0, 1.0, 0.0, 1.0], [1.0] * 5, list("abcde")
    assert ratio_interval(numbers, ones, names, seed=3) == ratio_interval(numbers, ones, names, seed=3)
    assert statistic_interval(lambda at: sum(numbers[i] for i in at), names, seed=3) == statistic_interval(
        lambda at: sum(numbers[i] for i in at), names, seed=3
    )


@pytest.mark.parametrize(
    ("numerators", "denominators", "clusters"),
    [([], [], []), ([0.0], [0.0], ["a"]), ([0.0, 0.0], [0.0, 0.0], ["a", "b"])],
)
def test_nothing_to_divide_by(numerators: list[float], denominators: list[float], clusters: list[str]) -> None:
    assert all(isnan(end) for end in ratio_interval(numerators, denominators, clusters)[:3])


def test_one_conversation_has_a_value_and_no_interval() -> None:
    found = ratio_interval([1.0, 0.0], [1.0, 1.0], ["a", "a"])
    assert found.value == 0.5
    assert isnan(found.low)
    assert isnan(found.high)
    assert isnan(statistic_interval(lambda at: 1.0, ["a", "a"]).low)


def test_all_alike_is_not_certain() -> None:
    """20 of 20 say at least 83 %, as the exact interval does; a cost of nothing has no such bound."""
    ones, names = [1.0] * 20, [str(i) for i in range(20)]
    assert ratio_interval(ones, ones, names).low == 1.0
    assert ratio_interval(ones, ones, names, share=True).low == pytest.approx(0.8316, abs=1e-4)
    none = ratio_interval([0.0] * 20, ones, names, share=True)
    assert (none.low, none.high) == (0.0, pytest.approx(0.1684, abs=1e-4))
    assert ratio_interval([1.0, 0.0], [1.0, 1.0], ["a", "b"], share=True)[1:3] == (0.0, 1.0)


def test_a_statistic_that_is_nowhere_defined() -> None:
    assert isnan(statistic_interval(lambda at: None, ["a", "b"]).value)
    assert isnan(statistic_interval(lambda at: 1.0, []).low)


def test_a_statistic_is_computed_on_whole_conversations() -> None:
    seen: set[tuple[int, ...]] = set()

    def compute(at: list[int] | range) -> float:  # type: ignore[override]
        seen.add(tuple(sorted(at)))
        return float(len(at))

    statistic_interval(compute, ["a", "a", "b"], draws=50)  # type: ignore[arg-type]
    assert seen <= {(0, 1, 2), (0, 0, 1, 1), (2, 2)}


def test_pairs_take_out_how_hard_the_cases_are() -> None:
    rng = np.random.default_rng(2)
    hard = rng.random(80)
    before = {str(i): float(h) for i, h in enumerate(hard)}
    after = {key: value + 0.05 for key, value in before.items()}
    clusters = {key: key for key in before}
    paired = paired_difference(before, after, clusters)
    assert paired.value == pytest.approx(0.05)
    assert width(paired) < 1e-9
    assert paired_difference(before, {"other": 1.0}, clusters).n == 0
    assert paired_difference({"a": 1.0, "b": 0.0}, {"a": 0.0}, {}).value == -1.0
