"""Places: nicknames, slips of the pen, names of several countries, streets that are no cities."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.understanding.gazetteer import PlaceIndex, edits
from knowledge.understanding.understand import Understanding, default_places, understand
from tests.knowledge.understanding.support import talk


def read(text: str, places: PlaceIndex | None = None, **more: Any) -> Understanding:
    return understand(text, places=places or default_places(), **more)


@pytest.mark.parametrize(
    ("text", "country", "city"),
    [
        ("pisos en la ciudad condal", "ES", "Barcelona"),
        ("apartamentos en Medallo", "CO", "Medellín"),
        ("oficinas en la capital antioqueña", "CO", "Medellín"),
        ("locales en la nevera", "CO", "Bogotá"),
        ("depas en CDMX", "MX", "Ciudad de México"),
        ("flats in Seville", "ES", "Sevilla"),
        ("flats in Saragossa", "ES", "Zaragoza"),
        ("casas en queretaro", "MX", "Querétaro"),
        ("pisos en Barselona", "ES", "Barcelona"),
        ("apartamentos en Bucaramnga", "CO", "Bucaramanga"),
        ("piso en Vitoria", "ES", "Vitoria"),
        ("garages in Pozuelo", "ES", "Pozuelo de Alarcón"),
        ("pisos en Córdoba", "ES", "Córdoba"),
        ("casas de 2 recámaras en Córdoba, Veracruz", "MX", "Córdoba"),
        ("pisos en Mérida", "ES", "Mérida"),
        ("depas en Mérida", "MX", "Mérida"),
        ("pisos en Guadalajara hasta 150.000 €", "ES", "Guadalajara"),
        ("casas en Guadalajara", "MX", "Guadalajara"),
        ("apartamentos en Armenia, Quindío", "CO", "Armenia"),
        ("piso en León, España", "ES", "León"),
        ("solar en el polígono de Alcantarilla", "ES", "Alcantarilla"),
        ("nave en el poligono industrial de Villaverde del Río", "ES", "Villaverde del Río"),
        ("Soledad: ¿cómo va el metro cuadrado?", "CO", "Soledad"),
        ("el lote de Bello, ¿en cuánto anda?", "CO", "Bello"),
        ("piso junto al Hospital de Toledo, en Talavera", "ES", "Talavera"),
        ("aptos cerca de la Universidad de Antioquia, Medellín", "CO", "Medellín"),
        ("flats by the University of Navarra in Pamplona", "ES", "Pamplona"),
        ("piso cerca del aeropuerto de Málaga", "ES", "Málaga"),
        ("vivimos en Venezuela, queremos piso en Valencia", "ES", "Valencia"),
        ("soy de Argentina y busco piso en Córdoba", "ES", "Córdoba"),
        ("Melgar vive de gente de Bogotá y de Soacha, ¿compro ahí?", "CO", "Melgar"),
    ],
)
def test_city(text: str, country: str, city: str) -> None:
    slots = read(text).slots
    assert (slots["country"], slots["city"]) == (country, city)


@pytest.mark.parametrize(
    ("text", "city", "neighbourhood"),
    [
        ("apto en chapi", "Bogotá", "Chapinero"),
        ("el loft de la Juárez", "Ciudad de México", "Juárez"),
        ("un depa en la Roma Norte", "Ciudad de México", "Roma Norte"),
        ("pisos en el barrio de Salamanca en Madrid", "Madrid", "Salamanca"),
        ("pisos en vigo, centro", "Vigo", "Centro"),
        ("downtown Cali offices", "Cali", "Centro"),
        ("casa en la colonia Lomas Altas, Zapopan", "Zapopan", "Lomas Altas"),
        ("a flat in Leslieville, Toronto", "Toronto", "Leslieville"),
        ("locales en Lima, por Surquillo", "Lima", "Surquillo"),
        ("In Buenos Aires, around Recoleta, any offices?", "Buenos Aires", "Recoleta"),
        ("estudio en Graça, Lisboa", "Lisboa", "Graça"),
        ("lofts in Wynwood", "Miami", "Wynwood"),
        ("apto en Miraflores, Cali", "Cali", "Miraflores"),
        ("un depa en Providencia, Guadalajara", "Guadalajara", "Providencia"),
        ("apto en Chicó Norte, Bogotá", "Bogotá", "Chicó Norte"),
        ("piso en Villa de Vallecas", "Madrid", "Villa de Vallecas"),
        ("depa en la Narvarte Poniente", "Ciudad de México", "Narvarte Poniente"),
        ("nave en el polígono de Malpica, Zaragoza", "Zaragoza", "Malpica"),
        ("naves en el Polígono San Pablo, Sevilla", "Sevilla", "Polígono San Pablo"),
    ],
)
def test_neighbourhood(text: str, city: str, neighbourhood: str) -> None:
    slots = read(text).slots
    assert (slots["city"], slots["neighbourhood"]) == (city, neighbourhood)


@pytest.mark.parametrize("text", ["pisos en Salamanca", "casas en La Paz", "una casa en Roma"])
def test_a_city_is_not_its_namesake_neighbourhood(text: str) -> None:
    assert "neighbourhood" not in read(text).slots


@pytest.mark.parametrize(
    "text", ["¿sube la Av. Caracas?", "un local en la calle Toledo", "el clásico regio", "mil gracias"]
)
def test_streets_and_words_are_no_cities(text: str) -> None:
    assert "city" not in read(text).slots


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("¿y en Lima?", ("Lima",)),
        ("condos in Miami", ("Miami",)),
        ("oficinas en Montevideo", ("Montevideo",)),
        ("pisos en Lisboa o en Madrid", ("Lisboa",)),
        ("vivo en Londres y busco piso en Málaga", ()),
        ("casas en Portugal", ("Portugal",)),
        ("somewhere in the Algarve, Tavira or Lagos", ("Algarve", "Tavira", "Lagos")),
        ("casas en Cuenca, Ecuador", ("Cuenca", "Ecuador")),
        ("un condo en Brickell", ("Miami",)),
        ("a condo in La Paz (Mexico, not Bolivia)", ()),
        ("aptos en Copacabana, Antioquia", ()),
        ("casas en Altamira, Tamaulipas", ()),
    ],
)
def test_outside_the_markets(text: str, names: tuple[str, ...]) -> None:
    assert read(text).uncovered == names


@pytest.mark.parametrize(
    ("turns", "city", "neighbourhood"),
    [
        (["casas en Querétaro", "en Jurica, Juriquilla o El Refugio"], "Querétaro", ["Jurica", "Juriquilla", "El Refugio"]),
        (["apto en Medellín", "perdón, me equivoqué de barrio: era Manila"], "Medellín", "Manila"),
        (["aptos en Cartagena, Colombia", "¿y en Manga o Marbella?"], "Cartagena", ["Manga", "Marbella"]),
        (["casas en Mérida, Yucatán", "wrong subdivision, it's Altabrisa"], "Mérida", "Altabrisa"),
        (["pisos en Málaga", "¿y en Granada?"], "Granada", None),
        (["apartamentos en Cali", "¿y en Palmira?"], "Palmira", None),
        (["aptos en Medellín", "¿y en Envigado o Sabaneta?"], ["Envigado", "Sabaneta"], None),
    ],
)
def test_neighbourhoods_of_the_city_spoken_of(turns: list[str], city: object, neighbourhood: object) -> None:
    slots = talk(turns).slots
    assert (slots["city"], slots.get("neighbourhood")) == (city, neighbourhood)


@pytest.mark.parametrize(
    ("text", "neighbourhoods"),
    [
        ("Cedritos y Suba, ¿cuál arrienda mejor?", ["Cedritos", "Suba"]),
        ("usaquén y suba, compárelos", ["Usaquén", "Suba"]),
        ("que el precio suba en Usaquén, ¿es normal?", "Usaquén"),
    ],
)
def test_a_neighbourhood_that_is_a_verb_too(text: str, neighbourhoods: object) -> None:
    assert read(text).slots["neighbourhood"] == neighbourhoods


def test_areas_of_the_database_bring_their_ids() -> None:
    places = default_places().with_areas(
        [
            ("es", "country", "ES", "España", None, None, None),
            ("es/barcelona", "city", "ES", "Barcelona", "España", 41.39, 2.16),
            ("es/barcelona/la-vila-de-gracia", "neighbourhood", "ES", "la Vila de Gràcia", "Barcelona", 41.40, 2.16),
            ("es/barcelona/porta", "neighbourhood", "ES", "Porta", "Barcelona", 41.43, 2.17),
            ("es/villa-inventada", "city", "ES", "Villa Inventada", "España", 40.0, -3.0),
        ]
    )
    found = {p.name: p for p in read("un piso en la Vila de Gràcia, Barcelona", places).places}
    assert found["la Vila de Gràcia"].area_id == "es/barcelona/la-vila-de-gracia"
    assert found["Barcelona"].area_id == "es/barcelona"
    assert [p.area_id for p in read("casas en Villa Inventada", places).places] == ["es/villa-inventada"]
    assert read("quiero una porta nueva", places).places == ()
    assert default_places().lookup("barcelona")[0][0].area_id is None


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("bogta", "bogota", 1), ("blibao", "bilbao", 1), ("cali", "cadiz", 2)]
)
def test_edits_count_swaps_once(a: str, b: str, distance: int) -> None:
    assert edits(a, b, 2) == distance
