"""Adverts say what their row says: no feature it lacks, no figure it does not hold, in the language it names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache
from typing import Any

import pytest

from core.locale import locale_for, money, number
from knowledge.demo import Portfolio
from knowledge.demo.adverts import phrases
from knowledge.demo.calibration import FEATURES, load
from knowledge.demo.wording import contract, landmark, listing_of
from knowledge.understanding.text import strip_accents

#: How a reader would recognise each feature; written apart from the phrase files.
MENTIONS = {
    "es": {
        "lift": r"ascensor|elevador", "parking": r"parqueadero|garaje|cajon|cajones|estacionamiento|aparcamiento",
        "terrace": r"terraza", "balcony": r"balcon", "pool": r"piscina|alberca", "garden": r"jardin",
        "air_conditioning": r"aire acondicionado|minisplit", "storage": r"trastero|deposito|cuarto util|guardado",
        "doorman": r"porteria|portero|conserje|lobby", "furnished": r"amoblad|amueblad",
        "sea_view": r"vistas? .{0,20}al (mar|caribe)", "gym": r"gimnasio", "exterior": r"exterior",
        "new_build": r"estrenar|estrena\b|obra nueva",
        "to_renovate": r"reforma|remodela", "pets": r"mascota|pet friendly", "wardrobes": r"closet|armarios|vestidor",
        "security": r"vigilancia|seguridad|\bcamaras", "fireplace": r"chimenea", "duplex": r"duplex",
        "penthouse": r"penthouse|atico", "ground_floor": r"primer piso|planta baja|es un bajo",
    },
    "en": {
        "lift": r"\blift\b|elevator", "parking": r"parking|garage", "terrace": r"terrace", "balcony": r"balcon",
        "pool": r"\bpool\b", "garden": r"garden", "air_conditioning": r"air conditioning", "storage": r"storage",
        "doorman": r"doorman|concierge", "furnished": r"furnished", "sea_view": r"sea views?", "gym": r"\bgym\b",
        "exterior": r"exterior|outwards", "new_build": r"brand new|new build", "to_renovate": r"renovat",
        "pets": r"\bpets?\b", "wardrobes": r"wardrobe", "security": r"security", "fireplace": r"fireplace",
        "duplex": r"duplex", "penthouse": r"penthouse", "ground_floor": r"ground floor",
    },
}
CITIES = {city.id: city.name for city in load().cities}
PLACES = {place.id: place for places in load().neighbourhoods.values() for place in places}
NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@cache
def _names(area_id: str) -> re.Pattern[str]:
    place = PLACES[area_id]
    names = {re.sub(r"^(el|la|los|las) ", "", name) for name in (place.called, *place.near, CITIES[place.city_id])}
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![\w.,])({'|'.join(map(re.escape, longest_first))})(?![\w])(?![.,]\d)", re.IGNORECASE)


def without_names(row: dict[str, Any]) -> str:
    """Title and text without names of places, which may hold any word; folded."""
    return strip_accents(_names(row["area_id"]).sub(" ", f"{row['title']}\n{row['text']}")).lower()


def test_adverts_mention_only_features_that_the_row_has(demo: Portfolio) -> None:
    wrong = [
        (row["external_id"], feature)
        for row in demo.listings
        for text in [without_names(row)]
        for feature, pattern in MENTIONS[row["language"]].items()
        if feature not in row["features"] and re.search(pattern, text)
    ]
    assert wrong == []


def test_adverts_mention_most_features_that_the_row_has(demo: Portfolio) -> None:
    said: dict[str, list[bool]] = defaultdict(list)
    for row in demo.listings:
        text = without_names(row)
        for feature in row["features"]:
            said[feature].append(bool(re.search(MENTIONS[row["language"]][feature], text)))
    assert set(said) == set(FEATURES)
    assert min(sum(hits) / len(hits) for hits in said.values()) > 0.7


def test_figures_of_an_advert_are_those_of_its_row(demo: Portfolio) -> None:
    for row in demo.listings:
        locale = locale_for(row["language"], row["country"])
        own = row["attributes"]
        known = {number(row["area_m2"], locale), str(row["year_built"]), str(row["floor"]), str(row["bedrooms"]),
                 str(row["bathrooms"]), str(own.get("estrato")), str(own.get("delivery_on"))[:4], "24"}
        for amount in (row["price"], own.get("community_fee", 0)):
            known |= set(NUMBER.findall(money(amount, row["currency"], locale)))
        text = re.sub(r"m2|mts2", "", without_names(row))
        assert set(NUMBER.findall(text)) <= known, (row["external_id"], text)


def test_each_advert_is_in_its_language(demo: Portfolio) -> None:
    spanish = re.compile(r"\b(de|del|en|con|el|la|los|y|se|un|una|que|lo|al|por|para|dos|tres|cita)\b")
    english = re.compile(r"\b(of|in|with|the|and|is|for|to|by|on)\b")
    for row in demo.listings:
        text = without_names(row)
        counts = len(spanish.findall(text)), len(english.findall(text))
        assert (counts[0] > counts[1]) == (row["language"] == "es"), row["text"]


def test_each_country_speaks_its_own_spanish(demo: Portfolio) -> None:
    words = {"CO": {"alcoba", "administracion", "arriendo", "estrato", "apto", "parqueadero"},
             "ES": {"piso", "dormitorio", "gastos de comunidad", "alquiler", "trastero", "garaje"},
             "MX": {"recamara", "depa", "mantenimiento", "renta", "cajon", "alberca"}}
    texts = {country: " ".join(without_names(row) for row in demo.listings
                               if row["country"] == country and row["language"] == "es") for country in words}
    for country, own in words.items():
        assert all(word in texts[country] for word in own)
    assert "recamara" not in texts["CO"] + texts["ES"]
    assert "alcoba" not in texts["ES"] + texts["MX"]
    assert "estrato" not in texts["ES"] + texts["MX"]


def test_two_adverts_seldom_look_alike(demo: Portfolio) -> None:
    assert len({(row["title"], row["text"]) for row in demo.listings}) / 6_000 > 0.97
    assert len({row["text"] for row in demo.listings}) / 6_000 > 0.97
    openings = Counter(NUMBER.sub("#", row["text"])[:60] for row in demo.listings)
    assert openings.most_common(1)[0][1] < 60


def test_adverts_are_whole_sentences_without_placeholders(demo: Portfolio) -> None:
    for row in demo.listings:
        both = row["title"] + row["text"]
        assert not re.search(r"[{}]|None|  |\b[Dd]e el [a-z]|\ba el [a-z]| ,|\.\.", both), both
        assert row["title"][0].isupper() or not row["title"][0].isalpha()
        assert len(row["title"]) < 110
        assert 40 < len(row["text"]) < 1_200


@pytest.mark.parametrize("variant", ["co", "es", "mx", "en"])
def test_each_phrase_file_can_name_each_feature(variant: str) -> None:
    bank = phrases(variant)
    assert set(bank["short"]) == set(FEATURES)
    assert set(bank["phrase"]) - {"parking_two"} | set(bank["state"]) == set(FEATURES)
    assert set(bank["tag"]) == {place.tag for place in PLACES.values()}


def test_grammar_of_places_and_lists() -> None:
    assert contract("cerca de el Parque y a el lado de El Poblado", "es") == "cerca del Parque y al lado de El Poblado"
    assert landmark("la plaza de Bolívar", "en") == "Plaza de Bolívar"
    assert landmark("la plaza de Bolívar", "es") == "la plaza de Bolívar"
    assert listing_of(["a", "b", "c"], "es") == "a, b y c"
    assert listing_of(["a", "b"], "en") == "a and b"
    assert listing_of(["a"], "es") == "a"
