"""A clean series from dated observations: regular periods, gaps filled or cut, oddities flagged and never hidden."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

Numbers = NDArray[np.float64]
Frequency = Literal["A", "Q", "M"]
#: `short`: too few points to backtest. `flat`: the last two years did not move. `gaps_filled`: missing values inside
#: were interpolated. `cut_at_gap`: only what follows the last long gap was used. `level_break`: one step was out of all
#: proportion (a rebased or spliced series): only what follows it was used.
Flag = Literal["short", "flat", "gaps_filled", "cut_at_gap", "level_break"]

MONTHS: dict[str, int] = {"A": 12, "Q": 3, "M": 1}
PER_YEAR: dict[str, int] = {"A": 1, "Q": 4, "M": 12}
#: Older observations belong to other regimes and only cost time: 30 years, 20 of months.
LONGEST: dict[str, int] = {"A": 30, "Q": 120, "M": 240}
#: More missing periods in a row than this are a break, fewer are interpolated.
LONGEST_GAP: dict[str, int] = {"A": 1, "Q": 2, "M": 4}
FEWEST = 4
#: Share of the level: published indices are rounded and revised by about this much.
SMALLEST_STEP = 0.002
#: A mean yearly change above this (in logs) marks a rate, not a price, unless this share of it is one way (high inflation).
RATE_LIKE, ONE_WAY = 0.2, 0.8
#: A step is a break if it is this many times the usual distance from the usual step, and this large (in logs), and its
#: neighbours are not: prices that really fall go on falling.
BREAK_TIMES, BREAK_SIZE = 12.0, 0.35
#: Values at or under zero among positive ones this near to each other (least over median) are errors of a price or index.
NEAR = 0.3


@dataclass(frozen=True, slots=True)
class Series:
    """`values` (n,) at consecutive periods up to `last` (first day of the period); logarithms if `logs`."""

    values: Numbers
    last: date
    frequency: Frequency
    logs: bool
    flags: tuple[Flag, ...]

    @property
    def smallest_step(self) -> float:
        """Standard error of one step that no forecast is better than."""
        return SMALLEST_STEP * (1.0 if self.logs else max(float(np.abs(self.values).mean()), 1e-6))

    def level(self, values: Numbers) -> Numbers:
        """Back to the unit of the observations."""
        return np.exp(values) if self.logs else values


def later(day: date, frequency: Frequency, steps: int) -> date:
    """The first day of the period `steps` periods after the one that `day` lies in."""
    month = period_number(day, frequency) + steps
    months = month * MONTHS[frequency]
    return date(months // 12, months % 12 + 1, 1)


def period_number(day: date, frequency: str) -> int:
    """The number of the period that a day lies in; periods that follow one another have numbers that do."""
    return (day.year * 12 + day.month - 1) // MONTHS[frequency]


def steps_of(series: Series, alike: Mapping[date, float]) -> Numbers | None:
    """An index (n,) of steps `alike` (logs, by period) at the periods of a series in logs, its own step where a period has
    none. None where most have none."""
    own = np.diff(series.values)
    found = np.array([alike.get(later(series.last, series.frequency, -back), math.nan) for back in range(len(own))][::-1])
    known = np.isfinite(found)
    if known.mean() < 0.5:
        return None
    return np.concatenate([[0.0], np.cumsum(np.where(known, found, own))])


def clean(periods: Sequence[date | str], values: Sequence[float | None], frequency: str) -> Series:
    """Observations in any order; None and NaN are missing. Raises `BadInput` for an unknown frequency, lengths that differ,
    unreadable or repeated periods, infinite values, a price or index at or under zero, and fewer than four usable values."""
    if frequency not in MONTHS:
        raise BadInput(
            f"The frequency {frequency!r} is not known; expected A (annual), Q (quarterly) or M (monthly).",
            f"La frecuencia {frequency!r} no se conoce; se esperaba A (anual), Q (trimestral) o M (mensual).",
        )
    kind: Frequency = frequency  # type: ignore[assignment]
    if len(periods) != len(values):
        raise BadInput(
            f"There are {len(periods)} periods and {len(values)} values; each value needs its period.",
            f"Hay {len(periods)} periodos y {len(values)} valores; cada valor necesita su periodo.",
        )
    known: dict[int, float] = {}
    for period, value in zip(periods, values, strict=True):
        ordinal, number = period_number(_day(period), kind), math.nan if value is None else float(value)
        if ordinal in known:
            raise BadInput(
                f"The period {period} appears twice; a series has one value per period.",
                f"El periodo {period} aparece dos veces; una serie tiene un valor por periodo.",
            )
        if math.isinf(number) or abs(number) > 1e100:
            raise BadInput(
                f"The value of {period} is {number}; expected a finite number, or nothing where it is not known.",
                f"El valor de {period} es {number}; se esperaba un número finito, o nada si no se conoce.",
            )
        known[ordinal] = number
    known = {k: v for k, v in known.items() if math.isfinite(v)}
    if len(known) < FEWEST:
        raise BadInput(
            f"The series has {len(known)} values; a forecast needs at least {FEWEST}.",
            f"La serie tiene {len(known)} valores; un pronóstico necesita al menos {FEWEST}.",
        )
    first, last = min(known), max(known)
    grid = np.array([known.get(k, math.nan) for k in range(first, last + 1)])
    flags: list[Flag] = []
    grid = _without_breaks(grid, kind, flags)[-LONGEST[kind]:]
    if np.isnan(grid).any():
        flags.append("gaps_filled")
    _refuse_zeros(grid, last, kind)
    logs = _multiplicative(grid, kind)
    filled = np.log(grid) if logs else grid
    missing = np.isnan(filled)
    filled[missing] = np.interp(np.flatnonzero(missing), np.flatnonzero(~missing), filled[~missing])
    if len(filled) < FEWEST:
        raise BadInput(
            f"After its last long gap the series has {len(filled)} values; a forecast needs at least {FEWEST}.",
            f"Tras su último hueco largo la serie tiene {len(filled)} valores; hacen falta al menos {FEWEST}.",
        )
    if logs and (broken := _last_break(np.diff(filled))) is not None:
        flags.append("level_break")
        filled = filled[broken + 1:]
        if len(filled) < FEWEST:
            raise BadInput(
                f"The series jumps out of all proportion {len(filled)} periods before its end, as one does that changes its "
                f"base; link its two parts, or give at least {FEWEST} values after the jump.",
                f"La serie da un salto desproporcionado {len(filled)} periodos antes del final, como al cambiar de base; "
                f"enlace sus dos partes o dé al menos {FEWEST} valores tras el salto.",
            )
    if np.ptp(filled[-(2 * PER_YEAR[kind] + 1):]) == 0:
        flags.append("flat")
    return Series(filled, later(date(1, 1, 1), kind, last - period_number(date(1, 1, 1), kind)), kind, logs, tuple(flags))


def _refuse_zeros(grid: Numbers, last: int, frequency: Frequency) -> None:
    """A price or an index is above zero; a rate may be anything."""
    positive, wrong = grid[grid > 0], np.flatnonzero(grid <= 0)
    if not len(wrong) or len(positive) < FEWEST or positive.min() < NEAR * float(np.median(positive)):
        return
    epoch = date(1, 1, 1)
    day = later(epoch, frequency, last - len(grid) + 1 + int(wrong[0]) - period_number(epoch, frequency))
    raise BadInput(
        f"The value of {day} is {grid[wrong[0]]:g}, far from the others; a price or an index is above zero. Leave it empty "
        f"if it is not known.",
        f"El valor de {day} es {grid[wrong[0]]:g}, lejos de los demás; un precio o un índice es mayor que cero. Déjelo vacío "
        f"si no se conoce.",
    )


def _last_break(steps: Numbers) -> int | None:
    """The position of the last step that is out of all proportion."""
    usual = float(np.median(steps))
    off = np.abs(steps - usual)
    large = off > max(BREAK_TIMES * (float(np.median(off)) + 1e-9), BREAK_SIZE)
    alone = large & ~np.append(large[1:], False) & ~np.insert(large[:-1], 0, False)
    found = np.flatnonzero(alone)
    return int(found[-1]) if len(found) else None


def _multiplicative(grid: Numbers, frequency: Frequency) -> bool:
    """Prices and indices grow by factors; rates that double or halve in a year, or go below zero, by amounts."""
    if not np.nanmin(grid) > 0:
        return False
    lag = PER_YEAR[frequency]
    yearly = np.log(grid[lag:] / grid[:-lag])
    yearly = yearly[np.isfinite(yearly)]
    if not len(yearly):
        return True
    moved = float(np.abs(yearly).mean())
    return moved < RATE_LIKE or abs(float(yearly.mean())) > ONE_WAY * moved


def _day(period: Any) -> date:
    if isinstance(period, date):
        return period
    try:
        return date.fromisoformat(str(period)[:10])
    except ValueError:
        raise BadInput(
            f"The period {period!r} is not a date; expected the form 2024-03-01.",
            f"El periodo {period!r} no es una fecha; se esperaba la forma 2024-03-01.",
        ) from None


def _without_breaks(grid: Numbers, frequency: Frequency, flags: list[Flag]) -> Numbers:
    """What follows the last run of missing values that is too long to interpolate."""
    run, start = 0, 0
    for i, missing in enumerate(np.isnan(grid).tolist()):
        run = run + 1 if missing else 0
        if run > LONGEST_GAP[frequency]:
            start = i + 1
    if start:
        flags.append("cut_at_gap")
    return grid[start:]
