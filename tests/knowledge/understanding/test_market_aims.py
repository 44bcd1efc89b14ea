"""What of a market is asked, told by phrases that no trained model sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.understanding.lexicon import DATA
from knowledge.understanding.market_aims import _book

from .support import talk


@pytest.mark.parametrize(
    ("text", "aim"),
    [
        ("¿cómo está la demanda en Chapinero?", "demand"),
        ("¿cuánto tarda en venderse un piso en Gràcia?", "demand"),
        ("how long does it take to sell in Condesa?", "demand"),
        ("¿cuántos anuncios han bajado de precio en Cali?", "demand"),
        ("what is the absorption rate in Bogotá?", "demand"),
        ("¿qué tan rápido se arrienda un apartamento en Laureles?", "demand"),
        ("¿están bajando los precios en Usaquén?", "trend"),
        ("¿bajaron los precios en Bogotá?", "trend"),
        ("are prices falling in Barcelona?", "trend"),
        ("¿qué competencia tiene el proyecto Torres de Turpial?", "competition"),
        ("how competitive is Salamanca in Madrid?", "competition"),
        ("what else is for sale around Chapinero?", "competition"),
        ("¿qué otros proyectos hay cerca de Chapinero?", "competition"),
        ("rental yield by neighbourhood in Madrid", "yields"),
        ("¿qué barrios de Madrid rentan más?", "yields"),
        ("rentabilidad por barrio en Madrid", "yields"),
        ("¿en qué colonias de Guadalajara hay mayor rentabilidad?", "yields"),
        ("what do people say about Roma Norte?", "sentiment"),
        ("¿qué opinan de vivir en Laureles?", "sentiment"),
        ("¿qué tan riesgoso es invertir en Usaquén?", "risk"),
        ("is it risky to invest in Polanco?", "risk"),
        ("¿qué riesgo tiene invertir en Medellín?", "risk"),
    ],
)
def test_what_is_asked_of_a_market(text: str, aim: str) -> None:
    found = talk([text])
    assert found.routes == ("market_research",)
    assert found.request["market"] == [aim]
    assert found.human_reason is None


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("¿qué rentabilidad deja un apto de 450 millones en Chapinero si lo arriendo en 2,3 millones?", "roi"),
        ("¿qué tan riesgoso es comprar un apto de 450 millones en Chapinero que renta 2,3 millones?", "roi"),
        ("¿cuánto van a subir los precios en Bogotá en dos años?", "price_prediction"),
        ("Compara Bogotá y Medellín para invertir", "comparison"),
        ("Me estafaron con un apartamento en Chapinero, ¿qué riesgo hay de comprar ahí?", "human"),
    ],
)
def test_what_is_not_of_a_market_goes_where_it_went(text: str, route: str) -> None:
    assert route in talk([text]).routes


def test_a_follow_up_keeps_its_place() -> None:
    found = talk(["¿cómo está la demanda en Chapinero?", "¿y qué tan riesgoso es invertir ahí?"])
    assert found.request["market"] == ["risk"]
    assert found.slots["neighbourhood"] == "Chapinero"


def test_the_trained_models_do_not_see_these_phrases() -> None:
    from knowledge.understanding.cues import cue_book

    assert not any(dict(cue.says).get("aim") for table in cue_book()._words.values() for cue, _ in table)
    assert Path(DATA / "market_aims.csv").is_file()
    assert {"demand", "trend", "competition", "yields", "sentiment", "risk"} == {
        dict(cue.says)["aim"] for table in _book()._words.values() for cue, _ in table}


BEFORE = ("¿Cuánto vale un piso de 80 m2 en Sants, Barcelona?", "Busco piso en Sevilla por menos de 200.000",
          "Piso en Valencia de 180.000 €, alquiler 950 al mes. ¿Qué rentabilidad me da?", "Compara Laureles y El Poblado")


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize(("text", "aim"), [
    ("¿Cuál es el barrio con mayor rentabilidad en Barcelona?", "yields"),
    ("Which neighbourhoods of Madrid yield most?", "yields"),
    ("How risky is investing in Polanco?", "risk"), ("¿Qué tan rápido se venden los pisos en Madrid?", "demand"),
    ("¿Hay mucha competencia para un edificio en Chamberí?", "competition"),
])
def test_a_question_about_another_market_is_its_own_whatever_was_asked_before(before: str, text: str, aim: str) -> None:
    found = talk([before, text])
    assert (found.routes, found.request["market"]) == (("market_research",), [aim])


def test_the_risk_of_the_place_of_a_purchase_in_hand_is_the_purchases() -> None:
    found = talk([BEFORE[2], "¿Qué tan riesgoso es invertir en Valencia?"])
    assert (found.routes, found.request["risk"]) == (("roi",), "all")
