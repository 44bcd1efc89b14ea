"""Recorded formulas are worked out again; a fact that its own formula contradicts is a defect, and binds nothing."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.facts import Fact, Source
from core.formulas import evaluate, holds, sound
from core.locale import LOCALES
from graphs.grounding import accept

CALC = Source("computation", "gross_yield")


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("12 × 2300000 ÷ 450000000", 12 * 2.3e6 / 450e6),
        ("288000", 288_000.0),
        ("−250000", -250_000.0),
        ("-6236 ÷ 10", -623.6),
        ("3 − 2 − 1", 0.0),
        ("100 ÷ 10 ÷ 2", 5.0),
        ("2 + 3 × 4", 14.0),
        ("2^3^2", 512.0),
        ("−2^2", -4.0),
        ("2 × −3", -6.0),
        ("210000 × 0.0029166667 ÷ (1 − (1 + 0.0029166667)^−300)", 1051.31),
        ("350000 × (1 + 6 ÷ 100)^5", 350_000 * 1.06**5),
        ("(1 + 3.2 %) ÷ (1 + 2 %) − 1", 1.032 / 1.02 - 1),
        ("((1 + 12 ÷ 100)^(1 ÷ 12) − 1) × 100", 0.948879),
        ("4200.5^0.3 × 3900^0.7", 4200.5**0.3 * 3900**0.7),
    ],
)
def test_arithmetic_is_worked_out(formula: str, value: float) -> None:
    found = evaluate(formula)
    assert found is not None
    assert found.value == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    "formula",
    ["mean of 12 log changes, a year", "IRR(-100; 8; 108)", "XIRR(2024-01-01 -100; 2025-01-01 108)",
     "balance after 12 of 240", "3 ÷ (6 × stock) × 100", "share below among 12", "EUR ÷ COP: USDCOP 4100", "", " ",
     "12 ×", "× 12", "(12", "12)", "()", "12 12", "1 ÷ 0", "0^−1", "(−8)^0.5", "10^400",
     "9" * 400 + "^9", "(" * 60 + "1" + ")" * 60, "1 + " * 900 + "1",
     "__import__('os')", "1e5", "0x10", "1,5", "2 ** 3", "2 * 3", "1 / 3"],
)
def test_words_and_nonsense_are_left_alone(formula: str) -> None:
    assert evaluate(formula) is None
    assert holds(Fact("x", 7.0, "money", CALC, formula=formula))


@given(st.text("0123456789.×÷+−^()% -≈", max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    holds(Fact("x", 7.0, "percent", CALC, formula=text))


@pytest.mark.parametrize(
    ("value", "unit", "formula", "true"),
    [
        (6.133333, "percent", "12 × 2300000 ÷ 450000000", True),  # a share
        (6.133333, "percent", "12 × 2300000 ÷ 450000000 × 100", True),
        (2.1, "percent", "6.2 − 4.1", True),
        (6.133333, "percent", "12 × 2300000 ÷ 45000000", False),
        (6.2, "percent", "12 × 2300000 ÷ 450000000", False),
        (6.1, "percent", "12 × 2300000 ÷ 450000000", True),  # recorded with one decimal
        (27_600_000.0, "money", "12 × 2300000", True),
        (27_700_000.0, "money", "12 × 2300000", False),
        (276_000.0, "money", "12 × 2300000", False),
        (412_000.0, "money", "400000 × 103.04 ÷ 100", True),  # three digits, as models write their values
        (101_000.0, "money_per_m2", "90417 × 1.013 × 0.942 × 1.177 × 1.000", True),
        (104_000.0, "money_per_m2", "90417 × 1.013 × 0.942 × 1.177 × 1.000", False),
        (1006.8005938816066, "money", "210000 × 0.0025833 ÷ (1 − (1 + 0.0025833)^−300)", True),  # its rate is rounded
        (1013.0, "money", "210000 × 0.0025833 ÷ (1 − (1 + 0.0025833)^−300)", False),
        (120.0, "money", "1450 × 8.3 ÷ 100 ≈ 120", True),
        (130.0, "money", "1450 × 8.3 ÷ 100 ≈ 120", False),
    ],
)
def test_a_formula_gives_the_value_at_the_precision_recorded(value: float, unit: str, formula: str, true: bool) -> None:
    assert holds(Fact("x", value, unit, CALC, formula=formula)) is true  # type: ignore[arg-type]


@given(st.floats(0.01, 1e9), st.integers(1, 400), st.floats(0.5, 1e9))
def test_a_value_that_is_off_by_a_digit_never_holds(a: float, n: int, b: float) -> None:
    formula = f"{n} × {a:.6f} ÷ {b:.6f}"
    value = n * float(f"{a:.6f}") / float(f"{b:.6f}")
    assert holds(Fact("x", value, "money", CALC, formula=formula))
    if abs(value) > 1e-3:
        assert not holds(Fact("x", value * 1.0137531, "money", CALC, formula=formula))
        assert not holds(Fact("x", -value, "money", CALC, formula=formula))


def test_a_fact_that_its_formula_contradicts_binds_nothing_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    wrong = Fact("gross_yield", 7.77, "percent", CALC, formula="12 × 2300000 ÷ 450000000")
    right = Fact("noi", 27_600_000.0, "money", CALC, currency="COP", formula="12 × 2300000")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert sound([wrong, right]) == [right]
            assert accept("Da 7,77 %.", [wrong, right], LOCALES["es-CO"]).offender is not None
    [record] = caplog.records
    assert "gross_yield" in record.getMessage()
    assert "7.77" in record.getMessage()


YIELD = Fact("gross_yield", 6.133333, "percent", CALC, formula="12 × 2300000 ÷ 450000000")
RISE = Fact("value_at_horizon", 468_378_952.16, "money", CALC, currency="COP", formula="350000000 × (1 + 6 ÷ 100)^5")
OTHER = Fact("net_yield", 5.2, "percent", CALC)
PRICE = Fact("price", 450e6, "money", CALC, currency="COP")
ALL = [YIELD, RISE, OTHER, PRICE]


@pytest.mark.parametrize(
    ("text", "binds"),
    [
        ("12 × 2.300.000 ÷ 450.000.000 = 6,13 %.", True),
        ("(12 × 2.300.000) ÷ 450.000.000 = **6,13 %**.", True),
        ("6,13 % = 12 × 2.300.000 ÷ 450.000.000.", True),
        ("12 × 2.300.000 ÷ 450.000.000 ≈ 6,1 %.", True),
        ("Da lo esperado (12 × 2.300.000 ÷ 450.000.000 = 6,13 %).", True),
        ("Da lo esperado (12 × 2.300.000 ÷ 450.000.000 ≈ 6,1 %).", True),
        ("Da lo esperado (12 ÷ 2.300.000 × 450.000.000 ≈ 6,1 %).", False),
        ("Da lo esperado (**6,13 %** ≈ 12 ÷ 2.300.000 × 450.000.000).", False),
        ("12 × 2.300.000 ÷ 450.000.000 = 5,2 %.", False),  # a figure of another formula
        ("12 × 2.300.000 ÷ 450.000.000 = 6,14 %.", False),
        ("12 ÷ 2.300.000 × 450.000.000 = 6,13 %.", False),  # the same numbers, set otherwise
        ("12 × 12 ÷ 450.000.000 = 6,13 %.", False),
        ("Da 6,13 %: 12 × 12 ÷ 450.000.000.", False),  # a number of the formula twice
        ("350.000.000 × (1 + 6 ÷ 100)^5 = $468.378.952.", True),
        ("350.000.000 × (1 + 6 ÷ 100)^1 = $468.378.952.", False),
        ("350.000.000 × (1 + 6 ÷ 100)^1.", False),
    ],
)
def test_a_formula_written_out_gives_its_own_result(text: str, binds: bool) -> None:
    assert (accept(text, ALL, LOCALES["es-CO"]).offender is None) is binds
