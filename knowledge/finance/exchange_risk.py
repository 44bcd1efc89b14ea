"""What the exchange rate does to a return: how much it has moved, and the same flows in the investor's own currency.

A flow of the past, or of today, is converted at the rate of its own day. No rate of the future is known: later flows are
converted at today's, and the volatility says how far that may be wrong. Nothing is forecast: the rate has no drift here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from knowledge.finance import checks, returns

#: Months of the window that volatility is measured over, and the fewest that say anything.
WINDOW, FEWEST = 120, 24


@dataclass(frozen=True, slots=True)
class Volatility:
    """Yearly standard deviation of the logarithm of the rate, percent, over the months from `first` to `last`."""

    yearly_pct: float
    months: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class HomeReturn:
    """Internal rates in percent a year: `local` in the property's currency, `home` in the investor's (None where none exists),
    and `check` = (1 + local)(1 + yearly change of the rate) - 1, equal to `home` where the rate moves evenly."""

    local: float | None
    home: float | None
    check: float | None
    flows: tuple[float, ...]


def volatility(rates: Mapping[date, float], window: int = WINDOW) -> Volatility:
    """From a monthly series, the last `window` changes of it. Raises `BadInput` with fewer than `FEWEST` changes."""
    days = sorted(rates)[-(window + 1):]
    values = [checks.amount("rate", rates[day]) for day in days]
    if len(values) <= FEWEST:
        raise checks.bad("rate", f"{len(values)}", f"más de {FEWEST} meses de la tasa de cambio",
                         f"more than {FEWEST} months of the exchange rate")
    apart = [(later.year - day.year) * 12 + later.month - day.month for day, later in pairwise(days)]
    # a gap of n months is n steps of a random walk: scaled to one
    steps = np.diff(np.log(values)) / np.sqrt(apart)
    return Volatility(float(np.std(steps, ddof=1) * math.sqrt(12) * 100), len(steps), days[0], days[-1])


def crossed(source: Mapping[date, float], target: Mapping[date, float]) -> dict[date, float]:
    """`target` units for one of the source, month by month, from dollars per unit of each; months that both have."""
    return {day: source[day] / target[day] for day in sorted(source.keys() & target.keys())}


def in_home_currency(flows: Sequence[float], rates: Sequence[float]) -> HomeReturn:
    """The return of yearly `flows` (the first today) in another currency, each at its own rate: `rates`, home currency for one
    unit, one a flow."""
    if len(flows) != len(rates):
        raise checks.bad("rate", len(rates), f"{len(flows)} tasas, una por flujo", f"{len(flows)} rates, one a flow")
    at = [checks.amount("rate", rate) for rate in rates]
    home = tuple(flow * rate for flow, rate in zip(flows, at, strict=True))
    local_rate, home_rate = (_single(values) for values in (flows, home))
    change = (at[-1] / at[0]) ** (1 / (len(at) - 1)) - 1
    check = None if local_rate is None else ((1 + local_rate / 100) * (1 + change) - 1) * 100
    return HomeReturn(local_rate, home_rate, check, home)


def _single(flows: Sequence[float]) -> float | None:
    found = returns.internal_rate(flows)
    return found.rates[0] if found.status == "one" else None
