"""The client of the Chroma server: nearest texts by meaning, over HTTP, with one collection per kind and tenant.

Chroma is a cache of PostgreSQL and may be down, killed, emptied or corrupted at any time: whatever goes wrong here is
`Unavailable`, and callers go on without meaning search. A collection's name carries the embedder and the tenant, so
vectors of two embedders or two portals never meet.

Ranking inside a set that SQL has filtered, which is what listing search needs, is done in one of two ways. Up to
`MOST_IDS` rows: hand their ids to `query(..., ids=...)`, which ranks exactly these. More: `query(..., where=...)` with
the coarse filters kept as metadata (country, city, operation, type), n = 300, and let SQL keep those of the 300 that
pass all filters. Measured on 6,000 vectors of 384: 8 ms for 1,000 ids, 9 ms for the best 300 of a country.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from core.errors import Misconfigured, Unavailable
from core.scope import Scope
from knowledge.meaning.connection import Connection
from knowledge.meaning.embedding import Embedder

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

Kind = Literal["listings", "passages"]
Progress = Callable[[int, int], None]
Metadata = Mapping[str, str | int | float | bool]
T = TypeVar("T")

MOST_IDS = 1000
_BATCH = 1000
_PAGE = 5000


class MeaningIndex:
    """Vectors of one tenant in a Chroma server at `url`. Nothing is contacted, nor chromadb imported, before first use.

    `timeout` is what a search may take, in seconds; a write gets `write_timeout` for each batch of 1,000.
    """

    def __init__(
        self,
        url: str,
        embedder: Embedder,
        scope: Scope | None = None,
        *,
        timeout: float = 5.0,
        write_timeout: float = 60.0,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Misconfigured(
                f"CHROMA_URL is {url!r}; expected an address such as http://localhost:8001.",
                f"CHROMA_URL es {url!r}; se esperaba una dirección como http://localhost:8001.",
            )
        self.embedder = embedder
        self.tenant = (scope or Scope()).tenant
        self._timeout = timeout
        self._connection = Connection(url, timeout, write_timeout)
        self._collections: dict[Kind, Collection] = {}

    @property
    def url(self) -> str:
        """The server's address."""
        return self._connection.url

    def within(self, scope: Scope) -> MeaningIndex:
        """The same server for another tenant, over the same connections."""
        if scope.tenant == self.tenant:
            return self
        other = copy.copy(self)
        other.tenant, other._collections = scope.tenant, {}
        return other

    def name(self, kind: Kind) -> str:
        """The collection's name: readable, and unambiguous by a digest of the exact parts. May block (embedder)."""
        embedder = f"{self.embedder.name}-{self.embedder.dimensions}"
        digest = hashlib.blake2s(f"{kind}\0{embedder}\0{self.tenant}".encode(), digest_size=4).hexdigest()
        readable = re.sub(r"[^A-Za-z0-9-]+", "-", f"{kind}-{embedder}-{self.tenant}")[:160].strip("-")
        return f"{readable}-{digest}"

    async def upsert(
        self,
        kind: Kind,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        metadatas: Sequence[Metadata],
        documents: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Writes n vectors of shape (n, d) in batches; `progress(done, total)` is called from the event loop.

        Leave `documents` out where PostgreSQL has the text: Chroma would index it a second time.
        """

        def write(start: int) -> Callable[[Collection], None]:
            part = slice(start, start + _BATCH)
            return lambda collection: collection.upsert(
                ids=list(ids[part]),
                embeddings=vectors[part],
                metadatas=[dict(metadata) for metadata in metadatas[part]],
                documents=list(documents[part]) if documents is not None else None,
            )

        for start in range(0, len(ids), _BATCH):
            await self.run(kind, write(start), create=True)
            if progress is not None:
                progress(min(start + _BATCH, len(ids)), len(ids))

    async def query(
        self,
        kind: Kind,
        vector: NDArray[np.float32],
        n: int,
        *,
        where: Mapping[str, Any] | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """The n nearest to a unit vector (d,), best first, as (id, cosine in [-1, 1]).

        `where` holds equalities on metadata (a list of values means any of them) or a filter in Chroma's own language;
        `ids` restricts to a set; ids in it that the index does not know are left out. Raises `Unavailable`, also where
        the server has lost vectors.
        """
        if n < 1 or (ids is not None and not ids):
            return []

        wanted: Any = [vector]

        def nearest(collection: Collection, within: Sequence[str] | None) -> list[tuple[str, float]]:
            found = collection.query(
                query_embeddings=wanted,
                n_results=n if within is None else min(n, len(within)),
                where=filters(where),
                ids=list(within) if within is not None else None,
                include=["distances"],
            )
            distances = found["distances"] or [[]]
            require_whole(collection, len(distances[0]), n, filters(where), within)
            return [(id_, 1.0 - float(distance)) for id_, distance in zip(found["ids"][0], distances[0], strict=True)]

        def search(collection: Collection) -> list[tuple[str, float]]:
            from chromadb.errors import InternalError

            try:
                return nearest(collection, ids)
            except InternalError:
                # the server refuses a set with one unknown id; rows without text, or newer than the last sync, are such
                known = collection.get(ids=list(ids), include=[])["ids"] if ids is not None else []
                if ids is None or len(known) == len(set(ids)):
                    raise
                return nearest(collection, known) if known else []

        return await self.run(kind, search, limit=self._timeout)

    async def count(self, kind: Kind) -> int:
        """Vectors stored; 0 where the collection does not exist."""
        try:
            return await self.run(kind, lambda collection: collection.count(), limit=self._timeout)
        except IndexMissing:
            return 0

    async def values(self, kind: Kind, key: str) -> dict[str, str]:
        """One metadata value of every id (the fingerprint, for an incremental sync); empty without a collection."""

        def read(collection: Collection) -> dict[str, str]:
            found: dict[str, str] = {}
            while True:
                page = collection.get(limit=_PAGE, offset=len(found), include=["metadatas"])
                for id_, metadata in zip(page["ids"], page["metadatas"] or [], strict=True):
                    found[id_] = str((metadata or {}).get(key, ""))
                if len(page["ids"]) < _PAGE:
                    return found

        try:
            return await self.run(kind, read)
        except IndexMissing:
            return {}

    async def delete(self, kind: Kind, ids: Sequence[str]) -> None:
        """Forgets these ids; unknown ones, or a missing collection, are no error."""

        def remove(collection: Collection) -> None:
            for start in range(0, len(ids), _BATCH):
                collection.delete(ids=list(ids[start : start + _BATCH]))

        with suppress(IndexMissing):
            await self.run(kind, remove)

    async def drop(self, kind: Kind) -> None:
        """Removes this tenant's collections of the kind, those of earlier embedders too."""

        def remove() -> None:
            client = self._connection.client()
            for collection in client.list_collections():
                labels = collection.metadata or {}
                if labels.get("kind") == kind and labels.get("tenant") == self.tenant:
                    client.delete_collection(collection.name)

        self._collections.pop(kind, None)
        await self._connection.call(remove)

    async def run(
        self, kind: Kind, work: Callable[[Collection], T], *, create: bool = False, limit: float | None = None
    ) -> T:
        """`work` with the collection, in a thread, `limit` seconds at most.

        A collection that has gone is looked up again by name, once. Raises `Unavailable` for every failure of the
        server, and `IndexMissing` (one of them) where there is no collection.
        """

        def attempt() -> T:
            from chromadb.errors import NotFoundError

            try:
                return work(self._collection(kind, create))
            except NotFoundError:
                self._collections.pop(kind, None)
            try:
                return work(self._collection(kind, create))
            except NotFoundError as error:
                raise IndexMissing() from error

        return await self._connection.call(attempt, limit)

    def _collection(self, kind: Kind, create: bool) -> Collection:
        known = self._collections.get(kind)
        if known is not None:
            return known
        client, name = self._connection.client(), self.name(kind)
        if create:
            collection = client.get_or_create_collection(
                name,
                embedding_function=None,
                metadata={"kind": kind, "tenant": self.tenant, "embedder": self.embedder.name},
                configuration={"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 200}},
            )
        else:
            collection = client.get_collection(name, embedding_function=None)
        self._collections[kind] = collection
        return collection


def require_whole(
    collection: Collection, found: int, n: int, where: Mapping[str, Any] | None, ids: Sequence[str] | None = None
) -> None:
    """Raises `Unavailable` if a search for n found far fewer than its filters admit. Blocking; free when n were found.

    A server that lost its vector files goes on answering from the few vectors that it still has, and its count is
    right. Half is far enough from what an approximate search may miss.
    """
    if found >= n:
        return
    admitted = collection.get(
        ids=list(ids) if ids is not None else None,
        where=dict(where) if where else None,
        limit=n,
        include=[],
    )["ids"]
    if 2 * found < len(admitted):
        raise Unavailable(
            f"The meaning index is damaged: it found {found} of {len(admitted)} texts. Answers go on without it; "
            "run `ladrillo index rebuild`.",
            f"El índice de significado está dañado: encontró {found} de {len(admitted)} textos. Las respuestas siguen "
            "sin él; ejecute `ladrillo index rebuild`.",
            code="index_damaged",
        )


class IndexMissing(Unavailable):
    """The server answers but has no collection under this name: never built, dropped, or made by another embedder."""

    code = "index_missing"

    def __init__(self) -> None:
        super().__init__(
            "The meaning index has not been built for these settings. Run `ladrillo index rebuild`.",
            "El índice de significado no se ha creado para estos ajustes. Ejecute `ladrillo index rebuild`.",
        )


def filters(where: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """`{"country": "CO", "operation": ["sale", "rent"]}` in Chroma's filter language; one already in it is kept."""
    if not where:
        return None
    if any(key.startswith("$") for key in where):
        return dict(where)
    clauses = [
        {key: {"$in": list(value)} if isinstance(value, (list, tuple)) else value} for key, value in where.items()
    ]
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}
