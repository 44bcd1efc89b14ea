"""Leads: one per conversation. Contact data is written only together with the consent that allows it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from core.clock import new_id, now
from core.errors import BadInput
from core.scope import Scope
from knowledge.tables import Lead

CONTACT = ("name", "email", "phone")


async def of_conversation(session: AsyncSession, conversation_id: str) -> Lead | None:
    lead: Lead | None = (
        await session.execute(select(Lead).where(Lead.conversation_id == conversation_id))
    ).scalar_one_or_none()
    return lead


async def search(session: AsyncSession, limit: int) -> list[Lead]:
    """Best score first, then newest."""
    statement = select(Lead).order_by(col(Lead.score).desc(), col(Lead.updated_at).desc()).limit(limit)
    return list((await session.execute(statement)).scalars().all())


async def upsert(
    session: AsyncSession,
    scope: Scope,
    *,
    conversation_id: str,
    needs: dict[str, Any],
    score: int,
    reasons: list[str],
    contact: dict[str, str] | None = None,
    consent_text: str | None = None,
) -> tuple[Lead, bool]:
    """Create or update the conversation's lead; True tells that it is new.

    Raises `BadInput` when contact data comes without consent, now or given earlier.
    """
    at = now()
    lead = await of_conversation(session, conversation_id)
    created = lead is None
    if lead is None:
        lead = Lead(
            id=new_id("lead"), tenant_id=scope.tenant, conversation_id=conversation_id, needs={}, created_at=at,
            updated_at=at,
        )
    given = {k: v for k, v in (contact or {}).items() if k in CONTACT and v}
    if given and not (consent_text or lead.consent_at):
        raise BadInput(
            f"Contact data ({', '.join(sorted(given))}) cannot be stored without the person's consent. Ask for it first.",
            f"Los datos de contacto ({', '.join(sorted(given))}) no se pueden guardar sin consentimiento. Pídalo antes.",
            code="consent_missing",
        )
    if consent_text and lead.consent_at is None:
        lead.consent_text, lead.consent_at = consent_text, at
    for name, value in given.items():
        setattr(lead, name, value)
    lead.needs = {**lead.needs, **{k: v for k, v in needs.items() if v is not None}}
    lead.score, lead.reasons, lead.updated_at = score, reasons, at
    session.add(lead)
    await session.flush()
    return lead, created
