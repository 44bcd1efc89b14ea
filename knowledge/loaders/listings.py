"""Rows of a file to rows of `listings`: fields, features, attributes, ids and every check that needs no database.

Whole columns are checked at a time; a row with any reason leaves the load and goes to quarantine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from core.locale import CURRENCY_OF
from knowledge.loaders.checks import check_rows
from knowledge.loaders.details import attributes_of, external_ids, features_of, without_repeats
from knowledge.loaders.mapping import FIELD_TRANSFORMS, Mapping, Transform
from knowledge.loaders.reading import Sheet
from knowledge.loaders.rejects import Rejections
from knowledge.loaders.transforms import parse, text_of
from knowledge.loaders.vocabulary import vocabulary
from knowledge.understanding.text import fold

if TYPE_CHECKING:
    import pandas as pd

_TEXTS = ("source", "title", "text", "language", "dwelling_group")
#: Texts of any length; every other text is a name.
_PROSE = frozenset({"title", "text", "attribution"})


@dataclass(slots=True)
class Prepared:
    """`frame` has one row per accepted listing, indexed by row number, places still as names (`city`, `neighbourhood`).

    `skipped` counts rows that the mapping leaves out on purpose (`[only]`). `named` has source and external id of every row,
    rejected ones included: what is in the file is not gone, also where it cannot be read.
    """

    frame: pd.DataFrame
    rejections: Rejections
    named: pd.DataFrame
    skipped: int = 0


def take_only(frame: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """The rows that the mapping's `[only]` asks for."""
    for column, values in mapping.only.items():
        wanted = {fold(value) for value in values}
        frame = frame[[fold(text or "") in wanted for text in text_of(frame[column]).tolist()]]
    return frame


def field(
    name: str, mapping: Mapping, frame: pd.DataFrame, rejections: Rejections, transform: Transform | None = None
) -> pd.Series:
    """A field's values from its column or constant; rows that cannot be read are rejected here."""
    import pandas as pd

    spec = mapping.fields.get(name)
    if spec is None:
        return pd.Series([mapping.constant(name)] * len(frame), index=frame.index, dtype=object)
    transform = spec.transform or transform or FIELD_TRANSFORMS.get(name, "text")
    words = {} if spec.map else vocabulary().words.get(name, {})
    parsed = parse(spec, transform, frame, words, mapping.decimal)
    rejections.add(parsed.bad, parsed.column, parsed.shown, *parsed.expected)
    constant = mapping.constant(name)
    values = parsed.values
    if transform == "text" and name not in _PROSE:
        rejections.add_long(parsed.column, values)
    return values if constant is None else values.where(values.notna(), constant)


def prepare(sheet: Sheet, mapping: Mapping, today: date) -> Prepared:
    """Validate a file of listings. `today` bounds observation dates."""
    import pandas as pd

    frame = take_only(sheet.frame, mapping)
    rejections = Rejections()
    out = pd.DataFrame(index=frame.index)
    for name in FIELD_TRANSFORMS:
        if name not in ("features", "population"):
            out[name] = field(name, mapping, frame, rejections)
    for name in _TEXTS:
        out[name] = field(name, mapping, frame, rejections)
    out["source"] = out["source"].where(out["source"].notna(), mapping.source)
    out["status"] = out["status"].where(out["status"].notna(), "active")
    for name in ("title", "text"):
        out[name] = out[name].where(out[name].notna(), "")
    out["language"] = out["language"].where(out["language"].isin(["es", "en"]), "es")
    own = out["country"].map(CURRENCY_OF)
    out["currency"] = out["currency"].where(out["currency"].notna(), own)
    assert mapping.places is not None
    out["city"] = text_of(frame[mapping.places.city])
    column = mapping.places.neighbourhood
    out["neighbourhood"] = text_of(frame[column]) if column in frame.columns else None
    if mapping.places.aliases:
        out["neighbourhood"] = out["neighbourhood"].replace(mapping.places.aliases)
    for name in ("city", "neighbourhood"):
        rejections.add_long(getattr(mapping.places, name) or name, out[name])
    out["features"] = features_of(mapping, frame, rejections)
    out["attributes"] = attributes_of(mapping, frame, rejections)

    check_rows(out, mapping, frame, rejections, today)
    out["external_id"] = external_ids(mapping, frame, rejections)
    rejections.add_long("id", out["external_id"])
    out["dated"] = out["observed_on"].notna()
    out["observed_on"] = out["observed_on"].where(out["dated"], today)
    has_area = out["area_m2"].notna()
    out["price_per_m2"] = (out["price"] / out["area_m2"]).round(2).where(has_area)
    accepted = out[~out.index.isin(rejections.rows)]
    accepted = without_repeats(accepted, mapping, rejections)
    return Prepared(accepted, rejections, out[["source", "external_id"]], len(sheet.frame) - len(frame))
