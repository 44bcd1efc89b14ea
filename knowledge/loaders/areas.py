"""Files of areas (cities and neighbourhoods with their centroid) and of points that belong to a city."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from knowledge.loaders.checks import check_coordinates
from knowledge.loaders.listings import field
from knowledge.loaders.mapping import Mapping
from knowledge.loaders.places import Places
from knowledge.loaders.reading import Sheet
from knowledge.loaders.rejects import Rejections
from knowledge.loaders.transforms import as_text, text_of
from knowledge.understanding.text import fold

if TYPE_CHECKING:
    import pandas as pd


def prepare(sheet: Sheet, mapping: Mapping, places: Places) -> tuple[list[dict[str, Any]], Rejections]:
    """Rows of `areas` for a file of areas or points; cities and countries it needs are made in `places`."""
    import pandas as pd

    frame, rejections = sheet.frame, Rejections()
    out = pd.DataFrame(index=frame.index)
    for name in ("country", "latitude", "longitude", "population", "group"):
        out[name] = field(name, mapping, frame, rejections)
    assert mapping.places is not None
    out["city"] = text_of(frame[mapping.places.city])
    column = mapping.places.neighbourhood
    out["neighbourhood"] = text_of(frame[column]).replace(mapping.places.aliases) if column in frame.columns else None
    for name in ("city", "neighbourhood"):
        rejections.add_long(getattr(mapping.places, name) or name, out[name])

    def reject(bad: pd.Series, name: str, en: str, es: str) -> None:
        spec = mapping.fields.get(name)
        rejections.add(bad, spec.column[0] if spec and spec.column else name, out[name], en, es)

    needed = ["country", "city", "latitude", "longitude"] + (["group"] if mapping.kind == "points" else [])
    for name in needed:
        unread = out[name].isna() & ~out.index.isin(rejections.rows)
        reject(unread, name, "a value is required", "falta un valor obligatorio")
    check_coordinates(out, reject)
    out["area_id"] = _ids(out, mapping, places, rejections)
    out = out[~out.index.isin(rejections.rows)]
    if mapping.kind == "points":
        return _point_rows(out, mapping, places), rejections
    again = out.duplicated("area_id", keep="first")
    rejections.add(again, "id", out["area_id"], "duplicate id in this file", "identificador repetido en este archivo")
    return _area_rows(out[~again], frame, mapping, places), rejections


def _ids(out: pd.DataFrame, mapping: Mapping, places: Places, rejections: Rejections) -> list[str | None]:
    import pandas as pd

    assert mapping.places is not None
    ids: list[str | None] = []
    for row, country, city, neighbourhood in out[["country", "city", "neighbourhood"]].itertuples(name=None):
        if row in rejections:
            ids.append(None)
            continue
        found = places.resolve(country, city, neighbourhood if isinstance(neighbourhood, str) else None,
                               mapping.places.cities, create=mapping.places.create_cities)
        ids.append(found[1] if found else None)
        if found is None:
            rejections.add(pd.Series([True], index=[row]), mapping.places.city, pd.Series([city], index=[row]),
                           "unknown city", "ciudad desconocida")
    return ids


def _row(area_id: str, name: str, places: Places, mapping: Mapping, **values: Any) -> dict[str, Any]:
    known = places.area(area_id)
    return {
        "id": area_id, "parent_id": known.parent_id, "level": known.level, "country": known.country, "name": name,
        "name_folded": fold(name), "population": None, "demo": mapping.demo,
    } | values


def _area_rows(out: pd.DataFrame, frame: pd.DataFrame, mapping: Mapping, places: Places) -> list[dict[str, Any]]:
    rows = []
    for number, city, neighbourhood, area_id, latitude, longitude, population in out[
        ["city", "neighbourhood", "area_id", "latitude", "longitude", "population"]
    ].itertuples(name=None):
        attributes = {"source": mapping.source, "attribution": mapping.attribution}
        for name, spec in mapping.attributes.items():
            text = as_text(frame.at[number, spec.column[0]])
            if text is not None:
                attributes[name] = text
        rows.append(_row(
            area_id, neighbourhood if isinstance(neighbourhood, str) else city, places, mapping,
            latitude=float(latitude), longitude=float(longitude), attributes=attributes,
            population=int(population) if population is not None and population == population else None,
        ))
    return _with_centroids(rows, places)


def _with_centroids(rows: list[dict[str, Any]], places: Places) -> list[dict[str, Any]]:
    """Give cities that this load makes the mean of their parts' centroids."""
    own = {row["id"] for row in rows}
    for area_id, made in places.made.items():
        parts = [row for row in rows if row["parent_id"] == area_id]
        if made["level"] == "city" and parts and area_id not in own:
            made["latitude"] = sum(row["latitude"] for row in parts) / len(parts)
            made["longitude"] = sum(row["longitude"] for row in parts) / len(parts)
    return rows


def _point_rows(out: pd.DataFrame, mapping: Mapping, places: Places) -> list[dict[str, Any]]:
    """One row per city: `attributes.points` by group as [longitude, latitude], and the centre as its position."""
    rows = []
    for area_id, city in out.groupby("area_id", sort=True):
        points: dict[str, list[list[float]]] = {
            str(group): part[["longitude", "latitude"]].astype("float64").to_numpy().tolist()
            for group, part in city.groupby("group", sort=True)
        }
        centre = points.get("city_center", [[None, None]])[0]
        rows.append(_row(
            str(area_id), places.area(str(area_id)).name, places, mapping, latitude=centre[1], longitude=centre[0],
            attributes={"points": points, "points_source": mapping.source, "points_attribution": mapping.attribution},
        ))
    return rows


