"""Inspect around our runner: a line a case and epoch, what was answered is kept, a failure is told as what it is."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.database import Database
from core.errors import Unavailable
from core.turns import EVALUATING, FILLING, alone
from evals import engine
from evals.cases import Case
from evals.outputs import Outputs
from graphs.runner import Runner

CASES = [
    Case(id="hello", lang="es", turns=["hola"]),
    Case(id="yield", lang="es", turns=["hola", "¿rentabilidad bruta de un piso de 200.000 € alquilado en 900 €?"]),
    Case(id="thanks", lang="en", turns=["thanks!"]),
]
RUN = {"brain": "builtin"}


async def ran(runner: Runner, path: Path, *, epochs: int = 1, resume: bool = False, parallel: int = 2) -> Outputs:
    outputs = Outputs(path, CASES, epochs)
    outputs.begin(RUN, resume=resume)
    await engine.run_cases(runner, CASES, outputs, parallel=parallel)
    outputs.finish()
    return outputs


async def test_each_case_is_answered_once_an_epoch_and_logged_in_the_data_folder(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    before = dict(os.environ)
    outputs = await ran(runner, tmp_path / "out.jsonl", epochs=2)
    assert [(line["id"], line["epoch"]) for line in outputs.lines] == [(c.id, e) for c in CASES for e in (1, 2)]
    assert all(turn["status"] == "finished" for line in outputs.lines for turn in line["turns"])
    [log] = engine.logs_of(runner.resources.settings.data_dir).iterdir()
    assert log.suffix == ".eval"
    assert not (tmp_path / "home").exists()
    assert dict(os.environ) == before


async def test_the_log_shows_the_conversation(runner: Runner, tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log_async

    outputs = await ran(runner, tmp_path / "out.jsonl")
    [path] = engine.logs_of(runner.resources.settings.data_dir).iterdir()
    log = await read_eval_log_async(str(path))  # the other one patches the event loops of the whole process
    assert (log.status, log.eval.model) == ("success", "none/none")
    shown = {str(sample.id): [m.text for m in sample.messages] for sample in log.samples or []}
    assert shown == {line["id"]: [t[k] for t in line["turns"] for k in ("text", "answer")] for line in outputs.lines}


async def test_what_was_answered_is_not_run_again(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.jsonl"
    whole = (await ran(runner, path)).lines
    path.write_text("".join(json.dumps(line) + "\n" for line in whole[:2]), "utf-8")
    asked: list[str] = []
    solve = engine.solve

    async def counted(runner: Runner, case: Case, epoch: int) -> dict[str, Any]:
        asked.append(case.id)
        return await solve(runner, case, epoch)

    monkeypatch.setattr(engine, "solve", counted)
    again = await ran(runner, path, resume=True)
    assert asked == ["thanks"]
    assert [line["id"] for line in again.lines] == [case.id for case in CASES]
    assert again.lines[:2] == whole[:2]


async def test_a_database_that_goes_ends_the_run_and_keeps_the_answers(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = engine.solve

    async def failing(runner: Runner, case: Case, epoch: int) -> dict[str, Any]:
        if case.id == "thanks":
            raise Unavailable("The database does not answer.", "La base de datos no responde.")
        return await solve(runner, case, epoch)

    monkeypatch.setattr(engine, "solve", failing)
    with pytest.raises(Unavailable, match="does not answer"):
        await ran(runner, tmp_path / "out.jsonl", parallel=1)
    kept = [json.loads(row)["id"] for row in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert kept == ["hello", "yield"]


async def test_an_interruption_is_passed_on(runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, never = asyncio.Event(), asyncio.Event()

    async def hanging(runner: Runner, case: Case, epoch: int) -> dict[str, Any]:
        reached.set()
        await never.wait()
        raise AssertionError

    monkeypatch.setattr(engine, "solve", hanging)
    running = asyncio.create_task(ran(runner, tmp_path / "out.jsonl"))
    await reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_one_evaluation_at_a_time_in_a_database(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[object] = []

    @asynccontextmanager
    async def taken(database: Database, key: int) -> AsyncIterator[None]:
        assert database is runner.resources.database
        async with alone(database, key):
            steps.append(key)
            yield
        steps.append("left")

    async def inspected(*_: object) -> Any:
        steps.append("ran")
        async with alone(runner.resources.database, FILLING):  # another key is free
            return [SimpleNamespace(status="success")], SimpleNamespace(failure=None)

    monkeypatch.setattr(engine, "alone", taken)
    monkeypatch.setattr(engine, "_inspected", inspected)
    outputs = await ran(runner, tmp_path / "out.jsonl")
    assert steps == [EVALUATING, "ran", "left"]
    assert {turn["error"] for line in outputs.lines for turn in line["turns"]} == {"time_limit"}  # none was answered


def test_other_commands_do_not_load_inspect() -> None:
    code = "import sys, cli, cli.measure, evals.engine; sys.exit('inspect_ai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
