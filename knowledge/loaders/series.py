"""Statistic series: a long or wide file to rows of `series` and `observations`, and their link to areas.

A series is linked to an area that exists under its name, never to one made for it. Since areas may come later than
series, `link_later` is run after every load that makes areas.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from core.locale import COUNTRIES
from knowledge.loaders.listings import field, take_only
from knowledge.loaders.mapping import LinkSpec, Mapping, ValueSpec, mappings
from knowledge.loaders.places import Places
from knowledge.loaders.reading import Sheet
from knowledge.loaders.rejects import Rejections
from knowledge.loaders.staging import Connection, Counts, Progress, upsert
from knowledge.loaders.transforms import fill, numbers_of, placeholders, text_of, tomorrow

if TYPE_CHECKING:
    import pandas as pd

_FIELDS = ("source", "country", "region", "segment", "metric", "unit", "currency", "frequency", "attribution")
_NEEDED = ("country", "metric", "unit", "frequency", "period")


@dataclass(slots=True)
class PreparedSeries:
    """`series` rows as dicts, with `link` (the value that may name an area); `observations` rows as dicts."""

    series: list[dict[str, Any]]
    observations: list[dict[str, Any]]
    rejections: Rejections
    skipped: int


def prepare(sheet: Sheet, mapping: Mapping, today: date) -> PreparedSeries:
    """Validate a file of statistics. A row whose value cells are all empty says nothing and is skipped."""
    import pandas as pd

    frame = take_only(sheet.frame, mapping)
    rejections = Rejections()
    common = pd.DataFrame(index=frame.index)
    for name in _FIELDS:
        common[name] = field(name, mapping, frame, rejections, "text")
    common["period"] = field("period", mapping, frame, rejections, "period")
    for name, value in (("source", mapping.source), ("attribution", mapping.attribution), ("segment", "all"),
                        ("region", ""), ("frequency", mapping.series and mapping.series.frequency)):
        common[name] = common[name].where(common[name].notna(), value)
    common["link"] = text_of(frame[mapping.link.column]) if mapping.link else None
    future = common["period"].map(lambda day: day > tomorrow(today), na_action="ignore").fillna(False).astype(bool)
    rejections.add(future, "period", common["period"], "bad date, it lies ahead", "fecha incorrecta, está por venir")
    texts = {str(name): text_of(frame[name]) for name in frame.columns}
    parts = [_values_of(value, mapping, frame, common, texts, rejections) for value in mapping.values]
    silent_rows = pd.concat([part["value"].isna() for part in parts], axis=1).all(axis=1)
    silent = int(silent_rows.sum()) - sum(1 for row in rejections.rows if silent_rows.get(row, False))
    long = pd.concat([part[part["value"].notna()] for part in parts])
    long = long[~long.index.isin(rejections.rows)]
    again = long.duplicated(["id", "period"], keep="first")
    rejections.add(again.groupby(level=0).any(), "id + period", long.groupby(level=0)["id"].first(),
                   "duplicate id: this series has a value for the period already",
                   "identificador repetido: la serie ya tiene un valor en ese periodo")
    long = long[~long.index.isin(rejections.rows)]
    return PreparedSeries(
        series=_series_rows(long, mapping.demo),
        observations=[
            {"series_id": series, "period": period, "value": value}
            for series, period, value in zip(long["id"].tolist(), long["period"].tolist(), long["value"].tolist(),
                                             strict=True)
        ],
        rejections=rejections,
        skipped=len(sheet.frame) - len(frame) + silent,
    )


def _values_of(
    value: ValueSpec, mapping: Mapping, frame: pd.DataFrame, common: pd.DataFrame, texts: dict[str, pd.Series],
    rejections: Rejections,
) -> pd.DataFrame:
    """One value column with the properties of its series, a row per row of the file."""
    import pandas as pd

    part = common.copy()
    for name in ("metric", "unit", "currency"):
        own = getattr(value, name)
        if own is not None:
            part[name] = own
    part["value"], bad = numbers_of(frame[value.column], mapping.decimal)
    rejections.add(bad, value.column, frame[value.column], "not a number", "no es un número")
    low, high = value.min, value.max
    absurd = pd.Series(False, index=frame.index)
    if low is not None:
        absurd = absurd | (part["value"] < low)
    if high is not None:
        absurd = absurd | (part["value"] > high)
    told = f"{'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'}".strip()
    rejections.add(absurd, value.column, frame[value.column], f"absurd value, expected {told}",
                   f"valor absurdo, se esperaba {told}")
    for name in _NEEDED:
        empty = pd.Series(part[name].isna() & ~part.index.isin(rejections.rows), index=part.index)
        rejections.add(empty, name, part[name], "a value is required", "falta un valor obligatorio")
    assert mapping.series is not None
    known = texts | {name: part[name] for name in _FIELDS}
    for name, template in (("id", mapping.series.id), ("name", value.name)):
        part[name] = fill(template, {key: known[key] for key in placeholders(template)}, frame.index)
        empty = pd.Series(part[name].isna() & ~part.index.isin(rejections.rows), index=part.index)
        rejections.add(empty, template, part[name], "a part is missing", "falta una parte")
    rejections.add_long(mapping.series.id, part["id"])
    return part


def _series_rows(long: pd.DataFrame, demo: bool) -> list[dict[str, Any]]:
    """One row per series; where its properties changed over time (a municipality renamed), the latest."""
    latest = long.sort_values("period", kind="stable").drop_duplicates("id", keep="last")
    names = ["id", "name", *_FIELDS, "link"]
    return [
        {name: None if value is None or value != value else value for name, value in zip(names, row, strict=True)}
        | {"demo": demo}
        for row in latest[names].itertuples(index=False, name=None)
    ]


def area_for(link: LinkSpec, country: str, value: str, places: Places) -> str | None:
    """The existing area that a series' link value names; a country's area is made where missing."""
    name = link.aliases.get(value, value)
    if link.level == "country":
        return places.country(name) if name in COUNTRIES else None
    if link.level == "city":
        return places.city(country, name)
    city = places.city(country, link.city) if link.city else None
    return places.within(city, name) if city else None


async def write(connection: Connection, prepared: PreparedSeries, progress: Progress) -> Counts:
    """Upsert series, then observations; the counts are the observations'. Rows need `area_id` set."""
    order = ("id", "area_id", "country", "region", "name", "metric", "segment", "unit", "currency", "frequency",
             "source", "attribution", "demo")
    await upsert(connection, "series", [{name: row[name] for name in order} for row in prepared.series], ("id",))
    return await upsert(connection, "observations", prepared.observations, ("series_id", "period"), progress=progress)


async def link_later(connection: Connection, places: Places) -> int:
    """Link series that were loaded before their areas existed. Returns how many."""
    linked = 0
    for mapping in mappings():
        if mapping.link is None or mapping.link.level == "country":
            continue
        cursor = await connection.execute(
            "SELECT id, country, region FROM series WHERE source = %s AND area_id IS NULL", (mapping.source,))
        for series_id, country, region in await cursor.fetchall():
            area_id = area_for(mapping.link, country, region, places)
            if area_id is not None:
                await connection.execute("UPDATE series SET area_id = %s WHERE id = %s", (area_id, series_id))
                linked += 1
    return linked
