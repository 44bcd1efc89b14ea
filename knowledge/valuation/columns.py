"""From listing rows (a DataFrame, or one mapping) to plain columns of numbers and texts, missing values as NaN or "".

The model works on these columns, not on DataFrames, so that valuing one property builds no frame.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Numbers = NDArray[np.float64]
Columns = Mapping[str, Sequence[Any]]

#: Columns of the `listings` table that the model reads; all but `city_id` and `area_m2` may be missing.
INPUTS = (
    "country", "operation", "currency", "price", "city_id", "area_id", "property_type", "area_m2", "bedrooms",
    "bathrooms", "floor", "year_built", "latitude", "longitude", "features", "attributes", "dwelling_group",
    "external_id", "observed_on", "demo",
)


def columns_of(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """The columns of `frame` that the model knows, as lists in row order."""
    return {name: frame[name].tolist() for name in INPUTS if name in frame.columns}


def columns_of_row(row: Mapping[str, Any]) -> dict[str, list[Any]]:
    """One property as columns of length one."""
    return {name: [row[name]] for name in INPUTS if name in row}


def length(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))


def as_number(value: Any) -> float:
    """The value as a finite float, else NaN (None, pandas NA, text that is no number, infinity)."""
    if isinstance(value, bool | int | float):
        number = float(value)
    else:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return math.nan
    return number if math.isfinite(number) else math.nan


def numbers(columns: Columns, name: str) -> Numbers:
    """Column `name` as float64, NaN where missing or not a finite number; all NaN if the column is absent."""
    values = columns.get(name)
    if values is None:
        return np.full(length(columns), np.nan)
    return np.fromiter((as_number(v) for v in values), dtype=np.float64, count=len(values))


def is_missing(value: Any) -> bool:
    """True for None, NaN, NaT and pandas NA."""
    if value is None:
        return True
    if isinstance(value, str | list | dict | tuple | bool | int):
        return False
    try:
        return bool(value != value)
    except TypeError:  # pandas NA refuses a truth value
        return True


def texts(columns: Columns, name: str) -> list[str]:
    """Column `name` as text, "" where missing."""
    values = columns.get(name)
    if values is None:
        return [""] * length(columns)
    return ["" if is_missing(v) else str(v) for v in values]


def month_number(value: Any) -> float:
    """Months since year 0 of a date, datetime, pandas Timestamp or ISO text; NaN if none."""
    if is_missing(value):
        return math.nan
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            return math.nan
    if isinstance(value, date | datetime):
        return float(value.year * 12 + value.month - 1)
    return math.nan


def months(columns: Columns, name: str = "observed_on") -> Numbers:
    values = columns.get(name)
    if values is None:
        return np.full(length(columns), np.nan)
    return np.fromiter((month_number(v) for v in values), dtype=np.float64, count=len(values))


def group_keys(columns: Columns) -> NDArray[np.uint64]:
    """A stable 64-bit key of each row's dwelling: `dwelling_group`, else `external_id`, else 0 (not known)."""
    groups, externals = texts(columns, "dwelling_group"), texts(columns, "external_id")
    return np.fromiter(
        (_digest(f"g:{g}" if g else f"x:{x}") if g or x else 0 for g, x in zip(groups, externals, strict=True)),
        dtype=np.uint64, count=len(groups),
    )


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def fingerprint(parts: Iterable[bytes]) -> str:
    """A short digest of the training data; equal data in equal order gives an equal fingerprint."""
    digest = hashlib.blake2b(digest_size=10)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
