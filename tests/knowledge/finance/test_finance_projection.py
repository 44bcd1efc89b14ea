"""The projection of a held property: closed forms, identities over many deals, and paths that are projected together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.finance import loans, returns
from knowledge.finance.projection import Deal, Debt, by_month, project

steady = settings(deadline=None, derandomize=True, database=None, max_examples=60)
debts = st.builds(
    Debt, amount=st.floats(1e3, 1e9), monthly_rate=st.floats(0, 0.05), months=st.integers(1, 420),
    indexation_pct=st.sampled_from([0.0, 0.0, 4.0, 12.5]),
)
deals = st.builds(
    Deal, price=st.floats(1e3, 1e10), years=st.integers(1, 40), rent=st.floats(0, 1e9), costs=st.floats(0, 1e8),
    costs_pct=st.floats(0, 40), vacancy_pct=st.floats(0, 60), growth_pct=st.floats(-10, 15), rent_growth_pct=st.floats(-5, 12),
    purchase_costs=st.floats(0, 1e8), selling_costs_pct=st.floats(0, 10), debt=st.none() | debts,
)


def test_a_held_property_without_growth_returns_its_net_yield():
    flat = project(Deal(price=100_000, years=10, rent=5_000))
    assert returns.internal_rate(flat.unlevered.tolist()).rates == pytest.approx((5.0,))
    assert flat.levered.tolist() == flat.unlevered.tolist()
    assert flat.equity.tolist() == [100_000] * 10


def test_growth_of_income_and_price_alike_adds_to_the_return():
    growing = project(Deal(price=100_000, years=10, rent=5_000, growth_pct=3, rent_growth_pct=3))
    assert returns.internal_rate(growing.unlevered.tolist()).rates == pytest.approx((8.0,))


def test_debt_is_taken_off_flows_and_sale():
    rate, months = loans.monthly_rate(6, "nominal"), 60
    held = project(Deal(price=100_000, years=7, rent=6_000, debt=Debt(50_000, rate, months), purchase_costs=8_000,
                        selling_costs_pct=4))
    year = 12 * loans.payment(50_000, rate, months)
    assert held.own_money == 58_000
    assert held.levered[0] == -58_000
    assert held.levered[1] == pytest.approx(6_000 - year)
    assert held.levered[6] == 6_000  # repaid after five years
    assert held.levered[7] == pytest.approx(6_000 + 96_000)
    assert held.left_of_sale == pytest.approx(96_000)
    assert held.loan_balance[4] == 0
    assert held.equity[-1] == 100_000
    assert held.equity[0] == pytest.approx(100_000 - loans.balance(50_000, rate, months, 12))


def test_the_second_year_rises_and_costs_may_rise_on_their_own():
    held = project(Deal(price=200_000, years=3, rent=12_000, costs=2_000, costs_pct=5, vacancy_pct=10, rent_growth_pct=10,
                        cost_growth_pct=50))
    assert held.rent.tolist() == pytest.approx([12_000, 13_200, 14_520])
    assert held.vacancy_loss.tolist() == pytest.approx([1_200, 1_320, 1_452])
    assert held.running_costs.tolist() == pytest.approx([2_600, 3_660, 5_226])
    assert held.noi.tolist() == pytest.approx([8_200, 8_220, 7_842])


def test_a_variable_rate_makes_a_new_instalment_over_the_months_left():
    rates = np.array([[0.03, 0.05, 0.01]]) / 12
    held = project(Deal(price=300_000, years=3, debt=Debt(200_000, rates, 240)))
    first = loans.payment(200_000, 0.03 / 12, 240)
    after_one = loans.balance(200_000, 0.03 / 12, 240, 12)
    second = loans.payment(after_one, 0.05 / 12, 228)
    after_two = loans.balance(after_one, 0.05 / 12, 228, 12)
    assert held.debt_service.tolist() == pytest.approx([12 * first, 12 * second, 12 * loans.payment(after_two, 0.01 / 12, 216)])
    assert held.loan_balance[1] == pytest.approx(after_two)


def test_an_indexed_balance_follows_inflation_and_its_instalments_rise_each_month():
    held = project(Deal(price=400e6, years=2, debt=Debt(200e6, loans.monthly_rate(6, "effective"), 180, indexation_pct=8)))
    rate, step = 1.06 ** (1 / 12) - 1, 1.08 ** (1 / 12)
    instalment = loans.payment(200e6, rate, 180)
    assert held.debt_service[0] == pytest.approx(sum(instalment * step**k for k in range(1, 13)))
    assert held.debt_service[1] == pytest.approx(held.debt_service[0] * 1.08)
    assert held.loan_balance[0] == pytest.approx(loans.balance(200e6, rate, 180, 12) * 1.08)
    assert held.loan_balance[0] > 200e6  # in money the debt grows at first


def test_taxes_come_off_the_year_and_off_the_sale():
    deal = Deal(price=100_000, years=2, rent=6_000, debt=Debt(40_000, 0.005, 120))
    plain, taxed = project(deal), project(deal, income_tax=np.array([100.0, 200.0]), sale_tax=1_000.0)
    assert (plain.cash_flow - taxed.cash_flow).tolist() == pytest.approx([100, 200])
    assert (plain.levered - taxed.levered).tolist() == pytest.approx([0, 100, 1_200])
    assert (plain.unlevered - taxed.unlevered).tolist() == pytest.approx([0, 100, 1_200])
    assert taxed.left_of_sale == pytest.approx(float(plain.left_of_sale) - 1_000)
    paths = project(replace(deal, price=np.array([1e5, 2e5])), income_tax=np.array([[1.0, 2.0], [3.0, 4.0]]),
                    sale_tax=np.array([5.0, 6.0]))
    assert (project(replace(deal, price=np.array([1e5, 2e5]))).levered - paths.levered).tolist() == [
        pytest.approx([0, 1, 7]), pytest.approx([0, 3, 10])]


@steady
@given(deals)
def test_what_must_hold_in_every_projection(deal):
    held = project(deal)
    scale = deal.price + deal.rent + deal.costs + (deal.debt.amount if deal.debt else 0)
    near = {"rtol": 1e-9, "atol": 1e-7 * scale}
    assert np.allclose(held.noi, held.rent - held.vacancy_loss - held.running_costs, **near)
    assert np.allclose(held.debt_service, held.interest + held.principal, **near)
    assert np.allclose(held.cash_flow, held.noi - held.debt_service, **near)
    assert np.allclose(held.equity, held.value - held.loan_balance, **near)
    flows = held.cash_flow.copy()
    flows[-1] += held.left_of_sale
    assert np.allclose(held.levered[1:], flows, **near)
    if deal.debt and deal.debt.months <= 12 * deal.years:
        assert held.loan_balance[-1] == pytest.approx(0, abs=0.005)
        assert held.principal.sum() == pytest.approx(deal.debt.amount, rel=1e-9)


@steady
@given(deals)
def test_the_months_add_up_to_the_years(deal):
    held, months = project(deal), by_month(deal)
    scale = deal.price + deal.rent + deal.costs + (deal.debt.amount if deal.debt else 0)
    for name in ("noi", "cash_flow"):
        assert np.allclose(getattr(months, name).reshape(-1, 12).sum(axis=1), getattr(held, name), rtol=1e-8, atol=1e-6 * scale)
    assert np.allclose(months.payment.reshape(-1, 12).sum(axis=1), held.debt_service, rtol=1e-8, atol=1e-6 * scale)
    assert np.allclose(months.balance[11::12], held.loan_balance, rtol=1e-8, atol=1e-6 * scale)


@steady
@given(deals, st.floats(0.001, 1000))
def test_money_scales_and_rates_do_not(deal, factor):
    def scaled(value):
        return value * factor

    other = replace(deal, price=scaled(deal.price), rent=scaled(deal.rent), costs=scaled(deal.costs),
                    purchase_costs=scaled(deal.purchase_costs),
                    debt=replace(deal.debt, amount=scaled(deal.debt.amount)) if deal.debt else None)
    assert np.allclose(project(other).levered, project(deal).levered * factor, rtol=1e-9, atol=1e-6 * factor)


@steady
@given(st.lists(deals.filter(lambda d: d.debt is None), min_size=2, max_size=4), st.integers(1, 12))
def test_paths_projected_together_are_the_same_as_one_by_one(several, years):
    names = ("price", "rent", "costs", "costs_pct", "vacancy_pct", "growth_pct", "rent_growth_pct", "purchase_costs",
             "selling_costs_pct")
    together = project(Deal(years=years, **{n: np.array([getattr(d, n) for d in several]) for n in names}))
    assert together.noi.shape == (len(several), years)
    assert together.levered.shape == (len(several), years + 1)
    for row, deal in enumerate(several):
        alone = project(replace(deal, years=years))
        assert together.unlevered[row].tolist() == alone.unlevered.tolist()
        assert together.sale[row] == alone.sale


@pytest.mark.parametrize(
    "change",
    [
        {"price": 0.0}, {"price": -1.0}, {"price": float("nan")}, {"price": np.array([1e5, float("inf")])}, {"rent": -1.0},
        {"vacancy_pct": 101.0}, {"growth_pct": float("nan")}, {"years": 0}, {"years": 200}, {"years": 2.5}, {"years": True},
        {"selling_costs_pct": 80.0}, {"debt": Debt(-5.0, 0.01, 12)}, {"debt": Debt(5.0, 4.0, 12)}, {"debt": Debt(5.0, 0.01, 0)},
        {"rent_growth_pct": np.ones((1, 3))},
    ],
)
def test_nonsense_is_refused_in_both_languages(change):
    with pytest.raises(BadInput) as caught:
        project(Deal(**({"price": 1e5, "years": 5} | change)))
    assert "se espera" in caught.value.es
    assert "expected" in caught.value.en
