"""Routes of a conversation: start it, send a message, follow the events, stop, read it again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, status
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api import snapshot, stream
from api.dependencies import ClientId, LanguageDep, OwnConversation, RunnerDep, visitor
from core import telemetry
from core.clock import new_id
from core.errors import BadInput, Unavailable
from core.scope import Scope
from knowledge.records import cases, conversations, profiles
from knowledge.records.event_log import run_error
from services.desk import message_view
from services.erasing import erase_conversation
from services.messages import checked

router = APIRouter(prefix="/api/conversations", tags=["conversations"])


class Start(BaseModel):
    """Language and country are hints; both are learned from what the investor writes."""

    model_config = ConfigDict(extra="forbid")
    language: Literal["auto", "es", "en"] = "auto"
    country: Literal["CO", "ES", "MX"] | None = None
    investor: str | None = Field(
        None, min_length=1, max_length=200,
        description="an investor's token: the conversation is theirs, with what is remembered of them",
    )


class Started(BaseModel):
    id: str
    token: str = Field(description="the only key to this conversation; it is not kept and cannot be shown again")
    language: str | None


class Send(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(description="the investor's message, at most 20,000 characters")
    client_message_id: ClientId | None = Field(
        None, description="the sender's own id: sending it again joins the same run"
    )


class Answer(BaseModel):
    """A run that has ended, for callers that do not stream."""

    conversation_id: str
    run_id: str
    status: str
    answer: str
    routes: list[str]
    slots: dict[str, Any]
    confidence: float | None
    escalated: bool
    case: str | None
    facts: list[dict[str, Any]]
    citations: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    suggestions: list[str]
    language: str | None
    error: str | None
    usage: dict[str, Any] = Field(
        description="what language models used for this answer: calls, tokens (of those read, how many the endpoint had "
        "ready), cost in US dollars where prices are set, by role, and the versions of the prompts"
    )
    ms: int


class Transcript(BaseModel):
    id: str
    language: str | None
    country: str | None
    owner: Literal["bot", "person"]
    last_seq: int = Field(description="follow the events after this number")
    messages: list[dict[str, Any]]
    run: dict[str, Any] | None
    case: dict[str, Any] | None
    created_at: datetime


@router.post("", status_code=status.HTTP_201_CREATED, summary="Start a conversation")
async def start(runner: RunnerDep, body: Start | None = None) -> Started:
    wish = body or Start()
    scope = Scope(role="visitor")
    chosen = None if wish.language == "auto" else wish.language
    async with runner.resources.database.session(scope) as session:
        known = None if wish.investor is None else await profiles.authorise(session, wish.investor)
        row, token = await conversations.create(
            session, scope, visitor=known.visitor if known else new_id("visitor"), channel="api", language=chosen,
            country=wish.country,
        )
        return Started(id=row.id, token=token, language=row.language)


@router.post(
    "/{conversation_id}/runs",
    response_model=Answer,
    summary="Send a message and get the answer",
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "AG-UI events where the client accepts an event stream"},
        202: {"description": "a person owns the conversation: the message is stored for them"},
        409: {"description": "another run is active; nothing was stored"},
    },
)
async def send(
    request: Request, body: Send, conversation: OwnConversation, runner: RunnerDep, reader: LanguageDep
) -> Response:
    words = checked(body.text)
    scope = visitor(conversation)
    streaming = "text/event-stream" in request.headers.get("accept", "")
    with telemetry.caller(request.headers):
        sent = await runner.send(scope, conversation.id, words, client_message_id=body.client_message_id)
    if sent.run_id is None:
        return JSONResponse({"owner": "person", "message_id": sent.message_id}, status_code=202)
    if streaming:
        return stream.respond(stream.run(runner, scope, conversation.id, sent.seq, sent.run_id, reader))
    begun = request.app.state.monotonic()
    try:
        outcome = await runner.ended(scope, conversation.id, sent)
    except asyncio.CancelledError:  # only a server that stops cancels a call: its caller is told, in the one form of errors
        raise Unavailable(*(run_error("process_died", of)["message"] for of in ("en", "es")), code="process_died") from None
    ms = round((request.app.state.monotonic() - begun) * 1000)
    return JSONResponse(answer(conversation.id, outcome, ms).model_dump(mode="json"))


def answer(conversation_id: str, outcome: dict[str, Any], ms: int) -> Answer:
    case = outcome.get("case") or {}
    return Answer(
        conversation_id=conversation_id, run_id=outcome["run_id"], status=outcome["status"],
        answer=outcome.get("answer") or "", routes=outcome.get("routes") or [], slots=outcome.get("slots") or {},
        confidence=outcome.get("confidence"), escalated=bool(outcome.get("escalated")), case=case.get("case"),
        facts=outcome.get("facts") or [], citations=outcome.get("citations") or [], cards=outcome.get("cards") or [],
        suggestions=outcome.get("suggestions") or [], language=outcome.get("language"),
        error=outcome.get("error_code"), usage=outcome.get("usage") or {}, ms=ms,
    )


@router.get("/{conversation_id}/events", summary="Follow a conversation", response_class=Response)
async def events(
    conversation: OwnConversation,
    runner: RunnerDep,
    reader: LanguageDep,
    after: Annotated[int | None, Query(ge=0, description="the last event number seen")] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    cursor = after
    if last_event_id is not None:
        if not (last_event_id.isdecimal() and len(last_event_id) < 19):
            raise BadInput(
                f"Last-Event-ID is {last_event_id[:40]!r}; expected the number of the last event seen.",
                f"Last-Event-ID es {last_event_id[:40]!r}; se esperaba el número del último evento visto.",
            )
        cursor = int(last_event_id)
    return stream.respond(stream.conversation(runner, visitor(conversation), conversation.id, cursor, reader))


@router.post("/{conversation_id}/stop", summary="Stop the answer that is being written")
async def stop(conversation: OwnConversation, runner: RunnerDep) -> dict[str, str | None]:
    return {"run_id": await runner.stop(visitor(conversation), conversation.id)}


@router.get("/{conversation_id}", summary="Read a conversation")
async def read(conversation: OwnConversation, runner: RunnerDep) -> Transcript:
    scope = visitor(conversation)
    async with runner.resources.database.session(scope) as session:
        found = await snapshot.take(session, conversation.id)
        case = await cases.current(session, conversation.id)
    row, run = found.conversation, found.run
    return Transcript(
        id=row.id, language=row.language, country=row.country, owner="person" if row.owner == "person" else "bot",
        last_seq=found.before_run, messages=[message_view(m) for m in found.messages],
        run={"id": run.id, "status": run.status} if run else None,
        case={"case": cases.label(case), "status": case.status, "reason": case.reason} if case else None,
        created_at=row.created_at,
    )


@router.delete(
    "/{conversation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Erase a conversation",
    responses={409: {"description": "an answer is being written; nothing was erased"}},
)
async def erase(conversation: OwnConversation, runner: RunnerDep) -> None:
    await erase_conversation(runner, visitor(conversation), conversation.id)
