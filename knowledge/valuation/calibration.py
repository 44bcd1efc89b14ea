"""Intervals that hold, and values that do not pull the dearest homes down: both learnt from out-of-fold errors.

Scaled split-conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): a second model predicts the size of the
log error, and the multiplier is an empirical quantile of |log error| / predicted error over out-of-fold residuals. It is
kept apart by how much is known of the property, and by city where a city has enough rows.

Trees pull to the middle, so a symmetric interval misses the cheapest homes from below and the dearest from above. Two
corrections, learnt per city: `stretch` raises values above the city's mean and lowers those below, until the price-related
differential (PRD) keeps the assessors' standard, and the two sides of the interval follow curves over the level of the
value, fitted so that every fifth of the values and every fifth of the true prices is equally well covered. The error itself
puts homes into a fifth of the prices: the cheapest holds those that ask far less than their value. Fitted to these fifths
alone, the curves covered homes valued in the middle at 86 %, hence both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.valuation.columns import Numbers

#: How much is known of a property: only its city; its neighbourhood too; at least half of what an advert tells; all that
#: the market's adverts usually tell.
DETAILS = ("city", "neighbourhood", "detailed", "full")

#: The forecast standard deviation (68 %), and the two published intervals.
LEVELS = (0.68, 0.80, 0.90)
#: Out-of-fold rows that a city needs for quantiles, a stretch and sides of its own.
OWN_QUANTILES = 500
#: Rows that a kind of detail needs; with fewer, all rows calibrate it.
FEWEST = 100
#: Served values average the folds' models, out-of-fold ones come from one: on held-out dwellings of the real listings (four
#: splits) intervals that are not narrowed by this factor covered 90.5 % instead of 90.
AVERAGING = 0.99
#: Out-of-fold PRD above which the values of a city are stretched. The IAAO standard ends at 1.03; a city's PRD moves by
#: up to 0.009 from one held-out fifth of its dwellings to the next (three splits of the real listings).
PRD_AIM = 1.02
#: Stretches that are tried. A value moves by its distance from the mean value, as a share of that mean (at most
#: `FARTHEST`), times the square of its predicted error over `TYPICAL_ERROR` (at most `UNSUREST`): moving what is unsure
#: anyway costs the fewest hits. On three splits of the real listings this cost 0.05 points of median error, raising all of
#: the dearest fifth alike 0.09.
STRETCHES, FARTHEST, TYPICAL_ERROR, UNSUREST = np.arange(0.0, 0.0801, 0.0025), 3.0, 0.13, 2.5
#: Quantiles of a city's values at which its two curves have their knots; beyond the outer ones they are level.
PLACES = (0.02, 0.10, 0.25, 0.50, 0.75, 0.90, 0.98)
#: The curves cost their mean log width, squared misses of the coverage aimed at in each group times the rows over `EVEN`, and
#: squared steps from knot to knot times `SMOOTH`. The edge of an interval counts as a logistic step, `STEP` predicted errors
#: wide, so that the cost has a slope.
EVEN, SMOOTH, STEP = 150.0, 0.1, 0.15
#: Between the fifths.
CUTS = (0.2, 0.4, 0.6, 0.8)
#: Aimed at above the level for a city's homes in the cheapest fifth of the market: without it served intervals held 87.1 % of
#: those of Barcelona, out-of-fold ones 88.8 (four splits).
CHEAPEST = 0.02


def conformal_quantile(scores: Numbers, level: float) -> float:
    """The finite-sample quantile: the ceil((n + 1) level)-th smallest score (the largest if that exceeds n)."""
    rank = min(math.ceil((len(scores) + 1) * level), len(scores))
    return float(np.partition(scores, rank - 1)[rank - 1])


@dataclass(frozen=True, slots=True)
class Shape:
    """One city's corrections, on log values: `stretch` away from the log of the mean value, `mean`; at `places` the logs of
    how much wider than the common width the interval is `below` and `above` (a line between them)."""

    mean: float = 0.0
    stretch: float = 0.0
    places: tuple[float, ...] = ()
    below: tuple[float, ...] = ()
    above: tuple[float, ...] = ()

    def corrected(self, log_value: Numbers, scale: Numbers) -> Numbers:
        """Rises with `log_value` for any predicted error `scale`."""
        if not self.stretch:
            return log_value
        far = np.minimum(np.expm1(np.minimum(log_value - self.mean, 2.0)), FARTHEST)
        return np.asarray(log_value + self.stretch * far * np.minimum(scale / TYPICAL_ERROR, UNSUREST) ** 2)

    def sides(self, log_value: Numbers) -> tuple[Numbers, Numbers]:
        """How much wider than the common width the lower and the upper side of the intervals are (1 is as wide)."""
        if not self.places:
            return np.ones(len(log_value)), np.ones(len(log_value))
        return np.exp(np.interp(log_value, self.places, self.below)), np.exp(np.interp(log_value, self.places, self.above))


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


def _sided(shape: Shape, log_value: Numbers, log_price: Numbers, scale: Numbers, market: Numbers) -> Shape:
    """`shape` with the two curves that cover its city's fifths of the value, of the price, and of the whole market's prices
    (cut at `market`, (4,)) alike, at little width; from out-of-fold rows with stretched values, all (n,)."""
    from scipy.optimize import minimize
    from scipy.special import expit

    places, level, rows = np.quantile(log_value, PLACES).round(6), LEVELS[-1], len(log_value)
    knots = np.column_stack([np.interp(log_value, places, unit) for unit in np.eye(len(places))])
    cuts = [(log_value, np.quantile(log_value, CUTS)), (log_price, np.quantile(log_price, CUTS)), (log_price, market)]
    groups = np.array([np.searchsorted(cut, of) == k for of, cut in cuts for k in range(5)])
    aims = np.array([level] * 10 + [level + CHEAPEST] + [level] * 4)
    enough = groups.sum(1) >= FEWEST
    share, aims = groups[enough] / groups[enough].sum(1, keepdims=True), aims[enough]
    error = (log_price - log_value) / scale

    def cost(curves: Numbers) -> tuple[float, Numbers]:
        below, above = np.exp(knots @ curves[: len(places)]), np.exp(knots @ curves[len(places):])
        over, under = expit((error + below) / STEP), expit((above - error) / STEP)
        missed, steps = share @ (over + under - 1) - aims, np.diff(curves.reshape(2, -1), axis=1)
        total = np.log(below + above).mean() + rows / EVEN * (missed**2).sum() + SMOOTH * (steps**2).sum()
        pull = 2 * rows / EVEN * missed @ share
        slope = np.concatenate([
            side @ knots for side in (
                below * (1 / (below + above) / rows + pull * over * (1 - over) / STEP),
                above * (1 / (below + above) / rows + pull * under * (1 - under) / STEP),
            )
        ])
        return float(total), slope - 2 * SMOOTH * np.diff(steps, axis=1, prepend=0, append=0).ravel()

    start = np.full(2 * len(places), math.log(conformal_quantile(np.abs(error), level)))
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
    below, above = (found - found.mean()).round(4).reshape(2, -1).tolist()
    return replace(shape, places=tuple(places.tolist()), below=tuple(below), above=tuple(above))


@dataclass(frozen=True, slots=True)
class Calibration:
    """`table[detail][city or "*"]` holds one multiplier per level of `LEVELS`; `detail` is one of `DETAILS`. `shapes` has
    the corrections of the cities that have some: a stretch for properties told in full, sides also for those told in detail."""

    table: Mapping[str, Mapping[str, tuple[float, ...]]]
    shapes: Mapping[str, Shape]

    @classmethod
    def fit(
        cls, log_value: Numbers, log_price: Numbers, scale: Numbers, detail: NDArray[np.int64], cities: NDArray[np.str_]
    ) -> Calibration:
        """Out of fold, all (n,): log values and log prices, predicted sizes of the log error, `detail` indexes `DETAILS`."""
        shapes: dict[str, Shape] = {}
        full, sided = detail == DETAILS.index("full"), detail >= DETAILS.index("detailed")
        scores = np.abs(log_price - log_value) / scale
        market = np.quantile(log_price[full], CUTS) if full.any() else np.empty(0)
        for city in np.unique(cities).tolist():
            here = cities == city
            rows = here & full
            if rows.sum() < OWN_QUANTILES:
                continue
            plain = Shape(*_stretch(log_value[rows], log_price[rows], scale[rows]))
            value = np.where(full, plain.corrected(log_value, scale), log_value)
            shapes[city] = _sided(plain, value[rows], log_price[rows], scale[rows], market)
            rows = here & sided
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
        names = np.array(cities, dtype=object)
        for position, city in {(int(d), c) for d, c in zip(detail, cities, strict=True)}:
            rows = (detail == position) & (names == city)
            own = self.table[DETAILS[position]]
            multipliers = np.array(own.get(city, own["*"]))
            shape = self.shapes.get(city, Shape()) if DETAILS[position] in ("detailed", "full") else Shape()
            if DETAILS[position] == "full":
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
            city: Shape(float(s["mean"]), float(s["stretch"]),
                        *(tuple(float(p) for p in s[name]) for name in ("places", "below", "above")))
            for city, s in data["shapes"].items()
        })
