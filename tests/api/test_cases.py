"""A person takes over in the same conversation: asked for, told the truth about, claimed, answered, handed back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import text

from core.scope import Scope
from graphs import policy
from knowledge.records import cases, conversations

from .conftest import Databases
from .support import Conversation, Service, assert_error, assert_strict_run, bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")
ASK = "quiero hablar con una persona"


async def opened(service: Service) -> tuple[Conversation, str]:
    """A conversation with an open case, and the case's name."""
    conversation = await service.start()
    return conversation, (await service.answer(conversation, ASK))["case"]


async def test_asking_for_a_person_opens_a_case_and_says_so(service: Service) -> None:
    conversation = await service.start()
    async with service.stream(conversation, ASK) as reader:
        frames = await reader.rest()
    assert_strict_run(f.data for f in frames)
    told = next(f.data["value"] for f in frames if f.data.get("name") == "ladrillo.case.opened")
    found = await service.read(conversation)
    assert found["case"] == {"case": told["case"], "status": "open", "reason": "asked_person"}
    assert told["case"] in found["messages"][-1]["text"]
    case = (await service.desk("GET", f"/{told['case']}")).json()
    assert (case["status"], case["reason"], case["assignee"], case["language"]) == ("open", "asked_person", None, "es")
    assert case["reason_text"]
    assert case["evidence"]["message"] == ASK
    assert [m["text"] for m in case["messages"]] == [m["text"] for m in found["messages"]]
    assert [step["action"] for step in case["history"]] == ["opened"]


async def test_a_second_request_stays_in_the_same_case(service: Service) -> None:
    conversation, case = await opened(service)
    again = await service.answer(conversation, "I want to talk to a human")
    assert (again["case"], again["escalated"]) == (case, True)
    assert case in again["answer"]
    assert again["language"] == "en"
    found = (await service.desk("GET", "?limit=500")).json()
    assert [c["case"] for c in found if c["conversation_id"] == conversation.id] == [case]
    history = (await service.desk("GET", f"/{case}")).json()["history"]
    assert [step["action"] for step in history] == ["opened", "asked_again"]


async def test_the_bot_goes_on_while_a_case_is_unclaimed(service: Service) -> None:
    conversation, _ = await opened(service)
    answer = await service.answer(conversation, "¿qué rentabilidad da un piso de 200.000 € alquilado en 900 €?")
    assert (answer["status"], answer["routes"]) == ("finished", ["roi"])


async def test_an_accepted_offer_opens_a_case(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(policy.policy()["confidence"], "offer", 0.99)
    conversation = await service.start()
    offered = await service.answer(conversation, "¿cuánto vale un piso de 90 m² en Valencia?")
    assert (offered["escalated"], offered["case"]) == (False, None)
    accepted = await service.answer(conversation, "sí")
    assert (accepted["routes"], accepted["escalated"]) == (["human"], True)
    case = (await service.desk("GET", f"/{accepted['case']}")).json()
    assert case["reason"] == "accepted_offer"


async def test_who_may_read_and_who_may_answer(service: Service) -> None:
    conversation, case = await opened(service)
    for headers in ({}, conversation.auth, bearer("not-a-staff-token")):
        for path in ("/api/cases", f"/api/cases/{case}", "/api/leads"):
            assert_error(await service.client.get(path, headers=headers), 401, "unauthenticated")
        response = await service.client.post(f"/api/cases/{case}/claim", headers=headers)
        assert_error(response, 401, "unauthenticated")
    assert (await service.desk("GET", f"/{case}", "vera")).status_code == 200
    assert (await service.desk("GET", "", "vera")).status_code == 200
    for step, body in (("claim", {}), ("reply", {"text": "hola"}), ("return", {}), ("resolve", {"resolution": "ok"})):
        message = assert_error(await service.desk("POST", f"/{case}/{step}", "vera", **body), 403, "denied")
        assert "viewer" in message
    assert (await service.read(conversation))["case"]["status"] == "open"


async def test_the_list_is_by_urgency_and_can_be_narrowed(service: Service) -> None:
    plain, case = await opened(service)
    angry = await service.start()
    urgent = (await service.answer(angry, "me estafaron, me robaron el dinero del depósito"))["case"]
    assert urgent is not None
    mine = {plain.id, angry.id}

    async def listed(query: str) -> list[str]:
        found = (await service.desk("GET", query)).json()
        return [c["case"] for c in found if c["conversation_id"] in mine]

    assert await listed("?status=open&limit=500") == [urgent, case]
    await service.desk("POST", f"/{case}/claim")
    assert await listed("?status=open&limit=500") == [urgent]
    assert await listed("?status=claimed&limit=500") == [case]
    assert len((await service.desk("GET", "?limit=1")).json()) == 1
    assert (await service.desk("GET", f"/{case.removeprefix('C-')}")).json()["case"] == case
    assert (await service.desk("GET", f"/{case.lower()}")).json()["case"] == case


async def test_a_claim_silences_the_bot_until_the_conversation_is_handed_back(service: Service) -> None:
    conversation, case = await opened(service)
    async with service.follow(conversation) as reader:
        claimed = (await service.desk("POST", f"/{case}/claim")).json()
        assert (claimed["status"], claimed["assignee"]) == ("claimed", "ana")
        told = (await reader.until("ladrillo.case.claimed"))[-1]
        assert (told.event, told.data["value"]) == ("ladrillo", {"case": case, "by": "ana"})

        silent = await service.send(conversation, "¿hola?")
        assert (silent.status_code, silent.json()["owner"]) == (202, "person")
        assert (await service.read(conversation))["owner"] == "person"

        reply = await service.desk("POST", f"/{case}/reply", text="Buenas tardes, soy Ana.", client_message_id="r1")
        assert reply.status_code == 200
        said = (await reader.until("ladrillo.operator.message"))[-1]
        assert (said.event, said.data["value"]["author"]) == ("ladrillo", "ana")
        assert said.data["value"]["text"] == "Buenas tardes, soy Ana."

        back = await service.desk("POST", f"/{case}/return", resolution="Le interesa Laureles.")
        assert (back.json()["status"], back.json()["resolution"]) == ("returned", "Le interesa Laureles.")
        await reader.until("ladrillo.case.returned")
        answer = await service.answer(conversation, "gracias")
        assert answer["status"] == "finished"
        run = await reader.until("RUN_FINISHED")
    assert_strict_run(f.data for f in run)
    found = await service.read(conversation)
    assert (found["owner"], found["case"]) == ("bot", None)
    assert [(m["role"], m["author"]) for m in found["messages"]][2:] == [
        ("user", ""), ("operator", "ana"), ("user", ""), ("assistant", "Ladrillo"),
    ]
    assert found["messages"][3]["id"] == said.data["value"]["message_id"]
    whole = (await service.desk("GET", f"/{case}")).json()
    assert "Le interesa Laureles." in [m["text"] for m in whole["messages"] if m["role"] == "system"]
    assert [step["action"] for step in whole["history"]] == ["opened", "claim", "reply", "return"]


async def test_a_claim_stops_the_answer_that_is_being_written(service: Service, waiting: Any) -> None:
    conversation, case = await opened(service)
    async with service.stream(conversation, "¿rentabilidad de un piso de 200.000 € alquilado en 900 €?") as reader:
        await waiting.begun()
        assert (await service.desk("POST", f"/{case}/claim")).status_code == 200
        waiting.go.set()
        frames = await reader.rest()
    assert_strict_run(f.data for f in frames)
    assert frames[-1].data["outcome"] == {"type": "cancelled"}
    assert [m["role"] for m in (await service.read(conversation))["messages"]] == ["user", "assistant", "user"]


async def test_two_advisers_never_answer_the_same_case(service: Service) -> None:
    _, case = await opened(service)
    assert (await service.desk("POST", f"/{case}/claim", "ana")).status_code == 200
    assert (await service.desk("POST", f"/{case}/claim", "ana")).json()["assignee"] == "ana"
    assert (await service.desk("POST", f"/{case}/claim", "luis")).status_code == 409
    taken = await service.desk("POST", f"/{case}/reply", "luis", text="yo también")
    assert "ana" in assert_error(taken, 409, "case_taken")
    found = (await service.desk("GET", f"/{case}")).json()
    assert [step["action"] for step in found["history"]] == ["opened", "claim"]
    assert "yo también" not in [m["text"] for m in found["messages"]]


async def test_a_reply_claims_what_nobody_has(service: Service) -> None:
    conversation, case = await opened(service)
    reply = (await service.desk("POST", f"/{case}/reply", "luis", text="Le ayudo yo.")).json()
    assert (reply["status"], reply["assignee"]) == ("claimed", "luis")
    assert (await service.read(conversation))["owner"] == "person"


async def test_a_reply_sent_twice_is_said_once_and_keys_are_each_senders_own(service: Service) -> None:
    conversation = await service.start()
    await service.send(conversation, ASK, client_message_id="1")
    case = (await service.read(conversation))["case"]["case"]
    for _ in range(2):  # the visitor's own id `1` is another message's
        assert (await service.desk("POST", f"/{case}/reply", text="Buenas", client_message_id="1")).status_code == 200
    again = await service.send(conversation, ASK, client_message_id="1")
    assert again.json()["status"] == "finished"
    found = await service.read(conversation)
    assert [m["text"] for m in found["messages"] if m["role"] == "operator"] == ["Buenas"]
    said = [e for _, _, e in await service.log(conversation) if e.get("name") == "ladrillo.operator.message"]
    assert len(said) == 1


async def test_a_visitor_cannot_take_an_advisers_key_beforehand(service: Service) -> None:
    conversation, case = await opened(service)
    for taken in ("desk:ana:r-1", "ana:r-1", "ana r-1"):
        await service.send(conversation, "hola", client_message_id=taken)
    refused = await service.send(conversation, "hola", client_message_id="ana\nr-1")
    assert_error(refused, 422, "bad_request")
    for _ in range(2):
        assert (await service.desk("POST", f"/{case}/reply", text="Buenas", client_message_id="r-1")).status_code == 200
    found = await service.read(conversation)
    assert [m["text"] for m in found["messages"] if m["role"] == "operator"] == ["Buenas"]


@pytest.mark.parametrize("words", [r"ruta C:\u0000x", r"\\u0000 y \ud83d", "termina en \\u0000"])
async def test_words_that_look_like_escapes_pass_between_visitor_and_adviser(service: Service, words: str) -> None:
    conversation, case = await opened(service)
    assert (await service.desk("POST", f"/{case}/reply", text=words)).status_code == 200
    assert (await service.send(conversation, words)).status_code == 202
    said = [e["value"]["text"] for _, _, e in await service.log(conversation) if e.get("name", "").endswith(".message")]
    assert said == [words, words]


async def test_a_resolved_case_is_closed_and_the_next_request_opens_another(service: Service) -> None:
    conversation, case = await opened(service)
    resolved = (await service.desk("POST", f"/{case}/resolve", resolution="Se le llamó.")).json()
    assert (resolved["status"], resolved["resolution"]) == ("resolved", "Se le llamó.")
    assert resolved["resolved_at"]
    for step, body in (("claim", {}), ("reply", {"text": "hola"}), ("return", {}), ("resolve", {})):
        message = assert_error(await service.desk("POST", f"/{case}/{step}", **body), 409, "case_state")
        assert "resolved" in message
    assert (await service.answer(conversation, "hola"))["status"] == "finished"
    another = (await service.answer(conversation, ASK))["case"]
    assert another not in (None, case)


async def test_a_case_is_handed_back_without_a_word_too(service: Service) -> None:
    conversation, case = await opened(service)
    await service.desk("POST", f"/{case}/claim")
    back = (await service.desk("POST", f"/{case}/return")).json()
    assert (back["status"], back["resolution"]) == ("returned", None)
    assert (await service.read(conversation))["owner"] == "bot"


@pytest.mark.parametrize(
    ("step", "body", "code"),
    [
        ("reply", {"text": ""}, "empty_message"), ("reply", {"text": "x" * 20_001}, "message_too_long"),
        ("reply", {"text": "a\0"}, "binary_message"), ("reply", {"words": "hola"}, "bad_request"),
        ("reply", {"text": "hola", "client_message_id": ""}, "bad_request"),
        ("resolve", {"resolution": "x" * 4_001}, "bad_request"), ("return", {"resolution": "a\0b"}, "binary_message"),
    ],
)
async def test_what_an_adviser_cannot_send(service: Service, step: str, body: dict[str, Any], code: str) -> None:
    conversation, case = await opened(service)
    assert_error(await service.desk("POST", f"/{case}/{step}", **body), 422, code)
    found = await service.read(conversation)
    assert (found["owner"], found["case"]["status"], len(found["messages"])) == ("bot", "open", 2)


async def test_another_tenants_conversation_and_case_are_out_of_reach(service: Service, databases: Databases) -> None:
    tenant = f"portal-{uuid.uuid4().hex[:8]}"
    dsn = service.database.dsn
    databases.run_in(dsn, f"INSERT INTO tenants (id, name, created_at) VALUES ('{tenant}', 'Otro portal', now())")
    theirs = Scope(tenant=tenant, role="visitor", subject="v")
    async with service.database.session(theirs) as session:
        row, token = await conversations.create(session, theirs, visitor="v", channel="api")
        case, _ = await cases.open_case(
            session, theirs, conversation_id=row.id, run_id=None, reason="asked_person", reason_text="Pidió una persona.",
            evidence={}, draft=None, language="es", country=None,
        )
    conversation = Conversation(row.id, token)
    for method, rest in (("GET", ""), ("GET", "/events"), ("POST", "/stop")):
        response = await service.client.request(method, conversation.path + rest, headers=conversation.auth)
        assert_error(response, 401, "unauthenticated")
    assert_error(await service.send(conversation, "hola"), 401, "unauthenticated")
    assert case.id not in [c["id"] for c in (await service.desk("GET", "?limit=500")).json()]
    for reference in (case.id, cases.label(case)):
        assert_error(await service.desk("GET", f"/{reference}"), 404, "not_found")
        assert_error(await service.desk("POST", f"/{reference}/claim"), 404, "not_found")
    async with service.database.session(theirs) as session:
        untouched = await session.execute(text("SELECT status FROM cases WHERE id = :id"), {"id": case.id})
        assert untouched.scalar_one() == "open"
