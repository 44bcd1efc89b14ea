"""Reads the calibration tables of the demo portfolio and refuses an entry that does not name its source.

"assumption" is an honest source; silence is not. The tables are data files so that a person who knows a city can
correct its prices or its neighbourhoods without reading code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from core import data_files
from core.errors import Misconfigured
from core.locale import CURRENCY_OF, Country
from knowledge.understanding.text import slug

#: The portfolio shows the market as of this day.
AS_OF = date(2026, 10, 31)
DATA = Path(__file__).parent / "data"

#: Canonical features in the order in which rows list them.
FEATURES: tuple[str, ...] = (
    "lift", "parking", "terrace", "balcony", "pool", "garden", "air_conditioning", "storage", "doorman", "furnished",
    "sea_view", "gym", "exterior", "new_build", "to_renovate", "pets", "wardrobes", "security", "fireplace", "duplex",
    "penthouse", "ground_floor",
)


@dataclass(frozen=True, slots=True)
class CountryPlace:
    """A country's rough centre in degrees; `yield_start_ratio` is the gross yield of 2020-11 over today's."""

    code: Country
    latitude: float
    longitude: float
    yield_start_ratio: float


@dataclass(frozen=True, slots=True)
class City:
    """A city. `price_m2` is the asking price of a dwelling per m2 in `currency` at `price_as_of` (first of a month)."""

    id: str
    name: str
    country: Country
    latitude: float
    longitude: float
    share: float
    hot: bool
    price_m2: float
    price_as_of: date
    price_source: str
    gross_yield_pct: float
    days_on_market: float
    stock: float

    @property
    def currency(self) -> str:
        return CURRENCY_OF[self.country]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A neighbourhood; `level` is its price per m2 over the city's, `form` how built-up it is (dense, mixed, edge)."""

    id: str
    city_id: str
    name: str
    called: str
    municipality: str
    latitude: float
    longitude: float
    level: float
    tag: str
    near: tuple[str, ...]
    form: str
    coastal: bool
    estrato: int | None
    source: str


@dataclass(frozen=True, slots=True)
class PropertyType:
    """Frequencies among sales and rents, price and yield relative to dwellings, and the size distribution in m2."""

    name: str
    sale: float
    rent: float
    price: float
    yield_ratio: float
    area: float
    spread: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """A mortgage rate in per cent a year; `kind` is nominal or effective."""

    month: date
    pct: float
    kind: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """All tables. `effects`, `features`: log points of price per m2; `fee_per_m2`: local currency per m2 a month."""

    countries: dict[str, CountryPlace]
    cities: tuple[City, ...]
    neighbourhoods: dict[str, tuple[Neighbourhood, ...]]
    growth: dict[tuple[str, int], float]
    rates: dict[str, tuple[Rate, ...]]
    types: tuple[PropertyType, ...]
    effects: dict[str, float]
    features: dict[str, float]
    chances: dict[str, dict[str, float]]
    fee_per_m2: dict[str, float]
    cadastral_ratio: dict[str, float]

    def growth_pct(self, city: City, year: int) -> float:
        """Growth of the city's prices in a calendar year, per cent; the country's where the city has none."""
        own = self.growth.get((city.id, year))
        return self.growth[(city.country.lower(), year)] if own is None else own


def read(name: str) -> dict[str, Any]:
    """One data file as a dict; `name` is relative to `data/`."""
    return data_files.read(DATA / name, dict[str, Any])


def require_sources(entry: Mapping[str, Any], where: str) -> None:
    """Raise `Misconfigured` unless every `source` or `*_source` of the entry is there and not blank."""
    keys = [key for key in entry if key == "source" or key.endswith("_source")]
    empty = [key for key in keys if not str(entry[key]).strip()]
    if not keys or empty:
        raise Misconfigured(
            f"The demo table entry {where} has no source. Name where its figures come from, "
            'or write source = "assumption".',
            f"La entrada {where} de las tablas de demostración no tiene fuente. Indique de dónde salen sus cifras, "
            'o escriba source = "assumption".',
        )


def month(text: str) -> date:
    """`"2025-09"` -> 2025-09-01."""
    return date.fromisoformat(f"{text}-01")


def _city(raw: Mapping[str, Any]) -> City:
    require_sources(raw, f"cities.toml {raw['id']}")
    country: Country = {"co": "CO", "es": "ES", "mx": "MX"}[raw["id"].split("/")[0]]  # type: ignore[assignment]
    return City(
        id=raw["id"], name=raw["name"], country=country, latitude=raw["latitude"], longitude=raw["longitude"],
        share=raw["share"], hot=raw.get("hot", False), price_m2=float(raw["price_m2"]),
        price_as_of=month(raw["price_as_of"]), price_source=raw["price_source"],
        gross_yield_pct=raw["gross_yield_pct"], days_on_market=raw["days_on_market"], stock=raw["stock"],
    )


def _neighbourhood(raw: Mapping[str, Any]) -> Neighbourhood:
    require_sources(raw, f"neighbourhoods.toml {raw['name']}")
    return Neighbourhood(
        id=f"{raw['city']}/{slug(raw['name'])}", city_id=raw["city"], name=raw["name"],
        called=raw.get("called", raw["name"]), municipality=raw.get("municipality", ""), latitude=raw["latitude"],
        longitude=raw["longitude"], level=raw["level"], tag=raw["tag"], near=tuple(raw["near"]),
        form=raw.get("form", "mixed"), coastal=raw.get("coastal", False), estrato=raw.get("estrato"),
        source=raw["source"],
    )


def _checked(table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    for key, entry in table.items():
        require_sources(entry, f"{where} {key}")
    return table


@lru_cache
def load() -> Calibration:
    """The calibration tables, read once. Raises `Misconfigured` where an entry names no source."""
    cities, places = read("cities.toml"), read("neighbourhoods.toml")["neighbourhood"]
    growth, rates, properties = read("growth.toml")["growth"], read("rates.toml")["rate"], read("properties.toml")
    for entry in (*growth, *rates, *cities["country"]):
        require_sources(entry, str(dict(list(entry.items())[:2])))
    by_city: dict[str, list[Neighbourhood]] = {}
    for raw in places:
        by_city.setdefault(raw["city"], []).append(_neighbourhood(raw))
    by_country: dict[str, list[Rate]] = {}
    for raw in rates:
        by_country.setdefault(raw["country"], []).append(Rate(month(raw["month"]), raw["pct"], raw["kind"]))
    chances = _checked(properties["chance"], "properties.toml chance")
    cadastral = _checked(properties["cadastral"], "properties.toml cadastral")
    return Calibration(
        countries={
            raw["code"]: CountryPlace(raw["code"], raw["latitude"], raw["longitude"], raw["yield_start_ratio"])
            for raw in cities["country"]
        },
        cities=tuple(_city(raw) for raw in cities["city"]),
        neighbourhoods={city: tuple(rows) for city, rows in by_city.items()},
        growth={(raw["area"], raw["year"]): raw["pct"] for raw in growth},
        rates={country: tuple(rows) for country, rows in by_country.items()},
        types=tuple(
            PropertyType(name, raw["sale"], raw["rent"], raw["price"], raw["yield"], raw["area"], raw["spread"],
                         raw["low"], raw["high"])
            for name, raw in _checked(properties["type"], "properties.toml type").items()
        ),
        effects={k: v["value"] for k, v in _checked(properties["effect"], "properties.toml effect").items()},
        features={k: v["effect"] for k, v in _checked(properties["feature"], "properties.toml feature").items()},
        chances={k: {f: p for f, p in row.items() if f != "source"} for k, row in chances.items()},
        fee_per_m2={k: v["per_m2"] for k, v in _checked(properties["fee"], "properties.toml fee").items()},
        cadastral_ratio={k: v["ratio"] for k, v in cadastral.items()},
    )
