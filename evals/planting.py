"""Adverts and documents that exist for one case: real rows, found by the same searches as all others, removed afterwards.

A case that plants runs alone, so that no other case meets its rows; ids and dates are fixed, so that two runs are equal.
Rows that a killed run left behind go before the next one begins. Not in production: visitors would meet them too.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import BadInput, Misconfigured, Unavailable
from core.locale import CURRENCY_OF
from core.scope import Scope
from evals.cases import Case, PlantedDocument, PlantedListing
from evals.solve import START
from graphs.runner import Runner
from knowledge.tables import Area, Document, Listing
from knowledge.understanding.text import fold

log = logging.getLogger("ladrillo.evals")
SOURCE = "planted"
_SCOPE = Scope(role="system", subject="eval")
#: Far above what the database counts to.
_FIRST_ID = 2**62


@dataclass(frozen=True, slots=True)
class _Plant:
    listings: list[Listing]
    documents: list[Document]


class Garden:
    """What each case plants. `await Garden.of(runner, cases)` resolves every place before anything runs."""

    def __init__(self, runner: Runner, plants: dict[str, _Plant], beds: int) -> None:
        self._runner, self._plants, self._beds = runner, plants, beds
        self._free = asyncio.Semaphore(beds)
        self._alone = asyncio.Lock()
        self._clearings: set[asyncio.Task[None]] = set()

    @classmethod
    async def of(cls, runner: Runner, cases: Sequence[Case], parallel: int) -> Garden:
        """Raises `BadInput` for a place that is not known, and `Misconfigured` in production."""
        planting = [case for case in cases if case.setup is not None]
        if planting and runner.resources.settings.environment == "production":
            raise Misconfigured(
                f"The case {planting[0].id!r} plants rows (`setup`), and visitors in production would meet them. "
                "Run it elsewhere.",
                f"El caso {planting[0].id!r} siembra filas (`setup`) que en producción verían los visitantes. "
                "Ejecútelo en otro sitio.",
            )
        plants = {}
        async with runner.resources.database.session(_SCOPE) as session:
            for case in planting:
                plants[case.id] = await _plant(session, case)
            left = await session.execute(select(col(Listing.id)).where(col(Listing.source) == SOURCE).limit(1))
            left_over = left.first() is not None or bool(plants)
        garden = cls(runner, plants, parallel)
        if left_over:
            await garden._clear()
        return garden

    @asynccontextmanager
    async def around(self, case: Case) -> AsyncIterator[None]:
        """Run a case inside: alone and with its rows if it plants any, beside the others if not."""
        plant = self._plants.get(case.id)
        if plant is None:
            async with self._free:
                yield
            return
        async with self._alone:  # one at a time takes all places: two would wait for each other's
            taken = 0
            try:
                while taken < self._beds:
                    await self._free.acquire()
                    taken += 1
                await self._sow(plant)
                yield
            finally:
                try:
                    # in a task of its own: whoever is cancelled here would be cancelled again in it
                    clearing = asyncio.create_task(self._clear())
                    self._clearings.add(clearing)
                    await asyncio.shield(clearing)
                finally:
                    for _ in range(taken):
                        self._free.release()

    async def settle(self) -> None:
        """Wait until what an interruption left is removed; what a removal failed of was raised where it was asked for."""
        await asyncio.gather(*self._clearings, return_exceptions=True)

    async def _sow(self, plant: _Plant) -> None:
        listings = [Listing(**row.model_dump()) for row in plant.listings]
        documents = [Document(**row.model_dump()) for row in plant.documents]
        async with self._runner.resources.database.session(_SCOPE) as session:
            session.add_all([*listings, *documents])
        try:
            from knowledge.documents.index import put

            resources = self._runner.resources
            await put(resources.database, _SCOPE, await resources.meaning(_SCOPE), listings, documents)
        except Unavailable as error:
            log.info("planted rows are found without the meaning index: %s", error.en)

    async def _clear(self) -> None:
        async with self._runner.resources.database.session(_SCOPE) as session:
            gone = await session.execute(delete(Listing).where(col(Listing.source) == SOURCE).returning(col(Listing.id)))
            ids = [id_ for id_ in gone.scalars() if id_ is not None]
            await session.execute(delete(Document).where(col(Document.source) == SOURCE))
        try:
            from knowledge.documents.index import forget

            resources = self._runner.resources
            await forget(resources.database, _SCOPE, await resources.meaning(_SCOPE), ids, SOURCE)
        except Unavailable as error:
            log.info("the meaning index was not cleared: %s", error.en)


async def _plant(session: AsyncSession, case: Case) -> _Plant:
    assert case.setup is not None
    return _Plant(
        [await _listing(session, case, at, wish) for at, wish in enumerate(case.setup.listings)],
        [await _document(session, case, at, wish) for at, wish in enumerate(case.setup.documents)],
    )


async def _listing(session: AsyncSession, case: Case, at: int, wish: PlantedListing) -> Listing:
    city = await _area(session, case, wish.country, wish.city, None)
    area = await _area(session, case, wish.country, wish.neighbourhood, city) if wish.neighbourhood else city
    return Listing(
        tenant_id=_SCOPE.tenant, id=_FIRST_ID + int.from_bytes(_digest(case, "listing", at)[:6]), source=SOURCE,
        external_id=f"{case.id}/{at}", city_id=city, area_id=area, currency=CURRENCY_OF[wish.country],
        price_per_m2=wish.price / wish.area_m2 if wish.area_m2 else None, attributes={}, first_seen=_today(),
        observed_on=_today(), fingerprint=_digest(case, "listing", at).hex(),
        **wish.model_dump(exclude={"city", "neighbourhood"}),
    )


async def _document(session: AsyncSession, case: Case, at: int, wish: PlantedDocument) -> Document:
    mark = _digest(case, "document", at).hex()
    return Document(
        tenant_id=_SCOPE.tenant, id=f"{SOURCE}-{mark}", source=SOURCE, external_id=f"{case.id}/{at}",
        area_id=await _area(session, case, wish.country, wish.city, None) if wish.city else None,
        published_on=_today(), fingerprint=mark, **wish.model_dump(exclude={"city"}),
    )


async def _area(session: AsyncSession, case: Case, country: str, name: str, within: str | None) -> str:
    """The id of a city, or of a place within one."""
    chosen = select(col(Area.id)).where(col(Area.name_folded) == fold(name), col(Area.country) == country)
    if within is None:
        chosen = chosen.where(col(Area.level) == "city")
    else:
        chosen = chosen.where(col(Area.id).startswith(f"{within}/", autoescape=True))
    found: str | None = (await session.execute(chosen.order_by(col(Area.id)).limit(1))).scalar_one_or_none()
    if found is None:
        raise BadInput(
            f"The case {case.id!r} plants something in {name!r} ({country}), which is not among the areas of this database.",
            f"El caso {case.id!r} siembra algo en {name!r} ({country}), que no está entre las zonas de esta base de datos.",
        )
    return found


def _digest(case: Case, kind: str, at: int) -> bytes:
    return hashlib.blake2s(f"{case.id}/{kind}/{at}".encode(), digest_size=12).digest()


def _today() -> date:
    """The day that the case's clock shows."""
    return START.date()
