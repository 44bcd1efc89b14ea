"""A complete file withdraws what it no longer names, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.database import Database
from core.errors import BadInput
from core.scope import Scope
from knowledge.loaders import ingest_file
from knowledge.loaders.merge import FEW

from .support import Rows, listing, write_csv


def portal(*ids: str, day: str, **changes: str) -> list[dict[str, str]]:
    return [listing(external_id=id_, observed_on=day, **changes) for id_ in ids]


async def statuses(rows: Rows) -> dict[str, tuple[str, str]]:
    found = await rows("SELECT external_id, status, observed_on FROM listings")
    return {row["external_id"]: (row["status"], row["observed_on"].isoformat()) for row in found}


async def test_what_a_complete_file_does_not_name_is_withdrawn_and_comes_back(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", portal("a", "b", "c", day="2026-03-01")))
    second = write_csv(tmp_path / "b.csv", portal("a", "b", day="2026-04-01"))
    result = await ingest_file(bogota, scope, second, complete=True)
    assert (result.withdrawn, result.updated) == (1, 2)
    assert (await statuses(rows))["c"] == ("withdrawn", "2026-03-01")  # the day it was last seen
    again = await ingest_file(bogota, scope, second, complete=True)
    assert (again.withdrawn, again.unchanged) == (0, 2)
    await ingest_file(bogota, scope, write_csv(tmp_path / "c.csv", portal("a", "b", "c", day="2026-05-01")), complete=True)
    assert (await statuses(rows))["c"] == ("active", "2026-05-01")


async def test_without_complete_nothing_is_withdrawn(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", portal("a", "b", day="2026-03-01")))
    result = await ingest_file(bogota, scope, write_csv(tmp_path / "b.csv", portal("a", day="2026-04-01")))
    assert result.withdrawn == 0
    assert {status for status, _ in (await statuses(rows)).values()} == {"active"}


async def test_other_operations_cities_sources_and_newer_sightings_stay(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "areas.csv", [
        {"country": "CO", "city": "Cali", "latitude": "3.45", "longitude": "-76.53"}]))
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", [
        *portal("a", day="2026-03-01"), *portal("let", day="2026-03-01", operation="rent", price="2300000"),
        *portal("cali", day="2026-03-01", city="Cali", neighbourhood="Granada"),
        *portal("later", day="2026-05-01"), *portal("other", day="2026-03-01", source="another")]))
    result = await ingest_file(
        bogota, scope, write_csv(tmp_path / "b.csv", portal("a", "new", day="2026-04-01")), complete=True)
    assert result.withdrawn == 0
    assert {status for status, _ in (await statuses(rows)).values()} == {"active"}


async def test_a_row_that_cannot_be_read_is_not_missing(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", portal("a", "b", day="2026-03-01")))
    bad = [*portal("a", day="2026-04-01"), *portal("b", day="2026-04-01", price="0")]
    result = await ingest_file(bogota, scope, write_csv(tmp_path / "b.csv", bad), complete=True)
    assert (result.quarantined, result.withdrawn) == (1, 0)


async def test_a_file_without_ids_or_with_far_too_little_is_not_complete(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path
) -> None:
    many = [f"m{i}" for i in range(FEW)]
    await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", portal(*many, day="2026-03-01")))
    with pytest.raises(BadInput, match=f"{FEW - 2} of {FEW} active"):
        await ingest_file(bogota, scope, write_csv(tmp_path / "b.csv", portal("m0", "m1", day="2026-04-01")), complete=True)
    with pytest.raises(BadInput, match="1 rows of the file have no readable id"):
        await ingest_file(
            bogota, scope, write_csv(tmp_path / "c.csv", portal("m0", "", day="2026-04-01")), complete=True)
    assert all(found == ("active", "2026-03-01") for found in (await statuses(rows)).values())


async def test_series_cannot_be_complete(bogota: Database, scope: Scope, tmp_path: Path) -> None:
    path = tmp_path / "fx.csv"
    path.write_text("date,pair,rate\n2026-01-01,EURUSD,1.1\n", encoding="utf-8")
    with pytest.raises(BadInput, match="no file of listings"):
        await ingest_file(bogota, scope, path, complete=True)
