"""Training: one market (a country's sale listings) in, a `Trained` model with its honest metrics out.

The served model is the ensemble of the cross-validation's fold models; there is no final model trained on everything.
It costs less, is as accurate, and a listing that was trained on can be valued by the one model that has not seen its
dwelling: its own asking price never confirms itself. Rows that tell all that the market's adverts tell have models of
their own, trained on nothing else; what people describe in a sentence is valued by models of rows told in part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core import clock
from core.errors import BadInput
from core.locale import CURRENCY_OF
from knowledge.valuation import SCHEMA, boosting
from knowledge.valuation.calibration import DETAILS
from knowledge.valuation.columns import INPUTS, Columns, Numbers, columns_of, fingerprint, group_keys, numbers, texts
from knowledge.valuation.features import (
    CATEGORIES,
    FeatureSpace,
    add_neighbours,
    briefed,
    fill,
    forget,
    points_of,
    usual_groups,
)
from knowledge.valuation.hedonic import HedonicReference
from knowledge.valuation.model import ValuationModel, detail_of
from knowledge.valuation.neighbourhoods import AreaLevels
from knowledge.valuation.neighbours import Neighbours
from knowledge.valuation.outoffold import OutOfFold

if TYPE_CHECKING:
    import pandas as pd

FOLDS = 5
MIN_ROWS = 150
#: Rows whose log price per m2 is farther than this from their city's median are typing errors (a factor of 7).
FAR_OFF = 2.0


@dataclass(frozen=True, slots=True)
class Trained:
    """A model ready to serve or save; `metrics` are out-of-fold (see `OutOfFold.measure`); the rows it was trained on and
    their log prices per m2."""

    model: ValuationModel
    metrics: dict[str, Any]
    columns: Columns
    log_m2: Numbers


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

    categories, rising = space.columns(*CATEGORIES), space.columns("area_level")
    usual = usual_groups(filled.matrix, space)
    points = boosting.fit_points(filled.matrix, log_m2, folds, FOLDS, categories, rising)
    short = boosting.fit_brief(filled.matrix, forgetful, log_m2, folds, FOLDS, categories, rising)
    views = {"full": filled.matrix, "forgetful": forgetful, "brief": brief}
    told = {name: detail_of(matrix, space, usual) for name, matrix in views.items()}
    found = {name: _out_of_fold(points, short, matrix, told[name], folds) for name, matrix in views.items()}
    errors = boosting.fit_errors(
        np.vstack([filled.matrix, forgetful]), np.concatenate([found["full"], found["forgetful"]]) - np.tile(log_m2, 2),
        np.tile(folds, 2), FOLDS, categories,
    )
    if len(log_m2) >= boosting.LARGE:  # in a small market hardly any two homes are almost the same
        located = np.asarray(np.isfinite(points_of(filled.matrix, space)[:, :3]).all(axis=1), dtype=np.bool_)
        neighbours = neighbours.told(located, log_m2 - found["full"])
    city, area = np.array(cities), numbers(columns, "area_m2")
    rows = OutOfFold(
        log_value={name: value + np.log(area) for name, value in found.items()},
        scale={name: np.exp(_of_fold(errors, matrix, folds)) for name, matrix in views.items()},
        detail=told, log_price=log_m2 + np.log(area), city=city, folds=folds,
    )
    calibration = rows.calibrate(np.ones(len(city), dtype=bool))
    hedonic = HedonicReference.fit(filled.matrix, log_m2, space, areas, cities, place)
    measured = rows.measure(area, texts(columns, "property_type"))
    measured |= {"dropped": dropped, "dwellings": len(np.unique(place)), "folds": FOLDS}
    measured["hedonic"] = rows.measure_point(
        HedonicReference.out_of_fold(filled.matrix, log_m2, space, areas, cities, folds) + np.log(area))
    kept = fingerprint([log_m2.tobytes(), keys.tobytes(), filled.matrix.tobytes()])
    demo = {c: bool(np.mean([bool(d) for d, k in zip(columns.get("demo") or [False] * len(cities), cities, strict=True)
                             if k == c]) > 0.5) for c in space.cities}
    model = ValuationModel(
        market=market, currency=CURRENCY_OF[market], version=f"{market.lower()}-sale-{SCHEMA}.{kept[:10]}",
        fingerprint=kept, trained_at=clock.now().isoformat(timespec="seconds"), space=space, usual=usual, levels=levels,
        neighbours=neighbours, calibration=calibration, points=points, brief=short, errors=errors,
        known_keys=np.unique(keys[keys != 0]), hedonic=hedonic, demo=demo, metrics=measured,
    )
    return Trained(model, measured, columns, log_m2)


def _of_fold(models: list[Any], matrix: Numbers, folds: NDArray[np.int64]) -> Numbers:
    out = np.empty(len(matrix))
    for k, model in enumerate(models):
        rows = folds == k
        if rows.any():
            out[rows] = model.predict(matrix[rows], num_threads=boosting.WORKERS)
    return out


def _out_of_fold(
    points: list[Any], brief: list[Any], matrix: Numbers, detail: NDArray[np.int64], folds: NDArray[np.int64]
) -> Numbers:
    """Each row by the model of its fold that serves rows told in so much detail."""
    out, full = np.empty(len(matrix)), detail == DETAILS.index("full")
    for rows, models in ((full, points), (~full, brief)):
        out[rows] = _of_fold(models, matrix[rows], folds[rows])
    return out
