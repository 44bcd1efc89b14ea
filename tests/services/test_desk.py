"""Working a case: every step changes case, conversation, transcript and log together, also when two come at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from core.database import Database
from core.errors import BadInput, Conflict, Denied, NotFound
from core.scope import Role, Scope
from knowledge.records import cases, conversations, event_log
from services import desk

VISITOR = Scope(subject="v")
ANA, LUIS = Scope(role="adviser", subject="ana"), Scope(role="adviser", subject="luis")


async def opened(database: Database) -> tuple[str, str]:
    """A conversation with one message and an open case: their names."""
    async with database.session(VISITOR) as session:
        row, _ = await conversations.create(session, VISITOR, visitor="v", channel="test")
        await conversations.add_message(session, VISITOR, row.id, role="user", body="hola", client_message_id="k")
        case, _ = await cases.open_case(
            session, VISITOR, conversation_id=row.id, run_id=None, reason="asked_person", reason_text="Pidió una persona.",
            evidence={"confidence": 0.4}, draft="un borrador", language="es", country="CO",
        )
        return row.id, cases.label(case)


async def state(database: Database, conversation_id: str) -> dict[str, Any]:
    """What the four places say."""
    async with database.session(VISITOR) as session:
        row = await conversations.get(session, conversation_id)
        messages = await conversations.transcript(session, conversation_id)
    events = await event_log.read(database, VISITOR, conversation_id, 0)
    return {
        "owner": row.owner, "epoch": row.epoch, "messages": [(m.role, m.author, m.text) for m in messages],
        "events": [e["name"].removeprefix("ladrillo.") for _, _, e in events],
    }


async def test_a_claim_a_reply_and_a_return_leave_one_story(database: Database) -> None:
    conversation, case = await opened(database)
    assert (await desk.claim(database, ANA, case))["assignee"] == "ana"
    await desk.reply(database, ANA, case, "  Buenas tardes ")
    assert await state(database, conversation) == {
        "owner": "person", "epoch": 1, "messages": [("user", "", "hola"), ("operator", "ana", "Buenas tardes")],
        "events": ["case.claimed", "operator.message"],
    }
    returned = await desk.close(database, ANA, case, "return", "Le llama el banco.")
    assert (returned["status"], returned["resolution"]) == ("returned", "Le llama el banco.")
    after = await state(database, conversation)
    assert (after["owner"], after["epoch"]) == ("bot", 2)
    assert after["messages"][-1] == ("system", "ana", "Le llama el banco.")
    assert after["events"] == ["case.claimed", "operator.message", "case.returned"]
    whole = await desk.whole(database, ANA, case)
    assert (whole["draft"], whole["confidence"], len(whole["messages"])) == ("un borrador", 0.4, 3)
    assert [(step["actor"], step["action"]) for step in whole["history"]] == [
        ("v", "opened"), ("ana", "claim"), ("ana", "reply"), ("ana", "return"),
    ]


async def test_of_two_claims_at_once_one_holds(database: Database) -> None:
    conversation, case = await opened(database)
    results = await asyncio.gather(
        *(desk.claim(database, who, case) for who in (ANA, LUIS)), return_exceptions=True
    )
    [held] = [r for r in results if not isinstance(r, BaseException)]
    [lost] = [r for r in results if isinstance(r, BaseException)]
    assert isinstance(lost, Conflict)
    assert (await desk.whole(database, ANA, case))["assignee"] == held["assignee"]
    assert (await state(database, conversation))["events"] == ["case.claimed"]


async def test_a_reply_sent_twice_at_once_is_said_once(database: Database) -> None:
    conversation, case = await opened(database)
    await asyncio.gather(*(desk.reply(database, ANA, case, "Buenas", key="k") for _ in range(4)))
    said = await state(database, conversation)
    assert said["messages"] == [("user", "", "hola"), ("operator", "ana", "Buenas")]
    assert said["events"] == ["case.claimed", "operator.message"]
    assert said["epoch"] == 1


async def test_a_step_that_cannot_be_taken_changes_nothing(database: Database) -> None:
    conversation, case = await opened(database)
    before = await state(database, conversation)
    with pytest.raises(BadInput):
        await desk.reply(database, ANA, case, " ")
    with pytest.raises(BadInput):
        await desk.close(database, ANA, case, "delete", None)
    with pytest.raises(NotFound):
        await desk.claim(database, ANA, "C-1")
    assert await state(database, conversation) == before
    await desk.claim(database, ANA, case)
    held = await state(database, conversation)
    with pytest.raises(Conflict) as taken:
        await desk.reply(database, LUIS, case, "yo")
    assert "ana" in taken.value.en
    assert "ana" in taken.value.es
    assert await state(database, conversation) == held


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("visitor", False), ("supervisor", True), ("admin", True)])
async def test_roles(database: Database, role: Role, may: bool) -> None:
    _, case = await opened(database)
    scope = Scope(role=role, subject="x")
    if may:
        assert (await desk.reply(database, scope, case, "hola"))["assignee"] == "x"
        return
    for step in (
        desk.claim(database, scope, case), desk.reply(database, scope, case, "hola"),
        desk.close(database, scope, case, "resolve", None),
    ):
        with pytest.raises(Denied):
            await step


async def test_a_conversation_that_is_erased_takes_its_case_along(database: Database) -> None:
    conversation, case = await opened(database)
    await desk.claim(database, ANA, case)
    async with database.session(VISITOR) as session:
        await session.execute(text("DELETE FROM conversations WHERE id = :id"), {"id": conversation})
    assert await desk.listed(database, ANA, None, 10) == []
    with pytest.raises(NotFound):
        await desk.reply(database, ANA, case, "¿hola?")
