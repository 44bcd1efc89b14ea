"""Errors as OpenAI's clients expect them, `{"error": {"message", "type", "param", "code"}}`, with the status that they act on.

A run that is still active is 429 here, with `Retry-After`: official clients then try again by themselves.
"""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse
from starlette.types import Scope

from core.errors import BadInput, LadrilloError, Language, NotFound, Unauthenticated
from core.invalid import reason
from knowledge.records.conversations import RunActive

PREFIX = "/v1"


class BadParameter(BadInput):
    """One parameter of a request cannot be used; `param` names it as the request spells it."""

    code = "invalid_value"
    status = 400

    def __init__(self, param: str, en: str, es: str, *, code: str | None = None) -> None:
        self.param = param
        super().__init__(en, es, code=code)


class UnknownModel(NotFound):
    code = "model_not_found"

    def __init__(self, asked: str, served: str) -> None:
        super().__init__(
            f"There is no model {asked[:100]!r}. The one served here is {served!r}.",
            f"No existe el modelo {asked[:100]!r}. El que se ofrece aquí es {served!r}.",
        )


class UnknownKey(Unauthenticated):
    code = "invalid_api_key"

    def __init__(self) -> None:
        super().__init__(
            "This API key is not known. Send one of LADRILLO_API_KEYS as `Authorization: Bearer <key>`.",
            "Esta clave de API no se reconoce. Envíe una de LADRILLO_API_KEYS como `Authorization: Bearer <clave>`.",
        )


def ours(scope: Scope) -> bool:
    """Whether the request came in by this way."""
    path = str(scope["path"])
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def body(status: int, code: str | None, message: str, param: str | None = None) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "rate_limit_error" if status == 429 else "invalid_request_error"
    sendable = message.encode("utf-8", "replace").decode("utf-8")  # JSON may name a lone surrogate, which UTF-8 has not
    return {"error": {"message": sendable, "type": kind, "param": param, "code": code}}


def respond(
    status: int, code: str | None, message: str, param: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(body(status, code, message, param), status_code=status, headers=headers)


def known(error: LadrilloError, language: Language) -> JSONResponse:
    if isinstance(error, RunActive):
        return respond(429, error.code, error.text(language), headers={"Retry-After": "1"})
    status = 400 if error.status == 422 else error.status
    param = error.param if isinstance(error, BadParameter) else "model" if isinstance(error, UnknownModel) else None
    code = "invalid_api_key" if status == 401 else error.code
    return respond(
        status, code, error.text(language), param, {"WWW-Authenticate": "Bearer"} if status == 401 else None
    )


def http(status: int, message: str, language: Language, headers: dict[str, str]) -> JSONResponse:
    """What the framework refuses before a route is reached."""
    if status == 400:
        message = (
            "El cuerpo no se puede leer. Envíe JSON en UTF-8." if language == "es"
            else "The body cannot be read. Send JSON in UTF-8."
        )
    return respond(status, f"http_{status}", message, headers=headers)


def invalid(first: dict[str, Any], language: Language) -> JSONResponse:
    """What Pydantic refuses first; the field is named as Python clients spell it, `messages[0].role`."""
    spanish = language == "es"
    if first["type"] == "json_invalid":
        return respond(400, "bad_request", "El cuerpo no es JSON válido." if spanish else "The body is not valid JSON.")
    if isinstance(first.get("input"), bytes):
        return respond(400, "bad_request", (
            "El cuerpo no se anunció como JSON. Envíe la cabecera `Content-Type: application/json`." if spanish
            else "The body was not announced as JSON. Send the header `Content-Type: application/json`."
        ))
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"][1:]).lstrip(".")
    why = reason(first, language)
    shown = "" if first["type"] == "missing" else f" ({repr(first.get('input'))[:80]})"
    name = place or ("cuerpo" if spanish else "body")
    message = f"{name!r} no sirve{shown}: {why}." if spanish else f"{name!r} cannot be used{shown}: {why}."
    return respond(400, "missing" if first["type"] == "missing" else "invalid_value", message, place or None)
