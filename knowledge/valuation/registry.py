"""Trained models and where they are: trained from the database, saved under the data folder, one active per market.

A new model becomes active in one transaction after its folder is written; the row of the old one stays for the record,
its folder goes.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from core.clock import new_id, now
from core.database import Database
from core.errors import NotFound
from core.scope import Scope
from knowledge.tables import Model
from knowledge.valuation.columns import INPUTS

if TYPE_CHECKING:
    import pandas as pd

    from knowledge.valuation.model import ValuationModel
    from knowledge.valuation.training import Trained

KIND = "valuation"
_COLUMNS = ", ".join(INPUTS)


@dataclass(frozen=True, slots=True)
class Training:
    """What a training run gave: the market, the model's version, and its out-of-fold metrics."""

    market: str
    version: str
    rows: int
    metrics: dict[str, Any]
    demo: bool


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


async def train_market(database: Database, scope: Scope, data_dir: Path, market: str) -> Training:
    """Train a market's model and make it the active one. Raises `BadInput` where there are too few listings."""
    frame = await sale_listings(database, scope, market)
    trained = await asyncio.to_thread(_train, frame, market)
    version = trained.model.version
    relative = Path("models") / scope.tenant / f"{KIND}-{market}-{version}-{trained.model.fingerprint[:8]}"
    from knowledge.valuation.artefact import save

    await asyncio.to_thread(save, trained, data_dir / relative)
    demo = bool(len(frame)) and bool(frame["demo"].all())
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
    return Training(market, version, len(frame), trained.metrics, demo)


def _train(frame: pd.DataFrame, market: str) -> Trained:
    from knowledge.valuation.training import train

    return train(frame, market)


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
