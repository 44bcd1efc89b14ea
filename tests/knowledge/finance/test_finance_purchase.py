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
