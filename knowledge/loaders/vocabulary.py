"""The words and limits of `vocabulary.toml`, ready for use: what a listing may say and which values are believed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Strict, model_validator

from core.data_files import Shape, read
from core.invalid import Expected
from knowledge.understanding.text import fold


class Box(NamedTuple):
    """Degrees."""

    south: float
    north: float
    west: float
    east: float


class Limits(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`words[field]` turns a folded word into its canonical value; limits are inclusive."""

    property_types: tuple[str, ...]
    features: tuple[str, ...]
    words: dict[str, dict[str, str]]
    boxes: dict[str, Box]
    price: dict[tuple[str, str], Limits]
    area_m2: dict[str, Limits]
    counts: dict[str, Limits]


_FILE = Path(__file__).with_name("vocabulary.toml")
_Pair = Annotated[tuple[float, float], Strict(False)]


class _Sides(Shape):
    south: float
    north: float
    west: float
    east: float


class _File(Shape):
    """`vocabulary.toml`."""

    property_types: list[str]
    features: list[str]
    words: dict[str, dict[str, list[str]]]
    box: dict[str, _Sides]
    price: dict[str, dict[str, _Pair]]
    area_m2: dict[str, _Pair]
    counts: dict[str, _Pair]

    @model_validator(mode="after")
    def _in_order(self) -> _File:
        limits = {f"price.{name}": pair for table in self.price.values() for name, pair in table.items()}
        limits |= self.area_m2 | self.counts
        for country, box in self.box.items():
            limits |= {f"box.{country}": (box.south, box.north), f"box.{country} ": (box.west, box.east)}
        for name, (low, high) in limits.items():
            if low >= high:
                raise Expected(f"{name.strip()} goes from {low:g} to {high:g}, expected the lower end first",
                               f"{name.strip()} va de {low:g} a {high:g} y se espera primero el extremo menor")
        return self


@lru_cache
def vocabulary(path: Path = _FILE) -> Vocabulary:
    """The words and limits. Raises `Misconfigured` for a file that cannot be."""
    data = read(path, _File)
    words = {
        field: {fold(word): value for value, spellings in groups.items() for word in (value, *spellings)}
        for field, groups in data.words.items()
    }
    return Vocabulary(
        property_types=tuple(data.property_types),
        features=tuple(data.features),
        words=words,
        boxes={country: Box(**dict(sides)) for country, sides in data.box.items()},
        price={
            (operation, currency): Limits(*limits)
            for operation, table in data.price.items() for currency, limits in table.items()
        },
        area_m2={kind: Limits(*limits) for kind, limits in data.area_m2.items()},
        counts={name: Limits(*limits) for name, limits in data.counts.items()},
    )
