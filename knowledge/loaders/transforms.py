"""From a column of a file to typed values, whole columns at a time.

Every transform returns the values and the rows that hold something else: nothing is guessed, and a cell that is
filled but cannot be read rejects its row. Missing means empty, blank, or absent.

| `as` | takes | gives |
| --- | --- | --- |
| text | anything | text without surrounding blanks |
| number | 1234.5 (the mapping's `decimal` mark, no thousands marks) | float |
| integer | a whole number | integer |
| year | a whole number | integer; a year before 1500 or more than 10 years ahead counts as missing |
| flag | 1/0, true/false, yes/no, sí/no, x | true or false |
| date | 2018-06-30, or a timestamp | date |
| month_end | 201806 | date, the last day of that month |
| period | 2018, 2018FY, 2018Q2, 2018-06, 201806, 2018-06-01 | date, the first day of the year, quarter or month |
| category | a word of `map`, or of vocabulary.toml (case and accents do not matter) | its canonical value |
| country, currency | ES, España, spain; EUR | two-letter country, three-letter currency |
| latitude, longitude | degrees | float |
| features | a list, or names separated by ";" "|" "," | sorted list of canonical features |
"""

from __future__ import annotations

import calendar
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from core.locale import CURRENCY_OF
from knowledge.loaders.mapping import Spec, Transform
from knowledge.series.periods import read_period
from knowledge.understanding.text import fold

if TYPE_CHECKING:
    import pandas as pd

CURRENCIES = frozenset({*CURRENCY_OF.values(), "USD"})
_TRUE = frozenset({"1", "true", "t", "yes", "y", "si", "s", "x", "verdadero"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "falso"})
_FIRST_YEAR, _YEARS_AHEAD = 1500, 10

#: What a transform expected, for the reason of a rejected row: English, Spanish.
EXPECTED: dict[Transform, tuple[str, str]] = {
    "text": ("expected text", "se esperaba texto"),
    "number": ("not a number", "no es un número"),
    "integer": ("not a whole number", "no es un número entero"),
    "year": ("not a year", "no es un año"),
    "flag": ("expected yes or no (1 or 0)", "se esperaba sí o no (1 o 0)"),
    "date": ("bad date, expected YYYY-MM-DD", "fecha incorrecta, se esperaba AAAA-MM-DD"),
    "month_end": ("bad date, expected YYYYMM", "fecha incorrecta, se esperaba AAAAMM"),
    "period": ("bad date, expected a year, quarter or month", "fecha incorrecta, se esperaba año, trimestre o mes"),
    "category": ("unknown, expected one of", "desconocido, se esperaba uno de"),
    "country": ("unknown country, expected one of", "país desconocido, se esperaba uno de"),
    "currency": ("unknown currency, expected one of", "moneda desconocida, se esperaba una de"),
    "latitude": ("not a latitude in degrees", "no es una latitud en grados"),
    "longitude": ("not a longitude in degrees", "no es una longitud en grados"),
    "features": ("unknown feature, expected some of", "característica desconocida, se esperaba alguna de"),
}


class Parsed(NamedTuple):
    """`values` (None, NaN or NA where missing), the rows that are `bad`, and the text `shown` in their reason."""

    values: pd.Series
    bad: pd.Series
    shown: pd.Series
    column: str
    expected: tuple[str, str]


def parse(spec: Spec, transform: Transform, frame: pd.DataFrame, words: Mapping[str, str], decimal: str) -> Parsed:
    """Apply one field's declaration to a file. Several columns: the first value that can be used."""
    import pandas as pd

    read = _READERS.get(transform)
    expected = EXPECTED[transform]
    if transform in ("category", "country", "currency", "features"):
        known = dict(words) if words else {fold(key): value for key, value in spec.map.items()}
        if transform == "currency":
            known = {code.lower(): code for code in CURRENCIES}
        allowed = ", ".join(sorted(set(known.values()))[:24])
        expected = (f"{expected[0]} {allowed}", f"{expected[1]} {allowed}")
        read = _features_reader(known) if transform == "features" else _category_reader(known)
    elif transform in ("number", "integer", "year", "latitude", "longitude"):
        read = _number_reader(transform, decimal)
    assert read is not None
    columns = [name for name in spec.column if name in frame.columns]
    if spec.template is not None:
        source = fill(spec.template, {name: text_of(frame[name]) for name in placeholders(spec.template)}, frame.index)
        values, bad = read(source)
        return Parsed(values, bad, source, spec.template, expected)
    if not columns:
        empty = pd.Series([None] * len(frame), index=frame.index, dtype=object)
        nothing = pd.Series(False, index=frame.index)
        if spec.default is not None:
            empty = pd.Series([spec.default] * len(frame), index=frame.index, dtype=object)
        return Parsed(empty, nothing, empty, spec.column[0] if spec.column else "-", expected)
    values, bad = read(frame[columns[0]])
    for name in columns[1:]:
        further, further_bad = read(frame[name])
        unfilled = values.isna() & ~bad
        values, bad = values.where(~unfilled, further), bad | (unfilled & further_bad)
    if spec.default is not None:
        values = values.where(values.notna() | bad, spec.default)
    return Parsed(values, bad, frame[columns[0]], columns[0], expected)


def text_of(column: pd.Series) -> pd.Series:
    """Object column of stripped text, None where missing; 1.0 is written "1"."""
    import pandas as pd

    if pd.api.types.is_integer_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        known = {value: as_text(value) for value in column.dropna().unique().tolist()}
        values = [known.get(value) if value is not pd.NA else None for value in column.tolist()]
    else:
        values = [as_text(value) for value in column.tolist()]
    return pd.Series(values, index=column.index, dtype=object)


def as_text(value: Any) -> str | None:
    """One cell as text; None where there is nothing."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, datetime):
        return None if value != value else value.date().isoformat()
    if hasattr(value, "tolist"):
        return as_text(value.tolist())
    text = str(value)
    return None if text in ("<NA>", "NaT", "") else text


def fill(template: str, columns: Mapping[str, pd.Series], index: pd.Index[Any]) -> pd.Series:
    """`{year}{span}` row by row; a row with a missing part is missing."""
    import pandas as pd

    names = placeholders(template)
    values = [
        None if None in row else template.format(**dict(zip(names, row, strict=True)))
        for row in zip(*(columns[name].tolist() for name in names), strict=True)
    ]
    return pd.Series(values, index=index, dtype=object)


def placeholders(template: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"{(\w+)}", template)))


Reader = Callable[["pd.Series"], "tuple[pd.Series, pd.Series]"]


def numbers_of(column: pd.Series, decimal: str = ".") -> tuple[pd.Series, pd.Series]:
    """float64 values, NaN where missing, and the rows that hold something that is not a finite number."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
        filled = np.isfinite(values) | np.isinf(values)
    else:
        text = text_of(column)
        filled = text.notna().to_numpy()
        if decimal == ",":
            text = text.map(_point_for_comma, na_action="ignore")
        values = pd.to_numeric(text, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    bad = filled & ~np.isfinite(values)
    values = np.where(np.isfinite(values), values, np.nan)
    return pd.Series(values, index=column.index), pd.Series(bad, index=column.index)


def _point_for_comma(text: str) -> str:
    return text if "." in text else text.replace(",", ".")


def _number_reader(transform: Transform, decimal: str) -> Reader:
    def read(column: pd.Series) -> tuple[pd.Series, pd.Series]:
        values, bad = numbers_of(column, decimal)
        if transform in ("integer", "year"):
            whole = values.isna() | ((values % 1 == 0) & (values.abs() < 2**31))
            bad, values = bad | ~whole, values.where(whole)
        if transform == "year":
            from core.clock import now

            values = values.where((values >= _FIRST_YEAR) & (values <= now().year + _YEARS_AHEAD))
        if transform in ("latitude", "longitude"):
            limit = 90 if transform == "latitude" else 180
            bad = bad | (values.abs() > limit)
        return values, bad

    return read


def _by_word(column: pd.Series, read: Callable[[str], Any]) -> tuple[pd.Series, pd.Series]:
    """Apply `read` (None where it cannot) to each distinct text once."""
    import pandas as pd

    text = text_of(column)
    known = {word: read(word) for word in text.dropna().unique().tolist()}
    values = pd.Series([known.get(word) for word in text.tolist()], index=column.index, dtype=object)
    return values, text.notna() & values.isna()


def _category_reader(words: Mapping[str, str]) -> Reader:
    return lambda column: _by_word(column, lambda word: words.get(fold(word)))


def _features_reader(words: Mapping[str, str]) -> Reader:
    def read_one(word: str) -> list[str] | None:
        if word.startswith("["):
            try:
                names = json.loads(word)
            except ValueError:
                return None
            names = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        else:
            names = re.split(r"[;|,]", word)
        found = [words.get(fold(name)) for name in names if name.strip()]
        known = {name for name in found if name is not None}
        return sorted(known) if None not in found else None

    return lambda column: _by_word(column, read_one)


def _read_date(word: str) -> date | None:
    try:
        return date.fromisoformat(word[:10]) if re.match(r"\d{4}-\d{2}-\d{2}(?:$|[T ])", word) else None
    except ValueError:
        return None


def _read_month_end(word: str) -> date | None:
    if not re.fullmatch(r"\d{6}", word) or not 1 <= int(word[4:]) <= 12 or word < "100001":
        return None
    year, month = int(word[:4]), int(word[4:])
    return date(year, month, calendar.monthrange(year, month)[1])


def _read_flag(word: str) -> bool | None:
    folded = fold(word)
    return True if folded in _TRUE else False if folded in _FALSE else None


def _text(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    import pandas as pd

    return text_of(column), pd.Series(False, index=column.index)


def _words(read: Callable[[str], Any]) -> Reader:
    return lambda column: _by_word(column, read)


_READERS: dict[Transform, Reader] = {
    "text": _text,
    "flag": _words(_read_flag),
    "date": _words(_read_date),
    "month_end": _words(_read_month_end),
    "period": _words(read_period),
}


def tomorrow(today: date) -> date:
    """Observations may be dated by a reader whose day has already begun."""
    return today + timedelta(days=1)
