"""Small files of listings for the loader tests."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Rows = Callable[..., Awaitable[list[dict[str, Any]]]]

LISTING = {
    "external_id": "a1", "operation": "sale", "property_type": "apartment", "country": "CO", "city": "Bogotá",
    "neighbourhood": "Chapinero", "price": "450000000", "currency": "COP", "area_m2": "90", "bedrooms": "3",
    "bathrooms": "2", "latitude": "4.645", "longitude": "-74.063", "features": "ascensor; parqueadero",
    "title": "Apartamento en Chapinero", "observed_on": "2026-03-10", "view": "montaña",
}


def listing(**changes: str) -> dict[str, str]:
    return LISTING | changes


def write_csv(path: Path, rows: list[dict[str, Any]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path
