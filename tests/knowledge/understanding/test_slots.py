"""Slots of messages of every kind, each with all of its slots right: `slots.jsonl`, written before the rules were mended.

`absent` are slots that the conversation must leave open (the country of a place outside the markets).
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from knowledge.understanding.gazetteer import default_places
from knowledge.understanding.text import fold
from knowledge.understanding.understand import understand
from tests.knowledge.understanding.support import HERE, read_lines, talk

CASES = read_lines(HERE / "slots.jsonl")


def same(expected: Any, found: Any) -> bool:
    """Lists in any order, numbers but for rounding, texts without case and accents."""
    if isinstance(expected, list):
        return isinstance(found, list) and sorted(map(_plain, expected)) == sorted(map(_plain, found))
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return math.isclose(expected, found, rel_tol=1e-5)
    return found is not None and _plain(expected) == _plain(found)


def _plain(value: Any) -> str:
    text = str(value)
    return text.lower() if "@" in text or text.startswith("+") else fold(text)


@pytest.mark.parametrize("case", CASES, ids=[" || ".join(c["turns"])[:60] for c in CASES])
def test_every_slot_of_a_conversation(case: dict[str, Any]) -> None:
    found = talk(case["turns"]).slots
    wrong = {name: found.get(name) for name, value in case["slots"].items() if not same(value, found.get(name))}
    wrong |= {name: found[name] for name in case.get("absent", ()) if name in found}
    assert not wrong, case["turns"]


def test_a_district_keeps_the_name_people_use_and_takes_the_id_of_the_database() -> None:
    places = default_places().with_areas(
        [
            ("es", "country", "ES", "España", None, None, None),
            ("es/valencia", "city", "ES", "Valencia", "España", 39.47, -0.38),
            ("es/valencia/russafa", "neighbourhood", "ES", "Russafa", "Valencia", 39.46, -0.37),
        ]
    )
    for written in ("Ruzafa", "Russafa"):
        [place] = understand(f"pisos en {written}", places=places).places
        assert (place.name, place.area_id) == ("Ruzafa", "es/valencia/russafa")
    assert "russafa" in default_places().spellings("Ruzafa")
    assert "ensanche" not in default_places().spellings("Eixample")


@pytest.mark.parametrize(
    "text",
    [
        "que NO estén en sótano",
        "en términos generales, ¿cómo funciona?",
        "di un apartado y la oficina ya no existe",
        "las ventanas nuevas y la cocina de los años ochenta",
        "el piso está cerca del metro y de la playa",
        "Santiago me recomendó escribirles",
        "¿cuál es el VAN de estos flujos?",
        "el de la avenida de la Albufera",
    ],
)
def test_ordinary_words_are_no_places(text: str) -> None:
    assert understand(text, places=default_places()).places == ()


@pytest.mark.parametrize("text", ["soy inversionista", "I'm British", "gracias, Bogotá", "soy de Cali", "habla español?"])
def test_what_is_no_name(text: str) -> None:
    assert "name" not in talk([text]).slots


@pytest.mark.parametrize("text", ["presupuesto 350.000.000", "contact me, budget 2500000", "hasta 1 250 000 pesos"])
def test_amounts_are_no_telephones(text: str) -> None:
    assert "phone" not in talk([text]).slots
