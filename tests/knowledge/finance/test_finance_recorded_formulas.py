"""Whatever is told, every formula that a calculator records gives the value that it records beside it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.facts import Fact
from core.formulas import evaluate, holds
from knowledge.finance.analysis import MEASURES, Cost, Inputs, analyse
from knowledge.finance.taxpayer import Taxpayer

MAYBE = st.none()


def money(low: float, high: float) -> Any:
    return st.one_of(MAYBE, st.floats(low, high).map(lambda v: round(v, 2)), st.integers(int(low), int(high)).map(float))


def percent(low: float, high: float) -> Any:
    return st.one_of(MAYBE, st.floats(low, high).map(lambda v: round(v, 4)), st.integers(int(low), int(high)).map(float))


COSTS = st.lists(
    st.builds(
        Cost, label=st.sampled_from(["IBI", "admin"]), amount=st.floats(0, 99).map(lambda v: round(v, 2)),
        period=st.sampled_from(["week", "month", "two_months", "quarter", "half_year", "year", "once", "night"]),
        of=st.sampled_from(["money", "rent", "price"]),
    ), max_size=3,
).map(tuple)
YEARS = st.one_of(MAYBE, st.integers(1, 40).map(float))
PAYERS = st.builds(Taxpayer, residence=st.sampled_from(["resident", "eu", "other"]), marginal_rate_pct=percent(0, 45),
                   other_income=money(0, 90_000))
TOLD = st.fixed_dictionaries({
    "price": money(20_000, 900_000_000), "monthly_rent": money(100, 5_000_000), "area_m2": money(20, 900),
    "currency": st.sampled_from(["COP", "EUR", "MXN"]), "country": st.sampled_from(["CO", "ES", "MX"]),
    "costs": st.one_of(MAYBE, COSTS), "fill_defaults": st.booleans(), "rent_is_net": st.booleans(),
    "purchase_costs": money(0, 90_000), "vacancy_pct": percent(0, 60), "base": st.sampled_from([None, "price", "invested"]),
    "down_payment_pct": percent(0, 90), "rate_pct": percent(0, 25), "term_years": YEARS, "other_term_years": YEARS,
    "rate_kind": st.sampled_from([None, "nominal", "effective", "monthly"]), "inflation_pct": percent(-2, 20),
    "indexed_to": st.sampled_from([None, None, None, "UVR", "UDI"]), "margin_pct": percent(0, 3),
    "index_path": st.sampled_from([(), (), (3.1,), (3.1, 2.4, 4.0)]), "opening_fee": money(0, 4_000),
    "loan_fee_month": money(0, 90), "loan_insurance_pct": percent(0, 1), "payment": money(100, 5_000_000),
    "own_cash": money(1_000, 500_000_000), "own_excludes_costs": st.booleans(), "sale_price": money(20_000, 900_000_000),
    "example_loan": st.booleans(), "horizon_years": YEARS, "growth_pct": percent(-6, 12), "rent_growth_pct": percent(-4, 9),
    "discount_pct": percent(0, 20), "selling_costs_pct": percent(0, 8), "savings": money(0, 90_000_000),
    "reach_pct": percent(1, 95), "target_yield_pct": percent(1, 15), "target_is_net": st.booleans(),
    "taxpayer": st.one_of(MAYBE, PAYERS), "nights": st.one_of(MAYBE, YEARS), "nightly_rent": money(10, 900),
})


def of_all_measures(told: dict[str, Any]) -> list[Fact]:
    inputs = Inputs(**{name: value for name, value in told.items() if value is not None}, on=date(2026, 6, 30),
                    measures=tuple(MEASURES))
    return list(analyse(inputs).facts)


@settings(max_examples=150, deadline=None)
@given(TOLD)
def test_every_recorded_formula_gives_its_value(told: dict[str, Any]) -> None:
    try:
        facts = of_all_measures(told)
    except BadInput:
        return
    assert [(f.key, f.value, f.formula, evaluate(f.formula or "")) for f in facts if not holds(f)] == []


WHOLE = {
    "price": 300_000.0, "monthly_rent": 1_300.0, "country": "ES", "currency": "EUR", "city": "Madrid", "area_m2": 80.0,
    "down_payment_pct": 30.0, "rate_pct": 3.1, "rate_kind": "nominal", "term_years": 25.0, "horizon_years": 10.0,
    "growth_pct": 2.0, "rent_growth_pct": 2.0, "discount_pct": 6.0, "purchase_costs": 31_000.0,
}


def test_most_formulas_are_arithmetic_and_are_worked_out() -> None:
    """So that the property above says something."""
    facts = [fact for fact in of_all_measures(WHOLE) if fact.formula]
    worked = [fact for fact in facts if evaluate((fact.formula or "").partition("≈")[0]) is not None]
    assert len(worked) > 40
    named = re.compile(r"IRR\(|NPV\(|balance after|sum of")
    assert [fact.formula for fact in facts if fact not in worked and not named.search(fact.formula or "")] == []


def test_the_sum_of_two_taxes_is_made_of_ends_that_go_together() -> None:
    """A higher municipal tax lowers the gain that is taxed: the highest ends of both are never due at once."""
    sold = WHOLE | {"city": None, "sale_price": 3_000_000.0, "taxpayer": Taxpayer(residence="eu")}
    facts = {fact.key: fact for fact in of_all_measures(sold)}
    total, parts = facts["sell_tax_total"], [facts["land_gain_tax"], facts["gain_tax"]]
    assert float(total.value) < sum(float(part.value) for part in parts)
    assert holds(total)
    assert evaluate(total.formula or "") is not None
