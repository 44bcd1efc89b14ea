"""How wide intervals are: one calibration over many official series, shipped as a dated JSON file, and each series' own errors.

A dozen origins of one series say little about its tails, so the size of an error is foretold from features of the series
(`spread`) with coefficients estimated over all, and its distribution, divided by that size, is pooled: recent errors weigh more, and
the series' own, and those of its country, weigh by how many of them do not overlap. `knowledge.forecasting.train` makes the file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import Unavailable
from knowledge.forecasting.series import Numbers
from knowledge.forecasting.spread import LONGEST, NAMES

FILE = Path(__file__).with_name("data") / "calibration.json"
SCHEMA = 1
LEVELS = (0.80, 0.95)


@dataclass(frozen=True, slots=True)
class Calibration:
    """`coefficients` (`LONGEST`, features): logarithm of an error's size by quarters ahead. `errors` (`LONGEST`, grid): evenly
    spaced quantiles of errors over their size; `countries`: the same of one country each, with how many years of them
    `country_years`. `priors`: by candidate, its error over the default's in logs, by year ahead.

    `own_prior` and `choice_prior` are in windows that do not overlap: that many of the series' own count as much as the pool.
    """

    version: str
    made_on: str
    data: str
    series: int
    errors_seen: int
    default: str
    coefficients: tuple[tuple[float, ...], ...]
    errors: tuple[tuple[float, ...], ...]
    countries: dict[str, tuple[tuple[float, ...], ...]]
    country_years: dict[str, float]
    priors: dict[str, tuple[float, ...]]
    own_prior: float
    choice_prior: float

    def prior(self, name: str, year: int) -> float:
        """Of a candidate at a year ahead (0 is the first); one that was never measured is taken for 10 % worse."""
        found = self.priors.get(name)
        return found[min(year, len(found) - 1)] if found else 0.1

    def sizes(self, features: Numbers) -> Numbers:
        """(origins, horizon): the size (in logs of the index) an error is expected to have; from `spread.features`."""
        rows = np.minimum(np.arange(features.shape[1]), LONGEST - 1)
        table = np.asarray(self.coefficients)[rows]
        # beyond the longest horizon an error grows on with the time ahead
        grown = np.maximum(np.arange(1, features.shape[1] + 1) / LONGEST, 1.0)
        return np.asarray(np.exp(np.einsum("ohf,hf->oh", features, table)) * grown)

    def quantiles(self, ahead: int, own: Numbers, windows: float, country: str | None, levels: Numbers) -> Numbers:
        """Of an error over its size, `ahead` quarters on: pool, country and the series' `own` errors (k,) mixed."""
        row = min(ahead, LONGEST) - 1
        parts = [(np.asarray(self.errors[row]), self.own_prior)]
        if country is not None and country in self.countries:
            parts.append((np.asarray(self.countries[country][row]), self.country_years[country] * 4 / ahead))
        if len(own):
            parts.append((own, windows))
        values = np.concatenate([part for part, _ in parts])
        weights = np.concatenate([np.full(len(part), weight / len(part)) for part, weight in parts])
        order = np.argsort(values, kind="stable")
        heaped = np.cumsum(weights[order])
        return np.asarray(np.interp(levels, (heaped - weights[order] / 2) / heaped[-1], values[order]))

    def to_json(self) -> str:
        return json.dumps({"schema": SCHEMA, "features": list(NAMES)} | asdict(self), indent=1) + "\n"


def parse(text: str) -> Calibration:
    """Raises `Unavailable` for a file of another schema or other features, or one that is damaged."""
    try:
        body: dict[str, Any] = json.loads(text)
        if body.pop("schema") != SCHEMA or tuple(body.pop("features")) != NAMES:
            raise _useless()
        rows = {name: _rows(body[name]) for name in ("coefficients", "errors")}
        if len(rows["coefficients"]) != LONGEST or {len(row) for row in rows["coefficients"]} != {len(NAMES)}:
            raise _useless()
        return Calibration(**body | rows | {
            "countries": {code: _rows(table) for code, table in body["countries"].items()},
            "priors": {name: tuple(map(float, values)) for name, values in body["priors"].items()},
        })
    except (KeyError, TypeError, ValueError) as error:
        raise _useless() from error


def _rows(table: list[list[float]]) -> tuple[tuple[float, ...], ...]:
    rows = tuple(tuple(map(float, row)) for row in table)
    if not np.isfinite(np.concatenate([np.asarray(row) for row in rows])).all():
        raise ValueError("not finite")
    return rows


def _useless() -> Unavailable:
    return Unavailable(
        f"The calibration of forecasts ({FILE.name}) cannot be used; make it again with `python -m knowledge.forecasting.train`.",
        f"La calibración de los pronósticos ({FILE.name}) no sirve; rehágala con `python -m knowledge.forecasting.train`.",
        code="no_calibration",
    )


@lru_cache(maxsize=1)
def shipped() -> Calibration:
    """The calibration that comes with the program. Raises `Unavailable` where it is missing or damaged."""
    try:
        return parse(FILE.read_text("utf-8"))
    except OSError as error:
        raise _useless() from error
