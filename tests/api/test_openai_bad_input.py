"""What cannot be used is refused in OpenAI's form of errors, with the parameter named, in the reader's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.app import create_app
from api.limits import MAX_BODY
from core.settings import DEVELOPMENT_KEY

from .conftest import Databases, settings_for
from .support import TOKENS, Service, bearer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")
KEY = bearer(DEVELOPMENT_KEY)
PATH = "/v1/chat/completions"
HELLO: dict[str, Any] = {"role": "user", "content": "hola"}
GOOD: dict[str, Any] = {"model": "ladrillo", "messages": [HELLO]}
IMAGE: dict[str, Any] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
AUDIO: dict[str, Any] = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}


def refused(response: httpx.Response, status: int, code: str | None, param: str | None = None) -> str:
    """The one form of every error here; its sentence."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    kind = "server_error" if status >= 500 else "rate_limit_error" if status == 429 else "invalid_request_error"
    assert (error["type"], error["code"], error["param"]) == (kind, code, param)
    assert error["message"]
    assert "Traceback" not in response.text
    return str(error["message"])


async def post(service: Service, language: str = "es", **body: Any) -> httpx.Response:
    return await service.client.post(PATH, json=GOOD | body, headers={**KEY, "Accept-Language": language})


# keys


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("sk-wrong"), bearer(TOKENS["ana"]), bearer("ñ"), {"Authorization": DEVELOPMENT_KEY},
     {"Authorization": "Bearer"}, {"Authorization": f"Basic {DEVELOPMENT_KEY}"}, {"api-key": DEVELOPMENT_KEY}],
    ids=["none", "unknown", "of the staff", "accent", "bare", "empty", "basic", "elsewhere"],
)
async def test_without_a_key_nothing_opens(service: Service, headers: dict[str, str]) -> None:
    sent = {name: value.encode() for name, value in headers.items()}
    for method, path in (("POST", PATH), ("GET", "/v1/models"), ("GET", "/v1/models/ladrillo")):
        for language in ("es", "en"):
            response = await service.client.request(
                method, path, headers={**sent, "Accept-Language": language.encode()}, json=GOOD if method == "POST" else None
            )
            message = refused(response, 401, "invalid_api_key")
            assert "Bearer <" in message
            assert response.headers["www-authenticate"] == "Bearer"
            assert "sk-wrong" not in response.text
            assert ("clave" in message or "cabecera" in message) is (language == "es")


async def test_a_key_opens_neither_the_desk_nor_conversations(service: Service) -> None:
    assert (await service.client.get("/api/cases", headers=KEY)).status_code == 401


async def test_no_keys_close_the_door(databases: Databases, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, databases.create(databases.address())).model_copy(update={"api_keys": SecretStr("")})
    async with serving(create_app(settings)) as address, httpx.AsyncClient(base_url=address, timeout=20) as client:
        refused(await client.get("/v1/models", headers=KEY), 401, "invalid_api_key")
        refused(await client.post(PATH, json=GOOD, headers=KEY), 401, "invalid_api_key")


# models


@pytest.mark.parametrize("model", ["gpt-5", "", "Ladrillo", "openai/gpt-5", "x" * 5_000])
async def test_a_model_that_is_not_served(service: Service, model: str) -> None:
    for language, words in (("es", "No existe el modelo"), ("en", "no model")):
        message = refused(await post(service, language, model=model), 404, "model_not_found", "model")
        assert words in message
        assert "'ladrillo'" in message
        assert len(message) < 300


async def test_a_stream_is_refused_with_a_status_and_not_inside_it(service: Service) -> None:
    response = await post(service, model="gpt-5", stream=True)
    assert response.headers["content-type"] == "application/json"
    refused(response, 404, "model_not_found", "model")


# parameters


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"n": 2}, "n", "2"),
        ({"n": 0}, "n", "0"),
        ({"tool_choice": "required"}, "tool_choice", "required"),
        ({"tool_choice": {"type": "function", "function": {"name": "weather"}}}, "tool_choice", "weather"),
        ({"function_call": {"name": "weather"}}, "function_call", "weather"),
        ({"response_format": {"type": "json_object"}}, "response_format", "json_object"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format", "json_schema"),
        ({"response_format": "json"}, "response_format", "json"),
        ({"response_format": {}}, "response_format", "None"),
        ({"modalities": ["text", "audio"]}, "modalities", "audio"),
        ({"logprobs": True}, "logprobs", "true"),
    ],
)
async def test_what_would_change_the_answer_is_refused_by_name(
    service: Service, body: dict[str, Any], param: str, words: str
) -> None:
    for language in ("es", "en"):
        message = refused(await post(service, language, **body), 400, "unsupported_value", param)
        assert f"'{param}'" in message
        assert words in message
        assert ("Leave it out" in message) is (language == "en")
        assert ("Quítelo" in message) is (language == "es")


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"model": None}, "model", "invalid_value"),
        ({"model": 5}, "model", "invalid_value"),
        ({"messages": None}, "messages", "invalid_value"),
        ({"messages": "hola"}, "messages", "invalid_value"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": [HELLO] * 2_001}, "messages", "invalid_value"),
        ({"messages": ["hola"]}, "messages[0]", "invalid_value"),
        ({"messages": [{"content": "hola"}]}, "messages[0].role", "missing"),
        ({"messages": [{"role": "root", "content": "hola"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [HELLO, {"role": "assistant", "content": "hola"}]}, "messages[1].role", "invalid_value"),
        ({"messages": [{"role": "system", "content": "hola"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "user", "content": {"type": "text", "text": "x"}}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "user", "content": 5}, HELLO]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "user", "content": ["hola"]}]}, "messages[0].content[0]", "invalid_value"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0]", "invalid_value"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}, "messages[0].content[0]", "invalid_value"),
        ({"messages": [HELLO, {"role": "user", "content": [{"type": "text", "text": "¿y esta?"}, IMAGE]}]},
         "messages[1].content[1]", "invalid_value"),
        ({"messages": [{"role": "user", "content": [AUDIO]}]}, "messages[0].content[0]", "invalid_value"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content", "empty_message"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "empty_message"),
        ({"messages": [{"role": "user", "content": " \u200b\n"}]}, "messages[0].content", "empty_message"),
        ({"messages": [{"role": "user", "content": "x" * 20_001}]}, "messages[0].content", "message_too_long"),
        ({"messages": [HELLO, HELLO | {"content": "hola\0"}]}, "messages[1].content", "binary_message"),
        ({"stream": "perhaps"}, "stream", "invalid_value"),
        ({"stream_options": True}, "stream_options", "invalid_value"),
        ({"user": 5}, "user", "invalid_value"),
        ({"user": "x" * 513}, "user", "invalid_value"),
        ({"n": "many"}, "n", "invalid_value"),
        ({"metadata": {"country": "AR"}}, "metadata.country", "invalid_value"),
        ({"metadata": {"language": "fr"}}, "metadata.language", "invalid_value"),
        ({"metadata": "ES"}, "metadata", "invalid_value"),
        ({"logprobs": "many"}, "logprobs", "invalid_value"),
        ({"modalities": "text"}, "modalities", "invalid_value"),
    ],
)
async def test_a_value_that_cannot_be_is_named(service: Service, body: dict[str, Any], param: str, code: str) -> None:
    spanish, english = [refused(await post(service, of, **body), 400, code, param) for of in ("es", "en")]
    assert spanish != english
    assert len(english) < 300


async def test_an_image_of_an_earlier_turn_does_not_block_the_conversation(service: Service) -> None:
    earlier = {"role": "user", "content": [{"type": "text", "text": "¿qué ve aquí?"}, IMAGE]}
    assert (await post(service, messages=[earlier, HELLO])).status_code == 200


async def test_half_a_character_is_dropped_from_texts_and_refused_in_names(service: Service) -> None:
    async def send(body: bytes) -> httpx.Response:
        return await service.client.post(PATH, content=body, headers={**KEY, "Content-Type": "application/json"})

    half = rb'{"role": "user", "content": "hola \udfff"}'
    assert (await send(b'{"model": "ladrillo", "messages": [%b, %b]}' % (half, half))).status_code == 200
    refused(await send(rb'{"model": "\ud800", "messages": [%b]}' % half), 404, "model_not_found", "model")
    refused(await send(rb'{"model": "ladrillo", "user": "\ud800", "messages": [%b]}' % half), 400, "invalid_value", "user")


async def test_the_longest_message_and_a_long_history_are_taken(service: Service) -> None:
    long = {"role": "user", "content": "hola " * 4_000}
    assert (await post(service, messages=[*[HELLO] * 1_000, long])).status_code == 200


# bodies


@pytest.mark.parametrize(
    ("content", "kind", "code", "param"),
    [
        (b"", "application/json", "missing", None), (b"{", "application/json", "bad_request", None),
        (b"[]", "application/json", "invalid_value", None), (b"null", "application/json", "invalid_value", None),
        (b"{}", "application/json", "missing", "model"), (b"{}", "text/plain", "bad_request", None),
        (b'{"model": "\xff"}', "application/json", "http_400", None), (b"[" * 50_000, "application/json", "http_400", None),
    ],
)
async def test_bodies_that_are_no_request(
    service: Service, content: bytes, kind: str, code: str, param: str | None
) -> None:
    for language in ("es", "en"):
        response = await service.client.post(
            PATH, content=content, headers={**KEY, "Content-Type": kind, "Accept-Language": language}
        )
        assert '"text"' not in refused(response, 400, code, param)  # the example of the other door


async def test_a_body_over_the_bound(service: Service) -> None:
    for language, words in (("es", "supera"), ("en", "over")):
        response = await post(service, language, messages=[HELLO | {"content": "x" * MAX_BODY}])
        assert words in refused(response, 413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", PATH, 405), ("POST", "/v1/models", 405), ("POST", "/v1/embeddings", 404), ("POST", "/v1/responses", 404),
     ("GET", "/v1", 404), ("GET", "/v1/", 404)],
)
async def test_addresses_and_methods_that_do_not_exist(service: Service, method: str, path: str, status: int) -> None:
    for language, words in (("es", "Vea /docs"), ("en", "See /docs")):
        response = await service.client.request(method, path, headers={**KEY, "Accept-Language": language})
        assert words in refused(response, status, f"http_{status}")


async def test_a_database_that_is_down_is_said_in_the_same_form(databases: Databases, tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path, databases.address()))  # nothing is there
    async with serving(app) as address, httpx.AsyncClient(base_url=address, timeout=20) as client:
        message = refused(await client.post(PATH, json=GOOD, headers=KEY), 503, "database_unavailable")
    assert "no responde" in message
    assert "server at" not in message
