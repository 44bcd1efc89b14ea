"""Uncertainty of measured shares: the bootstrap clustered by conversation, alone and in pairs.

Turns and repeats of one conversation are not independent, so whole conversations are drawn, with replacement. Percentile
intervals (Efron and Tibshirani, *An Introduction to the Bootstrap*, chapter 13); draws are seeded, so a result repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
#: Drawn in blocks of this many rows, so that thousands of conversations fit in memory.
_BLOCK = 250
Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """A value with its 95 % interval; `n` is how many conversations it rests on. The ends are NaN with fewer than two."""

    value: float
    low: float
    high: float
    n: int


def ratio_interval(
    numerators: Sequence[float], denominators: Sequence[float], clusters: Sequence[str], *, draws: int = DRAWS, seed: int = 0,
    share: bool = False,
) -> Interval:
    """Sum of numerators over sum of denominators. A share has 0 or 1 over 1; F1 has 2·tp over 2·tp + fp + fn.

    A bootstrap of all or nothing has no width, however few conversations it saw; with `share` (the ratio lies between 0
    and 1) such an end is the exact one of so many conversations alike (Clopper and Pearson).
    """
    top, bottom = _by_cluster(numerators, denominators, clusters)
    n = len(top)
    if not n or bottom.sum() == 0:
        return Interval(float("nan"), float("nan"), float("nan"), n)
    value = float(top.sum() / bottom.sum())
    found = _spread(value, _ratios(top, bottom, draws, seed), n)
    if not share or n < 2 or value not in (0.0, 1.0):
        return found
    alike = 0.025 ** (1 / int(np.count_nonzero(bottom)))
    return Interval(value, alike, 1.0, n) if value == 1.0 else Interval(value, 0.0, 1.0 - alike, n)


def statistic_interval(
    compute: Callable[[Sequence[int]], float | None], clusters: Sequence[str], *, draws: int = 400, seed: int = 0
) -> Interval:
    """For a statistic that is no ratio of sums: `compute` gets the positions of the items drawn, None where undefined."""
    members: dict[str, list[int]] = {}
    for at, cluster in enumerate(clusters):
        members.setdefault(cluster, []).append(at)
    groups = list(members.values())
    value = compute(range(len(clusters)))
    if value is None or not groups:
        return Interval(float("nan"), float("nan"), float("nan"), len(groups))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = [at for pick in rng.integers(0, len(groups), len(groups)) for at in groups[pick]]
        if (again := compute(drawn)) is not None:
            found.append(again)
    return _spread(value, np.asarray(found), len(groups))


def paired_difference(
    before: Mapping[str, float], after: Mapping[str, float], clusters: Mapping[str, str], *, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Mean of after − before over the cases that both have, by case id; `clusters` names each case's conversation.

    Pairing takes out how hard the cases are: what is left is what changed.
    """
    ids = [key for key in before if key in after]
    return ratio_interval(
        [after[key] - before[key] for key in ids], [1.0] * len(ids), [clusters.get(key, key) for key in ids],
        draws=draws, seed=seed,
    )


def _by_cluster(
    numerators: Sequence[float], denominators: Sequence[float], clusters: Sequence[str]
) -> tuple[Floats, Floats]:
    if not len(clusters):
        return np.zeros(0), np.zeros(0)
    _, at = np.unique(np.asarray(clusters), return_inverse=True)
    top, bottom = (np.bincount(at, weights=np.asarray(values, float)) for values in (numerators, denominators))
    return top.astype(np.float64), bottom.astype(np.float64)


def _ratios(top: Floats, bottom: Floats, draws: int, seed: int) -> Floats:
    rng, n = np.random.default_rng(seed), len(top)
    found = []
    for begin in range(0, draws, _BLOCK):
        picks = rng.integers(0, n, (min(_BLOCK, draws - begin), n))
        below = bottom[picks].sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(np.where(below > 0, top[picks].sum(axis=1) / below, np.nan))
    drawn: Floats = np.concatenate(found)
    return drawn[~np.isnan(drawn)]


def _spread(value: float, drawn: Floats, n: int) -> Interval:
    if n < 2 or not len(drawn):
        return Interval(value, float("nan"), float("nan"), n)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Interval(value, float(low), float(high), n)
