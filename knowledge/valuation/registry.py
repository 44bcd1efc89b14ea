"""Trained models and where they are: trained from the database, saved under the data folder, one active per market.

A new model becomes active in one transaction after its folder is written, unless it is worse than the active one; the row
of the old one stays for the record, its folder goes.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from core.clock import new_id, now
from core.database import Database
from core.errors import NotFound, Unavailable
from core.scope import Scope
from knowledge.tables import Model
from knowledge.valuation.columns import INPUTS
from knowledge.valuation.promotion import Verdict, compare

if TYPE_CHECKING:
    import pandas as pd

    from knowledge.valuation.model import ValuationModel
    from knowledge.valuation.training import Trained

KIND = "valuation"
_COLUMNS = ", ".join(INPUTS)


@dataclass(frozen=True, slots=True)
class Training:
    """What a training run gave: the market, the model's version, its out-of-fold metrics, and whether it became active."""

    market: str
    version: str
    rows: int
    metrics: dict[str, Any]
    demo: bool
    verdict: Verdict


async def sale_listings(database: Database, scope: Scope, market: str) -> pd.DataFrame:
    """The market's active sale listings, with the columns that the model reads."""
    async with database.session(scope) as session:
        rows = await session.execute(
            text(
                f"SELECT {_COLUMNS} FROM listings"  # noqa: S608 - column names of our own
                " WHERE country = :country AND operation = 'sale' AND status = 'active' ORDER BY id"
            ),
            {"country": market},
        )
        records = rows.all()
    import pandas

    return pandas.DataFrame.from_records(records, columns=list(INPUTS))


async def train_market(
    database: Database, scope: Scope, data_dir: Path, market: str, *, promote: bool = True, validate: bool = False
) -> Training:
    """Train a market's model and, with `promote`, make it the active one unless it is worse than that (see `promotion`).

    Nothing is written of a model that does not become active. `validate` trains further models to measure unseen streets
    and later months too. Raises `BadInput` where there are too few listings.
    """
    frame = await sale_listings(database, scope, market)
    trained = await asyncio.to_thread(_train, frame, market, validate)
    verdict = await _judged(database, scope, data_dir, market, trained)
    demo = bool(len(frame)) and bool(frame["demo"].all())
    if not promote:
        verdict = replace(verdict, replaces=False, reason="report_only")
    if verdict.replaces:
        await _activate(database, scope, data_dir, market, trained, demo)
    return Training(market, trained.model.version, len(frame), trained.metrics, demo, verdict)


async def _judged(database: Database, scope: Scope, data_dir: Path, market: str, trained: Trained) -> Verdict:
    try:
        _, path = await active_model(database, scope, market)
    except NotFound:
        return Verdict(True, "first")
    return await asyncio.to_thread(_compared, data_dir, path, trained)


def _compared(data_dir: Path, path: str, trained: Trained) -> Verdict:
    import numpy as np

    from knowledge.valuation.columns import numbers

    try:
        old = load(data_dir, path)
    except (NotFound, Unavailable):
        return Verdict(True, "unreadable")
    log_price = trained.log_m2 + np.log(numbers(trained.columns, "area_m2"))
    return compare(old, trained.model, trained.columns, log_price)


async def _activate(
    database: Database, scope: Scope, data_dir: Path, market: str, trained: Trained, demo: bool
) -> None:
    version = trained.model.version
    relative = Path("models") / scope.tenant / f"{KIND}-{market}-{version}-{trained.model.fingerprint[:8]}"
    from knowledge.valuation.artefact import save

    await asyncio.to_thread(save, trained, data_dir / relative)
    async with database.session(scope) as session:
        old = await session.execute(
            text("UPDATE models SET active = false WHERE kind = :k AND market = :m AND active RETURNING path"),
            {"k": KIND, "m": market},
        )
        stale = [path for path in old.scalars() if path != str(relative)]
        session.add(
            Model(
                id=new_id("model"), tenant_id=scope.tenant, kind=KIND, market=market, version=version,
                path=str(relative), fingerprint=trained.model.fingerprint, metrics=trained.metrics, active=True,
                demo=demo, trained_at=now(),
            )
        )
    for path in stale:
        shutil.rmtree(data_dir / path, ignore_errors=True)


def _train(frame: pd.DataFrame, market: str, validate: bool) -> Trained:
    from knowledge.valuation.training import train

    if not validate:
        return train(frame, market)
    from knowledge.valuation.validation import validated

    return validated(train(frame, market), frame)


async def active_model(database: Database, scope: Scope, market: str) -> tuple[str, str]:
    """Row id and folder (relative to the data folder) of the market's model. Raises `NotFound` where none is trained."""
    async with database.session(scope) as session:
        row = await session.execute(
            text("SELECT id, path FROM models WHERE kind = :k AND market = :m AND active"), {"k": KIND, "m": market}
        )
        found = row.one_or_none()
    if found is None:
        raise NotFound(
            f"No valuation model is trained for {market}. Run `ladrillo train`.",
            f"No hay modelo de valoración para {market}. Ejecute `ladrillo train`.",
            code="no_model",
        )
    return found.id, found.path


def load(data_dir: Path, relative: str) -> ValuationModel:
    """The artefact from disk (about 100 ms). Raises a clear error where it is damaged."""
    from knowledge.valuation.artefact import load as read

    return read(data_dir / relative)
