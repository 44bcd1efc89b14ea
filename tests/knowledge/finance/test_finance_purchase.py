"""What a purchase takes, what another term saves, and what has to hold for a wished result."""

from __future__ import annotations

import pytest

from knowledge.finance.analysis import Cost, Inputs, analyse


def value(measure: str, **inputs: object) -> float:
    return analyse(Inputs(**inputs, measures=(measure,))).value(measure)  # type: ignore[arg-type]


ITP = Cost("ITP", 8, "once", "price")
NOTARY = Cost("notaría", 2_350, "once")


def test_costs_by_share_and_in_money_add_up() -> None:
    assert value("acquisition_costs", price=205_000, costs=(ITP, NOTARY)) == pytest.approx(18_750)
    assert value("total_outlay", price=205_000, costs=(ITP, NOTARY)) == pytest.approx(223_750)


def test_cash_at_signing_is_deposit_and_costs() -> None:
    told = {"price": 205_000, "costs": (ITP, NOTARY), "down_payment_pct": 20}
    assert value("cash_needed", **told) == pytest.approx(41_000 + 18_750)
    assert value("savings_gap", **told, savings=50_000) == pytest.approx(9_750)
    enough = analyse(Inputs(**told, savings=60_000, measures=("savings_gap",)))  # type: ignore[arg-type]
    assert enough.measures["savings_gap"].key == "savings_left"
    assert enough.value("savings_gap") == pytest.approx(250)


def test_a_bank_lends_a_share_of_its_valuation() -> None:
    told = {"price": 230_000, "valuation": 215_000, "down_payment_pct": 30}
    assert value("loan_amount", **told) == pytest.approx(150_500)
    assert value("down_payment", **told) == pytest.approx(79_500)
    assert value("loan_amount", **told | {"valuation": 250_000}) == pytest.approx(161_000)


def test_a_rate_of_a_month_is_used_as_it_is() -> None:
    payment = value("monthly_payment", loan_amount=60e6, rate_pct=1.05, rate_kind="monthly", term_years=4)
    assert payment == pytest.approx(60e6 * 0.0105 / (1 - 1.0105**-48))


@pytest.mark.parametrize(("now", "other"), [(25, 30), (30, 25)])
def test_the_shorter_term_saves_interest(now: float, other: float) -> None:
    saved = value("interest_saved", loan_amount=200_000, rate_pct=3, term_years=now, other_term_years=other)
    assert saved == pytest.approx(19_028.12, abs=0.01)


def test_nights_pay_the_fixed_costs_out_of_what_each_leaves() -> None:
    costs = (Cost("fijos", 1_000, "month"), Cost("limpieza", 20, "night"), Cost("comisión", 15, "year", "rent"))
    assert value("break_even_nights", nightly_rent=100, costs=costs) == pytest.approx(12_000 / (85 - 20))
    assert value("noi", nightly_rent=100, nights=200, costs=costs) == pytest.approx(200 * 65 - 12_000)
    nothing = analyse(Inputs(nightly_rent=20, costs=costs, measures=("break_even_nights",)))
    assert nothing.undefined == {"break_even_nights": "costs_above_rent"}


def test_wished_yields_of_a_month_and_returns_not_by_the_year() -> None:
    wish = {"target_yield_pct": 0.6, "target_is_monthly": True}
    assert value("price_for_yield", monthly_rent=1_350_000, **wish) == pytest.approx(225e6)
    assert value("rent_for_yield", price=400e6, **wish) == pytest.approx(2.4e6)
    total = value("total_return", price=300e6, sale_price=390e6, annual_rent=14e6, rent_is_net=True, horizon_years=3)
    assert total == pytest.approx(44)


def test_a_square_metre_after_works_has_cost_the_works() -> None:
    told = {"price": 214_000, "area_m2": 88, "costs": (Cost("obra", 30_000, "once", "money"),)}
    assert value("price_per_m2", **told, base="invested") == pytest.approx(244_000 / 88)
    assert value("price_per_m2", **told) == pytest.approx(214_000 / 88)


def beside(key: str, measure: str, **inputs: object) -> float:
    """A figure that comes with the measure."""
    found = analyse(Inputs(**inputs, measures=(measure,)))  # type: ignore[arg-type]
    return float(next(f.value for f in found.facts if f.key == key))


def test_what_is_asked_in_the_same_breath_comes_with_the_figure() -> None:
    told = {"price": 205_000, "costs": (ITP, NOTARY)}
    assert beside("price_with_costs", "acquisition_costs", **told) == pytest.approx(223_750)
    rule = analyse(Inputs(price=200_000, country="ES", city="Valencia", measures=("acquisition_costs",)))
    both = next(f for f in rule.facts if f.key == "price_with_costs")
    assert float(both.value) == pytest.approx(200_000 + rule.value("acquisition_costs"))
    assert beside("gain", "total_return", price=180_000, sale_price=231_000, costs=(NOTARY,)) == pytest.approx(48_650)
    assert beside("value_gain", "value_at_horizon", price=200_000, growth_pct=3, horizon_years=2) == pytest.approx(12_180)
    assert beside("income_for_yield", "rent_for_yield", price=122_000, target_yield_pct=5.1, target_is_net=True) == (
        pytest.approx(6_222))


def test_the_dearest_price_from_an_instalment_and_from_own_money() -> None:
    loan = {"payment": 1_000, "rate_pct": 4, "term_years": 25}
    lent = value("affordable_loan", **loan)
    assert value("affordable_price", **loan, down_payment_pct=20) == pytest.approx(lent / 0.8)
    assert beside("own_needed", "affordable_price", **loan, down_payment_pct=20) == pytest.approx(lent / 4)
    assert value("affordable_price", own_cash=75_000, down_payment_pct=25) == pytest.approx(300_000)
    assert beside("loan_needed", "affordable_price", own_cash=75_000, down_payment_pct=25) == pytest.approx(225_000)
    costs = (Cost("gastos", 10, "once", "price"),)
    assert value("affordable_price", savings=60_000, down_payment_pct=20, costs=costs) == pytest.approx(200_000)
    assert value("affordable_price", **loan, own_cash=40_000, costs=costs) == pytest.approx((lent + 40_000) / 1.1)
    bounded = value("affordable_price", **loan, own_cash=30_000, down_payment_pct=20, costs=(NOTARY,))
    assert bounded == pytest.approx((30_000 - 2_350) / 0.2)
    lacking = analyse(Inputs(own_cash=75_000, measures=("affordable_price",)))
    assert lacking.missing == {"affordable_price": ("down_payment_pct",)}
    spent = analyse(Inputs(own_cash=2_000, down_payment_pct=20, costs=(NOTARY,), measures=("affordable_price",)))
    assert spent.undefined == {"affordable_price": "costs_above_own_money"}


def test_what_a_value_still_bears() -> None:
    told = {"price": 260_000, "loan_amount": 140_000}
    assert value("further_loan", **told, reach_pct=70) == pytest.approx(42_000)
    above = analyse(Inputs(**told, reach_pct=50, measures=("further_loan",))).measures["further_loan"]  # type: ignore[arg-type]
    assert (above.key, above.value) == ("loan_above_share", pytest.approx(10_000))


def test_interest_alone_and_what_is_still_owed() -> None:
    loan = {"loan_amount": 180_000, "rate_pct": 5.1, "rate_kind": "nominal"}
    assert value("interest_only_payment", **loan) == pytest.approx(765)
    owed = value("loan_balance", **loan, term_years=25, horizon_years=10)
    payment = value("monthly_payment", **loan, term_years=25)
    i = 0.051 / 12
    assert owed == pytest.approx(180_000 * (1 + i) ** 120 - payment * ((1 + i) ** 120 - 1) / i)
    assert beside("loan_repaid", "loan_balance", **loan, term_years=25, horizon_years=10) == pytest.approx(180_000 - owed)
    assert value("loan_balance", **loan, term_years=10, horizon_years=12) == 0
    assert value("loan_balance", loan_amount=120_000, rate_pct=0, term_years=10, horizon_years=4) == pytest.approx(72_000)


def test_a_rent_that_rises_and_a_price_that_is_cut() -> None:
    assert value("rent_at_horizon", monthly_rent=850, rent_growth_pct=4.5, horizon_years=6) == pytest.approx(850 * 1.045**6)
    cut = {"asking_price": 310_000, "price_cut_pct": 8, "price": 310_000 * 0.92}
    assert value("discounted_price", **cut) == pytest.approx(285_200)
    assert value("gross_yield", **cut, monthly_rent=1_500) == pytest.approx(18_000 / 285_200 * 100)
    assert beside("price_cut", "discounted_price", **cut) == pytest.approx(24_800)


def test_nights_and_months_that_pay_the_costs_as_shares_of_the_year() -> None:
    fixed = (Cost("fijos", 11_400),)
    assert beside("break_even_occupancy", "break_even_nights", nightly_rent=95, costs=fixed) == pytest.approx(120 / 3.65)
    months = beside("break_even_months", "break_even_occupancy", monthly_rent=2_000, costs=(Cost("fijos", 7_000),))
    assert months == pytest.approx(3.5)
