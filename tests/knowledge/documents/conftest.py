"""A database that holds the samples, and an index to fill."""

from __future__ import annotations

import pytest

from core.clock import now
from core.database import Database
from core.scope import Scope
from knowledge.meaning.chroma import MeaningIndex
from knowledge.meaning.embedding import BuiltinEmbedder
from knowledge.tables import Area, Tenant
from tests.knowledge.documents.samples import ADVERTS, AREAS, DOCUMENTS, document, listing


@pytest.fixture
async def filled(database: Database, scope: Scope) -> Database:
    """A database that holds the documents and adverts, and a second tenant that owns nothing."""
    async with database.session(scope) as session:
        if await session.get(Tenant, "default") is None:
            session.add(Tenant(id="default", name="Default", created_at=now()))
        for id_ in AREAS:
            parent = id_.rpartition("/")[0] or None
            session.add(Area(
                id=id_, parent_id=parent, level=("country", "city", "neighbourhood")[id_.count("/")],
                country=id_[:2].upper(), name=id_, name_folded=id_,
            ))
            await session.flush()
        session.add_all([document(id_) for id_ in DOCUMENTS])
        session.add_all([listing(number) for number in range(len(ADVERTS))])
    return database


@pytest.fixture
async def index(chroma_url: str, scope: Scope) -> MeaningIndex:
    """An index without collections, on the worker's server."""
    index = MeaningIndex(chroma_url, BuiltinEmbedder(), scope)
    await index.drop("listings")
    await index.drop("passages")
    return index
