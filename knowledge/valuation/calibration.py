"""Intervals that hold, and values that do not pull the dearest homes down: both learnt from out-of-fold errors.

Scaled split-conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): a second model predicts the size of the
log error, and the multiplier is an empirical quantile of |log error| / predicted error over out-of-fold residuals. It is
kept apart by how much is known of the property, and by city where a city has enough rows.

Trees pull to the middle, so a symmetric interval misses the cheapest homes from below and the dearest from above. Two
corrections, learnt per city: `stretch` raises values above the city's mean and lowers those below, until the price-related
differential (PRD) keeps the assessors' standard, and `tilt` moves room from one side of the interval to the other with the
level of the value, as much as makes every fifth of the true prices equally well covered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.valuation.columns import Numbers

#: How much is known of a property: only its city; its neighbourhood too; at least half of what an advert tells; all that
#: the market's adverts usually tell.
DETAILS = ("city", "neighbourhood", "detailed", "full")

#: The forecast standard deviation (68 %), and the two published intervals.
LEVELS = (0.68, 0.80, 0.90)
#: Out-of-fold rows that a city needs for quantiles, a tilt and a stretch of its own.
OWN_QUANTILES = 500
#: Rows that a kind of detail needs; with fewer, all rows calibrate it.
FEWEST = 100
#: Served values average the folds' models, out-of-fold ones come from one: on held-out dwellings of the real listings the
#: average's errors were 2.6 % and 1.2 % smaller (two splits), so that unscaled intervals covered 90.8 % instead of 90.
AVERAGING = 0.98
#: Out-of-fold PRD above which the values of a city are stretched. The IAAO standard ends at 1.03; a city's PRD moves by
#: up to 0.009 from one held-out fifth of its dwellings to the next (three splits of the real listings).
PRD_AIM = 1.02
#: Stretches that are tried. A value moves by its distance from the mean value, as a share of that mean (at most
#: `FARTHEST`), times the square of its predicted error over `TYPICAL_ERROR` (at most `UNSUREST`): moving what is unsure
#: anyway costs the fewest hits. On three splits of the real listings this cost 0.05 points of median error, raising all of
#: the dearest fifth alike 0.09.
STRETCHES, FARTHEST, TYPICAL_ERROR, UNSUREST = np.arange(0.0, 0.0801, 0.0025), 3.0, 0.13, 2.5
#: Tilts that are tried, and the width (share of the value) that a point of uneven coverage is worth.
TILTS, WORTH = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3), 0.006
#: Values are placed between these quantiles of their city (a line between them); beyond them the tilt does not grow.
PLACES = (0.02, 0.10, 0.25, 0.50, 0.75, 0.90, 0.98)


def conformal_quantile(scores: Numbers, level: float) -> float:
    """The finite-sample quantile: the ceil((n + 1) level)-th smallest score (the largest if that exceeds n)."""
    rank = min(math.ceil((len(scores) + 1) * level), len(scores))
    return float(np.partition(scores, rank - 1)[rank - 1])


@dataclass(frozen=True, slots=True)
class Shape:
    """One city's corrections, on log values: `stretch` away from the log of the mean value, `mean`; `tilt` of the interval
    over `places`."""

    mean: float = 0.0
    stretch: float = 0.0
    tilt: float = 0.0
    places: tuple[float, ...] = ()

    def corrected(self, log_value: Numbers, scale: Numbers) -> Numbers:
        """Rises with `log_value` for any predicted error `scale`."""
        if not self.stretch:
            return log_value
        far = np.minimum(np.expm1(np.minimum(log_value - self.mean, 2.0)), FARTHEST)
        return np.asarray(log_value + self.stretch * far * np.minimum(scale / TYPICAL_ERROR, UNSUREST) ** 2)

    def sides(self, log_value: Numbers) -> tuple[Numbers, Numbers]:
        """How much wider than the common width the lower and the upper side of the intervals are (1 is as wide)."""
        if not self.tilt:
            return np.ones(len(log_value)), np.ones(len(log_value))
        place = self.tilt * (2 * np.interp(log_value, self.places, PLACES) - 1)
        return np.exp(-place), np.exp(place)


def _scores(log_value: Numbers, log_price: Numbers, scale: Numbers, shape: Shape) -> Numbers:
    low, high = shape.sides(log_value)
    error = (log_price - log_value) / scale
    return np.where(error < 0, -error / low, error / high)


def _stretch(log_value: Numbers, log_price: Numbers, scale: Numbers) -> tuple[float, float]:
    mean = round(float(np.log(np.exp(log_value).mean())), 6)
    price = np.exp(log_price)
    for stretch in STRETCHES.round(6).tolist():
        value = np.exp(Shape(mean, stretch).corrected(log_value, scale))
        if float((value / price).mean()) / float(value.sum() / price.sum()) <= PRD_AIM:
            break
    return mean, float(stretch)


def _tilt(log_value: Numbers, log_price: Numbers, scale: Numbers, shape: Shape) -> float:
    """The tilt that makes the fifths of the true prices most equally covered, at little width."""
    fifth = np.searchsorted(np.quantile(log_price, (0.2, 0.4, 0.6, 0.8)), log_price)
    costs = []
    for tilt in TILTS:
        tried = Shape(shape.mean, shape.stretch, tilt, shape.places)
        cost = 0.0
        for level in LEVELS[1:]:
            score = _scores(log_value, log_price, scale, tried)
            multiplier = conformal_quantile(score, level)
            covered = [float((score[fifth == k] <= multiplier).mean()) for k in range(5)]
            low, high = tried.sides(log_value)
            width = float(np.median(np.exp(multiplier * high * scale) - np.exp(-multiplier * low * scale)))
            uneven = 100 * float(np.sqrt(np.mean((np.array(covered) - level) ** 2)))
            cost += WORTH * uneven + width / 10
        costs.append(cost)
    return TILTS[int(np.argmin(costs))]


@dataclass(frozen=True, slots=True)
class Calibration:
    """`table[detail][city or "*"]` holds one multiplier per level of `LEVELS`; `detail` is one of `DETAILS`. `shapes` has
    the corrections of the cities that have some, for properties told in full."""

    table: Mapping[str, Mapping[str, tuple[float, ...]]]
    shapes: Mapping[str, Shape]

    @classmethod
    def fit(
        cls, log_value: Numbers, log_price: Numbers, scale: Numbers, detail: NDArray[np.int64], cities: NDArray[np.str_]
    ) -> Calibration:
        """Out of fold, all (n,): log values and log prices, predicted sizes of the log error, `detail` indexes `DETAILS`."""
        shapes: dict[str, Shape] = {}
        value, scores = log_value.copy(), np.abs(log_price - log_value) / scale
        for city in np.unique(cities).tolist():
            rows = (cities == city) & (detail == DETAILS.index("full"))
            if rows.sum() < OWN_QUANTILES:
                continue
            mean, stretch = _stretch(log_value[rows], log_price[rows], scale[rows])
            plain = Shape(mean, stretch)
            value[rows] = plain.corrected(log_value[rows], scale[rows])
            plain = Shape(mean, stretch, 0.0, tuple(np.quantile(value[rows], PLACES).round(6).tolist()))
            tilt = _tilt(value[rows], log_price[rows], scale[rows], plain)
            shapes[city] = Shape(mean, stretch, tilt, plain.places)
            scores[rows] = _scores(value[rows], log_price[rows], scale[rows], shapes[city])
        table: dict[str, dict[str, tuple[float, ...]]] = {}
        for position, name in enumerate(DETAILS):
            chosen = detail == position
            if chosen.sum() < FEWEST:
                chosen = np.ones(len(scores), dtype=bool)
            own = {"*": scores[chosen]}
            for city in np.unique(cities[chosen]).tolist():
                rows = scores[chosen & (cities == city)]
                if len(rows) >= OWN_QUANTILES:
                    own[city] = rows
            table[name] = {c: tuple(round(AVERAGING * conformal_quantile(v, p), 6) for p in LEVELS) for c, v in own.items()}
        return cls(table, shapes)

    def apply(
        self, log_value: Numbers, scale: Numbers, detail: NDArray[np.int64], cities: Sequence[str]
    ) -> tuple[Numbers, Numbers, Numbers]:
        """The corrected log values (n,), and how far below and above them (n, len(LEVELS)) the intervals reach."""
        value, low, high = log_value.copy(), np.empty((len(cities), len(LEVELS))), np.empty((len(cities), len(LEVELS)))
        names, full = np.array(cities, dtype=object), DETAILS.index("full")
        for position, city in {(int(d), c) for d, c in zip(detail, cities, strict=True)}:
            rows = (detail == position) & (names == city)
            own = self.table[DETAILS[position]]
            multipliers = np.array(own.get(city, own["*"]))
            shape = self.shapes.get(city, Shape()) if position == full else Shape()
            value[rows] = shape.corrected(log_value[rows], scale[rows])
            below, above = shape.sides(value[rows])
            low[rows] = scale[rows, None] * below[:, None] * multipliers
            high[rows] = scale[rows, None] * above[:, None] * multipliers
        return value, low, high

    def to_json(self) -> dict[str, Any]:
        table = {detail: {c: list(v) for c, v in own.items()} for detail, own in self.table.items()}
        return {"table": table, "shapes": {city: asdict(shape) for city, shape in self.shapes.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calibration:
        table = {d: {c: tuple(float(q) for q in v) for c, v in own.items()} for d, own in data["table"].items()}
        return cls(table, {
            city: Shape(float(s["mean"]), float(s["stretch"]), float(s["tilt"]), tuple(float(p) for p in s["places"]))
            for city, s in data["shapes"].items()
        })
