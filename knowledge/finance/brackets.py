"""Bands of a tax as data, and the one evaluator of them.

A band holds for a base above its lower limit, up to and including its upper one. The formula is always the same, a fixed
amount plus a rate on the excess over a limit; the method of the table only says where the two come from: `marginal` adds up
the bands below, `fixed` states the amount beside each band as Mexican tariffs do, `whole` applies the band's rate to all of
the base, `lookup` gives the band's figure itself (a coefficient by years held). float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Method = Literal["marginal", "fixed", "whole", "lookup"]
Array = NDArray[np.float64]
#: Laws write the end of a band and the start of the next one a cent apart; a wider gap is a slip of the keyboard.
CENT = 0.011


@dataclass(frozen=True, slots=True)
class Band:
    """`low` < base <= `high` (years: `low` <= years < `high`); `rate` in percent, or the figure of a `lookup`; `fixed` in the
    table's unit."""

    low: float
    high: float
    rate: float
    fixed: float = 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """Bands without gaps, in `unit` (a currency, UVT or years). Made by `table`, which checks them."""

    method: Method
    unit: str
    bands: tuple[Band, ...]

    @property
    def rates(self) -> tuple[float, float]:
        """The lowest and the highest rate, percent."""
        every = [band.rate for band in self.bands]
        return min(every), max(every)


def table(method: str, unit: str, rows: Sequence[Sequence[Any]]) -> Table:
    """A checked table of rows `[low, high, rate]`, of a `fixed` one `[low, high, fixed, rate]`; the last `high` is inf.

    Raises `ValueError` that names the row: figures that are none, an empty band, a gap, an overlap, an end that is not open,
    a rate above 100 % or one that is negative.
    """
    if method not in ("marginal", "fixed", "whole", "lookup"):
        raise ValueError(f"the method {method!r} is none of marginal, fixed, whole, lookup")
    if not rows:
        raise ValueError("a table needs a band")
    width = 4 if method == "fixed" else 3
    bands: list[Band] = []
    for number, row in enumerate(rows, 1):
        if len(row) != width or not all(isinstance(v, (int, float)) and not math.isnan(v) for v in row):
            raise ValueError(f"band {number} needs {width} figures, not {list(row)!r}")
        low, high, rate = float(row[0]), float(row[1]), float(row[-1])
        fixed = float(row[2]) if method == "fixed" else 0.0
        if not 0 <= low < high or not 0 <= rate <= 100 or fixed < 0:
            raise ValueError(f"band {number} goes from {low:g} to {high:g} at {rate:g} with {fixed:g}: it cannot")
        if not bands and low > 1:
            raise ValueError(f"the first band starts at {low:g}: what is below has no rate")
        if bands and not -1e-6 <= low - bands[-1].high <= CENT:
            what = "a gap" if low > bands[-1].high else "an overlap"
            raise ValueError(f"there is {what} between {bands[-1].high:.15g} and {low:.15g}")
        bands.append(Band(low, high, rate, fixed))
    if bands[-1].high != math.inf:
        raise ValueError(f"the last band ends at {bands[-1].high:g}: it must go on (inf)")
    return Table(method, unit, tuple(bands))  # type: ignore[arg-type]


def amount(scale: Table, base: ArrayLike, unit_value: float = 1.0) -> Array:
    """What a base comes to, elementwise, in money: 0 for a base of 0 or less. `unit_value`: money a unit of the table (an UVT).

    Raises `ValueError` for a `lookup`, which is no amount.
    """
    if scale.method == "lookup":
        raise ValueError("a table of coefficients gives no amount: use `coefficient`")
    low, offset, fixed, rate = _columns(scale)
    units = np.asarray(base, dtype=np.float64) / unit_value
    at = np.clip(np.searchsorted(low, units, side="left") - 1, 0, len(low) - 1)
    due = fixed[at] + rate[at] / 100 * np.maximum(units - offset[at], 0.0)
    return np.asarray(np.where(units > 0, due, 0.0) * unit_value, dtype=np.float64)


def coefficient(scale: Table, years: ArrayLike) -> Array:
    """The figure of the band that whole years fall in, elementwise."""
    low = np.array([band.low for band in scale.bands])
    at = np.searchsorted(low, np.floor(np.asarray(years, dtype=np.float64) + 1e-9), side="right") - 1
    return np.array([band.rate for band in scale.bands])[np.clip(at, 0, len(low) - 1)]


@lru_cache(maxsize=256)
def _columns(scale: Table) -> tuple[Array, Array, Array, Array]:
    """Lower limits, what the excess is counted from, fixed amounts and rates, by band."""
    low = np.array([band.low for band in scale.bands])
    rate = np.array([band.rate for band in scale.bands])
    if scale.method == "whole":
        return low, np.zeros_like(low), np.zeros_like(low), rate
    if scale.method == "fixed":
        return low, low, np.array([band.fixed for band in scale.bands]), rate
    below = np.concatenate(([0.0], np.cumsum(np.diff(low) * rate[:-1] / 100)))
    return low, low, below, rate
