"""Amortisation tables: fixed, variable and indexed loans, what a loan costs in all, and the table in whole cents."""

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.finance import loans, schedule

steady = settings(deadline=None, derandomize=True, database=None, max_examples=60)
principals = st.floats(1_000, 1e10)
monthly = st.floats(0, 0.04)
terms = st.integers(1, 420)


@steady
@given(principals, monthly, terms, st.sampled_from([0.0, 3.0, 9.5]))
def test_the_balance_falls_to_zero_and_every_payment_is_interest_and_principal(principal, rate, months, inflation):
    table = schedule.plan(principal, rate, months, inflation_pct=inflation)
    assert table.balance[-1] == 0
    assert np.allclose(table.payment, table.interest + table.principal)
    before = np.concatenate(([principal], table.balance[:-1]))
    assert np.allclose(table.balance, before + table.indexation - table.principal, rtol=1e-9, atol=principal * 1e-9)
    assert table.principal.sum() == pytest.approx(principal + table.indexation.sum(), rel=1e-9)
    if not inflation:
        assert np.all(np.diff(table.balance) < 0)
        assert np.allclose(table.payment, loans.payment(principal, rate, months))


@steady
@given(principals, st.floats(0, 0.03), st.floats(0.0001, 0.01), terms)
def test_a_higher_rate_raises_the_payment(principal, rate, more, months):
    assert loans.payment(principal, rate + more, months) > loans.payment(principal, rate, months)


@steady
@given(principals, monthly, terms, st.floats(0.001, 1000))
def test_money_scales_with_the_loan(principal, rate, months, factor):
    one, other = schedule.plan(principal, rate, months), schedule.plan(principal * factor, rate, months)
    assert np.allclose(other.payment, one.payment * factor)
    assert np.allclose(other.balance, one.balance * factor, atol=principal * factor * 1e-9)


@steady
@given(st.floats(1_000, 1e9), st.floats(0, 0.03), st.integers(1, 400))
def test_in_whole_cents_the_balance_ends_at_zero(principal, rate, months):
    rows = schedule.to_the_cent(principal, rate, months)
    assert len(rows) == months
    assert rows[-1].balance == 0
    assert sum(row.principal for row in rows) == Decimal(repr(principal)).quantize(Decimal("0.01"))
    assert all(row.payment == row.interest + row.principal for row in rows)


def test_the_table_of_a_spanish_mortgage_in_whole_cents():
    rows = schedule.to_the_cent(150_000, 0.03 / 12, 300)
    assert (rows[0].payment, rows[0].interest, rows[0].principal) == (Decimal("711.32"), Decimal("375.00"), Decimal("336.32"))
    assert rows[0].balance == Decimal("149663.68")


def test_a_variable_rate_is_read_by_year_and_its_last_value_stays():
    table = schedule.plan(200_000, [0.03 / 12, 0.05 / 12], 60)
    assert np.allclose(table.payment[:12], loans.payment(200_000, 0.03 / 12, 60))
    second = loans.payment(float(table.balance[11]), 0.05 / 12, 48)
    assert np.allclose(table.payment[12:], second)


def test_in_pesos_an_indexed_loan_grows_before_it_falls():
    table = schedule.plan(200e6, loans.monthly_rate(7, "effective"), 180, inflation_pct=6)
    assert table.payment[0] == pytest.approx(loans.payment(200e6, 1.07 ** (1 / 12) - 1, 180) * 1.06 ** (1 / 12))
    assert table.payment[12] / table.payment[0] == pytest.approx(1.06)
    assert table.balance[11] > 200e6
    # the cost in pesos is the real rate and inflation together, exactly (Fisher)
    assert schedule.effective_cost(table) == pytest.approx((1.07 * 1.06 - 1) * 100)


@steady
@given(principals, st.floats(0.0001, 0.03), terms)
def test_without_fees_the_effective_cost_is_the_effective_rate(principal, rate, months):
    table = schedule.plan(principal, rate, months)
    assert schedule.effective_cost(table) == pytest.approx(loans.quoted_rate(rate, "effective"), abs=1e-5)


def test_fees_and_insurance_raise_the_effective_cost():
    getcontext().prec = 40
    bare = schedule.effective_cost(schedule.plan(150_000, 0.03 / 12, 300))
    full = schedule.plan(150_000, 0.03 / 12, 300, opening_fee=1_500, monthly_fee=10, insurance_pct=0.02)
    cost = schedule.effective_cost(full)
    assert cost > bare
    # the definition: what is received equals the payments discounted at the cost, by decimal arithmetic
    step = (1 + Decimal(cost) / 100) ** (Decimal(1) / 12)
    paid = sum(Decimal(p) / step**k for k, p in enumerate((full.payment + full.charges).tolist(), 1))
    assert float(paid) == pytest.approx(148_500, abs=0.01)


def test_a_year_sums_its_months():
    table = schedule.plan(100_000, 0.004, 30, monthly_fee=5)
    years = schedule.by_year(table)
    assert years["payment"].tolist() == pytest.approx([table.payment[a:b].sum() for a, b in ((0, 12), (12, 24), (24, 30))])
    assert years["charges"].tolist() == pytest.approx([60, 60, 30])
    assert years["balance"].tolist() == pytest.approx([table.balance[11], table.balance[23], 0])


@pytest.mark.parametrize("change", [
    {"principal": 0}, {"principal": float("inf")}, {"rate": float("nan")}, {"rate": 4.0}, {"rate": []}, {"months": 0},
    {"months": 10_000}, {"inflation_pct": 900}, {"opening_fee": -1}, {"opening_fee": 100_000}, {"insurance_pct": 50},
])
def test_nonsense_is_refused_in_both_languages(change):
    with pytest.raises(BadInput) as caught:
        schedule.plan(**({"principal": 100_000, "rate": 0.01, "months": 120} | change))
    assert "se espera" in caught.value.es
    assert "expected" in caught.value.en
