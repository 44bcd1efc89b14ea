"""The people who want to go on, for advisers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.dependencies import RunnerDep, Staff
from services import desk

router = APIRouter(prefix="/api/leads", tags=["cases"])


@router.get("", summary="List leads, best score first")
async def index(
    staff: Staff, runner: RunnerDep, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[dict[str, Any]]:
    return await desk.leads(runner.resources.database, staff, limit)
