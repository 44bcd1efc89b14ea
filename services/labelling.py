"""From a conversation, or a case that an adviser worked, to an evaluation case in the format of `evals/README.md`.

What is expected is filled in from what was decided and is to be checked by a person: it says what Ladrillo did, not what
was right. The investor's messages stay as they were, apart from personal data (`services/disguise.py`).
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from core.database import Database
from core.errors import Conflict, NotFound
from core.scope import Scope
from knowledge.records import cases, conversations, leads
from knowledge.tables import Case, Conversation, Run
from services.disguise import Disguise

#: More messages than any conversation holds that could be an example of something.
_LONGEST = 500


async def of_conversation(database: Database, scope: Scope, conversation_id: str) -> dict[str, Any]:
    """The conversation up to its last answer. Raises `NotFound`, and `Conflict` where nothing was answered."""
    async with database.session(scope) as session:
        return await _labelled(session, await conversations.get(session, conversation_id), None)


async def of_case(database: Database, scope: Scope, reference: str) -> dict[str, Any]:
    """The conversation up to the message that opened the case, expected to reach a person; the resolution is its note."""
    async with database.session(scope) as session:
        case = await cases.get(session, reference)
        return await _labelled(session, await conversations.get(session, case.conversation_id), case)


async def of(database: Database, scope: Scope, reference: str) -> dict[str, Any]:
    """By the id of a conversation, or the number or id of a case."""
    async with database.session(scope) as session:
        known = await session.get(Conversation, reference)
    if known is not None:
        return await of_conversation(database, scope, reference)
    try:
        return await of_case(database, scope, reference)
    except NotFound as error:
        raise NotFound(
            f"There is neither a conversation nor a case {reference!r}.",
            f"No existe ninguna conversación ni ningún caso {reference!r}.",
        ) from error


async def _labelled(session: AsyncSession, conversation: Conversation, case: Case | None) -> dict[str, Any]:
    messages = await conversations.transcript(session, conversation.id, limit=_LONGEST)
    found = await session.execute(select(Run).where(Run.conversation_id == conversation.id, col(Run.status) == "finished"))
    runs: dict[str, Run] = {run.id: run for run in found.scalars()}
    asked = [message for message in messages if message.role == "user" and message.run_id]
    ends = [at for at, message in enumerate(asked) if message.run_id in runs]
    opened = [at for at in ends if case is not None and asked[at].run_id == case.run_id]
    if not ends:
        raise Conflict(
            f"The conversation {conversation.id} has no message that was answered; there is nothing to expect.",
            f"La conversación {conversation.id} no tiene ningún mensaje respondido; no hay qué esperar.",
            code="nothing_answered",
        )
    asked = asked[: (opened or ends)[-1] + 1]
    last = runs[str(asked[-1].run_id)]
    lead = await leads.of_conversation(session, conversation.id)
    contacts: list[dict[str, Any]] = [dict(run.slots) for run in runs.values()]
    if lead is not None:
        contacts.append({"name": lead.name, "email": lead.email, "phone": lead.phone})
    note = case.resolution if case is not None else None
    language = "en" if last.language == "en" else "es"
    disguise = Disguise(language, [*(message.text for message in asked), note or ""], contacts)
    kind = "case" if case is not None else "conversation"
    digest = hashlib.blake2s(f"{conversation.id}/{last.id}".encode(), digest_size=5).hexdigest()
    return {
        "id": f"{kind}-{language}-{digest}",
        "lang": language,
        "turns": [disguise.text(message.text) for message in asked],
        "expect": _expected(last, case, disguise),
        "tags": ["from_conversation", *(["multi_turn"] if len(asked) > 1 else []), *_tags(case)],
        **({"note": disguise.text(note)} if note else {}),
    }


def _expected(run: Run, case: Case | None, disguise: Disguise) -> dict[str, Any]:
    outcome = run.outcome
    return {
        "routes": list(run.routes),
        "escalate": case is not None or bool(outcome.get("escalated")),
        "slots": disguise.slots(run.slots),
        **({"citations": {"min": 1}} if outcome.get("citations") else {}),
    }


def _tags(case: Case | None) -> list[str]:
    """`from_case`, why it was opened, and whether a person has answered it."""
    return [] if case is None else ["from_case", case.reason, *(["resolved"] if case.status == "resolved" else [])]
