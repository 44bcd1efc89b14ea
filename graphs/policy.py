"""From evidence to what happens: answer, offer a person, or open a case. Reads `policy.toml`; pure.

Confidence is the smallest of the parts that were measured (routing, data, comparables, interval, tools): a chain is as
strong as its weakest link, and a person can read which link that is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from core.locale import Language

Level = Literal["high", "medium", "low"]
_GAPS = ("tool_failed", "no_data", "thin_data", "uncovered", "degraded")


@dataclass(frozen=True, slots=True)
class Confidence:
    """`value` in [0, 1]; `reasons` are codes of what lowers it, weakest first."""

    value: float
    reasons: tuple[str, ...]

    @property
    def level(self) -> Level:
        table = policy()["confidence"]
        return "high" if self.value >= table["high"] else "medium" if self.value >= table["medium"] else "low"


@lru_cache(maxsize=1)
def policy() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("policy.toml").read_text("utf-8"))


def confidence(routing: float, artifacts: Sequence[dict[str, Any]], *, demo: bool) -> Confidence:
    """What the evidence of a turn is worth.

    `artifacts` are the tools' artifacts: their `evidence` may hold `comparables` (count), `interval_width` (80 %
    interval as a share of the value) and `failed`; their `gaps` name what was not known.
    """
    worth = policy()["evidence"]
    parts: dict[str, float] = {"routing": max(routing, worth["routing_floor"])}
    if demo:
        parts["demo"] = worth["demo"]
    for artifact in artifacts:
        evidence = artifact.get("evidence") or {}
        if evidence.get("failed"):
            parts["tool_failed"] = worth["tool_failed"]
        if evidence.get("comparables") is not None and evidence["comparables"] < worth["few_comparables"]:
            parts["few_comparables"] = worth["few_comparables_value"]
        if (evidence.get("interval_width") or 0) > worth["wide_interval"]:
            parts["wide_interval"] = worth["wide_interval_value"]
        for gap in artifact.get("gaps") or ():
            if gap["code"] in _GAPS:
                parts[gap["code"]] = worth[gap["code"]]
    value = min(parts.values())
    reasons = sorted((code for code, part in parts.items() if part < policy()["confidence"]["high"]), key=parts.__getitem__)
    return Confidence(round(value, 3), tuple(reasons))


def offers_a_person(found: Confidence) -> bool:
    return found.value < float(policy()["confidence"]["offer"])


def failed_below() -> float:
    """At or below this confidence an answer counts as failed."""
    return float(policy()["confidence"]["failed"])


def failed_too_often(failures: int) -> bool:
    return failures >= int(policy()["confidence"]["failures"])


def reason_text(reason: str, language: Language) -> str:
    return str(policy()["reasons"][reason][language])


def why(codes: Iterable[str], language: Language) -> list[str]:
    """The reasons of a confidence, as sentences' parts for people."""
    table = policy()["why"]
    return [table[code][language] for code in codes if code in table]
