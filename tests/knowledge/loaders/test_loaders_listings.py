"""Listings in the database: same file twice, changed prices, bad rows, places, demo rows retired."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from core.database import Database
from core.scope import Scope
from knowledge.loaders import ingest_file
from knowledge.loaders.mapping import FOLDER
from knowledge.loaders.merge import ENOUGH_REAL

from .support import LISTING, Rows, listing, write_csv


async def test_a_listing_arrives_whole(bogota: Database, scope: Scope, rows: Rows, tmp_path: Path) -> None:
    stages: list[str] = []
    result = await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", [listing()]),
                               progress=lambda stage, done, total: stages.append(stage))
    assert (result.mapping, result.rows, result.inserted, result.quarantined) == ("generic_listings", 1, 1, 0)
    assert list(dict.fromkeys(stages)) == ["read", "validate", "copy", "merge", "analytics"]
    (row,) = await rows("SELECT * FROM listings")
    assert row["city_id"] == "co/bogota"
    assert row["area_id"] == "co/bogota/chapinero"
    assert row["price_per_m2"] == 5_000_000
    assert row["features"] == ["lift", "parking"]
    assert row["attributes"] == {"view": "montaña"}
    assert (row["observed_on"], row["first_seen"], row["demo"]) == (date(2026, 3, 10), date(2026, 3, 10), False)
    (area,) = await rows("SELECT * FROM areas WHERE id = 'co/bogota/chapinero'")
    assert (area["level"], area["parent_id"], area["latitude"]) == ("neighbourhood", "co/bogota", 4.645)
    (load,) = await rows("SELECT * FROM loads")
    assert (load["status"], load["counts"]["inserted"]) == ("done", 1)


async def test_the_same_file_twice_changes_nothing(bogota: Database, scope: Scope, rows: Rows, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [listing(), listing(external_id="a2", observed_on=""),
                                          listing(external_id="a3", price="-1")])
    first = await ingest_file(bogota, scope, path)
    before = await rows("SELECT * FROM listings ORDER BY id")
    again = await ingest_file(bogota, scope, path)
    assert (first.inserted, first.quarantined) == (2, 1)
    assert (again.inserted, again.updated, again.unchanged, again.price_changes, again.quarantined) == (0, 0, 2, 0, 1)
    assert await rows("SELECT * FROM listings ORDER BY id") == before
    assert len(await rows("SELECT * FROM quarantine")) == 1
    assert await rows("SELECT * FROM price_history") == []


async def test_csv_parquet_and_json_lines_of_the_same_rows_are_the_same_listings(
    bogota: Database, scope: Scope, tmp_path: Path
) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", [listing()]))
    typed = LISTING | {"price": 450_000_000, "area_m2": 90.0, "bedrooms": 3, "bathrooms": 2, "latitude": 4.645,
                       "longitude": -74.063, "features": ["lift", "parking"], "observed_on": date(2026, 3, 10)}
    pd.DataFrame([typed]).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text(json.dumps(typed, default=str) + "\n", encoding="utf-8")
    for name in ("a.parquet", "a.jsonl"):
        assert (await ingest_file(bogota, scope, tmp_path / name)).unchanged == 1


async def test_a_changed_price_keeps_the_old_one_with_its_date(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    await ingest_file(bogota, scope, write_csv(path, [listing()]))
    result = await ingest_file(
        bogota, scope, write_csv(path, [listing(price="430000000", observed_on="2026-05-02")]))
    assert (result.updated, result.price_changes, result.inserted) == (1, 1, 0)
    history = await rows("SELECT observed_on, price FROM price_history ORDER BY observed_on")
    assert history == [{"observed_on": date(2026, 3, 10), "price": 450_000_000},
                       {"observed_on": date(2026, 5, 2), "price": 430_000_000}]
    (row,) = await rows("SELECT price, price_per_m2, observed_on, first_seen FROM listings")
    assert row == {"price": 430_000_000, "price_per_m2": pytest.approx(4_777_777.78), "observed_on": date(2026, 5, 2),
                   "first_seen": date(2026, 3, 10)}


async def test_a_price_corrected_within_its_day_keeps_both(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    for price in ("450000000", "430000000", "430000000"):
        await ingest_file(bogota, scope, write_csv(path, [listing(price=price, observed_on="")]))
    history = await rows("SELECT observed_on, price FROM price_history ORDER BY observed_on")
    assert history == [{"observed_on": date(2026, 6, 14), "price": 450_000_000},
                       {"observed_on": date(2026, 6, 15), "price": 430_000_000}]


async def test_an_older_file_only_adds_to_the_history(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "new.csv", [listing()]))
    old = write_csv(tmp_path / "old.csv", [listing(price="400000000", observed_on="2025-12-01", title="Antes")])
    for expected in (1, 0):
        assert (await ingest_file(bogota, scope, old)).price_changes == expected
    (row,) = await rows("SELECT price, title, first_seen FROM listings")
    assert row == {"price": 450_000_000, "title": "Apartamento en Chapinero", "first_seen": date(2025, 12, 1)}


async def test_other_changes_update_the_row(bogota: Database, scope: Scope, rows: Rows, tmp_path: Path) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", [listing()]))
    changed = write_csv(tmp_path / "a.csv", [listing(bedrooms="4", status="retirado")])
    result = await ingest_file(bogota, scope, changed)
    assert (result.updated, result.price_changes) == (1, 0)
    assert await rows("SELECT bedrooms, status FROM listings") == [{"bedrooms": 4, "status": "withdrawn"}]
    assert await rows("SELECT * FROM analytics_data") == []


@pytest.mark.parametrize(("changes", "told"), [
    ({"price": ""}, "price = (missing / falta)"),
    ({"price": "-5"}, "price = '-5': must be greater than 0"),
    ({"price": "caro"}, "price = 'caro': not a number"),
    ({"price": "12"}, "absurd price, expected 3,000,000"),
    ({"area_m2": "99999"}, "area_m2 = '99999': absurd area"),
    ({"operation": "swap"}, "operation = 'swap': unknown, expected one of rent, sale"),
    ({"property_type": "castle"}, "property_type = 'castle': unknown"),
    ({"latitude": "40.4", "longitude": "-3.7"}, "coordinates outside CO"),
    ({"latitude": ""}, "latitude = (missing / falta): a longitude without its latitude"),
    ({"city": "Bogtá"}, "city = 'Bogtá': unknown city"),
    ({"city": ""}, "city = (missing / falta): unknown city"),
    ({"country": "Perú"}, "country = 'Perú': unknown country"),
    ({"currency": "GBP"}, "currency = 'GBP': unknown currency"),
    ({"observed_on": "10/03/2026"}, "observed_on = '10/03/2026': bad date"),
    ({"observed_on": "2027-01-01"}, "observed_on = '2027-01-01': bad date"),
    ({"bedrooms": "tres"}, "bedrooms = 'tres': not a whole number"),
    ({"features": "helipuerto"}, "features = 'helipuerto': unknown feature"),
    ({"external_id": ""}, "an id is required"),
    ({"external_id": "ok"}, "duplicate id, first in row 1"),
    ({"title": "a\x00b"}, "title = 'a\\x00b': holds characters that are not text"),
])
async def test_a_bad_row_is_kept_with_its_reason_and_the_others_load(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    bad = listing(external_id="bad") | changes
    path = tmp_path / "mixed.jsonl"
    lines = [listing(external_id="ok"), bad, listing(external_id="ok2")]
    path.write_text("\n".join(json.dumps({k: v for k, v in line.items() if v}) for line in lines), encoding="utf-8")
    result = await ingest_file(bogota, scope, path)
    assert (result.rows, result.inserted, result.quarantined) == (3, 2, 1)
    (row,) = await rows("SELECT * FROM quarantine")
    assert (row["file"], row["row_number"]) == ("mixed.jsonl", 2)
    assert told in row["reason"]
    assert " / " in row["reason"]
    assert "property_type" in str(row["raw"])


async def test_lines_that_cannot_be_read_are_quarantined_too(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "a.csv", [listing()])
    path.write_bytes(path.read_bytes() + b"one,two\n" + b"\xff\x81," * 16 + b"x\n")
    result = await ingest_file(bogota, scope, path)
    assert (result.inserted, result.quarantined) == (1, 2)
    kept = await rows("SELECT row_number, raw FROM quarantine ORDER BY row_number")
    assert kept[0] == {"row_number": 2, "raw": {"line": "one,two"}}
    assert kept[1]["raw"]["line"].startswith("\\xff\\x81,")


async def test_all_reasons_of_a_row_are_told(bogota: Database, scope: Scope, rows: Rows, tmp_path: Path) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", [listing(price="x", bedrooms="y")]))
    (row,) = await rows("SELECT reason FROM quarantine")
    assert "price = 'x'" in row["reason"]
    assert "bedrooms = 'y'" in row["reason"]


async def test_real_listings_retire_demo_ones_of_the_same_city_and_operation(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    demo = tmp_path / "demo.toml"
    text = (FOLDER / "generic_listings.toml").read_text(encoding="utf-8")
    demo.write_text(text.replace("demo = false", "demo = true").replace('"generic"', '"demo"'), encoding="utf-8")
    made = write_csv(tmp_path / "demo.csv", [
        listing(external_id="d1"), listing(external_id="d2", operation="rent", price="2000000"),
    ])
    await ingest_file(bogota, scope, made, mapping=str(demo))
    (before,) = await rows("SELECT demo FROM analytics_data WHERE area_id = 'co/bogota' AND operation = 'sale'"
                           " AND property_type = 'all'")
    assert before["demo"]
    real = [listing(external_id=f"a{i}") for i in range(ENOUGH_REAL)]
    await ingest_file(bogota, scope, write_csv(tmp_path / "few.csv", real[:-1]))
    demo_rows = "SELECT external_id, status FROM listings WHERE demo"
    assert {row["status"] for row in await rows(demo_rows)} == {"active"}, "a handful could answer nothing on its own"
    await ingest_file(bogota, scope, write_csv(tmp_path / "real.csv", real))
    await ingest_file(bogota, scope, made, mapping=str(demo))
    status = {row["external_id"]: row["status"] for row in await rows(demo_rows)}
    assert status == {"d1": "superseded", "d2": "active"}
    (after,) = await rows("SELECT demo, listings FROM analytics_data WHERE area_id = 'co/bogota'"
                          " AND operation = 'sale' AND property_type = 'all'")
    assert after == {"demo": False, "listings": ENOUGH_REAL}


async def test_one_tenants_load_leaves_the_others_rows_alone(
    bogota: Database, scope: Scope, tmp_path: Path, database_url: str
) -> None:
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("INSERT INTO tenants VALUES ('other', 'Other', now())")
    path = write_csv(tmp_path / "a.csv", [listing()])
    for tenant in (scope, Scope(tenant="other")):
        assert (await ingest_file(bogota, tenant, path)).inserted == 1
