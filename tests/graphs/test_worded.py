"""Figures that a model tells in words bind as digits do; what is only counted, and how a median is explained, is free."""

from __future__ import annotations

import pytest

from core.facts import Fact, Source
from core.locale import LOCALES
from graphs.drafts import Drafting
from graphs.grounding import accept
from graphs.streaming import Stream
from graphs.worded import worded_figures

ES = LOCALES["es-ES"]
CALC = Source("computation", "x")
FACTS = [
    Fact("payback", 17.0, "years", CALC), Fact("vacancy", 3.0, "months", CALC), Fact("bedrooms", 2.0, "count", CALC),
    Fact("loan_to_value", 33.3, "percent", CALC), Fact("change", 100.0, "percent", CALC),
    Fact("value", 418_000.0, "money", Source("model", "v"), currency="EUR", low=370_000.0, high=470_000.0, level=0.9),
]


@pytest.mark.parametrize(
    "text",
    [
        "Se recupera en diecisiete años.",
        "It is empty for three months.",
        "Tiene dos habitaciones.",
        "El crédito es un tercio del precio.",
        "Costará el doble.",
        "Nueve de cada diez veces está en el rango.",
        "Nine times out of ten it lies in the range.",
        "Hay dos opciones, y los dos primeros son parecidos.",
        "Es una de las zonas; un año, one month, un piso.",
        "La mitad central de los anuncios pide más.",
        "Half of the adverts ask for more; la mitad de los avisos se arrienda antes.",
        "Una cama doble, una tercera opción y un cuarto de baño.",
        "En la CDMX, MM de pesos, y el siglo XX.",
        "La tendencia de los últimos cuatro años.",  # as it was found
        "Ahorra seis meses.",  # as the investor said
    ],
)
def test_what_binds_or_is_no_figure(text: str) -> None:
    verdict = accept(text, FACTS, ES, ["Ahorro seis meses"], found=lambda: "tendencia de cuatro años")
    assert verdict.offender is None, verdict.offender


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Se recupera en dieciocho años.", "dieciocho años"),
        ("Se recupera en treinta y dos meses.", "treinta y dos meses"),
        ("It takes twenty-one months.", "twenty-one months"),
        ("Tiene cinco habitaciones.", "cinco habitaciones"),
        ("Vale doscientos euros.", "doscientos euros"),
        ("Hay una docena de pisos.", "una docena"),
        ("Hay un centenar de pisos.", "un centenar"),
        ("El crédito es la mitad del precio.", "la mitad"),
        ("The loan is two thirds of it.", "two thirds"),
        ("It is half of the price.", "half of"),
        ("Costará el triple.", "el triple"),
        ("Ocho de cada diez veces está en el rango.", "Ocho de cada diez"),
        ("Nueve de cada diez se venden.", "Nueve de cada diez"),
        ("Vale XV €.", "XV €"),
        ("Vale € XV.", "€ XV"),
    ],
)
def test_what_binds_to_nothing(text: str, shown: str) -> None:
    offender = accept(text, FACTS, ES, found=str).offender
    assert offender is not None
    assert offender.shown == shown


def test_the_templates_are_not_asked() -> None:
    assert accept("Más allá de cinco años no pronostico.", FACTS, ES).offender is None


def test_a_model_on_the_screen_is_asked_and_the_binding_is_told() -> None:
    stream = Stream(ES)
    stream.drafting = Drafting("es", expected=True)
    assert stream.feed("Se recupera en diecisiete años. Tiene cinco alcobas.\n", FACTS) == "Se recupera en diecisiete años."
    assert [binding.shown for binding in stream.bindings] == ["diecisiete años"]
    assert stream.offender is not None
    assert stream.offender.shown == "cinco alcobas"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("ciento veinte días", 120), ("two hundred days", 200), ("twenty-one days", 21), ("treinta y un días", 31),
        ("seiscientas horas", 600),
    ],
)
def test_numbers_in_words_are_read(words: str, value: float) -> None:
    assert [figure.readings[0].value for figure in worded_figures(words)] == [value]
