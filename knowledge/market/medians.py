"""How far a median can be trusted: its interval from order statistics, and what a small sample says once it borrows from
its city.

The interval needs no shape of the distribution: between the l-th and the u-th smallest value lies the true median with
the probability of a fair coin giving l to u - 1 heads in n throws (Conover, Practical Nonparametric Statistics, 3.2).

Shrinkage is the empirical Bayes estimate of a normal mean (Efron and Morris 1973) on the log scale: each
neighbourhood's log median is drawn to the city's level with weight tau2 / (tau2 + s2), where s2 = pi/2 * sigma2 / n is the
variance of a median of n and tau2, how much neighbourhoods truly differ, is estimated from all of them (DerSimonian and
Laird 1986).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

#: Interquartile range of a normal distribution in standard deviations.
_IQR = 1.3489795
#: Up to this many values the coin is counted exactly.
_EXACT = 300
#: Fewer neighbourhoods than this do not tell how much neighbourhoods differ.
FEWEST_GROUPS = 4


@dataclass(frozen=True, slots=True)
class Interval:
    """`low` and `high` are None where the values are too few for the level."""

    value: float
    low: float | None
    high: float | None
    level: float


@dataclass(frozen=True, slots=True)
class Group:
    """Median and quartiles of one area, from `n` values; all positive."""

    median: float
    q1: float
    q3: float
    n: int

    @property
    def spread(self) -> float:
        """Standard deviation of the logs, from the quartiles as of a normal distribution; 0 where these are none."""
        return math.log(self.q3 / self.q1) / _IQR if 0 < self.q1 <= self.q3 else 0.0


@dataclass(frozen=True, slots=True)
class Shrunk:
    """`value` lies between the area's own median and `parent`; `weight` in (0, 1] is its own share, on the log scale."""

    value: float
    parent: float
    weight: float


def median_interval(values: Sequence[float], level: float = 0.9) -> Interval | None:
    """The median with a distribution-free interval that covers it with at least `level`; None without finite values."""
    ordered = sorted(v for v in values if math.isfinite(v))
    if not ordered:
        return None
    rank = median_rank(len(ordered), level)
    middle = float(median(ordered))
    if rank is None:
        return Interval(middle, None, None, level)
    return Interval(middle, ordered[rank - 1], ordered[-rank], level)


def median_rank(n: int, level: float = 0.9) -> int | None:
    """The largest rank l (from 1) for which [l-th smallest, l-th largest] of n covers the median with `level`."""
    tail = (1 - level) / 2
    if n > _EXACT:
        rank = math.floor((n - NormalDist().inv_cdf(1 - tail) * math.sqrt(n)) / 2)
        return max(1, rank)
    below, rank = 0.0, 0
    while rank < n:
        below += math.comb(n, rank) / 2.0**n
        if below > tail:
            break
        rank += 1
    return rank or None


def shrink(groups: Mapping[str, Group]) -> dict[str, Shrunk]:
    """Each area's median drawn to the common level of all; empty where there are fewer than `FEWEST_GROUPS`.

    Groups with a price that is not positive and finite, or of no values, are left out.
    """
    usable = {
        name: g for name, g in groups.items()
        if g.n > 0 and all(math.isfinite(v) and v > 0 for v in (g.median, g.q1, g.q3)) and g.q1 <= g.median <= g.q3
    }
    if len(usable) < FEWEST_GROUPS:
        return {}
    total = sum(g.n for g in usable.values())
    spread = sum(g.n * g.spread**2 for g in usable.values()) / total
    variances = {name: math.pi / 2 * spread / g.n for name, g in usable.items()}
    logs = {name: math.log(g.median) for name, g in usable.items()}
    between = _between(logs, variances)
    centre = _mean(logs, {name: between + v for name, v in variances.items()})
    found = {}
    for name, value in logs.items():
        whole = between + variances[name]
        weight = between / whole if whole > 0 else 1.0
        found[name] = Shrunk(math.exp(weight * value + (1 - weight) * centre), math.exp(centre), weight)
    return found


def _mean(values: Mapping[str, float], variances: Mapping[str, float]) -> float:
    """Weighted by precision; plain where nothing varies."""
    if min(variances.values()) <= 0:
        return math.fsum(values.values()) / len(values)
    weights = {name: 1 / v for name, v in variances.items()}
    return math.fsum(weights[name] * values[name] for name in values) / math.fsum(weights.values())


def _between(values: Mapping[str, float], variances: Mapping[str, float]) -> float:
    """Variance of the true levels, by moments; never negative."""
    centre = math.fsum(values.values()) / len(values)
    if min(variances.values()) <= 0:
        return math.fsum((v - centre) ** 2 for v in values.values()) / (len(values) - 1)
    weights = {name: 1 / v for name, v in variances.items()}
    total = math.fsum(weights.values())
    mean = _mean(values, variances)
    heterogeneity = math.fsum(weights[name] * (values[name] - mean) ** 2 for name in values)
    scale = total - math.fsum(w * w for w in weights.values()) / total
    return max(0.0, (heterogeneity - (len(values) - 1)) / scale)
