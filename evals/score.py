"""What was right: routes, escalation, slots, figures, forbidden words, unbound figures. Pure functions over output lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from core.facts import Fact
from core.locale import LOCALES, Locale, locale_for
from evals.cases import Case
from graphs.grounding import accept
from knowledge.understanding.text import fold


@dataclass(frozen=True, slots=True)
class Score:
    """None where the case expects nothing of that kind."""

    routes: bool
    escalation: bool
    slots: float | None
    numbers: bool | None
    clean: bool | None
    grounded: bool
    language: bool | None


def score(case: Case, line: dict[str, Any]) -> Score | None:
    """The last turn against what the case expects; None where it expects nothing."""
    if case.expect is None:
        return None
    expect, last = case.expect, line["turns"][-1]
    answer = last["answer"]
    return Score(
        routes=routes_right(expect.routes, expect.also_ok, last["routes"]),
        escalation=last["escalated"] == expect.escalate or (not expect.escalate and "human" in expect.also_ok),
        slots=slots_right(expect.slots, last["slots"]) if expect.slots else None,
        numbers=all(has_number(answer, n.value, n.rel_tol) for n in expect.numbers) if expect.numbers else None,
        clean=not any(bad.lower() in answer.lower() for bad in expect.must_not_contain)
        if expect.must_not_contain else None,
        grounded=grounded(case, line),
        language=None if case.lang == "mixed" else last["language"] == case.lang,
    )


def routes_right(expected: Sequence[str], also_ok: Sequence[str], found: Sequence[str]) -> bool:
    """All expected routes took part and no other, apart from those that do no harm."""
    if "none" in also_ok and list(found) == ["none"]:
        return True
    return set(expected) <= set(found) <= set(expected) | set(also_ok)


def slots_right(expected: dict[str, Any], found: dict[str, Any]) -> float:
    """Share of the expected slots that are known and equal."""
    return sum(_same(value, found.get(name)) for name, value in expected.items()) / len(expected)


def _same(expected: Any, found: Any) -> bool:
    if isinstance(expected, list) or isinstance(found, list):
        one = expected if isinstance(expected, list) else [expected]
        other = found if isinstance(found, list) else [found]
        return len(one) == len(other) and all(any(_same(e, f) for f in other) for e in one)
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return abs(expected - found) <= 1e-6 * max(1.0, abs(expected))
    return expected is not None and found is not None and fold(str(expected)) == fold(str(found))


_NUMBER = re.compile(r"\d+(?:[.,'’]\d{3})*(?:[.,]\d+)?")


def has_number(answer: str, value: float, rel_tol: float) -> bool:
    """True if a number of the text, in either convention, is within `rel_tol` of the value."""
    readings: set[float] = set()
    for token in _NUMBER.findall(answer):
        for group, decimal in ((".", ","), (",", ".")):
            plain = token.replace("'", "").replace("’", "").replace(group, "").replace(decimal, ".")
            if plain.count(".") <= 1:
                readings.add(float(plain))
    return any(abs(r - abs(value)) <= rel_tol * abs(value) for r in readings)


def grounded(case: Case, line: dict[str, Any]) -> bool:
    """Every figure of every answer binds to a fact that the answer carries, or is the investor's own."""
    said = []
    for turn in line["turns"]:
        said.append(turn["text"])
        facts = [Fact.from_dict(body) for body in turn["facts"]]
        if accept(turn["answer"], facts, _locale(turn), said).offender is not None:
            return False
    return True


def _locale(turn: dict[str, Any]) -> Locale:
    if turn.get("locale") in LOCALES:
        return LOCALES[turn["locale"]]
    country = turn["slots"].get("country")
    return locale_for("en" if turn["language"] == "en" else "es", country if isinstance(country, str) else None)


def table(cases: Iterable[Case], lines: Iterable[dict[str, Any]]) -> list[tuple[str, int, dict[str, float | None]]]:
    """Shares by slice: all, then language, route and tag. (name, cases, measure -> share or None)."""
    groups: dict[str, list[Score]] = defaultdict(list)
    for case, line in zip(cases, lines, strict=True):
        found = score(case, line)
        if found is None or case.expect is None:
            continue
        names = ["all", f"lang {case.lang}", *(f"route {r}" for r in case.expect.routes), *(f"tag {t}" for t in case.tags)]
        for name in names:
            groups[name].append(found)
    order = sorted(groups, key=lambda name: (name != "all", name))
    return [(name, len(groups[name]), _shares(groups[name])) for name in order]


def _shares(scores: Sequence[Score]) -> dict[str, float | None]:
    shares: dict[str, float | None] = {}
    for measure in (f.name for f in fields(Score)):
        values = [float(v) for s in scores if (v := getattr(s, measure)) is not None]
        shares[measure] = sum(values) / len(values) if values else None
    return shares
