"""Which messages ask for a tax, on what, and what they tell of who is taxed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.knowledge.understanding.support import talk


def tax(*turns: str) -> dict[str, Any]:
    found = talk(list(turns))
    return found.request.get("tax") or {}


@pytest.mark.parametrize(
    ("text", "measures"),
    [
        ("¿Qué impuestos pago al vender un apartamento en Bogotá que compré en 300 millones y vendo en 450 millones después "
         "de 5 años?", ["sale_taxes", "sale_proceeds"]),
        ("¿cuánto ISR pago por vender un departamento en CDMX que compré en 3 millones y vendo en 5 millones a los 6 años?",
         ["sale_taxes", "sale_proceeds"]),
        ("how much tax will I pay on the sale of my flat in Sevilla, bought at 180,000 and sold at 240,000 after 6 years?",
         ["sale_taxes", "sale_proceeds"]),
        ("¿cuánto es la ganancia ocasional si compré en 300 millones y vendo en 420 millones a los 4 años en Cali?",
         ["sale_taxes", "sale_proceeds"]),
        ("¿cuánto me queda después de impuestos si vendo en 5 millones en Cancún lo que compré en 3 millones hace 4 años?",
         ["sale_proceeds", "sale_taxes"]),
        ("¿Cuánto pago de impuestos por arrendar un apto en 2,3 millones al mes en Medellín?", ["rent_tax"]),
        ("¿Cuánto ISR pago por rentar un departamento en 18 mil al mes en Monterrey?", ["rent_tax"]),
        ("what tax do I pay on a rent of 1,200 a month in Valencia?", ["rent_tax"]),
        ("how much tax do I pay on rent of 20,000 pesos a month in Mérida?", ["rent_tax"]),
        ("¿cuánto es la retención en la fuente al vender un apartamento de 600 millones en Bogotá?", ["sale_withholding"]),
        ("rentabilidad después de impuestos de un piso de 250.000 que se alquila en 1.100 en Madrid",
         ["after_tax_yield", "rent_tax"]),
        ("what's the after tax yield on a 250,000 flat in Valencia renting for 1,000 a month?",
         ["after_tax_yield", "rent_tax"]),
        ("net of tax IRR: buy at 250k in Madrid, rent 1,100 a month, sell in 10 years with 3% growth", ["after_tax_irr"]),
        ("flujo de caja después de impuestos de un piso de 200.000 en Valencia que alquilo en 900, hipoteca del 80% al 3% a 25 "
         "años", ["after_tax_cash_flow_month", "after_tax_cash_flow_year", "rent_tax"]),
    ],
)
def test_what_is_asked_of_taxes(text: str, measures: list[str]) -> None:
    assert tax(text).get("measures") == measures


@pytest.mark.parametrize(
    "text",
    [
        "¿Cuáles son los gastos e impuestos de compra de un piso de 200.000 en Sevilla?",  # purchase costs
        "piso de 180.000, alquiler 900, impuestos 1.200 al año, ¿neta?",
        "Sabadell flat, everything monthly: rent 980, mortgage 512, community 65. What's left each month before tax?",
        "Tengo un piso en Chamberí. Si lo paso a una SL de Andorra, ¿cuánto IRPF me quito? Montadme el esquema para mi caso",
        "Quiero escriturar la casa en menos de lo que vale, 2 millones, ¿cuánto ISR pago al vender en 3 millones?",
        "¿cómo evito los impuestos si vendo en 300.000 un piso que me costó 200.000 hace 5 años?",
        "¿Crees que la plusvalía de Valladolid, Yucatán aguante otros seis años?",
        "¿Cuánto renta bruto un apto de 310 millones arrendado en 1,6 millones?",
    ],
)
def test_what_asks_for_none(text: str) -> None:
    assert tax(text) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no soy residente en España, ¿cuánto impuesto pago por alquilar en 1.000 al mes mi piso de Málaga?",
         {"residence": "abroad"}),
        ("vivo en Alemania, ¿cuánto impuesto pago por el alquiler de mi piso de Alicante? lo alquilo en 700",
         {"residence": "eu"}),
        ("I live in the UK, what tax do I pay on a rent of 900 a month in Valencia?", {"residence": "other"}),
        ("compré en 2018 por 180.000 y vendo en 260.000 en Málaga, ¿cuánto pago de impuestos?", {"bought_year": 2018}),
        ("¿cuánto impuesto pago por alquilar en 1.000 al mes en Madrid? mi tipo marginal es 37%", {"marginal_rate_pct": 37}),
        ("¿Cuánto sería la plusvalía municipal si vendo en 300.000 un piso en Madrid que compré por 200.000 hace 8 años? valor "
         "catastral del suelo 40.000", {"land_value": 40_000, "line": "land_gain_tax"}),
    ],
)
def test_what_is_told_of_the_owner_and_the_property(text: str, told: dict[str, Any]) -> None:
    assert told.items() <= tax(text).items()


def test_a_residence_alone_goes_on_with_the_question_before() -> None:
    rent = "¿Cuánto pago de impuestos por alquilar en 1.000 al mes un piso en Málaga?"
    assert tax(rent, "¿y si no soy residente?") == {"measures": ["rent_tax"], "residence": "abroad"}
    assert tax(rent, "gracias") == {}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("¿Qué impuestos tiene un no residente que alquila en España y cuánto suelen bajar la rentabilidad?", "rent"),
        ("¿Qué tanto le pega el ISR al rendimiento de un depa en renta en Mérida? En general, no para mi declaración", "rent"),
        ("En general, al vender en Mazatlán ¿qué impuestos y gastos se comen la ganancia y más o menos qué tanto?", "sell"),
        ("¿Qué impuestos y gastos notariales me bajan el retorno si compro usado en Ibagué?", "buy"),
        ("¿qué porcentaje se paga en Colombia de ganancia ocasional cuando alguien vende una casa?", "sell"),
        ("What taxes does a non-resident pay in Spain when buying a resale flat? A general overview will do.", "buy"),
        ("¿Qué otros proyectos hay cerca de Chapinero y cuánto piden?", None),
    ],
)
def test_a_general_question_asks_for_the_rules(text: str, rules: str | None) -> None:
    assert tax(text).get("rules") == rules


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("soy extranjero y quiero comprar en Playa del Carmen", "buyer"),
        ("I'm American, buying a condo in Tulum", "buyer"),
        ("As a foreigner I want to buy in Cancún", "buyer"),
        ("somos canadienses y queremos comprar en Los Cabos", "buyer"),
        ("costos de cierre con fideicomiso de un departamento en Cancún", "trust"),
        ("closing costs through a bank trust in Tulum for 200,000 USD", "trust"),
        ("quiero comprar en Playa del Carmen", None),
        ("soy mexicano y quiero comprar en Cancún", None),
        ("an American style kitchen in Tulum", None),
    ],
)
def test_a_foreigner_and_a_trust_are_heard(text: str, told: str | None) -> None:
    assert talk([text]).request.get("foreign") == told


def test_a_foreigner_stays_one_in_later_messages() -> None:
    found = talk(["soy canadiense, gastos de compra de un departamento de 4 millones en Cancún", "¿y en Querétaro?"])
    assert found.request["foreign"] == "buyer"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("soy extranjero y quiero comprar un departamento en Playa del Carmen", {"rules": "buy", "beside": True}),
        ("soy extranjero y quiero comprar un apartamento en Medellín", None),
        ("quiero comprar un departamento en Playa del Carmen", None),
        ("soy extranjero y busco renta en Playa del Carmen", None),
    ],
)
def test_a_foreigner_who_buys_in_mexico_hears_of_the_costs_beside_the_adverts(text: str, rules: dict[str, Any] | None) -> None:
    assert talk([text]).request.get("tax") == rules


@pytest.mark.parametrize("text", [
    "¿necesito fideicomiso para comprar en Ciudad de México?", "¿puedo comprar sin fideicomiso en Guadalajara?",
    "I'm Canadian, thinking of a condo in Mexico City for 5 million pesos, do I need a trust?",
])
def test_whether_the_trust_is_needed_asks_for_the_rules_of_a_foreigners_purchase(text: str) -> None:
    found = talk([text])
    assert (found.routes, found.request["tax"]) == (("market_research",), {"rules": "buy"})
    assert found.request["foreign"] in ("buyer", "trust")


def test_a_return_asked_without_a_trust_is_a_return() -> None:
    assert talk(["depa en Tulum de 4 millones, renta de 22 mil al mes, ¿rentabilidad neta sin fideicomiso?"]).routes == ("roi",)


@pytest.mark.parametrize("text", ["¿necesito un fideicomiso en Bogotá?", "do I need a trust to buy in Madrid?"])
def test_no_other_country_has_that_trust(text: str) -> None:
    assert (talk([text]).request.get("tax") or {}).get("rules") is None
