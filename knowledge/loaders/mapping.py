"""Column mappings: one TOML file per source says what its columns mean, and a file is recognised by its columns.

A mapping is data, so a new source needs no code. Of several mappings whose required columns a file has, the one that
names most of the file's columns wins.

Keys of a mapping file: `source`, `kind` (listings | series | areas | points), `title`, `attribution`, `requires` and
`excludes` (columns), `decimal` (of numbers written as text), `[constants]`, `[only]` (rows to take, by column),
`[id]`, `[places]`, `[fields]`, `[features]`, `[attributes]`, `[series]`, `[[values]]`, `[link]`. A field is a column's
name, or a table with `column` (a list: the first that has a value), `template`, `as`, `map`, `default`, `min`, `max`.
The transforms of `as` are documented in `transforms.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.errors import BadInput

Kind = Literal["listings", "series", "areas", "points"]
Transform = Literal[
    "text", "number", "integer", "year", "flag", "date", "month_end", "period", "category", "latitude", "longitude",
    "features", "currency", "country",
]
FOLDER = Path(__file__).parent / "mappings"

#: How a field is read where its mapping does not say.
FIELD_TRANSFORMS: dict[str, Transform] = {
    "price": "number", "area_m2": "number", "bedrooms": "integer", "bathrooms": "integer", "floor": "integer",
    "year_built": "year", "latitude": "latitude", "longitude": "longitude", "observed_on": "date",
    "features": "features", "operation": "category", "property_type": "category", "country": "country",
    "status": "category", "currency": "currency", "population": "integer",
}
_FIELDS: dict[str, frozenset[str]] = {
    "listings": frozenset({
        "source", "operation", "property_type", "country", "title", "text", "language", "price", "currency", "area_m2",
        "bedrooms", "bathrooms", "floor", "year_built", "latitude", "longitude", "features", "dwelling_group", "status",
        "observed_on",
    }),
    "series": frozenset({
        "source", "country", "region", "segment", "metric", "unit", "currency", "frequency", "attribution", "period",
    }),
    "areas": frozenset({"country", "latitude", "longitude", "population"}),
    "points": frozenset({"country", "latitude", "longitude", "group"}),
}


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value)


Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Spec(_Part):
    """Where one value comes from. `column` may name several: the first that holds a usable value counts."""

    column: Columns = ()
    template: str | None = None
    transform: Transform | None = Field(None, alias="as")
    map: dict[str, str] = {}
    default: str | float | None = None
    min: float | None = None
    max: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_column(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value


class FeatureSpec(_Part):
    """A flag column, or the values of a column that mean this feature."""

    column: str
    values: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _bare_column(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value


class IdSpec(_Part):
    """`columns` joined by "-"; a short digest of `digest` columns; `repeats = "number"` numbers further adverts."""

    columns: tuple[str, ...]
    digest: tuple[str, ...] = ()
    repeats: Literal["reject", "number"] = "reject"


class PlacesSpec(_Part):
    """Columns of city and neighbourhood. `cities` (name -> country) may be created; others must exist already."""

    city: str
    neighbourhood: str | None = None
    cities: dict[str, str] = {}
    aliases: dict[str, str] = {}
    create_cities: bool = False


class SeriesSpec(_Part):
    """`id` is a template over the file's columns and the series' own fields."""

    id: str
    frequency: Literal["A", "Q", "M"] | None = None


class ValueSpec(_Part):
    """One column of observations. `min` and `max` are the values believed."""

    column: str
    name: str
    metric: str | None = None
    unit: str | None = None
    currency: str | None = None
    min: float | None = None
    max: float | None = None


class LinkSpec(_Part):
    """Which existing area a series belongs to: by the country code, or by name within a country or a city."""

    level: Literal["country", "city", "neighbourhood"]
    column: str
    city: str | None = None
    aliases: dict[str, str] = {}


class Mapping(_Part):
    """One source's declaration. `name` is its file's stem."""

    name: str
    source: str
    kind: Kind
    title: str
    requires: tuple[str, ...]
    excludes: tuple[str, ...] = ()
    attribution: str = ""
    decimal: Literal[".", ","] = "."
    constants: dict[str, str | bool] = {}
    only: dict[str, tuple[str, ...]] = {}
    id: IdSpec | None = None
    places: PlacesSpec | None = None
    fields: dict[str, Spec] = {}
    features: dict[str, FeatureSpec] = {}
    attributes: dict[str, Spec] = {}
    series: SeriesSpec | None = None
    values: tuple[ValueSpec, ...] = ()
    link: LinkSpec | None = None

    @model_validator(mode="after")
    def _whole(self) -> Mapping:
        needs = {
            "listings": ("id", "places"), "series": ("series", "values"), "areas": ("places",), "points": ("places",)
        }[self.kind]
        missing = [part for part in needs if not getattr(self, part)]
        if missing:
            raise ValueError(f"a mapping of {self.kind} needs [{'], ['.join(missing)}]")
        unknown = sorted(set(self.fields) - _FIELDS[self.kind])
        if unknown:
            raise ValueError(f"unknown fields {', '.join(unknown)}; known: {', '.join(sorted(_FIELDS[self.kind]))}")
        return self

    @property
    def demo(self) -> bool:
        return bool(self.constants.get("demo", False))

    def constant(self, name: str) -> str | None:
        value = self.constants.get(name)
        return value if isinstance(value, str) else None

    @property
    def named_columns(self) -> frozenset[str]:
        """Every column that the mapping reads."""
        names = set(self.requires)
        for spec in (*self.fields.values(), *self.attributes.values()):
            names.update(spec.column)
        names.update(feature.column for feature in self.features.values())
        names.update(value.column for value in self.values)
        if self.places:
            names.update(filter(None, (self.places.city, self.places.neighbourhood)))
        return frozenset(names - {"*"})

    def misses(self, columns: Iterable[str]) -> list[str]:
        """Required columns that are not there, in the mapping's order."""
        present = set(columns)
        return [name for name in self.requires if name not in present]

    def claims(self, columns: Iterable[str]) -> bool:
        present = set(columns)
        return not self.misses(present) and not present & set(self.excludes)


def parse(path: Path) -> Mapping:
    """The mapping in a TOML file; `BadInput` names the key that cannot be used."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return Mapping(name=path.stem, **data)
    except OSError as error:
        raise _unusable(path, error.strerror or type(error).__name__) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _unusable(path, f"{where}: {first['msg']}" if where else first["msg"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise _unusable(path, str(error)) from error


def _unusable(path: Path, detail: str) -> BadInput:
    return BadInput(
        f"The mapping file {path} cannot be used: {detail}. Compare it with {FOLDER / 'generic_listings.toml'}.",
        f"El archivo de correspondencia {path} no sirve: {detail}. "
        f"Compárelo con {FOLDER / 'generic_listings.toml'}.",
        code="bad_mapping",
    )


@lru_cache
def _built_in() -> tuple[Mapping, ...]:
    return tuple(parse(path) for path in sorted(FOLDER.glob("*.toml")))


def mappings() -> list[Mapping]:
    """The mappings that come with Ladrillo, by name."""
    return list(_built_in())


def attribution_of(source: str) -> str:
    """The line that must accompany figures from listings of this source; "" where none is asked for."""
    return next((mapping.attribution for mapping in mappings() if mapping.source == source and mapping.attribution), "")


def choose(name_or_path: str) -> Mapping:
    """The mapping that `--mapping` names: one of ours by name, or a TOML file."""
    for mapping in mappings():
        if mapping.name == name_or_path:
            return mapping
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists():
        return parse(path)
    names = ", ".join(mapping.name for mapping in mappings())
    raise BadInput(
        f"There is no mapping {name_or_path!r}. Give the path of a .toml file, or one of: {names}.",
        f"No hay ninguna correspondencia {name_or_path!r}. Indique la ruta de un archivo .toml o una de: {names}.",
        code="unknown_mapping",
    )


def check(mapping: Mapping, columns: Iterable[str]) -> None:
    """Raise `BadInput` where a file lacks columns that the chosen mapping requires."""
    missing = mapping.misses(columns)
    if missing:
        raise BadInput(
            f"The mapping {mapping.name!r} needs columns that this file lacks: {', '.join(missing)}.",
            f"La correspondencia {mapping.name!r} necesita columnas que este archivo no tiene: {', '.join(missing)}.",
            code="missing_columns",
        )


def recognise(columns: Iterable[str]) -> Mapping:
    """The mapping that fits these column names best. `BadInput` names the nearest one and what it misses."""
    present = list(columns)
    fitting = [mapping for mapping in mappings() if mapping.claims(present)]
    if fitting:
        return max(fitting, key=lambda m: (len(m.named_columns & set(present)), len(m.requires)))
    nearest = max(mappings(), key=lambda m: (len(m.named_columns & set(present)), -len(m.misses(present))))
    missing = ", ".join(nearest.misses(present)) or "-"
    shown = ", ".join(name if len(name) <= 40 else f"{name[:39]}…" for name in present[:12])
    shown += ", …" if len(present) > 12 else ""
    raise BadInput(
        f"No mapping knows a file with the columns {shown}. The nearest is {nearest.name!r} ({nearest.title}), which "
        f"also requires: {missing}. Rename the columns, or describe them in a TOML file (copy "
        f"{FOLDER / 'generic_listings.toml'}) and pass it with --mapping.",
        f"Ninguna correspondencia conoce un archivo con las columnas {shown}. La más cercana es {nearest.name!r} "
        f"({nearest.title}), que además requiere: {missing}. Cambie los nombres de las columnas o descríbalas en un "
        f"archivo TOML (copie {FOLDER / 'generic_listings.toml'}) e indíquelo con --mapping.",
        code="unknown_columns",
    )
