"""What a tool hands back: short text for the model, and an artifact of plain data for everyone else.

The text names each figure with its fact id, so that a model quotes figures instead of inventing them. The artifact holds
the facts themselves and what pages draw (cards, tables, charts, citations), the evidence that confidence is computed
from, and the gaps: what was asked and is not known. In `data`, `cards`, `tables` and `charts` every figure is a fact id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import BadInput
from core.facts import INPUT_CHECK, Fact, Source, as_dicts

Content = tuple[str, dict[str, Any]]


@dataclass
class ToolResult:
    """Collects a tool's findings; `done()` gives the pair that `response_format="content_and_artifact"` wants."""

    facts: dict[str, Fact] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    cards: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    charts: list[dict[str, Any]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    evidence: dict[str, Any] = field(default_factory=dict)
    gaps: list[dict[str, Any]] = field(default_factory=list)

    def add(self, fact: Fact, *, say: bool = True) -> str:
        """Keep a fact and return its id; `say` also writes it into the text for the model."""
        if fact.id not in self.facts:
            self.facts[fact.id] = fact
            if say:
                self.lines.append(line(fact))
        return fact.id

    def extend(self, facts: Iterable[Fact], *, say: bool = True) -> list[str]:
        return [self.add(fact, say=say) for fact in facts]

    def say(self, text: str) -> None:
        self.lines.append(text)

    def gap(self, code: str, **what: Any) -> None:
        """Something asked for that is not known: `no_data`, `thin_data`, `uncovered`, `missing_input`, `degraded` …"""
        self.gaps.append({"code": code, **what})
        self.lines.append(f"gap {code}: " + ", ".join(f"{k}={v}" for k, v in what.items()))

    def draw(self, kind: Literal["line", "columns", "ranges"], label: str, unit: str, lines: Mapping[str, list[dict[str, Any]]],
             region: str = "") -> None:
        """A chart: by name of each line its points, `x` a date or a word and `y` a fact id. Nothing without points."""
        if any(lines.values()):
            self.charts.append({"kind": kind, "label": label, "region": region, "unit": unit,
                                "series": [{"name": name, "points": points} for name, points in lines.items()]})

    def refuse(self, error: BadInput, code: str = "", **shown: str) -> None:
        """Figures that cannot be: the first sentence in both languages, as facts so that it may be shown. `code` instead of the
        error's own; `shown`: ids of facts that the sentence is about."""
        problem: dict[str, Any] = {"code": code or error.code, "es": error.es.split(". ")[0], "en": error.en.split(". ")[0]}
        for language in ("es", "en"):
            self.add(Fact("input_problem", problem[language], "text", Source("computation", INPUT_CHECK)), say=False)
        self.data["problem"] = problem | shown
        self.gap("bad_input", problem=error.en)

    def done(self) -> Content:
        text = "\n".join(self.lines) or "nothing found"
        return text, {
            "facts": as_dicts(self.facts.values()),
            "data": self.data,
            "cards": self.cards,
            "tables": self.tables,
            "charts": self.charts,
            "citations": self.citations,
            "evidence": self.evidence,
            "gaps": self.gaps,
        }


def line(fact: Fact) -> str:
    """`[f_ab12] gross_yield = 6.1333 percent; Chapinero, Bogotá; as of 2026-10` for a model's eyes."""
    value = fact.value if isinstance(fact.value, str) else f"{fact.value:.10g}"
    parts = [f"[{fact.id}] {fact.key} = {value} {fact.currency or ''} {fact.unit}".replace("  ", " ")]
    if fact.low is not None and fact.high is not None:
        parts.append(f"between {fact.low:.10g} and {fact.high:.10g} ({(fact.level or 0) * 100:.0f} %)")
    if fact.entity:
        parts.append(fact.entity)
    if fact.as_of:
        parts.append(f"as of {fact.as_of}")
    if fact.source.demo:
        parts.append("demo data")
    return "; ".join(parts)
