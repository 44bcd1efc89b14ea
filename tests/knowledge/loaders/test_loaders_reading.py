"""Reading: any file gives a table with row numbers, or one clear sentence; odd lines are set aside, whole."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import BadInput
from knowledge.loaders.reading import Sheet, read


def sheet_of(tmp_path: Path, content: bytes, name: str = "file.csv") -> Sheet:
    path = tmp_path / name
    path.write_bytes(content)
    return read(path)


@pytest.mark.parametrize(("content", "encoding"), [
    ("city,n\nBogotá,1\n".encode(), "utf-8"),
    ("\ufeffcity,n\nBogotá,1\n".encode(), "utf-8-sig"),
    ("city,n\nBogotá,1\n".encode("latin-1"), "latin-1 (windows-1252)"),
    ("city;n\r\nBogotá;1\r\n".encode(), "utf-8"),
    ("city\tn\rBogotá\t1\r".encode(), "utf-8"),
])
def test_encodings_delimiters_and_line_ends(tmp_path: Path, content: bytes, encoding: str) -> None:
    sheet = sheet_of(tmp_path, content)
    assert sheet.encoding == encoding
    assert sheet.frame.to_dict("list") == {"city": ["Bogotá"], "n": ["1"]}


def test_one_line_that_is_not_utf8_is_set_aside_in_a_file_that_is(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, "city,n\nBogotá,1\nCali,2\n".encode() + b"Medell\xedn,3\nx,4\n")
    assert list(sheet.frame.index) == [1, 2, 4]
    assert [(r.row, "UTF-8" in r.reason) for r in sheet.rejects] == [(3, True)]
    assert sheet.rows == 4


def test_bytes_that_are_no_letters_do_not_make_a_file_latin1(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, b"city,n\nCali,1\n\xff\xfe\x81,2\n")
    assert sheet.encoding == "utf-8"
    assert [r.row for r in sheet.rejects] == [2]


def test_wrong_number_of_columns_is_set_aside_with_the_whole_line(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, b'a,b\n1,2\n3\n4,5,6\n\n"x\ny",7\n')
    assert list(sheet.frame["a"]) == ["1", "x\ny"]
    assert list(sheet.frame.index) == [1, 4]
    assert [(r.row, r.raw) for r in sheet.rejects] == [(2, {"line": "3"}), (3, {"line": "4,5,6"})]
    assert "3 columns, expected 2" in sheet.rejects[1].reason


@pytest.mark.parametrize("broken", ['"never closed,2', '1,"never closed', '"a" b,2'])
def test_a_broken_quote_costs_its_own_line_only(tmp_path: Path, broken: str) -> None:
    sheet = sheet_of(tmp_path, f"a,b\n1,2\n{broken}\n3,4\n5,6\n".encode())
    assert list(sheet.frame["a"]) == ["1", "3", "5"]
    assert [(r.row, r.raw) for r in sheet.rejects] == [(2, {"line": broken})]


def test_json_lines_set_aside_what_is_no_object(tmp_path: Path) -> None:
    lines = [json.dumps({"a": 1, "b": [1]}), "{not json", "[1, 2]", "", json.dumps({"a": 2, "c": "ñ"})]
    sheet = sheet_of(tmp_path, "\n".join(lines).encode(), "file.jsonl")
    assert list(sheet.frame.columns) == ["a", "b", "c"]
    assert list(sheet.frame.index) == [1, 4]
    assert [r.row for r in sheet.rejects] == [2, 3]


@pytest.mark.parametrize(("name", "content", "told"), [
    ("empty.csv", b"", "empty"),
    ("blank.csv", b" \n\n", "empty"),
    ("garbage.csv", bytes(range(256)) * 10, "binary"),
    ("packed.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0), "unpack it"),
    ("book.xlsx", b"PK\x03\x04\x14\x00\x06\x00", "save the sheet as CSV"),
    ("sheet.parquet", b"not parquet at all", "Parquet"),
    ("cut.parquet", b"PAR1\x15\x04\x15", "Parquet"),
    ("list.json", b'[{"a": 1},\n{"a": 2}\n]', "one object per line"),
    ("twice.csv", b"a,A\n1,2\n", "'a' appears twice"),
    ("header.csv", b"a,,c\n1,2,3\n", "first line"),
])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        sheet_of(tmp_path, content, name)
    assert caught.value.code == "unreadable_file"
    assert name in caught.value.en
    assert name in caught.value.es
    assert told in caught.value.en


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_text_of_a_spreadsheet_is_read(tmp_path: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    sheet = sheet_of(tmp_path, f"{mark}ciudad\tprecio\nBogotá\t5\n".encode(encoding))
    assert sheet.encoding == "utf-16"
    assert sheet.frame.to_dict("records") == [{"ciudad": "Bogotá", "precio": "5"}]


def test_a_stray_nul_costs_its_line(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, b"a,b\n1,2\n3\x00,4\n5,6\n")
    assert [r.row for r in sheet.rejects] == [2]
    assert list(sheet.frame["a"]) == ["1", "5"]


def test_characters_that_are_not_text_cost_their_row(tmp_path: Path) -> None:
    rows = [{"a": "x", "b": ["ok"]}, {"a": "\x00", "b": ["ok"]}, {"a": "\\u0000", "b": ["q\x00"]}, {"a": "\\u0000"}]
    sheet = sheet_of(tmp_path, "\n".join(map(json.dumps, rows)).encode(), "odd.jsonl")
    assert [r.row for r in sheet.rejects] == [2, 3]
    assert "b = ['q\\x00']: holds characters" in sheet.rejects[1].reason
    pd.DataFrame(rows).to_parquet(tmp_path / "odd.parquet")
    sheet = read(tmp_path / "odd.parquet")
    assert [r.row for r in sheet.rejects] == [2, 3]
    assert list(sheet.frame.index) == [1, 4]


def test_missing_file_folder_and_forbidden_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(BadInput, match="is a folder"):
        read(tmp_path)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")

    def refuse(*_: Any, **__: Any) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(BadInput, match="permissions"):
        read(secret)


def test_parquet_cut_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "whole.parquet"
    pd.DataFrame({"a": range(1000)}).to_parquet(path)
    assert read(path).rows == 1000
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BadInput, match="whole Parquet file"):
        read(path)
