"""Comparables: which of the candidate listings are most like the subject, and what they say it should ask.

Pure: the caller brings the candidates (a few hundred rows from SQL). With a model, each candidate's price per m2 is
moved to the subject step by step, as an appraiser does: the candidate takes the subject's place, then its size, then its
building and fittings, then its date, and each step's share is the ratio of the model's two estimates. The estimates of
one candidate all come from the one model that never saw it, so that its own price is no part of its adjustment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from knowledge.distance import kilometres
from knowledge.valuation.columns import Numbers, as_number, is_missing, month_number

#: Share of each aspect in the similarity; an aspect that is unknown on either side leaves the others their weight.
WEIGHTS = {"place": 0.35, "size": 0.30, "rooms": 0.15, "features": 0.10, "recency": 0.10}
#: Difference at which an aspect's likeness falls to 1/e: km, log area ratio, rooms, months.
HALF_KILOMETRE, AREA_SCALE, ROOM_SCALE, MONTH_SCALE = 0.5, 0.25, 1.5, 12.0
#: Likeness of place when coordinates are missing on a side.
SAME_AREA, OTHER_AREA = 0.8, 0.2
#: The parts of an adjustment in the order in which they are made, and the fields that each takes over from the subject;
#: attributes are of the place where their name says so, else of the building.
PARTS: dict[str, tuple[str, ...]] = {
    "location": ("city_id", "area_id", "latitude", "longitude"),
    "size": ("area_m2", "bedrooms", "bathrooms"),
    "condition": ("property_type", "floor", "year_built", "features"),
    "time": ("observed_on",),
}
_OF_PLACE = re.compile(r"distance|distancia|neighbourhood|barrio|latitude|longitude", re.IGNORECASE)


class PricesPerSquareMetre(Protocol):
    def price_per_m2(self, rows: Sequence[Mapping[str, Any]], like: Sequence[Mapping[str, Any]]) -> Numbers: ...


@dataclass(frozen=True, slots=True)
class Comparable:
    """`position` of the row among the candidates; `similarity` 0-1; `distance_km` NaN without coordinates;
    `price_per_m2` as asked. `adjustments`: by part, the factor on the price per m2 that leads from the candidate to the
    subject; they multiply up to the whole adjustment. Empty when no model is given."""

    position: int
    similarity: float
    distance_km: float
    price_per_m2: float
    adjustments: Mapping[str, float] = field(default_factory=dict)

    @property
    def adjusted_m2(self) -> float:
        """The price per m2 that the subject would ask at this candidate's level."""
        return self.price_per_m2 * math.prod(self.adjustments.values())


def rank(
    subject: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]], *, count: int = 6,
    model: PricesPerSquareMetre | None = None,
) -> list[Comparable]:
    """The `count` most similar candidates, best first; one advert per dwelling, never the subject's own.

    Rows are mappings with the names of the `listings` columns. Candidates without price or area, of another property
    type or in another currency are passed over.
    """
    area = as_number(subject.get("area_m2"))
    usable = [i for i, row in enumerate(candidates) if _comparable(subject, row)]
    if not usable or not area > 0:
        return []
    rows = [candidates[i] for i in usable]
    distance = kilometres(as_number(subject.get("latitude")), as_number(subject.get("longitude")),
                          _column(rows, "latitude"), _column(rows, "longitude"))
    similarity = _similarity(subject, rows, distance)
    order = np.argsort(-similarity, kind="stable").tolist()
    chosen: list[int] = []
    seen: set[str] = set()
    for i in order:
        dwelling = _dwelling(rows[i])
        if not dwelling or dwelling not in seen:
            chosen.append(i)
            seen.add(dwelling)
        if len(chosen) == count:
            break
    level = _column(rows, "price") / _column(rows, "area_m2")
    parts = _adjustments(subject, [rows[i] for i in chosen], model) if model is not None else [{} for _ in chosen]
    return [
        Comparable(usable[i], round(float(similarity[i]), 4), float(distance[i]), float(level[i]), own)
        for i, own in zip(chosen, parts, strict=True)
    ]


def _adjustments(
    subject: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]], model: PricesPerSquareMetre
) -> list[dict[str, float]]:
    """For each candidate the factor of each part; 1 where the model gives no value on a side."""
    steps: list[Mapping[str, Any]] = []
    like: list[Mapping[str, Any]] = []
    for row in chosen:
        moved: dict[str, Any] = dict(row)
        steps.append(moved)
        for part, names in PARTS.items():
            moved = moved | {name: subject.get(name) for name in names}
            moved["attributes"] = _attributes(moved.get("attributes"), subject.get("attributes"), part)
            steps.append(moved)
        like += [row] * (len(PARTS) + 1)
    estimates = model.price_per_m2(steps, like).reshape(len(chosen), len(PARTS) + 1)
    ratios = estimates[:, 1:] / estimates[:, :-1]
    ratios = np.where(np.isfinite(ratios), ratios, 1.0)
    return [dict(zip(PARTS, row, strict=True)) for row in ratios.tolist()]


def _attributes(ours: Any, theirs: Any, part: str) -> Any:
    """`ours` with those of `theirs` that belong to the part; None where neither tells any."""
    if part not in ("location", "condition"):
        return ours
    mine, subjects = (dict(side) if isinstance(side, Mapping) else {} for side in (ours, theirs))
    kept = {n: v for n, v in mine.items() if bool(_OF_PLACE.search(n)) != (part == "location")}
    taken = {n: v for n, v in subjects.items() if bool(_OF_PLACE.search(n)) == (part == "location")}
    return (kept | taken) or None


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> Numbers:
    return np.array([as_number(row.get(name)) for row in rows])


def _dwelling(row: Mapping[str, Any]) -> str:
    for name in ("dwelling_group", "external_id"):
        if not is_missing(row.get(name)):
            return f"{name}:{row[name]}"
    return ""


def _comparable(subject: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    if not (as_number(row.get("price")) > 0 and as_number(row.get("area_m2")) > 0):
        return False
    for name in ("property_type", "currency", "operation"):
        if subject.get(name) and row.get(name) and subject[name] != row[name]:
            return False
    own = _dwelling(subject)
    return not own or own != _dwelling(row)


def _similarity(subject: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], distance: Numbers) -> Numbers:
    same = np.array([SAME_AREA if r.get("area_id") == subject.get("area_id") else OTHER_AREA for r in rows])
    rooms = np.abs(_column(rows, "bedrooms") - as_number(subject.get("bedrooms")))
    baths = np.abs(_column(rows, "bathrooms") - as_number(subject.get("bathrooms")))
    dates = np.array([month_number(row.get("observed_on")) for row in rows])
    newest = np.nanmax(dates) if np.isfinite(dates).any() else np.nan
    likeness = {
        "place": np.where(np.isfinite(distance), np.exp(-distance / HALF_KILOMETRE), same),
        "size": np.exp(-np.abs(np.log(_column(rows, "area_m2") / as_number(subject.get("area_m2")))) / AREA_SCALE),
        "rooms": np.exp(-(rooms + np.nan_to_num(baths) / 2) / ROOM_SCALE),
        "features": np.array([_shared(subject.get("features"), row.get("features")) for row in rows]),
        "recency": np.exp(-(newest - dates) / MONTH_SCALE),
    }
    total, weight = np.zeros(len(rows)), np.zeros(len(rows))
    for name, values in likeness.items():
        known = np.isfinite(values)
        total += np.where(known, WEIGHTS[name] * values, 0.0)
        weight += np.where(known, WEIGHTS[name], 0.0)
    return np.asarray(total / weight)


def _shared(ours: Any, theirs: Any) -> float:
    """Jaccard likeness of two feature lists; for a mapping of known features, the share that agrees; else NaN."""
    if not isinstance(theirs, list | tuple | set | frozenset):
        return float("nan")
    found = set(theirs)
    if isinstance(ours, Mapping):
        known = [bool(value) == (name in found) for name, value in ours.items() if not is_missing(value)]
        return sum(known) / len(known) if known else float("nan")
    if not isinstance(ours, list | tuple | set | frozenset):
        return float("nan")
    union = set(ours) | found
    return len(set(ours) & found) / len(union) if union else 1.0
