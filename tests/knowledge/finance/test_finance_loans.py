"""Instalments, balances and the conventions of quoted rates."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.finance import loans, schedule

#: Same examples on every machine, and no time limit on shared cores.
steady = settings(deadline=None, derandomize=True, database=None)
principals = st.floats(1_000, 1e10)
rates = st.floats(0, 40)
terms = st.integers(1, 480)


@pytest.mark.parametrize(
    ("principal", "rate_pct", "years", "kind", "expected"),
    [
        (95e6, 14, 7, "effective", 1_737_268.11),
        (134_000, 3.4, 22, "nominal", 721.5434),
        (1.8e6, 9.9, 15, "nominal", 19_232.92),
        (180e6, 12.5, 20, "effective", 1_961_450.48),
        (315e6, 12, 20, "effective", 3_334_664),
    ],
)
def test_payments_of_known_loans(principal, rate_pct, years, kind, expected):
    rate = loans.monthly_rate(rate_pct, kind)
    assert loans.payment(principal, rate, loans.months_of(years)) == pytest.approx(expected, rel=1e-6)


def test_a_quoted_rate_follows_the_market_unless_its_kind_is_stated():
    assert loans.rate_kind("CO") == "effective"
    assert [loans.rate_kind(c) for c in ("ES", "MX", None)] == ["nominal"] * 3
    assert loans.rate_kind("CO", "nominal") == "nominal"
    assert loans.rate_kind("ES", "effective") == "effective"
    assert loans.monthly_rate(12, "nominal") == pytest.approx(0.01)
    assert (1 + loans.monthly_rate(12, "effective")) ** 12 == pytest.approx(1.12)


def test_without_interest_the_principal_is_split_evenly():
    assert loans.payment(1200, 0, 12) == 100
    assert loans.balance(1200, 0, 12, 5) == 700


@steady
@given(principals, rates, terms)
def test_instalments_repay_at_least_the_principal_and_the_balance_reaches_zero(principal, rate_pct, months):
    rate = loans.monthly_rate(rate_pct, "nominal")
    instalment = loans.payment(principal, rate, months)
    assert instalment * months >= principal * (1 - 1e-9)
    assert loans.balance(principal, rate, months, months) == 0


@steady
@given(principals, rates, terms, st.data())
def test_the_balance_agrees_with_the_schedule_and_with_the_textbook(principal, rate_pct, months, data):
    paid = data.draw(st.integers(1, months))
    rate = loans.monthly_rate(rate_pct, "effective")
    owed = loans.balance(principal, rate, months, paid)
    assert owed == pytest.approx(schedule.plan(principal, rate, months).balance[paid - 1], rel=1e-9, abs=1e-6)
    if rate > 1e-4 and (1 + rate) ** paid < 1e4:
        grown = (1 + rate) ** paid
        textbook = principal * grown - loans.payment(principal, rate, months) * (grown - 1) / rate
        assert owed == pytest.approx(textbook, rel=1e-4, abs=principal * 1e-9 * grown)


@steady
@given(principals, rates, terms)
def test_affordable_principal_inverts_the_payment(principal, rate_pct, months):
    rate = loans.monthly_rate(rate_pct, "nominal")
    back = loans.affordable_principal(loans.payment(principal, rate, months), rate, months)
    assert math.isclose(back, principal, rel_tol=1e-9)


@steady
@given(rates, st.sampled_from(["nominal", "effective", "monthly"]))
def test_a_quoted_rate_comes_back_from_its_month(rate_pct, kind):
    assert loans.quoted_rate(loans.monthly_rate(rate_pct, kind), kind) == pytest.approx(rate_pct, rel=1e-9, abs=1e-9)


def test_loan_to_value():
    assert loans.loan_to_value(315e6, 450e6) == pytest.approx(70)


@pytest.mark.parametrize(
    "call",
    [
        lambda: loans.monthly_rate(900, "nominal"),
        lambda: loans.monthly_rate(float("nan"), "nominal"),
        lambda: loans.months_of(0),
        lambda: loans.payment(-5, 0.01, 12),
        lambda: loans.payment(100, 0.01, 0),
        lambda: loans.balance(100, 0.01, 12, -1),
        lambda: loans.affordable_principal(0, 0.01, 12),
    ],
)
def test_nonsense_is_refused_in_both_languages(call):
    with pytest.raises(BadInput) as caught:
        call()
    assert caught.value.es != caught.value.en
    assert "se espera" in caught.value.es
    assert "expected" in caught.value.en
