"""Ranges, internal rates of many rows, scenarios, tornado and simulated paths."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyxirr import irr

from core.errors import BadInput
from knowledge.finance import returns
from knowledge.finance.after_tax import taxation, taxed
from knowledge.finance.analysis import Inputs, analyse
from knowledge.finance.case import Case
from knowledge.finance.holding import deal_of
from knowledge.finance.projection import Deal, Debt, project
from knowledge.finance.risk.monte_carlo import simulate
from knowledge.finance.risk.ranges import Z80, Band, Range, Ranges, band_around, band_of, recentred
from knowledge.finance.risk.roots import internal_rates
from knowledge.finance.risk.scenarios import scenarios
from knowledge.finance.risk.tornado import tornado
from knowledge.finance.taxpayer import Taxpayer

steady = settings(deadline=None, derandomize=True, database=None, max_examples=25)


def deal(years=10, debt=None, **more):
    told = {"price": 300_000.0, "rent": 15_000.0, "costs": 2_500.0, "costs_pct": 5.0, "vacancy_pct": 5.0,
            "purchase_costs": 30_000.0, "selling_costs_pct": 3.0}
    return Deal(years=years, debt=debt, **(told | more))


def certain(years, growth=2.0, rise=1.5, rent=15_000.0, vacancy=5.0):
    return Ranges(value=band_around(growth, 0, years), rent=band_around(rise, 0, years), rent_level=Range(rent, rent, rent),
                  vacancy=Range(vacancy, vacancy, vacancy), costs=Range(1, 1, 1), rate=Range(0, 0, 0))


def unsure(years, **more):
    return Ranges(**({
        "value": band_around(2, 5, years), "rent": band_around(2, 2, years), "rent_level": Range(13_500, 15_000, 16_500),
        "vacancy": Range(0.5, 5, 11.5),
    } | more))


# ranges


def test_beyond_its_forecast_a_band_rises_with_inflation_and_widens_with_the_root_of_time():
    band = band_of([(1.02, 0.98, 1.06), (1.05, 0.97, 1.13)], 8, later_pct=3)
    assert band.middle[:3] == pytest.approx((1.02, 1.05, 1.05 * 1.03))
    assert band.spread[7] == pytest.approx(2 * band.spread[1])
    assert band.yearly() == pytest.approx(((1.05 * 1.03 ** 6) ** (1 / 8) - 1) * 100)


def test_an_own_growth_keeps_the_width_of_the_band():
    band = band_of([(1.02, 0.98, 1.06), (1.05, 0.97, 1.13)], 2)
    own = recentred(band, 4)
    assert own.middle == pytest.approx((1.04, 1.04 ** 2))
    assert own.spread == pytest.approx(band.spread)


@pytest.mark.parametrize("make", [
    lambda: Band((1.0,), (1.1,), (1.2,)), lambda: Band((), (), ()), lambda: Band((1.0,), (0.0,), (1.0,)),
    lambda: Band((float("nan"),), (1.0,), (1.0,)), lambda: Range(3, 2, 4), lambda: Range(float("-inf"), 2, 4),
    lambda: band_of([], 3), lambda: band_around(2, -1, 3), lambda: simulate(deal(5), unsure(3)),
    lambda: simulate(deal(5), unsure(5), paths=1),
])
def test_nonsense_is_refused(make):
    with pytest.raises(BadInput):
        make()


# internal rates


def test_the_rates_of_many_rows_are_those_that_pyxirr_finds():
    rng = np.random.default_rng(3)
    put, kept, sold = rng.uniform(50, 150, (500, 1)), rng.uniform(-2, 12, (500, 9)), rng.uniform(20, 300, (500, 1))
    rows = np.concatenate((-put, kept, sold), axis=1)
    found = internal_rates(rows)
    assert found.exists.all()
    assert found.rate == pytest.approx([100 * irr(row) for row in rows.tolist()], abs=1e-8)


@pytest.mark.parametrize("flows", [
    (-100, 60, 60), (100, 50, 50), (100, -150, 100), (-1000, 2500, -1540), (-100, -5, -5, 200), (-100, 0, 0, 0, 150),
    (-100, 20, -10, 120), (-100, -10, -20), (0, 0, 0), (-50, 100, -20, 0, 30), (-100, 1, 1), (-100, 5000, 1),
])
def test_one_row_has_the_rate_that_the_careful_search_finds(flows):
    careful, quick = returns.internal_rate(flows), internal_rates(np.array([flows], dtype=float))
    assert bool(quick.several[0]) == (careful.status == "several")
    if careful.status == "one":
        assert quick.rate[0] == pytest.approx(careful.rates[0], abs=1e-6)
    else:
        assert np.isnan(quick.rate[0])


@steady
@given(st.lists(st.floats(-0.2, 0.3), min_size=3, max_size=25), st.floats(0.3, 4))
def test_at_the_rate_a_row_is_worth_nothing(yearly, sale):
    flows = np.array([-1.0, *yearly])
    flows[-1] += sale
    found = internal_rates(flows[None, :])
    if found.exists[0]:
        step = 1 + found.rate[0] / 100
        terms = flows / step ** np.arange(len(flows))
        assert terms.sum() == pytest.approx(0, abs=1e-8 * np.abs(terms).sum())


def test_running_totals_find_the_one_rate_of_flows_that_change_sign_often() -> None:
    rows = np.array([[-100, -5, 3, -4, 6, 130.0], [-100, -5, 3, -4, 6, 60.0], [-100, 230, -132, 0, 0, 0.0],
                     [-100, 0, 0, 0, 0, 0.0]])
    found = internal_rates(rows)
    assert found.exists.tolist() == [True, True, False, False]
    assert found.several.tolist() == [False, False, True, False]  # 10 % and 20 %
    for row, rate in zip(rows[:2], found.rate[:2], strict=True):
        assert sum(flow / (1 + rate / 100) ** year for year, flow in enumerate(row)) == pytest.approx(0, abs=1e-9)


# simulated paths


@steady
@given(st.integers(1, 30), st.floats(-3, 6), st.booleans())
def test_without_any_spread_every_path_is_the_base_case(years, growth, borrowed):
    case = deal(years, Debt(200_000.0, 0.003, 240) if borrowed else None)
    outcome = simulate(case, certain(years, growth), paths=6)
    base = project(replace(case, growth_pct=growth, rent_growth_pct=1.5))
    exact = returns.internal_rate(base.levered.tolist())
    assert outcome.gain == pytest.approx([base.levered.sum()] * 6)
    if exact.status == "one":
        assert outcome.irr == pytest.approx([exact.rates[0]] * 6, abs=1e-6)
        assert outcome.irr_at(5) == pytest.approx(outcome.irr_at(95))


@pytest.mark.parametrize("payer", [Taxpayer(), Taxpayer(marginal_rate_pct=37.0), Taxpayer(residence="other")])
@pytest.mark.parametrize(("country", "price", "rent"), [("ES", 200_000, 900), ("MX", 4e6, 25_000), ("CO", 450e6, 2.3e6)])
@pytest.mark.parametrize("years", [1, 7])
def test_without_any_spread_every_path_is_taxed_as_the_one_case_is(country, price, rent, payer, years):
    told = Inputs(price=price, monthly_rent=rent, country=country, horizon_years=years, growth_pct=4.0, rent_growth_pct=2.0,
                  down_payment_pct=30.0, rate_pct=4.0, rate_kind="nominal", term_years=20, taxpayer=payer,
                  on=date(2026, 11, 30), measures=("after_tax_levered_irr",))
    exact = analyse(told).measures["after_tax_levered_irr"]
    case = Case(told)
    owned, _ = deal_of(case, with_loan=True)
    one = taxed(taxation(case), project(owned), owned)[:2]
    outcome = simulate(owned, certain(years, 4.0, 2.0, 12 * rent), paths=6,
                       taxed=lambda held: taxed(taxation(case), held, owned)[:2])
    assert outcome.taxed is not None
    for end, base, rate in zip(outcome.taxed, one, (exact.low, exact.high), strict=True):
        assert np.abs(end.held.levered - base.levered).max() < 0.005  # to the cent, in every year of every path
        assert end.gain == pytest.approx([base.levered.sum()] * 6, abs=0.01)
        assert end.irr == pytest.approx([exact.value if rate is None else rate] * 6, abs=1e-6)
    assert outcome.irr == pytest.approx(simulate(owned, certain(years, 4.0, 2.0, 12 * rent), paths=6).irr)


def test_taxes_take_from_every_path_and_the_costly_end_takes_more():
    told = Inputs(price=200_000, monthly_rent=900, country="ES", horizon_years=8, growth_pct=2.0, rent_growth_pct=2.0,
                  on=date(2026, 11, 30))
    case = Case(told)
    owned, _ = deal_of(case, with_loan=False)
    outcome = simulate(owned, unsure(8, rent_level=Range(9_800, 10_800, 11_800)), paths=400,
                       taxed=lambda held: taxed(taxation(case), held, owned)[:2])
    assert outcome.taxed is not None
    costly, cheap = outcome.taxed
    assert (costly.gain <= cheap.gain + 1e-6).all()
    assert (cheap.gain <= outcome.gain + 1e-6).all()
    assert costly.irr_at(50) < cheap.irr_at(50) < outcome.irr_at(50)
    assert costly.loss_pct >= cheap.loss_pct >= outcome.loss_pct


def test_levels_have_the_spread_of_their_band_in_every_year():
    outcome = simulate(deal(6), unsure(6), paths=20_000)
    logs = np.log(outcome.held.value / 300_000)
    assert logs.std(axis=0) == pytest.approx(band_around(2, 5, 6).spread, rel=0.03)
    assert np.median(outcome.held.value, axis=0) == pytest.approx(300_000 * 1.02 ** np.arange(1, 7), rel=0.01)
    inside = np.mean((outcome.held.value[:, 5] > 300_000 * band_around(2, 5, 6).low[5])
                     & (outcome.held.value[:, 5] < 300_000 * band_around(2, 5, 6).high[5]))
    assert inside == pytest.approx(0.8, abs=0.01)
    growth = np.diff(logs, axis=1)
    assert np.corrcoef(growth[:, 0], growth[:, 3])[0, 1] > 0.05  # years go together


def test_vacancy_keeps_its_mean_and_is_never_below_zero_or_above_all():
    outcome = simulate(deal(5), unsure(5), paths=20_000)
    share = outcome.held.vacancy_loss / outcome.held.rent
    assert share.mean() == pytest.approx(0.05, rel=0.03)
    assert share.min() >= 0
    assert share.max() <= 1


def test_the_same_deal_gives_the_same_figures_and_another_seed_near_ones():
    one, again, other = (simulate(deal(), unsure(10), seed=seed) for seed in (1, 1, 2))
    assert one.irr.tolist() == again.irr.tolist()
    assert one.irr_at(50) == pytest.approx(other.irr_at(50), abs=0.1)
    assert one.loss_pct == pytest.approx(other.loss_pct, abs=1.5)


def test_money_scales_and_rates_do_not():
    one = simulate(deal(), unsure(10), paths=500)
    big = deal(price=3e6, rent=1.5e5, costs=25_000.0, purchase_costs=3e5)
    other = simulate(big, unsure(10, rent_level=Range(135_000, 150_000, 165_000)), paths=500)
    assert other.irr == pytest.approx(one.irr, abs=1e-7)
    assert other.value_at_risk() == pytest.approx(10 * one.value_at_risk())


def test_more_debt_more_risk_and_a_shortfall_is_beyond_the_value_at_risk():
    free, lent = simulate(deal(), unsure(10)), simulate(deal(debt=Debt(240_000.0, 0.06 / 12, 300)), unsure(10))
    assert lent.irr_at(95) - lent.irr_at(5) > free.irr_at(95) - free.irr_at(5)
    assert lent.loss_pct > free.loss_pct
    assert lent.negative_year_pct > free.negative_year_pct
    for outcome in (free, lent):
        assert outcome.expected_shortfall() >= outcome.value_at_risk()


def test_inflation_takes_from_the_real_gain_alone():
    outcome = simulate(deal(), unsure(10), inflation_pct=4)
    assert outcome.real_loss_pct > outcome.loss_pct
    same = simulate(deal(), unsure(10))
    assert same.real_gain.tolist() == pytest.approx(same.gain.tolist())
    assert same.irr.tolist() == outcome.irr.tolist()


def test_paths_that_lose_all_are_counted_and_ranked_last():
    sunk = simulate(deal(5, Debt(290_000.0, 0.12 / 12, 360)),
                    unsure(5, value=band_around(-15, 10, 5)), paths=2_000)
    assert sunk.without_rate > 0
    assert sunk.irr_at(5) == -100
    assert len(sunk.ranked_irr) + int(sunk.several.sum()) == 2_000
    assert sunk.loss_pct > 95


def test_an_exchange_rate_widens_the_return_and_no_spread_leaves_it():
    here, abroad = simulate(deal(), unsure(10)), simulate(deal(), unsure(10, fx_spread=0.12))
    assert abroad.irr_at(95) - abroad.irr_at(5) > 1.3 * (here.irr_at(95) - here.irr_at(5))
    assert abroad.irr_at(50) == pytest.approx(here.irr_at(50), abs=0.3)


def test_a_variable_rate_moves_the_instalments_after_the_first_year():
    outcome = simulate(deal(debt=Debt(200_000.0, 0.03 / 12, 300)), unsure(10, rate_moves=True), paths=2_000)
    assert np.ptp(outcome.held.debt_service[:, 0]) == pytest.approx(0, abs=1e-6)
    assert np.ptp(outcome.held.debt_service[:, 1]) > 0


def test_the_histogram_holds_every_path():
    edges, shares = simulate(deal(), unsure(10), paths=1_000).histogram(20)
    assert len(edges) == len(shares) + 1 == 21
    assert shares.sum() == pytest.approx(100)


# scenarios and tornado


def test_scenarios_are_in_order_and_say_what_they_change():
    bad, base, good = scenarios(deal(debt=Debt(200_000.0, 0.003, 240)), unsure(10))
    assert (bad.name, base.name, good.name) == ("pessimistic", "base", "optimistic")
    assert bad.irr < base.irr < good.irr
    assert bad.cash_flow < base.cash_flow < good.cash_flow
    changed = {c.key: c.value for c in bad.changes}
    assert changed["rent"] == 13_500
    assert changed["vacancy_pct"] == 11.5
    assert changed["growth_pct"] == pytest.approx(band_around(2, 5, 10).yearly("low"))
    assert "rate_points" not in changed  # a signed fixed rate does not move


def test_a_variable_rate_is_part_of_the_scenarios():
    bad, base, _ = scenarios(deal(debt=Debt(200_000.0, 0.003, 240)), unsure(10, rate_moves=True, rate=Range(-1, 0, 2)))
    assert bad.held.debt_service[0] == base.held.debt_service[0]
    assert bad.held.debt_service[1] > base.held.debt_service[1]


def test_the_tornado_is_sorted_and_each_bar_is_one_change():
    case, ranges = deal(debt=Debt(200_000.0, 0.003, 240)), unsure(10)
    found = tornado(case, ranges)
    assert [bar.swing for bar in found.bars] == sorted((bar.swing for bar in found.bars), reverse=True)
    rent = next(bar for bar in found.bars if bar.key == "rent")
    alone = project(replace(case, growth_pct=2.0, rent_growth_pct=2.0, rent=13_500.0, cost_growth_pct=2.0))
    assert rent.irr_low == pytest.approx(returns.internal_rate(alone.levered.tolist()).rates[0], abs=1e-6)
    assert rent.cash_low == pytest.approx(alone.cash_flow[0])
    price = next(bar for bar in found.bars if bar.key == "price")
    assert price.irr_low > found.irr > price.irr_high


def test_a_range_of_nothing_swings_nothing():
    found = tornado(deal(), certain(10))
    assert all(bar.swing == pytest.approx(0, abs=1e-9) for bar in found.bars if bar.key != "price")


def test_the_width_of_an_80_per_cent_range_is_that_of_a_normal():
    assert Range(80, 100, 125).ratio_spread == pytest.approx(np.log(125 / 80) / (2 * Z80))
