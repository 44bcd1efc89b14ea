"""Filling an empty data folder, and bringing models and index up to date after a load.

Five steps, each a `jobs` row that is done once: the reference series, the demo portfolio (only where there are no
listings), the valuation models, the main forecasts, the meaning index. Processes that start together wait for each
other on a database lock. A step that fails leaves no row and is tried again at the next start; without Chroma answers
go on without meaning search.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import text

import knowledge
from core.clock import now
from core.database import Database
from core.errors import BadInput, LadrilloError, Unavailable
from core.locale import COUNTRIES
from core.scope import Scope
from core.turns import FILLING, alone
from knowledge.resources import Resources
from knowledge.valuation import SCHEMA

if TYPE_CHECKING:
    from knowledge.valuation.registry import Training

log = logging.getLogger("ladrillo.filling")
Progress = Callable[[str, int, int], None]
#: The steps that load rows, and all of them.
LISTINGS = ("reference", "demo")
STEPS = (*LISTINGS, "train", "forecasts", "index")
#: Under what name a step is known to be done: models of an older format count for nothing.
_KINDS = {step: f"fill.{step}" for step in STEPS} | {"train": f"fill.train-{SCHEMA}"}
REFERENCE = Path(knowledge.__file__).with_name("reference")


async def fill(
    resources: Resources, scope: Scope, progress: Progress, *, only: Collection[str] = STEPS, trained: Collection[str] = ()
) -> bool:
    """Do what has not been done yet; True if anything was. One query when there is nothing to do. After an upgrade that changed
    the format of models, they are trained again.

    A command that trains by itself fills `only` the `LISTINGS` before, and the rest after: the models of the markets that
    it has `trained` are then left as they are.
    """
    if not await _pending(resources.database, scope, only):
        return False
    steps: dict[str, Callable[[], Awaitable[None]]] = {
        "reference": lambda: _reference(resources, scope, progress),
        "demo": lambda: _demo(resources, scope, progress),
        "train": lambda: _train_others(resources, scope, trained, progress),
        "forecasts": lambda: _forecasts(resources, scope, progress),
        "index": lambda: sync_index(resources, scope, progress),
    }
    async with alone(resources.database, FILLING):
        for step in await _pending(resources.database, scope, only):
            try:
                await steps[step]()
            except Unavailable as error:
                if step != "index":
                    raise
                log.warning("no meaning search for now: %s", error.en)
                continue
            await _done(resources.database, scope, step)
    resources.forget_places()
    return True


async def _pending(database: Database, scope: Scope, only: Collection[str]) -> list[str]:
    async with database.session(scope) as session:
        rows = await session.execute(text("SELECT kind FROM jobs WHERE kind LIKE 'fill.%' AND status = 'done'"))
        done = set(rows.scalars())
    return [step for step in STEPS if step in only and _KINDS[step] not in done]


async def _done(database: Database, scope: Scope, step: str) -> None:
    at = now()
    async with database.session(scope) as session:
        await session.execute(
            text(
                "INSERT INTO jobs (id, tenant_id, kind, payload, status, attempts, run_at, created_at)"
                " VALUES (:id, :tenant, :kind, '{}', 'done', 1, :at, :at)"
                " ON CONFLICT (id) DO UPDATE SET status = 'done', run_at = :at"
            ),
            {"id": f"{_KINDS[step]}:{scope.tenant}", "tenant": scope.tenant, "kind": _KINDS[step], "at": at},
        )


async def _tidy(database: Database) -> None:
    """After a load: mark the rows that all can see, so that counting reads indexes alone. A database that forbids it to
    this user tidies up by itself later.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(database.dsn, autocommit=True, connect_timeout=5)
        async with connection:
            await connection.execute("VACUUM (ANALYZE) listings")
    except psycopg.Error as error:
        log.info("the listings were not tidied up: %s", error)


async def _reference(resources: Resources, scope: Scope, progress: Progress) -> None:
    """Exchange rates and inflation: small public series that come with the program."""
    from knowledge.loaders import ingest_file

    files = sorted(REFERENCE.glob("*.csv"))
    for number, file in enumerate(files, 1):
        await ingest_file(resources.database, scope, file)
        progress("reference series", number, len(files))


async def _demo(resources: Resources, scope: Scope, progress: Progress) -> None:
    async with resources.database.session(scope) as session:
        if (await session.execute(text("SELECT EXISTS (SELECT FROM listings)"))).scalar_one():
            return
    from knowledge.demo import portfolio
    from knowledge.loaders.demo import load_demo

    progress("demo portfolio", 0, 1)
    generated = await asyncio.to_thread(portfolio)
    progress("demo portfolio", 1, 1)
    await load_demo(resources.database, scope, generated, progress)
    await _tidy(resources.database)


async def _train_others(resources: Resources, scope: Scope, trained: Collection[str], progress: Progress) -> None:
    await train(resources, scope, [market for market in COUNTRIES if market not in trained], progress)


async def train(
    resources: Resources, scope: Scope, markets: Iterable[str], progress: Progress, *, promote: bool = True,
    validate: bool = False,
) -> list[tuple[str, Training | BadInput]]:
    """Train markets; with each what came of it, or why it was left out. Too few listings is no error: the others go on.

    A model that is worse than the active one does not replace it; without `promote` none does (see
    `knowledge/valuation/registry.py`, `validate` too).
    """
    from knowledge.valuation.registry import train_market

    chosen = list(markets)
    came: list[tuple[str, Training | BadInput]] = []
    for number, market in enumerate(chosen):
        progress("valuation models", number, len(chosen))
        try:
            came.append((market, await train_market(
                resources.database, scope, resources.settings.data_dir, market, promote=promote, validate=validate)))
        except BadInput as error:
            came.append((market, error))
    progress("valuation models", len(chosen), len(chosen))
    return came


async def _forecasts(resources: Resources, scope: Scope, progress: Progress) -> None:
    """The city price series, which most questions about the future are answered from; others are made when asked for."""
    from knowledge.forecasting.registry import forecast_many

    async with resources.database.session(scope) as session:
        rows = await session.execute(
            text("SELECT s.id FROM series s JOIN areas a ON a.id = s.area_id"
                 " WHERE s.metric = 'price_m2' AND a.level = 'city' ORDER BY s.id")
        )
        ids = list(rows.scalars())
    progress("forecasts", 0, len(ids))
    made = await forecast_many(resources.database, scope, ids, told=lambda done: progress("forecasts", done, len(ids)))
    for series_id, found in zip(ids, made, strict=True):
        if isinstance(found, BadInput):
            log.warning("no forecast of %s: %s", series_id, found.en)


async def sync_index(resources: Resources, scope: Scope, progress: Progress) -> None:
    """Bring the meaning index to what PostgreSQL holds. Raises `Unavailable` where Chroma does not answer."""
    from knowledge.documents.index import sync

    await sync(resources.database, scope, await resources.meaning(scope), progress)


def _trouble(came: Training | BadInput) -> str | None:
    """What whoever loaded rows must know: a market that could not be trained, or whose new model was not good enough."""
    if isinstance(came, BadInput):
        return came.en
    return None if came.verdict.replaces else came.verdict.sentence("en")


async def refresh(resources: Resources, scope: Scope, markets: Iterable[str], progress: Progress) -> list[str]:
    """After a load: retrain the touched markets and update the index; sentences about what could not be done."""
    await _tidy(resources.database)
    came = await train(resources, scope, markets, progress)
    trouble = [f"{market}: {told}" for market, result in came if (told := _trouble(result))]
    try:
        await sync_index(resources, scope, progress)
    except LadrilloError as error:
        trouble.append(error.en)
    resources.forget_places()
    return trouble
