"""How wide intervals are: one calibration over many official series, shipped as a dated JSON file, and each series' own errors.

A dozen origins of one series say little about its tails, so the size of an error is foretold from features of the series
(`spread`) with coefficients estimated over all, and its distribution, divided by that size, is pooled: recent errors weigh
more, and those of similar series (one source, country and measure), or else the series' own, by how many do not overlap.
`knowledge.forecasting.train` makes the file.
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
SCHEMA = 2
LEVELS = (0.80, 0.95)
#: The same as `Calibration.family_priors` for a series without a family: its few own errors say nothing of tails.
ALONE_PRIOR = 30.0
#: At least this share of what an interval misses lies on either side. With a half the sides miss alike; with less the
#: interval is the shortest that holds its level. Far tails lean: the shortest of 95 % scored better, of 80 % worse.
LEAST_SIDE = (0.5, 0.25)
_SIDES = 11


@dataclass(frozen=True, slots=True)
class Calibration:
    """`coefficients` (`LONGEST`, features): logarithm of an error's size by quarters ahead. `errors` (`LONGEST`, grid): evenly
    spaced quantiles of errors over their size; `families`: the same of similar series, which `family_windows` tells the
    windows of that do not overlap. `priors`: by candidate, its error over the default's in logs, by year ahead.

    `family_priors` (by level of `LEVELS`) and `choice_prior` are in windows that do not overlap: that many of a family's, or
    of a series' own, count as much as the pool.
    """

    version: str
    made_on: str
    data: str
    series: int
    errors_seen: int
    default: str
    coefficients: tuple[tuple[float, ...], ...]
    errors: tuple[tuple[float, ...], ...]
    families: dict[str, tuple[tuple[float, ...], ...]]
    family_windows: dict[str, tuple[float, ...]]
    family_priors: dict[str, tuple[float, ...]]
    priors: dict[str, tuple[float, ...]]
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

    def tails(self, ahead: int, own: Numbers, windows: float, family: str | None) -> Numbers:
        """Distances from an error of nothing to the ends of the intervals, over the error's size, `ahead` quarters on:
        below for each of `LEVELS`, then above. The pool is mixed with the family's errors, or the series' `own` (k,) worth
        `windows`."""
        row = min(ahead, LONGEST) - 1
        priors = (ALONE_PRIOR,) * len(LEVELS)
        if family is not None and family in self.families:
            own, windows = np.asarray(self.families[family][row]), self.family_windows[family][row] * (row + 1) / ahead
            priors = self.family_priors[family]
        pool = np.asarray(self.errors[row])
        ends = [self._ends(pool, own, windows / (windows + prior), level, least)
                for level, prior, least in zip(LEVELS, priors, LEAST_SIDE, strict=True)]
        return np.array([max(-low, 0.0) for low, _ in ends] + [max(high, 0.0) for _, high in ends])

    @staticmethod
    def _ends(pool: Numbers, own: Numbers, share: float, level: float, least: float) -> Numbers:
        """The shortest interval (low, high) that holds `level` of the mixture and misses at least `least` on either side."""
        if not len(own):
            share = 0.0
        values = np.concatenate([pool, own])
        weights = np.concatenate([np.full(len(pool), (1 - share) / len(pool)), np.full(len(own), share / max(len(own), 1))])
        order = np.argsort(values, kind="stable")
        heaped = np.cumsum(weights[order]) - weights[order] / 2
        below = (1 - level) * np.linspace(least, 1 - least, _SIDES)
        low, high = (np.interp(at, heaped, values[order]) for at in (below, below + level))
        shortest = np.argmin(high - low)
        return np.array([low[shortest], high[shortest]])

    def to_json(self) -> str:
        return json.dumps({"schema": SCHEMA, "features": list(NAMES)} | asdict(self), indent=1) + "\n"


def family_name(source: str, country: str, metric: str) -> str:
    """What similar series are known by."""
    return f"{source}/{country}/{metric}"


def parse(text: str) -> Calibration:
    """Raises `Unavailable` for a file of another schema or other features, or one that is damaged."""
    try:
        body: dict[str, Any] = json.loads(text)
        if body.pop("schema") != SCHEMA or tuple(body.pop("features")) != NAMES:
            raise _useless()
        rows = {name: _rows(body[name]) for name in ("coefficients", "errors")}
        if len(rows["coefficients"]) != LONGEST or {len(row) for row in rows["coefficients"]} != {len(NAMES)}:
            raise _useless()
        by_name = {
            name: {key: tuple(map(float, values)) for key, values in body[name].items()}
            for name in ("family_windows", "family_priors", "priors")
        }
        return Calibration(**body | rows | by_name | {
            "families": {name: _rows(table) for name, table in body["families"].items()},
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
        f"The calibration of forecasts ({FILE.name}) cannot be used; make it again (`python -m knowledge.forecasting.train`).",
        f"La calibración de los pronósticos ({FILE.name}) no sirve; rehágala (`python -m knowledge.forecasting.train`).",
        code="no_calibration",
    )


@lru_cache(maxsize=1)
def shipped() -> Calibration:
    """The calibration that comes with the program. Raises `Unavailable` where it is missing or damaged."""
    try:
        return parse(FILE.read_text("utf-8"))
    except OSError as error:
        raise _useless() from error
