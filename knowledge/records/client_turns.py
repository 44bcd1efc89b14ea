"""Messages of clients that send the whole history every time, found again by the digest of that history.

A client may trim or wrap what it was told, so white space does not count; every other character does. The digest of a
message covers everything before it, its answer is compared with what was told: no write is needed when a run ends.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from core.clock import now
from core.scope import Scope
from knowledge.tables import ClientTurn, Message, Run

#: Conversations of one visitor that are looked at where several began with the same words.
_ALIKE = 50


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a client's history."""

    role: Literal["user", "assistant"]
    text: str


def plain(text: str) -> str:
    """The text without what clients change: in NFC, with white space as single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def digest(history: Sequence[Said]) -> str:
    """SHA-256 over roles and plain texts, each with its length, so that no two histories run together."""
    hashed = hashlib.sha256()
    for said in history:
        words = plain(said.text).encode("utf-8", "replace")
        hashed.update(f"{said.role} {len(words)} ".encode() + words)
    return hashed.hexdigest()


async def asked(session: AsyncSession, visitor: str, key: str) -> list[ClientTurn]:
    """The visitor's messages with this digest, newest first."""
    found = await session.execute(
        select(ClientTurn)
        .where(ClientTurn.visitor == visitor, ClientTurn.asked == key)
        .order_by(col(ClientTurn.created_at).desc(), col(ClientTurn.message_id).desc())
        .limit(_ALIKE)
    )
    return list(found.scalars().all())


async def keep(
    session: AsyncSession, scope: Scope, *, message_id: str, conversation_id: str, run_id: str | None, key: str,
    memory: dict[str, Any], preface: str,
) -> None:
    session.add(
        ClientTurn(
            tenant_id=scope.tenant, message_id=message_id, conversation_id=conversation_id, visitor=scope.subject,
            asked=key, run_id=run_id, memory=memory, preface=preface, created_at=now(),
        )
    )
    await session.flush()


async def after(session: AsyncSession, turn: ClientTurn) -> ClientTurn | None:
    """The next message that the client sent in the same conversation."""
    found = await session.execute(
        select(ClientTurn)
        .where(
            ClientTurn.conversation_id == turn.conversation_id, col(ClientTurn.created_at) >= turn.created_at,
            ClientTurn.message_id != turn.message_id,
        )
        .order_by(col(ClientTurn.created_at))
        .limit(1)
    )
    later: ClientTurn | None = found.scalar_one_or_none()
    return later


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message: the run that carried it (None: a person's turn), the words that answered it, whether it is
    the last one of its conversation, and what advisers wrote since."""

    run: Run | None
    text: str
    last: bool
    advisers: list[Message]


async def told(session: AsyncSession, turn: ClientTurn) -> Told:
    message = await session.get(Message, turn.message_id)
    run = await session.get(Run, turn.run_id) if turn.run_id else None
    place = message.position if message is not None and message.position is not None else 0
    since = await session.execute(
        select(Message)
        .where(Message.conversation_id == turn.conversation_id, col(Message.position) > place)
        .order_by(col(Message.position))
    )
    later = list(since.scalars().all())
    answer = "".join(m.text for m in later if m.role == "assistant" and m.run_id == turn.run_id)
    return Told(
        run=run, text=turn.preface + answer, last=all(m.role != "user" for m in later),
        advisers=[m for m in later if m.role == "operator"],
    )
