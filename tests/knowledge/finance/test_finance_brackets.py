"""Bands of a tax: hand-computed amounts, what a table may not be, and the properties of every table that is shipped."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.locale import COUNTRIES
from knowledge.finance import rules
from knowledge.finance.brackets import amount, coefficient, table

INF = math.inf
SAVINGS = table("marginal", "EUR", [[0, 6_000, 19], [6_000, 50_000, 21], [50_000, INF, 23]])
TARIFF = table("fixed", "MXN", [
    [0.01, 10_135.11, 0, 1.92], [10_135.12, 86_022.11, 194.59, 6.4], [86_022.12, INF, 5_051.37, 10.88]])
WHOLE = table("whole", "EUR", [[0, 1_000_000, 9], [1_000_000, INF, 11]])
HELD = table("lookup", "years", [[0, 1, 0.15], [1, 2, 0.15], [2, 3, 0.14], [3, INF, 0.4]])
SHIPPED = [rule for country in COUNTRIES for rule in rules.load(country) if rule.table and rule.table.method != "lookup"]


@pytest.mark.parametrize(
    ("scale", "base", "due"),
    [
        (SAVINGS, 0, 0), (SAVINGS, -5, 0), (SAVINGS, 6_000, 1_140), (SAVINGS, 50_000, 10_380), (SAVINGS, 60_000, 12_680),
        (TARIFF, 10_000, 191.999808), (TARIFF, 50_000, 194.59 + (50_000 - 10_135.12) * 0.064), (TARIFF, 100_000, 6_572.163344),
        (WHOLE, 1_000_000, 90_000), (WHOLE, 1_000_000.01, 110_000.0011),
    ],
)
def test_amounts_are_those_of_the_law(scale, base, due):
    assert amount(scale, base) == pytest.approx(due, abs=1e-6)


def test_bands_in_a_unit_are_worth_its_value():
    uvt = table("fixed", "UVT", [[0, 1_090, 0, 0], [1_090, INF, 0, 19]])
    assert amount(uvt, 2_090 * 52_374, 52_374) == pytest.approx(190 * 52_374)


def test_coefficients_go_by_whole_years():
    assert coefficient(HELD, [0, 0.99, 1, 2.999, 3, 50]).tolist() == [0.15, 0.15, 0.15, 0.14, 0.4, 0.4]
    with pytest.raises(ValueError, match="coefficient"):
        amount(HELD, 3)


@pytest.mark.parametrize(
    ("method", "rows", "said"),
    [
        ("marginal", [[0, 10, 5], [12, INF, 6]], "gap"),
        ("marginal", [[0, 10, 5], [9, INF, 6]], "overlap"),
        ("marginal", [[0, 10, 5]], "must go on"),
        ("marginal", [[5, INF, 5]], "starts at 5"),
        ("marginal", [[0, INF, 101]], "it cannot"),
        ("marginal", [[0, INF, -1]], "it cannot"),
        ("marginal", [[0, INF, math.nan]], "needs 3 figures"),
        ("marginal", [[0, 0, 5], [0, INF, 5]], "it cannot"),
        ("fixed", [[0, INF, 5]], "needs 4 figures"),
        ("stepped", [[0, INF, 5]], "none of"),
        ("marginal", [], "needs a band"),
    ],
)
def test_a_table_that_cannot_be_is_refused(method, rows, said):
    with pytest.raises(ValueError, match=said):
        table(method, "EUR", rows)


@pytest.mark.parametrize("rule", SHIPPED, ids=lambda rule: rule.id)
@given(a=st.floats(0, 1e9), b=st.floats(0, 1e9))
def test_more_income_is_never_taxed_less(rule, a, b):
    low, high = sorted((a, b))
    due = amount(rule.table, [low, high])
    if rule.key == "isai":  # the city's first band costs more at its end than the second one at its start
        low, high = max(low, 187_012), max(high, 187_012)
        due = amount(rule.table, [low, high])
    assert due[0] <= due[1] + 0.01


SMOOTH = [rule for rule in SHIPPED if rule.table.method != "whole" and rule.key != "isai"]


@pytest.mark.parametrize("rule", SMOOTH, ids=lambda rule: rule.id)
def test_no_jump_where_bands_meet(rule):
    """A fixed amount is rounded to the cent, or to the UVT: the tax may not jump by more."""
    for band in rule.table.bands[:-1]:
        before, after = amount(rule.table, [band.high, band.high + 0.02])
        assert abs(after - before) <= (0.15 if rule.table.unit == "UVT" else 0.02)
