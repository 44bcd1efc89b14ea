"""Working a case: claim, reply, return, resolve. Each step changes case, conversation, transcript and log together.

A claim or a reply takes the conversation over: the bot is fenced from that moment. Returning or resolving hands it back,
and the resolution goes to the transcript, where the bot reads it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.errors import BadInput, Denied
from core.scope import Scope
from knowledge.records import cases, conversations, event_log
from knowledge.records.event_log import custom
from knowledge.records.leads import search as records_of_leads
from knowledge.tables import Case
from services.messages import checked

_MAY_ANSWER = ("adviser", "supervisor", "admin")


def require_adviser(scope: Scope) -> None:
    if scope.role not in _MAY_ANSWER:
        raise Denied(
            f"The role {scope.role!r} may read cases but not answer them; it takes one of: {', '.join(_MAY_ANSWER)}.",
            f"El rol {scope.role!r} puede leer casos pero no responderlos; hace falta uno de: {', '.join(_MAY_ANSWER)}.",
        )


async def claim(database: Database, scope: Scope, reference: str) -> dict[str, Any]:
    """Take the case and the conversation. Repeating it changes nothing; another's claim is a conflict."""
    require_adviser(scope)
    async with database.session(scope) as session:
        case = await cases.get(session, reference, lock=True)
        if case.status == "claimed" and case.assignee == scope.subject:
            return view(case)
        await cases.move(session, scope, case, "claim")
        await _take_over(session, scope, case)
        return view(case)


async def reply(database: Database, scope: Scope, reference: str, text: str, *, key: str | None = None) -> dict[str, Any]:
    """A person's message in the conversation. `key` repeated sends nothing a second time.

    Keys are each adviser's own: one that equals an id of the visitor or of a colleague is another message. What sets them
    apart is a line break, which nobody else's id may hold.
    """
    require_adviser(scope)
    body = checked(text)
    key = key and f"{scope.subject}\n{key}"
    async with database.session(scope) as session:
        case = await cases.get(session, reference, lock=True)
        if key is not None:
            earlier = await session.execute(conversations.by_client_id(case.conversation_id, key))
            if earlier.scalar_one_or_none() is not None:
                return view(case)
        first = case.status != "claimed"
        await cases.move(session, scope, case, "reply", {"text": body})
        if first:
            await _take_over(session, scope, case)
        message = await conversations.add_message(
            session, scope, case.conversation_id, role="operator", author=scope.subject, body=body,
            client_message_id=key,
        )
        await _announce(
            session, scope, case, "operator.message",
            {"message_id": message.id, "author": scope.subject, "text": body},
        )
        return view(case)


async def close(
    database: Database, scope: Scope, reference: str, action: str, resolution: str | None
) -> dict[str, Any]:
    """`return` the conversation to the bot or `resolve` the case; the resolution is kept in the transcript."""
    require_adviser(scope)
    if action not in ("return", "resolve"):
        raise BadInput(f"{action!r} is not `return` or `resolve`.", f"{action!r} no es `return` ni `resolve`.")
    words = checked(resolution) if resolution else None
    async with database.session(scope) as session:
        case = await cases.get(session, reference, lock=True)
        await cases.move(session, scope, case, action, {"resolution": words})
        if words:
            await conversations.add_message(
                session, scope, case.conversation_id, role="system", author=scope.subject, body=words
            )
        await conversations.hand_over(session, scope, case.conversation_id, "bot")
        name = "case.returned" if action == "return" else "case.resolved"
        await _announce(session, scope, case, name, {"case": cases.label(case), "by": scope.subject})
        return view(case)


async def _take_over(session: AsyncSession, scope: Scope, case: Case) -> None:
    await conversations.hand_over(session, scope, case.conversation_id, "person")
    await _announce(session, scope, case, "case.claimed", {"case": cases.label(case), "by": scope.subject})


async def _announce(session: AsyncSession, scope: Scope, case: Case, name: str, value: dict[str, Any]) -> None:
    await event_log.append_in(
        session, scope, case.conversation_id, None, None, [("CUSTOM", custom(f"ladrillo.{name}", value))]
    )


async def whole(database: Database, scope: Scope, reference: str) -> dict[str, Any]:
    """A case with its transcript and history, for whoever works it."""
    async with database.session(scope) as session:
        case = await cases.get(session, reference)
        messages = await conversations.transcript(session, case.conversation_id)
        return view(case) | {
            "evidence": case.evidence,
            "draft": case.draft,
            "history": await cases.history(session, case.id),
            "messages": [message_view(m) for m in messages],
        }


async def listed(database: Database, scope: Scope, status: str | None, limit: int) -> list[dict[str, Any]]:
    async with database.session(scope) as session:
        return [view(case) for case in await cases.search(session, status=status, limit=limit)]


async def leads(database: Database, scope: Scope, limit: int) -> list[dict[str, Any]]:
    """People who want to go on, best score first; contact data only where they consented."""
    async with database.session(scope) as session:
        return [
            lead.model_dump(exclude={"tenant_id"}) for lead in await records_of_leads(session, limit)
        ]


def view(case: Case) -> dict[str, Any]:
    return {
        "case": cases.label(case), "id": case.id, "status": case.status, "reason": case.reason,
        "reason_text": case.reason_text, "priority": case.priority, "language": case.language,
        "country": case.country, "assignee": case.assignee, "conversation_id": case.conversation_id,
        "resolution": case.resolution, "confidence": case.evidence.get("confidence"), "created_at": case.created_at,
        "updated_at": case.updated_at, "claimed_at": case.claimed_at, "resolved_at": case.resolved_at,
    }


def message_view(message: Any) -> dict[str, Any]:
    return {
        "id": message.id, "role": message.role, "author": message.author, "text": message.text,
        "created_at": message.created_at, "details": message.details,
    }
