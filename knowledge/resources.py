"""What a process holds open: the database, the meaning index, the place names. Opened on first use, closed once.

Embedded servers start in threads. PostgreSQL is waited for when the process opens; Chroma only when meaning is asked for,
so that a question that needs neither documents nor adverts never waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Self

from core.cache import Cache
from core.database import Database
from core.errors import LadrilloError, Unavailable
from core.scope import Scope
from core.settings import Settings

if TYPE_CHECKING:
    from core.embedded import Servers
    from knowledge.meaning.chroma import MeaningIndex
    from knowledge.meaning.embedding import Embedder
    from knowledge.understanding.gazetteer import PlaceIndex
    from knowledge.valuation.model import ValuationModel

#: The discard port of this machine: refused at once.
_NOBODY = "http://127.0.0.1:9"
#: Seconds that a text's vector is kept: its key says whose it is, and only a name that comes to mean another model outdates it.
_VECTOR_SECONDS = 7 * 86400.0


class Resources:
    """`await Resources.open(settings)`; then `database`, `await places()`, `await meaning(scope)`, `await close()`."""

    def __init__(self, settings: Settings, database: Database, servers: Servers | None = None) -> None:
        self.settings = settings
        self.database = database
        self._servers = servers
        self._places: PlaceIndex | None = None
        self._embedder: Embedder | None = None
        self._chroma: asyncio.Task[str] | None = None
        self._index: MeaningIndex | None = None
        self._models: dict[str, ValuationModel] = {}
        self._guard = asyncio.Lock()
        redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
        #: Results of tools (`agents/result_cache.py`); None where none are to be kept.
        self.results = Cache("tool", seconds=settings.tool_cache, redis_url=redis_url) if settings.tool_cache else None
        self._vectors = Cache("vector", seconds=_VECTOR_SECONDS, redis_url=redis_url, most=1 << 16)

    @classmethod
    async def open(cls, settings: Settings, *, migrate: bool = True) -> Resources:
        """Start what is embedded, bring the database to the newest revision. Raises `Unavailable` and `Misconfigured`."""
        from knowledge.migrations import upgrade

        servers: Servers | None = None
        if settings.database_url is None or settings.chroma_url is None:
            from core.embedded import Servers

            servers = Servers()
        try:
            if settings.database_url is not None:
                url = settings.database_url.get_secret_value()
            else:
                assert servers is not None
                url = await asyncio.to_thread(servers.start_postgres, settings.data_dir)
            if migrate:
                await asyncio.to_thread(upgrade, url)
            return cls(settings, Database(url), servers)
        except BaseException:
            if servers is not None:
                await asyncio.to_thread(servers.release)
            raise

    def warm_chroma(self) -> None:
        """Begin to start Chroma without waiting for it."""
        if self._chroma is None or (self._chroma.done() and self._chroma.exception() is not None):
            self._chroma = asyncio.create_task(self._start_chroma(), name="ladrillo-chroma")

    async def _start_chroma(self) -> str:
        if self.settings.chroma_url is not None:
            return self.settings.chroma_url
        if self._servers is None:
            raise Unavailable("There is no Chroma to start.", "No hay un Chroma que iniciar.")
        return await asyncio.to_thread(self._servers.start_chroma, self.settings.data_dir)

    async def embedder(self) -> Embedder:
        if self._embedder is None:
            from knowledge.meaning.embedding import embedder

            self._embedder = embedder(self.settings, self._vectors)
        return self._embedder

    async def meaning(self, scope: Scope) -> MeaningIndex:
        """The meaning index of this tenant. Raises `Unavailable`: callers go on without it and say so."""
        async with self._guard:
            self.warm_chroma()
            assert self._chroma is not None
            url = await asyncio.shield(self._chroma)
            if self._index is None:
                from knowledge.meaning.chroma import MeaningIndex

                self._index = MeaningIndex(url, await self.embedder(), scope)
            return self._index.within(scope)

    async def meaning_or_offline(self, scope: Scope) -> MeaningIndex:
        """The index; where Chroma cannot be started, one whose every call says so, for callers that have another way."""
        try:
            return await self.meaning(scope)
        except Unavailable:
            from knowledge.meaning.chroma import MeaningIndex

            self.lost_meaning()
            return MeaningIndex(_NOBODY, await self.embedder(), scope)

    async def recreate_meaning(self, scope: Scope) -> MeaningIndex:
        """An index on an empty Chroma folder (embedded), for `index rebuild` after damage."""
        async with self._guard:
            if self.settings.chroma_url is None and self._servers is not None:
                url = await asyncio.to_thread(self._servers.recreate_chroma, self.settings.data_dir)
                future: asyncio.Task[str] = asyncio.create_task(_same(url))
                self._chroma, self._index = future, None
        return await self.meaning(scope)

    async def places(self) -> PlaceIndex:
        """Place names: the gazetteer and the areas of the database. Read once; `forget_places` after a load."""
        if self._places is None:
            from sqlalchemy import text

            from knowledge.understanding.gazetteer import default_places

            async with self.database.session(Scope()) as session:
                rows = await session.execute(
                    text(
                        "SELECT a.id, a.level, a.country, a.name, p.name AS parent, a.latitude, a.longitude"
                        " FROM areas a LEFT JOIN areas p ON p.id = a.parent_id"
                    )
                )
                areas = [tuple(row) for row in rows]
            self._places = default_places().with_areas(areas)
        return self._places

    async def valuation(self, scope: Scope, market: str) -> ValuationModel:
        """The market's active model, loaded once a version. Raises `NotFound` where none is trained."""
        from knowledge.valuation import registry

        model_id, path = await registry.active_model(self.database, scope, market)
        if model_id not in self._models:
            self._models[model_id] = await asyncio.to_thread(registry.load, self.settings.data_dir, path)
        return self._models[model_id]

    async def heal(self) -> None:
        """After a lost connection: start the embedded PostgreSQL anew where it died. Never raises."""
        if self._servers is not None and self.settings.database_url is None:
            with contextlib.suppress(LadrilloError):
                await asyncio.to_thread(self._servers.start_postgres, self.settings.data_dir)

    def lost_meaning(self) -> None:
        """Chroma did not answer: the next search looks for it, and starts the embedded one, again."""
        self._chroma, self._index = None, None

    def forget_places(self) -> None:
        self._places = None

    async def close(self) -> None:
        if self._chroma is not None:
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await self._chroma
        for cache in (self.results, self._vectors):
            if cache is not None:
                await cache.close()
        await self.database.close()
        if self._servers is not None:
            await asyncio.to_thread(self._servers.release)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _same(url: str) -> str:
    return url
