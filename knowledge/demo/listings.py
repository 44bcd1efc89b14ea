"""The 6,000 listings of the demo portfolio with their adverts and earlier prices."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from core.locale import Language
from knowledge.demo.adverts import write
from knowledge.demo.calibration import AS_OF, Calibration, City, Neighbourhood, PropertyType
from knowledge.demo.properties import Property, draw, round_price, settle
from knowledge.demo.series import level_now

Row = dict[str, Any]

LISTINGS = 6_000
SALES = 0.68
ENGLISH = 0.25
#: A few of the drawn are too young to have asked another price; about 15 % of all listings have earlier prices.
REPRICED_DRAWN = 0.165
_FIRST_SEEN = date(2025, 1, 1)
#: Weight of a neighbourhood by form, for types that need room.
_ROOM = {"house": {"dense": 0.06, "mixed": 1.0, "edge": 1.4}, "land": {"dense": 0.0, "mixed": 0.5, "edge": 1.5},
         "warehouse": {"dense": 0.0, "mixed": 0.15, "edge": 1.5}}


def build(calibration: Calibration, projects: Sequence[Row], seed: int) -> tuple[list[Row], list[Row]]:
    """Rows of `listings` (without id, tenant, fingerprint) and of their price history, by external id.

    Each city is scaled so that its apartments' mean log price per m2 is the level of its price series.
    """
    rng = random.Random(f"{seed}/listings")
    by_area: dict[str, list[Row]] = defaultdict(list)
    for project in projects:
        by_area[project["area_id"]].append(project)
    rows: list[Row] = []
    history: list[Row] = []
    for city, count in _allocate(calibration.cities):
        level = level_now(calibration, city)
        items = [_draw(rng, calibration, city, level, by_area) for _ in range(count)]
        gaps = [math.log(level * item.area_m2 / item.value) for item in items if item.kind.name == "apartment"]
        factor = math.exp(sum(gaps) / len(gaps))
        for item in items:
            settle(rng, calibration, item, factor)
            row = _row(rng, item, f"demo-{len(rows) + 1:06d}")
            rows.append(row)
            if rng.random() < REPRICED_DRAWN:
                history.extend(_earlier_prices(rng, row, city.country))
    return rows, history


def _draw(
    rng: random.Random, calibration: Calibration, city: City, level: float, by_area: Mapping[str, Sequence[Row]]
) -> Property:
    operation = "sale" if rng.random() < SALES else "rent"
    kind = rng.choices(calibration.types, [t.sale if operation == "sale" else t.rent for t in calibration.types])[0]
    place = _place(rng, calibration.neighbourhoods[city.id], kind)
    offered = by_area.get(place.id, ()) if operation == "sale" and kind.name == "apartment" else ()
    project = rng.choice(offered) if offered and rng.random() < 0.3 else None
    return draw(rng, calibration, city, place, kind, operation, level, project)


def _allocate(cities: Sequence[City]) -> list[tuple[City, int]]:
    """Listings a city by its share, summing to `LISTINGS` (largest remainders)."""
    total = sum(city.share for city in cities)
    exact = [LISTINGS * city.share / total for city in cities]
    counts = [int(value) for value in exact]
    order = sorted(range(len(cities)), key=lambda i: counts[i] - exact[i])
    for i in order[: LISTINGS - sum(counts)]:
        counts[i] += 1
    return list(zip(cities, counts, strict=True))


def _place(rng: random.Random, places: Sequence[Neighbourhood], kind: PropertyType) -> Neighbourhood:
    room = _ROOM.get(kind.name)
    weights = [room[place.form] if room else 1.0 for place in places]
    return rng.choices(places, weights)[0]


def _row(rng: random.Random, item: Property, external_id: str) -> Row:
    language: Language = "en" if rng.random() < ENGLISH else "es"
    title, text = write(rng, item, language)
    days = (AS_OF - _FIRST_SEEN).days
    first_seen = _FIRST_SEEN + timedelta(days=int((days - 8) * rng.random() ** 0.6))
    observed_on = max(first_seen, AS_OF - timedelta(days=int(21 * rng.random() ** 2)))
    return {
        "source": "demo", "external_id": external_id, "operation": item.operation, "property_type": item.kind.name,
        "country": item.city.country, "city_id": item.city.id, "area_id": item.place.id,
        "project_id": item.project["id"] if item.project else None, "title": title, "text": text, "language": language,
        "price": item.price, "currency": item.city.currency, "area_m2": item.area_m2,
        "price_per_m2": round(item.price / item.area_m2, 2), "bedrooms": item.bedrooms, "bathrooms": item.bathrooms,
        "floor": item.floor, "year_built": item.year_built, "latitude": item.latitude, "longitude": item.longitude,
        "features": item.features, "attributes": item.attributes, "dwelling_group": None, "status": "active",
        "first_seen": first_seen, "observed_on": observed_on, "demo": True,
    }


def _earlier_prices(rng: random.Random, row: Row, country: str) -> list[Row]:
    """One or two prices that the listing asked before the present one, oldest first; four in five came down since."""
    open_days = (row["observed_on"] - row["first_seen"]).days
    if open_days < 40:
        return []
    dates = [row["first_seen"]]
    if open_days > 120 and rng.random() < 0.35:
        dates.append(row["first_seen"] + timedelta(days=rng.randint(45, open_days - 30)))
    prices: list[float] = []
    following = row["price"]
    for _ in dates:
        change = rng.uniform(0.015, 0.08) * (1 if rng.random() < 0.8 else -0.6)
        price = round_price(following * (1 + change), country, row["operation"])
        if price == following:
            return []
        prices.append(price)
        following = price
    return [
        {"external_id": row["external_id"], "observed_on": day, "price": price, "currency": row["currency"]}
        for day, price in zip(dates, reversed(prices), strict=True)
    ]
