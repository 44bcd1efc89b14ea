"""`ladrillo eval mutate`: both shares by kind, in both languages, and what is told where the file is another."""

from __future__ import annotations

from pathlib import Path

from .conftest import Call

ANSWERS = Path(__file__).parents[1] / "evals" / "data" / "answers.jsonl"


def few(folder: Path) -> Path:
    path = folder / "few.jsonl"
    path.write_text("\n".join(ANSWERS.read_text("utf-8").splitlines()[5:7]) + "\n", "utf-8")
    return path


def test_a_table_says_what_was_caught_and_what_was_refused(call: Call, tmp_path: Path) -> None:
    path = few(tmp_path)
    english, spanish = call("eval", "mutate", str(path)), call("eval", "mutate", str(path), "--seed", "3", language="es")
    assert (english.code, spanish.code) == (0, 0)
    for words in ("altered figures", "two digits swapped", "unaltered answers", "caught", "The targets are"):
        assert words in english.out
    for words in ("cifras alteradas", "dos cifras cambiadas", "respuestas sin cambios", "detectadas", "los objetivos"):
        assert words in spanish.out


def test_a_file_of_cases_is_no_file_of_answers(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "a", "lang": "es", "turns": ["hola"]}\n', "utf-8")
    found = call("eval", "mutate", str(path))
    assert found.code == 2
    assert "line 1 is no output line" in found.err
    assert call("eval", "mutate", str(tmp_path / "none.jsonl")).code == 3
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", "utf-8")
    assert "no tiene ninguna respuesta" in call("eval", "mutate", str(empty), language="es").err
