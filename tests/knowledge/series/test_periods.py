"""The names of periods: what is written is read back, and what names none is none."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.forecasting.series import period_number
from knowledge.series.periods import period_label, read_period

DAYS, FREQUENCIES = st.dates(date(1000, 1, 1), date(9000, 12, 31)), st.sampled_from("AQM")


@pytest.mark.parametrize(("frequency", "name", "first"), [
    ("A", "2026", date(2026, 1, 1)), ("Q", "2026-Q3", date(2026, 7, 1)), ("M", "2026-09", date(2026, 9, 1)),
])
def test_a_period_is_named_and_read_back(frequency: str, name: str, first: date) -> None:
    assert period_label(date(2026, 9, 15), frequency) == name
    assert read_period(name) == first


@pytest.mark.parametrize(("word", "first"), [
    ("2018q4", date(2018, 10, 1)), ("2018FY", date(2018, 1, 1)), ("201812", date(2018, 12, 1)),
    ("2018-12-31", date(2018, 12, 1)), ("2018-02-30", None), ("2018-13", None), ("2018-Q5", None), ("0000", None), ("", None),
])
def test_other_forms_of_periods(word: str, first: date | None) -> None:
    assert read_period(word) == first


@given(DAYS, DAYS, FREQUENCIES)
def test_days_of_one_period_share_its_name_and_its_number(one: date, other: date, frequency: str) -> None:
    same = period_label(one, frequency) == period_label(other, frequency)
    assert same == (period_number(one, frequency) == period_number(other, frequency))


@pytest.mark.parametrize(("frequency", "months"), [("A", 12), ("Q", 3), ("M", 1)])
def test_periods_that_follow_have_numbers_that_do(frequency: str, months: int) -> None:
    firsts = [date(2020 + month // 12, month % 12 + 1, 1) for month in range(0, 48, months)]
    assert {period_number(b, frequency) - period_number(a, frequency) for a, b in pairwise(firsts)} == {1}
