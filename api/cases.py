"""Routes of the desk: list the cases, read one, claim it, answer, return it to the bot, resolve it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ID, ClientId, RunnerDep, Staff
from services import desk

router = APIRouter(prefix="/api/cases", tags=["cases"])
Reference = Annotated[str, Path(pattern=ID, max_length=100, description="`C-1042`, `1042` or the id")]


class Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(description="what the investor reads, in the same conversation")
    client_message_id: ClientId | None = Field(None, description="sending it again changes nothing")


class Resolution(BaseModel):
    model_config = ConfigDict(extra="forbid")
    resolution: str | None = Field(None, max_length=4000, description="kept in the transcript, where the bot reads it")


@router.get("", summary="List cases, most urgent first")
async def index(
    staff: Staff,
    runner: RunnerDep,
    status: Literal["open", "claimed", "snoozed", "resolved", "returned"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[dict[str, Any]]:
    return await desk.listed(runner.resources.database, staff, status, limit)


@router.get("/{reference}", summary="Read a case with its transcript")
async def show(reference: Reference, staff: Staff, runner: RunnerDep) -> dict[str, Any]:
    return await desk.whole(runner.resources.database, staff, reference)


@router.post("/{reference}/claim", summary="Take the case and the conversation")
async def claim(reference: Reference, staff: Staff, runner: RunnerDep) -> dict[str, Any]:
    return await desk.claim(runner.resources.database, staff, reference)


@router.post("/{reference}/reply", summary="Answer the investor")
async def reply(reference: Reference, body: Reply, staff: Staff, runner: RunnerDep) -> dict[str, Any]:
    return await desk.reply(runner.resources.database, staff, reference, body.text, key=body.client_message_id)


@router.post("/{reference}/return", summary="Hand the conversation back to the bot")
async def hand_back(reference: Reference, staff: Staff, runner: RunnerDep, body: Resolution | None = None) -> dict[str, Any]:
    return await desk.close(
        runner.resources.database, staff, reference, "return", body.resolution if body else None
    )


@router.post("/{reference}/resolve", summary="Resolve the case and hand the conversation back")
async def resolve(reference: Reference, staff: Staff, runner: RunnerDep, body: Resolution | None = None) -> dict[str, Any]:
    return await desk.close(
        runner.resources.database, staff, reference, "resolve", body.resolution if body else None
    )
