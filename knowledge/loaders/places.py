"""City and neighbourhood names to area ids; areas that a mapping allows are made where they do not exist.

Names are compared folded and without a leading or trailing article, so "Vila de Gràcia", "la Vila de Gràcia" and
"Bisbal, la" meet. A neighbourhood of a known city is made on sight; a city only where the mapping declares it: a
misspelt city must not become a place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.locale import COUNTRY_NAMES
from knowledge.understanding.text import fold, slug

_ARTICLE = re.compile(r"^(?:el|la|los|las|els|les|l|en|es|sa|na) (?=\S)")
_TRAILING = re.compile(r"^(.*), ?(el|la|los|las|els|les|l'|en|es|sa|na)$", re.IGNORECASE)


def place_key(name: str) -> str:
    """What two spellings of one place share: `Bisbal de Falset, la` -> `bisbal de falset`."""
    match = _TRAILING.match(name.strip())
    return _ARTICLE.sub("", fold(match[1] if match else name))


@dataclass(frozen=True, slots=True)
class KnownArea:
    id: str
    parent_id: str | None
    level: str
    country: str
    name: str


@dataclass(slots=True)
class Places:
    """The areas that exist, and in `made` the rows of those that a load adds, parents first."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    _areas: dict[str, KnownArea] = field(default_factory=dict)
    _cities: dict[tuple[str, str], str] = field(default_factory=dict)
    _within: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, areas: Iterable[KnownArea]) -> Places:
        places = cls()
        for area in areas:
            places._know(area)
        return places

    def _know(self, area: KnownArea) -> None:
        self._areas[area.id] = area
        key = place_key(area.name)
        if area.level == "city":
            self._cities.setdefault((area.country, key), area.id)
        elif area.level in ("district", "neighbourhood"):
            self._within.setdefault((city_of(area.id), key), area.id)

    def area(self, area_id: str) -> KnownArea:
        return self._areas[area_id]

    def city(self, country: str, name: str) -> str | None:
        return self._cities.get((country, place_key(name)))

    def within(self, city_id: str, name: str) -> str | None:
        """A neighbourhood or district of a city by name."""
        return self._within.get((city_id, place_key(name)))

    def country(self, code: str) -> str:
        """The id of a country's area, made where missing."""
        area_id = code.lower()
        if area_id not in self._areas:
            self._make(area_id, None, "country", code, COUNTRY_NAMES[code]["es"])
        return area_id

    def add_city(self, country: str, name: str) -> str:
        parent = self.country(country)
        area_id = f"{parent}/{slug(name)}"
        if area_id not in self._areas:
            self._make(area_id, parent, "city", country, name)
        return area_id

    def add_neighbourhood(self, city_id: str, country: str, name: str) -> str:
        area_id = f"{city_id}/{slug(name)}"
        if area_id not in self._areas:
            self._make(area_id, city_id, "neighbourhood", country, name)
        return area_id

    def _make(self, area_id: str, parent: str | None, level: str, country: str, name: str) -> None:
        self.made[area_id] = {
            "id": area_id, "parent_id": parent, "level": level, "country": country, "name": name,
            "name_folded": fold(name), "latitude": None, "longitude": None, "population": None, "attributes": {},
            "demo": False,
        }
        self._know(KnownArea(area_id, parent, level, country, name))

    def resolve(
        self, country: str, city: str, neighbourhood: str | None, cities: Mapping[str, str], *, create: bool = False
    ) -> tuple[str, str] | None:
        """(city id, area id), or None where the city is unknown. `cities` are those that may be made."""
        city_id = self.city(country, city)
        if city_id is None:
            declared = {place_key(name): name for name, owner in cities.items() if owner == country}
            known = declared.get(place_key(city))
            if not slug(city) or (known is None and not create):
                return None
            city_id = self.add_city(country, known or city)
        if neighbourhood is None or not slug(neighbourhood):
            return city_id, city_id
        return city_id, self.within(city_id, neighbourhood) or self.add_neighbourhood(city_id, country, neighbourhood)


def city_of(area_id: str) -> str:
    """`es/barcelona/x/y` -> `es/barcelona`."""
    return "/".join(area_id.split("/")[:2])

