"""Conversations and runs: sending a message, taking the lease, ending a run.

A message and its run are written in one transaction, so a message is never without a run and never twice
(`client_message_id` is unique in its conversation). The partial unique index on active runs is what makes two
simultaneous sends safe: the loser stores nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from core.clock import new_id, now
from core.database import Database, storable
from core.errors import Conflict, Language, NotFound, Unauthenticated
from core.scope import Scope
from knowledge.records import event_log
from knowledge.tables import Conversation, Message, Run

LEASE = timedelta(seconds=15)
ACTIVE = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message: a new run, the run that already carries it, or a person's turn (`run_id` None)."""

    message_id: str
    run_id: str | None
    outcome: Literal["started", "joined", "person"]
    seq: int


def digest(token: str) -> str:
    """What is kept of a bearer token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create(
    session: AsyncSession,
    scope: Scope,
    *,
    visitor: str,
    channel: str,
    language: str | None = None,
    country: str | None = None,
) -> tuple[Conversation, str]:
    """A new conversation and the token that reaches it; only the token's digest is kept."""
    token = secrets.token_urlsafe(24)
    at = now()
    row = Conversation(
        id=new_id("conv"), tenant_id=scope.tenant, visitor=visitor, token_hash=digest(token), channel=channel,
        language=language, country=country, created_at=at, updated_at=at,
    )
    session.add(row)
    await session.flush()
    return row, token


async def get(session: AsyncSession, conversation_id: str) -> Conversation:
    row = await session.get(Conversation, conversation_id)
    if row is None:
        raise NotFound(
            f"There is no conversation {conversation_id!r}. Start one with POST /api/conversations.",
            f"No existe la conversación {conversation_id!r}. Inicie una con POST /api/conversations.",
        )
    return row


async def authorise(session: AsyncSession, conversation_id: str, token: str) -> Conversation:
    """The conversation, if this token reaches it. An unknown id and a wrong token are the same answer."""
    row = await session.get(Conversation, conversation_id)
    if row is None or not hmac.compare_digest(row.token_hash, digest(token)):
        raise Unauthenticated(
            "This token does not open this conversation. Send the token that POST /api/conversations returned, as "
            "`Authorization: Bearer …`.",
            "Este token no abre esta conversación. Envíe el token que devolvió POST /api/conversations, como "
            "`Authorization: Bearer …`.",
        )
    return row


async def transcript(session: AsyncSession, conversation_id: str, *, limit: int = 200) -> list[Message]:
    """The last `limit` messages, oldest first."""
    newest = (
        select(Message)
        .where(Message.conversation_id == conversation_id)
        .order_by(col(Message.position).desc())
        .limit(limit)
    )
    return list(reversed((await session.execute(newest)).scalars().all()))


async def language(session: AsyncSession, conversation_id: str) -> Language | None:
    """The language of the newest run that told one; None before."""
    newest = (
        select(Run.language)
        .where(Run.conversation_id == conversation_id, col(Run.language).is_not(None))
        .order_by(col(Run.created_at).desc())
        .limit(1)
    )
    found = (await session.execute(newest)).scalar_one_or_none()
    return None if found is None else "en" if found == "en" else "es"


async def add_message(
    session: AsyncSession,
    scope: Scope,
    conversation_id: str,
    *,
    role: str,
    body: str,
    author: str = "",
    run_id: str | None = None,
    client_message_id: str | None = None,
    details: dict[str, Any] | None = None,
    message_id: str | None = None,
) -> Message:
    message = Message(
        id=message_id or new_id("msg"), tenant_id=scope.tenant, conversation_id=conversation_id, run_id=run_id,
        role=role, author=author, text=storable(body), client_message_id=client_message_id, details=details or {},
        created_at=now(),
    )
    session.add(message)
    await session.flush()
    return message


async def send(
    database: Database,
    scope: Scope,
    conversation_id: str,
    body: str,
    *,
    client_message_id: str | None,
    brain: str,
    lease_owner: str,
) -> Sent:
    """Store the message with a queued run; join the run that already has this `client_message_id`.

    Raises `Conflict` (code `run_active`, nothing stored) while another run is active. While a person owns the
    conversation the message is stored without a run.
    """
    try:
        async with database.session(scope) as session:
            await _end_expired(session, scope, conversation_id)
            row = await _locked(session, conversation_id)
            if client_message_id is not None:
                joined = await _joined(session, conversation_id, client_message_id, row.last_seq)
                if joined:
                    return joined
            run_id = None if row.owner == "person" else new_id("run")
            message = await add_message(
                session, scope, conversation_id, role="user", body=body, run_id=run_id,
                client_message_id=client_message_id,
            )
            if run_id is None:
                await event_log.append_in(
                    session, scope, conversation_id, None, None,
                    [("CUSTOM", event_log.custom("ladrillo.user.message", {"message_id": message.id, "text": body}))],
                )
                return Sent(message.id, None, "person", row.last_seq)
            at = now()
            session.add(
                Run(
                    id=run_id, tenant_id=scope.tenant, conversation_id=conversation_id, message_id=message.id,
                    status="queued", epoch=row.epoch, brain=brain, lease_owner=lease_owner, lease_until=at + LEASE,
                    created_at=at,
                )
            )
            row.updated_at = at
            return Sent(message.id, run_id, "started", row.last_seq)
    except IntegrityError as error:
        if "uq_runs_active" not in str(error.orig):
            raise
        async with database.session(scope) as session:
            active = await active_run(session, conversation_id)
        raise RunActive(active.id if active else "") from error


class RunActive(Conflict):
    """Another turn of this conversation is still running."""

    code = "run_active"

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(
            f"Another answer of this conversation is still being written (run {run_id}). Wait for it or stop it.",
            f"Todavía se está escribiendo otra respuesta de esta conversación (turno {run_id}). Espere o deténgala.",
        )


async def _locked(session: AsyncSession, conversation_id: str) -> Conversation:
    statement = select(Conversation).where(Conversation.id == conversation_id).with_for_update()
    found = await session.execute(statement, execution_options={"populate_existing": True})
    row: Conversation | None = found.scalar_one_or_none()
    return row if row is not None else await get(session, conversation_id)


def by_client_id(conversation_id: str, client_message_id: str) -> SelectOfScalar[Message]:
    """The message that a sender has already stored under this id of its own."""
    return select(Message).where(
        Message.conversation_id == conversation_id, Message.client_message_id == client_message_id
    )


async def _joined(session: AsyncSession, conversation_id: str, client_message_id: str, seq: int) -> Sent | None:
    statement = by_client_id(conversation_id, client_message_id)
    message: Message | None = (await session.execute(statement)).scalar_one_or_none()
    if message is None:
        return None
    if message.run_id is None:
        return Sent(message.id, None, "person", seq)
    first = await session.execute(
        text("SELECT min(seq) FROM run_events WHERE run_id = :run"), {"run": message.run_id}
    )
    return Sent(message.id, message.run_id, "joined", (first.scalar_one() or seq + 1) - 1)


async def active_run(session: AsyncSession, conversation_id: str) -> Run | None:
    statement = select(Run).where(Run.conversation_id == conversation_id, col(Run.status).in_(ACTIVE))
    run: Run | None = (await session.execute(statement)).scalar_one_or_none()
    return run


async def start_run(session: AsyncSession, run_id: str) -> Run:
    """queued -> running. Raises `Conflict` where the run has been ended or taken meanwhile."""
    run = await session.get(Run, run_id, with_for_update=True)
    if run is None or run.status != "queued":
        raise Conflict(
            f"The run {run_id} is {run.status if run else 'gone'}, not queued.",
            f"El turno {run_id} está {run.status if run else 'borrado'}, no en cola.",
        )
    run.status, run.started_at = "running", now()
    return run


async def renew(session: AsyncSession, run_id: str) -> bool:
    """Push the lease on; False tells the runner that a stop was asked for or the run was ended by someone else."""
    result = await session.execute(
        text(
            "UPDATE runs SET lease_until = :until WHERE id = :id AND status = 'running' RETURNING stop_requested"
        ),
        {"id": run_id, "until": now() + LEASE},
    )
    row = result.one_or_none()
    return row is not None and not row.stop_requested


async def request_stop(session: AsyncSession, conversation_id: str) -> str | None:
    """Ask the active run to stop; its id, or None when nothing runs."""
    result = await session.execute(
        text(
            "UPDATE runs SET stop_requested = true WHERE conversation_id = :c AND status IN ('queued', 'running')"
            " RETURNING id"
        ),
        {"c": conversation_id},
    )
    run_id: str | None = result.scalar_one_or_none()
    return run_id


async def end_run(session: AsyncSession, run_id: str, status: str, **values: Any) -> bool:
    """Give an active run its final status; False if it already had one (an expired lease ended it).

    The caller holds the conversation's lock: it is taken before the run's, by everyone.
    """
    result = await session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.status).in_(ACTIVE))
        .values(status=status, finished_at=now(), lease_until=None, **values)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


async def end_early(
    session: AsyncSession, scope: Scope, conversation_id: str, run_id: str, status: str, end: event_log.Entry,
    **values: Any,
) -> bool:
    """End a run otherwise than with an answer, in its row and in its log; False if it had ended already."""
    await _locked(session, conversation_id)
    if not await end_run(session, run_id, status, **values):
        return False
    await event_log.close_run(session, scope, conversation_id, run_id, end)
    return True


async def end_expired(database: Database, scope: Scope, conversation_id: str) -> None:
    """End the run whose process died (lease past): failed, with a retryable event in its log. Any process may."""
    async with database.session(scope) as session:
        await _end_expired(session, scope, conversation_id)


async def _end_expired(session: AsyncSession, scope: Scope, conversation_id: str) -> None:
    """A process that was only asleep finds itself fenced: its run is over for everyone else."""
    run = await active_run(session, conversation_id)
    if run is None or run.lease_until is None or run.lease_until >= now():
        return
    row = await _locked(session, conversation_id)
    await session.refresh(run)
    if run.lease_until is None or run.lease_until >= now():  # it ended, or woke up, while the lock was waited for
        return
    language = await event_log.spoken(session, run.id) or row.language or "es"
    end = ("RUN_ERROR", event_log.run_error("process_died", language))
    await end_early(session, scope, conversation_id, run.id, "failed", end, error_code="process_died", language=language)
    await _fence(session, row)


async def _fence(session: AsyncSession, row: Conversation) -> None:
    """Whoever wrote for the conversation until now can write no more."""
    row.epoch, row.updated_at = row.epoch + 1, now()
    session.add(row)
    await session.flush()


async def erase(session: AsyncSession, scope: Scope, conversation_id: str) -> None:
    """Erase the conversation with its messages, runs, events, facts, case and lead. Raises `RunActive`."""
    await _end_expired(session, scope, conversation_id)
    row = await _locked(session, conversation_id)
    run = await active_run(session, conversation_id)
    if run is not None:
        raise RunActive(run.id)
    await session.delete(row)
    await session.flush()


async def hand_over(session: AsyncSession, scope: Scope, conversation_id: str, owner: str) -> None:
    """Give the conversation to `person` or back to the `bot`: writers of the earlier epoch are fenced from here on.

    A run that is still being written ends as cancelled, in the log too.
    """
    row = await _locked(session, conversation_id)
    if row.owner == owner:
        return
    row.owner = owner
    await _fence(session, row)
    run = await active_run(session, conversation_id)
    if run is not None:
        end = event_log.cancelled(conversation_id, run.id)
        await end_early(session, scope, conversation_id, run.id, "cancelled", end, error_code="taken_over")
