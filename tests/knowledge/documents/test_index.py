"""Filling the index: everything once, then only what changed, and repair of what was lost."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlmodel import col

from core.database import Database
from core.scope import Scope
from knowledge.documents.index import Counts, rebuild, sync
from knowledge.meaning.chroma import Kind, MeaningIndex
from knowledge.tables import Document, Listing


async def test_a_rebuild_indexes_texts_and_documents_and_tells_progress(
    filled: Database, scope: Scope, index: MeaningIndex
) -> None:
    seen: list[tuple[Kind, int, int]] = []
    counts = await rebuild(filled, scope, index, lambda *at: seen.append(at))
    assert counts == Counts(listings=3, documents=9, written=12, removed=0)
    assert seen == [("listings", 3, 3), ("passages", 9, 9)]
    assert await index.count("listings") == 3
    assert await index.count("passages") >= 9


async def test_adverts_are_found_across_languages_with_their_filters(
    filled: Database, scope: Scope, index: MeaningIndex
) -> None:
    await rebuild(filled, scope, index)
    question = index.embedder.embed(["flat with swimming pool"])[0]
    async with filled.session(scope) as session:
        expected = await session.scalar(select(col(Listing.id)).where(col(Listing.external_id) == "0"))
    assert (await index.query("listings", question, 1))[0][0] == str(expected)
    in_spain = await index.query("listings", question, 5, where={"country": "ES", "city_id": "es/barcelona"})
    assert len(in_spain) == 1


async def test_a_second_sync_writes_nothing(filled: Database, scope: Scope, index: MeaningIndex) -> None:
    await sync(filled, scope, index)
    assert await sync(filled, scope, index) == Counts(listings=3, documents=9, written=0, removed=0)


async def test_only_what_changed_is_written_and_what_is_gone_is_forgotten(
    filled: Database, scope: Scope, index: MeaningIndex
) -> None:
    await sync(filled, scope, index)
    async with filled.session(scope) as session:
        long_text = "\n\n".join(f"Párrafo {i}. " + "Las notarías cobran por folio. " * 40 for i in range(3))
        await session.execute(
            update(Document).where(col(Document.id) == "es-ibi").values(text=long_text, fingerprint="es-ibi-2")
        )
        await session.execute(delete(Document).where(col(Document.id) == "co-guide"))
        await session.execute(update(Listing).where(col(Listing.external_id) == "0").values(status="withdrawn"))
        await session.execute(
            update(Listing).where(col(Listing.external_id) == "1").values(text="Bodega", fingerprint="listing-1-2")
        )
    assert await sync(filled, scope, index) == Counts(listings=2, documents=8, written=2, removed=2)
    held = await index.values("passages", "fingerprint")
    assert not any(id_.startswith("co-guide#") for id_ in held)
    assert sum(id_.startswith("es-ibi#") for id_ in held) > 1

    async with filled.session(scope) as session:
        await session.execute(
            update(Document).where(col(Document.id) == "es-ibi").values(text="Corto.", fingerprint="es-ibi-3")
        )
    await sync(filled, scope, index)
    assert [id_ for id_ in await index.values("passages", "fingerprint") if id_.startswith("es-ibi#")] == ["es-ibi#1"]


async def test_a_sync_mends_an_index_that_was_dropped_behind_its_back(
    filled: Database, scope: Scope, index: MeaningIndex
) -> None:
    await sync(filled, scope, index)
    await MeaningIndex(index.url, index.embedder, scope).drop("passages")
    assert (await sync(filled, scope, index)).written == 9
    assert await index.count("passages") >= 9


async def test_a_document_without_words_is_left_out(filled: Database, scope: Scope, index: MeaningIndex) -> None:
    async with filled.session(scope) as session:
        await session.execute(update(Document).where(col(Document.id) == "es-ibi").values(text=" \n "))
    assert (await sync(filled, scope, index)).documents == 8


async def test_another_tenant_has_an_index_of_its_own(filled: Database, scope: Scope, index: MeaningIndex) -> None:
    await sync(filled, scope, index)
    assert await sync(filled, Scope(tenant="other"), index) == Counts(0, 0, 0, 0)
    assert await index.count("listings") == 3
