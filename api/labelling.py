"""Making an evaluation case of a conversation or of an adviser's case, for staff."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from api.dependencies import ID, RunnerDep, Staff
from services import labelling

router = APIRouter(prefix="/api", tags=["evaluations"])
Reference = Annotated[str, Path(pattern=ID, max_length=100)]


@router.post("/conversations/{conversation_id}/eval-case", summary="Make an evaluation case of a conversation")
async def of_conversation(conversation_id: Reference, staff: Staff, runner: RunnerDep) -> dict[str, Any]:
    """One line of a file of cases: personal data replaced, expectations filled in from what was decided."""
    return await labelling.of_conversation(runner.resources.database, staff, conversation_id)


@router.post("/cases/{reference}/eval-case", summary="Make an evaluation case of an adviser's case")
async def of_case(reference: Reference, staff: Staff, runner: RunnerDep) -> dict[str, Any]:
    """The conversation up to the message that opened the case, with the resolution as a note."""
    return await labelling.of_case(runner.resources.database, staff, reference)
