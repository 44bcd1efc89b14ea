"""The trained model at work: values with intervals for rows or one property, and what drives a value.

A listing whose dwelling was trained on is valued by the fold model that never saw it; any other property by all fold
models together (mean of log values). Valuing one property touches no pandas.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.data_files import read
from core.errors import BadInput, Language
from knowledge.valuation.calibration import DETAILS, Calibration
from knowledge.valuation.columns import Columns, Numbers, columns_of, columns_of_row, group_keys, length, numbers, texts
from knowledge.valuation.features import (
    FeatureSpace,
    add_neighbours,
    beyond_reach,
    fill,
    known_groups,
    points_of,
    told_in_full,
)
from knowledge.valuation.hedonic import HedonicReference
from knowledge.valuation.neighbourhoods import AreaLevels
from knowledge.valuation.neighbours import Neighbours

if TYPE_CHECKING:
    import lightgbm
    import pandas as pd

#: Trees of a fold's model that explain a value.
EXPLAINED_TREES = 250
#: Trees that all rows pass before the next ones: as many as stay in a core's cache, which halves the time of a batch.
TREES_AT_ONCE = 100
#: Rows from which on two folds' models work side by side.
MANY_ROWS = 100
#: Beyond what was observed nothing was measured: the interval is wider by this share for each log unit outside it, so that
#: at twice the largest size it is two and a half times as wide.
WIDER = 2.0
#: A property counts as told in detail when at least half of the groups a person usually leaves out are known.
DETAILED_GROUPS = 3


def detail_of(matrix: Numbers, space: FeatureSpace, usual: Iterable[str]) -> NDArray[np.int64]:
    """The index in `calibration.DETAILS` of how much each row tells; `usual` groups make it full."""
    area, city, latitude = space.columns("area_count", "city_count", "latitude")
    nowhere = np.isnan(matrix[:, latitude]) & (matrix[:, area] == matrix[:, city])
    detail = np.where(nowhere, 0, np.where(known_groups(matrix, space) >= DETAILED_GROUPS, 2, 1))
    return np.where(told_in_full(matrix, space, usual), 3, detail).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Valuation:
    """What one property should ask, in `currency`. NaN throughout where essentials are missing (see `reasons`).

    `low_80`..`high_90`: intervals that hold 80 % and 90 % of asking prices. `fsd`: forecast standard deviation, the
    share by which 68 % of prices at most differ (0.12 is 12 %). `reasons`: codes of what was missing or unusual, texts by
    `reason_text`. `known`: the dwelling was among the training rows (and was valued without them). `demo`: the city's
    training rows are generated.
    """

    value: float
    low_80: float
    high_80: float
    low_90: float
    high_90: float
    fsd: float
    reasons: tuple[str, ...]
    currency: str
    known: bool
    demo: bool


@dataclass(frozen=True, slots=True)
class Driver:
    """`effect_pct` percent that this group of characteristics adds to (or takes from) the price per m2."""

    key: str
    effect_pct: float

    def label(self, language: Language) -> str:
        return str(_texts()["drivers"][self.key][language])


@dataclass(frozen=True, slots=True)
class Explanation:
    """`baseline_m2` is the typical price per m2 of the city; the drivers multiply up from it to `value_m2`."""

    baseline_m2: float
    value_m2: float
    drivers: tuple[Driver, ...]


@dataclass(frozen=True, slots=True)
class ValuationModel:
    market: str
    currency: str
    version: str
    fingerprint: str
    trained_at: str
    space: FeatureSpace
    usual: tuple[str, ...]
    levels: AreaLevels
    neighbours: Neighbours
    calibration: Calibration
    points: list[lightgbm.Booster]
    brief: list[lightgbm.Booster]
    errors: list[lightgbm.Booster]
    known_keys: NDArray[np.uint64]
    hedonic: HedonicReference
    demo: Mapping[str, bool]
    metrics: Mapping[str, Any]

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """One row per input row, same order and index: value, low_80, high_80, low_90, high_90, fsd, reasons
        (list of codes). Rows without essentials are NaN with their reason; nothing raises but a frame
        without the column `city_id` or `area_m2` (`BadInput`)."""
        import pandas

        missing = [name for name in ("city_id", "area_m2") if name not in frame.columns]
        if missing:
            raise BadInput(
                f"The table to value lacks the columns {', '.join(missing)}.",
                f"A la tabla por valorar le faltan las columnas {', '.join(missing)}.",
            )
        numbers_out, reasons, _ = self._predict(columns_of(frame))
        names = ("value", "low_80", "high_80", "low_90", "high_90", "fsd")
        out = pandas.DataFrame(dict(zip(names, numbers_out.T, strict=True)), index=frame.index)
        out["reasons"] = pandas.Series(reasons, index=frame.index, dtype=object)
        return out

    def predict_one(self, row: Mapping[str, Any]) -> Valuation:
        """The value of one property given as a mapping with the names of the `listings` columns.

        What is not known is left out or None. `features` as a list means "these and no others"; as a mapping name ->
        bool it tells only what is known. `dwelling_group` is given for listings, so that their own price is not used.
        """
        columns = {"city_id": [None], "area_m2": [None]} | columns_of_row(row)
        figures, reasons, known = self._predict(columns)
        value, low_80, high_80, low_90, high_90, fsd = figures[0].tolist()
        return Valuation(value, low_80, high_80, low_90, high_90, fsd, tuple(reasons[0]), self.currency,
                         bool(known[0]), self.demo.get(str(row.get("city_id")), False))

    def price_per_m2(self, rows: Sequence[Mapping[str, Any]], like: Sequence[Mapping[str, Any]]) -> Numbers:
        """(n,) estimated prices per m2 of properties given as mappings; NaN where there is no value. Each by the model of
        the fold of the dwelling that stands beside it in `like` (n,), and without that dwelling among its neighbours."""
        names = sorted({name for row in rows for name in row} | {"city_id", "area_m2"})
        columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in names}
        columns |= {name: [row.get(name) for row in like] for name in ("dwelling_group", "external_id")}
        return np.asarray(self.values_by_fold(columns) / numbers(columns, "area_m2"))

    def knows_dwellings(self, columns: Columns) -> NDArray[np.bool_]:
        """(n,) whether each row's dwelling was among the training rows."""
        keys = group_keys(columns)
        position = np.searchsorted(self.known_keys, keys)
        known = np.zeros(len(keys), dtype=np.bool_)
        inside = position < len(self.known_keys)
        known[inside] = self.known_keys[position[inside]] == keys[inside]
        return known

    def values_by_fold(self, columns: Columns) -> Numbers:
        """(n,) values, each by the one model of its dwelling's fold, whether the dwelling was trained on or not: errors that
        two models' training can be compared by. NaN where there is no value."""
        return np.asarray(self._predict(columns, by_fold=True)[0][:, 0])

    def _matrix(
        self, columns: Columns, *, by_fold: bool = False
    ) -> tuple[Numbers, list[list[str]], NDArray[np.bool_], NDArray[np.int64]]:
        keys, known = group_keys(columns), self.knows_dwellings(columns)
        count = len(self.points)
        rows = np.where(known | by_fold, (keys % np.uint64(count)).astype(np.int64), count)
        filled = fill(columns, self.space, self.levels, rows)
        add_neighbours(filled.matrix, self.space, self.neighbours, keys)
        return filled.matrix, filled.reasons, filled.usable, rows

    def _predict(
        self, columns: Columns, *, by_fold: bool = False
    ) -> tuple[Numbers, list[list[str]], NDArray[np.bool_]]:
        if not length(columns):
            return np.empty((0, 6)), [], np.empty(0, dtype=bool)
        matrix, reasons, usable, rows = self._matrix(columns, by_fold=by_fold)
        out, known = np.full((len(matrix), 6), np.nan), rows < len(self.points)
        chosen = np.flatnonzero(usable)
        if len(chosen):
            matrix, rows = matrix[chosen], rows[chosen]
            detail = detail_of(matrix, self.space, self.usual)
            area, cities = numbers(columns, "area_m2")[chosen], texts(columns, "city_id")
            log_value, below, above = self.calibration.apply(
                self._log_m2(matrix, detail, rows) + np.log(area), self._scale(matrix, rows), detail,
                [cities[i] for i in chosen])
            value, fsd = np.exp(log_value), np.expm1((below[:, 0] + above[:, 0]) / 2)
            out[chosen] = np.column_stack([
                value, value * np.exp(-below[:, 1]), value * np.exp(above[:, 1]), value * np.exp(-below[:, 2]),
                value * np.exp(above[:, 2]), fsd,
            ])
        return out, reasons, known

    def _scale(self, matrix: Numbers, rows: NDArray[np.int64]) -> Numbers:
        """(n,) predicted sizes of the log error; larger beyond what was observed."""
        return np.exp(self._ensemble(self.errors, matrix, rows)) * (1 + WIDER * beyond_reach(matrix, self.space))

    def _log_m2(self, matrix: Numbers, detail: NDArray[np.int64], rows: NDArray[np.int64]) -> Numbers:
        """Rows told in full by the models of such rows, the others by those of rows told in part. What the errors next door
        say is added only to homes that no model was trained on: the errors next to the others know their prices."""
        out, full = np.empty(len(matrix)), detail == DETAILS.index("full")
        for chosen, models in ((full, self.points), (~full, self.brief)):
            if chosen.any():
                out[chosen] = self._ensemble(models, matrix[chosen], rows[chosen])
        strangers = full & (rows == len(self.points))
        out[strangers] += self.neighbours.correction(points_of(matrix[strangers], self.space))
        return out

    @staticmethod
    def _ensemble(models: list[lightgbm.Booster], matrix: Numbers, rows: NDArray[np.int64]) -> Numbers:
        """Mean over all models, or the one model `rows[i]` for a dwelling that the others were trained on."""
        out, everyone = np.zeros(len(matrix)), rows == len(models)

        def found(k: int) -> tuple[NDArray[np.bool_], Numbers]:
            asked = everyone | (rows == k)
            return asked, _summed(models[k], matrix[asked]) if asked.any() else np.empty(0)

        if len(matrix) < MANY_ROWS:
            each = list(map(found, range(len(models))))
        else:
            with ThreadPoolExecutor(2) as pool:
                each = list(pool.map(found, range(len(models))))
        for asked, value in each:
            out[asked] += np.where(everyone[asked], value / len(models), value)
        return out

    def explain(self, row: Mapping[str, Any]) -> Explanation:
        """Signed effects, largest first, against the typical price per m2 of the property's city.

        TreeSHAP contributions (Lundberg et al. 2020) of the first `EXPLAINED_TREES` trees of one fold model (later ones
        refine, and take the time), summed into the groups of `texts.toml`; the effect of what is not known goes to
        "untold", what those trees and the value differ by to "other". The
        baseline times every (1 + effect) is `value_m2`. Raises `BadInput` if the property cannot be valued.
        """
        columns = {"city_id": [None], "area_m2": [None]} | columns_of_row(row)
        matrix, reasons, usable, rows = self._matrix(columns)
        if not usable[0]:
            raise BadInput(
                "This property has no value to explain: " + "; ".join(reason_text(r, "en") for r in reasons[0]),
                "Este inmueble no tiene valor que explicar: " + "; ".join(reason_text(r, "es") for r in reasons[0]),
            )
        which = int(rows[0]) if rows[0] < len(self.points) else 0
        detail = detail_of(matrix, self.space, self.usual)
        models = self.points if DETAILS[detail[0]] == "full" else self.brief
        contributions = np.asarray(
            models[which].predict(matrix, pred_contrib=True, num_iteration=EXPLAINED_TREES, num_threads=1))[0]
        area = np.log(numbers(columns, "area_m2"))
        log_m2 = float(self.calibration.apply(self._log_m2(matrix, detail, rows) + area, self._scale(matrix, rows), detail,
                                              texts(columns, "city_id"))[0][0] - area[0])
        baseline = float(matrix[0, self.space.columns("city_level")[0]])
        effects = dict.fromkeys(_texts()["drivers"], 0.0)
        for name, cell, effect in zip(self.space.names, matrix[0].tolist(), contributions[:-1].tolist(), strict=True):
            driver = _driver_of(name)
            effects["untold" if cell != cell and driver != "location" else driver] += effect
        effects["location"] += float(contributions[-1]) - baseline
        effects["other"] += log_m2 - float(contributions.sum())
        drivers = [Driver(key, round(100 * float(np.expm1(e)), 2)) for key, e in effects.items() if abs(e) >= 5e-4]
        return Explanation(float(np.exp(baseline)), float(np.exp(log_m2)),
                           tuple(sorted(drivers, key=lambda d: (-abs(d.effect_pct), d.key))))

    def as_of(self, city_id: str) -> str | None:
        """The month (YYYY-MM) of the newest listing of a city: what its price level refers to. None: unknown city."""
        month = self.space.latest_month.get(city_id)
        return None if month is None else f"{int(month) // 12:04d}-{int(month) % 12 + 1:02d}"


def _summed(model: lightgbm.Booster, matrix: Numbers) -> Numbers:
    trees = model.num_trees()
    if len(matrix) < MANY_ROWS:
        return np.asarray(model.predict(matrix, num_threads=1))
    out = np.zeros(len(matrix))
    for first in range(0, trees, TREES_AT_ONCE):
        out += model.predict(matrix, start_iteration=first, num_iteration=TREES_AT_ONCE, num_threads=1)
    return out


@lru_cache
def _texts() -> dict[str, Any]:
    return read(Path(__file__).with_name("texts.toml"), dict[str, dict[str, dict[str, str | list[str]]]])


@lru_cache(maxsize=1024)
def _driver_of(column: str) -> str:
    for key, driver in _texts()["drivers"].items():
        if any(fnmatch.fnmatchcase(column, pattern) for pattern in driver["columns"]):
            return str(key)
    return "other"


def reason_text(code: str, language: Language) -> str:
    """The sentence for a reason code of `Valuation.reasons`."""
    return str(_texts()["reasons"][code][language])
