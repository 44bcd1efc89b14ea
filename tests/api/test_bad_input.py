"""Bad input gets one sentence in the reader's language and the one form of error; nothing is stored, nothing breaks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.limits import MAX_BODY

from .support import TOKENS, Service, assert_error, bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")
JSON = {"Content-Type": "application/json"}
LONE = b'"\\ud800"'  # half of a pair of UTF-16, which JSON can name and UTF-8 cannot hold


async def post(service: Service, *contents: Any, languages: tuple[str, ...] = ("es", "en")) -> list[httpx.Response]:
    """Send raw bodies as messages, one a language; whatever comes back, nothing may have been stored."""
    conversation = await service.start()
    responses = [
        await service.client.post(
            f"{conversation.path}/runs", content=content,
            headers={**conversation.auth, **JSON, "Accept-Language": language},
        )
        for content, language in zip(contents * (len(languages) // len(contents)), languages, strict=True)
    ]
    found = await service.read(conversation)
    assert (found["messages"], found["run"], found["last_seq"]) == ([], None, 0)
    return responses


@pytest.mark.parametrize(
    ("message", "code", "es", "en"),
    [
        ("", "empty_message", "vacío", "empty"),
        (" \t\r\n\u00a0", "empty_message", "vacío", "empty"),
        ("\u200b\u200b", "empty_message", "vacío", "empty"),
        ("x" * 20_001, "message_too_long", "20001", "20,001"),
        ("hola\0", "binary_message", "no es texto", "not text"),
        ("\x01\x02\x03\x04\x05\x06PK", "binary_message", "no es texto", "not text"),
    ],
    ids=["empty", "blank", "invisible", "long", "nul", "control"],
)
async def test_messages_that_cannot_be_answered(service: Service, message: str, code: str, es: str, en: str) -> None:
    body = json.dumps({"text": message})
    spanish, english = await post(service, body, languages=("es-CO,es;q=0.9", "en-US"))
    assert es in assert_error(spanish, 422, code)
    assert en in assert_error(english, 422, code)


async def test_a_stream_is_refused_as_json(service: Service) -> None:
    conversation = await service.start()
    response = await service.client.post(
        f"{conversation.path}/runs", json={"text": " "}, headers={**conversation.auth, "Accept": "text/event-stream"}
    )
    assert_error(response, 422, "empty_message")


async def test_the_longest_message_is_taken(service: Service) -> None:
    conversation = await service.start()
    answer = await service.answer(conversation, "hola " * 4_000)
    assert answer["status"] == "finished"


async def test_a_megabyte_is_refused_declared_or_not(service: Service) -> None:
    body = b'{"text": "' + b"x" * 1_000_000 + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 50_000):
            yield body[at : at + 50_000]

    for response, words in zip(await post(service, body, chunks()), ("supera", "over"), strict=True):
        message = assert_error(response, 413, "too_large")
        assert f"{MAX_BODY // 1024} KB" in message
        assert words in message
    assert (await service.client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("content", "status", "es", "en"),
    [
        (b"", 422, "'body'", "'body'"),
        (b"{", 422, "JSON", "JSON"),
        (b"[]", 422, "objeto JSON", "dictionary"),
        (b"null", 422, "'body'", "'body'"),
        (b'"hola"', 422, "objeto JSON", "dictionary"),
        (b"{}", 422, "'text' no sirve: falta", "'text'"),
        (b'{"text": 5}', 422, "(5): debe ser un texto", "string"),
        (b'{"text": null}', 422, "texto", "string"),
        (b'{"text": ["a"]}', 422, "texto", "string"),
        (b'{"text": "hola", "role": "system"}', 422, "'role'", "'role'"),
        (b'{"text": "hola", "client_message_id": ""}', 422, "al menos 1", "at least 1"),
        (b'{"text": "hola", "client_message_id": "a\\u0000"}', 422, "caracteres", "pattern"),
        (b'{"text": "hola", "client_message_id": "' + b"x" * 101 + b'"}', 422, "como máximo 100", "at most 100"),
        (b'{"text": "hola", "client_message_id": 7}', 422, "texto", "string"),
        (b'{"text": "hola", ' + LONE + b": 1}", 422, "Unicode", "unicode"),
        (b'{"text": "hola", "client_message_id": ' + LONE + b"}", 422, "'client_message_id'", "'client_message_id'"),
        (b"\xff\xfe\x00\x01", 422, "JSON", "JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 400, "UTF-8", "UTF-8"),
        (b'{"text": "\xff\xfe"}', 400, "UTF-8", "UTF-8"),
        (b"\x00" * 100, 422, "JSON", "JSON"),
        (b"[" * 50_000, 400, "JSON", "JSON"),
    ],
)
async def test_bodies_that_are_no_message(service: Service, content: bytes, status: int, es: str, en: str) -> None:
    spanish, english = await post(service, content)
    code = "bad_request" if status == 422 else "http_400"
    assert es in assert_error(spanish, status, code)
    assert en in assert_error(english, status, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_body_that_was_not_announced_as_json(service: Service, kind: str) -> None:
    conversation = await service.start()
    for language in ("es", "en"):
        refused = await service.client.post(
            f"{conversation.path}/runs", content=b'{"text": "hola"}',
            headers={**conversation.auth, "Content-Type": kind, "Accept-Language": language},
        )
        assert "Content-Type: application/json" in assert_error(refused, 422, "bad_request")


async def test_half_a_character_alone_is_no_message_and_inside_one_it_is_dropped(service: Service) -> None:
    for response in await post(service, b'{"text": ' + LONE + b"}"):
        assert_error(response, 422, "empty_message")
    conversation = await service.start()
    response = await service.client.post(
        f"{conversation.path}/runs", content=b'{"text": "hola \\udfff"}', headers={**conversation.auth, **JSON}
    )
    assert response.status_code == 200
    assert (await service.read(conversation))["messages"][0]["text"] == "hola"


@pytest.mark.parametrize("body", [{"language": "fr"}, {"country": "AR"}, {"visitor": "x"}, {"language": 5}])
async def test_a_conversation_with_unknown_wishes_is_not_started(service: Service, body: dict[str, Any]) -> None:
    response = await service.client.post("/api/conversations", json=body)
    assert next(iter(body)) in assert_error(response, 422, "bad_request")


@pytest.mark.parametrize("cursor", ["abc", "-1", "1.5", "", "9" * 5_000, "²"])
async def test_a_last_event_id_that_is_no_number(service: Service, cursor: str) -> None:
    conversation = await service.start()
    for language, words in (("es", "se esperaba el número"), ("en", "expected the number")):
        response = await service.client.get(
            f"{conversation.path}/events",
            headers={**conversation.auth, "Last-Event-ID": cursor.encode("latin-1"), "Accept-Language": language},
        )
        message = assert_error(response, 422, "bad_input")
        assert words in message
        assert len(message) < 200


@pytest.mark.parametrize("after", ["abc", "-1", "1e3", ""])
async def test_an_after_that_is_no_number(service: Service, after: str) -> None:
    conversation = await service.start()
    response = await service.client.get(
        f"{conversation.path}/events", params={"after": after}, headers=conversation.auth
    )
    assert "'after'" in assert_error(response, 422, "bad_request")


@pytest.mark.parametrize("identifier", ["%00", "a%00b", "..%2f..", "%ff", "x" * 200, "a b", "'--"])
async def test_ids_that_cannot_be(service: Service, identifier: str) -> None:
    for path, token in (
        (f"/api/conversations/{identifier}", "x"), (f"/api/cases/{identifier}", TOKENS["ana"]),
    ):
        response = await service.client.get(path, headers=bearer(token))
        assert response.status_code in (401, 404, 422)
        assert_error(response, response.status_code, response.json()["error"]["code"])


@pytest.mark.parametrize("reference", ["C-999999999", "99999999999999999", "9" * 60, "case_unknown", "C-", "-1"])
async def test_cases_that_do_not_exist(service: Service, reference: str) -> None:
    assert reference in assert_error(await service.desk("GET", f"/{reference}"), 404, "not_found")
    assert_error(await service.desk("POST", f"/{reference}/claim"), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "name"), [("status=lost", "status"), ("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit")]
)
async def test_a_list_of_cases_that_cannot_be_made(service: Service, query: str, name: str) -> None:
    assert name in assert_error(await service.desk("GET", f"?{query}"), 422, "bad_request")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404), ("GET", "/api/nothing", 404), ("POST", "/api/cases/1/steal", 404),
        ("GET", "/static/../app.py", 404), ("GET", "/static/%2e%2e/app.py", 404), ("GET", "/static/none.js", 404),
        ("DELETE", "/api/conversations", 405), ("PUT", "/api/conversations/x/runs", 405), ("POST", "/healthz", 405),
        ("POST", "/", 405),
    ],
)
async def test_addresses_and_methods_that_do_not_exist(service: Service, method: str, path: str, status: int) -> None:
    for language, words in (("es", "Vea /docs"), ("en", "See /docs")):
        response = await service.client.request(method, path, headers={"Accept-Language": language})
        assert words in assert_error(response, status, f"http_{status}")
        if status == 405:
            assert response.headers["allow"]


async def test_what_breaks_inside_is_told_without_its_inside(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await service.start()

    async def breaks(*_: Any) -> str:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(service.runner, "stop", breaks)
    for language, words in (("es", "de nuestro lado"), ("en", "our side")):
        response = await service.client.post(
            f"{conversation.path}/stop", headers={**conversation.auth, "Accept-Language": language}
        )
        assert words in assert_error(response, 500, "internal", retryable=True)
        assert "secret" not in response.text
