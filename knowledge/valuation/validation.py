"""Harder questions to a model than unseen dwellings: unseen streets, and months to come.

Each answer is a whole training without the rows in question, then their valuation as served, intervals included. That is
several trainings, so it is an option of `ladrillo train` (`--validate`) and not part of every one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from knowledge.valuation.columns import Numbers, columns_of, months, numbers, texts
from knowledge.valuation.outoffold import FEWEST, report
from knowledge.valuation.training import Trained, train

if TYPE_CHECKING:
    import pandas as pd

#: Side of a spatial block in degrees of latitude (about 1 km), and the parts that the blocks are dealt to.
BLOCK_DEGREES, PARTS = 0.009, 3
#: The newest share of a city's rows, by month, that a forward validation holds out (at most): a quarter of a year of adverts
#: may be more than a third of them.
LATEST_SHARE = 0.45


def validated(trained: Trained, frame: pd.DataFrame) -> Trained:
    """`trained` with `metrics["validation"]`: `spatial` and `forward`, each only where the rows allow it."""
    market = trained.model.market
    sales = frame[(frame["country"] == market) & (frame["operation"] == "sale")]
    found: dict[str, Any] = {}
    for name, parts in (("spatial", _blocks(sales)), ("forward", _later(sales))):
        measured = _measured(sales, parts, market)
        if measured is not None:
            found[name] = measured
    metrics = trained.metrics | {"validation": found}
    return replace(trained, metrics=metrics, model=replace(trained.model, metrics=metrics))


def _blocks(frame: pd.DataFrame) -> list[NDArray[np.bool_]]:
    """Rows with coordinates in `PARTS` parts, whole blocks of streets each; the same blocks each time."""
    columns = columns_of(frame)
    latitude, longitude = numbers(columns, "latitude"), numbers(columns, "longitude")
    here = np.isfinite(latitude) & np.isfinite(longitude)
    if not here.any():
        return []
    side = BLOCK_DEGREES / max(float(np.cos(np.radians(np.median(latitude[here])))), 0.1)
    at = (np.where(here, latitude, 0.0) / BLOCK_DEGREES, np.where(here, longitude, 0.0) / side)
    _, block = np.unique(np.floor(np.column_stack(at)), axis=0, return_inverse=True)
    part = np.random.default_rng(5).integers(0, PARTS, int(block.max()) + 1)[block.ravel()]
    return [here & (part == k) for k in range(PARTS)]


def _later(frame: pd.DataFrame) -> list[NDArray[np.bool_]]:
    """Of each city the newest months that hold at most `LATEST_SHARE` of its rows; none where all are of one month."""
    columns = columns_of(frame)
    month, city = months(columns), np.array(texts(columns, "city_id"))
    chosen = np.zeros(len(month), dtype=bool)
    for name in np.unique(city).tolist():
        here = city == name
        for newest in np.unique(month[here & np.isfinite(month)])[:0:-1].tolist():
            more = chosen | (here & (month == newest))
            if more[here].mean() > LATEST_SHARE:
                break
            chosen = more
    return [chosen] if chosen.any() else []


def _measured(frame: pd.DataFrame, parts: list[NDArray[np.bool_]], market: str) -> dict[str, Any] | None:
    """`report` over the rows of all parts, each valued without its part; dwellings that a part shares with the rest are
    not counted. None where too little is left to train on or to measure."""
    values, prices, cities = [], [], []
    for held in parts:
        try:
            model = train(frame[~held], market).model
        except BadInput:
            return None
        rows = frame[held]
        columns = columns_of(rows)
        found = model.predict(rows)[["value", "low_80", "low_90", "high_80", "high_90"]].to_numpy(dtype=np.float64)
        price = numbers(columns, "price")
        counted = np.isfinite(found).all(axis=1) & (price > 0) & ~model.knows_dwellings(columns)
        values.append(found[counted])
        prices.append(price[counted])
        cities += [city for city, yes in zip(texts(columns, "city_id"), counted.tolist(), strict=True) if yes]
    table: Numbers = np.concatenate(values) if values else np.empty((0, 5))
    if len(table) < FEWEST:
        return None
    return report(np.concatenate(prices), table[:, 0], table[:, 1:3], table[:, 3:5], np.array(cities))
