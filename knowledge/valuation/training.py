"""Training: one market (a country's sale listings) in, a `Trained` model with its honest metrics out.

The served model is the ensemble of the cross-validation's fold models; there is no final model trained on everything.
It costs less, is as accurate, and a listing that was trained on can be valued by the one model that has not seen its
dwelling: its own asking price never confirms itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core import clock
from core.errors import BadInput
from core.locale import CURRENCY_OF
from knowledge.valuation import boosting, metrics
from knowledge.valuation.calibration import Calibration
from knowledge.valuation.columns import INPUTS, Columns, Numbers, columns_of, fingerprint, group_keys, numbers, texts
from knowledge.valuation.features import (
    CATEGORIES,
    FeatureSpace,
    add_neighbours,
    briefed,
    fill,
    forget,
    points_of,
)
from knowledge.valuation.model import ValuationModel, detail_of
from knowledge.valuation.neighbourhoods import AreaLevels
from knowledge.valuation.neighbours import Neighbours

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
FOLDS = 4
MIN_ROWS = 150
#: Rows whose log price per m2 is farther than this from their city's median are typing errors (a factor of 7).
FAR_OFF = 2.0


@dataclass(frozen=True, slots=True)
class Trained:
    """A model ready to serve or save; `metrics` are out-of-fold (see `ratio_study`), with `cities` and `brief`."""

    model: ValuationModel
    metrics: dict[str, Any]


def train(frame: pd.DataFrame, market: str) -> Trained:
    """Trains the sale model of `market` (country code: CO, ES, MX) on listing rows (columns of table `listings`).

    Rows of other countries, rents, other currencies, and rows without price, area or city are left out and counted
    in `metrics["dropped"]`. Raises `BadInput` for an unknown market, a frame without a needed column, or fewer than
    `MIN_ROWS` usable rows.
    """
    if market not in CURRENCY_OF:
        raise BadInput(
            f"There is no market {market!r}; expected one of {', '.join(CURRENCY_OF)}.",
            f"No existe el mercado {market!r}; se esperaba uno de {', '.join(CURRENCY_OF)}.",
        )
    missing = [name for name in ("country", "operation", "price", "city_id", "area_m2") if name not in frame.columns]
    if missing:
        raise BadInput(
            f"The training frame lacks the columns {', '.join(missing)}.",
            f"A la tabla de entrenamiento le faltan las columnas {', '.join(missing)}.",
        )
    sales = frame[(frame["country"] == market) & (frame["operation"] == "sale")]
    columns, log_m2 = _usable(columns_of(sales), CURRENCY_OF[market])
    if len(log_m2) < MIN_ROWS:
        raise BadInput(
            f"Market {market} has {len(log_m2)} usable sale listings; at least {MIN_ROWS} are needed to train.",
            f"El mercado {market} tiene {len(log_m2)} anuncios de venta útiles; hacen falta al menos {MIN_ROWS}.",
        )
    return _train(columns, log_m2, market, dropped=len(sales) - len(log_m2))


def _usable(columns: Columns, currency: str) -> tuple[Columns, Numbers]:
    price, area, cities = numbers(columns, "price"), numbers(columns, "area_m2"), texts(columns, "city_id")
    priced = np.array([not c or c == currency for c in texts(columns, "currency")], dtype=bool)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_m2 = np.log(price / area)
        usable = priced & (price > 0) & (area > 0) & np.array([bool(c) for c in cities], dtype=bool)
    city_names = np.array(cities, dtype=object)
    for city in {c for c, ok in zip(cities, usable, strict=True) if ok}:
        here = usable & (city_names == city)
        usable[here] = np.abs(log_m2[here] - np.median(log_m2[here])) <= FAR_OFF
    kept = np.flatnonzero(usable).tolist()
    return {name: [columns[name][i] for i in kept] for name in INPUTS if name in columns}, log_m2[usable]


def _train(columns: Columns, log_m2: Numbers, market: str, dropped: int) -> Trained:
    keys = group_keys(columns)
    # A row with neither group nor id gets a fold by its position; its key 0 marks it as not recognisable later.
    place = np.where(keys == 0, np.arange(len(keys), dtype=np.uint64), keys)
    folds = (place % np.uint64(FOLDS)).astype(np.int64)
    cities, areas = texts(columns, "city_id"), texts(columns, "area_id")
    space = FeatureSpace.fit(columns)
    levels = AreaLevels.fit(
        areas, cities, log_m2, numbers(columns, "latitude"), numbers(columns, "longitude"), folds, FOLDS
    )
    filled = fill(columns, space, levels, folds)
    neighbours = Neighbours.fit(points_of(filled.matrix, space), log_m2, keys)
    forgetful = forget(filled.matrix, levels.encode(cities, cities, folds), space, seed=7)
    brief = briefed(filled.matrix, space)
    for matrix in (filled.matrix, forgetful, brief):
        add_neighbours(matrix, space, neighbours, keys)

    both, twice = np.vstack([filled.matrix, forgetful]), np.tile(folds, 2)
    weight = np.repeat([1.0, boosting.FORGETFUL_WEIGHT], len(log_m2))
    target = np.tile(log_m2, 2)
    categories = space.columns(*CATEGORIES)
    points = boosting.fit_folds(both, target, weight, twice, FOLDS, categories)
    errors = boosting.fit_errors(
        both, _out_of_fold(points, both, twice) - target, weight, twice, FOLDS, categories
    )

    kept = fingerprint([log_m2.tobytes(), keys.tobytes(), filled.matrix.tobytes()])
    views: dict[str, _View] = {}
    for name, matrix in (("full", filled.matrix), ("forgetful", forgetful), ("brief", brief)):
        predicted, scale = _out_of_fold(points, matrix, folds), np.exp(_out_of_fold(errors, matrix, folds))
        views[name] = _View(predicted, scale, np.abs(predicted - log_m2) / scale, detail_of(matrix, space))
    city = np.array(cities)
    calibration = _calibrate(views, city, np.ones(len(city), dtype=bool))
    measured = _measure(views, columns, log_m2, city, folds)
    measured |= {"dropped": dropped, "dwellings": len(np.unique(place)), "folds": FOLDS}
    demo = {c: bool(np.mean([bool(d) for d, k in zip(columns.get("demo") or [False] * len(cities), cities, strict=True)
                             if k == c]) > 0.5) for c in space.cities}
    model = ValuationModel(
        market=market, currency=CURRENCY_OF[market], version=f"{market.lower()}-sale-{SCHEMA}.{kept[:10]}",
        fingerprint=kept, trained_at=clock.now().isoformat(timespec="seconds"), space=space, levels=levels,
        neighbours=neighbours, calibration=calibration, points=points, errors=errors,
        known_keys=np.unique(keys[keys != 0]), demo=demo, metrics=measured,
    )
    return Trained(model, measured)


@dataclass(frozen=True, slots=True)
class _View:
    """Out-of-fold results for the rows as told in one way."""

    predicted: Numbers
    scale: Numbers
    score: Numbers
    detail: NDArray[np.int64]


def _out_of_fold(models: list[Any], matrix: Numbers, folds: NDArray[np.int64]) -> Numbers:
    out = np.empty(len(matrix))
    for k, model in enumerate(models):
        rows = folds == k
        if rows.any():
            out[rows] = model.predict(matrix[rows], num_threads=boosting.WORKERS)
    return out


def _calibrate(views: dict[str, _View], city: NDArray[np.str_], rows: NDArray[np.bool_]) -> Calibration:
    score = np.concatenate([view.score[rows] for view in views.values()])
    detail = np.concatenate([view.detail[rows] for view in views.values()])
    return Calibration.fit(score, detail, np.tile(city[rows], len(views)))


def _measure(
    views: dict[str, _View], columns: Columns, log_m2: Numbers, city: NDArray[np.str_], folds: NDArray[np.int64]
) -> dict[str, Any]:
    """Out-of-fold metrics; each fold's coverage uses multipliers calibrated on the other folds only."""
    area = numbers(columns, "area_m2")
    price = np.exp(log_m2) * area
    out: dict[str, Any] = {}
    for name in ("full", "brief"):
        view = views[name]
        value, bounds = np.exp(view.predicted) * area, np.empty((len(area), 3))
        for k in np.unique(folds).tolist():
            rows = folds == k
            calibration = _calibrate(views, city, ~rows)
            bounds[rows] = calibration.multipliers(view.detail[rows], city[rows].tolist()) * view.scale[rows, None]

        def study(rows: NDArray[np.bool_], value: Numbers = value, bounds: Numbers = bounds) -> dict[str, float]:
            found = metrics.ratio_study(value[rows], price[rows])
            for column, level in ((1, "80"), (2, "90")):
                low, high = value * np.exp(-bounds[:, column]), value * np.exp(bounds[:, column])
                found[f"coverage_{level}"] = metrics.coverage(low[rows], high[rows], price[rows])
                found[f"width_{level}"] = metrics.median_width(low[rows], high[rows], value[rows])
            return found

        block: dict[str, Any] = study(np.ones(len(area), dtype=bool))
        block["cities"] = {c: study(city == c) for c in np.unique(city).tolist() if (city == c).sum() >= 30}
        if name == "full":
            out = block
        else:
            out["brief"] = block
    return out
