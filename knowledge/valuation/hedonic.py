"""The explainable reference: a hedonic regression of log price per m2 on what a home has, within its neighbourhood.

Ordinary least squares (statsmodels) on attributes from which each neighbourhood's mean is taken (Frisch-Waugh-Lovell, so
neighbourhood effects need no columns of their own); the effects are then the mean residuals, drawn to the city's where
adverts are few. Standard errors are clustered by dwelling: adverts of one home are not independent. Serving reads JSON and
needs numpy alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.valuation.columns import Numbers
from knowledge.valuation.features import FeatureSpace
from knowledge.valuation.neighbourhoods import AreaLevels

#: Model columns that enter as they are; log area enters squared too, the year as decades.
_PLAIN = ("log_area", "bedrooms", "bathrooms", "floor", "age_months")
#: Attributes that name a place or repeat a year or a flag; neighbourhood effects and `decades` stand for them.
_NOT_A_TERM = re.compile(r"neighbourhood|barrio|year|anio|latitude|longitude|_id$")
#: A term that the terms before it explain to this share has no effect of its own.
COLLINEAR = 0.999
#: Normal quantile of 95 % confidence intervals.
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Effect:
    """`percent` that one unit of `term` adds to the price per m2, other things equal, with its 95 % interval."""

    term: str
    percent: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HedonicReference:
    """`terms` with coefficients and standard errors (log points a unit); `typical` fills what is not known; `areas` has
    the neighbourhood effects."""

    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    errors: tuple[float, ...]
    typical: Mapping[str, float]
    areas: AreaLevels

    @classmethod
    def fit(
        cls, matrix: Numbers, log_m2: Numbers, space: FeatureSpace, areas: Sequence[str], cities: Sequence[str],
        dwellings: NDArray[np.uint64] | None = None,
    ) -> HedonicReference:
        """`matrix` as `features.fill` gives it, `log_m2` (n,); `dwellings` (n,) cluster the standard errors (none: plain)."""
        from statsmodels.regression.linear_model import OLS  # type: ignore[import-untyped]

        typical = _typical(matrix, space)
        names, design = _design(matrix, space, typical)
        _, group = np.unique(np.array(areas), return_inverse=True)
        within = np.column_stack([_demeaned(column, group) for column in design.T])
        kept = _independent(within)
        if kept:
            model = OLS(_demeaned(log_m2, group), within[:, kept])
            fitted = model.fit() if dwellings is None else model.fit(
                cov_type="cluster", cov_kwds={"groups": np.unique(dwellings, return_inverse=True)[1]})
            coefficients, errors = np.asarray(fitted.params), np.asarray(fitted.bse)
        else:
            coefficients, errors = np.empty(0), np.empty(0)
        rest = log_m2 - design[:, kept] @ coefficients
        nowhere, one = np.full(len(rest), np.nan), np.zeros(len(rest), dtype=np.int64)
        return cls(tuple(names[i] for i in kept), tuple(coefficients.round(8).tolist()), tuple(errors.round(8).tolist()),
                   typical, AreaLevels.fit(areas, cities, rest, nowhere, nowhere, one, 1))

    @classmethod
    def out_of_fold(
        cls, matrix: Numbers, log_m2: Numbers, space: FeatureSpace, areas: Sequence[str], cities: Sequence[str],
        folds: NDArray[np.int64],
    ) -> Numbers:
        """(n,) log prices per m2, each by a regression that has not seen the row's fold."""
        out = np.empty(len(log_m2))
        for k in np.unique(folds).tolist():
            rest, own = (np.flatnonzero(chosen).tolist() for chosen in (folds != k, folds == k))
            reference = cls.fit(matrix[rest], log_m2[rest], space, [areas[i] for i in rest], [cities[i] for i in rest])
            out[own] = reference.predict(matrix[own], space, [areas[i] for i in own], [cities[i] for i in own])
        return out

    def predict(self, matrix: Numbers, space: FeatureSpace, areas: Sequence[str], cities: Sequence[str]) -> Numbers:
        """(n,) log price per m2; a neighbourhood that was not seen takes its city's level, an unseen city gives NaN."""
        names, design = _design(matrix, space, self.typical)
        at = [names.index(term) for term in self.terms]
        rows = np.ones(len(matrix), dtype=np.int64)
        return np.asarray(design[:, at] @ np.array(self.coefficients) + self.areas.encode(areas, cities, rows)[:, 0])

    def effects(self) -> list[Effect]:
        """Of each term in percent, the surest first (by its t statistic); squared terms and unknowns are left out."""
        found = []
        for term, b, e in zip(self.terms, self.coefficients, self.errors, strict=True):
            if "squared" not in term and not term.startswith("unknown:") and e > 0:
                percent, low, high = (round(100 * float(np.expm1(v)), 2) for v in (b, b - Z95 * e, b + Z95 * e))
                found.append((abs(b) / e, Effect(term, percent, low, high)))
        return [effect for _, effect in sorted(found, key=lambda pair: -pair[0])]

    def to_json(self) -> dict[str, Any]:
        return {"terms": list(self.terms), "coefficients": list(self.coefficients), "errors": list(self.errors),
                "typical": dict(self.typical), "areas": self.areas.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> HedonicReference:
        return cls(tuple(str(t) for t in data["terms"]), tuple(float(c) for c in data["coefficients"]),
                   tuple(float(e) for e in data["errors"]), {str(k): float(v) for k, v in data["typical"].items()},
                   AreaLevels.from_json(data["areas"]))


def _columns(space: FeatureSpace) -> list[str]:
    attributes = [f"attribute:{n}" for n in space.attributes if not _NOT_A_TERM.search(n)]
    return [*_PLAIN, "year_built", *(f"feature:{n}" for n in space.features), *attributes]


def _typical(matrix: Numbers, space: FeatureSpace) -> dict[str, float]:
    values = matrix[:, space.columns(*_columns(space))]
    known = np.isfinite(values)
    means = np.where(known, values, 0.0).sum(0) / np.maximum(known.sum(0), 1)
    return dict(zip(_columns(space), means.round(8).tolist(), strict=True))


def _design(matrix: Numbers, space: FeatureSpace, typical: Mapping[str, float]) -> tuple[list[str], Numbers]:
    names: list[str] = []
    parts: list[Numbers] = []
    for name in _columns(space):
        column = matrix[:, space.columns(name)[0]]
        unknown = np.isnan(column)
        value = np.where(unknown, typical[name], column)
        if name == "year_built":
            value = (value - typical[name]) / 10
            names += ["decades", "decades squared"]
            parts += [value, value**2]
        else:
            names.append(name)
            parts.append(value)
        if name == "log_area":
            names.append("log_area squared")
            parts.append((value - typical[name]) ** 2)
        names.append(f"unknown:{name}")
        parts.append(unknown.astype(np.float64))
    kind = matrix[:, space.columns("property_type")[0]]
    for code, label in enumerate(space.property_types[1:], start=1):
        names.append(f"type:{label}")
        parts.append((kind == code).astype(np.float64))
    return names, np.column_stack(parts)


def _demeaned(values: Numbers, group: NDArray[np.int64]) -> Numbers:
    count = np.bincount(group)
    return np.asarray(values - (np.bincount(group, values) / np.maximum(count, 1))[group])


def _independent(design: Numbers) -> list[int]:
    """Columns that vary and that the earlier ones do not explain (Gram-Schmidt on their products)."""
    products = design.T @ design
    size = np.diag(products).copy()
    kept: list[int] = []
    left = products.copy()
    for i in range(len(size)):
        if size[i] < 1e-6 * len(design) or left[i, i] < (1 - COLLINEAR) * size[i]:
            continue
        kept.append(i)
        left = left - np.outer(left[:, i], left[i]) / left[i, i]
    return kept
