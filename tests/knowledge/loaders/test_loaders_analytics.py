"""Aggregates: every level of area, one property type and all, by quarter, in the country's currency."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from core.database import Database
from core.scope import Scope
from knowledge.loaders import ingest_file

from .support import Rows, listing, write_csv


async def test_medians_and_quartiles_at_every_level(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    prices = (100, 200, 300, 400)
    homes = [
        listing(external_id=f"a{n}", price=str(price * 1_000_000), area_m2="100", observed_on="2026-02-15")
        for n, price in enumerate(prices)
    ]
    homes += [
        listing(external_id="house", property_type="casa", price="900000000", area_m2="300", observed_on="2026-02-15"),
        listing(external_id="usd", price="100000", currency="USD", observed_on="2026-02-15"),
        listing(external_id="later", price="700000000", observed_on="2026-05-01", neighbourhood="Usaquén"),
        listing(external_id="gone", price="700000000", observed_on="2026-02-15", status="withdrawn"),
    ]
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", homes))
    found = {
        (row["area_id"], row["property_type"], row["period"]): row for row in await rows("SELECT * FROM analytics_data")
    }
    first, second = date(2026, 1, 1), date(2026, 4, 1)
    for area in ("co", "co/bogota", "co/bogota/chapinero"):
        flats = found[area, "apartment", first]
        assert (flats["listings"], flats["currency"], flats["source"], flats["demo"]) == (4, "COP", "generic", False)
        assert (flats["price_q1"], flats["price_median"], flats["price_q3"]) == (175e6, 250e6, 325e6)
        assert (flats["price_m2_median"], flats["area_m2_median"], flats["new_listings"]) == (2.5e6, 100, 4)
        assert found[area, "all", first]["listings"] == 5
    assert found["co/bogota/usaquen", "all", second]["price_median"] == 700e6
    assert ("co/bogota/chapinero", "all", second) not in found


async def test_a_load_refreshes_its_cities_and_leaves_the_others(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "areas.csv", [
        {"country": "CO", "city": "Cali", "latitude": "3.45", "longitude": "-76.53"}]))
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", [listing()]))
    before = await rows("SELECT id FROM analytics_data WHERE area_id LIKE 'co/bogota%%' ORDER BY id")
    await ingest_file(bogota, scope, write_csv(tmp_path / "b.csv", [listing(
        external_id="c1", city="Cali", neighbourhood="Granada", latitude="3.459", longitude="-76.533")]))
    assert await rows("SELECT id FROM analytics_data WHERE area_id LIKE 'co/bogota%%' ORDER BY id") == before
    (country,) = await rows("SELECT listings FROM analytics_data WHERE area_id = 'co' AND property_type = 'all'")
    assert country["listings"] == 2
