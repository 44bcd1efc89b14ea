"""Cases: rows with a state machine. At most one is open per conversation; asking again returns the open one.

open -> claimed -> (snoozed) -> resolved, or returned to the bot. Every change writes to `case_events`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from core.clock import new_id, new_number, now
from core.errors import Conflict, NotFound
from core.scope import Scope
from knowledge.tables import Case, CaseEvent

OPEN = ("open", "claimed", "snoozed")
#: Why a case is opened -> its priority (1 is the most urgent). The same codes as in the policy of a turn.
REASONS: dict[str, int] = {
    "asked_person": 2, "complaint": 1, "fraud_or_money": 1, "legal_tax_advice": 2, "data_request": 1, "anger": 1,
    "large_deal": 1, "repeated_failure": 2, "accepted_offer": 2,
}
_MOVES = {
    "claim": (("open", "snoozed"), "claimed"),
    "reply": (("open", "claimed", "snoozed"), "claimed"),
    "snooze": (("claimed",), "snoozed"),
    "return": (("claimed", "open", "snoozed"), "returned"),
    "resolve": (("open", "claimed", "snoozed"), "resolved"),
}


def label(case: Case) -> str:
    """What people call it: `C-1042`."""
    return f"C-{case.number}"


async def open_case(
    session: AsyncSession,
    scope: Scope,
    *,
    conversation_id: str,
    run_id: str | None,
    reason: str,
    reason_text: str,
    evidence: dict[str, Any],
    draft: str | None,
    language: str,
    country: str | None,
    priority: int = 2,
) -> tuple[Case, bool]:
    """The conversation's open case, made if there is none; True tells that it was made now."""
    existing = await current(session, conversation_id)
    if existing is not None:
        await _record(session, scope, existing, scope.subject or "bot", "asked_again", {"reason": reason})
        return existing, False
    at = now()
    case = Case(
        id=new_id("case"), number=new_number(), tenant_id=scope.tenant, conversation_id=conversation_id, run_id=run_id,
        status="open", reason=reason, reason_text=reason_text, evidence=evidence, draft=draft, priority=priority,
        language=language, country=country, created_at=at, updated_at=at,
    )
    session.add(case)
    await session.flush()
    await session.refresh(case)
    await _record(session, scope, case, scope.subject or "bot", "opened", {"reason": reason})
    return case, True


async def latest(session: AsyncSession, conversation_id: str) -> Case | None:
    """The conversation's newest case, whatever became of it."""
    statement = select(Case).where(Case.conversation_id == conversation_id).order_by(col(Case.created_at).desc()).limit(1)
    case: Case | None = (await session.execute(statement)).scalar_one_or_none()
    return case


async def current(session: AsyncSession, conversation_id: str) -> Case | None:
    statement = select(Case).where(
        Case.conversation_id == conversation_id, col(Case.status).in_(OPEN)
    )
    case: Case | None = (await session.execute(statement)).scalar_one_or_none()
    return case


async def get(session: AsyncSession, reference: str, *, lock: bool = False) -> Case:
    """By id or by number (`C-1042`, `1042`)."""
    digits = reference.upper().removeprefix("C-")
    statement = select(Case).where(
        Case.number == int(digits) if digits.isdecimal() and len(digits) < 18 else Case.id == reference
    )
    if lock:
        statement = statement.with_for_update()
    case: Case | None = (await session.execute(statement)).scalar_one_or_none()
    if case is None:
        raise NotFound(
            f"There is no case {reference!r}. GET /api/cases lists them.",
            f"No existe el caso {reference!r}. GET /api/cases los lista.",
        )
    return case


async def search(session: AsyncSession, *, status: str | None = None, limit: int = 100) -> list[Case]:
    """Most urgent first, then oldest."""
    statement = select(Case).order_by(col(Case.priority), col(Case.created_at)).limit(limit)
    if status is not None:
        statement = statement.where(Case.status == status)
    return list((await session.execute(statement)).scalars().all())


async def move(
    session: AsyncSession, scope: Scope, case: Case, action: str, payload: dict[str, Any] | None = None
) -> Case:
    """Apply claim, reply, snooze, return or resolve; `Conflict` where the state does not allow it."""
    allowed, target = _MOVES[action]
    if case.status not in allowed:
        raise Conflict(
            f"Case {label(case)} is {case.status}; `{action}` needs one of: {', '.join(allowed)}.",
            f"El caso {label(case)} está en estado {case.status}; `{action}` necesita uno de: {', '.join(allowed)}.",
            code="case_state",
        )
    if action in ("claim", "reply") and case.assignee not in (None, scope.subject):
        raise Conflict(
            f"Case {label(case)} is already being answered by {case.assignee}.",
            f"El caso {label(case)} ya lo está atendiendo {case.assignee}.",
            code="case_taken",
        )
    at = now()
    case.status, case.updated_at = target, at
    if target == "claimed":
        case.assignee, case.claimed_at = scope.subject, case.claimed_at or at
    if target in ("resolved", "returned"):
        case.resolved_at = at
        case.resolution = (payload or {}).get("resolution") or case.resolution
    session.add(case)
    await _record(session, scope, case, scope.subject, action, payload or {})
    return case


async def history(session: AsyncSession, case_id: str) -> list[dict[str, Any]]:
    rows = await session.execute(
        text("SELECT actor, action, payload, at FROM case_events WHERE case_id = :id ORDER BY id"), {"id": case_id}
    )
    return [dict(row._mapping) for row in rows]


async def _record(
    session: AsyncSession, scope: Scope, case: Case, actor: str, action: str, payload: dict[str, Any]
) -> None:
    session.add(
        CaseEvent(tenant_id=scope.tenant, case_id=case.id, actor=actor, action=action, payload=payload, at=now())
    )
    await session.flush()
