"""The evaluation over the demo portfolio: the sample's conversations, and two runs that differ in `ms` alone."""

from __future__ import annotations

from typing import Any

from evals.cases import Case, read_cases
from evals.score import Score, score
from graphs.runner import Runner
from tests.conftest import SHARED, needs_shared

from .conftest import answers


def without_time(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line | {"turns": [{k: v for k, v in t.items() if k != "ms"} for t in line["turns"]]} for line in lines]


async def test_two_runs_differ_in_ms_alone(asked: Runner) -> None:
    cases = [
        Case(id="search", lang="es", turns=["Busco piso en Málaga, máximo 250.000 €", "¿cuál es el más barato?"]),
        Case(id="value", lang="en", turns=["What is an 80 m² two-bedroom flat in Seville worth?", "And in three years?"]),
        Case(id="compare", lang="es", turns=["Compara Cali y Medellín"]),
        Case(id="person", lang="es", turns=["Quiero hablar con una persona"]),
        Case(id="lead", lang="es", turns=["Quiero vender mi apartamento en Bogotá", "sí, autorizo: 310 555 0199"]),
    ]
    assert without_time(await answers(asked, cases)) == without_time(await answers(asked, cases))


@needs_shared
async def test_the_sample_conversations(asked: Runner) -> None:
    """Every shown figure binds; routes, escalation and figures as the issue asks or better."""
    cases = read_cases(SHARED / "evals" / "sample.jsonl")
    lines = await answers(asked, cases)
    scores: list[Score] = [s for case, line in zip(cases, lines, strict=True) if (s := score(case, line)) is not None]
    assert len(scores) == len(cases)
    assert all(s.grounded for s in scores)
    assert [line["id"] for line in lines for turn in line["turns"] if turn["status"] != "finished"] == []
    for name, least in (("routes", 0.9), ("escalation", 0.9), ("numbers", 0.9), ("clean", 1.0), ("language", 0.95)):
        found = [value for s in scores if (value := getattr(s, name)) is not None]
        assert sum(found) / len(found) >= least, name
