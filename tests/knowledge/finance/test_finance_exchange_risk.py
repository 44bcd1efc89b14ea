"""Volatility of a rate and returns in the investor's own currency."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.finance.exchange_risk import crossed, in_home_currency, volatility

steady = settings(deadline=None, derandomize=True, database=None, max_examples=60)


def months(values, year=2010):
    return {date(year + n // 12, n % 12 + 1, 1): value for n, value in enumerate(values)}


def test_a_rate_that_never_moves_has_no_volatility_and_an_even_trend_none_either():
    assert volatility(months([4_000.0] * 60)).yearly_pct == 0
    assert volatility(months([4_000 * 1.01**n for n in range(60)])).yearly_pct == pytest.approx(0, abs=1e-9)


def test_a_random_walk_gives_back_its_own_volatility():
    steps = np.random.default_rng(1).normal(0, 0.12 / np.sqrt(12), 2_000)
    found = volatility(months(np.exp(np.cumsum(steps)).tolist(), 1800), window=2_000)
    assert found.yearly_pct == pytest.approx(12, rel=0.05)
    assert found.months == 1_999


def test_the_window_is_the_last_one_and_is_said():
    calm, wild = [100.0] * 100, [100.0 * (1.2 if n % 2 else 1.0) for n in range(121)]
    found = volatility(months(calm + wild))
    assert found.months == 120
    assert found.first == date(2018, 5, 1)
    assert found.yearly_pct > 50


def test_a_gap_counts_for_the_months_it_spans():
    whole = months(np.exp(np.random.default_rng(2).normal(0, 0.03, 600).cumsum()).tolist(), 1900)
    thinned = {day: rate for day, rate in whole.items() if day.month % 3 == 0}
    assert volatility(thinned, 600).yearly_pct == pytest.approx(volatility(whole, 600).yearly_pct, rel=0.15)


@pytest.mark.parametrize("rates", [months([1.0] * 10), months([1.0] * 30 + [0.0]), months([1.0] * 30 + [float("nan")])])
def test_too_few_or_impossible_rates_are_refused(rates):
    with pytest.raises(BadInput):
        volatility(rates)


@steady
@given(st.lists(st.floats(0, 20), min_size=1, max_size=15), st.floats(50, 300), st.floats(-15, 15), st.floats(0.001, 5_000))
def test_where_the_rate_moves_evenly_the_home_return_is_both_together(yearly, sale, change, start):
    flows = [-100.0, *yearly]
    flows[-1] += sale
    rates = [start * (1 + change / 100) ** n for n in range(len(flows))]
    found = in_home_currency(flows, rates)
    assert found.home == pytest.approx(found.check, abs=1e-6)


@steady
@given(st.lists(st.floats(0, 20), min_size=1, max_size=15), st.floats(0.001, 5_000))
def test_at_a_constant_rate_both_returns_are_the_same(yearly, rate):
    flows = [-100.0, *yearly]
    flows[-1] += 110
    found = in_home_currency(flows, [rate] * len(flows))
    assert found.home == pytest.approx(found.local, abs=1e-7)
    assert found.flows == pytest.approx(tuple(flow * rate for flow in flows))


def test_rates_cross_through_the_dollar_in_the_months_both_have():
    euro, peso = months([1.1, 1.2, 1.1]), months([0.05, 0.055], 2010)
    assert list(crossed(euro, peso).values()) == pytest.approx([22.0, 1.2 / 0.055])


def test_every_flow_needs_a_rate():
    with pytest.raises(BadInput):
        in_home_currency((-1, 2), (1.0,))
