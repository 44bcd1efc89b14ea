"""Draws the properties of the demo portfolio: what they are, what they have, what they ask.

log price per m2 = city level + neighbourhood + a smooth change inside the city + age, floor, size, features, type +
noise; a rent is the value of the same property times a yield. Effects come from `data/properties.toml`. Floors are
numbered as people of the country do: in Colombia 1 is at street level, in Spain and Mexico 0.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.demo.calibration import AS_OF, FEATURES, Calibration, City, Neighbourhood, PropertyType

DWELLINGS = frozenset({"apartment", "studio", "house"})
IN_BUILDING = frozenset({"apartment", "studio", "office"})
_COMMERCIAL_FEATURES = ("parking", "air_conditioning", "security")
#: No rent above this share of the value a month is drawn in Colombia: an assumption, kept under the legal 1 %.
_MONTHLY_CAP_CO = 0.0098
_SIZE_ELASTICITY = {"office": -0.10, "retail": -0.16, "warehouse": -0.12, "land": -0.20}


@dataclass(slots=True)
class Property:
    """One drawn property. `value` is its market value, `price` what it asks (sale price or monthly rent)."""

    city: City
    place: Neighbourhood
    kind: PropertyType
    operation: str
    latitude: float
    longitude: float
    area_m2: float
    bedrooms: int | None = None
    bathrooms: int | None = None
    floor: int | None = None
    year_built: int | None = None
    features: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    value: float = 0.0
    price: float = 0.0
    project: Mapping[str, Any] | None = None


def draw(
    rng: random.Random, calibration: Calibration, city: City, place: Neighbourhood, kind: PropertyType, operation: str,
    level: float, project: Mapping[str, Any] | None = None,
) -> Property:
    """A property in `place` with its value, not yet its price (see `settle`); `level` is the city's price per m2 now.

    A `project` makes it new and puts it there.
    """
    latitude, longitude = _position(rng, place, project)
    size_factor = {"upscale": 1.2, "traditional": 0.92, "student": 0.88, "emerging": 0.9}.get(place.tag, 1.0)
    area = kind.area * size_factor * math.exp(rng.gauss(0.0, kind.spread))
    if project is not None:
        area = rng.uniform(project["attributes"]["area_from_m2"], project["attributes"]["area_to_m2"])
    area = float(round(min(max(area, kind.low), kind.high)))
    item = Property(city, place, kind, operation, latitude, longitude, area, project=project)
    if kind.name != "land":
        item.year_built = _year(rng, place, project)
        _rooms(rng, item)
        top = _floors(rng, item)
        _features(rng, calibration, item, top, project)
    item.value = _value(rng, calibration, item, level)
    return item


def settle(rng: random.Random, calibration: Calibration, item: Property, factor: float) -> None:
    """Set price and attributes; `factor` brings the drawn values of a city to its calibrated level."""
    item.value *= factor
    asked = item.value if item.operation == "sale" else _rent(rng, calibration, item)
    item.price = round_price(asked, item.city.country, item.operation)
    _attributes(rng, calibration, item)


def _position(rng: random.Random, place: Neighbourhood, project: Mapping[str, Any] | None) -> tuple[float, float]:
    """Degrees; at most two standard deviations (600 m in a dense neighbourhood) from the centre."""
    if project is not None:
        return project["latitude"], project["longitude"]
    metres = {"dense": 230.0, "mixed": 330.0, "edge": 420.0}[place.form] * (0.45 if place.coastal else 1.0)
    north, east = (max(-2.0, min(2.0, rng.gauss(0.0, 1.0))) * metres for _ in range(2))
    return (
        round(place.latitude + north / 111_320, 5),
        round(place.longitude + east / (111_320 * math.cos(math.radians(place.latitude))), 5),
    )


def _year(rng: random.Random, place: Neighbourhood, project: Mapping[str, Any] | None) -> int | None:
    if project is not None:
        return project["delivery_on"].year if project["stage"] == "delivered" else None
    first, last = {"historic": (1900, 1995), "new": (2006, 2026), "emerging": (1950, 2024)}.get(place.tag, (1962, 2025))
    return round(rng.triangular(first, last, last - (last - first) * 0.35))


def _rooms(rng: random.Random, item: Property) -> None:
    area, name = item.area_m2, item.kind.name
    if name == "studio":
        item.bedrooms, item.bathrooms = 0, 1
    elif name in DWELLINGS:
        scale = 1.35 if name == "house" else 1.0
        rooms = 1 + sum(area > bound * scale for bound in (50, 74, 118, 170))
        item.bedrooms = min(6, max(1, rooms + rng.choices((-1, 0, 1), (1, 7, 1))[0]))
        baths = 1 + sum(area > bound * scale for bound in (62, 112, 165, 240))
        item.bathrooms = min(5, item.bedrooms + 1, max(1, baths + rng.choices((-1, 0, 1), (1, 6, 1))[0]))
    else:
        item.bathrooms = 1 + min(3, int(area // 150))


def _floors(rng: random.Random, item: Property) -> int:
    """Set the floor; the answer is how many floors the building has."""
    if item.kind.name not in IN_BUILDING:
        return 1
    year = item.year_built or AS_OF.year
    height = rng.choices((3, 4, 5, 6, 8, 10, 12, 16, 20, 24), (4, 6, 8, 7, 6, 5, 4, 3, 2, 1))[0]
    if item.place.tag == "historic" or year < 1955:
        height = min(height, 5)
    if item.city.country == "ES":
        height = min(height, 10)
    street = 1 if item.city.country == "CO" else 0
    item.floor = rng.randint(street, street + height - 1)
    return height


def _features(
    rng: random.Random, calibration: Calibration, item: Property, top: int, project: Mapping[str, Any] | None
) -> None:
    name, place, country = item.kind.name, item.place, item.city.country
    age = AS_OF.year - (item.year_built or AS_OF.year)
    have: set[str] = set()
    chance = dict(calibration.chances[country])
    hot, mild = (1.5, 0.7) if country == "ES" else (4.0, 0.25)
    chance["air_conditioning"] *= hot if item.city.hot else mild
    chance["fireplace"] *= 0.0 if item.city.hot else 1.0
    for feature in ("pool", "gym", "doorman", "security", "parking"):
        chance[feature] *= (1.35 if place.tag in ("upscale", "new") else 0.85) * (1.25 if age < 15 else 0.75)
    if name == "house":
        chance |= {"garden": 0.55, "terrace": 0.4, "parking": 0.75, "lift": 0.0, "doorman": 0.0, "gym": 0.05,
                   "balcony": 0.15}
        chance["pool"] = 0.18 * (1.6 if item.city.hot else 0.6)
    elif name == "studio":
        chance = {f: p * (0.5 if f in ("parking", "storage", "terrace") else 1.0) for f, p in chance.items()}
    elif name not in DWELLINGS:
        wanted = _COMMERCIAL_FEATURES + (("lift", "doorman") if name == "office" else ())
        chance = {f: p for f, p in chance.items() if f in wanted}
    if "lift" in chance and name in IN_BUILDING:
        chance["lift"] = min(0.98, chance["lift"] * (0.3 + 0.12 * top))
    have.update(feature for feature, p in chance.items() if rng.random() < p)
    street = 1 if country == "CO" else 0
    if name in ("apartment", "studio"):
        _place_in_building(rng, item, have, street, top)
    if name in DWELLINGS:
        if project is not None or (item.year_built is not None and age <= 1):
            have.add("new_build")
        elif age > 35 and rng.random() < 0.24:
            have.add("to_renovate")
        if rng.random() < (0.38 if item.operation == "rent" else 0.06) and not have & {"new_build", "to_renovate"}:
            have.add("furnished")
    item.features = [feature for feature in FEATURES if feature in have]


def _place_in_building(rng: random.Random, item: Property, have: set[str], street: int, top: int) -> None:
    floor = item.floor if item.floor is not None else street
    if floor == street:
        have.add("ground_floor")
        have.discard("balcony")
    elif floor == street + top - 1 and top >= 4 and rng.random() < 0.4:
        have.add("penthouse")
    if rng.random() < 0.35:
        have.add("exterior")
    if item.place.coastal and floor >= street + 3 and rng.random() < 0.45:
        have.add("sea_view")
    if item.area_m2 > 80 and rng.random() < 0.05:
        have.add("duplex")


def _value(rng: random.Random, calibration: Calibration, item: Property, level: float) -> float:
    effects, kind, city = calibration.effects, item.kind, item.city
    dwelling = kind.name in DWELLINGS
    log_m2 = math.log(level * item.place.level * kind.price)
    log_m2 += effects["gradient"] * math.sin(
        190 * (item.latitude - city.latitude) + 140 * (item.longitude - city.longitude)
    )
    log_m2 += min(effects["feature_sum_cap"], sum(calibration.features[feature] for feature in item.features))
    if item.year_built is not None:
        decades = max(0, min(100, AS_OF.year - item.year_built)) / 10
        log_m2 += effects["age_decade"] * decades + effects["age_decade_squared"] * decades**2
    if item.floor is not None:
        above = item.floor - (1 if city.country == "CO" else 0)
        if "lift" in item.features:
            log_m2 += effects["floor_with_lift"] * min(above, 10)
        else:
            log_m2 += effects["floor_without_lift"] * max(0, min(above - 1, 6))
    if dwelling:
        log_m2 += effects["log_area_over_80"] * math.log(item.area_m2 / 80)
        log_m2 += effects["extra_bathroom"] * ((item.bathrooms or 1) - 1)
    else:
        log_m2 += _SIZE_ELASTICITY[kind.name] * math.log(item.area_m2 / kind.area)
    if item.place.estrato is not None:
        estrato = min(6, max(1, item.place.estrato + rng.choices((-1, 0, 1), (1, 5, 1))[0]))
        item.attributes["estrato"] = estrato
        log_m2 += effects["estrato_step"] * (estrato - item.place.estrato)
    log_m2 += effects["dwelling_noise" if dwelling else "other_noise"] * max(-2.2, min(2.2, rng.gauss(0.0, 1.0)))
    return math.exp(log_m2) * item.area_m2


def _rent(rng: random.Random, calibration: Calibration, item: Property) -> float:
    """Monthly rent: dearer neighbourhoods and larger units yield less."""
    effects = calibration.effects
    share: float = item.city.gross_yield_pct / 1200 * item.kind.yield_ratio * item.place.level**-0.12
    share *= math.exp(effects["rent_log_area_over_80"] * math.log(item.area_m2 / item.kind.area))
    share *= math.exp(rng.gauss(0.0, effects["rent_noise"])) * (1.07 if "furnished" in item.features else 1.0)
    return item.value * min(share, _MONTHLY_CAP_CO if item.city.country == "CO" else 1.0)


def round_price(value: float, country: str, operation: str) -> float:
    """To the step in which adverts of the country are priced, at least one step."""
    steps = {"CO": (1_000_000, 10_000), "ES": (1_000, 5), "MX": (10_000, 100)}[country]
    step = steps[0] if operation == "sale" else steps[1]
    if operation == "sale" and value > 1_000 * step:
        step *= 5
    return float(max(1, round(value / step)) * step)


def _attributes(rng: random.Random, calibration: Calibration, item: Property) -> None:
    """Country specifics. `community_fee` is monthly, `cadastral_value` a stock, both in local currency."""
    country, own, project = item.city.country, item.attributes, item.project
    age = AS_OF.year - (item.year_built or AS_OF.year)
    if item.kind.name in DWELLINGS:
        own["condition"] = ("new" if "new_build" in item.features else
                            "to_renovate" if "to_renovate" in item.features else "good")
    gated = item.kind.name == "house" and "security" in item.features
    if item.kind.name in IN_BUILDING or gated or (item.kind.name == "retail" and rng.random() < 0.5):
        extras = sum(0.15 for f in ("pool", "gym", "doorman", "security", "lift") if f in item.features)
        raw = calibration.fee_per_m2[country] * item.area_m2 * (0.7 + extras) * math.exp(rng.gauss(0.0, 0.15))
        step = {"CO": 5_000, "ES": 5, "MX": 50}[country]
        own["community_fee"] = float(max(4, round(raw / step)) * step)
    if item.operation == "sale" and rng.random() < 0.5:
        share = calibration.cadastral_ratio[country] * rng.uniform(0.85, 1.1)
        own["cadastral_value"] = float(round(item.value * share, -2))
    if "parking" in item.features:
        own["parking_spaces"] = 2 if item.area_m2 > 120 and rng.random() < 0.6 else 1
    if item.kind.name == "house":
        own["plot_m2"] = float(round(item.area_m2 * rng.uniform(0.6, 1.7)))
    if country == "ES" and item.kind.name != "land":
        own["energy_certificate"] = rng.choice("BCD" if age < 18 else "DEFG")
    if item.place.municipality:
        own["municipality"] = item.place.municipality
    if project is not None and project["stage"] != "delivered":
        own["delivery_on"] = project["delivery_on"].isoformat()
