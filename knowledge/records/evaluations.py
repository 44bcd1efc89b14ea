"""Evaluation runs, kept and found again: by number (`E-12`), by id, or the newest of a name."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col, or_, select

from core.clock import new_id, now
from core.errors import NotFound
from core.scope import Scope
from knowledge.tables import EvalRun


def label(run: EvalRun) -> str:
    """What people call it: `E-12`."""
    return f"E-{run.number}"


async def add(session: AsyncSession, scope: Scope, **values: Any) -> EvalRun:
    run = EvalRun(id=new_id("eval"), tenant_id=scope.tenant, created_at=now(), **values)
    session.add(run)
    await session.flush()
    await session.refresh(run)
    return run


async def get(session: AsyncSession, reference: str) -> EvalRun:
    """By number (`E-12`, `12`) or id; else the newest run of that name. Raises `NotFound`."""
    digits = reference.upper().removeprefix("E-")
    if digits.isdecimal() and len(digits) < 18:
        chosen = select(EvalRun).where(EvalRun.number == int(digits))
    else:
        chosen = select(EvalRun).where(or_(EvalRun.id == reference, EvalRun.name == reference))
    newest = chosen.order_by(col(EvalRun.created_at).desc(), col(EvalRun.number).desc()).limit(1)
    run: EvalRun | None = (await session.execute(newest)).scalar_one_or_none()
    if run is None:
        raise NotFound(
            f"There is no evaluation {reference!r}. `ladrillo eval list` and GET /api/evaluations list them.",
            f"No existe la evaluación {reference!r}. `ladrillo eval list` y GET /api/evaluations las listan.",
        )
    return run


async def search(session: AsyncSession, limit: int) -> list[EvalRun]:
    """Newest first, without their records."""
    newest = select(EvalRun).order_by(col(EvalRun.created_at).desc(), col(EvalRun.number).desc()).limit(limit)
    return list((await session.execute(newest.options(defer(EvalRun.records)))).scalars().all())  # type: ignore[arg-type]


async def data_version(session: AsyncSession) -> dict[str, Any]:
    """What the answers rest on: counts, trained models, and one digest of them and of the files loaded."""
    listings, documents = (
        await session.execute(text("SELECT (SELECT count(*) FROM listings), (SELECT count(*) FROM documents)"))
    ).one()
    loads = await session.execute(text("SELECT fingerprint FROM loads WHERE status = 'done' ORDER BY fingerprint"))
    models = await session.execute(text("SELECT market || ' ' || version FROM models WHERE active ORDER BY 1"))
    found = {"listings": listings, "documents": documents, "models": list(models.scalars())}
    digest = hashlib.sha256(repr((found, list(loads.scalars()))).encode()).hexdigest()
    return found | {"digest": digest[:12]}
