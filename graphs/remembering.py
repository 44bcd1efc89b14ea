"""Talk about being remembered: asking for consent, keeping it, telling what is remembered, forgetting.

Consent is given to a text that was shown: only the message right after it, and only a clear yes, counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.rendering import formal, render
from core.locale import LOCALES
from core.words import consent
from graphs import preferences
from graphs.context import GraphContext
from graphs.preferences import Investor
from graphs.state import MemorySaid
from knowledge.records import leads, profiles
from knowledge.tables import UserProfile
from knowledge.understanding.memory_requests import memory_request


def investor(profile: UserProfile | None) -> Investor | None:
    """Whom the turn is for; None where the conversation belongs to no investor."""
    if profile is None:
        return None
    consented = profile.consent_at is not None
    return Investor(profile.visitor, consented, profile.preferences if consented else {})


def heard(understanding: dict[str, Any], context: GraphContext, *, asked: bool) -> dict[str, Any]:
    """The understanding with `memory`, what the message asks of it, where it does; a message that says nothing else goes to
    nobody else. To forget, where nobody is remembered, stays what it was: a request about one's data."""
    found = memory_request(understanding["text"], asked=asked)
    if found is None or understanding["injection"] or (found.kind == "forget" and context.investor is None):
        return understanding
    answers = found.kind in ("granted", "refused")
    more = understanding["turn_slots"].keys() - {"currency"} or "?" in understanding["text"] if answers else not found.alone
    if more:
        return understanding | {"memory": found.kind}
    return understanding | {
        "memory": found.kind, "routes": ("none",), "small_talk": "memory", "human_reason": None, "confidence": 1.0,
        "figures_confidence": 1.0,
    }


async def answer(understanding: Mapping[str, Any], context: GraphContext) -> MemorySaid:
    """Do what the message asks of the memory, and say so."""
    locale = LOCALES[understanding["locale"]]
    kind, investor = understanding["memory"], context.investor
    terms = consent("memory")
    if kind == "remember" and investor is not None and investor.consented:
        kind = "recall"
    reachable = had = False
    async with context.resources.database.session(context.scope) as session:
        if kind == "granted" and investor is not None:
            row = await profiles.consent(
                session, investor.visitor, version=terms["version"], text=terms[locale.language]
            )
            investor = investor if row is not None else None
        elif kind == "forget" and investor is not None:
            had = await profiles.withdraw(session, investor.visitor)
            lead = await leads.of_conversation(session, context.conversation_id)
            reachable = bool(lead and (lead.email or lead.phone))
    kept = dict(investor.preferences) if investor is not None and kind == "recall" else {}
    text = render(
        "memory", locale, {}, kind=kind, investor=investor is not None, consented=bool(investor and investor.consented),
        consent=terms[locale.language], kept=preferences.told(kept, locale), had=had, reachable=reachable,
        usted=formal(understanding["register"], locale),
    )
    facts = [fact.to_dict() for fact in preferences.facts_of(kept, locale).values()]
    return MemorySaid(text=text, facts=facts, asks=kind == "remember" and investor is not None)
