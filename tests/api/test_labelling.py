"""One call makes an evaluation case of a conversation or of a case; visitors may not make any."""

from __future__ import annotations

import pytest

from .support import TOKENS, Service, assert_error, bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_conversation_and_a_case_become_evaluation_cases(service: Service) -> None:
    conversation = await service.start()
    case = (await service.answer(conversation, "quiero hablar con una persona, soy Carlos Pérez"))["case"]
    for path in (f"/api/conversations/{conversation.id}/eval-case", f"/api/cases/{case}/eval-case"):
        made = (await service.client.post(path, headers=bearer(TOKENS["vera"]))).json()
        assert made["turns"] == ["quiero hablar con una persona, soy Ana Prueba"]
        assert (made["expect"]["routes"], made["expect"]["escalate"]) == (["human"], True)
        for headers in ({}, conversation.auth):
            assert_error(await service.client.post(path, headers=headers), 401, "unauthenticated")


async def test_what_is_not_there_is_named(service: Service) -> None:
    for path in ("/api/conversations/conv_none/eval-case", "/api/cases/C-999999/eval-case"):
        assert_error(await service.client.post(path, headers=bearer(TOKENS["ana"])), 404, "not_found")
    empty = await service.start()
    response = await service.client.post(f"/api/conversations/{empty.id}/eval-case", headers=bearer(TOKENS["ana"]))
    assert_error(response, 409, "nothing_answered")
