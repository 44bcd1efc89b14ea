"""Questions of what a characteristic adds to a price: which words ask them, and which do not."""

from __future__ import annotations

import pytest

from knowledge.understanding.understand import default_places, understand


@pytest.mark.parametrize(("message", "terms"), [
    ("¿Cuánto sube el precio de un piso en Valencia si tiene ascensor?", ["feature:lift"]),
    ("¿cuánto más vale un apto con piscina en Bogotá?", ["feature:pool"]),
    ("¿Qué tanto influye la alberca en el precio en Guadalajara?", ["feature:pool"]),
    ("¿Cuánto resta estar en planta baja en Valencia?", ["feature:ground_floor"]),
    ("¿Cuánto suma el ascensor?", ["feature:lift"]),
    ("How much does a terrace add to the value of a flat in Valencia?", ["feature:terrace"]),
    ("What difference does a balcony make to the price in Barcelona?", ["feature:balcony"]),
    ("How much more do flats with a garage or a pool cost in Madrid?", ["feature:parking", "feature:pool"]),
    ("¿Cuánto aporta un baño más en Medellín?", ["bathrooms"]),
    ("how much does a second bathroom add in Barcelona?", ["bathrooms"]),
    ("¿Cuánto pesa en el precio estar cerca del metro en Barcelona?", ["attribute:distance_to_metro_km"]),
    ("¿Cuánto sube de valor un piso en Valencia si lo reformo?", ["feature:to_renovate"]),
    ("¿Qué características influyen más en el precio en Barcelona?", ["any"]),
    ("What features affect the price most in Mexico City?", ["any"]),
])
def test_the_words_ask_it(message: str, terms: list[str]) -> None:
    asked = understand(message, places=default_places())
    assert asked.routes == ("price_prediction",)
    assert asked.slots["_request"]["effects"] == terms
    assert "features" not in asked.slots


@pytest.mark.parametrize("message", [
    "Busco piso en Valencia con ascensor y terraza",
    "¿Cuánto vale un piso de 80 m² con ascensor en Valencia?",
    "I'm selling my flat in Valencia, 90 m2, third floor. How much would a lift add?",  # of one home: its value
    "¿Cuánto sube el arriendo si está amoblado en Medellín?",
    "¿Cuánto más pago de administración si hay piscina?",
    "¿cuánto cambia la cuota si sube la tasa?",
    "¿Qué diferencia hay entre un ático y un dúplex?",
    "¿Qué factores influyen en la rentabilidad?",
    "¿Cuánto costaría instalar un ascensor en un edificio en Madrid?",
    "¿Cuánto han subido los precios en Valencia?",
])
def test_other_questions_do_not(message: str) -> None:
    assert "effects" not in understand(message, places=default_places()).slots["_request"]


def test_a_few_words_go_on_with_another_characteristic_or_place_and_no_longer() -> None:
    places = default_places()
    first = understand("¿Cuánto sube el precio de un piso en Valencia si tiene ascensor?", places=places)
    known = {"previous_slots": first.slots, "previous_routes": first.routes}
    assert understand("¿y con garaje?", places=places, **known).slots["_request"]["effects"] == ["feature:parking"]
    elsewhere = understand("¿y en Sevilla?", places=places, **known)
    assert (elsewhere.slots["_request"]["effects"], elsewhere.slots["city"]) == (["feature:lift"], "Sevilla")
    after = understand("¿y cuánto vale uno de 80 m² con ascensor?", places=places, **known)
    assert "effects" not in after.slots["_request"]
    assert after.slots["features"] == ["lift"]


@pytest.mark.parametrize("message", [
    "¿qué error tiene tu modelo de valoración en Barcelona?", "¿cómo calculas el valor de un piso?",
    "How accurate are your valuations in Valencia?", "¿qué tan confiables son tus avalúos?",
])
def test_how_far_off_values_are_is_asked(message: str) -> None:
    asked = understand(message, places=default_places())
    assert asked.routes == ("price_prediction",)
    assert asked.request["accuracy"]


@pytest.mark.parametrize("message", [
    "how do you value a flat of 80 m2 in Sants?", "¿Cómo calculas la rentabilidad?", "¿qué tan fiable es el inquilino?",
    "¿cuánto vale un piso en Valencia?",
])
def test_of_one_home_or_of_something_else_it_is_not(message: str) -> None:
    assert "accuracy" not in understand(message, places=default_places()).request
