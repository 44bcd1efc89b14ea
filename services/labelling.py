"""From a conversation, or a case that an adviser worked, to an evaluation case in the format of `evals/README.md`.

What is expected is filled in from what was decided and is to be checked by a person: it says what Ladrillo did, not what
was right. The investor's messages stay as they were, apart from personal data (`services/disguise.py`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from core.database import Database
from core.errors import Conflict, NotFound
from core.facts import Fact
from core.scope import Scope
from knowledge.records import cases, conversations, leads
from knowledge.tables import Case, Conversation, FactRow, Run
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
        "expect": _expected(last, await _facts(session, last), case, disguise),
        "tags": ["from_conversation", *(["multi_turn"] if len(asked) > 1 else []), *_tags(case)],
        **({"note": disguise.text(note)} if note else {}),
    }


async def _facts(session: AsyncSession, run: Run) -> dict[str, Fact]:
    """All facts of a run by id, those that were shown first."""
    rows = await session.execute(select(FactRow).where(FactRow.run_id == run.id))
    ordered = sorted(rows.scalars(), key=lambda row: (not row.shown, row.id))
    return {row.id: Fact.from_dict(row.body) for row in ordered}


def _expected(run: Run, facts: Mapping[str, Fact], case: Case | None, disguise: Disguise) -> dict[str, Any]:
    outcome = run.outcome
    figures = numbers([facts[fact["id"]] for fact in outcome.get("facts") or () if fact["id"] in facts], facts)
    tools = [{"name": call["name"]} for call in outcome.get("tool_calls") or ()]
    return {
        "routes": list(run.routes),
        "escalate": case is not None or bool(outcome.get("escalated")),
        "slots": disguise.slots(run.slots),
        **({"numbers": figures} if figures else {}),
        **({"tools": {"match": "superset", "calls": tools}} if tools else {}),
        **({"citations": {"min": 1}} if outcome.get("citations") else {}),
        **({"locale": outcome["locale"]} if outcome.get("locale") else {}),
    }


def numbers(shown: Sequence[Fact], facts: Mapping[str, Fact]) -> list[dict[str, Any]]:
    """The figures shown that follow from the investor's own alone: what the data say of a market changes with them."""
    own = [fact for fact in shown if fact.source.kind == "computation" and _follows(fact, facts)]
    names = [f"{fact.key}_pct" if fact.unit == "percent" else fact.key for fact in own]
    of_several = Counter(names)
    counted: Counter[str] = Counter()
    found = []
    for name, fact in zip(names, own, strict=True):
        counted[name] += 1
        which = f"_{ascii_lowercase[(counted[name] - 1) % 26]}" if of_several[name] > 1 else ""
        found.append({"name": name + which, "value": float(f"{float(fact.value):.6g}")})
    return found


def _follows(fact: Fact, facts: Mapping[str, Fact]) -> bool:
    if fact.source.kind == "computation":
        return bool(fact.inputs) and all(name in facts and _follows(facts[name], facts) for name in fact.inputs)
    return fact.source.kind == "user"


def _tags(case: Case | None) -> list[str]:
    """`from_case`, why it was opened, and whether a person has answered it."""
    return [] if case is None else ["from_case", case.reason, *(["resolved"] if case.status == "resolved" else [])]
