"""Whole conversations over the demo portfolio: what is asked is answered, from facts, and what is suggested works."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from agents.supervisor import SPECIALISTS
from core.facts import Fact
from core.locale import LOCALES
from evals.score import has_number
from graphs.grounding import accept
from graphs.runner import Runner

from .conftest import SCOPE, talk


def assert_bound(outcome: dict[str, Any], *words: str) -> None:
    """Every figure that the reader saw binds to a fact of the turn."""
    facts = [Fact.from_dict(f) for f in outcome["facts"]]
    verdict = accept(outcome["answer"], facts, LOCALES[outcome["locale"]], words)
    assert verdict.offender is None, (verdict.offender, outcome["answer"])


@pytest.mark.parametrize(
    ("question", "language", "routes", "keys"),
    [
        ("¿A cómo está el metro cuadrado en Laureles, Medellín?", "es", {"market_research"}, {"price_m2_median"}),
        ("precio medio por metro en Málaga", "es", {"market_research"}, {"price_m2_median"}),
        ("How much is a square metre in Guadalajara?", "en", {"market_research"}, {"price_m2_median"}),
        ("Busco depa de 2 recámaras en la Ciudad de México, máximo 6 millones", "es", {"market_research"}, {"price"}),
        ("Show me flats for sale in Madrid under 300k euros", "en", {"market_research"}, {"price"}),
        ("¿Cómo se han movido los precios en Bogotá?", "es", {"market_research"}, {"change_year"}),
        ("¿Cuánto vale un piso de 80 m² y 2 habitaciones en Málaga?", "es", {"price_prediction"}, {"value"}),
        ("What is a 70 sqm two-bedroom apartment in Medellín worth?", "en", {"price_prediction"}, {"value"}),
        ("¿Cuánto pueden subir los precios en Cali en dos años?", "es", {"price_prediction"}, {"expected_change"}),
        ("Compara Bogotá y Medellín para invertir", "es", {"comparison"}, {"price_m2_median"}),
        ("Compare Madrid and Málaga for buying to let", "en", {"comparison"}, {"price_m2_median"}),
    ],
)
async def test_a_question_is_answered_from_the_portfolio(
    asked: Runner, question: str, language: str, routes: set[str], keys: set[str]
) -> None:
    [outcome] = await talk(asked, question)
    assert (outcome["status"], outcome["language"], set(outcome["routes"])) == ("finished", language, routes)
    assert not outcome["escalated"]
    shown = {f["key"] for f in outcome["facts"] if f["id"] in outcome["shown_facts"]}
    assert keys <= shown, outcome["answer"]
    assert_bound(outcome, question)
    demo = "demostración" if language == "es" else "demo data"
    assert demo in outcome["answer"]


@pytest.mark.parametrize(
    ("question", "figures"),
    [
        ("Compro por 200.000 € en Málaga y alquilo por 900 € al mes. ¿Rentabilidad bruta?", {"gross": 5.4}),
        ("Compro apto de 300 millones en Cali y lo arriendo en 1.600.000. ¿Qué rentabilidad bruta da?", {"gross": 6.4}),
        ("I buy at MXN 3,000,000 in Guadalajara and rent it at 15,000 a month. Gross yield?", {"gross": 6.0}),
        ("Hipoteca de 160.000 € a 25 años al 3,2 %: ¿qué cuota sale?", {"payment": 775.49}),
        ("Monthly payment on a 200,000 euro mortgage over 30 years at 3 %?", {"payment": 843.21}),
    ],
)
async def test_returns_are_those_of_hand_arithmetic(asked: Runner, question: str, figures: dict[str, float]) -> None:
    [outcome] = await talk(asked, question)
    assert outcome["routes"] == ["roi"]
    for value in figures.values():
        assert has_number(outcome["answer"], value, 1e-4), outcome["answer"]
    assert_bound(outcome, question)


async def test_a_follow_up_keeps_what_was_said(asked: Runner) -> None:
    first, second, third, fourth = await talk(
        asked, "Busco apartamento en venta en Medellín de hasta 500 millones", "¿y en Cali?", "compara los dos primeros",
        "¿Qué rentabilidad dejaría el segundo?",
    )
    assert (first["slots"]["city"], second["slots"]["city"]) == ("Medellín", "Cali")
    assert second["slots"]["budget_max"] == 500_000_000
    assert third["routes"] == ["comparison"]
    assert fourth["routes"] == ["roi"]
    for outcome in (first, second, third, fourth):
        assert_bound(outcome)


@pytest.mark.parametrize(
    "question",
    ["¿A cuánto está el metro cuadrado en Miami?", "¿Cuánto vale un piso de 80 m² en Lisboa?", "Price per m2 in Paris?",
     "What is a 3 bed house in Toronto worth?"],
)
async def test_a_city_without_data_gets_no_figure(asked: Runner, question: str) -> None:
    [outcome] = await talk(asked, question)
    assert outcome["status"] == "finished"
    shown = [f for f in outcome["facts"] if f["id"] in outcome["shown_facts"]]
    assert [f for f in shown if f["source"]["kind"] != "user"] == []
    assert_bound(outcome, question)


async def test_a_wish_to_speak_to_a_person_opens_one_case(asked: Runner) -> None:
    first, again = await talk(asked, "Quiero hablar con una persona, por favor", "¿ya viene alguien?")
    assert first["escalated"]
    assert first["case"]["case"] in first["answer"]
    async with asked.resources.database.session(SCOPE) as session:
        found = await session.execute(
            text("SELECT count(*) FROM cases WHERE id = :id"), {"id": first["case"]["id"]}
        )
        assert found.scalar_one() == 1
    assert again["case"] is None or again["case"]["id"] == first["case"]["id"]


SEEDS = {
    "search": "Busco apartamento en Laureles, Medellín, de hasta 500 millones",
    "rent search": "apartamentos en arriendo en Cali",
    "search en": "I want to buy a flat in Madrid under 400k",
    "value": "¿Cuánto vale un piso de 80 m² y 2 habitaciones en Málaga?",
    "value mx": "¿Cuánto vale un departamento de 90 m² y 2 recámaras en Polanco, Ciudad de México?",
    "value en": "How much is an 80 m² two-bedroom flat in Seville worth?",
    "yield": "Compro por 200.000 € en Málaga y alquilo por 900 € al mes, ¿rentabilidad?",
    "yield mx": "Compro depa en Guadalajara en 3 millones y lo rento en 15 mil al mes, ¿qué rendimiento da?",
    "yield en": "I buy in Madrid at 250k euros and rent at 1,250 a month: yield?",
    "loan": "Hipoteca de 160.000 € a 25 años al 3,2 %, ¿qué cuota sale?",
    "loan co": "¿Cuánto pagaría al mes por un crédito de 200 millones de pesos a 15 años al 12 %?",
    "loan en": "Mortgage of 200k euros over 30 years at 3%: what payment?",
    "compare": "Compara Medellín y Cali para invertir",
    "compare en": "Compare Mexico City and Guadalajara",
    "options": "Opción A: 300 millones y arriendo de 1,6 millones. Opción B: 350 millones y arriendo de 2 millones. ¿Cuál?",
    "level": "¿A cuánto está el metro cuadrado en Bogotá?",
    "level en": "Price per square metre in Medellín",
    "trend": "¿Cómo se han movido los precios en Bogotá?",
    "forecast": "¿Cuánto pueden subir los precios en Málaga en 3 años?",
    "forecast en": "How much could prices rise in Madrid in three years?",
}


@pytest.mark.parametrize("seed", SEEDS, ids=str)
async def test_what_is_suggested_works(asked: Runner, seed: str) -> None:
    """Each suggestion, sent as it stands, is answered: other words than before, figures that bind, or a question back."""
    [first] = await talk(asked, SEEDS[seed])
    assert first["suggestions"], first["answer"]
    assert len(set(first["suggestions"])) == len(first["suggestions"]) <= 3
    for words in first["suggestions"]:
        _, then = await talk(asked, SEEDS[seed], words)
        assert then["status"] == "finished"
        assert set(then["routes"]) <= set(SPECIALISTS), words
        assert then["answer"] != first["answer"], words
        assert words not in then["suggestions"]
        assert then["shown_facts"] or then["routes"] == ["lead_qualification"], (words, then["answer"])
        assert_bound(then, SEEDS[seed], words)
