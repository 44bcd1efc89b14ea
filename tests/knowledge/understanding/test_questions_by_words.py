"""Who answers which question, where words alone tell them apart: a purchase's risk, a place's, taxes, prices to come, demand,
competition; and plain questions about returns and markets, which none of these takes."""

from __future__ import annotations

from typing import Any

import pytest

from .support import talk


def asked(text: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The routes, and what words alone asked: the risk, the tax (its measures or its rules), or aims of the market."""
    found = talk([text])
    request = found.request
    tax = request.get("tax") or {}
    told = {"risk": request.get("risk"), "tax": tax.get("measures") or tax.get("rules")}
    return found.routes, {name: value for name, value in told.items() if value} | (
        {"market": request["market"]} if found.routes == ("market_research",) and request.get("market") and not tax else {}
    )


@pytest.mark.parametrize(("text", "of"), [
    ("¿Qué tan riesgoso es comprar un apartamento de 450 millones en Chapinero y arrendarlo en 2,3 millones?", "all"),
    ("How risky is buying a 200,000 flat in Valencia and letting it at 900 a month?", "all"),
    ("Compro un depa de 3 millones en la Condesa y lo rento en 16 mil, ¿qué puede salir mal?", "all"),
    ("What's the chance of losing money on a 250k flat in Málaga that rents for 1,200?", "all"),
    ("¿Cuánto podría perder si compro un piso de 200.000 € en Valencia y lo alquilo por 900?", "all"),
    ("Un depa en Mérida de 2.5 millones que renta 14 mil, ¿es muy arriesgado?", "all"),
    ("Piso de 180.000 en Sevilla, alquiler 850, ¿cuál es el peor escenario?", "scenarios"),
    ("A 180,000 flat in Zaragoza, rent 750, sensitivity analysis please", "sensitivity"),
    ("Apto de 300 millones en Cali, canon 1,5 millones, hipoteca del 70 % al 12 % a 20 años: ¿y si se queda vacío?", "vacancy"),
    ("I'd buy at 320,000 in Barcelona and let it for 1,500 a month. What if rents fall?", "rent"),
])
def test_the_risk_of_a_purchase(text: str, of: str) -> None:
    assert asked(text) == (("roi",), {"risk": of})


@pytest.mark.parametrize("text", [
    "¿qué tan riesgoso es invertir en Usaquén?", "Is it risky to invest in Polanco?", "¿Es arriesgado comprar en Ruzafa?",
    "How risky is the Barcelona market?", "What are the risks of buying in Roma Norte?",
    "¿Qué riesgos tiene comprar vivienda en El Poblado?", "¿Es muy riesgoso el mercado de Cancún?",
    "¿Qué nivel de riesgo tiene la colonia Del Valle?", "¿qué tan seguro es invertir en Laureles?",
    "Is it safe to invest in Cancún?",
])
def test_the_risk_of_a_place(text: str) -> None:
    assert asked(text) == (("market_research",), {"market": ["risk"]})


@pytest.mark.parametrize(("text", "first"), [
    ("¿Cuánto pago de impuestos por arrendar un apto en 2,3 millones al mes en Medellín?", "rent_tax"),
    ("what tax do I pay on a rent of 1,200 a month in Valencia?", "rent_tax"),
    ("¿Cuánto ISR pago al vender en 5 millones un depa en CDMX que compré en 3 millones hace 6 años?", "sale_taxes"),
    ("How much capital gains tax if I sell for 300,000 in Seville a flat bought at 220,000 five years ago?", "sale_taxes"),
    ("rentabilidad después de impuestos de un piso de 250.000 que se alquila en 1.100 en Madrid", "after_tax_yield"),
    ("After-tax IRR of a 250k flat in Madrid, rent 1,100, sold in 10 years with 3% growth", "after_tax_irr"),
    ("¿Qué tan riesgoso es y cuánto ISR pago por rentar en 18 mil un depa de 3 millones en Monterrey?", "rent_tax"),
])
def test_a_tax_goes_before_the_risk_and_before_the_market(text: str, first: str) -> None:
    routes, what = asked(text)
    assert routes == ("roi",)
    assert list(what) == ["tax"]
    assert what["tax"][0] == first


@pytest.mark.parametrize(("text", "event"), [
    ("¿Qué impuestos se pagan por alquilar una vivienda en España?", "rent"),
    ("¿Cómo tributa el arriendo en Colombia?", "rent"),
    ("How is rental income taxed in Mexico?", "rent"), ("What taxes do landlords pay in Spain?", "rent"),
    ("What taxes do I pay when I sell a house in Mexico?", "sell"),
    ("¿Qué impuestos hay al comprar vivienda en Madrid?", "buy"),
])
def test_a_general_question_on_taxes_is_no_search(text: str, event: str) -> None:
    routes, what = asked(text)
    assert what == {"tax": event}
    assert routes in (("roi",), ("market_research",))


@pytest.mark.parametrize("text", [
    "¿Cuánto van a subir los precios en Bogotá en dos años?", "Will prices fall in Barcelona next year?",
    "¿Bajarán los precios de la vivienda en Madrid el próximo año?", "Forecast for house prices in Mexico City",
    "¿Qué pasará con el precio del metro en Chapinero?", "What will a flat in Valencia be worth in five years?",
    "¿Cuánto vale un piso de 80 m² en Gràcia?",
])
def test_prices_to_come_and_values(text: str) -> None:
    assert asked(text) == (("price_prediction",), {})


@pytest.mark.parametrize("text", [
    "¿Cómo está la demanda en Chapinero?", "How long does it take to sell in Condesa?", "¿Se vende rápido en Polanco?",
    "¿Qué tan rápido se arrienda un apartamento en Laureles?", "Is there demand for two-bedroom flats in Valencia?",
    "How fast do flats sell in Eixample?",
])
def test_demand(text: str) -> None:
    assert asked(text) == (("market_research",), {"market": ["demand"]})


@pytest.mark.parametrize("text", [
    "¿Qué competencia tiene el proyecto Torres de Turpial?", "Who does the Torres de Turpial project compete with?",
    "How competitive is Salamanca in Madrid?", "What else is for sale around Chapinero?",
    "¿Qué otros proyectos hay cerca de Chapinero?", "¿Con quién compite el proyecto en Providencia?",
])
def test_competition(text: str) -> None:
    assert asked(text) == (("market_research",), {"market": ["competition"]})


@pytest.mark.parametrize("text", [
    "¿Qué rentabilidad deja un apto de 450 millones en Chapinero si lo arriendo en 2,3 millones?",
    "Gross yield of a 200,000 flat renting at 900 in Valencia",
    "¿Cuánto pagaría al mes por una hipoteca de 200.000 al 3 % a 25 años?",
    "¿Cuáles son los gastos e impuestos de compra de un piso de 200.000 en Sevilla?",
    "What's the cash flow before tax of a 180k flat in Murcia, rent 800, mortgage 80% at 3% 25 years?",
    "¿Cuál es la TIR si compro en 200.000, alquilo en 900 y vendo en 260.000 a los 10 años?",
    "¿Y si la tasa sube 2 puntos? Crédito de 300 millones al 12 % a 15 años",
])
def test_a_plain_return_is_taken_by_none(text: str) -> None:
    assert asked(text) == (("roi",), {})


@pytest.mark.parametrize(("text", "market"), [
    ("¿Cuál es el precio por metro cuadrado en Laureles?", ["area_stats"]),
    ("Busco apartamento en Chapinero hasta 400 millones", ["search"]),
    ("How much are rents in Roma Norte?", ["area_stats"]),
    ("flats for sale in Gràcia under 300,000", ["search"]),
    ("¿Qué dice la ley sobre el arriendo en Colombia?", ["rules"]),
    ("¿Cuántos pisos hay en venta en Malasaña?", ["search"]),
])
def test_a_plain_question_of_the_market_is_taken_by_none(text: str, market: list[str]) -> None:
    assert asked(text) == (("market_research",), {"market": market})


@pytest.mark.parametrize(("turns", "market"), [
    (["How is demand in Chapinero?", "how risky is it?"], ["risk"]),
    (["¿Cómo está la demanda en Chapinero?", "¿y qué tan riesgoso es?"], ["risk"]),
    (["How is demand in Chapinero?", "what do people say?"], ["sentiment"]),
])
def test_a_few_words_take_up_the_place_told_before(turns: list[str], market: list[str]) -> None:
    found = talk(turns)
    assert (found.routes, found.request["market"], found.slots["neighbourhood"]) == (("market_research",), market, "Chapinero")


def test_what_is_risky_elsewhere_is_nobodys() -> None:
    assert talk(["How risky is it?"]).routes == ("none",)
    assert talk(["How risky is it to climb Mont Blanc without a guide in winter?"]).routes == ("none",)


@pytest.mark.parametrize(("text", "measure"), [
    ("¿Qué efecto tiene el apalancamiento? Piso en Madrid de 250.000 € alquilado a 1.100, "
     "70 % financiado al 3,5 % a 25 años, vendo en 10 años", "leverage_effect"),
    ("multiplicador del capital de un piso en Madrid de 200.000 € con 60.000 € propios, crédito al 3 % a 30 años, "
     "alquiler 950, vendo en 10 años con 2 % de revalorización", "equity_multiple"),
])
def test_measures_of_the_own_money_are_found_by_their_names(text: str, measure: str) -> None:
    assert measure in talk([text]).request["deal"]["asked"]


@pytest.mark.parametrize(("text", "years"), [
    ("¿Cuánto ha subido la vivienda en México desde 2010?", {"since_year": 2010}),
    ("how have prices moved in Andalucía since 2015?", {"since_year": 2015}),
    ("¿cuánto subieron los precios en España de 2015 a 2020?", {"since_year": 2015, "year": 2020}),
    ("how did rents change in Spain between 2010 and 2014?", {"since_year": 2010, "year": 2014}),
    ("¿cuánto subieron los precios en España en 2021?", {"year": 2021}),
])
def test_a_stretch_of_years_begins_where_the_words_say(text: str, years: dict[str, int]) -> None:
    request = talk([text]).request
    assert {k: v for k, v in request.items() if k in ("since_year", "year")} == years


def test_a_region_stays_spoken_of_until_another_place_is_named() -> None:
    assert talk(["¿Cuánto subirán los precios en Cataluña?", "¿y los alquileres?"]).request["region"] == "Cataluña"
    assert "region" not in talk(["¿Cuánto subirán los precios en Cataluña?", "¿y en España?"]).request

@pytest.mark.parametrize("text", [
    "¿Cuál será el precio de la vivienda en España en 2040?", "¿A cuánto estará el metro cuadrado en Bogotá en 2033?",
    "What will a square metre cost in Madrid in 2034?", "precio de los pisos en Valencia para 2031",
])
def test_prices_of_a_year_to_come_ask_for_a_forecast(text: str) -> None:
    found = talk([text])
    assert found.routes == ("price_prediction",)
    assert "forecast" in found.request["price"]


@pytest.mark.parametrize("text", [
    "precios en Valencia en 2019", "¿Cuánto costaban los pisos en Valencia en 2015?", "What did flats in Madrid cost in 2018?",
    "rents in Barcelona in 2017",
])
def test_prices_of_a_year_gone_by_ask_how_the_market_moved(text: str) -> None:
    found = talk([text])
    assert found.routes == ("market_research",)
    assert found.request["market"] == ["trend"]


@pytest.mark.parametrize("text", [
    "¿Cuánto vale un piso construido en 2015 en Valencia?", "¿Cuánto vale un piso de 80 m² en Valencia en 2030?",
    "pisos en Valencia por menos de 200.000 €",
])
def test_a_year_of_one_home_does_not(text: str) -> None:
    assert talk([text]).request.get("market") != ["trend"]


def test_the_estrato_of_a_home_is_kept_and_changed() -> None:
    first = "¿Cuánto vale un apto de 70 m² estrato 4 en Chapinero, Bogotá?"
    assert talk([first]).request["estrato"] == 4
    assert talk([first, "¿y de 90 m²?"]).request["estrato"] == 4
    assert talk([first, "¿y si fuera estrato seis?"]).request["estrato"] == 6


def test_what_a_home_lacks_stays_known_until_it_is_said_to_have_it() -> None:
    turns = ["Value a 75 m2 flat in Benimaclet, Valencia", "it's on the 4th floor without lift", "is 150k ok?"]
    assert talk(turns[:2]).request["refused_features"] == ["lift"]
    assert talk(turns).request["refused_features"] == ["lift"]
    mended = talk([*turns, "it does have a lift after all"])
    assert mended.request["refused_features"] == []
    assert mended.slots["features"] == ["lift"]
