"""Figures as they are written in the three countries and in English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.understanding.amounts import read_amounts
from knowledge.understanding.tokens import normalise, tokenise


def read(text: str) -> list[tuple[float, str, str | None]]:
    message = normalise(text)
    return [(a.value, a.kind, a.currency) for a in read_amounts(message, tokenise(message))]


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("450 millones", 450e6, None),
        ("450M", 450e6, None),
        ("dos coma cinco millones", 2.5e6, None),
        ("$450.000.000", 450e6, None),
        ("1.250'000.000", 1.25e9, None),
        ("1.400 millones", 1.4e9, None),
        ("mil doscientos millones", 1.2e9, None),
        ("5 mil millones", 5e9, None),
        ("42 palos", 42e6, None),
        ("600 lucas", 600e3, None),
        ("un millón doscientos", 1.2e6, None),
        ("2 millones 300", 2.3e6, None),
        ("dos millones y medio", 2.5e6, None),
        ("medio millón de euros", 500e3, "EUR"),
        ("3.2 mdp", 3.2e6, "MXN"),
        ("1.25 mdd", 1.25e6, "USD"),
        ("$12,800.50", 12800.5, None),
        ("350k €", 350e3, "EUR"),
        ("€250k", 250e3, "EUR"),
        ("cuatrocientos mil euros", 400e3, "EUR"),
        ("USD 120k", 120e3, "USD"),
        ("US$ 95,000", 95e3, "USD"),
        ("1.5 millones de dólares", 1.5e6, "USD"),
        ("120 mil pesos colombianos", 120e3, "COP"),
        ("two hundred and ninety thousand dollars", 290e3, "USD"),
        ("two and a half million", 2.5e6, None),
        ("half a million euros", 500e3, "EUR"),
        ("127.000", 127e3, None),
        ("1 200 000", 1.2e6, None),
    ],
)
def test_money(text: str, value: float, currency: str | None) -> None:
    assert read(text) == [(value, "money", currency)]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("tres coma cuatro por ciento", 3.4, "percent"),
        ("two point seven five percent", 2.75, "percent"),
        ("uno coma cero cinco por ciento", 1.05, "percent"),
        ("al 3.125 fixed", 3.125, "percent"),
        ("7,200 fixed per year", 7200, "money"),
        ("540 metros", 540, "area"),
        ("90m2", 90, "area"),
        ("1,100 sq ft", 102.19, "area"),
        ("2 hectáreas", 20000, "area"),
        ("100 varas cuadradas", 69.87, "area"),
        ("3,4 %", 3.4, "percent"),
        ("2,75 por ciento", 2.75, "percent"),
        ("3.125%", 3.125, "percent"),
        ("22 años", 22, "years"),
        ("24 meses", 24, "months"),
        ("dos recámaras", 2, "count"),
        ("3-bed", 3, "count"),
        ("en 2030", 2030, "year"),
        ("180 de construcción", 180, "area"),
        ("95 útiles", 95, "area"),
        ("2 bedroms", 2, "count"),
        ("3 recamras", 3, "count"),
        ("the next decade", 10, "years"),
        ("la próxima década", 10, "years"),
        ("piso 8", 8, "other"),
        ("the 20th floor", 20, "other"),
    ],
)
def test_other_kinds(text: str, value: float, kind: str) -> None:
    assert read(text) == [(value, kind, None)]


def test_ranges_share_size_and_currency() -> None:
    assert read("entre 350 y 480 millones") == [(350e6, "money", None), (480e6, "money", None)]
    assert read("between 200k and 350k USD") == [(200e3, "money", "USD"), (350e3, "money", "USD")]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("mi cel es 310 222 3344", "3102223344"),
        ("612 34 56 78", "612345678"),
        ("+52 55 1234 5678", "+525512345678"),
        ("ring me: +49 30 5550 123", "+49305550123"),
    ],
)
def test_telephones_are_no_amounts(text: str, digits: str) -> None:
    message = normalise(text)
    assert [(a.kind, a.unit) for a in read_amounts(message, tokenise(message))] == [("phone", digits)]


@pytest.mark.parametrize("text", ["mil gracias", "12/05/2026", "a las 10:30"])
def test_not_amounts(text: str) -> None:
    assert read(text) == []


def test_a_distance_is_no_area() -> None:
    assert read("a 200 metros de la playa") == [(200, "other", None)]


@given(st.integers(min_value=1000, max_value=999_999_999_999))
def test_grouping_of_both_habits_reads_the_same(value: int) -> None:
    english = f"$ {value:,}"
    spanish = english.replace(",", ".")
    assert [a[0] for a in read(english)] == [a[0] for a in read(spanish)] == [float(value)]


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    message = normalise(text)
    for amount in read_amounts(message, tokenise(message)):
        assert 0 <= amount.start < amount.end <= len(message)


def test_figures_of_a_row_share_the_size_of_its_last() -> None:
    assert [value for value, *_ in read("1.2, 1.1 and 0.95 million pesos")] == [1.2e6, 1.1e6, 0.95e6]
    assert [value for value, *_ in read("3, 90 y 450 millones")] == [3, 90e6, 450e6]  # the first is not alike


def test_the_number_of_an_advert_is_no_sum() -> None:
    assert [value for value, kind, _ in read("REF 4471, 239.000 €") if kind == "money"] == [239_000]
