"""`/v1/chat/completions` and `/v1/models`: any OpenAI client or chat page talks to Ladrillo as to a model.

A key names a program, `user` a person behind it; together they are the visitor whose conversations a history may continue.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import JSONResponse, Response

from api import stream
from api.dependencies import RunnerDep, Token, language
from api.openai import errors
from api.openai.answer import MODEL, Reply
from api.openai.request import CompletionRequest, Hints, read
from core.errors import Language, Unavailable
from core.scope import Scope
from knowledge.records.event_log import run_error
from services.following import follow

router = APIRouter(prefix=errors.PREFIX, tags=["OpenAI-compatible"])
LanguageDep = Annotated[Language, Depends(language)]
_MODEL = {"id": MODEL, "object": "model", "created": 1_767_225_600, "owned_by": "ladrillo"}


def client(token: Token, runner: RunnerDep) -> str:
    """The name of the program whose key this is (`LADRILLO_API_KEYS`)."""
    for known, name in runner.resources.settings.clients.items():
        if hmac.compare_digest(known.encode(), token.encode()):
            return name
    raise errors.UnknownKey


Client = Annotated[str, Depends(client)]


def visitor(name: str, user: str | None) -> Scope:
    """The person behind a key; who that is stays with the program, only a digest is kept."""
    person = f":{hashlib.sha256(user.encode('utf-8', 'replace')).hexdigest()[:32]}" if user else ""
    return Scope(role="visitor", subject=f"key:{name}{person}")


@router.get("/models", summary="The models served")
async def models(client: Client) -> dict[str, Any]:
    return {"object": "list", "data": [_MODEL]}


@router.get("/models/{model:path}", summary="One model")
async def model(model: Annotated[str, Path()], client: Client) -> dict[str, Any]:
    if model != MODEL:
        raise errors.UnknownModel(model, MODEL)
    return _MODEL


@router.post(
    "/chat/completions",
    summary="Answer the last message of a conversation",
    response_class=JSONResponse,
    responses={
        200: {
            "content": {"application/json": {}, "text/event-stream": {}},
            "description": "a chat completion, or its chunks where `stream` is true",
        },
        400: {"description": "a parameter that cannot be used, named in `param`"},
        401: {"description": "no key, or an unknown one"},
        404: {"description": "no such model"},
        429: {"description": "the message before is still being answered"},
    },
)
async def complete(
    body: CompletionRequest,
    client: Client,
    runner: RunnerDep,
    reader: LanguageDep,
    x_stainless_retry_count: Annotated[
        str | None, Header(description="above 0: the same request was sent before; official clients set it")
    ] = None,
) -> Response:
    if body.model != MODEL:
        raise errors.UnknownModel(body.model, MODEL)
    asked = read(body)
    hints = body.metadata or Hints()
    scope = visitor(client, body.user)
    followed = await follow(
        runner, scope, asked.history, asked.words, named=bool(body.user),
        retry=(x_stainless_retry_count or "0") != "0", country=hints.country, language=hints.language,
    )
    reply = Reply.to(runner, scope, followed, reader)
    headers = {"X-Request-Id": followed.sent.run_id or followed.sent.message_id}
    if body.stream:
        options = body.stream_options
        return stream.respond(reply.stream(with_usage=bool(options and options.include_usage)), headers)
    if followed.sent.run_id is None:
        return JSONResponse(reply.completion(None), headers=headers)
    try:
        outcome = await runner.ended(scope, followed.conversation_id, followed.sent)
    except asyncio.CancelledError:  # only a server that stops cancels a call: its caller is told, in the one form of errors
        raise Unavailable(*(run_error("process_died", of)["message"] for of in ("en", "es")), code="process_died") from None
    if outcome["status"] == "failed":
        status, code, message = reply.failure(outcome["error_code"])
        return errors.respond(status, code, message, headers=headers)
    return JSONResponse(reply.completion(outcome), headers=headers)
