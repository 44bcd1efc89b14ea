"""Transforms: typed values, missing stays missing, anything else is told and never guessed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.loaders.mapping import Spec, Transform
from knowledge.loaders.places import place_key
from knowledge.loaders.transforms import parse


def parsed(transform: Transform, *values: Any, decimal: str = ".", **spec: Any) -> tuple[list[Any], list[bool]]:
    frame = pd.DataFrame({"c": pd.Series(values, dtype=object)})
    result = parse(Spec(column="c", **spec), transform, frame, {}, decimal)
    plain = [None if value is None or value != value else value for value in result.values.tolist()]
    return plain, result.bad.tolist()


def test_numbers() -> None:
    assert parsed("number", "12.5", 7, " 3 ", "", None, "1e3") == ([12.5, 7, 3, None, None, 1000], [False] * 6)
    assert parsed("number", "1.234,5", "abc", "nan", "inf", "450.000.000")[1] == [True] * 5
    assert parsed("number", "12,5", decimal=",") == ([12.5], [False])


def test_integers_are_whole() -> None:
    assert parsed("integer", "3", 3.0, "2.5", "tres", 2**40) == (
        [3, 3, None, None, None], [False, False, True, True, True])


def test_a_year_that_cannot_be_one_counts_as_missing_and_the_next_column_is_taken() -> None:
    frame = pd.DataFrame({"told": [1970, 11, 2093, None], "cadastre": [1960, 1890, 1950, 1588]})
    result = parse(Spec(column=("told", "cadastre")), "year", frame, {}, ".")
    assert result.values.tolist() == [1970, 1890, 1950, 1588]
    assert not result.bad.any()


def test_flags() -> None:
    assert parsed("flag", "1", 0, True, "sí", "No", "maybe", "") == (
        [True, False, True, True, False, None, None], [False] * 5 + [True, False])


def test_dates() -> None:
    assert parsed("date", "2018-06-30", "2018-06-30T10:00:00", "30/06/2018", "2018-02-30") == (
        [date(2018, 6, 30), date(2018, 6, 30), None, None], [False, False, True, True])
    assert parsed("month_end", 201806, "201802", "201813", "2018") == (
        [date(2018, 6, 30), date(2018, 2, 28), None, None], [False, False, True, True])


@pytest.mark.parametrize(("text", "first_day"), [
    ("2018", date(2018, 1, 1)), ("2018FY", date(2018, 1, 1)), ("2018Q3", date(2018, 7, 1)),
    ("201811", date(2018, 11, 1)),
    ("2018-11", date(2018, 11, 1)), ("2018-11-20", date(2018, 11, 1)), (2018, date(2018, 1, 1)),
    ("2018Q5", None), ("20181", None), ("2018-13", None), ("2018-02-31", None),
])
def test_periods_begin_on_their_first_day(text: Any, first_day: date | None) -> None:
    assert parsed("period", text) == ([first_day], [first_day is None])


def test_categories_and_defaults() -> None:
    spec = {"map": {"Piso": "apartment", "1": "studio"}}
    assert parsed("category", "PISO", 1, 1.0, "barco", None, **spec) == (
        ["apartment", "studio", "studio", None, None], [False, False, False, True, False])
    assert parsed("category", None, default="apartment", **spec) == (["apartment"], [False])


@given(st.lists(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans()), min_size=1, max_size=5),
       st.sampled_from(["number", "integer", "year", "flag", "date", "month_end", "period", "latitude", "text"]))
def test_whatever_a_cell_holds_it_is_a_value_missing_or_bad(values: list[Any], transform: Transform) -> None:
    plain, bad = parsed(transform, *values)
    assert not any(is_bad and value is not None and transform not in ("latitude",)
                   for value, is_bad in zip(plain, bad, strict=True))


def test_place_names_meet_without_their_article() -> None:
    assert place_key("la Vila de Gràcia") == place_key("Vila de Gràcia") == place_key("Vila de Gracia, la")
    assert place_key("L'Hospitalet") == place_key("Hospitalet, l'")
    assert place_key("La Paz") != place_key("La Pazuela")
