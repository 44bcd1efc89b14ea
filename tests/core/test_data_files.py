"""Data files that people edit: what is wrong in one is said with its file, key, value and what was expected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from core.data_files import Shape, read
from core.errors import Misconfigured
from core.invalid import Expected

ROOT = Path(__file__).parents[2]


class Part(Shape):
    weight: float = Field(gt=0)
    words: list[str]


class Book(Shape):
    part: dict[str, Part]
    share: Annotated[float, Field(ge=0, le=1)] = 0.5


GOOD = 'share = 1\n[part.a]\nweight = 2\nwords = ["b"]\n'


def written(tmp_path: Path, text: str, name: str = "book.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_a_file_comes_in_its_shape(tmp_path: Path) -> None:
    found = read(written(tmp_path, GOOD), Book)
    assert (found.share, found.part["a"].weight, found.part["a"].words) == (1, 2, ["b"])
    assert read(written(tmp_path, '{"part": {}, "share": 0.25}', "book.json"), Book).share == 0.25


@pytest.mark.parametrize(
    ("old", "new", "key", "en", "es"),
    [
        ("weight = 2\n", "", "part.a.weight", "Field required", "falta"),
        ("weight = 2", "weight = -2", "part.a.weight = -2", "greater than 0", "mayor que 0"),
        ("weight = 2", "weight = nan", "part.a.weight = nan", "finite", "finito"),
        ("weight = 2", "weight = inf", "part.a.weight = inf", "finite", "finito"),
        ("weight = 2", 'weight = "2"', "part.a.weight = '2'", "number", "número"),
        ("weight = 2", "weight = true", "part.a.weight = True", "number", "número"),
        ("share = 1", "share = 1.5", "share = 1.5", "less than or equal to 1", "como máximo 1"),
        ('words = ["b"]', 'words = "b"', "part.a.words = 'b'", "list", "lista"),
        ("share = 1", "share = 1\ncolour = 3", "colour = 3", "not permitted", "no existe"),
        ("[part.a]", "[part.a", "", "end of a table", "end of a table"),
    ],
)
def test_what_cannot_be_is_said_with_file_key_value_and_expectation(
    tmp_path: Path, old: str, new: str, key: str, en: str, es: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(Misconfigured) as caught:
        read(path, Book)
    assert all(part in caught.value.en for part in ("book.toml", key, en, "Correct the file"))
    assert all(part in caught.value.es for part in ("book.toml", key, es, "Corrija el archivo"))


def test_a_file_that_is_not_there_or_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="not there"):
        read(tmp_path / "none.toml", Book)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match=re.escape("bytes.toml")):
        read(tmp_path / "bytes.toml", Book)


def test_a_plain_type_is_a_shape_too(tmp_path: Path) -> None:
    assert read(written(tmp_path, 'a = { b = "c" }'), dict[str, dict[str, str]]) == {"a": {"b": "c"}}
    with pytest.raises(Misconfigured, match=r"a\.b = 1"):
        read(written(tmp_path, "a = { b = 1 }"), dict[str, dict[str, str]])


def test_a_validator_says_what_it_expected_in_both_languages() -> None:
    assert (str(Expected("ten", "diez")), Expected("ten", "diez").es) == ("ten", "diez")


def test_every_toml_file_is_read_this_way() -> None:
    """A mapping may be a user's own file, so it has an error of its own."""
    rooms = ("core", "knowledge", "tools", "agents", "graphs", "services", "api", "evals", "cli")
    readers = {path.relative_to(ROOT).as_posix() for room in rooms for path in (ROOT / room).rglob("*.py")
               if "tomllib" in path.read_text("utf-8")}
    assert readers == {"core/data_files.py", "knowledge/loaders/mapping.py"}
