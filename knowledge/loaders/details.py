"""What a listing carries besides its fields: features, attributes, and the id that names it within its source."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from knowledge.loaders.mapping import Mapping, Spec
from knowledge.loaders.rejects import Rejections
from knowledge.loaders.transforms import as_text, numbers_of, parse, text_of
from knowledge.loaders.vocabulary import vocabulary

if TYPE_CHECKING:
    import pandas as pd


def features_of(mapping: Mapping, frame: pd.DataFrame, rejections: Rejections) -> list[str]:
    """A JSON array per row, sorted."""
    import numpy as np

    pieces: list[tuple[str, Any]] = []
    for name, feature in mapping.features.items():
        if feature.column not in frame.columns:
            continue
        if feature.values:
            wanted = set(feature.values)
            on = np.array([text in wanted for text in text_of(frame[feature.column]).tolist()], dtype=bool)
        else:
            parsed = parse(Spec(column=feature.column), "flag", frame, {}, mapping.decimal)
            rejections.add(parsed.bad, feature.column, parsed.shown, *parsed.expected)
            on = np.array([value is True for value in parsed.values.tolist()], dtype=bool)
        pieces.append((name, on))
    named = [frozenset[str]()] * len(frame)
    spec = mapping.fields.get("features")
    if spec is not None:
        parsed = parse(spec, "features", frame, vocabulary().words["features"], mapping.decimal)
        rejections.add(parsed.bad, parsed.column, parsed.shown, *parsed.expected)
        named = [frozenset(value) if isinstance(value, list) else frozenset() for value in parsed.values.tolist()]
    if not pieces:
        return [json.dumps(sorted(names)) for names in named]
    pieces.sort()
    flags = np.column_stack([on for _, on in pieces])
    known: dict[tuple[bytes, frozenset[str]], str] = {}
    result = []
    for row, names in zip(flags, named, strict=True):
        key = (row.tobytes(), names)
        if key not in known:
            known[key] = json.dumps(sorted({name for (name, _), on in zip(pieces, row, strict=True) if on} | names))
        result.append(known[key])
    return result


def attributes_of(mapping: Mapping, frame: pd.DataFrame, rejections: Rejections) -> list[str]:
    """A JSON object per row without the missing ones."""
    names: list[str] = []
    columns: list[Sequence[Any]] = []
    for name, spec in mapping.attributes.items():
        if name == "*":
            continue
        parsed = parse(spec, spec.transform or "text", frame, {}, mapping.decimal)
        rejections.add(parsed.bad, parsed.column, parsed.shown, *parsed.expected)
        names.append(name)
        columns.append([_json_value(value, spec.transform == "integer") for value in parsed.values.tolist()])
    if "*" in mapping.attributes:
        id_columns = set(mapping.id.columns) if mapping.id else set()
        for name in sorted(set(frame.columns) - mapping.named_columns - id_columns):
            names.append(name)
            columns.append([_json_value(value, False) for value in _numbers_or_text(frame[name])])
    if not names:
        return ["{}"] * len(frame)
    return [
        json.dumps({name: value for name, value in zip(names, row, strict=True) if value is not None},
                   ensure_ascii=False)
        for row in zip(*columns, strict=True)
    ]


def _numbers_or_text(column: pd.Series) -> list[Any]:
    """A column of our own choice of type: numbers where every filled cell is one."""
    values, bad = numbers_of(column)
    return text_of(column).tolist() if bad.any() else values.tolist()


def _json_value(value: Any, whole: bool) -> Any:
    if value is None or value != value:
        return None
    if isinstance(value, float):
        return int(value) if whole or value.is_integer() else round(value, 6)
    return value.isoformat() if isinstance(value, date) else value


def external_ids(mapping: Mapping, frame: pd.DataFrame, rejections: Rejections) -> list[str]:
    import pandas as pd

    assert mapping.id is not None
    parts = [text_of(frame[name]).tolist() for name in mapping.id.columns]
    missing = pd.Series([None in row for row in zip(*parts, strict=True)], index=frame.index)
    name = " + ".join(mapping.id.columns)
    rejections.add(missing, name, pd.Series("", index=frame.index), "an id is required", "falta el identificador")
    ids = ["" if None in row else "-".join(part or "" for part in row) for row in zip(*parts, strict=True)]
    if not mapping.id.digest:
        return ids
    points = zip(*(_digestible(frame[name]) for name in mapping.id.digest), strict=True)
    return [
        f"{known}-{hashlib.blake2s('|'.join(point).encode(), digest_size=4).hexdigest()}"
        for known, point in zip(ids, points, strict=True)
    ]


def _digestible(column: pd.Series) -> list[str]:
    """Numbers with six decimals, so that CSV and Parquet of one file give one id; other values as text."""
    values, _ = numbers_of(column)
    return [
        (as_text(value) or "") if math.isnan(number) else f"{number:.6f}"
        for number, value in zip(values.tolist(), column.tolist(), strict=True)
    ]


def without_repeats(out: pd.DataFrame, mapping: Mapping, rejections: Rejections) -> pd.DataFrame:
    """Reject a second row of the same id; where the mapping numbers them, only if its content is the same too."""
    import pandas as pd

    key = ["source", "external_id"]
    again = out.duplicated(key, keep="first")
    if not again.any():
        return out
    first_row = {tuple(pair): row for row, *pair in reversed(list(out.loc[:, key].itertuples()))}
    if mapping.id is not None and mapping.id.repeats == "number":
        content = [name for name in out.columns if name not in key]
        group = out[out.duplicated(key, keep=False)]
        exact = group.duplicated([*key, *content], keep="first")
        distinct = group[~exact]
        order = distinct.groupby(key).cumcount().reindex(out.index, fill_value=0).tolist()
        ids = zip(out["external_id"].tolist(), order, strict=True)
        out = out.assign(external_id=[f"{known}-{position + 1}" if position else known for known, position in ids])
        again = pd.Series(out.index.isin(exact.index[exact]), index=out.index)
    for row in out.index[again]:
        pair = (out.at[row, "source"], out.at[row, "external_id"])
        rejections.add(pd.Series([True], index=[row]), "id", pd.Series([pair[1]], index=[row]),
                       f"duplicate id, first in row {first_row[pair]}",
                       f"identificador repetido, ya está en la fila {first_row[pair]}")
    return out[~again]
