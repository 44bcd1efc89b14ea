"""A case and its output line, reduced to what every figure of a report is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.locale import LOCALES
from evals.cases import Case, Expect
from evals.scorers import citing, figures, routing, slots, trajectory, wording

#: What must be right for a case to count as right in selective prediction and repeats, as far as the case asks for it.
DECISIVE = ("routes", "escalation", "slots_joint", "numbers", "clean", "grounded", "language")


@dataclass(frozen=True, slots=True)
class Record:
    """One case in one epoch. `values` are shares in [0, 1], None where the case asks for nothing of the kind; `counts` are
    true positives, false positives and false negatives (`routes_tp`, …). `cluster` is the conversation: cases that are
    repeats, twins or paraphrases of each other are one."""

    id: str
    cluster: str
    epoch: int
    lang: str
    country: str
    routes_expected: tuple[str, ...]
    routes_found: tuple[str, ...]
    tags: tuple[str, ...]
    twin: str | None
    paraphrase_of: str | None
    never: bool
    escalate: bool
    escalated: bool
    confidence: float | None
    routing_confidence: float | None
    ms: float
    tokens: float
    cost: float | None
    values: dict[str, float | None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Whether everything decisive that the case asks for is right."""
        return all(value == 1.0 for name in DECISIVE if (value := self.values.get(name)) is not None)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Record:
        return cls(**{**body, **{name: tuple(body[name]) for name in ("routes_expected", "routes_found", "tags")}})


def record(case: Case, line: Mapping[str, Any]) -> Record | None:
    """The last turn against what the case expects (groundedness: every turn); None where the case expects nothing."""
    expect = case.expect
    if expect is None:
        return None
    turns: list[dict[str, Any]] = line["turns"]
    last = turns[-1]
    found = tuple(last["routes"])
    tp, fp, fn = routing.counts(expect.routes, expect.also_ok, found)
    known = slots.count(expect.slots, last["slots"])
    country = expect.slots.get("country") or last["slots"].get("country")
    return Record(
        id=case.id,
        cluster=case.twin or case.paraphrase_of or case.id,
        epoch=int(line.get("epoch", 1)),
        lang=case.lang,
        country=country if isinstance(country, str) else "xx",
        routes_expected=tuple(expect.routes),
        routes_found=found,
        tags=tuple(case.tags),
        twin=case.twin,
        paraphrase_of=case.paraphrase_of,
        never=case.never or "never" in case.tags,
        escalate=expect.escalate,
        escalated=bool(last["escalated"]),
        confidence=last.get("confidence"),
        routing_confidence=last.get("routing_confidence"),
        ms=sum(float(turn["ms"]) for turn in turns) / len(turns),
        tokens=sum(float(turn.get("tokens") or 0) for turn in turns),
        cost=_cost([turn.get("cost") for turn in turns]),
        values={name: None if value is None else float(value) for name, value in _values(case, expect, turns).items()},
        counts={
            "routes_tp": tp, "routes_fp": fp, "routes_fn": fn,
            "slots_tp": known.right, "slots_fp": known.wrong, "slots_fn": known.missing,
        },
    )


def _cost(each: list[float | None]) -> float | None:
    """Of all turns; None where one of them is not known."""
    known = [cost for cost in each if cost is not None]
    return sum(known) if len(known) == len(each) else None


def _values(case: Case, expect: Expect, turns: list[dict[str, Any]]) -> dict[str, bool | None]:
    last = turns[-1]
    answer, found = last["answer"], last["routes"]
    known = slots.count(expect.slots, last["slots"])
    cited_rightly = [
        citing.marks_lead_somewhere(answer, last["citations"]), citing.quotes_stand(answer, last["citations"])
    ]
    cited = citing.cites(expect.citations.model_dump(), last["citations"]) if expect.citations else None
    return {
        "routes": routing.exact(expect.routes, expect.also_ok, found),
        "out_of_scope": routing.out_of_scope_kept(expect.routes, found),
        "refused_wrongly": routing.refused_wrongly(expect.routes, expect.also_ok, found),
        "escalation": _escalation_right(expect, last),
        "slots_joint": known.missing == 0 if expect.slots else None,
        "numbers": all(figures.has_number(answer, n.value, n.rel_tol) for n in expect.numbers) if expect.numbers else None,
        "clean": wording.clean(expect.must_not_contain, answer),
        "grounded": figures.grounded(turns),
        "language": wording.in_language(case.lang, last["language"], answer),
        "locale": wording.in_locale(_locale(case, expect), answer),
        "trajectory": trajectory.follows(**expect.tools.model_dump(), called=last["tool_calls"]) if expect.tools else None,
        "citations": None if {cited, *cited_rightly} == {None} else False not in (cited, *cited_rightly),
        "finished": all(turn["status"] in ("finished", "person") for turn in turns),
    }


def _escalation_right(expect: Expect, last: Mapping[str, Any]) -> bool:
    return bool(last["escalated"]) == expect.escalate or (not expect.escalate and "human" in expect.also_ok)


def _locale(case: Case, expect: Expect) -> str | None:
    """The locale that the case names, or that its language and country fix."""
    if expect.locale:
        return expect.locale
    country = expect.slots.get("country")
    if case.lang == "en":
        return "en"
    code = f"es-{country}" if case.lang == "es" and isinstance(country, str) else ""
    return code if code in LOCALES else None
