"""Thousands, millions and billions in both languages and conventions, points and percent, per square metre and whole."""

from __future__ import annotations

import pytest

from core.facts import Fact, Source, Unit
from core.locale import LOCALES
from graphs.figures import read_figures
from graphs.grounding import accept

CO, ES, MX, EN = (LOCALES[c] for c in ("es-CO", "es-ES", "es-MX", "en"))
CALC = Source("computation", "x")


def money(value: float, currency: str = "COP") -> Fact:
    return Fact("price", value, "money", CALC, currency=currency)


def plain(value: float, unit: Unit, key: str = "x") -> Fact:
    return Fact(key, value, unit, CALC, currency="EUR" if unit == "money_per_m2" else None)


FLAT, TOWER = money(450e6), money(4.5e9)


@pytest.mark.parametrize(
    ("text", "fact", "locale"),
    [
        ("450 millones", FLAT, CO), ("450 MILLONES de pesos", FLAT, CO), ("450 MM", FLAT, CO), ("450 mill", FLAT, CO),
        ("$450 millones", FLAT, CO), ("450.000.000", FLAT, CO), ("$450'000.000", FLAT, CO), ("450 000 000 COP", FLAT, CO),
        ("COP 450m", FLAT, EN), ("COP 450 million", FLAT, EN), ("COP 450,000,000", FLAT, EN), ("0,45 mil millones", FLAT, CO),
        ("450.000 mil", FLAT, CO), ("COP 450,000k", FLAT, EN), ("450 M", FLAT, CO),
        ("4,5 mil millones", TOWER, CO), ("4,5 miles de millones", TOWER, CO), ("4.500 millones", TOWER, CO),
        ("COP 4.5 billion", TOWER, EN), ("COP 4.5bn", TOWER, EN), ("COP 4.5B", TOWER, EN), ("0,0045 billones", TOWER, CO),
        ("1,2 billones de pesos", money(1.2e12), CO), ("COP 1.2 trillion", money(1.2e12), EN),
        ("6,2 mdp", money(6.2e6, "MXN"), CO), ("6.2 mdp", money(6.2e6, "MXN"), MX), ("6.2 MDP", money(6.2e6, "MXN"), MX),
        ("2.5 mdd", money(2.5e6, "USD"), MX), ("300k€", money(300e3, "EUR"), ES), ("1,2 M€", money(1.2e6, "EUR"), ES),
        ("300 mil euros", money(300e3, "EUR"), ES), ("€1.2m", money(1.2e6, "EUR"), EN), ("300 000 €", money(300e3, "EUR"), ES),
        ("6,13 %", plain(6.13, "percent"), CO), ("6.13%", plain(6.13, "percent"), CO),
        ("6.13 percent", plain(6.13, "percent"), EN),
        ("4.279 €/m²", plain(4279.0, "money_per_m2"), ES), ("4.279 € por m²", plain(4279.0, "money_per_m2"), ES),
        ("€4,279 per square metre", plain(4279.0, "money_per_m2"), EN),
        ("4.279 € el metro cuadrado", plain(4279.0, "money_per_m2"), ES),
        ("1,3 puntos porcentuales", plain(1.3, "percent", "leverage_effect"), ES),
        ("130 bps", plain(1.3, "percent", "leverage_effect"), EN),
    ],
)
def test_the_same_amount_written_in_many_ways_binds(text: str, fact: Fact, locale) -> None:  # type: ignore[no-untyped-def]
    assert accept(f"Son {text}.", [fact], locale).offender is None


@pytest.mark.parametrize(
    ("text", "facts", "locale"),
    [
        ("450", [FLAT], CO), ("$450", [FLAT], CO), ("450 mil", [FLAT], CO), ("450 mil millones", [FLAT], CO),
        ("450 billones", [FLAT], CO), ("45 millones", [money(4.5e6)], CO), ("4,5 millones", [money(45e6)], CO),
        ("4.5 millones", [money(45e6)], CO), ("4,5 millones", [TOWER], CO), ("4,5 billones", [TOWER], CO),
        ("COP 4.5 trillion", [TOWER], EN), ("COP 4.5 million", [TOWER], EN),
        # a scale that is read is no bare number: these stood for 450, 1.2, 4.5 or 300 of anything
        ("450 MM", [plain(450, "count")], CO), ("1,2 billones", [plain(1.2, "ratio")], CO), ("4.5B", [plain(4.5, "ratio")], EN),
        ("$450m", [money(450, "USD")], EN), ("2.5 mdd", [money(2.5e6, "MXN")], MX), ("450 000 000", [plain(450, "count")], CO),
        ("650 000 000 COP", [plain(650, "count")], CO),
        ("450 000", [plain(450, "count"), plain(0.3, "ratio")], ES),
        ("613 %", [plain(6.13, "percent")], CO), ("0,0613 %", [plain(6.13, "percent")], CO),
        ("61,3 %", [plain(6.13, "percent")], CO),
        ("6.13", [plain(6.13, "percent")], EN), ("6,13 €", [plain(6.13, "percent")], ES),
        ("6,13 puntos porcentuales", [plain(6.13, "percent")], ES), ("613 basis points", [plain(6.13, "percent")], EN),
        ("50 puntos básicos", [plain(50, "count")], ES),
        ("4.279 €", [plain(4279.0, "money_per_m2")], ES), ("4.279 € por m²", [money(4279, "EUR")], ES),
        ("€4,279 per square metre", [money(4279, "EUR")], EN), ("€4,279 per square foot", [plain(4279.0, "money_per_m2")], EN),
        ("€4,279/sq ft", [money(4279, "EUR")], EN), ("80 sq ft", [plain(80.0, "m2")], EN),
        ("80 pies cuadrados", [plain(80.0, "m2")], ES),
        ("80 hectáreas", [plain(80.0, "m2"), plain(80, "count")], ES),
        ("3 semanas", [plain(3, "months"), plain(3, "count")], ES),
        ("3 weeks", [plain(3, "count")], EN), ("5 millas", [plain(5, "km"), plain(5, "count")], MX),
        ("5 horas", [plain(5, "count")], ES),
        ("dieciocho por ciento", [plain(6.13, "percent")], ES), ("veintidós por ciento", [plain(6.13, "percent")], ES),
        ("thirteen percent", [plain(6.13, "percent")], EN), ("setecientos mil euros", [FLAT], ES),
        ("2½ años", [plain(2, "years")], ES),
        ("½ millón", [FLAT], CO),
    ],
)
def test_another_scale_or_measure_does_not(text: str, facts: list[Fact], locale) -> None:  # type: ignore[no-untyped-def]
    assert accept(f"Son {text}.", facts, locale).offender is not None


@pytest.mark.parametrize(
    ("text", "locale", "values"),
    [
        ("1.234.567,8", ES, [1234567.8]), ("1,234,567.8", EN, [1234567.8]), ("1,234,567.8", ES, [1234567.8]),
        ("1.234", ES, [1234.0]), ("1.234", EN, [1.234]), ("1,234", ES, [1.234]), ("1,234", MX, [1234.0]),
        ("450 000", ES, [450000.0]), ("450\u202f000,5", ES, [450000.5]), ("12 34", ES, [12.0, 34.0]), ("5 100 %", ES, [5100.0]),
    ],
)
def test_numbers_are_read_as_the_reader_writes_them(text: str, locale, values: list[float]) -> None:  # type: ignore[no-untyped-def]
    assert [figure.value for figure in read_figures(text, locale)] == values


def test_a_phone_number_is_none_and_an_amount_is_no_phone_number() -> None:
    for text in ("Llame al 600 123 456.", "Llame al 315 555 0108.", "Llame al +34 600 123 456."):
        assert accept(text, [], ES, [text]).offender is None
    for text in ("Vale 600 123 456 €.", "Vale $600 123 456.", "Vale 450 123 456.", "Vale 600 000 000."):
        assert accept(text, [], CO).offender is not None
