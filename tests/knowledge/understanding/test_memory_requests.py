"""What is asked of the memory between conversations: whole sentences of a closed list, and nothing beside them."""

from __future__ import annotations

import pytest

from knowledge.understanding.memory_requests import asks_a_count, memory_request, risk_appetite, speaks_of_horizon
from knowledge.understanding.tokens import normalise, tokenise


@pytest.mark.parametrize(("text", "kind"), [
    ("Recuerda mis preferencias", "remember"),
    ("hola, guarda mi perfil por favor", "remember"),
    ("recuérdame", "remember"),
    ("Quiero que recuerde mis preferencias para la próxima vez", "remember"),
    ("Remember my preferences", "remember"),
    ("please save my profile for next time", "remember"),
    ("can you remember me?", "remember"),
    ("¿Qué sabes de mí?", "recall"),
    ("¿qué recuerda de mí?", "recall"),
    ("¿Recuerda mis preferencias?", "recall"),
    ("qué tienes guardado sobre mí", "recall"),
    ("What do you remember about me?", "recall"),
    ("what are my saved preferences", "recall"),
    ("Olvida mis preferencias", "forget"),
    ("borre mi perfil, por favor", "forget"),
    ("olvida todo lo que sabes de mí", "forget"),
    ("forget what you know about me", "forget"),
    ("please don't remember my preferences anymore", "forget"),
])
def test_a_request_is_known_in_both_languages(text: str, kind: str) -> None:
    found = memory_request(text)
    assert found is not None
    assert (found.kind, found.alone) == (kind, True)


@pytest.mark.parametrize("text", [
    "ejerzo mi derecho de habeas data", "borren todos mis datos", "RGPD: supriman mis datos personales",
    "delete all my personal data", "borra mi número", "¿qué sabes de Medellín?", "¿recuerdas el piso de Gràcia?",
    "recuérdame qué es el cap rate", "what do you know about Valencia?", "remember that I pay 30% down", "sí",
    "olvida el ascensor", "",
])
def test_formal_requests_and_questions_that_sound_alike_are_read_as_before(text: str) -> None:
    assert memory_request(text) is None


def test_a_message_may_say_more() -> None:
    found = memory_request("Busco casa en Cali hasta 300 millones. Recuerda mis preferencias.")
    assert found is not None
    assert (found.kind, found.alone) == ("remember", False)


@pytest.mark.parametrize(("text", "kind"), [
    ("sí", "granted"), ("Sí, acepto", "granted"), ("yes please", "granted"), ("no, gracias", "refused"), ("no", "refused"),
])
def test_consent_is_a_clear_answer_to_the_question(text: str, kind: str) -> None:
    answered = memory_request(text, asked=True)
    assert answered is not None
    assert answered.kind == kind
    assert memory_request(text) is None


@pytest.mark.parametrize("text", [
    "tal vez", "¿para qué sirve?", "sigue buscando", "maybe later", "no sé si quiero que me recuerdes",
])
def test_anything_else_is_no_consent(text: str) -> None:
    assert memory_request(text, asked=True) is None


@pytest.mark.parametrize(("text", "risk"), [
    ("soy conservador con mi dinero", "low"), ("no quiero correr riesgos", "low"), ("I'm quite risk averse", "low"),
    ("tengo un perfil moderado", "medium"), ("I have a high risk appetite", "high"), ("soy un inversionista agresivo", "high"),
    ("¿qué riesgo tiene Chapinero?", None), ("what is the risk of a vacancy?", None),
])
def test_the_appetite_for_risk_is_what_they_say_of_themselves(text: str, risk: str | None) -> None:
    assert risk_appetite(tokenise(normalise(text))) == risk


def test_counts_and_horizons() -> None:
    assert asks_a_count(tokenise(normalise("¿Cuántos pisos hay en Sevilla?")))
    assert asks_a_count(tokenise(normalise("how many flats are there")))
    assert not asks_a_count(tokenise(normalise("¿cuánto vale un piso?")))
    assert speaks_of_horizon(tokenise(normalise("mi horizonte es de 10 años")))
    assert not speaks_of_horizon(tokenise(normalise("un crédito a 10 años")))
