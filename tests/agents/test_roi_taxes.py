"""Tax questions from the message to the answer: the figures are those of the rules, and every figure binds to a fact."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.clock import FixedClock, use_clock
from evals.scorers.figures import has_number
from tests.agents.test_roi_told import answered


@pytest.fixture(autouse=True)
def today():
    with use_clock(FixedClock(datetime(2026, 11, 30, 12, tzinfo=UTC))):
        yield


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        # 15 % of 150 million, the least after commission and notary
        ("¿Qué impuestos pago al vender un apartamento en Bogotá que compré en 300 millones y vendo en 450 millones después "
         "de 5 años?", [22_500_000, 20_292_750], ["ganancia ocasional", "notariales", "asesor"]),
        ("soy no residente, ¿cuánto pago de IRNR por el alquiler de un piso en Málaga que renta 1.000 al mes?",
         [2_280, 2_880], ["UE", "IRNR"]),
        ("I live in the UK, what tax do I pay on a rent of 1,000 a month in Valencia?", [2_880],
         ["outside the EU", "individuals"]),
        # no place is named: the money and the Spanish tell the country; 19 % of 100,000
        ("Soy argentino y no resido en España. Vendo por 320.000 € un piso que compré en 2018 por 220.000 €. ¿Qué impuestos "
         "pago?", [19_000, 9_600], ["IRNR", "coeficientes"]),
        ("¿Qué rentabilidad después de impuestos me da un piso en Madrid de 250.000 € alquilado a 1.100 € al mes? mi tipo "
         "marginal es 37 %", [2.99, 3.22], ["amortización", "reducción", "desde 1 de enero de 2024"]),
        ("¿cuánto es la retención en la fuente al vender un apartamento de 600 millones en Bogotá?", [6_000_000, 7_143_900],
         ["anticipo"]),
        ("¿Cuánto sería la plusvalía municipal si vendo en 300.000 un piso en Madrid que compré por 200.000 hace 8 años? valor "
         "catastral del suelo 40.000", [7_600, 2_280], ["plusvalía municipal"]),
        ("¿cuánto ISR pago por vender un departamento en CDMX que compré en 3 millones y vendo en 5 millones a los 6 años?",
         [383_515], ["sin verificar", "ISR"]),
        ("¿cuánto impuesto pago por alquilar en 1.000 al mes en Madrid? mi tipo marginal es 40%", [2_400], ["IRPF"]),
        ("How much tax do I pay on renting out a flat in Mérida, Yucatán for 20,000 pesos a month?", [156_000, 54_600],
         ["marginal rate"]),
        ("what's the after tax yield on a 250,000 flat in Valencia renting for 1,000 a month?", [2.55, 2.91], ["after tax"]),
        ("TIR después de impuestos: compro en 450 millones en Bogotá, arriendo 2,3 millones, vendo a los 5 años, crece 6%",
         [6.34, 7.87], ["TIR anual después de impuestos", "ganancia ocasional"]),
        ("¿Cuánto pago de impuestos al comprar un piso de 700.000 € en Barcelona?", [71_000], ["ITP"]),
    ],
)
async def test_a_tax_question_is_answered_by_the_rules(text: str, values: list[float], words: list[str]) -> None:
    answer = await answered([text])
    for value in values:
        assert has_number(answer, value, 0.002), (value, answer)
    for word in words:
        assert word in answer, answer


async def test_what_is_not_known_is_asked_for() -> None:
    answer = await answered(["¿cuánto pago de impuestos si vendo en 300.000 un piso de Madrid que me costó 200.000?"])
    assert "años" in answer
    assert "?" in answer


async def test_another_residence_in_the_next_turn() -> None:
    rent = "¿Cuánto pago de impuestos por alquilar en 1.000 al mes un piso en Málaga?"
    answer = await answered([rent, "¿y si vivo en Francia?"])
    assert has_number(answer, 2_280, 0.001), answer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("¿Qué impuestos tiene un no residente que alquila en España y cuánto suelen bajar la rentabilidad?",
         ["19 %", "24 %", "IBI urbano", "sin verificar"]),
        ("En general, al vender en Mazatlán ¿qué impuestos y gastos se comen la ganancia y más o menos qué tanto?",
         ["Tarifa anual del ISR", "25 %", "35 %"]),
        ("Generally speaking what taxes hit a non-resident letting out a flat in Spain, and how big a bite do they take "
         "out of the yield", ["19 %", "24 %", "unverified"]),
    ],
)
async def test_a_general_question_is_answered_by_the_rules_of_today(text: str, words: list[str]) -> None:
    answer = await answered([text])
    for word in words:
        assert word in answer.replace("\u00a0", " "), answer
    assert "general scale" not in answer


@pytest.mark.parametrize(
    ("turns", "values", "words"),
    [
        (["I'm American, buying a condo in Tulum for 250,000 USD, what are the closing costs?"], [17_500, 22_500, 2_500, 800],
         ["restricted zone", "trust"]),
        (["costos de cierre con fideicomiso de un departamento de 200,000 dólares en Cancún"], [14_000, 18_000, 3_000, 500],
         ["zona restringida", "art. 27"]),
        (["I'm Canadian, what are the closing costs of a 4 million peso house in Querétaro?"], [160_000, 280_000],
         ["outside the restricted zone", "without a trust"]),
        (["soy canadiense, gastos de compra de un departamento de 4 millones en Guadalajara"], [160_000, 280_000, 3_000],
         ["Hay que comprobar con el notario si Guadalajara está", "Eso no está en esta cuenta"]),
        (["I'm American: condo in Mérida for 200,000 USD that rents at 1,500 USD a month. Net yield?"], [800],
         ["which is already off the rent", "have the notary confirm it"]),
        (["soy extranjero, ¿qué gastos de compra tiene un departamento de 200,000 dólares en Cancún?", "¿y en Querétaro?"],
         [8_000, 14_000], ["Querétaro está fuera de la zona restringida"]),
    ],
)
async def test_a_foreigner_in_mexico_hears_of_the_trust(turns: list[str], values: list[float], words: list[str]) -> None:
    answer = await answered(turns)
    for value in values:
        assert has_number(answer, value, 0.002), (value, answer)
    for word in words:
        assert word in answer, answer


async def test_a_mexican_hears_nothing_of_a_trust() -> None:
    answer = await answered(["gastos de compra de un departamento de 4 millones en Cancún"])
    assert "fideicomiso" not in answer


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("¿cuánto ISAI pago por una casa de 3 millones en Tepic?", "Tepic"),
        ("¿qué impuestos pago al comprar en Oaxaca?", "Oaxaca"),
        ("gastos de compra de un piso de 200.000 € en Villanueva de la Cañada", "Villanueva de la Cañada"),
    ],
)
async def test_a_place_without_rules_of_its_own_is_named(text: str, place: str) -> None:
    assert f"No tengo las reglas propias de {place}" in await answered([text])


async def test_a_purchase_in_the_future_is_refused_with_its_year() -> None:
    answer = await answered(["¿Qué impuestos pago al vender en 300.000 un piso de Madrid que compré en 2035 por 200.000?"])
    assert "La fecha de compra no puede ser" in answer
    assert "2035" in answer


async def test_why_no_tax_was_reckoned_is_said_once() -> None:
    answer = await answered(["how much tax on selling for 250,000 dollars a flat in Bogotá that I bought for 200,000 dollars "
                             "5 years ago?"])
    assert answer.count("Taxes are reckoned in the currency of the property's country") == 1
