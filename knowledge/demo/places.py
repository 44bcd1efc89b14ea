"""Areas, builders and developments of the demo portfolio."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Any

from core.locale import COUNTRY_NAMES, Language, locale_for, month
from knowledge.demo.calibration import AS_OF, Calibration, City, Neighbourhood, read, require_sources
from knowledge.demo.series import level_now
from knowledge.demo.wording import contract, landmark
from knowledge.understanding.text import fold

Row = dict[str, Any]

PROJECTS = 120
_STAGES = ("planned", "presale", "construction", "delivered")
#: First and last month of delivery by stage, counted from the portfolio's date.
_DELIVERY = {"planned": (30, 48), "presale": (14, 34), "construction": (2, 16), "delivered": (-26, -1)}
#: Share of the units sold by stage.
_SOLD = {"planned": (0.0, 0.1), "presale": (0.1, 0.6), "construction": (0.4, 0.85), "delivered": (0.8, 0.97)}
_TEXT = {
    "es": (
        "{name} es un proyecto de {units} viviendas en {place}, {city}, cerca de {near}. Son de {low} a {high} m².",
        "{name}, en {place} ({city}): {units} viviendas de {low} a {high} m², a poca distancia de {near}.",
        "Proyecto {name}: {units} unidades en {place}, con tipologías de {low} a {high} m². Referencia: {near}.",
    ),
    "en": (
        "{name} is a development of {units} homes in {place}, {city}, near {near}. Homes from {low} to {high} m².",
        "{name}, in {place} ({city}): {units} homes of {low} to {high} m², a short distance from {near}.",
    ),
}
_STAGE_TEXT = {
    "es": {
        "planned": "Está en planeación, con entrega prevista para {month}.",
        "presale": "Se vende sobre planos; la entrega se prevé para {month}.",
        "construction": "La obra está en curso y la entrega se prevé para {month}.",
        "delivered": "Se entregó en {month} y quedan unidades de inventario.",
    },
    "en": {
        "planned": "It is being planned, with handover expected in {month}.",
        "presale": "It sells off plan; handover is expected in {month}.",
        "construction": "Building is under way and handover is expected in {month}.",
        "delivered": "It was handed over in {month} and some units remain.",
    },
}


def areas(calibration: Calibration) -> list[Row]:
    """Countries, cities and neighbourhoods, parents first."""
    rows = [
        _area(place.code.lower(), None, "country", place.code, COUNTRY_NAMES[place.code]["es"], place.latitude,
              place.longitude, {})
        for place in calibration.countries.values()
    ]
    rows += [
        _area(city.id, city.country.lower(), "city", city.country, city.name, city.latitude, city.longitude,
              {"price_source": city.price_source})
        for city in calibration.cities
    ]
    for city in calibration.cities:
        for place in calibration.neighbourhoods[city.id]:
            attributes: Row = {"character": place.tag, "calibration_source": place.source}
            if place.municipality:
                attributes["municipality"] = place.municipality
            if place.called != place.name:
                attributes["aliases"] = [place.called]
            rows.append(_area(place.id, city.id, "neighbourhood", city.country, place.name, place.latitude,
                              place.longitude, attributes))
    return rows


def _area(
    id: str, parent: str | None, level: str, country: str, name: str, latitude: float, longitude: float, attributes: Row
) -> Row:
    return {
        "id": id, "parent_id": parent, "level": level, "country": country, "name": name, "name_folded": fold(name),
        "latitude": latitude, "longitude": longitude, "population": None, "attributes": attributes, "demo": True,
    }


def owners(seed: int) -> list[Row]:
    """24 builders with invented names, eight a country."""
    rng = random.Random(f"{seed}/owners")
    table = read("owners.toml")
    require_sources(table, "owners.toml")
    rows: list[Row] = []
    for country in COUNTRY_NAMES:
        for name in table[country]["names"]:
            external = f"demo-owner-{len(rows) + 1:03d}"
            rows.append({
                "id": external, "source": "demo", "external_id": external, "name": name, "country": country,
                "founded": rng.randint(1972, 2015), "attributes": {"invented": True}, "demo": True,
            })
    return rows


def projects(calibration: Calibration, owner_rows: Sequence[Row], seed: int) -> list[Row]:
    """120 developments, five a builder. `price_from` is a first estimate; listings may lower it."""
    rng = random.Random(f"{seed}/projects")
    table = read("owners.toml")
    rows: list[Row] = []
    for country in COUNTRY_NAMES:
        cities = [city for city in calibration.cities if city.country == country]
        own_table = table[country]
        names = [form.format(x=word) for form in own_table["project_forms"] for word in own_table["project_words"]]
        names = rng.sample(names, PROJECTS // len(COUNTRY_NAMES))
        own = [owner for owner in owner_rows if owner["country"] == country]
        for i, name in enumerate(names):
            city = cities[i % len(cities)]
            place = rng.choice(calibration.neighbourhoods[city.id])
            id = f"demo-project-{len(rows) + 1:03d}"
            rows.append(_project(rng, calibration, id, own[i % len(own)]["id"], name, city, place))
    return rows


def _project(
    rng: random.Random, calibration: Calibration, id: str, owner: str, name: str, city: City, place: Neighbourhood
) -> Row:
    stage = rng.choices(_STAGES, (1, 3, 4, 3))[0]
    first, last = _DELIVERY[stage]
    delivery = _month_after(AS_OF, rng.randint(first, last))
    units = rng.randrange(18, 241, 2)
    available = max(1, round(units * (1 - rng.uniform(*_SOLD[stage]))))
    low = rng.choice((34, 38, 42, 45, 48, 52, 56, 60))
    high = low + rng.choice((24, 32, 40, 55, 70))
    language: Language = "en" if rng.random() < 0.25 else "es"
    locale = locale_for(language, city.country)
    body = contract(rng.choice(_TEXT[language]).format(
        name=name, units=units, place=landmark(place.called, language), city=city.name, low=low, high=high,
        near=landmark(rng.choice(place.near), language),
    ), language)
    estimate = level_now(calibration, city) * place.level * low * 0.9
    step = {"CO": 1_000_000, "ES": 1_000, "MX": 10_000}[city.country]
    return {
        "id": id, "source": "demo", "external_id": id, "owner_id": owner, "area_id": place.id, "name": name,
        "stage": stage, "units": units, "units_available": available, "delivery_on": delivery,
        "price_from": float(round(estimate / step) * step), "currency": city.currency,
        "text": f"{body} {_STAGE_TEXT[language][stage].format(month=month(delivery, locale))}", "language": language,
        "latitude": round(place.latitude + rng.uniform(-0.001, 0.001), 5),
        "longitude": round(place.longitude + rng.uniform(-0.001, 0.001), 5),
        "attributes": {"area_from_m2": low, "area_to_m2": high}, "demo": True,
    }


def _month_after(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
