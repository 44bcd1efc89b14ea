"""Valuing a file of properties: one row out for each row in, in order, with its interval or the reason it has none.

The file is read and recognised as for loading, but a price is not needed and a row that a load would set aside still
gets its row: only what makes a value impossible (no size, an unknown city) empties it, anything else is left out and said.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.clock import now
from core.errors import BadInput, NotFound, Unavailable
from core.locale import COUNTRIES
from core.scope import Scope
from knowledge.listings.nearby import types_for_sale
from knowledge.loaders.mapping import Mapping, choose, mappings
from knowledge.loaders.staging import known_places
from knowledge.resources import Resources

if TYPE_CHECKING:
    import pandas as pd

    from knowledge.loaders.places import Places
    from knowledge.loaders.reading import Sheet
    from knowledge.valuation.model import ValuationModel

Progress = Callable[[str, int, int], None]
FIGURES = ("value", "low_80", "high_80", "low_90", "high_90")
COLUMNS = (*FIGURES, "reason")
_STEP = 5_000
#: Fields whose problems leave a row without a value; of the others the bad cell is not used.
_NEEDED = frozenset({"area_m2", "country", "property_type"})
#: Fields that a valuation does not read.
_UNREAD = frozenset({"price", "currency", "status", "title", "text", "language", "source"})
_BOTH = " / "
_RENT = "only sales are valued, this row is a rental / solo se valoran ventas, esta fila es un arriendo o alquiler"
_NO_TYPE = "there are no listings of that property type in that city / no hay anuncios de ese tipo en esa ciudad"


class Counts(NamedTuple):
    """Rows of the file, and those that got a value."""

    rows: int
    valued: int


async def value_file(
    resources: Resources, scope: Scope, file: Path, out: Path, *, mapping: str | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Write `out` (CSV or Parquet by its ending) with `COLUMNS`, values in the country's currency.

    `mapping` names a mapping or a TOML file. `progress(stage, done, total)` is told the stages read, value, write.
    Raises `BadInput` for a file that cannot be read, columns without which nothing can be valued, or an `out` that
    cannot be written to; `NotFound` where no model is trained for any of the file's countries.
    """
    report = progress or _silent
    file, out = Path(file), Path(out)
    _check_out(file, out)
    report("read", 0, 1)
    from knowledge.loaders.reading import read

    sheet = await asyncio.to_thread(read, file)
    columns = [str(name) for name in sheet.frame.columns]
    chosen = choose(mapping) if mapping is not None else recognise(columns)
    _check_columns(chosen, columns)
    async with resources.database.connection(scope) as connection:
        places = await known_places(connection)
    prepared = await asyncio.to_thread(prepare, sheet, chosen, places)
    report("read", 1, 1)
    await _value(resources, scope, prepared, sheet.rows, report)
    table = _table(prepared, sheet)
    report("write", 0, 1)
    await asyncio.to_thread(_write, table, out)
    report("write", 1, 1)
    return Counts(sheet.rows, int(table["value"].notna().sum()))


def _silent(stage: str, done: int, total: int) -> None:
    """The progress callback of those who asked for none."""


# what the file is


def recognise(columns: list[str]) -> Mapping:
    """The mapping of listings that names most of these columns and finds city and floor area among them.

    Neither a price nor an id is needed. Raises `BadInput` naming what the nearest mapping lacks.
    """
    listings = [m for m in mappings() if m.kind == "listings"]
    ranked = sorted(listings, key=lambda m: (bool(essentials(m, columns)), -len(m.named_columns & set(columns))))
    best = ranked[0]
    missing = essentials(best, columns)
    if missing:
        best = max(listings, key=lambda m: len(m.named_columns & set(columns)))
        _missing(best, essentials(best, columns))
    return best


def essentials(mapping: Mapping, columns: list[str]) -> list[str]:
    """The columns that are not there and without which no row can be valued."""
    assert mapping.places is not None
    area = mapping.fields.get("area_m2")
    wanted = [mapping.places.city] if mapping.places.city not in columns else []
    if area is None or not set(area.column) & set(columns):
        wanted.append(area.column[0] if area and area.column else "area_m2")
    return wanted


def _check_columns(mapping: Mapping, columns: list[str]) -> None:
    if mapping.kind != "listings":
        raise BadInput(
            f"The mapping {mapping.name!r} describes {mapping.kind}; only listings can be valued.",
            f"La correspondencia {mapping.name!r} describe {mapping.kind}; solo se pueden valorar inmuebles.",
            code="unknown_mapping",
        )
    missing = essentials(mapping, columns)
    if missing:
        _missing(mapping, missing)


def _missing(mapping: Mapping, missing: list[str]) -> None:
    names = ", ".join(missing)
    raise BadInput(
        f"The file cannot be valued: as {mapping.name!r} it lacks the columns {names}. City and floor area are needed.",
        f"El archivo no se puede valorar: como {mapping.name!r} le faltan las columnas {names}. "
        "Hacen falta la ciudad y la superficie.",
        code="missing_columns",
    )


# its rows


class Prepared(NamedTuple):
    """`frame` has the columns that the model reads, indexed by row number; `remarks` say what a row lacks or what of
    it was left out; rows in `hopeless` get no value."""

    frame: pd.DataFrame
    remarks: dict[int, list[str]]
    hopeless: set[int]


def prepare(sheet: Sheet, mapping: Mapping, places: Places) -> Prepared:
    """The file's rows as the model reads them. Nothing is rejected."""
    import pandas as pd

    from knowledge.loaders.checks import check_rows
    from knowledge.loaders.listings import field, take_only
    from knowledge.loaders.mapping import FIELD_TRANSFORMS
    from knowledge.loaders.transforms import text_of

    whole, found = sheet.frame, _Findings()
    frame = take_only(whole, mapping) if set(mapping.only) <= set(whole.columns) else whole
    out = pd.DataFrame(index=frame.index)
    for name in FIELD_TRANSFORMS:
        if name not in ("features", "population"):
            out[name] = field(name, mapping, frame, found.of(name))
    out["dwelling_group"] = field("dwelling_group", mapping, frame, found.of("dwelling_group"))
    assert mapping.places is not None
    out["city"] = text_of(frame[mapping.places.city])
    column = mapping.places.neighbourhood
    out["neighbourhood"] = text_of(frame[column]) if column in frame.columns else None
    if mapping.places.aliases:
        out["neighbourhood"] = out["neighbourhood"].replace(mapping.places.aliases)
    stands = out.assign(  # what a load requires and a valuation does not
        price=1.0, operation=out["operation"].fillna("sale"), currency=out["currency"].fillna("EUR"),
        property_type=out["property_type"].fillna("apartment"), country=out["country"].fillna("ES"),
    )
    check_rows(stands, mapping, frame, found, now().date())
    out["features"] = _features(mapping, frame, found)
    out["attributes"] = _attributes(mapping, frame, found)
    out["external_id"] = _ids(mapping, frame)
    remarks, hopeless = _settle(out, mapping, found)
    for row in whole.index.difference(frame.index):
        remarks.setdefault(int(row), []).append("left out by the mapping / la correspondencia la deja fuera")
    _place(out, mapping, places, remarks, hopeless)
    return Prepared(out, remarks, hopeless)


class _Findings:
    """What checks reject, by row and field, in the place of the loader's `Rejections`."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.found: dict[int, list[tuple[str, str]]] = {}
        self._field: str | None = None

    def of(self, name: str) -> Any:
        """Itself, with what follows counted for this field."""
        self._field = name
        return self

    def add(self, bad: pd.Series, column: str, shown: pd.Series, en: str, es: str) -> None:
        from knowledge.loaders.rejects import Rejections

        one = Rejections()
        one.add(bad, column, shown, en, es)
        for row in one.rows:
            self.found.setdefault(row, []).append((self._field or column, one.reason(row)))
