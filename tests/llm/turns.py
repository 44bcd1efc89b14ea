"""What the tests of the language model ask, and how they look at a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from core.database import Database
from core.scope import Scope
from graphs.runner import Runner
from knowledge.records import conversations, event_log

SCOPE = Scope(subject="visitor")
QUESTION = "¿Qué rentabilidad bruta deja un apartamento en Bogotá de 450 millones de pesos arrendado en 2,3 millones?"
ARGS: dict[str, Any] = {
    "price": 450_000_000, "monthly_rent": 2_300_000, "currency": "COP", "country": "CO", "measures": ["gross_yield"],
}
FIRST = "La rentabilidad bruta es **6,13 %** al año."
SECOND = "Sale de un arriendo de $2.300.000 al mes sobre un precio de $450.000.000."
ANSWER = f"{FIRST} {SECOND}"


@dataclass
class Turn:
    """A turn as the log, the transcript and the run's row tell it."""

    outcome: dict[str, Any]
    events: list[dict[str, Any]]
    shown: str
    stored: str
    run: dict[str, Any]


async def new_conversation(database: Database, **values: Any) -> str:
    async with database.session(SCOPE) as session:
        row, _ = await conversations.create(session, SCOPE, visitor="visitor", channel="test", **values)
        return row.id


async def ask(runner: Runner, database: Database, question: str = QUESTION, conversation_id: str | None = None) -> Turn:
    conversation_id = conversation_id or await new_conversation(database)
    outcome = await runner.ask(SCOPE, conversation_id, question)
    return await turn_of(database, conversation_id, outcome)


async def turn_of(database: Database, conversation_id: str, outcome: dict[str, Any]) -> Turn:
    """Also holds what must be true of every turn: what is shown is what is stored, and every binding points into it."""
    rows = await event_log.read(database, SCOPE, conversation_id, 0)
    events = [payload for _, run, payload in rows if run == outcome["run_id"]]
    shown = "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT")
    async with database.session(SCOPE) as session:
        messages = await conversations.transcript(session, conversation_id)
        row = (await session.execute(text("SELECT * FROM runs WHERE id = :id"), {"id": outcome["run_id"]})).mappings().one()
    stored = messages[-1].text
    assert outcome["status"] == "finished", outcome
    assert messages[-1].role == "assistant"
    assert shown == stored == outcome["answer"]
    for binding in outcome["bindings"]:
        assert shown[binding["start"]:binding["end"]].strip() == binding["shown"]
    for fact in next(e["value"]["facts"] for e in events if e.get("name") == "ladrillo.facts"):
        assert all(string in shown for string in fact["shown_as"])
    return Turn(outcome, events, shown, stored, dict(row))
