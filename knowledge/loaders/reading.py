"""A file as a table: CSV, Parquet or JSON lines, rows numbered from 1, lines that cannot be read set aside.

CSV goes through the standard library's reader and not pandas': it is fast enough, and it tells of every line with
the wrong number of columns, which pandas would pad in silence. A file that is neither marked as UTF-16 nor UTF-8 as a
whole is taken as Windows-1252 (a superset of latin-1) only if its odd bytes are letters that Spanish and its
neighbours use; otherwise only the lines that cannot be read are set aside.
"""

from __future__ import annotations

import codecs
import csv
import errno
import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import BadInput
from knowledge.loaders.rejects import Reject

if TYPE_CHECKING:
    import pandas as pd

#: One field may not be longer; also the most that an unclosed quote may swallow before its line is set aside.
FIELD_LIMIT = 1_000_000
_SURROGATE = re.compile("[\udc80-\udcff]")
#: What PostgreSQL does not store as text: NUL, and half a surrogate pair.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_LATIN = frozenset("áàâãäåæéèêëíìîïóòôõöøœúùûüñçßÁÀÂÃÄÅÆÉÈÊËÍÌÎÏÓÒÔÕÖØŒÚÙÛÜÑÇ·ªº°¿¡«»²³€–—‘’“”…\xa0½¼¾")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")


@dataclass(slots=True)
class Sheet:
    """`frame`'s index is the 1-based data row; CSV values are text, "" where empty. `rows` counts the rejects too."""

    path: Path
    encoding: str
    frame: pd.DataFrame
    rows: int
    fingerprint: str
    rejects: list[Reject] = field(default_factory=list)


def read(path: Path) -> Sheet:
    """Read a whole file. `BadInput` where it is missing, a folder, empty, forbidden, or not a table."""
    content = _content(path)
    suffix = path.suffix.lower()
    if content[:4] == b"PAR1" or suffix in (".parquet", ".pq"):
        sheet = _read_parquet(path)
    else:
        _refuse_binary(path, content)
        text, encoding = decode(content)
        if suffix in _JSON_SUFFIXES or text.lstrip()[:1] == "{":
            sheet = _read_json_lines(path, text, encoding)
        else:
            sheet = _read_csv(path, text, encoding)
    sheet.fingerprint = hashlib.sha256(content).hexdigest()
    _tidy_columns(sheet)
    return sheet


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file", "no existe") from None
    except IsADirectoryError:
        raise _unreadable(path, "it is a folder; name a file in it", "es una carpeta; indique un archivo") from None
    except PermissionError:
        raise _unreadable(path, "it may not be read with this user's permissions",
                          "este usuario no tiene permiso de lectura") from None
    except OSError as error:
        detail = error.strerror or errno.errorcode.get(error.errno or 0, "OSError")
        raise _unreadable(path, detail, detail) from error
    if not content.strip():
        raise _unreadable(path, "it is empty", "está vacío")
    return content


def _refuse_binary(path: Path, content: bytes) -> None:
    """A stray NUL is the fault of its line; a file full of them was never text."""
    if content.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")):
        raise _unreadable(path, "it is compressed, or a workbook; unpack it, or save the sheet as CSV",
                          "está comprimido o es un libro de cálculo; descomprímalo o guarde la hoja como CSV")
    sample = content[:65536]
    if not content.startswith(_UTF_16) and sample.count(0) > 1 + len(sample) // 1000:
        raise _unreadable(path, "it is a binary file, not CSV, Parquet or JSON lines",
                          "es un archivo binario, no CSV, Parquet ni JSON por líneas")


def _unreadable(path: Path, en: str, es: str) -> BadInput:
    return BadInput(f"The file {path} cannot be loaded: {en}.", f"El archivo {path} no se puede cargar: {es}.",
                    code="unreadable_file")


def decode(content: bytes) -> tuple[str, str]:
    """Text and the encoding used. Bytes that remain unreadable become lone surrogates (U+DC80-U+DCFF)."""
    if content.startswith(_UTF_16):  # what Excel calls Unicode text
        return content.decode("utf-16", errors="replace"), "utf-16"
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError:
        text = content.decode(encoding, errors="surrogateescape")
    rest = _SURROGATE.sub("", text)
    odd = {bytes([ord(c) - 0xDC00]).decode("cp1252", errors="replace") for c in set(_SURROGATE.findall(text))}
    if rest.isascii() and odd <= _LATIN:
        return content.decode("cp1252", errors="replace"), "latin-1 (windows-1252)"
    return text, encoding


def _read_csv(path: Path, text: str, encoding: str) -> Sheet:
    import pandas as pd

    end = "\n" if "\n" in text else "\r"
    lines = [line + "\n" for line in text.split(end)]
    start = next(number for number, line in enumerate(lines) if line.strip())
    delimiter = max(",;\t|", key=lines[start].count)
    records = _records(lines, start, delimiter)
    header = next(records).cells
    if not header or not all(name.strip() for name in header) or _SURROGATE.search("".join(header)):
        raise _unreadable(path, "its first line does not name every column",
                          "su primera línea no da nombre a todas las columnas")
    width, number = len(header), 0
    good: list[list[str]] = []
    numbers: list[int] = []
    rejects: list[Reject] = []
    suspicious = _NO_TEXT.search(text) is not None
    for record in records:
        number += 1
        if record.cells is None:
            reason = record.problem
        elif len(record.cells) != width:
            found = len(record.cells)
            reason = f"{found} columns, expected {width} / {found} columnas, se esperaban {width}"
        elif suspicious and _NO_TEXT.search("".join(record.cells)):
            reason = "the line is not UTF-8 text / la línea no es texto UTF-8"
        else:
            good.append(record.cells)
            numbers.append(number)
            continue
        rejects.append(Reject(number, reason, {"line": "".join(lines[record.first:record.last]).rstrip("\r\n")}))
    columns = list(zip(*good, strict=True)) if good else [()] * width
    frame = pd.DataFrame(
        {position: pd.Series(values, dtype=object) for position, values in enumerate(columns)},
    )
    frame.columns = pd.Index(header)
    frame.index = pd.Index(numbers, dtype="int64")
    return Sheet(path, encoding, frame, number, "", rejects)


class _Record(NamedTuple):
    """Physical lines `first` to `last` (exclusive), and the cells they hold, or why they hold none."""

    first: int
    last: int
    cells: list[str] | None
    problem: str = ""


def _records(lines: list[str], start: int, delimiter: str) -> Iterator[_Record]:
    """The records from line `start` on, blank lines left out.

    A quote that never closes costs its own line and not those after it: reading starts again at the next one.
    """
    previous = csv.field_size_limit(FIELD_LIMIT)
    width = 0
    try:
        while start < len(lines):
            reader = csv.reader(itertools.islice(lines, start, None), delimiter=delimiter, strict=True)
            offset, first = start, start
            try:
                for cells in reader:
                    first, last = start, offset + reader.line_num
                    start = last
                    if not cells or (len(cells) == 1 and not cells[0].strip()):
                        continue
                    width = width or len(cells)
                    if len(cells) != width and last - first > 1:
                        start = first
                        raise csv.Error("a quote opens and does not close in its line")
                    yield _Record(first, last, cells)
            except csv.Error as error:
                yield _Record(start, start + 1, None, f"not a CSV line ({error}) / no es una línea CSV")
                start += 1
            else:
                return
    finally:
        csv.field_size_limit(previous)


def _read_json_lines(path: Path, text: str, encoding: str) -> Sheet:
    import pandas as pd

    good: list[dict[str, Any]] = []
    numbers: list[int] = []
    rejects: list[Reject] = []
    number = 0
    for line in text.split("\n"):
        if not line.strip():
            continue
        number += 1
        try:
            if _SURROGATE.search(line):
                raise ValueError("not UTF-8")
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        odd = odd_text(row) if isinstance(row, dict) and "\\u" in line else None
        if odd is not None:
            rejects.append(Reject(number, odd, {"line": line.rstrip()}))
        elif isinstance(row, dict):
            good.append(row)
            numbers.append(number)
        else:
            rejects.append(Reject(
                number, "the line is not one JSON object / la línea no es un objeto JSON", {"line": line.rstrip()}))
    if not good or text.lstrip().startswith("["):
        raise _unreadable(path, "it is not JSON lines (expected one object per line)",
                          "no es JSON por líneas (se esperaba un objeto por línea)")
    names = list(dict.fromkeys(name for row in good for name in row))
    frame = pd.DataFrame(
        {name: pd.Series([row.get(name) for row in good], dtype=object) for name in names}
    )
    frame.index = pd.Index(numbers, dtype="int64")
    return Sheet(path, encoding, frame, number, "", rejects)


def _read_parquet(path: Path) -> Sheet:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except (ValueError, OSError, NotImplementedError) as error:  # pyarrow's own errors are subclasses of these
        detail = str(error).strip().splitlines()[0][:160]
        raise _unreadable(path, f"it is not a whole Parquet file ({detail})",
                          f"no es un archivo Parquet completo ({detail})") from error
    if not len(frame.columns):
        raise _unreadable(path, "it has no columns", "no tiene columnas")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    sheet = Sheet(path, "parquet", frame, len(frame), "")
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name].dtype)]
    columns = [frame[name].tolist() for name in texts]
    odd = [number for number, cells in enumerate(zip(*columns, strict=True), start=1) if any(map(_is_odd, cells))]
    for row in odd:
        raw = raw_row(frame, row)
        sheet.rejects.append(Reject(row, odd_text(raw) or "", raw))
    if odd:
        sheet.frame = frame.drop(index=odd)
    return sheet


def odd_text(row: dict[str, Any]) -> str | None:
    """The reason to set a row aside that holds what cannot be stored as text."""
    for name, value in row.items():
        if _is_odd(name) or _is_odd(value):
            return f"{name} = {repr(value)[:80]}: holds characters that are not text / contiene caracteres que no son texto"
    return None


def _is_odd(value: Any) -> bool:
    if isinstance(value, str):
        return _NO_TEXT.search(value) is not None
    if isinstance(value, dict):
        return any(_is_odd(key) or _is_odd(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(map(_is_odd, value))
    return hasattr(value, "tolist") and _is_odd(value.tolist())


def _tidy_columns(sheet: Sheet) -> None:
    """Column names without surrounding blanks, in lower case; two equal ones make the file ambiguous."""
    names = [str(name).strip().lower() for name in sheet.frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _unreadable(sheet.path, f"the column {twice[0]!r} appears twice",
                          f"la columna {twice[0]!r} aparece dos veces")
    sheet.frame.columns = names


def raw_row(frame: pd.DataFrame, number: int) -> dict[str, Any]:
    """The row as it stands in the file, in types that JSON knows."""
    return {str(name): _plain(value) for name, value in frame.loc[number].items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if str(value) in ("<NA>", "NaT") else str(value)
