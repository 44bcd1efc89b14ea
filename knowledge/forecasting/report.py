"""How good forecasts have been: `python -m knowledge.forecasting.report FILE PANEL` prints the tables of docs/accuracy.md.

FILE is the table of indices, PANEL what `train --panel` wrote. Points: MASE over eight quarters of every candidate, in
levels, with a 95 % interval by drawing whole countries. Intervals: every two years from 1990 on the calibration is made
again from what was known then and judges the next two years' origins; nothing of what it is judged on has gone into it,
neither of the future nor of the choice.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.resampling import ratio_interval
from knowledge.forecasting.calibration import LEVELS, family_name
from knowledge.forecasting.series import Numbers
from knowledge.forecasting.train import DEFAULT, Official, Panel, calibrate, read

HORIZON, BEGIN, STEP = 8, 1990, 2
ERAS = ((1970, 1990), (1990, 2000), (2000, 2007), (2007, 2013), (2013, 2019), (2019, 2024))
Rows = NDArray[np.bool_]


def groups(official: list[Official], seen: Panel) -> Iterator[tuple[str, Rows]]:
    """All, the 27 series of finance.md (all segments of INE, SHF, and the three countries of BIS, nominal) and their last
    20 and last four origins, then by source and era; only origins whose eight quarters are known."""
    name = np.array([s.name for s in official])[seen.series]
    family = np.array([s.family for s in official])[seen.series]
    last = np.array([s.last for s in official])[seen.series]
    full = seen.quarter + HORIZON - 1 <= last
    back, year = last - (seen.quarter + HORIZON - 1), seen.quarter // 4
    ours = np.isin(family, [family_name("BIS_SPP", c, "price_index") for c in ("ES", "CO", "MX")])
    spain = np.char.startswith(name, "INE") & (np.char.find(name, "/all/") > 0)
    reference = ours | spain | np.char.startswith(name, "SHF")
    yield "all series", full
    yield "27 of finance.md", full & reference
    yield "27, last 20 origins", full & reference & (back < 20)
    yield "27, 4 origins 9 months apart", full & reference & (back < 12) & (back % 3 == 0)
    sources = (("BIS nominal", "BIS", "nominal"), ("BIS real", "BIS", "real"), ("INE", "INE", ""), ("SHF", "SHF", ""))
    for title, prefix, kind in sources:
        yield title, full & np.char.startswith(name, prefix) & (np.char.find(name, kind) >= 0)
    for since, until in ERAS:
        yield f"{since}-{until - 1}", full & (year >= since) & (year < until)


def mase(official: list[Official], seen: Panel) -> dict[str, Numbers]:
    """By candidate (rows,): mean absolute error in levels over the mean change over a year of what was known; NaN where not."""
    out = {name: np.full(len(seen.series), np.nan) for name in seen.errors}
    for number, series in enumerate(official):
        rows = np.flatnonzero(seen.series == number)
        levels, origins = np.exp(series.logs), len(series.logs) - 1 - series.last + seen.quarter[rows]
        change = np.array([np.abs(levels[4:o] - levels[:o - 4]).mean() for o in origins])
        whole = origins + HORIZON <= len(levels)
        actual = np.array([levels[o:o + HORIZON] for o in origins[whole]])
        for name, errors in seen.errors.items():
            if whole.any():
                missed = actual - actual * np.exp(-errors[rows[whole], :HORIZON])
                out[name][rows[whole]] = np.abs(missed).mean(axis=1) / change[whole]
    return out


def bands(official: list[Official], seen: Panel) -> tuple[Numbers, Numbers]:
    """(inside, width), each (rows, HORIZON, levels): 1 where the actual value lay inside, and percent of the last value;
    NaN before the first calibration."""
    shape = (len(seen.series), HORIZON, len(LEVELS))
    inside, width = np.full(shape, np.nan), np.full(shape, np.nan)
    families = np.array([s.family for s in official])[seen.series]
    for year in range(BEGIN, int(seen.quarter.max()) // 4 + 1, STEP):
        known = calibrate(official, seen, "", now=4 * year)
        rows = np.flatnonzero((seen.quarter >= 4 * year) & (seen.quarter < 4 * (year + STEP)))
        sizes = known.sizes(seen.features[rows, :HORIZON])
        for ahead in range(HORIZON):
            for family in np.unique(families[rows]).tolist():
                some = np.flatnonzero(families[rows] == family)
                tails = known.tails(ahead + 1, np.empty(0), 0.0, family)
                reach = sizes[some, ahead, None] * tails
                missed = seen.errors[DEFAULT][rows[some], ahead, None]
                n = len(LEVELS)
                inside[rows[some], ahead] = np.where(
                    np.isfinite(missed), (missed >= -reach[:, :n]) & (missed <= reach[:, n:]), np.nan)
                width[rows[some], ahead] = 100 * (np.exp(reach[:, n:]) - np.exp(-reach[:, :n]))
    return inside, width


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge.forecasting.report", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("panel", type=Path)
    options = parser.parse_args()
    official = read(options.file)
    with np.load(options.panel, allow_pickle=False) as tables:
        found = {name: tables[name] for name in tables.files}
    series, quarter, features = (found.pop(name) for name in ("series", "quarter", "features"))
    seen = Panel(series, quarter, found, features)
    country = np.array([s.country for s in official])[seen.series]
    errors = mase(official, seen)
    inside, width = bands(official, seen)
    for title, rows in groups(official, seen):
        cells = [_by_series(errors[name], seen, country, rows) for name in sorted(errors)]
        _print(title, [f"{name} {cell}" for name, cell in zip(sorted(errors), cells, strict=True)])
        kept = rows & np.isfinite(inside).all(axis=(1, 2))
        if kept.any():
            _print(title, [
                f"{100 * level:.0f} %: inside {_by_series(100 * inside[:, :, i].mean(axis=1), seen, country, kept)}"
                f" width {_by_series(width[:, :, i].mean(axis=1), seen, country, kept)}" for i, level in enumerate(LEVELS)
            ])


def _by_series(values: Numbers, seen: Panel, country: NDArray[np.str_], rows: Rows) -> str:
    """The mean over series of the mean over origins, each series alike, with its interval by drawing countries."""
    kept = rows & np.isfinite(values)
    means = {n: float(values[kept & (seen.series == n)].mean()) for n in np.unique(seen.series[kept]).tolist()}
    where = [str(country[seen.series == n][0]) for n in means]
    found = ratio_interval(list(means.values()), [1.0] * len(means), where)
    return f"{found.value:.3g} [{found.low:.3g}, {found.high:.3g}]"


def _print(title: str, cells: list[str]) -> None:
    print(f"{title}: " + "; ".join(cells), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
