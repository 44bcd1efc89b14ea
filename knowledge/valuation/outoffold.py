"""What training saw out of fold: calibrates the intervals, and measures the model as assessors do, by segment.

Every figure is about rows that the models had not seen; an interval's coverage in one fold uses multipliers calibrated on
the other folds. Segments: city, fifth of the true price within the city and overall, floor area, property type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.valuation import metrics
from knowledge.valuation.calibration import Calibration
from knowledge.valuation.columns import Numbers

#: Rows that a segment needs to be reported.
FEWEST = 30
#: Bounds of the floor-area bands, m2.
AREA_BANDS = (50.0, 75.0, 100.0, 150.0)
FIFTHS = ("cheapest fifth", "second fifth", "third fifth", "fourth fifth", "dearest fifth")


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Per view of the rows (`full`, `forgetful`, `brief`) log values, predicted error sizes and detail; what they share."""

    log_value: Mapping[str, Numbers]
    scale: Mapping[str, Numbers]
    detail: Mapping[str, NDArray[np.int64]]
    log_price: Numbers
    city: NDArray[np.str_]
    folds: NDArray[np.int64]

    def calibrate(self, rows: NDArray[np.bool_]) -> Calibration:
        """The calibration that these rows alone would give."""
        def joined(views: Mapping[str, Any]) -> Any:
            return np.concatenate([view[rows] for view in views.values()])

        count = len(self.log_value)
        return Calibration.fit(joined(self.log_value), np.tile(self.log_price[rows], count), joined(self.scale),
                               joined(self.detail), np.tile(self.city[rows], count))

    def measure(self, area: Numbers, kinds: Sequence[str]) -> dict[str, Any]:
        """`ratio_study` with coverages and widths for all rows, `cities`, `segments`; the same of `brief`."""
        value, low, high = ({name: np.empty((len(area), n)) for name in self.log_value} for n in (1, 3, 3))
        for k in np.unique(self.folds).tolist():
            rows = self.folds == k
            calibration = self.calibrate(~rows)
            for name in ("full", "brief"):
                centre, below, above = calibration.apply(
                    self.log_value[name][rows], self.scale[name][rows], self.detail[name][rows], self.city[rows].tolist())
                value[name][rows, 0] = np.exp(centre)
                low[name][rows], high[name][rows] = np.exp(centre[:, None] - below), np.exp(centre[:, None] + above)
        price = np.exp(self.log_price)
        blocks = {}
        for name in ("full", "brief"):
            blocks[name] = report(price, value[name][:, 0], low[name][:, 1:], high[name][:, 1:], self.city)
        full = blocks["full"]
        full["segments"] = segments(price, value["full"][:, 0], low["full"][:, 1:], high["full"][:, 1:], self.city, area,
                                    kinds)
        return full | {"brief": blocks["brief"]}

    def measure_point(self, log_value: Numbers) -> dict[str, Any]:
        """`ratio_study` of another model's values (n,) on the same rows, and by city."""
        value, price = np.exp(log_value), np.exp(self.log_price)
        cities = {c: metrics.ratio_study(value[self.city == c], price[self.city == c])
                  for c in np.unique(self.city).tolist() if (self.city == c).sum() >= FEWEST}
        return metrics.ratio_study(value, price) | {"cities": cities}


def study(price: Numbers, value: Numbers, low: Numbers, high: Numbers) -> dict[str, float]:
    """`ratio_study` and, for the columns of `low` and `high` (n, 2), the coverage and width of 80 and 90 % intervals."""
    found = metrics.ratio_study(value, price)
    for column, level in enumerate(("80", "90")):
        found[f"coverage_{level}"] = metrics.coverage(low[:, column], high[:, column], price)
        found[f"width_{level}"] = metrics.median_width(low[:, column], high[:, column], value)
    return found


def report(price: Numbers, value: Numbers, low: Numbers, high: Numbers, city: NDArray[np.str_]) -> dict[str, Any]:
    """`study` of all rows, and of each city with enough rows under `cities`."""
    out: dict[str, Any] = dict(study(price, value, low, high))
    out["cities"] = {c: study(price[city == c], value[city == c], low[city == c], high[city == c])
                     for c in np.unique(city).tolist() if (city == c).sum() >= FEWEST}
    return out


def segments(
    price: Numbers, value: Numbers, low: Numbers, high: Numbers, city: NDArray[np.str_], area: Numbers, kinds: Sequence[str]
) -> dict[str, dict[str, float]]:
    """`study` by fifth of the true price (overall and in each city), floor-area band and property type."""
    chosen: dict[str, NDArray[np.bool_]] = {}
    every = np.ones(len(price), dtype=bool)
    for name, rows in [("", every)] + [(f"{c}: ", city == c) for c in np.unique(city).tolist() if (city == c).sum() >= 500]:
        fifth = np.searchsorted(np.quantile(price[rows], (0.2, 0.4, 0.6, 0.8)), price)
        chosen |= {f"{name}{label}": rows & (fifth == k) for k, label in enumerate(FIFTHS)}
    band = np.searchsorted(AREA_BANDS, area, side="right")
    edges = ["", *(f"{b:g}" for b in AREA_BANDS), ""]
    chosen |= {f"{edges[k] or '0'}-{edges[k + 1]} m2" if edges[k + 1] else f"{edges[k]}+ m2": band == k
               for k in range(len(AREA_BANDS) + 1)}
    types = np.array(kinds)
    chosen |= {kind: types == kind for kind in sorted(set(kinds) - {""})}
    return {name: study(price[rows], value[rows], low[rows], high[rows])
            for name, rows in chosen.items() if rows.sum() >= FEWEST}
