"""The file of output lines: what an interrupted run leaves is taken up again, and only that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict
from evals.cases import Case
from evals.outputs import Outputs

CASES = [Case(id=name, lang="es", turns=[f"hola {name}"]) for name in ("a", "b", "c")]
RUN = {"brain": "builtin", "epochs": 1}


def line(name: str, status: str = "finished", text: str | None = None) -> dict[str, Any]:
    return {"id": name, "turns": [{"text": text or f"hola {name}", "status": status}]}


def ids(path: Path) -> list[str]:
    return [json.loads(row)["id"] for row in path.read_text("utf-8").splitlines()]


def begun(path: Path, *, resume: bool = False, epochs: int = 1) -> Outputs:
    outputs = Outputs(path, CASES, epochs)
    outputs.begin(RUN, resume=resume)
    return outputs


def test_lines_come_in_any_order_and_end_in_that_of_the_cases(tmp_path: Path) -> None:
    outputs = begun(tmp_path / "out.jsonl")
    for name in "cab":
        outputs.add(line(name), 1)
    assert ids(outputs.path) == ["c", "a", "b"]
    outputs.finish()
    assert ids(outputs.path) == ["a", "b", "c"]
    assert [file.name for file in tmp_path.iterdir()] == ["out.jsonl"]


def test_epochs_stand_together_and_are_numbered(tmp_path: Path) -> None:
    outputs = begun(tmp_path / "out.jsonl", epochs=2)
    for name, epoch in (("b", 2), ("a", 1), ("b", 1), ("a", 2)):
        outputs.add(line(name), epoch)
    outputs.finish()
    rows = [json.loads(row) for row in outputs.path.read_text("utf-8").splitlines()]
    assert [(row["id"], row["epoch"]) for row in rows] == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert [(case.id, epoch) for case, epoch in outputs.missing] == [("c", 1), ("c", 2)]
    assert "epoch" not in begun(tmp_path / "one.jsonl").add(line("a"), 1)


def test_a_run_that_was_killed_in_the_middle_of_a_line_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    first = begun(path)
    first.add(line("c"), 1)
    first.add(line("a", "failed"), 1)
    with path.open("a", encoding="utf-8") as handle:
        handle.write('{"id": "b", "turns": [{"te')
    again = begun(path, resume=True)
    assert ("c", 1) in again
    assert [case.id for case, _ in again.missing] == ["a", "b"]
    assert ids(path) == ["c"]


def test_an_answer_to_other_words_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in (line("a"), line("b", text="otra cosa"), line("gone"))), "utf-8")
    assert [case.id for case, _ in begun(path, resume=True).missing] == ["b", "c"]


def test_without_resume_the_file_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    begun(path).add(line("a"), 1)
    assert len(begun(path).missing) == 3
    assert path.read_text("utf-8") == ""


def test_two_brains_are_never_mixed(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    begun(path).add(line("a"), 1)
    with pytest.raises(Conflict, match="'brain': 'llm'"):
        Outputs(path, CASES, 1).begin({**RUN, "brain": "llm"}, resume=True)
    assert ids(path) == ["a"]
