"""What understanding a message yields: frozen records of plain types, so that they can be serialised and logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Route = Literal["market_research", "price_prediction", "roi", "lead_qualification", "comparison", "none", "human"]
QuantityKind = Literal["money", "area", "percent", "rate", "years", "months", "count", "phone", "year", "other"]
PlaceLevel = Literal["country", "city", "neighbourhood", "region", "other"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place named in the message. `start` and `end` are offsets in `Understanding.text`.

    `area_id` is set when the place is an area of the database; `city` is the city a neighbourhood belongs to; `covered`
    is False outside Colombia, Spain and Mexico; `score` in [0, 1] says how sure the reading is.
    """

    name: str
    level: PlaceLevel
    country: str | None
    area_id: str | None
    city: str | None
    covered: bool
    latitude: float | None
    longitude: float | None
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure of the message: money in `currency`, area in m2, percent as 6.13 for 6.13 %, terms in their own unit.

    `role` is the slot (or request entry) the figure fills, None where nothing tells.
    """

    value: float
    kind: QuantityKind
    currency: str | None
    role: str | None
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """One message, understood in the light of what was known before it.

    `slots` is what is known after this turn, `turn_slots` what this message said. `slots["_request"]` carries the
    request between turns, `slots["_last"]` the slot each kind of figure filled last (so that "and 40 %?" finds its
    place), `slots["_places"]` the last places; all are for the next call of `understand`, not for people.
    `references` are 1-based positions of shown items, -1 the last one, 0 the one
    spoken of before. `confidence` in [0, 1] is the calibrated probability that exactly these routes are right,
    `figures_confidence` that each figure of the message is read as it was meant.
    """

    text: str
    language: Literal["es", "en", "mixed"]
    answer_language: Literal["es", "en"]
    register: Literal["tu", "usted", "unknown"]
    routes: tuple[str, ...]
    scores: dict[str, float]
    confidence: float
    figures_confidence: float
    human_reason: str | None
    small_talk: str | None
    slots: dict[str, Any]
    turn_slots: dict[str, Any]
    places: tuple[Place, ...]
    quantities: tuple[Quantity, ...]
    uncovered: tuple[str, ...]
    injection: bool
    references: tuple[int, ...]
    request: dict[str, Any]
