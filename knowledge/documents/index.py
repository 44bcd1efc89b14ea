"""Filling Chroma from PostgreSQL: everything (`rebuild`) or only what changed since (`sync`).

The index itself remembers the fingerprint of each row it holds, as metadata, so there is no second record of what was
indexed that could disagree with it: a restored, emptied or half-written index is brought up to date by the same sync.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from core.scope import Scope
from knowledge.data_version import mark_changed
from knowledge.documents.passages import document_of, fingerprint
from knowledge.meaning.chroma import IndexMissing, Kind, MeaningIndex
from knowledge.tables import Document, Listing
from knowledge.tables.market import OPINION

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

    from core.database import Database

#: Called with the kind, how many rows are done, and how many there are to do.
Progress = Callable[[Kind, int, int], None]

_LISTINGS_AT_ONCE, _DOCUMENTS_AT_ONCE = 1000, 100
_KEPT = ("country", "city_id", "area_id", "operation", "property_type", "fingerprint")


@dataclass(frozen=True, slots=True)
class Counts:
    """What the index holds after a run (`listings`, `documents`), and what the run wrote and removed, in rows."""

    listings: int
    documents: int
    written: int
    removed: int


async def rebuild(
    database: Database, scope: Scope, index: MeaningIndex, progress: Progress | None = None
) -> Counts:
    """Drops the tenant's collections, those of an earlier embedder too, and makes them again from PostgreSQL."""
    here = index.within(scope)
    await here.drop("listings")
    await here.drop("passages")
    return await sync(database, scope, index, progress)


async def sync(database: Database, scope: Scope, index: MeaningIndex, progress: Progress | None = None) -> Counts:
    """Indexes active listings that have a text, and documents, that are new or changed; forgets those that are gone.

    Raises `Unavailable` where PostgreSQL, Chroma or the embeddings endpoint stops answering; what was written by then
    stays, and the next sync goes on from there.
    """
    here = index.within(scope)
    try:
        listings, listings_written, listings_removed = await _sync_listings(database, scope, here, progress)
        documents, documents_written, documents_removed = await _sync_documents(database, scope, here, progress)
    finally:  # after the last write: what was found while it went on is not kept longer
        await mark_changed(database, scope)
    return Counts(listings, documents, listings_written + documents_written, listings_removed + documents_removed)


async def put(
    database: Database, scope: Scope, index: MeaningIndex, listings: Sequence[Listing], documents: Sequence[Document]
) -> None:
    """Indexes these rows alone, without a look at the others. Raises `Unavailable`."""
    try:
        if listings:
            await _write_listings(index, listings)
        if documents:
            await _write_documents(index, documents)
    finally:
        await mark_changed(database, scope)


async def forget(database: Database, scope: Scope, index: MeaningIndex, listings: Sequence[int], source: str) -> None:
    """Forgets these listings, and every passage of documents of this source. Raises `Unavailable`."""
    try:
        await index.delete("listings", [str(id_) for id_ in listings])
        with suppress(IndexMissing):
            await index.run("passages", lambda collection: collection.delete(where={"source": source}))
    finally:
        await mark_changed(database, scope)


async def _sync_listings(
    database: Database, scope: Scope, index: MeaningIndex, progress: Progress | None
) -> tuple[int, int, int]:
    async with database.session(scope) as session:
        marks = await session.execute(
            select(col(Listing.id), col(Listing.fingerprint)).where(
                col(Listing.text) != "", col(Listing.status) == "active"
            )
        )
        current = {str(id_): mark for id_, mark in marks.all()}
    held = await index.values("listings", "fingerprint")
    gone = [id_ for id_ in held if id_ not in current]
    await index.delete("listings", gone)
    changed = [id_ for id_, mark in current.items() if held.get(id_) != mark]
    done = 0
    for part in _parts(changed, _LISTINGS_AT_ONCE):
        async with database.session(scope) as session:
            rows = await session.execute(select(Listing).where(col(Listing.id).in_([int(id_) for id_ in part])))
            found = rows.scalars().all()
        await _write_listings(index, found)
        done += len(part)
        if progress is not None:
            progress("listings", done, len(changed))
    return len(current), len(changed), len(gone)


async def _write_listings(index: MeaningIndex, rows: Sequence[Listing]) -> None:
    vectors = await asyncio.to_thread(index.embedder.embed, [f"{row.title}. {row.text}" for row in rows])
    await index.upsert(
        "listings",
        [str(row.id) for row in rows],
        vectors,
        [{key: getattr(row, key) for key in _KEPT} for row in rows],
    )


async def _sync_documents(
    database: Database, scope: Scope, index: MeaningIndex, progress: Progress | None
) -> tuple[int, int, int]:
    async with database.session(scope) as session:
        rows = await session.execute(
            select(col(Document.id), col(Document.fingerprint)).where(
                func.btrim(col(Document.text), " \t\r\n") != "", col(Document.kind) != OPINION)
        )
        current = {id_: fingerprint(mark) for id_, mark in rows.all()}
    held = await index.values("passages", "fingerprint")
    marks = {document_of(id_): mark for id_, mark in held.items()}
    gone = [id_ for id_ in marks if id_ not in current]
    changed = [id_ for id_, mark in current.items() if marks.get(id_) != mark]
    # a changed document may have fewer passages than before
    outdated = {*gone, *changed}
    await index.delete("passages", [id_ for id_ in held if document_of(id_) in outdated])
    done = 0
    for part in _parts(changed, _DOCUMENTS_AT_ONCE):
        async with database.session(scope) as session:
            documents = (await session.execute(select(Document).where(col(Document.id).in_(part)))).scalars().all()
        await _write_documents(index, documents)
        done += len(part)
        if progress is not None:
            progress("passages", done, len(changed))
    return len(current), len(changed), len(gone)


async def _write_documents(index: MeaningIndex, documents: Sequence[Document]) -> None:
    def write(collection: Collection) -> None:
        from knowledge.documents.llama import add

        add(collection, index.embedder, documents)

    await index.run("passages", write, create=True)


def _parts(ids: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
