"""From evidence to what happens: answer, offer a person, or open a case. Reads `policy.toml`; pure.

Two things are measured. Whether the message was understood is a calibrated probability: of its routes, of its figures, and
little where a tool failed. What the data behind the answer are worth is the smallest of its parts (coverage, comparables,
interval): a chain is as strong as its weakest link, and a person can read which link that is. "There are no data on that" can
be surely right, and still be worth an offer of a person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from core.data_files import Shape, read
from core.invalid import Expected
from core.locale import Language

Level = Literal["high", "medium", "low"]
_FILE = Path(__file__).with_name("policy.toml")
_GAPS = ("no_data", "thin_data", "uncovered", "degraded")


@dataclass(frozen=True, slots=True)
class Confidence:
    """`value` is the probability that the answer is what was asked for, `evidence` in [0, 1] what the data behind it are
    worth; `failed`: no tool could answer. `reasons` are codes of what lowers the two, weakest first."""

    value: float
    evidence: float
    failed: bool
    reasons: tuple[str, ...]

    @property
    def weakest(self) -> float:
        return min(self.value, self.evidence)

    @property
    def level(self) -> Level:
        """What people see: as good as the weaker of the two."""
        table = policy()["confidence"]
        return "high" if self.weakest >= table["high"] else "medium" if self.weakest >= table["medium"] else "low"


_Share = Annotated[float, Field(ge=0, le=1)]


class _Levels(Shape):
    offer: _Share
    high: _Share
    medium: _Share
    failures: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> _Levels:
        if not self.offer <= self.medium <= self.high:
            raise Expected(f"offer {self.offer:g}, medium {self.medium:g} and high {self.high:g}, expected them to rise",
                           f"offer {self.offer:g}, medium {self.medium:g} y high {self.high:g}: se espera que suban")
        return self


class _Worth(Shape):
    tool_failed: _Share
    readings_differ: _Share
    no_data: _Share
    thin_data: _Share
    uncovered: _Share
    degraded: _Share
    unknown_region: _Share
    unverified_rule: _Share
    demo: _Share
    few_comparables: int = Field(ge=0)
    few_comparables_value: _Share
    wide_interval: float = Field(gt=0)
    wide_interval_value: _Share
    narrow_irr: float = Field(gt=0)
    wide_irr: float = Field(gt=0)
    wide_irr_value: _Share
    weak_value: _Share

    @model_validator(mode="after")
    def _in_order(self) -> _Worth:
        if self.narrow_irr >= self.wide_irr:
            raise Expected(f"narrow_irr {self.narrow_irr:g} and wide_irr {self.wide_irr:g}, expected the first to be smaller",
                           f"narrow_irr {self.narrow_irr:g} y wide_irr {self.wide_irr:g}: se espera que el primero sea menor")
        return self


class _Sentence(Shape):
    es: str = Field(min_length=1)
    en: str = Field(min_length=1)


class _File(Shape):
    """`policy.toml`."""

    confidence: _Levels
    evidence: _Worth
    reasons: dict[str, _Sentence]
    why: dict[str, _Sentence]


@lru_cache(maxsize=1)
def policy(path: Path = _FILE) -> dict[str, Any]:
    """The file as it is. Raises `Misconfigured` for one that cannot be."""
    return read(path, _File).model_dump()


def confidence(understood: Mapping[str, float], artifacts: Sequence[dict[str, Any]], *, demo: bool) -> Confidence:
    """What an answer is worth.

    `understood` are probabilities, independent of each other: `routing`, that the routes are right, `figures`, that each
    figure is read as it was meant. `artifacts` are the tools' artifacts: their `evidence` may hold `comparables` (count),
    `interval_width` (80 % interval as a share of the value), `irr_width` (points between the ends of the 80 % interval of a
    simulated internal rate), `value_confidence` (0-1, of a valuation), `unverified` (a legal parameter that nobody checked),
    `region_unknown` (the own rules of a place lack) and `failed`; their `gaps` name what was not known.
    """
    worth, high = policy()["evidence"], policy()["confidence"]["high"]
    parts: dict[str, float] = {}
    failed = False
    if demo:
        parts["demo"] = worth["demo"]
    for artifact in artifacts:
        evidence = artifact.get("evidence") or {}
        gaps = [gap["code"] for gap in artifact.get("gaps") or ()]
        failed = failed or bool(evidence.get("failed")) or "tool_failed" in gaps
        if evidence.get("comparables") is not None and evidence["comparables"] < worth["few_comparables"]:
            parts["few_comparables"] = worth["few_comparables_value"]
        if (evidence.get("interval_width") or 0) > worth["wide_interval"]:
            parts["wide_interval"] = worth["wide_interval_value"]
        if (width := evidence.get("irr_width")) is not None and width > worth["narrow_irr"]:
            far = min(1.0, (width - worth["narrow_irr"]) / (worth["wide_irr"] - worth["narrow_irr"]))
            parts["wide_irr"] = round(1 - far * (1 - worth["wide_irr_value"]), 3)
        if evidence.get("unverified"):
            parts["unverified_rule"] = worth["unverified_rule"]
        if evidence.get("region_unknown"):
            parts["unknown_region"] = worth["unknown_region"]
        sure = evidence.get("value_confidence")
        if sure is not None and sure < worth["weak_value"]:
            parts["weak_value"] = min(parts.get("weak_value", 1.0), float(sure))
        parts |= {code: worth[code] for code in gaps if code in _GAPS}
    value = math.prod(understood.values())
    lowers = {**understood, **parts}
    if failed:
        value = min(value, worth["tool_failed"])
        lowers["tool_failed"] = worth["tool_failed"]
    reasons = sorted((code for code, part in lowers.items() if part < high), key=lowers.__getitem__)
    return Confidence(round(value, 3), min(parts.values(), default=1.0), failed, tuple(reasons))


def routing_confidence(routes: Sequence[str], understood: Mapping[str, Any]) -> float:
    """How likely these routes are right: measured, so never a language model's own word for it."""
    same = set(routes) == set(understood["routes"])
    return float(understood["confidence"] if same else policy()["evidence"]["readings_differ"])


def offers_a_person(found: Confidence, *, asking: bool) -> bool:
    """Where the data are thin, or the answer is likely not what was asked for; a question of our own settles the latter
    first."""
    least = float(policy()["confidence"]["offer"])
    return found.evidence < least or (found.value < least and (found.failed or not asking))


def failed_too_often(failures: int) -> bool:
    return failures >= int(policy()["confidence"]["failures"])


def reason_text(reason: str, language: Language) -> str:
    return str(policy()["reasons"][reason][language])


def why(codes: Iterable[str], language: Language) -> list[str]:
    """The reasons of a confidence, as sentences' parts for people."""
    table = policy()["why"]
    return [table[code][language] for code in codes if code in table]
