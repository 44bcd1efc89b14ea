"""A figure binds to a fact of the period and of the frequency that its words name."""

from __future__ import annotations

import pytest

from core.facts import Fact, Source
from core.locale import LOCALES
from core.measures import frequency_of, in_points
from graphs.grounding import accept
from graphs.timing import period_in, span_of

CO, ES, MX, EN = (LOCALES[c] for c in ("es-CO", "es-ES", "es-MX", "en"))
SERIES, CALC, ADVERT, RULE, AREA, USER = (
    Source(kind, "S/1") for kind in ("series", "computation", "listing", "rule", "aggregate", "user"))  # type: ignore[arg-type]


def change(year: str, value: float) -> Fact:
    return Fact("change_year", value, "percent", CALC, entity="Málaga", as_of=year)


def point(period: str, value: float, key: str = "point") -> Fact:
    return Fact(key, value, "money_per_m2", SERIES, currency="EUR", entity="Málaga", as_of=period)


RISES = [change("2021", 3.1), change("2022", 4.9)]
POINTS = [point("2023-Q1", 2_100.0), point("2023-Q2", 2_180.0), point("2024-Q1", 2_350.0),
          point("2024-Q1", 2_350.0, "price_m2_latest")]
MONTHS = [point("2024-02", 2_310.0), point("2024-03", 2_350.0)]
LAW = Fact("rent_rise", "tope", "text", Source("rule", "co", "Ley 820 de 2003"))


@pytest.mark.parametrize(
    ("true", "false", "facts", "locale"),
    [
        ("En 2022 subió un 4,9 %.", "En 2021 subió un 4,9 %.", RISES, ES),
        ("In 2022 prices rose 4.9 %.", "In 2021 prices rose 4.9 %.", RISES, EN),
        ("In 2022, prices rose 4.9 %.", "In 2021, prices rose 4.9 %.", RISES, EN),
        ("In Málaga, in 2022, prices rose 4.9 %.", "In Málaga, in 2023, prices rose 4.9 %.", RISES, EN),
        ("Subió 3,1 % en 2021 y 4,9 % en 2022.", "Subió 4,9 % en 2021 y 3,1 % en 2022.", RISES, ES),
        ("Subió 3,1 % (2021) y 4,9 % (2022).", "Subió 4,9 % (2021) y 3,1 % (2022).", RISES, ES),
        ("En 2023-Q2 se pedían 2.180 €/m².", "En 2023-Q1 se pedían 2.180 €/m².", POINTS, ES),
        ("In Q2 2023 they asked €2,180/m².", "In Q1 2023 they asked €2,180/m².", POINTS, EN),
        ("En el segundo trimestre de 2023: 2.180 €/m².", "En el primer trimestre de 2023: 2.180 €/m².", POINTS, ES),
        ("In the first half of 2023 they asked €2,180/m².", "In the second half of 2023 they asked €2,180/m².", POINTS, EN),
        ("En marzo de 2024 se pedían 2.350 €/m².", "En febrero de 2024 se pedían 2.350 €/m².", MONTHS, ES),
        ("In March 2024 they asked €2,350/m².", "In February 2024 they asked €2,350/m².", MONTHS, EN),
        # the latest value is a point of its series
        ("In 2024 they asked €2,350/m².", "In 2023 they asked €2,350/m².", POINTS, EN),
        ("| | 2021 | 2022 |\n|---|---|---|\n| Subida | 3,1 % | 4,9 % |",
         "| | 2021 | 2022 |\n|---|---|---|\n| Subida | 4,9 % | 3,1 % |", RISES, ES),
        ("| Año | Subida |\n|---|---|\n| 2022 | 4,9 % |", "| Año | Subida |\n|---|---|\n| 2021 | 4,9 % |", RISES, ES),
        ("Desde 2022 subió 4,9 %.", "Hasta 2021 subió 4,9 %.", RISES, ES),
    ],
)
def test_a_figure_of_another_period_is_stopped(true: str, false: str, facts: list[Fact], locale) -> None:  # type: ignore[no-untyped-def]
    assert accept(true, facts, locale).offender is None
    assert accept(false, facts, locale).offender is not None


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Entre 2018 y 2022 subió un 4,9 %.", RISES),
        ("De 2018 a 2023 subió un 4,9 %.", RISES),
        ("Desde 2010 sube un 4,9 %.", RISES),
        ("Subió un 4,9 % respecto a 2021.", RISES),
        ("Un 4,9 %, más que en 2021.", RISES),
        ("Fuente: INE, 2021. Subió un 4,9 %.", RISES),
        ("Según la Ley 820 de 2003 sube 4,9 %.", [*RISES, LAW]),
        ("El edificio es de 2018 y fue construido en 2018 con un 4,9 %.", RISES),
        ("En 2021 había menos; hoy sube 4,9 %.", RISES),
        ("En 2021 había menos. Sube 4,9 %.", RISES),
        ("En 2018-19 subió 4,9 %.", RISES),
        # nothing tells periods apart
        ("En 2019 subió un 4,9 %.", [RISES[1]]),
        ("En 2019 subió un 7 %.", [Fact("x", 7.0, "percent", CALC), change("2021", 3.1), change("2022", 4.9)]),
        # the day of an advert, a law or a document is no period of its figures
        ("En 2019 pedía 300.000 €.", [
            Fact("price", 300_000.0, "money", ADVERT, currency="EUR", entity="Piso", as_of="2026-03-01"),
            Fact("price", 290_000.0, "money", ADVERT, currency="EUR", entity="Piso", as_of="2026-04-01")]),
        ("Desde 2024 es el 7 %.", [Fact("tax_pct", 7.0, "percent", RULE, as_of="2021-01-01"),
                                  Fact("tax_pct", 6.0, "percent", RULE, as_of="2019-01-01")]),
    ],
)
def test_a_year_that_says_nothing_of_the_figure_refuses_nothing(text: str, facts: list[Fact]) -> None:
    assert accept(text, facts, ES).offender is None


RENT = Fact("monthly_rent", 900.0, "money", USER, currency="EUR")
NOI = Fact("noi", 9_400.0, "money", CALC, currency="EUR")
YIELD = Fact("gross_yield", 5.4, "percent", CALC)
RATE = Fact("rate_pct", 12.0, "percent", USER)
A_MONTH = Fact("monthly_rate_pct", 0.95, "percent", CALC)
NIGHT = Fact("nightly_rent", 85.0, "money", USER, currency="EUR")
PAYMENT = Fact("monthly_payment", 1_014.59, "money", CALC, currency="EUR")
MEDIAN = Fact("rent_m2_median", 14.2, "money_per_m2", AREA, currency="EUR")
PRICE = Fact("price", 200_000.0, "money", USER, currency="EUR")
ALL = [RENT, NOI, YIELD, RATE, A_MONTH, NIGHT, PAYMENT, MEDIAN, PRICE]


@pytest.mark.parametrize(
    ("true", "false", "locale"),
    [
        ("Son 900 € al mes.", "Son 900 € al año.", ES),
        ("Son 900 € mensuales.", "Son 900 € anuales.", ES),
        ("Son 900 €/mes.", "Son 900 €/año.", ES),
        ("It rents for €900 a month.", "It rents for €900 a year.", EN),
        ("It rents for €900 per month.", "It rents for €900 per annum.", EN),
        ("It is €900 monthly.", "It is €900 a night.", EN),
        ("The monthly rent is €900.", "The yearly rent is €900.", EN),
        ("- Alquiler mensual: 900 €", "- Alquiler anual: 900 €", ES),
        ("Un alquiler mensual de unos 900 €.", "Un alquiler trimestral de unos 900 €.", ES),
        ("Al mes son 900 €.", "Al año son 900 €.", ES),
        ("Quedan 9.400 € netos al año.", "Quedan 9.400 € netos al mes.", ES),
        ("Rinde **5,4 %** bruto al año.", "Rinde **5,4 %** bruto al mes.", ES),
        ("It yields 5.4 % a year on a monthly rent of €900.", "It yields 5.4 % a month on a monthly rent of €900.", EN),
        ("Al 12 % E.A., o 0,95 % mensual.", "Al 0,95 % E.A.", ES),
        ("A 12 % yearly rate.", "A 12 % monthly rate.", EN),
        ("Pide 85 € por noche.", "Pide 85 € al mes.", ES),
        ("Una cuota de 1.014,59 € al mes.", "Una cuota de 1.014,59 € al año.", ES),
        ("Se piden 14,20 €/m² al mes.", "Se piden 14,20 €/m² al año.", ES),
        ("| | Al mes |\n|---|---|\n| Alquiler | 900 € |", "| | Al año |\n|---|---|\n| Alquiler | 900 € |", ES),
        ("| Cuota mensual | 1.014,59 € |", "| Cuota anual | 1.014,59 € |", ES),
    ],
)
def test_a_figure_of_another_frequency_is_stopped(true: str, false: str, locale) -> None:  # type: ignore[no-untyped-def]
    assert accept(true, ALL, locale).offender is None
    assert accept(false, ALL, locale).offender is not None


@pytest.mark.parametrize(
    "text",
    [
        "Con 900 € al mes rinde 5,4 % al año.",
        "5,4 % bruto al año: 900 € de alquiler al mes.",
        "Con el alquiler mensual rinde 5,4 %.",
        "200.000 € con una cuota mensual de 1.014,59 €.",
        "El alquiler mensual da 5,4 % al año sobre 200.000 €.",
        "Vale 200.000 €, 900 € al mes.",
        "It was 5.4 % a year ago.",
        "| Concepto | Al mes | Al año |\n|---|---|---|\n| Alquiler mensual y neto | 900 € | 9.400 € |",
    ],
)
def test_a_frequency_belongs_to_its_figure_alone(text: str) -> None:
    assert accept(text, ALL, EN if text.startswith("It") else ES).offender is None


def test_what_the_investor_said_of_a_figure_goes_before_its_key() -> None:
    said = ["me prestan a una tasa del 1,2 % mensual", "lo arriendo en 24 millones al año"]
    facts = [Fact("rate_pct", 1.2, "percent", USER), Fact("rent", 24e6, "money", USER, currency="COP")]
    assert accept("Con 1,2 % mensual y 24 millones al año.", facts, CO, said).offender is None
    assert accept("Con 1,2 % anual.", facts, CO, said).offender is not None
    assert accept("Con 24 millones al mes.", facts, CO, said).offender is not None
    assert accept("Con 1,2 % mensual.", facts, CO).offender is not None


@pytest.mark.parametrize(
    ("key", "frequency"),
    [("monthly_rent", "month"), ("cash_flow_month", "month"), ("cash_flow_year", "year"), ("annual_rent", "year"),
     ("rent_m2_median", "month"), ("levered_irr", "year"), ("nightly_rent", "night"), ("price", None), ("total_return", None),
     ("break_even_nights_month", "month")],
)
def test_the_key_says_how_often(key: str, frequency: str | None) -> None:
    assert frequency_of(key) == frequency


def test_points_are_of_differences() -> None:
    facts = [YIELD, Fact("leverage_effect", 1.3, "percent", CALC)]
    assert in_points("leverage_effect")
    assert accept("Suma 1,3 puntos porcentuales.", facts, ES).offender is None
    assert accept("It adds 130 basis points.", facts, EN).offender is None
    assert accept("Rinde 5,4 puntos porcentuales.", facts, ES).offender is not None


@pytest.mark.parametrize(
    ("words", "months"),
    [("en 2021", 12), ("2023-Q2", 3), ("T2 2023", 3), ("2T 2023", 3), ("Q2 of 2023", 3), ("marzo de 2024", 1),
     ("5 March 2024", 1), ("March 5, 2024", 1), ("2024-03", 1), ("2024-03-31", 1), ("from 2018 to 2020", 36),
     ("2018–2020", 36), ("tercer trimestre de 2023", 3), ("mil anuncios", None), ("2.021 €", None), ("$2021", None),
     ("Ley 820 de 2003", None), ("2018-19", None)],
)
def test_periods_are_read(words: str, months: int | None) -> None:
    span = period_in(words)
    assert (span and span[1] - span[0] + 1) == months


def test_a_period_that_is_none() -> None:
    assert span_of("hoy") is None
    assert span_of("2024-Q1") == (2024 * 12, 2024 * 12 + 2)
