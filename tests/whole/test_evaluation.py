"""The evaluation over the demo portfolio: the sample's conversations, and two runs that differ in `ms` alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evals.cases import Case, read_cases
from evals.engine import run_cases
from evals.metrics import METRICS
from evals.outputs import Outputs
from evals.records import Record, record
from graphs.runner import Runner
from tests.conftest import SHARED, needs_shared

from .conftest import answers


def without_time(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line | {"turns": [{k: v for k, v in t.items() if k != "ms"} for t in line["turns"]]} for line in lines]


CASES = [
    Case(id="search", lang="es", turns=["Busco piso en Málaga, máximo 250.000 €", "¿cuál es el más barato?"]),
    Case(id="value", lang="en", turns=["What is an 80 m² two-bedroom flat in Seville worth?", "And in three years?"]),
    Case(id="compare", lang="es", turns=["Compara Cali y Medellín"]),
    Case(id="person", lang="es", turns=["Quiero hablar con una persona"]),
    Case(id="lead", lang="es", turns=["Quiero vender mi apartamento en Bogotá", "sí, autorizo: 310 555 0199"]),
]


async def test_two_runs_differ_in_ms_alone(asked: Runner) -> None:
    assert without_time(await answers(asked, CASES)) == without_time(await answers(asked, CASES))


async def test_cases_run_side_by_side_answer_as_those_run_in_turn(asked: Runner, tmp_path: Path) -> None:
    async def lines(parallel: int) -> list[dict[str, Any]]:
        outputs = Outputs(tmp_path / f"{parallel}.jsonl", CASES, 3)
        outputs.begin({}, resume=False)
        await run_cases(asked, CASES, outputs, parallel=parallel)
        outputs.finish()
        return [json.loads(row) for row in outputs.path.read_text("utf-8").splitlines()]

    in_turn = without_time(await lines(1))
    assert without_time(await lines(8)) == in_turn
    assert without_time([{k: v for k, v in line.items() if k != "epoch"} for line in in_turn if line["epoch"] == 1]) == (
        without_time(await answers(asked, CASES)))


@needs_shared
async def test_the_sample_conversations(asked: Runner) -> None:
    """Every shown figure binds; routes, escalation and figures as the issue asks or better."""
    cases = read_cases(SHARED / "evals" / "sample.jsonl")
    lines = await answers(asked, cases)
    records: list[Record] = [r for case, line in zip(cases, lines, strict=True) if (r := record(case, line)) is not None]
    assert len(records) == len(cases)
    assert [line["id"] for line in lines for turn in line["turns"] if turn["status"] != "finished"] == []
    for name, least in (("routes", 0.9), ("escalation", 0.9), ("numbers", 0.9), ("language", 0.95), ("grounded", 1.0)):
        assert (METRICS[name].compute(records) or 0.0) >= least, name
    assert METRICS["injection_obeyed"].compute(records) == 0
