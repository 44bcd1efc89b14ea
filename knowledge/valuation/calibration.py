"""Interval widths: how many predicted errors wide an interval must be to hold its promise.

Scaled split-conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): a second model predicts the size of the
log error, and the multiplier is an empirical quantile of |log error| / predicted error over out-of-fold residuals. The
quantiles are kept apart by how much is known of the property, and by city where a city has enough rows, because
one constant would give the well-known segment too much room and the others too little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.valuation.columns import Numbers

#: How much is known of a property: only its city; its neighbourhood too; or at least half of what an advert tells.
DETAILS = ("city", "neighbourhood", "detailed")

#: The forecast standard deviation (68 %), and the two published intervals.
LEVELS = (0.68, 0.80, 0.90)
#: Out-of-fold rows that a city needs for quantiles of its own.
OWN_QUANTILES = 500
#: Rows that a kind of detail needs; with fewer, all rows calibrate it.
FEWEST = 100


def conformal_quantile(scores: Numbers, level: float) -> float:
    """The finite-sample quantile: the ceil((n + 1) level)-th smallest score (the largest if that exceeds n)."""
    rank = min(math.ceil((len(scores) + 1) * level), len(scores))
    return float(np.partition(scores, rank - 1)[rank - 1])


@dataclass(frozen=True, slots=True)
class Calibration:
    """`table[detail][city or "*"]` holds one multiplier per level of `LEVELS`; `detail` is one of `DETAILS`."""

    table: Mapping[str, Mapping[str, tuple[float, ...]]]

    @classmethod
    def fit(cls, scores: Numbers, detail: NDArray[np.int64], cities: NDArray[np.str_]) -> Calibration:
        """`scores` (n,) are |log error| / predicted error out of fold; `detail` (n,) indexes `DETAILS`."""
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
            table[name] = {c: tuple(round(conformal_quantile(v, p), 6) for p in LEVELS) for c, v in own.items()}
        return cls(table)

    def multipliers(self, detail: NDArray[np.int64], cities: Sequence[str]) -> Numbers:
        """(n, len(LEVELS)) for rows told in these details, in these cities."""
        out = np.empty((len(cities), len(LEVELS)))
        for i, (position, city) in enumerate(zip(detail.tolist(), cities, strict=True)):
            own = self.table[DETAILS[position]]
            out[i] = own.get(city, own["*"])
        return out

    def to_json(self) -> dict[str, Any]:
        return {detail: {c: list(v) for c, v in own.items()} for detail, own in self.table.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calibration:
        return cls({d: {c: tuple(float(q) for q in v) for c, v in own.items()} for d, own in data.items()})
