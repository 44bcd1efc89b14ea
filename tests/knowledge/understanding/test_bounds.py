"""Sizes as people limit them: at least, at most, between, just so; and what a limit says about the wish."""

from __future__ import annotations

import pytest

from tests.knowledge.understanding.support import talk


@pytest.mark.parametrize(
    ("text", "slot", "value", "bound"),
    [
        ("pisos de 2 habitaciones en Valencia por menos de 200.000 €", "bedrooms", 2, "as_said"),
        ("pisos de 3+ habitaciones en Valencia", "bedrooms", 3, "min"),
        ("piso de 2 hab. o más en Valencia", "bedrooms", 2, "min"),
        ("casa en Cali de 3 alcobas en adelante", "bedrooms", 3, "min"),
        ("al menos 3 recámaras en Querétaro", "bedrooms", 3, "min"),
        ("no más de 2 habitaciones en Málaga", "bedrooms", 2, "max"),
        ("lote en Guasca de 1.500 metros pa arriba", "area_m2", 1500, "min"),
        ("2 o 3 habitaciones en Bogotá", "bedrooms", [2, 3], "as_said"),
        ("from 2 to 3 bedrooms in Alicante", "bedrooms", [2, 3], "as_said"),
        ("apartments in Medellín, 2 baths or more", "bathrooms", 2, "min"),
        ("pisos de máximo 60 m2 en Sevilla", "area_m2", 60, "max"),
        ("estudio de menos de 40 metros en Madrid", "area_m2", 40, "max"),
        ("flats with more than 90 sqm in Madrid", "area_m2", 90, "min"),
        ("piso +90 m2 Valencia", "area_m2", 90, "min"),
        ("piso de 90 m² mínimo en Valencia", "area_m2", 90, "min"),
        ("piso entre 70 y 90 m2 en Valencia", "area_m2", [70, 90], "as_said"),
        ("3 habitaciones máximo 200000 en Valencia", "bedrooms", 3, "as_said"),
        ("3 habitaciones, mínimo 80 m2, Valencia", "bedrooms", 3, "as_said"),
    ],
)
def test_a_size_and_its_bound(text: str, slot: str, value: object, bound: str) -> None:
    found = talk([text])
    assert found.slots[slot] == value
    assert found.request["bounds"][slot] == bound
    assert found.routes == ("market_research",)


def test_each_size_has_its_own_bound() -> None:
    found = talk(["piso de 2 habitaciones o más, hasta 80 m² y con 2 baños en Valencia"])
    assert found.request["bounds"] == {"bedrooms": "min", "area_m2": "max", "bathrooms": "as_said"}


def test_a_bound_lasts_until_its_size_is_said_anew() -> None:
    assert talk(["apartamentos de al menos 2 alcobas en Cali", "¿y en Medellín?"]).request["bounds"]["bedrooms"] == "min"
    later = talk(["apartamentos de al menos 2 alcobas en Cali", "mejor de 3 alcobas"])
    assert (later.slots["bedrooms"], later.request["bounds"]["bedrooms"]) == (3, "as_said")


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("apartamento de 80 m2 y 3 alcobas en arriendo en Laureles", "market_research"),
        ("piso de 80 m2 y 3 habitaciones en Gràcia", "price_prediction"),
        ("¿cuánto vale un piso de más de 100 m2 en Madrid?", "price_prediction"),
        ("piso de 80 m2 en Valencia, lo alquilo por 900 al mes y cuesta 180.000", "roi"),
    ],
)
def test_a_limit_or_a_rental_is_searched_and_one_s_own_home_is_valued(text: str, route: str) -> None:
    assert talk([text]).routes == (route,)
