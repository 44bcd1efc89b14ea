"""The demo portfolio as a whole: sizes, columns, references, determinism, sources."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.errors import Misconfigured
from knowledge.demo import Portfolio, portfolio
from knowledge.demo.calibration import DATA, load, require_sources
from knowledge.tables.market import Area, Document, Listing, Observation, Project, ProjectOwner, Series
from knowledge.understanding.text import fold, slug

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT / ".." / "shared" / "data"
COLUMNS = [
    ("areas", Area, set()),
    ("project_owners", ProjectOwner, {"tenant_id"}),
    ("projects", Project, {"tenant_id"}),
    ("listings", Listing, {"tenant_id", "id", "fingerprint"}),
    ("series", Series, set()),
    ("observations", Observation, set()),
    ("documents", Document, {"tenant_id", "fingerprint"}),
]
NULLABLE = {
    "areas": {"parent_id", "population"},
    "listings": {"project_id", "bedrooms", "bathrooms", "floor", "year_built", "dwelling_group", "features"},
    "series": {"currency"},
    "documents": {"url"},
}


def test_it_has_the_promised_sizes(demo: Portfolio) -> None:
    assert len(demo.listings) == 6_000
    assert len(demo.project_owners) == 24
    assert len(demo.projects) == 120
    assert len(demo.documents) >= 60
    cities = [area for area in demo.areas if area["level"] == "city"]
    assert len(cities) >= 15
    assert Counter(city["country"] for city in cities) == {"CO": 6, "ES": 6, "MX": 7}
    inside = Counter(area["parent_id"] for area in demo.areas if area["level"] == "neighbourhood")
    assert min(inside[city["id"]] for city in cities) >= 6


def test_every_neighbourhood_has_listings(demo: Portfolio) -> None:
    used = {row["area_id"] for row in demo.listings}
    assert {area["id"] for area in demo.areas if area["level"] == "neighbourhood"} == used


@pytest.mark.parametrize(("table", "model", "added_later"), COLUMNS)
def test_rows_have_exactly_the_columns_of_their_table(
    demo: Portfolio, table: str, model: Any, added_later: set[str]
) -> None:
    expected = set(model.model_fields) - added_later
    assert all(set(row) == expected for row in getattr(demo, table))


@pytest.mark.parametrize("table", [name for name, _, _ in COLUMNS])
def test_no_field_is_empty_where_a_value_is_owed(demo: Portfolio, table: str) -> None:
    may = NULLABLE.get(table, set()) | {"attributes"}
    empty = {key for row in getattr(demo, table) for key, value in row.items() if value in (None, "", [], {})}
    assert empty <= may


@pytest.mark.parametrize("table", ["areas", "project_owners", "projects", "listings", "series", "documents"])
def test_everything_says_demo(demo: Portfolio, table: str) -> None:
    assert all(row["demo"] is True for row in getattr(demo, table))
    if table != "areas":
        assert {row["source"] for row in getattr(demo, table)} == {"demo"}


def test_references_hold_and_ids_are_unique(demo: Portfolio) -> None:
    areas = {row["id"] for row in demo.areas}
    owners = {row["id"] for row in demo.project_owners}
    projects = {row["id"]: row for row in demo.projects}
    listings = {row["external_id"] for row in demo.listings}
    series = {row["id"] for row in demo.series}
    assert len(areas) == len(demo.areas)
    assert len(projects) == 120
    assert len(listings) == 6_000
    assert all(row["parent_id"] in areas for row in demo.areas if row["level"] != "country")
    assert all(row["owner_id"] in owners and row["area_id"] in areas for row in demo.projects)
    assert all({row["city_id"], row["area_id"]} <= areas for row in demo.listings)
    assert all(row["area_id"].startswith(f"{row['city_id']}/") for row in demo.listings)
    assert all(projects[row["project_id"]]["area_id"] == row["area_id"] for row in demo.listings if row["project_id"])
    assert {row["external_id"] for row in demo.price_history} <= listings
    assert {row["series_id"] for row in demo.observations} == series
    assert all(row["area_id"] in areas for row in [*demo.series, *demo.documents])


def test_area_ids_are_slug_paths_and_names_are_folded(demo: Portfolio) -> None:
    for area in demo.areas:
        assert area["name_folded"] == fold(area["name"])
        if area["level"] == "neighbourhood":
            assert area["id"] == f"{area['parent_id']}/{slug(area['name'])}"


_DIGEST = """
import hashlib
from knowledge.demo import portfolio
print(hashlib.sha256(repr(portfolio({})).encode()).hexdigest())
"""


def _digest_elsewhere(seed: int, hash_seed: str) -> str:
    """The portfolio's digest in a new process with another hash order of sets."""
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", _DIGEST.format(seed)], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(demo: Portfolio) -> None:
    here = hashlib.sha256(repr(demo).encode()).hexdigest()
    assert _digest_elsewhere(7, "1") == here
    assert hashlib.sha256(repr(portfolio(8)).encode()).hexdigest() != here


def test_projects_offer_fewer_units_than_they_have_and_stages_fit_dates(demo: Portfolio) -> None:
    for project in demo.projects:
        assert 1 <= project["units_available"] <= project["units"]
        delivered = project["delivery_on"].isoformat() <= "2026-10-31"
        assert (project["stage"] == "delivered") == delivered
        prices = [row["price"] for row in demo.listings if row["project_id"] == project["id"]]
        assert project["price_from"] <= min(prices, default=project["price_from"])
    assert {project["stage"] for project in demo.projects} == {"planned", "presale", "construction", "delivered"}
    assert len({project["name"] for project in demo.projects}) == 120


def _calibration_entries() -> list[tuple[str, dict[str, Any]]]:
    """Every innermost table of the calibration files that holds a number."""
    entries: list[tuple[str, dict[str, Any]]] = []

    def walk(node: Any, where: str) -> None:
        if isinstance(node, list):
            for i, item in enumerate(node):
                walk(item, f"{where}[{i}]")
        elif isinstance(node, dict):
            if any(isinstance(value, (int, float)) for value in node.values()):
                entries.append((where, node))
            for key, value in node.items():
                walk(value, f"{where}.{key}")

    for name in ("cities", "neighbourhoods", "growth", "rates", "properties"):
        walk(tomllib.loads((DATA / f"{name}.toml").read_text("utf-8")), name)
    return entries


def test_every_calibration_entry_names_its_source() -> None:
    entries = _calibration_entries()
    assert len(entries) > 300
    for where, entry in entries:
        sources = [value for key, value in entry.items() if key == "source" or key.endswith("_source")]
        assert sources, where
        assert all(isinstance(text, str) and text.strip() for text in sources), where


@pytest.mark.parametrize("entry", [{"pct": 3.0}, {"pct": 3.0, "source": "  "}])
def test_an_entry_without_a_source_is_refused_in_both_languages(entry: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match=r"growth\.toml es 2026 has no source") as caught:
        require_sources(entry, "growth.toml es 2026")
    assert "no tiene fuente" in caught.value.es


def test_names_of_the_three_spanish_cities_are_those_of_the_real_polygons() -> None:
    path = SHARED / "idealista18_neighbourhoods.csv"
    if not path.exists():
        pytest.skip("the shared property data are not here")
    with path.open(encoding="utf-8") as file:
        real = {(row["city"], row["neighbourhood"]) for row in csv.DictReader(file)}
    for city in load().cities:
        if city.name in ("Madrid", "Barcelona", "Valencia"):
            assert {(city.name, place.name) for place in load().neighbourhoods[city.id]} <= real
