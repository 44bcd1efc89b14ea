"""Whether a place lies in Mexico's restricted zone, where foreigners buy a home through a bank's trust (Constitution, art. 27).

`data/restricted_zone.toml` names places with who says where they lie. Others lie inside where they are near a town by the sea
or at the border, by the gazetteer's positions; that proves nothing for a place far from all of them, which stays unknown:
nobody is told that no trust is needed unless a source says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from core.data_files import Shape, read
from core.invalid import Expected
from knowledge.finance import rules
from knowledge.finance.rule_files import DATA
from knowledge.understanding.text import fold, slug

if TYPE_CHECKING:
    from knowledge.understanding.gazetteer import Entry

Where = Literal["inside", "outside", "unknown"]


@dataclass(frozen=True, slots=True)
class Zone:
    """Where a place lies, who says so (blank where nobody does), and whether a page about it was read."""

    where: Where
    source: str = ""
    verified: bool = False


class _Place(Shape):
    where: Literal["inside", "outside"]
    names: list[str] = Field([])
    regions: list[str] = Field([])
    source: str = Field(min_length=1)
    verified_on: date | None = None


class _Edge(Shape):
    of: Literal["coast", "border"]
    names: list[str] = Field(min_length=1)
    source: str = Field(min_length=1)


class File(Shape):
    """`restricted_zone.toml`: the law's limits, and places."""

    coast_km: float = Field(gt=0)
    border_km: float = Field(gt=0)
    label_es: str
    label_en: str
    source: str = Field(min_length=1)
    verified_on: date
    near_coast_km: float = Field(gt=0)
    near_border_km: float = Field(gt=0)
    place: list[_Place]
    edge: list[_Edge]

    @model_validator(mode="after")
    def _short_of_the_limits(self) -> File:
        for near, limit in ((self.near_coast_km, self.coast_km), (self.near_border_km, self.border_km)):
            if near > limit:
                raise Expected(f"a place counts as near within {near:g} km, expected at most the limit of {limit:g} km",
                               f"un lugar cuenta como cercano a {near:g} km y se espera como mucho el límite de {limit:g} km")
        return self


@lru_cache(maxsize=1)
def file(path: Path = DATA / "restricted_zone.toml") -> File:
    """The zone as the file has it. Raises `Misconfigured` for one that cannot be."""
    return read(path, File)


@lru_cache(maxsize=256)
def zone_of(place: str | None) -> Zone:
    """Where a Mexican city (or region) lies; unknown without a name."""
    from knowledge.understanding.gazetteer import default_places

    if not place:
        return Zone("unknown")
    region, known = rules.region_of("MX", place), [e for e, _ in default_places().lookup(fold(place)) if e.country == "MX"]
    here = max((e for e in known if e.level == "city"), key=lambda e: e.population, default=None)
    names = {fold(place), *([fold(here.name)] if here else [])}
    for entry in file().place:
        if region in entry.regions or names & set(map(fold, entry.names)):
            return Zone(entry.where, entry.source, entry.verified_on is not None)
    is_region = region == slug(place) or any(e.level not in ("city", "neighbourhood") for e in known)
    return Zone("unknown") if here is None or is_region else _by_distance(here)


def _by_distance(here: Entry) -> Zone:
    """Inside where it is near a town of the edge, unknown otherwise."""
    from knowledge.understanding.gazetteer import kilometres

    for edge in file().edge:
        near = file().near_coast_km if edge.of == "coast" else file().near_border_km
        if any(kilometres(here, town) <= near for town in _towns(tuple(edge.names))):
            return Zone("inside", edge.source)
    return Zone("unknown")


@lru_cache(maxsize=4)
def _towns(names: tuple[str, ...]) -> tuple[Entry, ...]:
    """The best-known Mexican town of each name."""
    from knowledge.understanding.gazetteer import default_places

    found = ([e for e, _ in default_places().lookup(fold(name)) if e.country == "MX" and e.level == "city"] for name in names)
    return tuple(max(towns, key=lambda e: e.population) for towns in found if towns)
