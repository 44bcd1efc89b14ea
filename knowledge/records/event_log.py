"""The append-only log of a conversation: written before anything is sent, numbered and fenced in one statement.

`UPDATE conversations SET last_seq = last_seq + n WHERE id = … AND epoch = … RETURNING last_seq` numbers the events; the
row lock makes commit order equal number order, and a writer whose epoch is past gets no row and stops. The
announcement (NOTIFY) carries conversation and number only, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import bus
from core.clock import now
from core.database import ANNOUNCE, Database, to_json
from core.errors import Conflict
from core.scope import Scope

CHANNEL = bus.CHANNEL
Entry = tuple[str, dict[str, Any]]

_APPEND = text(
    """
    WITH numbered AS (
        UPDATE conversations SET last_seq = last_seq + :n
        WHERE id = :c AND (CAST(:epoch AS integer) IS NULL OR epoch = :epoch)
        RETURNING last_seq
    ), written AS (
        INSERT INTO run_events (tenant_id, conversation_id, seq, run_id, type, payload, at)
        SELECT :tenant, :c, numbered.last_seq - :n + e.position, :run, e.event ->> 'type', e.event, :at
        FROM numbered, jsonb_array_elements(CAST(:events AS jsonb)) WITH ORDINALITY AS e(event, position)
    )
    SELECT last_seq, pg_notify(:channel, json_build_array(CAST(:c AS text), last_seq)::text) FROM numbered
    """
)
_READ = text(
    "SELECT seq, run_id, type, payload FROM run_events WHERE conversation_id = :c AND seq > :after"
    " ORDER BY seq LIMIT :limit"
)
_OF_RUN = text("SELECT seq, payload FROM run_events WHERE run_id = :run ORDER BY seq")
_SPOKEN = text(
    "SELECT payload #>> '{delta,0,value}' FROM run_events WHERE run_id = :run AND type = 'STATE_DELTA'"
    " AND payload #>> '{delta,0,path}' = '/language' ORDER BY seq DESC LIMIT 1"
)


#: Events that are read at once.
AT_ONCE = 500


class Fenced(Conflict):
    """This writer has lost the conversation (a person took it over, or it is gone) and must stop."""

    code = "fenced"


def custom(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """Payload of our own events inside AG-UI's CUSTOM."""
    return {"name": name, "value": value}


async def append_in(
    session: AsyncSession,
    scope: Scope,
    conversation_id: str,
    run_id: str | None,
    epoch: int | None,
    entries: Sequence[Entry],
    *,
    relaxed: bool = False,
) -> int:
    """Write events inside the caller's transaction; the number of the last one. `epoch` None writes unfenced (staff).

    `relaxed` lets the commit return before the disk has it (text on its way; the end of a message never is).
    """
    if relaxed:
        await session.execute(text("SET LOCAL synchronous_commit TO off"))
    at = now()
    events = [{"type": kind, "timestamp": int(at.timestamp() * 1000), **payload} for kind, payload in entries]
    result = await session.execute(
        _APPEND,
        {
            "n": len(events), "c": conversation_id, "epoch": epoch, "tenant": scope.tenant, "run": run_id, "at": at,
            "events": to_json(events), "channel": CHANNEL,
        },
    )
    row = result.one_or_none()
    if row is None:
        raise Fenced(
            f"The conversation {conversation_id} now belongs to another writer; this one stops.",
            f"La conversación {conversation_id} pertenece ahora a otro; este turno se detiene.",
        )
    session.info.setdefault(ANNOUNCE, {})[conversation_id] = int(row.last_seq)
    return int(row.last_seq)


async def append(
    database: Database,
    scope: Scope,
    conversation_id: str,
    run_id: str | None,
    epoch: int | None,
    entries: Sequence[Entry],
    *,
    relaxed: bool = False,
) -> int:
    """`append_in` in a transaction of its own."""
    async with database.session(scope) as session:
        return await append_in(session, scope, conversation_id, run_id, epoch, entries, relaxed=relaxed)


async def read(
    database: Database, scope: Scope, conversation_id: str, after: int, *, limit: int = AT_ONCE
) -> list[tuple[int, str | None, dict[str, Any]]]:
    """Events with a number above `after`: (seq, run id, payload as sent)."""
    async with database.session(scope) as session:
        rows = await session.execute(_READ, {"c": conversation_id, "after": after, "limit": limit})
        return [(row.seq, row.run_id, row.payload) for row in rows]


async def of_run(session: AsyncSession, run_id: str) -> list[tuple[int, dict[str, Any]]]:
    """A run's events so far: (seq, payload)."""
    rows = await session.execute(_OF_RUN, {"run": run_id})
    return [(row.seq, row.payload) for row in rows]


async def close_run(session: AsyncSession, scope: Scope, conversation_id: str, run_id: str, end: Entry) -> int:
    """Close whatever a run that cannot go on left open in its log, then write `end` (RUN_ERROR or RUN_FINISHED).

    Unfenced: whoever closes holds the conversation's lock and has just ended the run (`conversations.end_early`).
    """
    payloads = [payload for _, payload in await of_run(session, run_id)]
    entries: list[Entry] = []
    if not payloads:
        entries.append(("RUN_STARTED", {"threadId": conversation_id, "runId": run_id}))
    return await append_in(session, scope, conversation_id, run_id, None, [*entries, *open_ends(payloads), end])


async def spoken(session: AsyncSession, run_id: str) -> str | None:
    """The language of a run's answer, where it got far enough to tell."""
    return (await session.execute(_SPOKEN, {"run": run_id})).scalar_one_or_none()


def cancelled(conversation_id: str, run_id: str) -> Entry:
    """The end of a run that its user, or a person who took the conversation over, stopped."""
    return ("RUN_FINISHED", {"threadId": conversation_id, "runId": run_id, "outcome": {"type": "cancelled"}})


def open_ends(payloads: Sequence[dict[str, Any]]) -> list[Entry]:
    """The END events that a run's log still lacks, innermost first."""
    messages: dict[str, None] = {}
    calls: dict[str, None] = {}
    steps: dict[str, None] = {}
    for event in payloads:
        match event["type"]:
            case "TEXT_MESSAGE_START":
                messages[event["messageId"]] = None
            case "TEXT_MESSAGE_END":
                messages.pop(event["messageId"], None)
            case "TOOL_CALL_START":
                calls[event["toolCallId"]] = None
            case "TOOL_CALL_END":
                calls.pop(event["toolCallId"], None)
            case "STEP_STARTED":
                steps[event["stepName"]] = None
            case "STEP_FINISHED":
                steps.pop(event["stepName"], None)
    ends: list[Entry] = [("TEXT_MESSAGE_END", {"messageId": m}) for m in messages]
    ends += [("TOOL_CALL_END", {"toolCallId": c}) for c in calls]
    return ends + [("STEP_FINISHED", {"stepName": s}) for s in reversed(steps)]


_ERRORS: dict[str, tuple[str, str]] = {
    "process_died": (
        "La respuesta se interrumpió. Su mensaje quedó guardado; puede reintentar.",
        "The answer was interrupted. Your message is kept; you can try again.",
    ),
    "timeout": (
        "La respuesta tardó demasiado y se detuvo. Su mensaje quedó guardado; puede reintentar.",
        "The answer took too long and was stopped. Your message is kept; you can try again.",
    ),
    "database_unavailable": (
        "La base de datos dejó de responder. Su mensaje quedó guardado; puede reintentar.",
        "The database stopped answering. Your message is kept; you can try again.",
    ),
    "internal": (
        "Algo falló de nuestro lado. Su mensaje quedó guardado; puede reintentar.",
        "Something failed on our side. Your message is kept; you can try again.",
    ),
}


def run_error(code: str, language: str, message: str | None = None, *, retryable: bool = True) -> dict[str, Any]:
    """Payload of RUN_ERROR: a code, a sentence in the reader's language, and whether trying again makes sense."""
    es, en = _ERRORS.get(code, _ERRORS["internal"])
    return {"code": code, "message": message or (es if language == "es" else en), "retryable": retryable}
