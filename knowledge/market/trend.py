"""Whether a market really moves: growth over a window with its interval, and if it differs from zero.

Prices wander, so a straight line through their level finds a trend where there is none. What is tested is the mean of
the changes of the log, with a long-run variance from the first B = 0.4 T^(2/3) cosine weights and Student's t with B
degrees of freedom (Lazarus, Lewis, Stock and Watson 2018, "HAR inference: recommendations for practice"): it keeps its size
where changes follow one another and in short series. A jump that no market makes (a rebased index) starts the window anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from knowledge.forecasting.series import PER_YEAR, period_number

Verdict = Literal["rising", "falling", "flat", "few"]
#: Fewest changes of which a mean is tested, and the largest share of them that gaps may take away.
FEWEST, MOST_MISSING = 8, 0.25
#: A change is a break of the series where it is this many robust deviations from the others, and at least this large (log).
_BREAK_SDS, _BREAK_LEAST = 10.0, 0.15


@dataclass(frozen=True, slots=True)
class Trend:
    """Growth a year in per cent with its interval; None where it was not tested (`verdict` "few").

    `since` and `until` bound what was tested, `changes` counts it; `broken` is the period of a break that cut the window.
    """

    verdict: Verdict
    yearly: float | None
    low: float | None
    high: float | None
    p_value: float | None
    since: date
    until: date
    changes: int
    level: float
    broken: date | None = None


def assess(
    points: Sequence[tuple[date, float]], frequency: str, years: float = 2, level: float = 0.95
) -> Trend | None:
    """The trend of the last `years`; at least `FEWEST` changes are taken where the series has them.

    Points need not be in order; those that are not positive and finite are gaps. None without two points.
    """
    per_year = PER_YEAR[frequency]
    by_step = {period_number(day, frequency): (day, math.log(v)) for day, v in points if math.isfinite(v) and v > 0}
    if len(by_step) < 2:
        return None
    last = max(by_step)
    first = max(last - max(round(years * per_year), FEWEST), min(by_step))
    steps = [s for s in range(first, last + 1) if s in by_step]
    changes = {b: by_step[b][1] - by_step[a][1] for a, b in pairwise(steps) if b - a == 1}
    broken = _break(changes)
    if broken is not None:
        changes = {step: change for step, change in changes.items() if step > broken}
    since = by_step[broken if broken is not None else steps[0]][0]
    span = last - (broken if broken is not None else steps[0])
    at = by_step[broken][0] if broken is not None else None
    enough = len(changes) >= FEWEST and 1 - len(changes) / span <= MOST_MISSING
    if not enough:
        return Trend("few", None, None, None, None, since, by_step[last][0], len(changes), level, at)
    ordered = [changes[step] for step in sorted(changes)]
    mean = math.fsum(ordered) / len(ordered)
    error, freedom = long_run_error(ordered)
    from scipy.special import stdtr, stdtrit  # Student's t; scipy.stats would take half a second to import

    half = float(stdtrit(freedom, 0.5 + level / 2)) * error
    p_value = 2 * float(stdtr(freedom, -abs(mean) / error)) if error > 0 else float(mean == 0)
    rising: Verdict = "rising" if mean > 0 else "falling"
    return Trend(
        rising if p_value < 1 - level else "flat", _yearly(mean, per_year), _yearly(mean - half, per_year),
        _yearly(mean + half, per_year), p_value, since, by_step[last][0], len(changes), level, at,
    )


def long_run_error(changes: Sequence[float]) -> tuple[float, int]:
    """Standard error of the mean of a stretch whose values follow one another, and its degrees of freedom."""
    n = len(changes)
    freedom = max(2, round(0.4 * n ** (2 / 3)))
    mean = math.fsum(changes) / n
    weights = [
        math.sqrt(2 / n) * math.fsum((x - mean) * math.cos(math.pi * j * (i + 0.5) / n) for i, x in enumerate(changes))
        for j in range(1, freedom + 1)
    ]
    return math.sqrt(math.fsum(w * w for w in weights) / freedom / n), freedom


def _yearly(change: float, per_year: int) -> float:
    return math.expm1(min(change * per_year, 10.0)) * 100


def _break(changes: dict[int, float]) -> int | None:
    """The last step whose change no market makes."""
    if len(changes) < FEWEST:
        return None
    ordered = sorted(changes.values())
    middle = ordered[len(ordered) // 2]
    spread = sorted(abs(c - middle) for c in ordered)[len(ordered) // 2] * 1.4826
    far = [s for s, c in changes.items() if abs(c - middle) > max(_BREAK_LEAST, _BREAK_SDS * spread)]
    return max(far, default=None)
