"""Checks of prepared rows that need no database: required values, believable prices and areas, places on the map."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from knowledge.loaders.mapping import Mapping
from knowledge.loaders.rejects import Rejections
from knowledge.loaders.transforms import tomorrow
from knowledge.loaders.vocabulary import Limits, vocabulary

if TYPE_CHECKING:
    import pandas as pd

#: A row without one of these cannot be a listing.
REQUIRED = ("operation", "property_type", "country", "price", "currency")
_EARLIEST = date(1990, 1, 1)


def _column(mapping: Mapping, name: str) -> str:
    """What the file calls a field, for reasons."""
    spec = mapping.fields.get(name)
    return spec.column[0] if spec and spec.column else name


def check_rows(out: pd.DataFrame, mapping: Mapping, frame: pd.DataFrame, rejections: Rejections, today: date) -> None:
    import pandas as pd

    def reject(bad: pd.Series, name: str, en: str, es: str) -> None:
        already = pd.Series(out.index.isin(rejections.rows), index=out.index)
        column = _column(mapping, name)
        shown = frame[column] if column in frame.columns else out[name]
        rejections.add(bad & ~already if name in REQUIRED else bad, column, shown, en, es)

    for name in REQUIRED:
        reject(out[name].isna(), name, "a value is required", "falta un valor obligatorio")
    price = out["price"].astype("float64")
    reject(price <= 0, "price", "must be greater than 0", "debe ser mayor que 0")
    money = vocabulary().price
    for (operation, currency), limits in money.items():
        rows = (out["operation"] == operation) & (out["currency"] == currency) & (price > 0)
        if rows.any():
            absurd = f"{limits.low:,} - {limits.high:,} {currency}"
            reject(rows & _outside(price, limits), "price", f"absurd price, expected {absurd}",
                   f"precio absurdo, se esperaba {absurd}")
    area = out["area_m2"].astype("float64")
    for kind, limits in vocabulary().area_m2.items():
        told = f"{limits.low:,} - {limits.high:,} m2 ({kind})"
        reject((out["property_type"] == kind) & _outside(area, limits), "area_m2",
               f"absurd area, expected {told}", f"superficie absurda, se esperaba {told}")
    for name, limits in vocabulary().counts.items():
        reject(_outside(out[name].astype("float64"), limits), name,
               f"expected {limits.low} to {limits.high}", f"se esperaba de {limits.low} a {limits.high}")
    check_coordinates(out, reject)
    days = out["observed_on"]
    outside = days.map(lambda day: not _EARLIEST <= day <= tomorrow(today), na_action="ignore").fillna(False)
    reject(outside.astype(bool), "observed_on", f"bad date, expected {_EARLIEST} to today",
           f"fecha incorrecta, se esperaba de {_EARLIEST} a hoy")


def check_coordinates(out: pd.DataFrame, reject: Any) -> None:
    """Reject points outside their country's box, and half points. `reject(bad, field, en, es)`."""
    latitude, longitude = out["latitude"].astype("float64"), out["longitude"].astype("float64")
    half = latitude.isna() != longitude.isna()
    reject(half & latitude.isna(), "latitude", "a longitude without its latitude", "una longitud sin su latitud")
    reject(half & longitude.isna(), "longitude", "a latitude without its longitude", "una latitud sin su longitud")
    for country, box in vocabulary().boxes.items():
        rows = (out["country"] == country) & ~half
        for name, values, low, high in (("latitude", latitude, box.south, box.north),
                                        ("longitude", longitude, box.west, box.east)):
            told = f"{low} - {high}"
            reject(rows & _outside(values, Limits(low, high)), name,
                   f"coordinates outside {country}, expected {told}",
                   f"coordenadas fuera de {country}, se esperaba {told}")


def _outside(values: pd.Series, limits: Limits) -> pd.Series:
    return (values < limits.low) | (values > limits.high)
