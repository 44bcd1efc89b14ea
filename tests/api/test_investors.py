"""An investor over HTTP: the token, the consent, what is kept, and how it and a conversation are erased."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from core.scope import Scope
from core.words import consent

from .support import QUESTION, Conversation, Service, Waiting, assert_error, bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")
SEARCH = "Busco apartamento de 2 habitaciones en Medellín hasta 500 millones"


async def new_investor(service: Service) -> str:
    response = await service.client.post("/api/investors")
    assert response.status_code == 201
    token: str = response.json()["token"]
    return token


async def start(service: Service, token: str, **values: Any) -> Conversation:
    response = await service.client.post("/api/conversations", json={"investor": token, **values})
    assert response.status_code == 201
    return Conversation(response.json()["id"], response.json()["token"])


async def profile(service: Service, token: str, language: str = "es", **query: str) -> dict[str, Any]:
    response = await service.client.get("/api/profile", headers=bearer(token) | {"Accept-Language": language}, params=query)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


async def agree(service: Service, token: str, language: str = "es") -> None:
    response = await service.client.put(
        "/api/profile/consent", headers=bearer(token) | {"Accept-Language": language}, json={"granted": True, "version": "1"})
    assert response.status_code == 200


async def test_conversations_of_one_investor_have_one_visitor_and_the_token_is_not_kept(service: Service) -> None:
    token = await new_investor(service)
    assert len(token) >= 43  # 32 random bytes
    ids = [(await start(service, token)).id, (await start(service, token)).id, (await service.start()).id]
    async with service.database.session(Scope()) as session:
        rows = await session.execute(text("SELECT id, visitor FROM conversations WHERE id = ANY(:ids)"), {"ids": ids})
        visitors = {row.id: row.visitor for row in rows}
        kept = await session.execute(text("SELECT string_agg(to_jsonb(p)::text, '') FROM user_profiles p"))
        assert token not in kept.scalar_one()
    assert visitors[ids[0]] == visitors[ids[1]] != visitors[ids[2]]


async def test_an_unknown_token_is_refused_in_the_readers_language(service: Service) -> None:
    for language, words in (("es", "token de inversionista"), ("en", "investor token")):
        headers = {"Accept-Language": language}
        refused = await service.client.post("/api/conversations", json={"investor": "x" * 43}, headers=headers)
        assert_error(refused, 401, "unauthenticated")
        assert words in refused.json()["error"]["message"]
    for method, path, body in (("GET", "/api/profile", None), ("DELETE", "/api/profile", None),
                               ("PUT", "/api/profile/consent", {"granted": True})):
        for headers in ({}, bearer("x" * 43), bearer((await service.start()).token)):
            assert_error(await service.client.request(method, path, headers=headers, json=body), 401, "unauthenticated")


@pytest.mark.parametrize("value", ["", "x" * 201, 7, ["a"]])
async def test_a_token_that_cannot_be_one_is_named(service: Service, value: Any) -> None:
    response = await service.client.post("/api/conversations", json={"investor": value})
    assert_error(response, 422, "bad_request")
    assert "investor" in response.json()["error"]["message"]


async def test_nothing_is_kept_before_consent_and_the_text_is_there_to_be_shown(service: Service) -> None:
    token = await new_investor(service)
    await service.answer(await start(service, token), SEARCH)
    found = await profile(service, token)
    assert found["preferences"] == []
    assert found["consent"] == {"granted": False, "at": None, "version": None, "text": None}
    assert found["consent_text"] == consent("memory")


@pytest.mark.parametrize(("language", "label", "shown"), [
    ("es", "presupuesto máximo", "$500.000.000"), ("en", "maximum budget", "COP\u00a0500,000,000"),
])
async def test_what_is_kept_is_told_with_its_day_and_conversation(
    service: Service, language: str, label: str, shown: str
) -> None:
    token = await new_investor(service)
    await agree(service, token, language)
    conversation = await start(service, token)
    await service.answer(conversation, SEARCH)
    found = await profile(service, token, language)
    assert found["consent"]["granted"]
    assert found["consent"]["text"] == consent("memory")[language]
    budget = next(one for one in found["preferences"] if one["name"] == "budget_max")
    assert (budget["label"], budget["shown"], budget["value"], budget["currency"]) == (label, shown, 5e8, "COP")
    assert budget["conversation"] == conversation.id
    assert budget["at"]


async def test_a_consent_to_an_older_text_is_refused(service: Service) -> None:
    token = await new_investor(service)
    response = await service.client.put("/api/profile/consent", headers=bearer(token), json={"granted": True, "version": "0"})
    assert_error(response, 409, "consent_outdated")
    assert not (await profile(service, token))["consent"]["granted"]
    for body in ({}, {"granted": "perhaps"}, {"granted": True, "more": 1}):
        assert_error(await service.client.put("/api/profile/consent", headers=bearer(token), json=body), 422, "bad_request")


async def test_a_withdrawal_erases_and_nothing_more_is_kept(service: Service) -> None:
    token = await new_investor(service)
    await agree(service, token)
    conversation = await start(service, token)
    await service.answer(conversation, SEARCH)
    response = await service.client.put("/api/profile/consent", headers=bearer(token), json={"granted": False})
    assert response.json()["preferences"] == []
    assert response.json()["consent"] == {"granted": False, "at": None, "version": None, "text": None}
    await service.answer(conversation, "¿y en Cali?")
    assert (await profile(service, token))["preferences"] == []


async def test_erasing_the_profile_ends_its_token_and_leaves_the_conversation(service: Service) -> None:
    token = await new_investor(service)
    await agree(service, token)
    conversation = await start(service, token)
    await service.answer(conversation, SEARCH)
    response = await service.client.delete("/api/profile", headers=bearer(token))
    assert (response.status_code, response.content) == (204, b"")
    assert_error(await service.client.get("/api/profile", headers=bearer(token)), 401, "unauthenticated")
    assert_error(await service.client.post("/api/conversations", json={"investor": token}), 401, "unauthenticated")
    assert (await service.answer(conversation, "gracias"))["status"] == "finished"


async def test_the_rows_of_investors_are_closed_to_other_tenants(service: Service) -> None:
    await new_investor(service)
    async with service.database.session(Scope(tenant="other")) as session:
        assert (await session.execute(text("SELECT count(*) FROM user_profiles"))).scalar_one() == 0
    async with service.database.session(Scope()) as session:
        assert (await session.execute(text("SELECT count(*) FROM user_profiles"))).scalar_one() > 0


# ---- erasing a conversation

_ROWS = ("messages", "runs", "run_events", "cases", "leads")


async def left(service: Service, conversation_id: str) -> dict[str, int]:
    found: dict[str, int] = {}
    async with service.database.session(Scope()) as session:
        for table in _ROWS:
            count = await session.execute(
                text(f"SELECT count(*) FROM {table} WHERE conversation_id = :id"), {"id": conversation_id})
            found[table] = count.scalar_one()
    async for _ in service.runner.checkpoints.saver.alist({"configurable": {"thread_id": conversation_id}}):
        found["checkpoints"] = found.get("checkpoints", 0) + 1
    return found


async def test_a_conversation_is_erased_whole_with_its_case_and_nothing_of_another(service: Service) -> None:
    own, other = await service.start(), await service.start()
    await service.answer(own, "Quiero comprar apartamento en Medellín, que me contacte un asesor")
    await service.answer(own, "Quiero hablar con una persona")
    await service.answer(other, QUESTION)
    before, beside = await left(service, own.id), await left(service, other.id)
    assert all(before.get(table) for table in (*_ROWS, "checkpoints"))
    response = await service.client.delete(own.path, headers=own.auth)
    assert (response.status_code, response.content) == (204, b"")
    assert not any((await left(service, own.id)).values())
    assert await left(service, other.id) == beside
    for method, rest in (("GET", ""), ("DELETE", "")):
        assert_error(await service.client.request(method, own.path + rest, headers=own.auth), 401, "unauthenticated")


async def test_only_its_own_token_erases_a_conversation(service: Service) -> None:
    own, other = await service.start(), await service.start()
    token = await new_investor(service)
    for headers in ({}, other.auth, bearer(token), bearer("x" * 32)):
        assert_error(await service.client.delete(own.path, headers=headers), 401, "unauthenticated")
    assert (await service.read(own))["id"] == own.id


async def test_nothing_is_erased_while_an_answer_is_being_written(service: Service, waiting: Waiting) -> None:
    conversation = await service.start()
    sending = asyncio.create_task(service.answer(conversation, QUESTION))
    await waiting.begun()
    response = await service.client.delete(conversation.path, headers=conversation.auth)
    assert_error(response, 409, "run_active")
    assert len((await service.read(conversation))["messages"]) == 1
    waiting.go.set()
    await sending
    assert (await service.client.delete(conversation.path, headers=conversation.auth)).status_code == 204
