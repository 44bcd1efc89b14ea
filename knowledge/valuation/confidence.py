"""What a value is worth, as one number: how sure its interval is, times what the interval cannot know.

The forecast standard deviation is measured where there is data; few comparables, a size beyond what was observed and old
prices are what the past errors do not speak of. Each lowers the confidence by its own factor and none can raise it.
"""

from __future__ import annotations

from typing import Final

#: From this many comparables on, more change nothing; with none, half is left.
ENOUGH_COMPARABLES: Final = 5
#: Prices are as good as new for a year; then half of what age can take goes every five years, and age takes half at most.
FRESH_MONTHS, HALF_LIFE_MONTHS, AGE_TAKES = 12, 60, 0.5
#: What is left where the size or the rooms lie beyond what was observed.
BEYOND = 0.6
#: Reasons (see `texts.toml`) that mean a size beyond what was observed.
BEYOND_REASONS = frozenset({"unusual_area", "unusual_rooms"})


def confidence(fsd: float, comparables: int, months_old: float, *, beyond: bool) -> float:
    """0 to 1. `fsd` is the forecast standard deviation as a share (0.12), `comparables` the adverts that speak of the same
    surroundings, `months_old` the age of the prices, `beyond` whether the property lies outside what was observed. Falls
    with each of them, `comparables` excepted, with which it rises."""
    sure = min(max(1.0 - fsd, 0.0), 1.0)
    supported = 0.5 + 0.5 * min(max(comparables, 0), ENOUGH_COMPARABLES) / ENOUGH_COMPARABLES
    age = max(months_old - FRESH_MONTHS, 0.0)
    current = 1.0 - AGE_TAKES * float(1.0 - 0.5 ** (age / HALF_LIFE_MONTHS))
    return sure * supported * current * (BEYOND if beyond else 1.0)
