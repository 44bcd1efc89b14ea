"""Questions of what may go otherwise: which words ask them, of what, and when they are no such question."""

from __future__ import annotations

import pytest

from knowledge.understanding.rules.risk import asked_risk
from knowledge.understanding.tokens import normalise, tokenise
from knowledge.understanding.understand import default_places, understand


@pytest.mark.parametrize(("message", "of"), [
    ("¿qué tan riesgoso es?", "all"), ("que tan arriesgado es", "all"), ("¿hay riesgo de perder dinero?", "all"),
    ("¿qué probabilidad hay de perder plata?", "all"), ("¿puedo perder plata con esto?", "all"), ("¿qué riesgos corro?", "all"),
    ("¿qué puede salir mal?", "all"), ("¿cuánto podría perder?", "all"), ("how risky is it", "all"),
    ("what could go wrong?", "all"), ("what's the chance of losing money", "all"), ("what's the downside?", "all"),
    ("how much could I lose?", "all"), ("¿cuál es el peor escenario?", "scenarios"), ("muéstrame escenarios", "scenarios"),
    ("en el peor de los casos", "scenarios"), ("worst case?", "scenarios"), ("análisis de sensibilidad", "sensitivity"),
    ("sensitivity please", "sensitivity"), ("which input matters most?", "sensitivity"),
    ("¿y si baja el arriendo?", "rent"), ("¿qué pasa si el alquiler baja?", "rent"), ("what if rents fall", "rent"),
    ("¿y si se queda vacío?", "vacancy"), ("¿qué pasa si no lo arriendo?", "vacancy"), ("what if it sits empty?", "vacancy"),
    ("and if I can't find a tenant?", "vacancy"), ("¿y si sube la tasa?", "rate"), ("y si suben los intereses", "rate"),
    ("what if the rate goes up?", "rate"), ("¿y si los precios caen?", "growth"), ("y si se desvaloriza", "growth"),
    ("what happens if prices fall?", "growth"),
])
def test_the_words_ask_it(message: str, of: str) -> None:
    assert asked_risk(tokenise(normalise(message)), figures=()) == of


@pytest.mark.parametrize("message", [
    "¿qué rentabilidad me deja?", "¿cuánto pagaría al mes?", "what is the yield?", "¿y a 20 años?", "¿y si lo financio?",
    "gracias",
    "¿y si se queda vacío mes y medio al año?", "¿y si no lo alquilo en agosto?", "mejor no tan optimista",
    "¿cuáles son los gastos de compra?", "busco apartamento en Chapinero",
])
def test_other_questions_do_not(message: str) -> None:
    assert asked_risk(tokenise(normalise(message)), figures=()) is None


def test_a_supposition_with_a_figure_is_a_calculation() -> None:
    tokens = tokenise(normalise("¿y si la tasa sube 2 puntos?"))
    assert asked_risk(tokens, figures=()) == "rate"
    assert asked_risk(tokens, figures=(5,)) is None


def test_it_is_of_one_purchase_whose_price_was_told_and_of_its_turn_alone() -> None:
    places = default_places()
    first = "¿qué tan riesgoso es comprar un piso en Valencia por 180.000 € y alquilarlo por 900 al mes?"
    told = understand(first, places=places)
    assert told.routes == ("roi",)
    assert told.request["risk"] == "all"
    then = understand("¿cuál es el peor escenario?", places=places, previous_slots=told.slots, previous_routes=told.routes)
    assert then.routes == ("roi",)
    assert then.request["risk"] == "scenarios"
    after = understand("¿y la rentabilidad bruta?", places=places, previous_slots=then.slots, previous_routes=then.routes)
    assert "risk" not in after.request
    asked = "Proyécteme el valor de un apartamento de 430 millones en El Tesoro a cinco años, con un escenario bueno y uno malo"
    forecast = understand(asked, places=places)
    assert "price_prediction" in forecast.routes
    assert "risk" not in forecast.request
    area = understand("¿qué tan riesgoso es invertir en Medellín?", places=places)
    assert "risk" not in area.request
