"""Yields, break-even and internal rates against closed forms."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.finance import returns

#: Same examples on every machine, and no time limit on shared cores.
steady = settings(deadline=None, derandomize=True, database=None)
amounts = st.floats(1, 1e12)


def test_yields_of_one_property():
    noi = returns.net_operating_income(27_600_000, 5, 4_200_000 + 2_520_000 + 1_380_000)
    assert returns.gross_yield(27_600_000, 450e6) == pytest.approx(6.1333, abs=1e-4)
    assert noi == pytest.approx(18_120_000)
    assert returns.cap_rate(noi, 450e6) == pytest.approx(4.0267, abs=1e-4)
    assert returns.net_yield(noi, 450e6, 8_730_000) == pytest.approx(3.95, abs=1e-4)
    assert returns.years_of_rent(450e6, 27_600_000) == pytest.approx(16.304, abs=1e-3)
    assert returns.payback_years(16_500, 900) == pytest.approx(18.3333, abs=1e-4)
    assert returns.price_per_m2(189_000, 70) == 2700
    assert returns.cash_on_cash(10_000, 4_000, 50_000) == pytest.approx(12)
    assert returns.debt_service_coverage(12_000, 10_000) == pytest.approx(1.2)


@steady
@given(amounts, amounts, st.floats(0.01, 1000))
def test_yield_does_not_depend_on_the_currency_unit_and_grows_with_the_rent(rent, price, factor):
    base = returns.gross_yield(rent, price)
    assert returns.gross_yield(rent * factor, price * factor) == pytest.approx(base)
    assert returns.gross_yield(rent * 2, price) == pytest.approx(base * 2)
    assert returns.years_of_rent(price, rent) * base == pytest.approx(100)


@steady
@given(amounts, amounts, st.floats(1.001, 100), st.floats(0, 1e6))
def test_a_higher_price_lowers_every_yield(noi, price, dearer, extra):
    assert returns.gross_yield(noi, price * dearer) < returns.gross_yield(noi, price)
    assert returns.net_yield(noi, price * dearer, extra) < returns.net_yield(noi, price, extra)
    assert returns.payback_years(price * dearer, noi) > returns.payback_years(price, noi)


@steady
@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 40), st.floats(0, 40))
def test_at_the_break_even_rent_the_cash_flow_is_zero(fixed, debt, vacancy, share):
    rent = returns.break_even_rent(fixed, debt, vacancy, share)
    noi = returns.net_operating_income(12 * rent, vacancy, fixed + 12 * rent * share / 100)
    assert noi - debt == pytest.approx(0, abs=1e-4)


def test_break_even_occupancy_and_rents_that_costs_devour():
    assert returns.break_even_occupancy(12_000, 3_000, 3_000) == pytest.approx(50)
    with pytest.raises(BadInput):
        returns.break_even_rent(100, 0, 60, 40)


def test_the_internal_rate_of_stated_flows():
    result = returns.internal_rate((-70_000, 3_500, 3_500, 85_500))
    assert result.status == "one"
    assert result.rates[0] == pytest.approx(10.1706, abs=1e-4)


@steady
@given(st.floats(-40, 200), st.integers(1, 40), st.floats(1, 1e9))
def test_the_internal_rate_of_one_payment_back_is_its_growth(rate, years, amount):
    flows = [-amount, *[0.0] * (years - 1), amount * (1 + rate / 100) ** years]
    assert returns.internal_rate(flows).rates == pytest.approx((rate,), abs=1e-5)


@steady
@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=20), st.floats(1, 1e5))
def test_at_the_internal_rate_the_present_value_is_zero(inflows, price):
    assume(sum(inflows) > price / 10)
    result = returns.internal_rate([-price, *inflows])
    for rate in result.rates:
        assert returns.net_present_value(rate, [-price, *inflows]) == pytest.approx(0, abs=price * 1e-4)


def test_no_rate_and_several_rates_are_reported_as_such():
    assert returns.internal_rate((100, 50, 50)).status == "none"
    assert returns.internal_rate((100, -150, 100)).status == "none"
    several = returns.internal_rate((-1000, 2500, -1540))
    assert several.status == "several"
    assert several.rates == pytest.approx((10.0, 40.0))


def test_present_value_is_the_discounted_sum():
    assert returns.net_present_value(10, (-100, 60, 60)) == pytest.approx(-100 + 60 / 1.1 + 60 / 1.21)
    assert returns.net_present_value(0, (-100, 60, 60)) == pytest.approx(20)


@steady
@given(price=st.floats(1e3, 1e12), wished=st.floats(0.1, 100))
def test_the_rent_and_the_price_of_a_wished_yield_give_that_yield(price, wished):
    rent = returns.rent_for_yield(price, wished)
    assert returns.gross_yield(12 * rent, price) == pytest.approx(wished)
    assert returns.price_for_yield(12 * rent, wished) == pytest.approx(price)


@pytest.mark.parametrize("wished", [0, -3, 101, float("nan")])
def test_a_yield_that_nobody_can_wish_for_is_named(wished):
    with pytest.raises(BadInput, match="yield"):
        returns.rent_for_yield(100_000, wished)


@pytest.mark.parametrize(
    "call",
    [
        lambda: returns.gross_yield(100, 0),
        lambda: returns.gross_yield(float("inf"), 100),
        lambda: returns.payback_years(100, 0),
        lambda: returns.internal_rate((1,)),
        lambda: returns.internal_rate((-1, float("nan"))),
    ],
)
def test_nonsense_is_refused(call):
    with pytest.raises(BadInput):
        call()
