"""The demand index of an area, 0 to 100 among its peers, with every component in sight.

A component is the area's mid-rank among the peers that have it, so it depends on order alone and no outlier stretches the
scale; a component that is not known is left out, its weight goes to the others, and the answer says so. What counts and
with which weight is data (`data/demand.toml`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from core.data_files import Shape, read
from core.invalid import Expected
from knowledge.market.pace import Pace

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Component:
    """How a component counts: its weight (all sum to 1), whether more means more demand, and why."""

    name: str
    weight: float
    higher: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The rules of the index as `data/demand.toml` has them."""

    components: tuple[Component, ...]
    fewest_components: int
    fewest_peers: int
    prior_adverts: float
    bands: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Part:
    """One component of one area: its value as compared (after shrinkage), its score 0 to 100 and its share of the index."""

    name: str
    value: float
    score: float
    weight: float
    peers: int


@dataclass(frozen=True, slots=True)
class Demand:
    """`score` is None where the index is withheld; `missing` are the components that nobody knows of the area."""

    score: float | None
    parts: tuple[Part, ...]
    missing: tuple[str, ...]
    peers: int


class Weighed(Shape):
    """What every component of a score says in its file."""

    weight: float = Field(gt=0, le=1)
    reason: str = Field(min_length=1)


class _Counted(Weighed):
    higher: bool


class _File(Shape):
    """`demand.toml`."""

    component: dict[str, _Counted]
    fewest_components: int = Field(ge=1)
    fewest_peers: int = Field(ge=2)
    prior_adverts: float = Field(ge=0)
    bands: dict[str, Annotated[float, Field(gt=0, le=100)]]

    @model_validator(mode="after")
    def _whole(self) -> _File:
        check_scale(self.component, self.bands)
        return self


def check_scale(components: Mapping[str, Weighed], bands: Mapping[str, float]) -> None:
    """Weights that sum to 1, and bands in order up to 100. Raises `Expected`."""
    total = math.fsum(c.weight for c in components.values())
    if not math.isclose(total, 1, abs_tol=1e-6):
        raise Expected(f"the weights of the components sum to {total:g}, expected 1",
                       f"los pesos de los componentes suman {total:g} y se espera 1")
    tops = list(bands.values())
    if not tops or tops[-1] != 100 or any(a >= b for a, b in pairwise(tops)):
        raise Expected(f"the bands end at {tops}, expected rising ends, the last one 100",
                       f"las bandas acaban en {tops} y se esperan finales crecientes, el último 100")


@lru_cache(maxsize=1)
def scale(path: Path = DATA / "demand.toml") -> Scale:
    """The rules of the index. Raises `Misconfigured` for a file that cannot be."""
    file = read(path, _File)
    components = tuple(Component(name, c.weight, c.higher, c.reason) for name, c in file.component.items())
    return Scale(components, file.fewest_components, file.fewest_peers, file.prior_adverts, file.bands)


def band(score: float) -> str:
    """What a score is called: low, middle or high."""
    return next(name for name, top in scale().bands.items() if score <= top)


def measures(found: Pace, of_all: Pace, price_trend: float | None = None) -> dict[str, float]:
    """What is known of an area's demand, its rates drawn to those of all peers together by `prior_adverts`.

    A rate of n adverts becomes (n * own + k * all) / (n + k): the posterior mean of a rate whose prior is worth k adverts
    (Efron and Morris 1975). `price_trend` is growth a year in per cent.
    """
    known: dict[str, float] = {}
    prior = scale().prior_adverts

    def drawn(own: float, all_: float) -> float:
        return (found.stock * own + prior * all_) / (found.stock + prior)

    if found.absorption is not None and of_all.absorption is not None:
        known["absorption"] = drawn(found.absorption, of_all.absorption)
    if found.new is not None and found.withdrawn is not None and of_all.new is not None and of_all.withdrawn is not None:
        share = of_all.withdrawn / max(1, of_all.new + of_all.withdrawn)
        own = found.withdrawn / max(1, found.new + found.withdrawn)
        known["balance"] = drawn(own, share)
    if found.on_market is not None and found.on_market.median is not None:
        every = of_all.on_market.median if of_all.on_market and of_all.on_market.median is not None else found.on_market.median
        known["days_on_market"] = drawn(found.on_market.median, every)
    if found.cuts is not None and of_all.cuts is not None:
        known["price_cuts"] = drawn(found.cuts.share, of_all.cuts.share)
    if price_trend is not None and math.isfinite(price_trend):
        known["price_trend"] = price_trend
    return known


def demand(area: str, peers: Mapping[str, Mapping[str, float]]) -> Demand:
    """The index of `area` among `peers`, which hold its own measures too (names of `data/demand.toml`, finite)."""
    rules = scale()
    own = peers.get(area, {})
    parts: list[tuple[Component, float, float, int]] = []
    for component in rules.components:
        value = own.get(component.name)
        others = [m[component.name] for name, m in peers.items() if component.name in m]
        if value is None or len(others) < rules.fewest_peers:
            continue
        below = sum(v < value for v in others)
        same = sum(v == value for v in others)
        rank = (below + (same - 1) / 2) / (len(others) - 1) * 100
        parts.append((component, value, rank if component.higher else 100 - rank, len(others)))
    missing = tuple(c.name for c in rules.components if c.name not in {p[0].name for p in parts})
    total = math.fsum(c.weight for c, *_ in parts)
    shown = tuple(Part(c.name, value, score, c.weight / total, n) for c, value, score, n in parts)
    score = None
    if len(parts) >= rules.fewest_components:
        score = min(100.0, max(0.0, math.fsum(p.score * p.weight for p in shown)))
    return Demand(score, shown, missing, len(peers))
