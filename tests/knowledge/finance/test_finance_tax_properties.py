"""What holds of every tax: more income is never less tax, no gain no tax, low is not above high, arrays are loops."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.finance.taxes import Let, Owner, Sold, rent_tax, sale_tax

DAY = date(2026, 11, 30)
OWNERS = [Owner(), Owner("eu"), Owner("other"), Owner(marginal_rate_pct=37), Owner(other_income=50_000)]
money = st.floats(0, 1e9, allow_nan=False)
CASES = [(country, owner) for country in ("CO", "ES", "MX") for owner in OWNERS]


@pytest.mark.parametrize(("country", "owner"), CASES)
@given(a=money, b=money, costs=money, interest=money)
def test_more_rent_is_never_less_tax_and_never_more_than_the_rent(country, owner, a, b, costs, interest):
    low, high = sorted((a, b))
    tax = rent_tax(country, owner, Let(rent=[low, high], costs=costs, interest=interest, cost=1e5), on=DAY)
    assert np.all(tax.low <= tax.high + 1e-6)
    assert tax.low[0] <= tax.low[1] * (1 + 1e-12) + 0.02
    assert tax.high[0] <= tax.high[1] * (1 + 1e-12) + 0.02
    assert np.all(tax.high <= np.array([low, high]) * 0.47 + 0.02)
    assert np.all(tax.low >= 0)


@pytest.mark.parametrize(("country", "owner"), CASES)
@given(price=st.floats(1, 1e9), years=st.floats(0.1, 60), lost=st.floats(0, 1))
def test_no_gain_no_tax(country, owner, price, years, lost):
    tax = sale_tax(country, owner, Sold(price * (1 - lost) + 1, price + 2, years, inflation_pct=0, worn=(0, 0)), on=DAY)
    if country == "MX":
        # the building's cost falls every year and foreigners may pay on the price: the notary's gain is not the owner's
        assert float(tax.low) <= float(tax.high)
        return
    assert float(tax.high) == 0


@pytest.mark.parametrize(("country", "owner"), CASES)
@given(a=st.floats(1, 1e9), b=st.floats(1, 1e9), paid=st.floats(1, 1e9), years=st.floats(0.1, 60), land=st.floats(1, 1e5))
def test_a_dearer_sale_is_never_taxed_less(country, owner, a, b, paid, years, land):
    low, high = sorted((a, b))
    tax = sale_tax(country, owner, Sold([low, high], paid, years, land_value=land, selling_costs=10.0), on=DAY)
    assert np.all(tax.low <= tax.high + 1e-6)
    assert tax.high[0] <= tax.high[1] * (1 + 1e-12) + 0.5
    if country != "ES":  # a dearer Spanish sale lowers the least share of land that the told land value may be
        assert tax.low[0] <= tax.low[1] * (1 + 1e-12) + 0.5


@pytest.mark.parametrize(("country", "owner"), CASES)
def test_arrays_are_loops(country, owner):
    rent = np.array([[1e4, 2e4, 5e4], [1e5, 2e6, 3e8]])
    costs = np.array([[1e3], [5e4]])
    whole = rent_tax(country, owner, Let(rent=rent, costs=costs, interest=[1e3, 2e3, 3e3], cost=2e5), on=DAY)
    for path, year in np.ndindex(rent.shape):
        alone = Let(rent=rent[path, year], costs=costs[path, 0], interest=(year + 1) * 1e3, cost=2e5)
        one = rent_tax(country, owner, alone, on=DAY)
        assert whole.low[path, year] == pytest.approx(float(one.low))
        assert whole.high[path, year] == pytest.approx(float(one.high))
    prices, years = np.array([3e5, 4e6, 9e8]), np.array([0.5, 3.0, 25.0])
    sold = sale_tax(country, owner, Sold(prices, 2.5e5, years), on=DAY)
    for n in range(3):
        single = sale_tax(country, owner, Sold(prices[n], 2.5e5, years[n]), on=DAY)
        assert sold.low[n] == pytest.approx(float(single.low))
        assert sold.high[n] == pytest.approx(float(single.high))
