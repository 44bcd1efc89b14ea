"""The words and limits of `vocabulary.toml`, ready for use: what a listing may say and which values are believed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

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


@lru_cache
def vocabulary() -> Vocabulary:
    data = tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text(encoding="utf-8"))
    words = {
        field: {fold(word): value for value, spellings in groups.items() for word in (value, *spellings)}
        for field, groups in data["words"].items()
    }
    return Vocabulary(
        property_types=tuple(data["property_types"]),
        features=tuple(data["features"]),
        words=words,
        boxes={country: Box(**sides) for country, sides in data["box"].items()},
        price={
            (operation, currency): Limits(*limits)
            for operation, table in data["price"].items() for currency, limits in table.items()
        },
        area_m2={kind: Limits(*limits) for kind, limits in data["area_m2"].items()},
        counts={name: Limits(*limits) for name, limits in data["counts"].items()},
    )
