"""A load that is stopped leaves nothing of its file, says so in its row, and a person gets one clear sentence."""

from __future__ import annotations

import asyncio
import errno
import random
import string
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.database import Database
from core.errors import BadInput, Unavailable
from core.scope import Scope
from knowledge.loaders import analytics, ingest_file

from .support import Rows, listing, write_csv

EMPTY = "SELECT (SELECT count(*) FROM listings) + (SELECT count(*) FROM quarantine) + (SELECT count(*) FROM areas)" \
        " + (SELECT count(*) FROM analytics_data) AS n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "a.csv", [listing(external_id=f"a{n}") for n in range(50)] + [listing(price="x")])


def fail_late(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    async def refuse(*_: Any) -> int:
        raise error

    monkeypatch.setattr(analytics, "refresh_analytics", refuse)


async def left_nothing(rows: Rows, told: str) -> None:
    assert (await rows(EMPTY))[0]["n"] == 2  # the two areas of the fixture
    (load,) = await rows("SELECT status, counts FROM loads")
    assert load["status"] == "failed"
    assert told in load["counts"]["error"]


@pytest.mark.parametrize("error", [
    psycopg.errors.DiskFull("could not extend file"), OSError(errno.ENOSPC, "No space left on device"),
])
async def test_full_disk(
    bogota: Database, scope: Scope, rows: Rows, path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as patched:
        fail_late(patched, error)
        with pytest.raises(Unavailable) as caught:
            await ingest_file(bogota, scope, path)
    assert caught.value.code == "disk_full"
    assert "disk is full" in caught.value.en
    assert "disco está lleno" in caught.value.es
    await left_nothing(rows, "disk is full")
    assert (await ingest_file(bogota, scope, path)).inserted == 50


async def test_the_database_goes_away_in_the_middle(
    bogota: Database, scope: Scope, rows: Rows, path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    async def cut(connection: psycopg.AsyncConnection[Any], *_: Any) -> int:
        with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        await connection.execute("SELECT 1")
        return 0

    monkeypatch.setattr(analytics, "refresh_analytics", cut)
    with pytest.raises(Unavailable) as caught:
        await ingest_file(bogota, scope, path)
    assert caught.value.code == "database_unavailable"
    await left_nothing(rows, "does not answer")


@pytest.mark.parametrize("stage", ["validate", "copy", "merge", "analytics"])
async def test_ctrl_c_rolls_back(bogota: Database, scope: Scope, rows: Rows, path: Path, stage: str) -> None:
    def stop(now: str, done: int, total: int) -> None:
        if now == stage and task is not None:
            task.cancel()

    task = asyncio.ensure_future(ingest_file(bogota, scope, path, progress=stop))
    with pytest.raises(asyncio.CancelledError):
        await task
    await left_nothing(rows, "CancelledError")
    assert (await ingest_file(bogota, scope, path)).inserted == 50


async def test_a_load_whose_process_died_is_marked_by_the_next_one(
    bogota: Database, scope: Scope, rows: Rows, path: Path
) -> None:
    async with bogota.connection(scope) as connection:
        await connection.execute(
            "INSERT INTO loads (tenant_id, id, file, mapping, fingerprint, status, counts, started_at)"
            " VALUES ('default', 'load_dead', 'x', 'y', 'z', 'running', '{}', '2026-06-01')")
    await ingest_file(bogota, scope, path)
    states = {row["id"]: row["status"] for row in await rows("SELECT id, status FROM loads")}
    assert states.pop("load_dead") == "failed"
    assert list(states.values()) == ["done"]


async def test_two_loads_of_one_file_at_once_follow_one_another(
    bogota: Database, scope: Scope, rows: Rows, path: Path
) -> None:
    results = await asyncio.gather(*(ingest_file(bogota, scope, path) for _ in range(2)))
    assert sorted((r.inserted, r.unchanged) for r in results) == [(0, 50), (50, 0)]
    assert {row["status"] for row in await rows("SELECT status FROM loads")} == {"done"}


@pytest.mark.parametrize("mapping", [None, "generic_listings"])
async def test_a_missing_column_stores_nothing(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path, mapping: str | None
) -> None:
    row = listing()
    del row["price"]
    with pytest.raises(BadInput, match="price"):
        await ingest_file(bogota, scope, write_csv(tmp_path / "a.csv", [row]), mapping=mapping)
    assert await rows("SELECT * FROM loads") == []


@pytest.mark.parametrize("column", ["external_id", "source", "city", "neighbourhood"])
async def test_a_name_too_long_for_a_key_costs_its_row(
    bogota: Database, scope: Scope, rows: Rows, tmp_path: Path, column: str
) -> None:
    long = "".join(random.Random(1).choices(string.ascii_letters, k=20_000))
    path = write_csv(tmp_path / "a.csv", [listing(source="mine"), listing(external_id="a2", source="mine") | {column: long}])
    result = await ingest_file(bogota, scope, path)
    assert (result.inserted, result.quarantined) == (1, 1)
    (kept,) = await rows("SELECT reason, raw FROM quarantine")
    assert "longer than 250 characters / tiene más de 250 caracteres" in kept["reason"]
    assert kept["raw"][column] == long


async def test_areas_and_series_with_names_too_long_cost_their_rows(
    bogota: Database, scope: Scope, tmp_path: Path
) -> None:
    long = "".join(random.Random(1).choices(string.ascii_letters, k=20_000))
    areas = [{"country": "CO", "city": name, "latitude": "4.6", "longitude": "-74.1"} for name in ("Chía", long)]
    result = await ingest_file(bogota, scope, write_csv(tmp_path / "areas.csv", areas))
    assert (result.inserted, result.quarantined) == (1, 1)
    rents = [
        {"quarter": "2025Q4", "district_code": "1", "district": "x", "barri_code": code, "barri": "el Raval",
         "rent_eur_m2_month": "15", "mean_surface_m2": "60"} for code in ("1", long)
    ]
    result = await ingest_file(bogota, scope, write_csv(tmp_path / "rents.csv", rents))
    assert (result.inserted, result.quarantined) == (2, 1)


async def test_the_message_about_unknown_columns_stays_readable(bogota: Database, scope: Scope, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a" * 100_000)
    with pytest.raises(BadInput) as told:
        await ingest_file(bogota, scope, path)
    assert len(told.value.en) < 700
