"""Passages that answer a question: meaning search in Chroma and keywords, or keywords over PostgreSQL without it.

Documents of another country are excluded when the country is known, because a rule or a price of elsewhere is a wrong
answer; within the country the asked area is preferred. When Chroma does not answer, the result says `degraded`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from sqlalchemy import case, func, or_, select
from sqlmodel import col

from core.errors import Unavailable
from core.scope import Scope
from knowledge.documents.passages import Passage
from knowledge.documents.ranking import rank
from knowledge.meaning.chroma import MeaningIndex
from knowledge.meaning.terms import IDEA, lexicon, terms
from knowledge.tables import Document
from knowledge.tables.market import OPINION
from knowledge.understanding.injection import without_orders
from knowledge.understanding.text import fold

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

    from core.database import Database

#: Passages asked of Chroma before ranking; documents read without it; passages shown of one document.
CANDIDATES, MOST_DOCUMENTS, PER_DOCUMENT = 40, 2000, 2
_ACCENTED, _PLAIN = "áàâäãéèêëíìîïóòôöõúùûüñçÁÀÂÄÃÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇ", "aaaaaeeeeiiiiooooouuuunc" * 2


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages, best first. `degraded`: found by keywords alone, because of `problem`."""

    passages: tuple[Passage, ...]
    degraded: bool = False
    problem: Unavailable | None = None


async def retrieve(
    database: Database,
    scope: Scope,
    index: MeaningIndex,
    question: str,
    *,
    country: str | None = None,
    area_id: str | None = None,
    kind: str | None = None,
    language: str | None = None,
    n: int = 4,
) -> Retrieved:
    """At most n passages about the question, at most two of one document; none where nothing is about it.

    `country` is CO, ES or MX (taken from `area_id` where only that is given), `kind` a document's kind; `language` (es,
    en) is preferred where a document exists in both. Raises `Unavailable` only if PostgreSQL does not answer either.
    """
    country = country or (area_id.split("/")[0].upper() if area_id else None)
    where = {key: value for key, value in (("country", country), ("kind", kind)) if value}

    # seconds in a cold process, which must not count as a slow server
    llama = await asyncio.to_thread(import_module, "knowledge.documents.llama")

    def ranked(candidates: Sequence[Passage], cosines: Sequence[float] | None) -> tuple[Passage, ...]:
        found = rank(
            question, candidates, cosines, relevant=index.embedder.relevant, area_id=area_id, language=language
        )
        return _best(found, n)

    def search(collection: Collection) -> tuple[Passage, ...]:
        hits = llama.nearest(collection, index.embedder, question, CANDIDATES, where)
        return ranked([passage for passage, _ in hits], [cosine for _, cosine in hits])

    try:
        return Retrieved(await index.within(scope).run("passages", search, limit=10.0))
    except Unavailable as problem:
        documents = await _documents(database, scope, question, where)
        passages = await asyncio.to_thread(lambda: ranked(llama.passages(documents), None))
        return Retrieved(passages, degraded=True, problem=problem)


def _best(ranked: Sequence[Passage], n: int) -> tuple[Passage, ...]:
    """The first n, leaving out what repeats a document for the third time, and sentences that instruct the assistant."""
    kept: list[Passage] = []
    for found in ranked:
        passage = replace(found, text=without_orders(found.text))
        if not passage.text:
            continue
        if sum(other.document_id == passage.document_id for other in kept) < PER_DOCUMENT:
            kept.append(passage)
    return tuple(kept[:n])


async def _documents(database: Database, scope: Scope, question: str, where: dict[str, str]) -> Sequence[Document]:
    """The tenant's documents in PostgreSQL; where these are many, those that hold most of the ideas asked for."""
    query = select(Document).where(col(Document.kind) != OPINION)
    for key, value in where.items():
        query = query.where(getattr(Document, key) == value)
    async with database.session(scope) as session:
        count = (await session.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
        if count > MOST_DOCUMENTS:
            folded = func.translate(func.lower(col(Document.title) + " " + col(Document.text)), _ACCENTED, _PLAIN)
            held = [or_(*(folded.contains(spelling) for spelling in spelled)) for spelled in _spellings(question)]
            if not held:
                return []
            ideas = sum((case((said, 1), else_=0) for said in held[1:]), case((held[0], 1), else_=0))
            query = query.where(or_(*held)).order_by(ideas.desc())
        query = query.order_by(col(Document.published_on).desc(), col(Document.id)).limit(MOST_DOCUMENTS)
        return (await session.execute(query)).scalars().all()


def _spellings(question: str) -> list[list[str]]:
    """For each term of the question, every folded spelling of it in both languages."""
    lex = lexicon()
    return [
        sorted({fold(spelling) for spelling in lex.spellings[key]}) if key.startswith(IDEA) else [key]
        for key in sorted(set(terms(question)))
    ]
