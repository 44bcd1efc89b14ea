"""The published files: slices of them, with every mapping."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.database import Database
from core.scope import Scope
from knowledge.loaders import ingest_file, recognise

from .support import Rows

FILES = {
    "fx_monthly.csv": "fx_monthly", "house_price_index_quarterly.csv": "house_price_index_quarterly",
    "idealista18_neighbourhoods.csv": "idealista18_neighbourhoods", "idealista18_pois.csv": "idealista18_pois",
    "idealista18_train.parquet": "idealista18", "inflation_annual.csv": "inflation_annual",
    "rents_barcelona_barri_quarterly.csv": "rents_barcelona_barri_quarterly",
    "rents_catalonia_municipal.parquet": "rents_catalonia_municipal",
}


@pytest.mark.parametrize(("file", "mapping"), FILES.items())
def test_every_file_is_recognised(shared_data: Path, file: str, mapping: str) -> None:
    path = shared_data / file
    columns = pd.read_parquet(path).columns if path.suffix == ".parquet" else pd.read_csv(path, nrows=1).columns
    assert recognise(columns).name == mapping


async def test_a_slice_of_the_adverts_loads_whole_and_again_without_change(
    database: Database, scope: Scope, rows: Rows, shared_data: Path, tmp_path: Path
) -> None:
    adverts = pd.read_parquet(shared_data / "idealista18_train.parquet")
    repeats = adverts[adverts.duplicated(["assetid", "period", "longitude", "latitude"], keep=False)]
    part = pd.concat([adverts.iloc[::180], repeats]).drop_duplicates()
    path = tmp_path / "part.parquet"
    part.to_parquet(path)
    result = await ingest_file(database, scope, path)
    assert (result.rows, result.inserted, result.quarantined) == (len(part), len(part), 0)
    part.to_csv(tmp_path / "part.csv", index=False)
    again = await ingest_file(database, scope, tmp_path / "part.csv")
    assert (again.inserted, again.updated, again.unchanged, again.quarantined) == (0, 0, len(part), 0)
    first = part.iloc[0]
    (row,) = await rows("SELECT * FROM listings WHERE external_id LIKE %s", f"{first.assetid}-{first.period}-%")
    assert (row["price"], row["area_m2"], row["operation"]) == (first.price, first.constructedarea, "sale")
    assert row["price_per_m2"] == pytest.approx(first.price / first.constructedarea, abs=0.01)
    assert row["observed_on"].isoformat() in ("2018-03-31", "2018-06-30", "2018-09-30", "2018-12-31")
    assert ("lift" in row["features"]) == bool(first.haslift)
    assert row["attributes"]["distance_to_metro_km"] == pytest.approx(first.distance_to_metro, abs=1e-4)
    (years,) = await rows("SELECT count(*) AS n FROM listings WHERE year_built IS NULL")
    assert years["n"] == 0


async def test_bad_values_among_real_adverts(
    database: Database, scope: Scope, rows: Rows, shared_data: Path, tmp_path: Path
) -> None:
    part = pd.read_parquet(shared_data / "idealista18_train.parquet").head(40).reset_index(drop=True)
    part.loc[3, "price"] = -1
    part.loc[5, "city"] = "Atlantis"
    part.loc[7, "latitude"] = 0.0
    part.loc[9, "period"] = 201813
    part = pd.concat([part, part.iloc[[0]]], ignore_index=True)
    part.to_parquet(tmp_path / "bad.parquet")
    result = await ingest_file(database, scope, tmp_path / "bad.parquet")
    assert (result.inserted, result.quarantined) == (36, 5)
    reasons = {row["row_number"]: row["reason"] for row in await rows("SELECT row_number, reason FROM quarantine")}
    for number, told in ((4, "price = -1: must be greater"), (6, "city = 'Atlantis': unknown city"),
                         (8, "latitude = 0.0: coordinates outside ES"), (10, "period = 201813: bad date"),
                         (41, "duplicate id, first in row 1")):
        assert told in reasons[number]


@pytest.mark.parametrize("file", ["inflation_annual.csv", "fx_monthly.csv", "idealista18_neighbourhoods.csv",
                                  "rents_barcelona_barri_quarterly.csv", "idealista18_pois.csv"])
async def test_small_files_load_whole(database: Database, scope: Scope, shared_data: Path, file: str) -> None:
    result = await ingest_file(database, scope, shared_data / file)
    again = await ingest_file(database, scope, shared_data / file)
    assert result.quarantined == again.quarantined == 0
    assert (again.inserted, again.updated) == (0, 0)
    assert again.unchanged == result.inserted + result.updated
