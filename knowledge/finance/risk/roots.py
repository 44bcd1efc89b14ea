"""Internal rates of many rows of flows at once.

A row whose flows change sign once has at most one rate above -100 % (Descartes), found by Newton's steps that a bracket keeps
in bounds. Rows that change more often have one rate too where their running totals say so; the others are looked at on a grid
first: one crossing is a rate, several are none that means anything. What has no rate stays NaN and is told apart, never
dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Growth factors between which a rate is looked for: -99 % to 1000 % a period, as in `returns.internal_rate`.
LEAST, MOST = 0.01, 11.0
_GRID = 160
_STEPS = 80
#: Discount factor that the search begins at where flows give no better guess.
_START = 0.95
#: Relative step after which Newton's next would not change the last digits.
_CLOSE = 1e-8
#: Rows at a time: as many as stay in the processor's cache.
_BLOCK = 2_500


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
    flows = np.asarray(flows, dtype=np.float64)
    rate, several = np.full(len(flows), np.nan), np.zeros(len(flows), dtype=np.bool_)
    for start in range(0, len(flows), _BLOCK):
        part = slice(start, start + _BLOCK)
        rate[part], several[part] = _of_block(flows[part])
    return Roots(rate, several)


def _of_block(flows: Array) -> tuple[Array, NDArray[np.bool_]]:
    scale = np.abs(flows).max(axis=1, keepdims=True)
    rows = flows / np.where(scale == 0, 1.0, scale)
    changes = _sign_changes(rows)
    low, high = np.full(len(rows), 1 / MOST), np.full(len(rows), 1 / LEAST)
    several = np.zeros(len(rows), dtype=np.bool_)
    solvable = changes == 1
    # nothing can be hidden between two points where flows change sign but once
    odd = np.flatnonzero(changes > 1)
    if odd.size:
        single, gains = _one_by_balance(rows[odd])
        sure = odd[single]
        solvable[sure] = True
        low[sure], high[sure] = np.where(gains[single], low[sure], 1.0), np.where(gains[single], 1.0, high[sure])
        odd = odd[~single]
    if odd.size:
        factors, powers = _grid(rows.shape[1])
        above = np.einsum("ij,jk->ik", rows[odd], powers) > 0  # no threads: they would wait for each other on a busy machine
        crossings = above[:, :-1] != above[:, 1:]
        count = np.count_nonzero(crossings, axis=1)
        several[odd] = count > 1
        at = crossings.argmax(axis=1)
        low[odd], high[odd] = factors[at], factors[at + 1]
        solvable[odd] = count == 1
    rate = np.full(len(rows), np.nan)
    index = np.flatnonzero(solvable)
    if index.size:
        rate[index] = (1 / _solve(rows[index], low[index], high[index]) - 1) * 100
    return rate, several


def _one_by_balance(rows: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(rows that surely have one rate and no other, whether it is above 0): running totals from the start, and from the end,
    change sign but once between them. Norstrom, A sufficient condition for a unique nonnegative internal rate of return
    (Journal of Financial and Quantitative Analysis, 1972); the totals from the end say the same of rates below 0."""
    ahead = np.cumsum(rows, axis=1)
    behind = ahead[:, -1:] - ahead + rows
    total = ahead[:, -1]
    return (_sign_changes(ahead) + _sign_changes(behind) == 1) & (np.abs(total) > 1e-9), total > 0


@lru_cache(maxsize=64)
def _grid(columns: int) -> tuple[Array, Array]:
    """Discount factors to look at, and their powers (columns, factors). Each is discounted from its far end where it is above
    1, so that no power overflows: signs are what count."""
    factors = np.geomspace(1 / MOST, 1 / LEAST, _GRID)
    powers = factors[:, None] ** np.arange(columns)
    return factors, np.ascontiguousarray((powers / powers.max(axis=1, keepdims=True)).T)


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

    Newton's steps double the right digits: one that moves less than `_CLOSE` has landed on the last of them. Rows that are done
    leave the set, so that a slow one does not make the others wait."""
    flows = np.ascontiguousarray(rows.T)  # periods first: Horner's scheme walks over them
    at_low, at_high = _value(flows, low), _value(flows, high)
    found = np.full(len(low), np.nan)
    places = np.flatnonzero(at_low * at_high <= 0)  # whose rows these are
    left, right, rising = low, high, at_low <= at_high
    if len(places) < len(low):
        flows, left, right, rising = flows[:, places], low[places], high[places], rising[places]
    x = np.clip(_guess(flows), left, right)
    for _ in range(_STEPS):
        worth, slope = _worth(flows, x)
        below = (worth < 0) == rising
        left, right = np.where(below, x, left), np.where(below, right, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = x - worth / slope
        newton = (ahead > left) & (ahead < right)
        going = ~newton | (np.abs(ahead - x) > _CLOSE * x)
        if not newton.all():
            # outside the bracket, or where the curve is flat, halve instead (in logarithms: the bracket spans magnitudes)
            ahead = np.where(newton, ahead, np.sqrt(left * right))
            done = (worth == 0) | (right - left <= 1e-15 * right)
            ahead = np.where(worth == 0, x, ahead)
            going &= ~done
        found[places] = x = ahead
        if not going.any():
            break
        if np.count_nonzero(going) < 0.7 * len(x):
            flows, places, x = flows[:, going], places[going], x[going]
            left, right, rising = left[going], right[going], rising[going]
    return found


def _guess(flows: Array) -> Array:
    """A discount factor near the root: what comes back over what is put in, over the years between their centres."""
    times = np.arange(len(flows), dtype=np.float64)
    back = np.maximum(flows, 0.0)
    put = back - flows
    gained, paid = back.sum(axis=0), put.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        apart = times @ back / gained - times @ put / paid
        start = (paid / gained) ** (1 / apart)
    return np.asarray(np.where(np.isfinite(start) & (start > 0) & (np.abs(apart) > 0.5), start, _START))


def _value(flows: Array, x: Array) -> Array:
    """Value of each column's polynomial in its discount factor (Horner); `flows`: (periods + 1, rows)."""
    value: Array = flows[-1].copy()
    for period in flows[-2::-1]:
        value *= x
        value += period
    return value


def _worth(flows: Array, x: Array) -> tuple[Array, Array]:
    """The same with its slope."""
    value, slope = flows[-1].copy(), np.zeros(flows.shape[1])
    for period in flows[-2::-1]:
        slope *= x
        slope += value
        value *= x
        value += period
    return value, slope
