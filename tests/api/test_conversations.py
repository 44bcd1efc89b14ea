"""Starting a conversation, sending, reading, stopping: what a program that talks to the API can rely on."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.scope import Scope
from knowledge.records import conversations

from .support import (
    QUESTION,
    Conversation,
    RunElsewhere,
    Service,
    Waiting,
    assert_error,
    assert_strict_run,
    bearer,
    text_of,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_conversation_is_started_with_the_key_that_opens_it(service: Service) -> None:
    response = await service.client.post("/api/conversations", json={"language": "en", "country": "ES"})
    assert response.status_code == 201
    started = response.json()
    assert started["language"] == "en"
    found = await service.read(Conversation(started["id"], started["token"]))
    assert (found["language"], found["country"], found["owner"], found["messages"]) == ("en", "ES", "bot", [])
    async with service.database.session(Scope()) as session:
        kept = await session.execute(text("SELECT to_jsonb(c)::text FROM conversations c WHERE id = :i"), {"i": started["id"]})
        assert started["token"] not in kept.scalar_one()


async def test_it_starts_without_a_body(service: Service) -> None:
    response = await service.client.post("/api/conversations")
    assert response.status_code == 201
    assert response.json()["language"] is None


@pytest.mark.parametrize(
    ("method", "rest"), [("GET", ""), ("POST", "/runs"), ("GET", "/events"), ("POST", "/stop")]
)
async def test_only_its_own_token_opens_it_and_an_unknown_id_looks_the_same(
    service: Service, method: str, rest: str
) -> None:
    own, other = await service.start(), await service.start()
    body = {"json": {"text": "hola"}} if rest == "/runs" else {}
    answers = {
        name: await service.client.request(method, path + rest, headers=headers, **body)  # type: ignore[arg-type]
        for name, path, headers in (
            ("none", own.path, {}),
            ("basic", own.path, {"Authorization": f"Basic {own.token}"}),
            ("wrong", own.path, bearer("x" * 32)),
            ("other", own.path, other.auth),
            ("unknown", "/api/conversations/conv_unknown", own.auth),
        )
    }
    for response in answers.values():
        assert_error(response, 401, "unauthenticated")
        assert response.headers["www-authenticate"] == "Bearer"
    assert answers["wrong"].json() == answers["other"].json() == answers["unknown"].json()
    assert (await service.read(own))["messages"] == []


async def test_an_answer_as_json_has_its_figures_with_their_source(service: Service) -> None:
    conversation = await service.start()
    answer = await service.answer(conversation, QUESTION)
    assert (answer["status"], answer["routes"], answer["error"]) == ("finished", ["roi"], None)
    assert answer["conversation_id"] == conversation.id
    assert "6,13" in answer["answer"]
    gross = next(f for f in answer["facts"] if f["key"] == "gross_yield")
    assert gross["source"]["kind"] == "computation"
    assert gross["value"] == pytest.approx(2.3 * 12 / 450 * 100, rel=1e-3)
    assert answer["ms"] >= 0


async def test_an_answer_as_events_is_a_strict_run_numbered_as_in_the_log(service: Service) -> None:
    conversation = await service.start()
    async with service.stream(conversation, QUESTION) as reader:
        assert reader.response.headers["content-type"].startswith("text/event-stream")
        frames = await reader.rest()
    assert_strict_run(frame.data for frame in frames)
    log = await service.log(conversation)
    assert [frame.id for frame in frames] == [seq for seq, _, _ in log]
    assert [frame.event for frame in frames] == [None] * len(frames)
    assert frames[0].data["threadId"] == conversation.id
    stored = (await service.read(conversation))["messages"][-1]
    assert stored["text"] == text_of(frame.data for frame in frames)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream, application/json;q=0.5", "text/event-stream"),
    ],
)
async def test_the_accept_header_chooses_the_form(service: Service, accept: str, kind: str) -> None:
    conversation = await service.start()
    response = await service.client.post(
        f"{conversation.path}/runs", json={"text": "hola"}, headers={**conversation.auth, "Accept": accept}
    )
    assert response.headers["content-type"].startswith(kind)


async def test_the_same_client_message_id_joins_the_same_run(service: Service) -> None:
    conversation = await service.start()
    first = (await service.send(conversation, "hola", client_message_id="m 1")).json()
    again = (await service.send(conversation, "hola", client_message_id="m 1")).json()
    assert again["run_id"] == first["run_id"]
    assert again["answer"] == first["answer"]
    async with service.stream(conversation, "hola", client_message_id="m 1") as reader:
        replay = await reader.rest()
    assert_strict_run(frame.data for frame in replay)
    assert replay[0].data["runId"] == first["run_id"]
    assert [m["role"] for m in (await service.read(conversation))["messages"]] == ["user", "assistant"]


async def test_a_repeated_send_while_it_runs_joins_and_another_message_is_refused(
    service: Service, waiting: Waiting
) -> None:
    conversation = await service.start()
    async with service.stream(conversation, QUESTION, client_message_id="a") as reader:
        await waiting.begun()
        refused = await service.send(conversation, "otra cosa", client_message_id="b")
        assert_error(refused, 409, "run_active")
        async with service.stream(conversation, QUESTION, client_message_id="a") as second:
            begun = (await second.until("RUN_STARTED"))[-1]
            assert refused.json()["error"]["run_id"] == begun.data["runId"]
            assert [m["text"] for m in (await service.read(conversation))["messages"]] == [QUESTION]
            waiting.go.set()
            await second.rest()
        await reader.rest()
    assert [f.data for f in reader.seen] == [f.data for f in second.seen]
    later = await service.send(conversation, "hola", client_message_id="b")
    assert later.json()["status"] == "finished"


async def test_while_a_person_owns_it_a_message_is_stored_for_them(service: Service) -> None:
    conversation = await service.start()
    async with service.database.session(Scope()) as session:
        await conversations.hand_over(session, Scope(), conversation.id, "person")
    async with service.follow(conversation, 0) as reader:
        first = await service.send(conversation, "¿sigue ahí?", client_message_id="q")
        assert first.status_code == 202
        told = (await reader.until("ladrillo.user.message"))[-1]
    assert first.json() == {"owner": "person", "message_id": told.data["value"]["message_id"]}
    assert (told.event, told.data["value"]["text"]) == ("ladrillo", "¿sigue ahí?")
    again = await service.client.post(
        f"{conversation.path}/runs", json={"text": "¿sigue ahí?", "client_message_id": "q"},
        headers={**conversation.auth, "Accept": "text/event-stream"},
    )
    assert (again.status_code, again.json()) == (202, first.json())
    found = await service.read(conversation)
    assert (found["owner"], [m["text"] for m in found["messages"]]) == ("person", ["¿sigue ahí?"])


async def test_a_reload_gets_the_messages_with_what_stood_beside_them(service: Service) -> None:
    conversation = await service.start()
    await service.answer(conversation, QUESTION)
    found = await service.read(conversation)
    assert found["run"] is None
    assert found["last_seq"] == (await service.log(conversation))[-1][0]
    user, assistant = found["messages"]
    assert (user["role"], user["text"]) == ("user", QUESTION)
    assert assistant["role"] == "assistant"
    assert (assistant["details"]["routes"], assistant["details"]["language"]) == (["roi"], "es")
    assert any("6,13" in shown for f in assistant["details"]["facts"] for shown in f["shown_as"])


@pytest.mark.parametrize(("question", "language"), [(QUESTION, "es"), ("what can you do?", "en")])
async def test_the_language_is_known_before_the_answer_begins(service: Service, question: str, language: str) -> None:
    conversation = await service.start()
    await service.answer(conversation, question)
    events = [event for *_, event in await service.log(conversation)]
    spoken = {"op": "add", "path": "/language", "value": language}
    said = next(at for at, event in enumerate(events) if event.get("delta") == [spoken])
    assert [e["type"] for e in events[:said]] == ["RUN_STARTED", "STEP_STARTED"]


async def test_a_reload_during_a_run_is_told_of_it_and_where_to_follow(service: Service) -> None:
    conversation = await service.start()
    await service.answer(conversation, "hola")
    run = await RunElsewhere.begin(service, conversation, "¿y ahora?")
    await run.write(("STEP_STARTED", {"stepName": "roi"}))
    found = await service.read(conversation)
    assert found["run"] == {"id": run.id, "status": "running"}
    assert [m["text"] for m in found["messages"]][-1] == "¿y ahora?"
    async with service.follow(conversation, found["last_seq"]) as reader:
        await run.finish(("STEP_FINISHED", {"stepName": "roi"}))
        frames = await reader.until("RUN_FINISHED")
    assert_strict_run(frame.data for frame in frames)
    assert frames[0].data["runId"] == run.id


async def test_a_stop_ends_the_answer_as_cancelled(service: Service, waiting: Waiting) -> None:
    conversation = await service.start()
    nothing = await service.client.post(f"{conversation.path}/stop", headers=conversation.auth)
    assert nothing.json() == {"run_id": None}
    async with service.stream(conversation, QUESTION) as reader:
        await waiting.begun()
        stopped = await service.client.post(f"{conversation.path}/stop", headers=conversation.auth)
        frames = await reader.rest()
    assert_strict_run(frame.data for frame in frames)
    assert stopped.json() == {"run_id": frames[0].data["runId"]}
    assert frames[-1].data["outcome"] == {"type": "cancelled"}
    found = await service.read(conversation)
    assert (found["run"], [m["role"] for m in found["messages"]]) == (None, ["user"])
