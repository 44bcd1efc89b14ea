"""The risk score of a place, or of a purchase in it, 0 (calm) to 100 (severe), taken apart into its components.

Only what is known counts and the weights of the rest are shared out; too little of it and there is no score. What would
change it is computed, not told: each component is set to the calm end of its own scale and the score worked out again. Scales,
weights and their reasons are data (`data/risk.toml`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field, Strict, model_validator

from core.data_files import Shape, read
from core.errors import BadInput
from core.facts import Unit
from core.invalid import Expected
from knowledge.forecasting.series import PER_YEAR, period_number
from knowledge.market.demand import DATA, Weighed, check_scale

#: Fewest changes that a volatility is told from, and the years it looks back.
FEWEST_CHANGES, YEARS_BACK = 8, 10


@dataclass(frozen=True, slots=True)
class Component:
    """`points` are (value, score) in order of value; `lower` where a smaller value is riskier."""

    name: str
    weight: float
    unit: Unit
    points: tuple[tuple[float, float], ...]
    reason: str
    lower: bool = False

    def score(self, value: float) -> float:
        """0 to 100, along the line through the points, flat beyond them."""
        if value <= self.points[0][0]:
            return self.points[0][1]
        for (x0, y0), (x1, y1) in pairwise(self.points):
            if value <= x1:
                return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
        return self.points[-1][1]

    @property
    def calm(self) -> float:
        """The value at the calm end of the scale."""
        return self.points[-1][0] if self.lower else self.points[0][0]


@dataclass(frozen=True, slots=True)
class Scale:
    """The rules of the score as `data/risk.toml` has them."""

    components: Mapping[str, Component]
    fewest_components: int
    fewest_weight: float
    bands: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Part:
    """A component's value and score, its share of the whole (0 to 1), and by how much the score would fall if it were calm."""

    name: str
    value: float
    score: float
    weight: float
    relief: float
    calm: float


@dataclass(frozen=True, slots=True)
class Risk:
    """`score` is None where too little is known. `parts` come in order of relief, largest first; `known` is the share of the
    whole weight that they hold."""

    score: float | None
    parts: tuple[Part, ...]
    unknown: tuple[str, ...]
    known: float


_Point = Annotated[tuple[float, Annotated[float, Field(ge=0, le=100)]], Strict(False)]


class _Scored(Weighed):
    unit: Unit
    points: Annotated[tuple[_Point, ...], Strict(False), Field(min_length=2)]
    lower: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> _Scored:
        steps = list(pairwise(self.points))
        if any(a[0] >= b[0] for a, b in steps) or any((a[1] < b[1]) if self.lower else (a[1] > b[1]) for a, b in steps):
            way_en, way_es = ("fall", "bajen") if self.lower else ("rise", "suban")
            raise Expected(f"the points are {list(self.points)}, expected rising values whose scores {way_en}",
                           f"los puntos son {list(self.points)} y se esperan valores crecientes cuyas notas {way_es}")
        return self


class _File(Shape):
    """`risk.toml`."""

    component: dict[str, _Scored]
    fewest_components: int = Field(ge=1)
    fewest_weight: float = Field(gt=0, le=1)
    bands: dict[str, Annotated[float, Field(gt=0, le=100)]]

    @model_validator(mode="after")
    def _whole(self) -> _File:
        check_scale(self.component, self.bands)
        return self


@lru_cache(maxsize=1)
def scale(path: Path = DATA / "risk.toml") -> Scale:
    """The rules of the score. Raises `Misconfigured` for a file that cannot be."""
    file = read(path, _File)
    components = {name: Component(name, c.weight, c.unit, c.points, c.reason, c.lower) for name, c in file.component.items()}
    return Scale(components, file.fewest_components, file.fewest_weight, file.bands)


def band(score: float) -> str:
    """What a score is called: low, moderate, high or severe."""
    return next(name for name, top in scale().bands.items() if score <= top)


def risk(values: Mapping[str, float]) -> Risk:
    """The score of what is known, by component name. Raises `BadInput` for an unknown name, NaN, infinity, a negative value."""
    rules = scale()
    for name, value in values.items():
        if name not in rules.components:
            raise BadInput(f"{name!r} is no component of the risk score; expected one of {', '.join(rules.components)}.",
                           f"{name!r} no es un componente del riesgo; se esperaba uno de {', '.join(rules.components)}.")
        if not math.isfinite(value) or value < 0:
            raise BadInput(f"{name} is {value}; expected a number from 0 up.",
                           f"{name} es {value}; se esperaba un número desde 0.")
    known = [c for c in rules.components.values() if c.name in values]
    total = math.fsum(c.weight for c in known)
    whole = math.fsum(c.weight for c in rules.components.values())
    parts = []
    for component in known:
        value, share = values[component.name], component.weight / total
        scored = component.score(value)
        relief = max(0.0, share * (scored - component.score(component.calm)))
        parts.append(Part(component.name, value, scored, share, relief, component.calm))
    parts.sort(key=lambda p: (-p.relief, p.name))
    unknown = tuple(name for name in rules.components if name not in values)
    enough = len(parts) >= rules.fewest_components and total / whole >= rules.fewest_weight
    score = min(100.0, max(0.0, math.fsum(p.weight * p.score for p in parts))) if enough else None
    return Risk(score, tuple(parts), unknown, total / whole)


def volatility(points: Sequence[tuple[date, float]], frequency: str) -> float | None:
    """Standard deviation of the yearly growth of house prices in per cent, from the last `YEARS_BACK` years of a series; None
    where it is short. Exchange rates wander without memory: theirs is `finance.exchange_risk.volatility`.

    Changes over a whole year are taken where the series has enough of them, because house prices carry on from month to
    month and a month's deviation times the root of twelve understates a year's; else the period's own, scaled.
    """
    per_year = PER_YEAR[frequency]
    known = {
        period_number(day, frequency): math.log(value)
        for day, value in points if math.isfinite(value) and value > 0
    }
    if not known:
        return None
    recent = {step: value for step, value in known.items() if step > max(known) - YEARS_BACK * per_year - 1}
    for lag in (per_year, 1):
        changes = [value - recent[step - lag] for step, value in recent.items() if step - lag in recent]
        if len(changes) >= FEWEST_CHANGES + lag - 1:
            mean = math.fsum(changes) / len(changes)
            sd = math.sqrt(math.fsum((c - mean) ** 2 for c in changes) / (len(changes) - 1))
            return sd * math.sqrt(per_year / lag) * 100
    return None
