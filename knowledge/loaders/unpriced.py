"""A file of properties to be valued: recognised and read like a file of listings, but without price or id.

Nothing is rejected. What makes a value impossible (no usable size, type or city) leaves a row `hopeless`; any other
cell that cannot be used is left empty and said in the row's remarks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from core.clock import now
from core.errors import BadInput
from core.locale import COUNTRIES
from knowledge.loaders.mapping import Mapping, mappings
from knowledge.loaders.rejects import Rejections
from knowledge.understanding.text import slug

if TYPE_CHECKING:
    import pandas as pd

    from knowledge.loaders.places import Places
    from knowledge.loaders.reading import Sheet

#: Fields whose unusable values leave a row without a value.
NEEDED = frozenset({"area_m2", "country", "property_type"})
#: Fields that a valuation does not read.
UNREAD = frozenset({"price", "currency", "status", "title", "text", "language", "source"})
LEFT_OUT = "left out by the mapping / la correspondencia la deja fuera"
NO_CITY = "the city is missing / falta la ciudad"
UNKNOWN_CITY = "there are no listings of that city / no hay anuncios de esa ciudad"
TWO_CITIES = "cities of several countries have that name, add a country column / " \
    "hay ciudades de varios países con ese nombre, agregue una columna de país"


class Properties(NamedTuple):
    """`frame` has the columns that the valuation model reads, indexed by row number (1-based)."""

    frame: pd.DataFrame
    remarks: dict[int, list[str]]
    hopeless: set[int]

    def give_up(self, rows: Any, reason: str) -> None:
        for row in rows:
            self.hopeless.add(int(row))
            self.remarks.setdefault(int(row), []).append(reason)


def recognise_properties(columns: list[str]) -> Mapping:
    """The mapping of listings that knows most of these columns, city and floor area among them.

    Raises `BadInput` naming what the nearest mapping lacks.
    """
    listings = [m for m in mappings() if m.kind == "listings"]
    usable = [m for m in listings if not lacking(m, columns)]
    best = max(usable or listings, key=lambda m: (len(m.named_columns & set(columns)), m.source == "generic"))
    check_properties(best, columns)
    return best


def lacking(mapping: Mapping, columns: list[str]) -> list[str]:
    """The columns that are not there and without which no row has a value."""
    assert mapping.places is not None
    area = mapping.fields.get("area_m2")
    missing = [] if mapping.places.city in columns else [mapping.places.city]
    if area is None or not set(area.column) & set(columns):
        missing.append(area.column[0] if area is not None and area.column else "area_m2")
    return missing


def check_properties(mapping: Mapping, columns: list[str]) -> None:
    """Raise `BadInput` where the mapping is not one of listings, or essential columns are not there."""
    if mapping.kind != "listings":
        raise BadInput(
            f"The mapping {mapping.name!r} describes {mapping.kind}; only files of properties can be valued.",
            f"La correspondencia {mapping.name!r} describe {mapping.kind}; solo se valoran archivos de inmuebles.",
            code="unknown_mapping",
        )
    missing = ", ".join(lacking(mapping, columns))
    if missing:
        raise BadInput(
            f"The file cannot be valued: as {mapping.name!r} it lacks the columns {missing} (city and floor area are "
            "needed). Rename the columns or describe them in a TOML file and pass it with --mapping.",
            f"El archivo no se puede valorar: como {mapping.name!r} le faltan las columnas {missing} (hacen falta la "
            "ciudad y la superficie). Cambie los nombres o descríbalos en un archivo TOML e indíquelo con --mapping.",
            code="missing_columns",
        )


class _Findings(Rejections):
    """The loader's rejections, kept apart by column."""

    def __init__(self) -> None:
        super().__init__()
        self.by_column: dict[str, dict[int, str]] = {}

    def add(self, bad: pd.Series, column: str, shown: pd.Series, en: str, es: str) -> None:
        one = Rejections()
        one.add(bad, column, shown, en, es)
        for row in one.rows:
            self.by_column.setdefault(column, {}).setdefault(row, one.reason(row))
        super().add(bad, column, shown, en, es)


def prepare_properties(sheet: Sheet, mapping: Mapping, places: Places) -> Properties:
    """The rows that could be read, as the model reads them; `places` says which cities and neighbourhoods exist."""
    import pandas as pd

    from knowledge.loaders.checks import check_rows
    from knowledge.loaders.listings import field, take_only
    from knowledge.loaders.mapping import FIELD_TRANSFORMS
    from knowledge.loaders.transforms import text_of

    assert mapping.places is not None
    frame = take_only(sheet.frame, mapping) if set(mapping.only) <= set(sheet.frame.columns) else sheet.frame
    out, found = pd.DataFrame(index=frame.index), _Findings()
    for name in (*FIELD_TRANSFORMS, "dwelling_group"):
        if name not in ("features", "population"):
            out[name] = field(name, mapping, frame, found)
    out["city"] = text_of(frame[mapping.places.city])
    column = mapping.places.neighbourhood
    out["neighbourhood"] = text_of(frame[column]) if column in frame.columns else None
    out["neighbourhood"] = out["neighbourhood"].replace(mapping.places.aliases or {})
    # what a load requires and a valuation does not: stand-ins that no limit applies to
    stand_in = {name: out[name].where(out[name].notna(), other)
                for name, other in (("country", "-"), ("property_type", "apartment"))}
    check_rows(out.assign(price=1.0, operation="-", currency="-", **stand_in), mapping, frame, found, now().date())
    out["features"] = _features(mapping, frame, found)
    out["attributes"] = _attributes(mapping, frame, found)
    out["external_id"] = _ids(mapping, frame)
    properties = Properties(out, {}, set())
    properties.remarks.update({int(r): [LEFT_OUT] for r in sheet.frame.index.difference(frame.index)})
    _settle(properties, mapping, found)
    _locate(properties, mapping, places)
    return properties


def _settle(properties: Properties, mapping: Mapping, found: _Findings) -> None:
    """Findings on needed fields end a row's hopes, others empty the cell."""
    fields = {column: name for name, spec in mapping.fields.items() for column in spec.column}
    frame = properties.frame
    for column, rows in found.by_column.items():
        name = fields.get(column, column)
        if name in UNREAD:
            continue
        for row, reason in rows.items():
            properties.remarks.setdefault(row, []).append(reason)
        if name in NEEDED:
            properties.hopeless.update(rows)
        elif name in frame.columns and name not in ("features", "attributes"):
            pair = ["latitude", "longitude"] if name in ("latitude", "longitude") else [name]
            frame.loc[list(rows), pair] = None


def _locate(properties: Properties, mapping: Mapping, places: Places) -> None:
    """Put `city_id` and `area_id` on every row whose city we have; the country too where the file does not tell it."""
    frame = properties.frame
    keys = [
        tuple(v if isinstance(v, str) else None for v in row)
        for row in frame[["country", "city", "neighbourhood"]].astype(object).itertuples(index=False, name=None)
    ]
    found = {key: _area(places, *key) for key in dict.fromkeys(keys)}
    resolved = [found[key] for key in keys]
    frame["country"] = [where[0] if isinstance(where, tuple) else None for where in resolved]
    frame["city_id"] = [where[1] if isinstance(where, tuple) else None for where in resolved]
    frame["area_id"] = [where[2] if isinstance(where, tuple) else None for where in resolved]
    for row, where in zip(frame.index.tolist(), resolved, strict=True):
        if isinstance(where, str) and row not in properties.hopeless:
            properties.give_up([row], where)


def _area(
    places: Places, country: str | None, city: str | None, neighbourhood: str | None
) -> tuple[str, str, str] | str:
    """(country, city id, area id), or why there is none. An unknown neighbourhood gets an id: the model says so."""
    if city is None:
        return NO_CITY
    known = [(code, i) for code in ((country,) if country else COUNTRIES) if (i := places.city(code, city)) is not None]
    if len(known) != 1:
        return TWO_CITIES if known else UNKNOWN_CITY
    code, city_id = known[0]
    if neighbourhood is None or not slug(neighbourhood):
        return code, city_id, city_id
    return code, city_id, places.within(city_id, neighbourhood) or f"{city_id}/{slug(neighbourhood)}"


def _features(mapping: Mapping, frame: pd.DataFrame, found: Rejections) -> list[Any]:
    """A list where the file tells all features that its mapping knows, a mapping of the known ones where it tells some,
    None where it tells none."""
    from knowledge.loaders.details import features_of
    from knowledge.loaders.transforms import text_of

    told = [name for name, feature in mapping.features.items() if feature.column in frame.columns]
    spec = mapping.fields.get("features")
    named = next((c for c in spec.column if c in frame.columns), None) if spec is not None else None
    if not told and named is None:
        return [None] * len(frame)
    read: dict[str, list[str]] = {}
    lists = [read.setdefault(t, json.loads(t)) for t in features_of(mapping, frame, found)]
    if named is not None:
        return [names or None if cell is None else names
                for names, cell in zip(lists, text_of(frame[named]).tolist(), strict=True)]
    if len(told) == len(mapping.features):
        return list(lists)
    return [{name: name in names for name in told} for names in lists]


def _attributes(mapping: Mapping, frame: pd.DataFrame, found: Rejections) -> list[Any]:
    from knowledge.loaders.details import attributes_of

    return [json.loads(text) for text in attributes_of(mapping, frame, found)]


def _ids(mapping: Mapping, frame: pd.DataFrame) -> list[str | None]:
    """The ids that a load would give: a property that was trained on is then valued without its own price."""
    from knowledge.loaders.details import external_ids

    if mapping.id is None or not {*mapping.id.columns, *mapping.id.digest} <= set(frame.columns):
        return [None] * len(frame)
    return list(external_ids(mapping, frame, Rejections()))
