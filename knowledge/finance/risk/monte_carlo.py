"""Ten thousand ways a purchase may go, projected at once: the distribution of its return and the chance of losing money.

Value and rent follow their bands: at each year's end the logarithm of the level is normal with the band's spread. Half of its
variance is one error of trend that a path keeps in every year, half a random walk, so that years are correlated while each
year's own distribution stays the band's. Empty spells have exponential lengths, a variable rate and an exchange rate walk at
random. Every normal draw is used with both signs, which halves the noise. The seed is fixed: the same deal gives the same
figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from knowledge.finance import checks
from knowledge.finance.projection import Deal, Projection, project
from knowledge.finance.risk.ranges import Z80, Array, Ranges
from knowledge.finance.risk.roots import internal_rates

PATHS, SEED = 10_000, 20_180_101
#: Share of a level's variance that is an error of trend, and how far rents move with prices (correlation of their draws).
TREND_SHARE, RENT_WITH_VALUE = 0.5, 0.3
#: A path is lost for good at -100 %: what all that was put in and more came to.
ALL_LOST = -100.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """All paths, arrays of shape (paths,): `irr` percent a year on the own money (NaN where it does not exist), `gain` all that
    came back less all that was put in, `real_gain` the same in today's money; `negative_year`: whether some year's cash flow is
    below 0. `several`: paths with more than one rate. `own_money`: put in at the purchase (of the first path). `taxed`: the
    same paths after the taxes of rent and sale at their costly and their cheap end, None where none were reckoned. All in the
    investor's currency."""

    irr: Array
    gain: Array
    real_gain: Array
    negative_year: NDArray[np.bool_]
    several: NDArray[np.bool_]
    own_money: float
    held: Projection
    taxed: tuple[Outcome, Outcome] | None = None

    @property
    def paths(self) -> int:
        return len(self.irr)

    @property
    def without_rate(self) -> int:
        """Paths whose internal rate does not exist, or is not one alone."""
        return int(np.count_nonzero(~np.isfinite(self.irr)))

    @property
    def ranked_irr(self) -> Array:
        """Rates as they are ranked: a path that lost money and has no rate lost all of it (-100 %); other paths without one
        rate are left out."""
        lost = ~np.isfinite(self.irr) & ~self.several & (self.gain < 0)
        rates = np.where(lost, ALL_LOST, self.irr)
        return np.asarray(rates[np.isfinite(rates)])

    def irr_at(self, share_pct: float) -> float:
        """The rate that `share_pct` percent of the paths stay below; NaN where no path has one."""
        ranked = self.ranked_irr
        return float(np.percentile(ranked, share_pct)) if ranked.size else float("nan")

    @property
    def loss_pct(self) -> float:
        """Chance of getting back less than was put in, percent."""
        return float(np.mean(self.gain < 0) * 100)

    @property
    def real_loss_pct(self) -> float:
        """The same in today's money."""
        return float(np.mean(self.real_gain < 0) * 100)

    @property
    def negative_year_pct(self) -> float:
        """Chance that some year costs money, percent."""
        return float(np.mean(self.negative_year) * 100)

    def value_at_risk(self, share_pct: float = 5.0) -> float:
        """The loss that is exceeded in `share_pct` percent of the paths, money; negative where even then there is a gain."""
        return float(-np.percentile(self.gain, share_pct))

    def expected_shortfall(self, share_pct: float = 5.0) -> float:
        """The mean loss of those worst paths."""
        worst = np.sort(self.gain)[: max(1, round(len(self.gain) * share_pct / 100))]
        return float(-worst.mean())

    def histogram(self, bins: int = 24) -> tuple[Array, Array]:
        """(edges, shares in percent) of the ranked rates between their 0.5 % and 99.5 % quantiles; the ends hold the rest."""
        ranked = self.ranked_irr
        if not ranked.size:
            return np.empty(0), np.empty(0)
        low, high = np.percentile(ranked, (0.5, 99.5))
        if high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        edges = np.linspace(low, high, bins + 1)
        counts, _ = np.histogram(np.clip(ranked, low, high), edges)
        return edges, counts / len(ranked) * 100


def simulate(
    deal: Deal, ranges: Ranges, *, inflation_pct: float = 0.0, paths: int = PATHS, seed: int = SEED,
    taxed: Callable[[Projection], tuple[Projection, Projection]] | None = None,
) -> Outcome:
    """Project `deal` along `paths` paths drawn from `ranges`. `deal`'s own growth, rent, vacancy and costs give way to those of
    the ranges; its loan stays. `taxed` takes the taxes off a projection of all paths, at their costly and their cheap end.
    Raises `BadInput` where bands do not cover the horizon."""
    years = deal.years
    if isinstance(paths, bool) or not isinstance(paths, int) or not 2 <= paths <= 1_000_000:
        raise checks.bad("amount", paths, "de 2 a 1 000 000 de trayectorias", "2 to 1,000,000 paths")
    if min(len(ranges.value.middle), len(ranges.rent.middle)) < years:
        raise checks.bad("horizon_years", years, "bandas para todos los años", "bands for every year")
    rng = np.random.default_rng(seed)
    half = (paths + 1) // 2

    def normal(*shape: int) -> Array:
        drawn = rng.standard_normal((half, *shape))
        return np.concatenate((drawn, -drawn))[:paths]

    def level(spread: Array, shock: tuple[Array, Array]) -> Array:
        """Deviation of the logarithm by year with exactly `spread` as its standard deviation."""
        trend, steps = shock
        squares = np.diff(np.concatenate(([0.0], spread**2)))
        walk = np.cumsum(steps * np.sqrt(squares), axis=1)
        return np.asarray(np.sqrt(TREND_SHARE) * trend * spread + np.sqrt(1 - TREND_SHARE) * walk)

    value_shock = normal(1), normal(years)
    own = np.sqrt(1 - RENT_WITH_VALUE**2)
    rent_shock = tuple(RENT_WITH_VALUE * seen + own * fresh
                       for seen, fresh in zip(value_shock, (normal(1), normal(years)), strict=True))
    growth = _yearly(np.log(ranges.value.middle[:years]) + level(ranges.value.spread[:years], value_shock))
    # the band of the rent is of its level at each year's end: the first year is let at today's
    rise = _yearly(np.log(ranges.rent.middle[:years]) + level(ranges.rent.spread[:years], (rent_shock[0], rent_shock[1])))
    rent = ranges.rent_level.base * np.exp(ranges.rent_level.ratio_spread * normal(1)[:, 0])
    wide = _share_of_mean(ranges.vacancy.low, ranges.vacancy.base, ranges.vacancy.high)
    empty = ranges.vacancy.base * (1 - wide + wide * rng.standard_exponential((paths, years)))
    costs = np.exp(ranges.costs.ratio_spread * normal(1)[:, 0])
    debt = deal.debt
    if debt is not None and ranges.rate_moves:
        moves = np.cumsum(normal(years) * (ranges.rate.high - ranges.rate.low) / (2 * Z80), axis=1) / 100 / 12
        moves = np.concatenate((np.zeros((paths, 1)), moves[:, :-1]), axis=1)  # the first year's rate is known
        base = np.atleast_2d(np.asarray(debt.monthly_rate, dtype=np.float64))[:, :years]
        debt = replace(debt, monthly_rate=np.clip(base + moves, 0.0, 1.0))
    held = project(replace(
        deal, growth_pct=growth, rent_growth_pct=rise, rent=rent, vacancy_pct=np.minimum(empty, 100.0),
        costs=np.asarray(deal.costs, dtype=np.float64) * costs, cost_growth_pct=ranges.rent.growth()[None, :years], debt=debt,
    ))
    rates = np.exp(np.cumsum(normal(years) * ranges.fx_spread, axis=1)) if ranges.fx_spread else None
    deflate: Array = np.asarray((1 + checks.percent("inflation_pct", inflation_pct, -20, 100) / 100) ** -np.arange(years + 1))
    ends = taxed(held) if taxed is not None else ()
    before, *after = (_outcome(one, paths, rates, deflate) for one in (held, *ends))
    return replace(before, taxed=(after[0], after[1])) if after else before


def _outcome(held: Projection, paths: int, rates: Array | None, deflate: Array) -> Outcome:
    """What the paths of a projection come to; `rates`: what the currency is worth each year, shape (paths, years)."""
    flows, cash = held.levered, held.cash_flow
    if rates is not None:
        flows = flows * np.concatenate((np.ones((paths, 1)), rates), axis=1)
        cash = cash * rates
    flows = np.broadcast_to(flows, (paths, len(deflate)))
    roots = internal_rates(flows)
    worth = np.abs(flows).max()
    gain, real = flows.sum(axis=1), flows @ deflate
    # what float addition leaves of an exact zero is no loss
    gain, real = (np.where(np.abs(sums) < 1e-12 * worth, 0.0, sums) for sums in (gain, real))
    return Outcome(roots.rate, gain, real, np.broadcast_to((cash < 0).any(axis=1), paths), roots.several,
                   float(np.atleast_1d(held.own_money)[0]), held)


def _yearly(logarithms: Array) -> Array:
    """Percent a year of a level given by its logarithm at each year's end."""
    steps = np.diff(logarithms, axis=1, prepend=np.zeros((logarithms.shape[0], 1)))
    return np.asarray(np.expm1(np.clip(steps, -4.0, 2.3)) * 100)


def _share_of_mean(low: float, base: float, high: float) -> float:
    """How much of a vacancy is left to chance: its range against that of an exponential spell of the same mean."""
    if base <= 0 or high <= low:
        return 0.0
    exponential = np.log(9) * base  # from the 10 % to the 90 % quantile
    return float(min(1.0, (high - low) / exponential))
