"""One file into the database: read, recognised, validated, loaded in one transaction, counted.

The file's rows, its quarantine, the aggregates and the `done` of its load row commit together. Whatever stops a load
(a full disk, a lost connection, Ctrl-C) leaves nothing of the file and, where the database still answers, a load
marked failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from core.clock import monotonic, now
from core.database import Database
from core.errors import BadInput, LadrilloError
from core.scope import Scope
from knowledge.loaders import loads
from knowledge.loaders.mapping import Mapping, check, choose, recognise
from knowledge.loaders.rejects import Reject
from knowledge.loaders.staging import Connection, Counts, Progress, known_places, merge_areas, silent

if TYPE_CHECKING:
    import pandas as pd

    from knowledge.loaders.listings import Prepared
    from knowledge.loaders.places import Places
    from knowledge.loaders.reading import Sheet


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did. `rows` = data rows of the file, quarantined ones included.

    For listings, rows = inserted + updated + unchanged + quarantined + skipped. For series the three counts are
    observations, for areas and points they are areas. `skipped` rows are left out by the mapping on purpose, or say
    nothing. `withdrawn` listings were missing from a complete file.
    `price_changes` adds entries to the price history. `encoding` is what the file was read as.
    """

    file: str
    mapping: str
    rows: int
    inserted: int
    updated: int
    unchanged: int
    price_changes: int
    quarantined: int
    seconds: float
    skipped: int = 0
    areas_created: int = 0
    encoding: str = "utf-8"
    withdrawn: int = 0


@dataclass(slots=True)
class _Outcome:
    counts: Counts
    rejects: list[Reject]
    skipped: int = 0
    areas_created: int = 0
    withdrawn: int = 0


async def ingest_file(
    database: Database, scope: Scope, path: str | Path, *, mapping: str | None = None, progress: Progress | None = None,
    complete: bool = False,
) -> LoadResult:
    """Load one CSV, Parquet or JSON-lines file; loading it again changes nothing.

    `mapping` names a mapping or a TOML file; without it the file is recognised by its columns. `progress(stage, done,
    total)` is called with the stages read, validate, copy, merge, analytics. `complete`: the file holds every listing of its
    source in its cities and operations, so that those it does not name are withdrawn.
    Raises `BadInput` for a file that cannot be read or is not recognised, `Unavailable` where disk or database fail.
    """
    started = monotonic()
    report = progress or silent
    path = Path(path)
    chosen = choose(mapping) if mapping is not None else None
    report("read", 0, 1)
    from knowledge.loaders.reading import read

    sheet = await asyncio.to_thread(read, path)
    columns = [str(name) for name in sheet.frame.columns]
    if chosen is None:
        chosen = recognise(columns)
    else:
        check(chosen, columns)
    report("read", 1, 1)
    async with recorded_load(database, scope, path.name, chosen.name, sheet.fingerprint) as load:
        outcome = await _load(load.connection, scope.tenant, sheet, chosen, report, complete)
        rejects = [*sheet.rejects, *outcome.rejects]
        await loads.quarantine(load.connection, scope.tenant, load.id, path.name, rejects)
        result = LoadResult(
            file=str(path), mapping=chosen.name, rows=sheet.rows, **outcome.counts._asdict(),
            quarantined=len(rejects), seconds=round(monotonic() - started, 3), skipped=outcome.skipped,
            areas_created=outcome.areas_created, encoding=sheet.encoding, withdrawn=outcome.withdrawn,
        )
        await load.finish(result, source=chosen.source, attribution=chosen.attribution)
    return result


@dataclass(frozen=True, slots=True)
class RecordedLoad:
    """A load under way: its row's id, and the connection whose transaction holds all of it."""

    id: str
    connection: Connection

    async def finish(self, result: LoadResult, *, source: str, attribution: str) -> None:
        """Mark it done, with its counts, in the same transaction."""
        await loads.finish(self.connection, self.id, asdict(result) | {"source": source, "attribution": attribution})


@asynccontextmanager
async def recorded_load(
    database: Database, scope: Scope, file: str, mapping: str, fingerprint: str
) -> AsyncIterator[RecordedLoad]:
    """One transaction with its row in `loads`: committed at a clean exit, else rolled back and marked failed."""
    load_id = await loads.begin(database, scope, file, mapping, fingerprint)
    try:
        async with database.connection(scope) as connection:
            await loads.take_turn(connection, load_id)
            yield RecordedLoad(load_id, connection)
    except BaseException as error:
        await _tell_failed(database, scope, load_id, error)
        raise


async def _tell_failed(database: Database, scope: Scope, load_id: str, error: BaseException) -> None:
    """Mark the load; a database that no longer answers must not hide why the load failed."""
    told = str(error) if isinstance(error, LadrilloError) else f"{type(error).__name__}: {error}"
    try:
        await loads.fail(database, scope, load_id, told)
    except (LadrilloError, psycopg.Error, OSError):
        return


async def _load(
    connection: Connection, tenant: str, sheet: Sheet, mapping: Mapping, progress: Progress, complete: bool
) -> _Outcome:
    if mapping.kind == "listings":
        return await _load_listings(connection, tenant, sheet, mapping, progress, complete)
    if complete:
        raise BadInput(f"{mapping.name} is no file of listings; expected one with --complete. Load it without.",
                       f"{mapping.name} no es un archivo de anuncios, como se espera con --complete. Cárguelo sin esa opción.")
    if mapping.kind == "series":
        return await _load_series(connection, sheet, mapping, progress)
    return await _load_areas(connection, sheet, mapping, progress)


async def _load_series(connection: Connection, sheet: Sheet, mapping: Mapping, progress: Progress) -> _Outcome:
    from knowledge.loaders import series

    progress("validate", 0, sheet.rows)
    prepared = await asyncio.to_thread(series.prepare, sheet, mapping, now().date())
    progress("validate", sheet.rows, sheet.rows)
    places = await known_places(connection)
    for row in prepared.series:
        value = row.pop("link")
        row["area_id"] = None
        if mapping.link is not None and value is not None:
            row["area_id"] = series.area_for(mapping.link, row["country"], value, places)
    await merge_areas(connection, list(places.made.values()))
    counts = await series.write(connection, prepared, progress)
    return _Outcome(counts, prepared.rejections.listed(sheet.frame), prepared.skipped, len(places.made))


async def _load_areas(connection: Connection, sheet: Sheet, mapping: Mapping, progress: Progress) -> _Outcome:
    from knowledge.loaders import areas, series

    places = await known_places(connection)
    progress("validate", 0, sheet.rows)
    rows, rejections = await asyncio.to_thread(areas.prepare, sheet, mapping, places)
    progress("validate", sheet.rows, sheet.rows)
    own = {row["id"] for row in rows}
    made = [row for area_id, row in places.made.items() if area_id not in own]
    await merge_areas(connection, made)
    counts = await merge_areas(connection, rows)
    if places.made:
        await series.link_later(connection, places)
    progress("merge", sheet.rows, sheet.rows)
    return _Outcome(counts, rejections.listed(sheet.frame), areas_created=len(places.made))


async def _load_listings(
    connection: Connection, tenant: str, sheet: Sheet, mapping: Mapping, progress: Progress, complete: bool
) -> _Outcome:
    from knowledge.loaders import analytics, listings, merge, series

    progress("validate", 0, sheet.rows)
    prepared = await asyncio.to_thread(listings.prepare, sheet, mapping, now().date())
    places = await known_places(connection)
    await asyncio.to_thread(_resolve_places, prepared, mapping, places)
    progress("validate", sheet.rows, sheet.rows)
    await merge_areas(connection, list(places.made.values()))
    frame = prepared.frame
    counts = await merge.merge_listings(
        connection, tenant, staged_rows(frame, mapping.demo), len(frame), progress)
    cities = set(frame["city_id"].unique().tolist())
    withdrawn = 0
    if complete:
        withdrawn, left = await merge.withdraw_missing(connection, tenant, _named(sheet, prepared))
        cities |= left
    cities |= await merge.supersede_demo(connection, tenant)
    if places.made:
        await series.link_later(connection, places)
    progress("analytics", 0, 1)
    await analytics.refresh_analytics(connection, tenant, cities)
    progress("analytics", 1, 1)
    return _Outcome(counts, prepared.rejections.listed(sheet.frame), prepared.skipped, len(places.made), withdrawn)


def _named(sheet: Sheet, prepared: Prepared) -> Iterator[tuple[str, str]]:
    """Source and external id of every row. Raises `BadInput` where a row has none to read: it may be any listing."""
    unread = len(sheet.rejects) + int((prepared.named["external_id"] == "").sum())
    if unread:
        raise BadInput(
            f"{unread} rows of the file have no readable id, so that nobody can say which listings are missing. Correct"
            " them, or load the file without --complete.",
            f"{unread} filas del archivo no tienen un identificador legible, así que no se sabe qué anuncios faltan."
            " Corríjalas o cargue el archivo sin --complete.",
        )
    return prepared.named.itertuples(index=False, name=None)


def _resolve_places(prepared: Prepared, mapping: Mapping, places: Places) -> None:
    """Put `city_id` and `area_id` on every row, reject rows of unknown cities, place new areas by their listings."""
    import pandas as pd

    assert mapping.places is not None
    frame = prepared.frame
    names = frame[["country", "city", "neighbourhood"]].astype(object)
    keys = [
        (country, city if isinstance(city, str) else "", place if isinstance(place, str) else None)
        for country, city, place in names.itertuples(index=False, name=None)
    ]
    found = {
        key: places.resolve(*key, mapping.places.cities, create=mapping.places.create_cities)
        for key in dict.fromkeys(keys)
    }
    unknown = pd.Series([found[key] is None for key in keys], index=frame.index, dtype=bool)
    prepared.rejections.add(
        unknown, mapping.places.city, frame["city"],
        "unknown city; load its area first (columns country, city, latitude, longitude)",
        "ciudad desconocida; cargue antes su zona (columnas country, city, latitude, longitude)")
    known = frame[~unknown].copy()
    resolved = [pair for key in keys if (pair := found[key]) is not None]
    known["city_id"] = [city for city, _ in resolved]
    known["area_id"] = [area for _, area in resolved]
    prepared.frame = known
    if places.made:
        for column in ("city_id", "area_id"):
            for area_id, point in known.groupby(column)[["latitude", "longitude"]].mean().iterrows():
                made = places.made.get(str(area_id))
                if made is not None and point.notna().all():
                    made["latitude"], made["longitude"] = float(point["latitude"]), float(point["longitude"])


def staged_rows(frame: pd.DataFrame, demo: bool) -> Iterator[tuple[Any, ...]]:
    """The accepted rows as tuples of `merge.STAGED` and `dated`, in plain Python types."""
    from knowledge.loaders.merge import STAGED

    whole = {"bedrooms", "bathrooms", "floor", "year_built"}
    columns: list[list[Any]] = []
    for name in (*STAGED, "dated"):
        if name == "demo":
            columns.append([demo] * len(frame))
        elif name == "project_id":
            columns.append([None] * len(frame))
        else:
            values = frame["observed_on" if name == "first_seen" else name]
            if name in whole:
                values = values.astype("Int64")
            filled = values.notna().tolist()
            if all(filled):
                columns.append(values.tolist())
            else:
                columns.append([v if ok else None for v, ok in zip(values.tolist(), filled, strict=True)])
    return zip(*columns, strict=True)
