"""Series, areas and points: readable ids, links to areas in either order of loading, one value per period."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from core.database import Database
from core.scope import Scope
from knowledge.loaders import ingest_file

from .support import Rows, write_csv

NEIGHBOURHOOD = {
    "city": "Barcelona", "neighbourhood_id": "0-EU-1", "neighbourhood": "Vila de Gràcia", "centroid_lon": "2.157",
    "centroid_lat": "41.403", "wkt": "POLYGON ((2.1 41.4, 2.2 41.4, 2.2 41.5, 2.1 41.4))",
}


def barri(quarter: str, **changes: str) -> dict[str, str]:
    return {"quarter": quarter, "district_code": "6", "district": "Gràcia", "barri_code": "31",
            "barri": "la Vila de Gràcia", "rent_eur_m2_month": "13.5", "mean_surface_m2": "61.7"} | changes


async def test_series_of_neighbourhoods_find_their_areas_in_either_order(
    database: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    rents = write_csv(tmp_path / "rents.csv", [barri("2020Q1"), barri("2020Q2", rent_eur_m2_month="14")])
    result = await ingest_file(database, scope, rents)
    assert (result.rows, result.inserted) == (2, 4)
    assert {row["area_id"] for row in await rows("SELECT area_id FROM series")} == {None}
    await ingest_file(database, scope, write_csv(tmp_path / "areas.csv", [NEIGHBOURHOOD]))
    linked = await rows("SELECT id, area_id, metric, unit, currency, frequency FROM series ORDER BY id")
    assert linked[0] == {"id": "BCN_RENTS/31/rent_m2", "area_id": "es/barcelona/vila-de-gracia", "metric": "rent_m2",
                         "unit": "EUR/m2/month", "currency": "EUR", "frequency": "Q"}
    again = await ingest_file(database, scope, rents)
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 4)
    assert await rows("SELECT id, area_id, metric, unit, currency, frequency FROM series ORDER BY id") == linked
    observed = await rows("SELECT period, value FROM observations WHERE series_id = 'BCN_RENTS/31/rent_m2'")
    assert observed == [{"period": date(2020, 1, 1), "value": 13.5}, {"period": date(2020, 4, 1), "value": 14.0}]


async def test_a_revised_value_updates_its_observation(
    database: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    path = tmp_path / "fx.csv"
    await ingest_file(database, scope, write_csv(path, [{"date": "2025-06-01", "pair": "USDCOP", "rate": "4100"}]))
    result = await ingest_file(database, scope, write_csv(path, [
        {"date": "2025-06-01", "pair": "USDCOP", "rate": "4102.5"},
        {"date": "2025-07-01", "pair": "USDCOP", "rate": "4050"},
    ]))
    assert (result.inserted, result.updated, result.unchanged) == (1, 1, 0)
    (series,) = await rows("SELECT * FROM series")
    assert (series["id"], series["country"], series["currency"], series["unit"], series["frequency"]) == (
        "FX/USDCOP", "CO", "COP", "COP per USD", "M")
    assert "Superintendencia Financiera" in series["attribution"]


async def test_bad_observations_are_quarantined(database: Database, scope: Scope, rows: Rows, tmp_path: Path) -> None:
    result = await ingest_file(database, scope, write_csv(tmp_path / "fx.csv", [
        {"date": "2025-06-01", "pair": "USDCOP", "rate": "4100"},
        {"date": "2025-06-01", "pair": "USDCOP", "rate": "4200"},
        {"date": "junio", "pair": "USDCOP", "rate": "4100"},
        {"date": "2025-07-01", "pair": "USDCOP", "rate": "mucho"},
        {"date": "2025-08-01", "pair": "USDCOP", "rate": "-3"},
        {"date": "2025-08-01", "pair": "USDXYZ", "rate": "3"},
        {"date": "2031-08-01", "pair": "USDCOP", "rate": "3"},
        {"date": "2025-09-01", "pair": "USDCOP", "rate": ""},
    ]))
    assert (result.rows, result.inserted, result.quarantined, result.skipped) == (8, 1, 6, 1)
    reasons = {row["row_number"]: row["reason"] for row in await rows("SELECT * FROM quarantine")}
    for number, told in ((2, "duplicate id"), (3, "date = 'junio': bad date"), (4, "rate = 'mucho': not a number"),
                         (5, "rate = '-3': absurd value"), (6, "pair = 'USDXYZ': unknown"), (7, "lies ahead")):
        assert told in reasons[number]


async def test_country_series_make_and_link_the_country(
    database: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    columns = ("country", "region_code", "region", "source", "segment", "measure", "quarter", "value")
    values = [
        ("ES", "ES", "España", "INE_IPV_25171", "new", "nominal_index_2015", "2020Q1", "120.5"),
        ("ES", "ES-13", "Madrid, Comunidad de", "INE_IPV_25171", "new", "nominal_index_2015", "2020Q1", "130"),
        ("XM", "XM", "Euro area", "BIS_SPP", "all", "real_index_2010", "2020Q1", "110"),
    ]
    await ingest_file(database, scope, write_csv(
        tmp_path / "hpi.csv", [dict(zip(columns, row, strict=True)) for row in values]))
    found = await rows("SELECT id, area_id, metric, attribution FROM series ORDER BY id")
    assert [(row["id"], row["area_id"], row["metric"]) for row in found] == [
        ("BIS_SPP/XM/all/real_index_2010", None, "price_index_real"),
        ("INE_IPV_25171/ES-13/new/nominal_index_2015", None, "price_index"),
        ("INE_IPV_25171/ES/new/nominal_index_2015", "es", "price_index"),
    ]
    assert found[2]["attribution"].startswith("INE (Spain)")


async def test_yearly_and_quarterly_rents_are_series_of_their_own(
    database: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    def row(span: str, year: str = "2024", rent: str = "700.5", name: str = "Abrera") -> dict[str, str]:
        return {"municipality_code": "08001", "municipality": name, "year": year, "span": span, "contracts": "30",
                "mean_rent_eur_month": rent}

    result = await ingest_file(database, scope, write_csv(tmp_path / "rents.csv", [
        row("FY", year="2023", name="Abrera Vella"), row("FY"), row("Q2", rent=""), row("9M"),
    ]))
    assert (result.inserted, result.skipped, result.quarantined) == (5, 1, 0)
    names = {r["id"]: (r["frequency"], r["region"]) for r in await rows("SELECT id, frequency, region FROM series")}
    assert names == {"INCASOL/08001/A/rent": ("A", "Abrera"), "INCASOL/08001/A/contracts": ("A", "Abrera"),
                     "INCASOL/08001/Q/contracts": ("Q", "Abrera")}


async def test_areas_and_points(database: Database, scope: Scope, rows: Rows, tmp_path: Path) -> None:
    areas = write_csv(tmp_path / "areas.csv", [
        NEIGHBOURHOOD, NEIGHBOURHOOD | {"neighbourhood": "Sants", "centroid_lat": "4.6"},
        NEIGHBOURHOOD | {"city": "Bercelona"},
    ])
    result = await ingest_file(database, scope, areas)
    assert (result.inserted, result.quarantined, result.areas_created) == (1, 2, 3)
    points = write_csv(tmp_path / "points.csv", [
        {"city": "Barcelona", "kind": "City_Center", "lon": "2.17", "lat": "41.387"},
        {"city": "Barcelona", "kind": "Metro", "lon": "2.16", "lat": "41.39"},
        {"city": "Barcelona", "kind": "Diagonal", "lon": "2.15", "lat": "41.39"},
    ])
    assert (await ingest_file(database, scope, points)).updated == 1
    assert (await ingest_file(database, scope, points)).unchanged == 1
    assert (await ingest_file(database, scope, areas)).unchanged == 1
    found = {row["id"]: row for row in await rows("SELECT * FROM areas")}
    assert set(found) == {"es", "es/barcelona", "es/barcelona/vila-de-gracia"}
    assert found["es/barcelona"]["latitude"] == 41.387
    assert found["es/barcelona"]["attributes"]["points"]["metro"] == [[2.16, 41.39]]
    own = found["es/barcelona/vila-de-gracia"]
    assert own["attributes"]["wkt"].startswith("POLYGON")
    assert (own["name_folded"], own["level"], own["longitude"]) == ("vila de gracia", "neighbourhood", 2.157)


async def test_a_portal_declares_its_own_cities(database: Database, scope: Scope, rows: Rows, tmp_path: Path) -> None:
    await ingest_file(database, scope, write_csv(tmp_path / "areas.csv", [
        {"country": "Colombia", "city": "Tunja", "neighbourhood": "", "latitude": "5.53", "longitude": "-73.36"},
        {"country": "CO", "city": "Tunja", "neighbourhood": "Centro", "latitude": "5.53", "longitude": "-73.36"},
    ]))
    found = await rows("SELECT id FROM areas ORDER BY id")
    assert [row["id"] for row in found] == ["co", "co/tunja", "co/tunja/centro"]
