"""A turn is a run: logged before it is seen, once, in order, and always ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from ag_ui.core import Event
from langchain_core.messages import AIMessage
from pydantic import TypeAdapter
from sqlalchemy import text

from core.clock import now
from core.database import Database
from core.scope import Scope
from graphs.context import Staff
from graphs.runner import Runner
from knowledge.records import conversations, event_log
from knowledge.records.conversations import RunActive
from knowledge.records.event_log import Fenced

SCOPE = Scope(subject="visitor")
EVENT: TypeAdapter[Any] = TypeAdapter(Event)


async def new_conversation(database: Database, **values: Any) -> str:
    async with database.session(SCOPE) as session:
        row, _ = await conversations.create(session, SCOPE, visitor="visitor", channel="test", **values)
        return row.id


async def events_of(database: Database, conversation_id: str) -> list[dict[str, Any]]:
    return [payload for _, _, payload in await event_log.read(database, SCOPE, conversation_id, 0)]


def assert_strict_run(events: list[dict[str, Any]]) -> None:
    """What an AG-UI verifier asks of one run."""
    for event in events:
        EVENT.validate_python(event)
    assert events[0]["type"] == "RUN_STARTED"
    assert events[-1]["type"] in ("RUN_FINISHED", "RUN_ERROR")
    assert sum(e["type"].startswith("RUN_") for e in events) == 2
    steps = [e["stepName"] for e in events if e["type"] == "STEP_STARTED"]
    assert len(steps) == len(set(steps))
    assert event_log.open_ends(events) == []
    open_message = None
    for event in events:
        if event["type"] == "TEXT_MESSAGE_START":
            assert open_message is None
            open_message = event["messageId"]
        elif event["type"] == "TEXT_MESSAGE_CONTENT":
            assert event["messageId"] == open_message
            assert 0 < len(event["delta"]) <= 64
        elif event["type"] == "TEXT_MESSAGE_END":
            open_message = None


class Waiting:
    """An agent that says it has begun and then waits to be let go."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def astream(self, *_: Any, **__: Any) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        self.begun.set()
        await self.go.wait()
        yield "updates", {"model": {"messages": [AIMessage("Listo.")]}}


class WaitingStaff(Staff):
    def __init__(self, staff: Staff, agent: Waiting) -> None:
        self.models, self.threshold, self._waiting = staff.models, staff.threshold, agent

    def agent(self, route: str) -> Any:
        return self._waiting


QUESTION = "¿qué rentabilidad bruta deja un apto de 450 millones arrendado en 2,3 millones?"


async def test_a_turn_is_logged_in_order_and_stored(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    outcome = await runner.ask(SCOPE, conversation_id, "hola")
    assert outcome["status"] == "finished"
    assert outcome["routes"] == ["none"]
    rows = await event_log.read(database, SCOPE, conversation_id, 0)
    assert [seq for seq, _, _ in rows] == list(range(1, len(rows) + 1))
    events = [payload for _, _, payload in rows]
    assert_strict_run(events)
    assert events[-1]["outcome"] == {"type": "success"}
    shown = "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT")
    async with database.session(SCOPE) as session:
        messages = await conversations.transcript(session, conversation_id)
    assert [(m.role, m.text) for m in messages] == [("user", "hola"), ("assistant", shown)]
    assert shown == outcome["answer"]
    assert messages[1].id == next(e["messageId"] for e in events if e["type"] == "TEXT_MESSAGE_START")


async def test_figures_of_the_answer_are_facts_with_their_source(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    outcome = await runner.ask(SCOPE, conversation_id, QUESTION)
    assert outcome["routes"] == ["roi"]
    assert "6,13" in outcome["answer"]
    events = await events_of(database, conversation_id)
    assert_strict_run(events)
    facts = next(e["value"]["facts"] for e in events if e.get("name") == "ladrillo.facts")
    gross = next(f for f in facts if f["key"] == "gross_yield")
    assert gross["source"]["kind"] == "computation"
    assert any("6,13" in shown for shown in gross["shown_as"])
    async with database.session(SCOPE) as session:
        kept = (await session.execute(text("SELECT id FROM facts WHERE shown"))).scalars().all()
    assert gross["id"] in kept


async def test_the_same_client_message_id_joins_the_same_run(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    first = await runner.send(SCOPE, conversation_id, "hola", client_message_id="m-1")
    again = await runner.send(SCOPE, conversation_id, "hola", client_message_id="m-1")
    assert (first.outcome, again.outcome) == ("started", "joined")
    assert again.run_id == first.run_id
    await runner.ended(SCOPE, conversation_id, again)
    late = await runner.send(SCOPE, conversation_id, "hola", client_message_id="m-1")
    assert late.run_id == first.run_id
    tail = [p async for _, _, p in runner.tail(SCOPE, conversation_id, late.seq, run_id=late.run_id)]
    assert_strict_run(tail)
    async with database.session(SCOPE) as session:
        assert len(await conversations.transcript(session, conversation_id)) == 2


async def test_a_second_message_while_one_runs_is_refused_and_not_stored(runner: Runner, database: Database) -> None:
    waiting = Waiting()
    runner.staff = WaitingStaff(runner.staff, waiting)
    conversation_id = await new_conversation(database)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    await waiting.begun.wait()
    with pytest.raises(RunActive) as refused:
        await runner.send(SCOPE, conversation_id, "otra")
    assert refused.value.run_id == sent.run_id
    async with database.session(SCOPE) as session:
        assert [m.text for m in await conversations.transcript(session, conversation_id)] == [QUESTION]
    waiting.go.set()
    await runner.ended(SCOPE, conversation_id, sent)


async def test_many_sends_at_once_start_one_run(runner: Runner, database: Database) -> None:
    waiting = Waiting()
    runner.staff = WaitingStaff(runner.staff, waiting)
    conversation_id = await new_conversation(database)
    results = await asyncio.gather(
        *(runner.send(SCOPE, conversation_id, QUESTION, client_message_id=f"m{i}") for i in range(6)),
        return_exceptions=True,
    )
    assert sum(not isinstance(r, BaseException) for r in results) == 1
    assert sum(isinstance(r, RunActive) for r in results) == 5
    async with database.session(SCOPE) as session:
        assert len(await conversations.transcript(session, conversation_id)) == 1
    waiting.go.set()


async def test_a_stop_ends_the_run_as_cancelled(runner: Runner, database: Database) -> None:
    waiting = Waiting()
    runner.staff = WaitingStaff(runner.staff, waiting)
    conversation_id = await new_conversation(database)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    await waiting.begun.wait()
    assert await runner.stop(SCOPE, conversation_id) == sent.run_id
    await runner.ended(SCOPE, conversation_id, sent)
    assert (await runner.outcome(SCOPE, sent.run_id or ""))["status"] == "cancelled"
    events = await events_of(database, conversation_id)
    assert_strict_run(events)
    assert events[-1]["outcome"] == {"type": "cancelled"}
    assert await runner.stop(SCOPE, conversation_id) is None


async def test_a_person_who_takes_over_silences_the_run(runner: Runner, database: Database) -> None:
    waiting = Waiting()
    runner.staff = WaitingStaff(runner.staff, waiting)
    conversation_id = await new_conversation(database)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    await waiting.begun.wait()
    async with database.session(SCOPE) as session:
        await conversations.hand_over(session, SCOPE, conversation_id, "person")
    waiting.go.set()
    await runner.ended(SCOPE, conversation_id, sent)
    events = await events_of(database, conversation_id)
    assert_strict_run(events)
    assert events[-1]["outcome"] == {"type": "cancelled"}
    async with database.session(SCOPE) as session:
        assert [m.role for m in await conversations.transcript(session, conversation_id)] == ["user"]
    silent = await runner.send(SCOPE, conversation_id, "¿sigue ahí?")
    assert (silent.outcome, silent.run_id) == ("person", None)


async def test_a_writer_of_an_earlier_epoch_is_fenced(database: Database) -> None:
    conversation_id = await new_conversation(database)
    entry = ("RUN_STARTED", {"threadId": conversation_id, "runId": "r"})
    assert await event_log.append(database, SCOPE, conversation_id, "r", 0, [entry]) == 1
    async with database.session(SCOPE) as session:
        await conversations.hand_over(session, SCOPE, conversation_id, "person")
    with pytest.raises(Fenced):
        await event_log.append(database, SCOPE, conversation_id, "r", 0, [entry])
    assert len(await events_of(database, conversation_id)) == 1


async def test_concurrent_writers_leave_no_gap_and_no_double_number(database: Database) -> None:
    conversation_id = await new_conversation(database)
    entry = ("CUSTOM", {"name": "x", "value": {}})
    await asyncio.gather(
        *(event_log.append(database, SCOPE, conversation_id, None, 0, [entry, entry]) for _ in range(15))
    )
    rows = await event_log.read(database, SCOPE, conversation_id, 0)
    assert [seq for seq, _, _ in rows] == list(range(1, 31))


async def test_a_run_whose_process_died_is_ended_by_the_next(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    sent = await conversations.send(
        database, SCOPE, conversation_id, QUESTION, client_message_id=None, brain="builtin", lease_owner="dead:1"
    )
    started = [("RUN_STARTED", {"threadId": conversation_id, "runId": sent.run_id}), ("STEP_STARTED", {"stepName": "roi"})]
    await event_log.append(database, SCOPE, conversation_id, sent.run_id, 0, started)
    async with database.session(SCOPE) as session:
        await session.execute(text("UPDATE runs SET lease_until = :past"), {"past": now() - timedelta(seconds=1)})
    outcome = await runner.ask(SCOPE, conversation_id, "hola")
    assert outcome["status"] == "finished"
    events = await events_of(database, conversation_id)
    dead = [e for e in events if e.get("runId") in (None, sent.run_id)][:4]
    assert [e["type"] for e in dead] == ["RUN_STARTED", "STEP_STARTED", "STEP_FINISHED", "RUN_ERROR"]
    assert dead[-1]["retryable"] is True
    async with database.session(SCOPE) as session:
        assert (await conversations.transcript(session, conversation_id))[0].text == QUESTION


async def test_a_process_that_slept_through_its_lease_cannot_go_on(runner: Runner, database: Database) -> None:
    waiting = Waiting()
    runner.staff = WaitingStaff(runner.staff, waiting)
    conversation_id = await new_conversation(database)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    await waiting.begun.wait()
    async with database.session(SCOPE) as session:
        await session.execute(text("UPDATE runs SET lease_until = :past"), {"past": now() - timedelta(seconds=1)})
    await conversations.end_expired(database, SCOPE, conversation_id)
    waiting.go.set()
    outcome = await runner.ended(SCOPE, conversation_id, sent)
    assert (outcome["status"], outcome["error_code"]) == ("failed", "process_died")
    events = await events_of(database, conversation_id)
    assert_strict_run(events)
    assert events[-1]["type"] == "RUN_ERROR"
    async with database.session(SCOPE) as session:
        assert [m.role for m in await conversations.transcript(session, conversation_id)] == ["user"]
    again = await runner.ask(SCOPE, conversation_id, "hola")
    assert again["status"] == "finished"


async def test_a_lease_that_still_holds_is_left_alone(runner: Runner, database: Database) -> None:
    waiting = Waiting()
    runner.staff = WaitingStaff(runner.staff, waiting)
    conversation_id = await new_conversation(database)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    await waiting.begun.wait()
    await conversations.end_expired(database, SCOPE, conversation_id)
    waiting.go.set()
    assert (await runner.ended(SCOPE, conversation_id, sent))["status"] == "finished"


async def test_a_log_that_cannot_be_written_ends_the_run_at_once(
    runner: Runner, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: Any, **__: Any) -> int:
        raise ValueError("this cannot be written")

    monkeypatch.setattr(event_log, "append", breaks)
    conversation_id = await new_conversation(database)
    outcome = await runner.ask(SCOPE, conversation_id, "hola")
    assert (outcome["status"], outcome["error_code"]) == ("failed", "internal")
    assert_strict_run(await events_of(database, conversation_id))


async def test_a_takeover_and_an_end_at_the_same_time_wait_for_each_other(runner: Runner, database: Database) -> None:
    """Whoever locked the run first and the conversation second would be one half of a deadlock."""
    waiting = Waiting()
    runner.staff = WaitingStaff(runner.staff, waiting)
    conversation_id = await new_conversation(database)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    async for _, _, payload in runner.tail(SCOPE, conversation_id, 0):
        if payload.get("stepName") == "roi":
            break
    blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
    async with database.session(SCOPE) as session:
        await session.execute(text("SELECT FROM conversations WHERE id = :c FOR UPDATE"), {"c": conversation_id})
        await runner.stop(SCOPE, conversation_id)
        async with asyncio.timeout(30):
            while not (await session.execute(blocked)).scalar_one():  # the run's end has come as far as it can
                pass
        await conversations.hand_over(session, SCOPE, conversation_id, "person")
    assert (await runner.ended(SCOPE, conversation_id, sent))["error_code"] == "taken_over"
    assert_strict_run(await events_of(database, conversation_id))


async def test_closing_ends_what_runs_with_a_retry(runner: Runner, database: Database, database_url: str) -> None:
    waiting = Waiting()
    runner.staff = WaitingStaff(runner.staff, waiting)
    conversation_id = await new_conversation(database)
    await runner.send(SCOPE, conversation_id, QUESTION)
    await waiting.begun.wait()
    await runner.close()
    again = Database(database_url)
    events = await events_of(again, conversation_id)
    await again.close()
    assert_strict_run(events)
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "process_died")


async def test_a_turn_that_takes_too_long_fails_with_a_retry(runner: Runner, database: Database) -> None:
    runner.resources.settings = runner.resources.settings.model_copy(update={"turn_timeout": 0.3})
    runner.staff = WaitingStaff(runner.staff, Waiting())
    conversation_id = await new_conversation(database)
    outcome = await runner.ask(SCOPE, conversation_id, QUESTION)
    assert (outcome["status"], outcome["error_code"]) == ("failed", "timeout")
    assert_strict_run(await events_of(database, conversation_id))


async def test_a_reader_gets_what_is_written_while_it_waits(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    seen: list[str] = []

    async def read() -> None:
        async for _, _, payload in runner.tail(SCOPE, conversation_id, 0):
            seen.append(payload["type"])
            if payload["type"] == "RUN_FINISHED":
                return

    reader = asyncio.create_task(read())
    await runner.ask(SCOPE, conversation_id, "hola")
    await asyncio.wait_for(reader, 5)
    assert seen[0] == "RUN_STARTED"


async def test_a_long_conversation_keeps_few_checkpoints(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    for _ in range(11):
        assert (await runner.ask(SCOPE, conversation_id, "hola"))["status"] == "finished"
    config: Any = {"configurable": {"thread_id": conversation_id}}
    kept = [c async for c in runner.checkpoints.saver.alist(config)]
    assert 1 <= len(kept) <= 14


async def test_what_was_said_before_is_remembered(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    await runner.ask(SCOPE, conversation_id, QUESTION)
    outcome = await runner.ask(SCOPE, conversation_id, "¿y si lo arriendo en 3 millones?")
    assert outcome["routes"] == ["roi"]
    assert outcome["slots"]["price"] == 450_000_000
    assert outcome["slots"]["monthly_rent"] == 3_000_000
    assert outcome["answer"].startswith("**8\u00a0% bruto")


async def test_an_open_case_is_told_in_every_later_turn(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    assert (await runner.ask(SCOPE, conversation_id, "hola"))["escalated"] is False
    opened = await runner.ask(SCOPE, conversation_id, "quiero hablar con una persona")
    assert opened["routes"] == ["human"]
    assert opened["case"]["case"] in opened["answer"]
    later = await runner.ask(SCOPE, conversation_id, QUESTION)
    assert (later["routes"], later["escalated"], later["case"]) == (["roi"], True, None)
    assert "6,13" in later["answer"]


async def test_what_was_told_outside_any_question_is_known_in_the_next_turn(runner: Runner, database: Database) -> None:
    conversation_id = await new_conversation(database)
    told = await runner.ask(SCOPE, conversation_id, "Mi abuela vive al lado de un estudio en Lavapiés, jaja")
    after = await runner.ask(SCOPE, conversation_id, "muchas gracias")
    asked = await runner.ask(SCOPE, conversation_id, "¿cuándo se puede ver?")
    assert (told["routes"], after["routes"], asked["routes"]) == (["none"], ["none"], ["lead_qualification"])
    assert (asked["slots"]["neighbourhood"], asked["slots"]["property_type"]) == ("Lavapiés", "studio")
