"""The demo portfolio goes through the same staging, once, and never over real data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.database import Database
from core.scope import Scope
from knowledge.demo.portfolio import Portfolio, portfolio
from knowledge.loaders import ingest_file
from knowledge.loaders.demo import load_demo
from knowledge.loaders.merge import ENOUGH_REAL

from .support import Rows, listing, write_csv


@pytest.fixture(scope="module")
def generated() -> Portfolio:
    """The portfolio with one listing in eight."""
    whole = portfolio()
    kept = whole.listings[::8]
    named = {row["external_id"] for row in kept}
    return replace(whole, listings=kept,
                   price_history=[row for row in whole.price_history if row["external_id"] in named])


async def test_the_portfolio_loads_once(database: Database, scope: Scope, rows: Rows, generated: Portfolio) -> None:
    result = await load_demo(database, scope, generated)
    both = len(generated.listings) + len(generated.withdrawn)
    assert (result.rows, result.inserted) == (both, both)
    counts = {}
    for table in ("areas", "project_owners", "projects", "listings", "series", "observations", "documents"):
        (row,) = await rows(f"SELECT count(*) AS n FROM {table}")
        counts[table] = row["n"]
        assert row["n"] == (both if table == "listings" else len(getattr(generated, table))), table
    assert await rows("SELECT DISTINCT demo FROM analytics_data") == [{"demo": True}]
    history = len(await rows("SELECT id FROM price_history"))
    assert history > len(generated.price_history)
    again = await load_demo(database, scope, generated)
    assert (again.inserted, again.updated, again.unchanged, again.price_changes) == (0, 0, result.rows, 0)
    assert len(await rows("SELECT id FROM price_history")) == history


async def test_real_data_wins_whichever_comes_first(
    database: Database, scope: Scope, rows: Rows, generated: Portfolio, tmp_path: Path
) -> None:
    await load_demo(database, scope, generated)
    real = write_csv(tmp_path / "real.csv", [
        listing(external_id=f"a{i}", observed_on="2026-06-01") for i in range(ENOUGH_REAL)
    ])
    await ingest_file(database, scope, real)
    await load_demo(database, scope, generated)
    found = await rows(
        "SELECT operation, status, count(*) AS n FROM listings WHERE city_id = 'co/bogota' AND demo GROUP BY 1, 2")
    assert {(row["operation"], row["status"]) for row in found} == {
        ("sale", "superseded"), ("rent", "active"), ("rent", "withdrawn")}
