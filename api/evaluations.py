"""Evaluation runs for staff: list them, read one, compare two."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api.dependencies import RunnerDep, Staff
from services import evaluations

router = APIRouter(prefix="/api/evaluations", tags=["evaluations"])
#: A name may hold spaces; nothing that PostgreSQL takes in no text.
_REFERENCE = r"^[^\x00-\x1f\x7f]+$"
_MEANING = "`E-12`, `12`, the id, or a name: the newest run of it"


@router.get("", summary="List evaluation runs, newest first")
async def index(
    staff: Staff, runner: RunnerDep, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[dict[str, Any]]:
    return await evaluations.listed(runner.resources.database, staff, limit)


@router.get("/compare", summary="Compare two runs, figure by figure and case by case")
async def compare(
    staff: Staff,
    runner: RunnerDep,
    a: Annotated[str, Query(max_length=200, pattern=_REFERENCE, description=f"before: {_MEANING}")],
    b: Annotated[str, Query(max_length=200, pattern=_REFERENCE, description=f"after: {_MEANING}")],
) -> dict[str, Any]:
    return await evaluations.compared(runner.resources.database, staff, a, b)


@router.get("/{reference}", summary="Read a run with its records")
async def show(
    reference: Annotated[str, Path(max_length=200, pattern=_REFERENCE, description=_MEANING)],
    staff: Staff,
    runner: RunnerDep,
) -> dict[str, Any]:
    return await evaluations.whole(runner.resources.database, staff, reference)
