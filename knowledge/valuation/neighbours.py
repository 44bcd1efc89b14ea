"""What similar dwellings close by ask per m2: two kernel-weighted means over the nearest training dwellings.

"Twins" are almost the same dwelling (same building or the next, same size, baths and year); "nearby" ones share the
street and roughly the size. A dwelling is never its own neighbour, nor is another advert of it: neighbours of the same
key are left out, in training and when a listing that was trained on is valued.

Afterwards the same points correct a value (`correction`): what they asked more than they were valued at, out of fold, tells
what no column says of the building, and finds a home that another agent offers as another dwelling. Trees cannot learn this
from their training rows: there the errors next door know a row's own price.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.valuation.columns import Numbers

KILOMETRES_PER_DEGREE = 111.2


class Kernel(NamedTuple):
    """Distance at which each difference counts as 1: km, log area, bathrooms, years; None leaves a dimension out."""

    kilometres: float
    log_area: float
    bathrooms: float | None
    years: float | None
    nearest: int


#: Scales chosen on grouped out-of-fold error over the real listings of Barcelona and Valencia.
KERNELS = {"twins": Kernel(0.05, 0.05, 0.5, 3.0, 12), "nearby": Kernel(0.15, 0.2, None, None, 30)}
#: Whose out-of-fold errors correct a value, the weight of an unseen neighbour without error, and the largest log error
#: that is believed. On three splits of the real listings (15,000 held-out rows each) half of the mean error took 0.25
#: points off the median error and 1 point onto the share within 10 %, on each of them.
SAME_HOME, DOUBT, BELIEVED, CORRECTED = Kernel(0.07, 0.025, 0.5, 1.0, 24), 0.15, 0.3, 0.5
NEIGHBOUR_COLUMNS = tuple(f"{name}_{what}" for name in KERNELS for what in ("level", "spread", "distance"))

#: Adverts of one's own dwelling that may crowd out the nearest others before they are removed.
OWN_ADVERTS = 16
#: Below this many queries a scan over all points is quicker than building a tree (and needs no SciPy).
FEW = 24
#: From this many on, two threads share the search.
MANY = 500
#: Half the side of the block that a scan looks at first.
BLOCK_KILOMETRES = 1.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """`points` (n, 5): latitude, longitude, log area, bathrooms, year built; `log_m2` (n,); `keys` (n,) dwellings.

    `typical` replaces missing bathrooms and years, of a point or of a question; `longitude_scale` is the cosine of
    the market's latitude.
    """

    points: NDArray[np.float64]
    log_m2: Numbers
    keys: NDArray[np.uint64]
    typical: tuple[float, float]
    longitude_scale: float
    #: (n,) how much more the points ask, out of fold, than they were valued at (log).
    errors: Numbers
    #: Search trees by kernel, built when many questions come at once, and kept.
    trees: dict[Kernel, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def fit(cls, points: Numbers, log_m2: Numbers, keys: NDArray[np.uint64]) -> Neighbours:
        """Points without coordinates are left out: they cannot be near anything."""
        here = np.isfinite(points[:, :3]).all(1)
        # Single precision, as it is stored: a loaded model gives the values of the trained one.
        kept = points[here].astype(np.float32).astype(np.float64)
        levels = log_m2[here].astype(np.float32).astype(np.float64)
        typical = tuple(float(np.nanmedian(c)) if np.isfinite(c).any() else 0.0 for c in (kept[:, 3], kept[:, 4]))
        scale = float(np.cos(np.radians(np.median(kept[:, 0])))) if len(kept) else 1.0
        return cls(kept, levels, keys[here], (typical[0], typical[1]), scale, np.zeros(len(kept)))

    def told(self, here: NDArray[np.bool_], errors: Numbers) -> Neighbours:
        """The same with the out-of-fold errors (log price less log value) of the points, which are the rows `here`."""
        believed = np.clip(errors[here], -BELIEVED, BELIEVED).astype(np.float32).astype(np.float64)
        return replace(self, errors=believed, trees={})

    def correction(self, points: Numbers) -> Numbers:
        """(n,) what the errors of almost the same homes next door say of each point's (log); 0 for one far from all, and
        without coordinates. What no column tells of a building is in those errors. Only for dwellings that are no point."""
        out = np.zeros(len(points))
        asked = np.flatnonzero(np.isfinite(points[:, :3]).all(1))
        if len(asked) and self.errors.any():
            nobody = np.zeros(len(asked), dtype=np.uint64)
            distance, index = self._found(points[asked], nobody, SAME_HOME)
            weight = np.exp(-distance)
            out[asked] = CORRECTED * (weight * self.errors[index]).sum(1) / (weight.sum(1) + DOUBT)
        return out

    def _scaled(self, points: Numbers, kernel: Kernel) -> Numbers:
        parts = [
            points[:, 0] * KILOMETRES_PER_DEGREE / kernel.kilometres,
            points[:, 1] * KILOMETRES_PER_DEGREE * self.longitude_scale / kernel.kilometres,
            points[:, 2] / kernel.log_area,
        ]
        for column, scale, typical in zip((3, 4), (kernel.bathrooms, kernel.years), self.typical, strict=True):
            if scale is not None:
                parts.append(np.where(np.isnan(points[:, column]), typical, points[:, column]) / scale)
        return np.column_stack(parts)

    def describe(self, points: Numbers, keys: NDArray[np.uint64]) -> Numbers:
        """(n, len(NEIGHBOUR_COLUMNS)): weighted mean and spread of log price per m2, and mean distance in the
        kernel's units; NaN for a question without coordinates or area."""
        out = np.full((len(points), len(NEIGHBOUR_COLUMNS)), np.nan)
        asked = np.flatnonzero(np.isfinite(points[:, :3]).all(1))
        if not len(asked) or not len(self.points):
            return out
        for position, kernel in enumerate(KERNELS.values()):
            block = slice(3 * position, 3 * position + 3)
            out[asked, block] = self._kernel(points[asked], keys[asked], kernel)
        return out

    def _scan(self, point: Numbers, kernel: Kernel, count: int) -> tuple[Numbers, NDArray[np.int64]]:
        """The nearest points to one (1, 5), in the block around it; in all of them if the block may miss some."""
        degrees = BLOCK_KILOMETRES / KILOMETRES_PER_DEGREE
        close = np.abs(self.points[:, 0] - point[0, 0]) < degrees
        close &= np.abs(self.points[:, 1] - point[0, 1]) < degrees / self.longitude_scale
        for rows in (np.flatnonzero(close), np.arange(len(self.points))):
            if len(rows) < count:
                continue
            squared = ((self._scaled(self.points[rows], kernel) - self._scaled(point, kernel)) ** 2).sum(1)
            nearest = np.argpartition(squared, count - 1)[:count]
            nearest = nearest[np.argsort(squared[nearest], kind="stable")]
            distance = np.sqrt(squared[nearest])
            if distance[-1] <= BLOCK_KILOMETRES / kernel.kilometres:
                break
        return distance, rows[nearest]

    def _found(
        self, points: Numbers, keys: NDArray[np.uint64], kernel: Kernel
    ) -> tuple[Numbers, NDArray[np.int64]]:
        """(n, nearest) distances, infinite for adverts of the same dwelling, and indexes of the nearest points."""
        count = min(kernel.nearest + OWN_ADVERTS, len(self.points))
        if len(points) < FEW and kernel not in self.trees:
            found = [self._scan(point[None], kernel, count) for point in points]
            distance, index = np.array([d for d, _ in found]), np.array([i for _, i in found])
        else:
            distance, index = self._nearest(points, kernel, count)
        own = (self.keys[index] == keys[:, None]) & (keys[:, None] != 0)
        distance = np.where(own, np.inf, distance)
        order = np.argsort(distance, axis=1, kind="stable")[:, : kernel.nearest]
        return np.take_along_axis(distance, order, 1), np.take_along_axis(index, order, 1)

    def _kernel(self, points: Numbers, keys: NDArray[np.uint64], kernel: Kernel) -> Numbers:
        distance, index = self._found(points, keys, kernel)
        # Relative to the nearest one: far from everything, the nearest still speaks.
        nearest = np.where(np.isfinite(distance[:, :1]), distance[:, :1], 0.0)
        weight = np.exp(nearest - distance)
        total = weight.sum(1)
        near = np.isfinite(distance)
        with np.errstate(invalid="ignore", divide="ignore"):
            level = (weight * self.log_m2[index]).sum(1) / total
            spread = np.sqrt((weight * (self.log_m2[index] - level[:, None]) ** 2).sum(1) / total)
            mean_distance = np.where(near, distance, 0.0).sum(1) / near.sum(1)
        return np.column_stack([level, spread, mean_distance])

    def _nearest(self, points: Numbers, kernel: Kernel, count: int) -> tuple[Numbers, NDArray[np.int64]]:
        if kernel not in self.trees:
            from scipy.spatial import cKDTree

            self.trees[kernel] = cKDTree(self._scaled(self.points, kernel))
        workers = 1 if len(points) < MANY else 2
        distance, index = self.trees[kernel].query(self._scaled(points, kernel), count, workers=workers)
        shape = (len(points), count)
        return np.reshape(distance, shape), np.reshape(index, shape)
