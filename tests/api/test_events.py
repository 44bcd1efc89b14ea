"""Following a conversation: from where one left off, late, from too far ahead, together, and after leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from api import stream
from core.clock import now
from core.scope import Scope
from graphs import runner as running
from knowledge.records import conversations, event_log

from .support import PATIENCE, QUESTION, Frame, RunElsewhere, Service, Waiting, assert_strict_run, frames_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


def ids(frames: Sequence[Frame]) -> list[int | None]:
    return [frame.id for frame in frames]


async def test_a_reader_resumes_without_loss_or_repetition(service: Service) -> None:
    conversation = await service.start()
    await service.answer(conversation, "hola")
    await service.answer(conversation, "gracias")
    last = (await service.log(conversation))[-1][0]

    async def read(after: int | None, **headers: str) -> list[int | None]:
        async with service.follow(conversation, after, **headers) as reader:
            while (await reader.until("RUN_FINISHED"))[-1].id != last:
                pass
            return ids(reader.seen)

    for cursor in (0, 1, last // 2, last - 1):
        expected = list(range(cursor + 1, last + 1))
        assert await read(cursor) == expected
        assert await read(None, **{"Last-Event-ID": str(cursor)}) == expected
    assert await read(0, **{"Last-Event-ID": str(last - 1)}) == [last]


async def test_a_break_in_the_middle_of_an_answer_is_bridged_by_the_last_number(service: Service) -> None:
    conversation = await service.start()
    run = await RunElsewhere.begin(service, conversation)
    await run.write(("TEXT_MESSAGE_START", {"messageId": "answer", "role": "assistant"}))
    await run.say("uno ", "dos ")
    async with service.follow(conversation, 0) as first:
        while text_of(f.data for f in first.seen) != "uno dos ":
            await first.next()
    await run.say("tres ")  # while nobody listens
    cursor = first.seen[-1].id
    async with service.follow(conversation, None, **{"Last-Event-ID": str(cursor)}) as second:
        await run.say("cuatro")
        await run.finish(("TEXT_MESSAGE_END", {"messageId": "answer"}))
        await second.until("RUN_FINISHED")
    seen = [*first.seen, *second.seen]
    assert_strict_run(frame.data for frame in seen)
    assert text_of(frame.data for frame in seen) == "uno dos tres cuatro"
    assert ids(seen) == list(range(1, len(seen) + 1))


async def test_a_late_reader_gets_a_strict_run_that_begins_with_what_is_there(service: Service) -> None:
    conversation = await service.start()
    await service.answer(conversation, "hola")
    run = await RunElsewhere.begin(service, conversation, "¿y ahora?")
    await run.write(
        ("STEP_STARTED", {"stepName": "supervisor"}), ("STEP_FINISHED", {"stepName": "supervisor"}),
        ("STEP_STARTED", {"stepName": "roi"}), ("TEXT_MESSAGE_START", {"messageId": "answer", "role": "assistant"}),
    )
    written = await run.say("uno ", "dos ")
    async with service.follow(conversation) as reader:
        joined = await reader.until("TEXT_MESSAGE_START")
        await run.say("tres")
        await run.finish(("TEXT_MESSAGE_END", {"messageId": "answer"}), ("STEP_FINISHED", {"stepName": "roi"}))
        tail = await reader.until("RUN_FINISHED")
    assert [f.type for f in joined] == ["RUN_STARTED", "MESSAGES_SNAPSHOT", "STEP_STARTED", "TEXT_MESSAGE_START"]
    assert ids(joined) == [None] * 4  # a reader that breaks off here joins late again
    assert joined[0].data["runId"] == run.id
    assert joined[2].data["stepName"] == "roi"
    messages = joined[1].data["messages"]
    assert [m["content"] for m in messages][0::2] == ["hola", "¿y ahora?"]
    assert (messages[-1]["id"], messages[-1]["content"]) == ("answer", "uno dos ")
    assert tail[0].id == written + 1
    assert messages[-1]["content"] + text_of(f.data for f in tail) == "uno dos tres"
    assert_strict_run(frame.data for frame in reader.seen)


async def test_a_late_reader_of_an_answer_that_is_written_but_not_ended(service: Service) -> None:
    conversation = await service.start()
    run = await RunElsewhere.begin(service, conversation)
    await run.write(("TEXT_MESSAGE_START", {"messageId": "answer", "role": "assistant"}))
    await run.say("todo")
    await run.write(("TEXT_MESSAGE_END", {"messageId": "answer"}))
    async with service.follow(conversation) as reader:
        joined = await reader.until("MESSAGES_SNAPSHOT")
        await run.finish()
        await reader.until("RUN_FINISHED")
    assert joined[-1].data["messages"][-1]["content"] == "todo"
    assert_strict_run(frame.data for frame in reader.seen)


async def test_without_a_cursor_and_a_run_only_what_is_new_comes(service: Service) -> None:
    conversation = await service.start()
    await service.answer(conversation, "hola")
    async with service.follow(conversation) as reader:
        answer = await service.answer(conversation, "gracias")
        frames = await reader.until("RUN_FINISHED")
    assert_strict_run(frame.data for frame in frames)
    assert frames[0].data["runId"] == answer["run_id"]


async def test_a_cursor_of_another_life_gets_one_gap_and_goes_on_from_there(service: Service) -> None:
    conversation = await service.start()
    await service.answer(conversation, "hola")
    newest = (await service.log(conversation))[-1][0]
    async with service.follow(conversation, 10**9) as reader:
        gap = await reader.next()
        assert gap is not None
        await service.answer(conversation, "gracias")
        frames = await reader.until("RUN_FINISHED")
    assert (gap.event, gap.id) == ("ladrillo", newest)
    assert (gap.data["type"], gap.data["name"], gap.data["value"]) == ("CUSTOM", "ladrillo.gap", {"last_seq": newest})
    assert ids(frames) == list(range(newest + 1, newest + 1 + len(frames)))
    assert not any(f.data.get("name") == "ladrillo.gap" for f in frames)


async def test_a_cursor_of_another_life_during_a_run_joins_it(service: Service) -> None:
    conversation = await service.start()
    run = await RunElsewhere.begin(service, conversation)
    await run.write(("STEP_STARTED", {"stepName": "roi"}))
    async with service.follow(conversation, 10**9) as reader:
        await reader.until("MESSAGES_SNAPSHOT", "STEP_STARTED")
        await run.finish(("STEP_FINISHED", {"stepName": "roi"}))
        await reader.until("RUN_FINISHED")
    assert reader.seen[0].data["name"] == "ladrillo.gap"
    assert_strict_run(frame.data for frame in reader.seen[1:])


async def test_runs_follow_each_other_and_what_is_ours_stands_between_them(service: Service) -> None:
    conversation = await service.start()
    await service.answer(conversation, "hola")
    scope = Scope(role="adviser", subject="ana")
    ours = event_log.custom("ladrillo.operator.message", {"message_id": "m", "author": "ana", "text": "Buenas"})
    await event_log.append(service.database, scope, conversation.id, None, None, [("CUSTOM", ours)])
    await service.answer(conversation, "gracias")
    last = (await service.log(conversation))[-1][0]
    async with service.follow(conversation, 0) as reader:
        while (await reader.until("RUN_FINISHED"))[-1].id != last:
            pass
    between = [f for f in reader.seen if f.event == "ladrillo"]
    assert [f.data["name"] for f in between] == ["ladrillo.operator.message"]
    assert between[0].id is not None
    runs = [f.data for f in reader.seen if f.event is None]  # what an AG-UI client sees
    ends = [i for i, event in enumerate(runs) if event["type"] == "RUN_FINISHED"]
    assert_strict_run(runs[: ends[0] + 1])
    assert_strict_run(runs[ends[0] + 1 :])
    assert ids(reader.seen) == list(range(1, last + 1))


async def test_staff_notes_never_reach_a_visitor(service: Service) -> None:
    conversation = await service.start()
    staff = Scope(role="adviser", subject="ana")
    async with service.database.session(staff) as session:
        for role, body in (("operator", "Buenas tardes"), ("system", "cliente difícil")):
            await conversations.add_message(session, staff, conversation.id, role=role, author="ana", body=body)
    run = await RunElsewhere.begin(service, conversation)
    async with service.follow(conversation) as reader:
        snapshot = (await reader.until("MESSAGES_SNAPSHOT"))[-1]
    await run.finish()
    found = snapshot.data["messages"]
    assert [(m["role"], m.get("name"), m["content"]) for m in found] == [
        ("system", "ana", "Buenas tardes"), ("user", None, "hola"),
    ]
    assert [m["text"] for m in (await service.read(conversation))["messages"]] == ["Buenas tardes", "hola"]


async def test_a_visitor_sees_a_long_tool_result_shortened(service: Service) -> None:
    conversation = await service.start()
    run = await RunElsewhere.begin(service, conversation)
    result = {"messageId": "r", "toolCallId": "c", "content": "x" * 5000, "role": "tool"}
    await run.write(
        ("TOOL_CALL_START", {"toolCallId": "c", "toolCallName": "returns"}), ("TOOL_CALL_END", {"toolCallId": "c"}),
        ("TOOL_CALL_RESULT", result),
    )
    await run.finish()
    async with service.follow(conversation, 0) as reader:
        shown = (await reader.until("TOOL_CALL_RESULT"))[-1].data["content"]
    assert len(shown) < 500
    assert shown.startswith("xxx")


async def test_a_silent_connection_is_kept_open_by_comments(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert running.PING_SECONDS == stream.PING_SECONDS == 15
    monkeypatch.setattr(stream, "PING_SECONDS", 1.0)
    conversation = await service.start()
    async with service.follow(conversation) as reader:
        comment = await asyncio.wait_for(reader.comments.get(), PATIENCE)
    assert comment.startswith("ping")


async def test_nothing_on_the_way_may_hold_the_events_back(service: Service) -> None:
    conversation = await service.start()
    async with (
        service.follow(conversation, **{"Accept-Encoding": "gzip, br"}) as tail,
        service.stream(conversation, "hola") as run,
    ):
        for headers in (tail.response.headers, run.response.headers):
            assert headers["content-type"].startswith("text/event-stream")
            assert {"no-cache", "no-transform"} <= set(headers["cache-control"].split(", "))
            assert headers["x-accel-buffering"] == "no"
            assert "content-encoding" not in headers
        await run.rest()


async def test_leaving_is_not_stopping(service: Service, waiting: Waiting) -> None:
    conversation = await service.start()
    async with service.stream(conversation, QUESTION):
        await waiting.begun()
    assert (await service.read(conversation))["run"]["status"] == "running"
    async with service.follow(conversation, 0) as back:
        waiting.go.set()
        await back.until("RUN_FINISHED")
    assert_strict_run(frame.data for frame in back.seen)
    assert [m["role"] for m in (await service.read(conversation))["messages"]] == ["user", "assistant"]


async def test_two_readers_see_the_same(service: Service) -> None:
    conversation = await service.start()
    async with service.follow(conversation, 0) as one, service.follow(conversation, 0) as two:
        async with service.stream(conversation, QUESTION) as run:
            await run.rest()
        await one.until("RUN_FINISHED")
        await two.until("RUN_FINISHED")
    assert one.seen == two.seen == run.seen


async def test_a_run_whose_process_died_ends_for_those_who_wait(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PING_SECONDS", 0.05)
    conversation = await service.start()
    run = await RunElsewhere.begin(service, conversation, "hola")
    await run.write(("STEP_STARTED", {"stepName": "roi"}))
    async with service.follow(conversation, 0) as reader:
        await reader.until("STEP_STARTED")
        async with service.database.session(Scope()) as session:
            await session.execute(
                text("UPDATE runs SET lease_until = :past WHERE id = :id"),
                {"past": now() - timedelta(seconds=1), "id": run.id},
            )
        await reader.until("RUN_ERROR")
    assert_strict_run(frame.data for frame in reader.seen)
    end = reader.seen[-1].data
    assert (end["code"], end["retryable"]) == ("process_died", True)
    assert (await service.read(conversation))["run"] is None
    again = await service.answer(conversation, "hola")
    assert again["status"] == "finished"


@pytest.mark.parametrize(("wish", "told", "words"), [("es", "en", "try again"), ("en", None, "try again")])
async def test_a_dead_run_is_told_in_the_language_of_its_answer(
    service: Service, wish: str, told: str | None, words: str
) -> None:
    conversation = await service.start(language=wish)
    run = await RunElsewhere.begin(service, conversation, "hi")
    if told:
        await run.write(("STATE_DELTA", {"delta": [{"op": "add", "path": "/language", "value": told}]}))
    async with service.database.session(Scope()) as session:
        await session.execute(
            text("UPDATE runs SET lease_until = :past WHERE id = :id"),
            {"past": now() - timedelta(seconds=1), "id": run.id},
        )
    await conversations.end_expired(service.database, Scope(), conversation.id)
    assert words in (await service.log(conversation))[-1][2]["message"]


async def test_the_lines_of_the_stream_end_in_one_way(service: Service) -> None:
    conversation = await service.start()
    response = await service.client.post(
        f"{conversation.path}/runs", json={"text": "hola"}, headers={**conversation.auth, "Accept": "text/event-stream"}
    )
    assert "\r" not in response.text
    assert_strict_run(frame.data for frame in frames_of(response.text))
