"""A conversation as it stands at one event number: what is before it is here, what is after it comes with the tail.

The row is locked for reading, and every writer of the log updates it, so transcript, run and number belong together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.records import conversations, event_log
from knowledge.tables import Conversation, Message, Run


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`seq` is the newest event number; `events` are those of the active run; `messages` hold no staff notes."""

    conversation: Conversation
    seq: int
    run: Run | None
    events: tuple[tuple[int, dict[str, Any]], ...]
    messages: tuple[Message, ...]

    @property
    def before_run(self) -> int:
        """The number after which the active run begins; `seq` where nothing runs."""
        return self.events[0][0] - 1 if self.events else self.seq


async def take(session: AsyncSession, conversation_id: str) -> Snapshot:
    """Raises `NotFound` for an unknown id."""
    await session.execute(text("SELECT FROM conversations WHERE id = :id FOR SHARE"), {"id": conversation_id})
    row = await conversations.get(session, conversation_id)
    run = await conversations.active_run(session, conversation_id)
    events = await event_log.of_run(session, run.id) if run is not None else []
    messages = await conversations.transcript(session, conversation_id)
    return Snapshot(
        row, row.last_seq, run, tuple(events),
        tuple(m for m in messages if m.role != "system"),
    )
