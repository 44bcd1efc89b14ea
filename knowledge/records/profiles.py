"""What is remembered of an investor from one conversation to the next: nothing without consent, nothing after a withdrawal.

A newer statement replaces the older one; one that says the same again keeps the date and conversation it first came from.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from core.clock import new_id, now
from core.errors import Unauthenticated
from core.scope import Scope
from knowledge.records.conversations import digest
from knowledge.tables import UserProfile

#: A preference as stored: `value`, `at` (ISO instant), `conversation`, and the `currency` of money.
Preference = dict[str, Any]


async def create(session: AsyncSession, scope: Scope) -> tuple[UserProfile, str]:
    """A new investor and their token, of which only the digest is kept."""
    token = secrets.token_urlsafe(32)
    at = now()
    row = UserProfile(
        id=new_id("investor"), tenant_id=scope.tenant, visitor=new_id("visitor"), token_hash=digest(token), preferences={},
        created_at=at, updated_at=at,
    )
    session.add(row)
    await session.flush()
    return row, token


async def authorise(session: AsyncSession, token: str) -> UserProfile:
    """The investor whom this token belongs to. Raises `Unauthenticated`."""
    row = await _one(session, token_hash=digest(token))
    if row is None:
        raise Unauthenticated(
            "This investor token is not known, or its profile was erased. Get a new one with POST /api/investors.",
            "Este token de inversionista no se conoce, o su perfil se borró. Obtenga otro con POST /api/investors.",
        )
    return row


async def of_visitor(session: AsyncSession, visitor: str, *, locked: bool = False) -> UserProfile | None:
    return await _one(session, locked=locked, visitor=visitor)


async def _one(session: AsyncSession, *, locked: bool = False, **equal: str) -> UserProfile | None:
    statement = select(UserProfile).filter_by(**equal)
    found = await session.execute(statement.with_for_update() if locked else statement,
                                  execution_options={"populate_existing": True})
    row: UserProfile | None = found.scalar_one_or_none()
    return row


async def consent(session: AsyncSession, visitor: str, *, version: str, text: str) -> UserProfile | None:
    """Keep that the investor agreed, when and to which words; None where the profile is gone."""
    row = await of_visitor(session, visitor, locked=True)
    if row is not None:
        row.consent_version, row.consent_text = version, text
        row.consent_at = row.updated_at = now()
    return row


async def withdraw(session: AsyncSession, visitor: str) -> bool:
    """Take the consent back and erase what was remembered; True if anything was."""
    row = await of_visitor(session, visitor, locked=True)
    if row is None:
        return False
    had = bool(row.preferences)
    row.preferences = {}
    row.consent_version = row.consent_text = row.consent_at = None
    row.updated_at = now()
    return had


async def erase(session: AsyncSession, visitor: str) -> None:
    """Erase the profile with its token. Conversations stay: each is erased with its own token."""
    row = await of_visitor(session, visitor, locked=True)
    if row is not None:
        await session.delete(row)


async def remember(
    session: AsyncSession, visitor: str, conversation_id: str, *, said: Mapping[str, Preference],
    known: Mapping[str, Preference],
) -> None:
    """Keep what a message `said`, and what the conversation has `known` where nothing is kept yet. Nothing without consent."""
    row = await of_visitor(session, visitor, locked=True)
    if row is None or row.consent_at is None:
        return
    stamp = {"at": now().isoformat(timespec="seconds"), "conversation": conversation_id}
    kept = dict(row.preferences)
    new = {name: entry for name, entry in {**known, **said}.items() if _news(entry, kept.get(name), name in said)}
    if not new:
        return
    for name in _overtaken(new, kept):
        kept.pop(name, None)
    row.preferences = kept | {name: {**entry, **stamp} for name, entry in new.items()}
    row.updated_at = now()


def _news(entry: Preference, old: Preference | None, said: bool) -> bool:
    if old is None:
        return True
    return said and any(entry.get(part) != old.get(part) for part in ("value", "currency", "country"))


def _overtaken(new: Mapping[str, Preference], kept: Mapping[str, Preference]) -> list[str]:
    """What no longer fits beside what is new: a neighbourhood of another city, the rooms of another type, the other end of a
    budget that moved past it or into another currency."""
    gone = ["neighbourhood"] if "city" in new else []
    gone += ["bedrooms"] if "property_type" in new else []
    for name, other in (("budget_max", "budget_min"), ("budget_min", "budget_max")):
        now_, then = new.get(name), kept.get(other)
        if now_ is None or then is None or other in new:
            continue
        low, high = (then, now_) if name == "budget_max" else (now_, then)
        if now_.get("currency") != then.get("currency") or low["value"] > high["value"]:
            gone.append(other)
    return gone
