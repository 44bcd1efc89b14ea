"""Puts the demo portfolio together. The same seed gives the same rows to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from knowledge.demo import documents, listings, opinions, places, series, withdrawn
from knowledge.demo.calibration import load

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Rows by table, keyed by column; parents come before children.

    Owned rows lack `tenant_id`; listings also lack `id`; listings and documents lack `fingerprint`. `price_history`
    names its listing by `external_id` and holds earlier prices only, not the present one. `withdrawn` are listings too, of
    adverts that left.
    """

    areas: list[Row]
    project_owners: list[Row]
    projects: list[Row]
    listings: list[Row]
    withdrawn: list[Row]
    price_history: list[Row]
    series: list[Row]
    observations: list[Row]
    documents: list[Row]


def portfolio(seed: int = 7) -> Portfolio:
    """The whole demo market as of 2026-10-31: 19 cities in three countries, 6,000 listings and
    those that left. Pure; about a second."""
    calibration = load()
    owners = places.owners(seed)
    projects = places.projects(calibration, owners, seed)
    rows, history = listings.build(calibration, projects, seed)
    lowest: dict[str, float] = {}
    for row in rows:
        if row["project_id"]:
            lowest[row["project_id"]] = min(row["price"], lowest.get(row["project_id"], row["price"]))
    projects = [p | {"price_from": min(p["price_from"], lowest.get(p["id"], p["price_from"]))} for p in projects]
    series_rows, observations = series.build(calibration, seed)
    return Portfolio(
        areas=places.areas(calibration), project_owners=owners, projects=projects, listings=rows,
        withdrawn=withdrawn.build(calibration, rows, seed), price_history=history,
        series=series_rows, observations=observations,
        documents=[*documents.build(calibration, series_rows, observations, seed), *opinions.build(calibration, seed)],
    )
