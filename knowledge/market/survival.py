"""How long adverts stay up, with those that are still up counted for what they are: not yet over.

The product-limit estimate (Kaplan and Meier 1958) with delayed entry: an advert that was already up when departures
began to be watched is at risk only from the age it had then, else the ones that left unseen would make the market look
slow. The interval of the median is that of Brookmeyer and Crowley (1982) on the log-log scale with Greenwood's variance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Spell:
    """`count` adverts first watched at age `entry` and last seen at age `exit` (days); `left` if they then went."""

    entry: int
    exit: int
    left: bool
    count: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """After `day` days a share `survival` is still up; `variance` is Greenwood's sum, `at_risk` how many were watched."""

    day: int
    survival: float
    variance: float
    at_risk: int


@dataclass(frozen=True, slots=True)
class Duration:
    """The median of days up. Where less than half went while watched `median` is None, `longest` says how far that is known
    and `still_up` the share up by then; a bound of the interval that the data do not reach is None."""

    median: int | None
    low: int | None
    high: int | None
    level: float
    longest: int
    still_up: float
    left: int


def kaplan_meier(spells: Sequence[Spell]) -> list[Step]:
    """The steps of the survival curve, one a day on which adverts left. Spells that end before they begin are left out."""
    usable = [s for s in spells if s.count > 0 and s.exit >= 0 and (s.exit > s.entry or s.entry <= 0)]
    change: dict[int, int] = {}
    left: dict[int, int] = {}
    for spell in usable:  # at risk on the days after entry (from day 0 where watched from the beginning) up to exit
        first = spell.entry + 1 if spell.entry > 0 else 0
        change[first] = change.get(first, 0) + spell.count
        change[spell.exit + 1] = change.get(spell.exit + 1, 0) - spell.count
        if spell.left:
            left[spell.exit] = left.get(spell.exit, 0) + spell.count
    steps: list[Step] = []
    at_risk, survival, variance = 0, 1.0, 0.0
    for day in sorted(change.keys() | left.keys()):
        at_risk += change.get(day, 0)
        gone = left.get(day, 0)
        if not gone:
            continue
        survival *= 1 - gone / at_risk
        variance = variance + gone / (at_risk * (at_risk - gone)) if at_risk > gone else math.inf
        steps.append(Step(day, survival, variance, at_risk))
    return steps


def duration(spells: Sequence[Spell], level: float = 0.9) -> Duration | None:
    """Median days up with its interval; None where nobody left."""
    steps = kaplan_meier(spells)
    if not steps:
        return None
    z = NormalDist().inv_cdf(0.5 + level / 2)
    bands = [_band(step, z) for step in steps]
    return Duration(
        median=next((s.day for s in steps if s.survival <= 0.5), None),
        low=next((s.day for s, (low, _) in zip(steps, bands, strict=True) if low <= 0.5), None),
        high=next((s.day for s, (_, high) in zip(steps, bands, strict=True) if high <= 0.5), None),
        level=level, longest=max(s.exit for s in spells), still_up=steps[-1].survival,
        left=sum(s.count for s in spells if s.left),
    )


def _band(step: Step, z: float) -> tuple[float, float]:
    """Bounds of the survival on the log-log scale, which keeps them in [0, 1]."""
    if step.survival <= 0:
        return 0.0, 0.0
    if step.survival >= 1:
        return 1.0, 1.0
    half = z * math.sqrt(step.variance) / abs(math.log(step.survival))
    half = min(half, 50.0)
    return step.survival ** math.exp(half), step.survival ** math.exp(-half)
