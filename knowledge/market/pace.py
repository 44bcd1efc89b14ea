"""How fast a market turns: stock, what came and what went, absorption, months of stock, days on market, price cuts.

What is not watched is not told: a single snapshot of adverts, or sources whose missing adverts nobody marks as
withdrawn, give a stock and nothing else. Departures count from the first one that was seen, at most a year back.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist, median
from typing import Literal

from knowledge.market.survival import Duration, Spell, duration

#: Days of departures that the pace is told from, and the fewest that tell one.
WINDOW_DAYS, FEWEST_DAYS = 365, 28
#: Fewer adverts than this are counted, not summed up: a median of four says nothing about an area.
FEWEST = 8
MONTH_DAYS = 365.25 / 12
Unknown = Literal["few", "snapshot", "not_watched", "short"]


@dataclass(frozen=True, slots=True)
class Row:
    """`count` adverts of one area that were first and last seen on these days; `withdrawn` if they are gone since."""

    area_id: str
    first_seen: date
    last_seen: date
    withdrawn: bool
    count: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """A listing whose price moved: what it asked first and what it asks now, in one currency."""

    area_id: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class Watch:
    """The days over which departures were seen; `unknown` says why there are none."""

    since: date
    until: date
    unknown: Unknown | None = None

    @property
    def months(self) -> float:
        return (self.until - self.since).days / MONTH_DAYS


@dataclass(frozen=True, slots=True)
class Cuts:
    """Share (0 to 1) of the adverts up that ask less than at first, with its interval, and the median cut (a share)."""

    share: float
    low: float
    high: float
    size: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Pace:
    """`absorption` is the share of the stock that goes a month, `months_of_stock` its inverse (None where nothing went).

    `unknown` says why what is not the stock is None. `new` and `withdrawn` are over the `watch`.
    """

    stock: int
    watch: Watch
    unknown: Unknown | None
    new: int | None = None
    withdrawn: int | None = None
    absorption: float | None = None
    absorption_low: float | None = None
    absorption_high: float | None = None
    months_of_stock: float | None = None
    on_market: Duration | None = None
    cuts: Cuts | None = None


def watch(rows: Sequence[Row], today: date) -> Watch:
    """Over which days departures were seen among all adverts of a market (a city): wider than one area, so that a quiet
    neighbourhood is not taken for one that nobody watched."""
    seen = [r for r in rows if _sound(r, today)]
    until = max((r.last_seen for r in seen), default=today)
    gone = [r.last_seen for r in seen if r.withdrawn]
    if not gone:
        again = any(r.last_seen > r.first_seen for r in seen)
        return Watch(until, until, "not_watched" if again else "snapshot")
    since = max(until - timedelta(days=WINDOW_DAYS), min(gone))
    return Watch(since, until, "short" if (until - since).days < FEWEST_DAYS else None)


def pace(
    rows: Sequence[Row], changes: Sequence[Change], over: Watch, today: date, areas: Collection[str] | None = None
) -> Pace:
    """The pace of the areas named (of all without `areas`). Rows seen before they were first seen, or first seen after today,
    count nowhere."""
    own = [r for r in rows if _sound(r, today) and (areas is None or r.area_id in areas)]
    stock = sum(r.count for r in own if not r.withdrawn)
    everything = sum(r.count for r in own)
    if everything < FEWEST or stock == 0:
        return Pace(stock, over, "few")
    repeated = over.unknown != "snapshot"
    lowered = cuts([c for c in changes if areas is None or c.area_id in areas], stock) if repeated and stock >= FEWEST else None
    if over.unknown is not None:
        return Pace(stock, over, over.unknown, cuts=lowered)
    began = min(r.first_seen for r in rows if _sound(r, today))
    new = sum(r.count for r in own if r.first_seen >= over.since and r.first_seen > began)
    gone = sum(r.count for r in own if r.withdrawn and r.last_seen >= over.since)
    at_start = sum(r.count for r in own if r.first_seen < over.since <= r.last_seen)
    exposure = over.months * (stock + at_start) / 2
    low, high = poisson(gone)
    spells = [
        Spell(max(0, (over.since - r.first_seen).days), (r.last_seen - r.first_seen).days, r.withdrawn, r.count)
        for r in own if r.last_seen >= over.since
    ]
    return Pace(
        stock, over, None, new, gone, gone / exposure, low / exposure, high / exposure,
        stock * over.months / gone if gone else None, duration(spells) if gone >= FEWEST else None, lowered,
    )


def cuts(changes: Sequence[Change], stock: int) -> Cuts | None:
    """Price cuts among `stock` adverts. A price that is not positive and finite says nothing of a cut."""
    if stock <= 0:
        return None
    sizes = [
        1 - c.now / c.before for c in changes
        if all(math.isfinite(p) and p > 0 for p in (c.before, c.now)) and c.now < c.before
    ]
    count = min(len(sizes), stock)
    low, high = wilson(count, stock)
    return Cuts(count / stock, low, high, median(sizes) if sizes else None, count)


def wilson(count: int, of: int, level: float = 0.9) -> tuple[float, float]:
    """Interval of a share (Wilson 1927)."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, z2 = count / of, z * z
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    # an end that is all or nothing by its formula is so in floats too
    return max(0.0, centre - half) if count else 0.0, min(1.0, centre + half) if count < of else 1.0


def poisson(count: int, level: float = 0.9) -> tuple[float, float]:
    """Interval of an expected count, on the square-root scale (Anscombe 1948)."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    root = math.sqrt(count + 0.375)
    return max(0.0, (max(0.0, root - z / 2)) ** 2 - 0.375), (root + z / 2) ** 2


def _sound(row: Row, today: date) -> bool:
    return row.count > 0 and row.first_seen <= row.last_seen <= today
