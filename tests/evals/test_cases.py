"""Reading cases: a file or a folder, every bad line named, nothing taken twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadInput, NotFound
from evals.cases import read_cases

ONE = '{"id": "a", "lang": "es", "turns": ["hola"], "expect": {"routes": ["none"]}}\n'


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text(ONE.replace('"a"', '"b"'), "utf-8")
    (tmp_path / "a.jsonl").write_text(ONE + "\n", "utf-8")
    (tmp_path / "notes.txt").write_text("no case", "utf-8")
    assert [case.id for case in read_cases(tmp_path)] == ["a", "b"]


def test_an_id_stands_once_in_a_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(ONE, "utf-8")
    with pytest.raises(BadInput, match="'a' stands twice"):
        read_cases(tmp_path)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{", "line 2"),
        ('{"id": "x", "lang": "fr", "turns": ["a"]}', "line 2: lang"),
        ('{"id": "x", "lang": "es", "turns": []}', "turns"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, named: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(ONE + line + "\n", "utf-8")
    with pytest.raises(BadInput, match=named):
        read_cases(path)


def test_what_is_not_there_and_what_is_empty(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_cases(tmp_path / "none.jsonl")
    with pytest.raises(BadInput, match="holds no case"):
        read_cases(tmp_path)


def test_our_own_cases_can_be_read() -> None:
    cases = read_cases(Path(__file__).resolve().parents[2] / "evals" / "cases")
    assert len(cases) >= 600
    assert {route for case in cases if case.expect for route in case.expect.routes} >= {
        "roi",
        "none",
        "human",
        "comparison",
    }
    assert {case.lang for case in cases} == {"es", "en", "mixed"}
