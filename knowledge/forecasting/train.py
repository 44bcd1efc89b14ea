"""Makes `data/calibration.json` anew: `python -m knowledge.forecasting.train FILE [--out OUT]`, some minutes on two cores.

FILE is a table of quarterly house price indices as `house_price_index_quarterly` describes it. At every quarter of every
series, from six years on, each candidate forecasts five years; parameters are estimated once a year. The errors give the
calibration: the size of an error by least squares of its logarithm on the features, its distribution divided by that size,
and how much candidates differ. Nothing is drawn at random: the same file gives the same calibration.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import clock
from core.locale import COUNTRIES
from knowledge.forecasting.calibration import FILE, Calibration, family_name
from knowledge.forecasting.family import FEWEST_ALIKE, SHARED, mean_steps, shared_errors
from knowledge.forecasting.methods import Candidate, Mean, candidates
from knowledge.forecasting.series import LONGEST as MOST_QUARTERS
from knowledge.forecasting.series import Numbers
from knowledge.forecasting.spread import FEWEST, LONGEST, features

DEFAULT = SHARED
#: Half-lives would be 0.7 of these: years after which an error weighs 1/e in the pool, and in its family.
POOL_YEARS, FAMILY_YEARS = 30.0, 4.0
#: Measured over origins since 1990, each judged by what was known before it (docs/accuracy.md). `Calibration.family_priors` of
#: families of several regions, and of a country that has one series.
REGIONS_PRIORS, ONE_PRIORS, CHOICE_PRIOR = (3.0, 0.3), (8.0, 1.0), 40.0
POOL_POINTS, FAMILY_POINTS = 200, 100
#: Logarithms under this are no error.
_NOTHING = 0.002


@dataclass(frozen=True, slots=True)
class Official:
    """One series of the file: logarithms, its last quarter as a number (4 x year + quarter - 1)."""

    name: str
    country: str
    family: str
    logs: Numbers
    last: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One row per series and origin. `quarter`: the first quarter forecast; `errors[name]` (rows, LONGEST): actual minus
    forecast in logs, NaN where not yet known; `features` (rows, LONGEST, features)."""

    series: NDArray[np.int64]
    quarter: NDArray[np.int64]
    errors: dict[str, Numbers]
    features: Numbers


def read(file: Path) -> list[Official]:
    rows: dict[tuple[str, ...], list[tuple[int, float]]] = {}
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            key = (row["source"], row["country"], row["region_code"], row["segment"], row["measure"])
            quarter = int(row["quarter"][:4]) * 4 + int(row["quarter"][-1]) - 1
            rows.setdefault(key, []).append((quarter, float(row["value"])))
    found = []
    for (source, country, region, segment, measure), points in sorted(rows.items()):
        points.sort()
        metric = "price_index_real" if measure.startswith("real") else "price_index"
        found.append(Official(
            f"{source}/{region}/{segment}/{measure}", country, family_name(source, country, metric),
            np.log([value for _, value in points]), points[-1][0],
        ))
    return found


def measure(series: Official) -> tuple[NDArray[np.int64], dict[str, Numbers], Numbers]:
    """(origins, errors by candidate, features) of one series at every quarter from `FEWEST` points on."""
    y = series.logs
    origins = np.arange(FEWEST, len(y))
    every = candidates("Q", FEWEST)
    errors = {c.name: _errors(y, c, origins) for c in every if not isinstance(c, Mean)}
    errors |= {c.name: np.mean([errors[m.name] for m in c.members], axis=0) for c in every if isinstance(c, Mean)}
    known = np.concatenate([
        features(part, np.array([len(part)]), LONGEST)
        for part in (y[max(0, origin - MOST_QUARTERS["Q"]):origin] for origin in origins.tolist())
    ])
    return origins, errors, known


def _errors(y: Numbers, candidate: Candidate, origins: NDArray[np.int64]) -> Numbers:
    out = np.full((len(origins), LONGEST), np.nan)
    parameters = None
    for i, origin in enumerate(origins.tolist()):
        known, ahead = y[max(0, origin - MOST_QUARTERS["Q"]):origin], min(LONGEST, len(y) - origin)
        try:
            if i % 4 == 0:
                parameters = candidate.fit(known)
            found = candidate.predict(parameters, known, ahead)
        except (np.linalg.LinAlgError, ValueError):
            continue
        if np.isfinite(found).all() and np.abs(found - known[-1]).max() < 3:
            out[i, :ahead] = y[origin:origin + ahead] - found
    return out


def panel(official: list[Official], processes: int | None = None) -> Panel:
    groups = alike(official)
    with ProcessPoolExecutor(processes or os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        measured = list(pool.map(measure, [*official, *groups], chunksize=2))
    parts, others = measured[:len(official)], measured[len(official):]
    seen = Panel(
        np.concatenate([np.full(len(origins), i) for i, (origins, _, _) in enumerate(parts)]),
        np.concatenate([s.last - len(s.logs) + 1 + o for s, (o, _, _) in zip(official, parts, strict=True)]),
        {name: np.concatenate([errors[name] for _, errors, _ in parts]) for name in parts[0][1]},
        np.concatenate([known for _, _, known in parts]),
    )
    errors_of = [errors[Mean.name] for _, errors, _ in others]
    return with_shared(official, seen, {g.family: (g, missed) for g, missed in zip(groups, errors_of, strict=True)})


def alike(official: list[Official]) -> list[Official]:
    """One index for each family that has enough series: the mean of their steps in each quarter."""
    found = []
    for name in sorted({s.family for s in official}):
        members = [s for s in official if s.family == name]
        if len(members) < FEWEST_ALIKE:
            continue
        steps = mean_steps([dict(enumerate(np.diff(s.logs).tolist(), s.last - len(s.logs) + 2)) for s in members])
        since, until = min(steps), max(steps)
        if len(steps) == until - since + 1:
            logs = np.concatenate([[0.0], np.cumsum([steps[quarter] for quarter in range(since, until + 1)])])
            found.append(Official(name, members[0].country, name, logs, until))
    return found


def with_shared(official: list[Official], seen: Panel, groups: dict[str, tuple[Official, Numbers]]) -> Panel:
    """With the errors of `SHARED`: those of the mean, for series of these families half of the forecast being the
    family's movement. `groups` holds a family's index and the mean's errors (origins, LONGEST) on it."""
    shared = seen.errors[Mean.name].copy()
    for i, series in enumerate(official):
        if series.family not in groups:
            continue
        index, errors = groups[series.family]
        first = [s.last - len(s.logs) + 1 for s in (series, index)]
        for row in np.flatnonzero(seen.series == i):
            own, other = int(seen.quarter[row]) - first[0], int(seen.quarter[row]) - first[1]
            if FEWEST <= other < len(index.logs):
                ahead = min(LONGEST, len(series.logs) - own, len(index.logs) - other)
                actual, moved = (s.logs[at:at + ahead] - s.logs[at - 1] for s, at in ((series, own), (index, other)))
                shared[row, :ahead] = shared_errors(shared[row, :ahead], actual, moved, errors[other - FEWEST, :ahead])
    return replace(seen, errors=seen.errors | {SHARED: shared})


def weights_of(official: list[Official], seen: Panel) -> Numbers:
    """Long series weigh with the root of their length; regions of a country that has many, half."""
    length = np.bincount(seen.series, minlength=len(official)).astype(float)
    crowd = {family: sum(s.family == family for s in official) for family in {s.family for s in official}}
    each = np.array([(0.5 if crowd[s.family] > 4 else 1.0) for s in official]) / np.sqrt(np.maximum(length, 1))
    return np.asarray(each[seen.series] / each[seen.series].mean())


def fit_sizes(seen: Panel, weights: Numbers, rows: NDArray[np.int64]) -> Numbers:
    """(LONGEST, features): logarithm of an error's size on the features, each horizon by weighted least squares over `rows`."""
    out = np.empty((LONGEST, seen.features.shape[2]))
    for ahead in range(LONGEST):
        kept = rows[np.isfinite(seen.errors[DEFAULT][rows, ahead])]
        x, w = seen.features[kept, ahead], weights[kept]
        y = np.log(np.abs(seen.errors[DEFAULT][kept, ahead]) + _NOTHING)
        out[ahead] = np.linalg.solve((x * w[:, None]).T @ x + 1e-6 * np.eye(x.shape[1]), (x * w[:, None]).T @ y)
    return out


def weighted_points(values: Numbers, weights: Numbers, count: int) -> Numbers:
    """`count` evenly spaced quantiles."""
    order = np.argsort(values, kind="stable")
    heaped = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp((np.arange(count) + 0.5) / count, heaped / weights.sum(), values[order])


def calibrate(official: list[Official], seen: Panel, data: str, rows: NDArray[np.int64] | None = None,
              now: int | None = None) -> Calibration:
    """The calibration from these rows (all), as it would have been made in quarter `now` (the last one) from what was
    known then."""
    weights = weights_of(official, seen)
    now = int(max(s.last for s in official)) + 1 if now is None else now
    rows = np.arange(len(seen.series)) if rows is None else rows
    known = Panel(seen.series, seen.quarter, {
        name: np.where(seen.quarter[:, None] + np.arange(LONGEST) < now, errors, np.nan) for name, errors in seen.errors.items()
    }, seen.features)
    sizes = fit_sizes(known, weights, rows)
    relative = known.errors[DEFAULT] / np.exp(np.einsum("ohf,hf->oh", known.features, sizes))
    family = np.array([s.family for s in official])[seen.series]
    ours = {s.family for s in official if s.country in COUNTRIES}
    pooled: list[tuple[float, ...]] = []
    families: dict[str, list[tuple[float, ...]]] = {}
    windows: dict[str, list[float]] = {}
    family_priors: dict[str, tuple[float, ...]] = {}
    for ahead in range(LONGEST):
        kept = rows[np.isfinite(relative[rows, ahead])]
        age = (now - 1 - seen.quarter[kept] - ahead) / 4
        pooled.append(tuple(np.round(weighted_points(
            relative[kept, ahead], weights[kept] * np.exp(-age / POOL_YEARS), POOL_POINTS), 4).tolist()))
        for name in sorted(set(family[kept].tolist()) & ours):
            own = kept[family[kept] == name]
            recent = np.exp(-(now - 1 - seen.quarter[own] - ahead) / 4 / FAMILY_YEARS)
            points = weighted_points(relative[own, ahead], recent, FAMILY_POINTS)
            families.setdefault(name, []).append(tuple(np.round(points, 3).tolist()))
            several = len(np.unique(seen.series[own]))
            # regions of one country err together: many count as two that do not
            quarters = float(recent.sum()) / several * min(several, 2) ** 0.5
            windows.setdefault(name, []).append(round(quarters / (ahead + 1), 3))
            family_priors[name] = REGIONS_PRIORS if several >= FEWEST_ALIKE else ONE_PRIORS
    made = Calibration(
        "", clock.now().date().isoformat(), data, len(np.unique(seen.series[rows])),
        int(np.isfinite(known.errors[DEFAULT][rows]).sum()), DEFAULT, tuple(tuple(np.round(r, 5).tolist()) for r in sizes),
        tuple(pooled), {n: tuple(t) for n, t in families.items() if len(t) == LONGEST},
        {n: tuple(w) for n, w in windows.items()}, family_priors, _priors(known, weights, rows), CHOICE_PRIOR,
    )
    dateless = replace(made, made_on="").to_json()
    return replace(made, version=hashlib.blake2s(dateless.encode(), digest_size=6).hexdigest())


def _priors(seen: Panel, weights: Numbers, rows: NDArray[np.int64]) -> dict[str, tuple[float, ...]]:
    """By candidate, the logarithm of its mean error over the default's, by year ahead; each error in units of its series'
    moves."""
    unit = weights[rows, None] / np.exp(seen.features[rows, 0, -1])[:, None]
    out = {}
    for name, errors in seen.errors.items():
        ratios = []
        for year in range(LONGEST // 4):
            ahead = slice(4 * year, 4 * year + 4)
            mine, default = np.abs(errors[rows, ahead]), np.abs(seen.errors[DEFAULT][rows, ahead])
            both = np.isfinite(mine) & np.isfinite(default)
            ratios.append(round(float(np.log((mine * unit)[both].sum() / (default * unit)[both].sum())), 4))
        out[name] = tuple(ratios)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge.forecasting.train", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--panel", type=Path, help="also write the errors of every candidate, as .npz")
    options = parser.parse_args()
    official = read(options.file)
    seen = panel(official)
    if options.panel:
        tables = {"series": seen.series, "quarter": seen.quarter, "features": seen.features} | seen.errors
        np.savez_compressed(options.panel, allow_pickle=False, **tables)
    data = hashlib.sha256(options.file.read_bytes()).hexdigest()[:16]
    options.out.write_text(calibrate(official, seen, data).to_json(), "utf-8")


if __name__ == "__main__":
    main()
