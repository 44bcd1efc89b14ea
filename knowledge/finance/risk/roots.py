"""Internal rates of many rows of flows at once.

A row whose flows change sign once has at most one rate above -100 % (Descartes), found by Newton's steps that a bracket keeps
in bounds. Rows that change more often are looked at on a grid first: one crossing is a rate, several are none that means
anything. What has no rate stays NaN and is told apart, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Growth factors between which a rate is looked for: -99 % to 1000 % a period, as in `returns.internal_rate`.
LEAST, MOST = 0.01, 11.0
_GRID = 160
_STEPS = 80
#: Discount factor that the search begins at.
_START = 0.95


@dataclass(frozen=True, slots=True)
class Roots:
    """`rate` in percent per period, shape (rows,), NaN where there is none; `several`: rows with more than one."""

    rate: Array
    several: NDArray[np.bool_]

    @property
    def exists(self) -> NDArray[np.bool_]:
        return np.isfinite(self.rate)


def internal_rates(flows: Array) -> Roots:
    """The internal rate of each row of `flows` (rows, periods + 1), equally spaced, the first today."""
    scale = np.abs(flows).max(axis=1, keepdims=True)
    rows = flows / np.where(scale == 0, 1.0, scale)
    changes = _sign_changes(rows)
    low, high = np.full(len(rows), 1 / MOST), np.full(len(rows), 1 / LEAST)
    several = np.zeros(len(rows), dtype=np.bool_)
    solvable = changes == 1
    # nothing can be hidden between two points where flows change sign but once
    odd = np.flatnonzero(changes > 1)
    if odd.size:
        factors = np.geomspace(1 / MOST, 1 / LEAST, _GRID)
        powers = factors[:, None] ** np.arange(rows.shape[1])
        # rows are discounted from their far end for factors above 1, so that no power overflows; signs are what count
        powers /= powers.max(axis=1, keepdims=True)
        signs = np.sign(rows[odd] @ powers.T)
        crossings = signs[:, :-1] * signs[:, 1:] < 0
        count = crossings.sum(axis=1)
        several[odd] = count > 1
        at = crossings.argmax(axis=1)
        low[odd], high[odd] = factors[at], factors[at + 1]
        solvable[odd] = count == 1
    rate = np.full(len(rows), np.nan)
    index = np.flatnonzero(solvable)
    if index.size:
        found = _solve(rows[index], low[index], high[index])
        rate[index] = (1 / found - 1) * 100
    return Roots(rate, several)


def _sign_changes(rows: Array) -> NDArray[np.int64]:
    """Changes of sign along each row, zeros passed over."""
    signs = np.sign(rows).astype(np.int8)
    if np.count_nonzero(signs) == signs.size:
        return np.asarray(np.count_nonzero(signs[:, 1:] != signs[:, :-1], axis=1), dtype=np.int64)
    last, changes = np.zeros(len(rows), dtype=np.int8), np.zeros(len(rows), dtype=np.int64)
    for column in signs.T:
        changes += (column * last) < 0
        last = np.where(column == 0, last, column)
    return changes


def _solve(rows: Array, low: Array, high: Array) -> Array:
    """The discount factor at which each row is worth nothing; NaN where the bracket holds no crossing.

    Rows that are done leave the set, so that a slow one does not make the others wait."""
    flows = np.ascontiguousarray(rows.T)  # periods first: Horner's scheme walks over them
    at_low, at_high = _worth(flows, low)[0], _worth(flows, high)[0]
    found = np.full(len(low), np.nan)
    places = np.flatnonzero(at_low * at_high <= 0)  # whose rows these are
    flows, left, right = flows[:, places], low[places], high[places]
    rising = (at_low <= at_high)[places]
    x = np.where((left < _START) & (right > _START), _START, np.sqrt(left * right))
    for _ in range(_STEPS):
        worth, slope = _worth(flows, x)
        below = (worth < 0) == rising
        left, right = np.where(below, x, left), np.where(below, right, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = x - worth / slope
        # outside the bracket, or where the curve is flat, halve instead (in logarithms: the bracket spans magnitudes)
        ahead = np.where((step > left) & (step < right), step, np.sqrt(left * right))
        ahead = np.where(worth == 0, x, ahead)
        going = np.abs(ahead - x) > 1e-13 * x
        found[places] = x = ahead
        if not going.any():
            break
        if np.count_nonzero(going) < 0.7 * len(x):
            flows, places, x = flows[:, going], places[going], x[going]
            left, right, rising = left[going], right[going], rising[going]
    return found


def _worth(flows: Array, x: Array) -> tuple[Array, Array]:
    """Value and slope of each column's polynomial in its discount factor (Horner); `flows`: (periods + 1, rows)."""
    value, slope = flows[-1].copy(), np.zeros(flows.shape[1])
    for period in flows[-2::-1]:
        slope *= x
        slope += value
        value *= x
        value += period
    return value, slope
