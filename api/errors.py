"""Every error in one form, `{"error": {"code", "message", "retryable"}}`, in the reader's language."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.dependencies import language, mend
from api.openai import errors as openai
from core.errors import LadrilloError, Language, Unavailable
from core.invalid import reason
from knowledge.records.conversations import RunActive

log = logging.getLogger("ladrillo.api")


def body(code: str, message: str, *, retryable: bool = False, **more: Any) -> dict[str, Any]:
    sendable = message.encode("utf-8", "replace").decode("utf-8")  # JSON may name a lone surrogate, which UTF-8 has not
    return {"error": {"code": code, "message": sendable, "retryable": retryable, **more}}


def _about(first: dict[str, Any], *, spanish: bool) -> str:
    """One sentence about the first field that cannot be used."""
    place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    if first["type"] == "json_invalid":
        return (
            'El cuerpo no es JSON válido. Envíe, por ejemplo, {"text": "…"}.' if spanish
            else 'The body is not valid JSON. Send, for example, {"text": "…"}.'
        )
    if isinstance(first.get("input"), bytes):
        return (
            "El cuerpo no se anunció como JSON. Envíe la cabecera `Content-Type: application/json`." if spanish
            else "The body was not announced as JSON. Send the header `Content-Type: application/json`."
        )
    shown = "" if first["type"] == "missing" else f" ({repr(first.get('input'))[:80]})"
    if spanish:
        return f"El campo {place!r} no sirve{shown}: {reason(first, 'es')}. Vea /docs."
    return f"The field {place!r} cannot be used{shown}: {reason(first, 'en')}. See /docs."


def public(error: LadrilloError) -> LadrilloError:
    """The error as whoever calls may read it: where the database is, and as whom it is asked, stays in the log."""
    if error.code != "database_unavailable":
        return error
    return Unavailable(
        "The database does not answer. Nothing was lost; try again in a moment.",
        "La base de datos no responde. No se perdió nada; vuelva a intentarlo en un momento.",
        code=error.code,
    )


def _language(request: Request) -> Language:
    return language(request.headers.get("accept-language"))


def install(app: FastAPI) -> None:
    @app.exception_handler(LadrilloError)
    async def known(request: Request, error: LadrilloError) -> JSONResponse:
        if error.code == "database_unavailable":
            log.error("%s %s: %s", request.method, request.url.path, error.en)
            mend(request.app)
        if openai.ours(request.scope):
            return openai.known(public(error), _language(request))
        more = {"run_id": error.run_id} if isinstance(error, RunActive) else {}
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        content = body(error.code, public(error).text(_language(request)), retryable=error.retryable, **more)
        return JSONResponse(content, status_code=error.status, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        if openai.ours(request.scope):
            return openai.invalid(error.errors()[0], _language(request))
        message = _about(error.errors()[0], spanish=_language(request) == "es")
        return JSONResponse(body("bad_request", message), status_code=422)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        spanish = _language(request) == "es"
        words = {
            400: ("El cuerpo no se puede leer. Envíe JSON en UTF-8, por ejemplo {\"text\": \"…\"}.",
                  'The body cannot be read. Send JSON in UTF-8, for example {"text": "…"}.'),
            404: ("Esa dirección no existe. Vea /docs.", "There is nothing at this address. See /docs."),
            405: ("Ese método no se acepta aquí. Vea /docs.", "This method is not accepted here. See /docs."),
        }.get(error.status_code, (str(error.detail), str(error.detail)))
        code, sentence = f"http_{error.status_code}", words[0] if spanish else words[1]
        if openai.ours(request.scope):
            return openai.http(error.status_code, sentence, _language(request), dict(error.headers or {}))
        return JSONResponse(body(code, sentence), status_code=error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        log.exception("%s %s failed", request.method, request.url.path)
        message = (
            "Algo falló de nuestro lado. No se perdió nada; puede reintentar." if _language(request) == "es"
            else "Something failed on our side. Nothing was lost; you can try again."
        )
        if openai.ours(request.scope):
            return openai.respond(500, "internal", message)
        return JSONResponse(body("internal", message, retryable=True), status_code=500)
