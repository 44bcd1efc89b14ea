"""What a person may type by mistake: it is refused with the value, or reckoned with what is left out said."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import BadInput
from knowledge.finance.analysis import analyse
from knowledge.finance.rows import inputs_of

ROW: dict[str, Any] = {"price": 200_000, "monthly_rent": 900, "country": "ES", "city": "Sevilla", "horizon_years": 10,
                       "growth_pct": 2, "assume": "yes", "on": "2026-11-30"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"price": 1e16}, "up to 1e+15"), ({"price": "1e400"}, "inf"), ({"price": "nan"}, "nan"), ({"price": "-inf"}, "-inf"),
        ({"monthly_rent": 250_000}, "250000"), ({"monthly_rent": None, "annual_rent": 200_000}, "200000"),
        ({"rate_pct": 400, "loan_amount": 1e5, "term_years": 20}, "400"),
        ({"index_path": "90", "margin_pct": 20, "loan_amount": 1e5, "term_years": 20}, "110"),
        ({"on": "2031-01-01"}, "2031-01-01"), ({"on": "2026-13-40"}, "2026-13-40"), ({"on": "ayer"}, "ayer"),
        ({"country": "FR"}, "FR"), ({"currency": "MXN"}, "MXN"), ({"rent_currency": "USD"}, "USD"),
        ({"property_type": "castillo"}, "castillo"), ({"nights": 400, "nightly_rent": 80, "monthly_rent": None}, "400"),
        ({"nights": -3, "nightly_rent": 80, "monthly_rent": None}, "-3"),
        ({"financed_pct": 120}, "The financed share cannot be 120"), ({"month_days": 45}, "The days of the month cannot be 45"),
        ({"residence": "mars"}, "mars"), ({"marginal_rate_pct": 400}, "400"), ({"rent_reduction_pct": 55}, "55"),
        ({"bought_on": "2030-01-01"}, "2030-01-01"), ({"land_value": 5, "cadastral_value": 1}, "5"),
        ({"municipal_rate_pct": 45}, "45"), ({"vacancy_pct": 100}, "100"), ({"growth_pct": 400}, "400"),
        ({"horizon_years": 0}, "0"), ({"horizon_years": 1000}, "1000"), ({"inflation_pct": 400}, "400"),
    ],
)
def test_nonsense_in_a_row_is_refused_with_its_value(cells: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        inputs_of({**ROW, **cells})
    assert said in caught.value.en
    assert caught.value.es != caught.value.en


@pytest.mark.parametrize("word", ["piso", "Apartamento", "departamento", "flat", "apartment"])
def test_a_property_type_is_read_in_any_of_our_languages(word: str) -> None:
    assert inputs_of({**ROW, "property_type": word}).property_type == "apartment"


@pytest.mark.parametrize(("word", "kind"), [("parking", "other"), ("plaza de garaje", "other"), ("hotel", "other"),
                                            ("other", "other"), ("local comercial", "retail")])
def test_what_is_no_home_is_read_too(word: str, kind: str) -> None:
    assert inputs_of({**ROW, "property_type": word}).property_type == kind


@pytest.mark.parametrize("day", ["1850-01-01", "2015-06-01", "2022-06-01"])
def test_before_our_rules_no_costs_are_made_up_and_it_is_said(day: str) -> None:
    found = analyse(inputs_of({**ROW, "on": day}), explain=True)
    assert "acquisition_costs" not in found.measures
    assert found.undefined["acquisition_costs"] == "no_purchase_rule"
    assert "no_purchase_rule" in {w.code for w in found.warnings}
    assert {"net_yield", "irr"} <= set(found.measures)


def test_a_day_with_some_of_the_rules_says_that_the_sum_is_incomplete() -> None:
    mexican = {"country": "MX", "city": "CDMX", "price": 4e6, "monthly_rent": 25_000}
    early = analyse(inputs_of({**ROW, **mexican, "on": "2023-05-01"}))
    assert "purchase_rules_partial" in {w.code for w in early.warnings}
    for told in ({}, {"new_build": "sí"}, {"city": "Bilbao"}):
        assert "purchase_rules_partial" not in {w.code for w in analyse(inputs_of({**ROW, **told})).warnings}


def test_a_loan_above_the_price_has_no_internal_rate_of_own_money() -> None:
    found = analyse(inputs_of({**ROW, "loan_amount": 900_000, "rate_pct": 3, "term_years": 20, "residence": "resident"}),
                    explain=True)
    assert not {"levered_irr", "after_tax_levered_irr"} & set(found.measures)
    assert found.undefined["levered_irr"] == "no_own_money_irr"
    assert "loan_above_price" in {w.code for w in found.warnings}


def test_part_of_a_year_is_counted_in_full_and_said() -> None:
    assert "horizon_rounded" in {w.code for w in analyse(inputs_of({**ROW, "horizon_years": 0.5})).warnings}
    assert "horizon_rounded" not in {w.code for w in analyse(inputs_of(ROW)).warnings}


@pytest.mark.parametrize(("cells", "code"), [
    ({"currency": "USD"}, "tax_other_currency"), ({"on": "2015-06-01"}, "no_tax_rule")])
def test_who_is_taxed_hears_why_no_tax_was_reckoned(cells: dict[str, Any], code: str) -> None:
    found = analyse(inputs_of({**ROW, "residence": "resident", **cells}))
    assert code in {w.code for w in found.warnings}
    assert "rent_tax" not in found.measures
