"""What routes are given: the runner, the conversation that a token opens, the staff member behind an API token."""

from __future__ import annotations

import asyncio
import hmac
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Path, Request
from pydantic import Field

from core.errors import Language, Unauthenticated
from core.scope import Scope
from graphs.runner import Runner
from knowledge.records import conversations
from knowledge.tables import Conversation

#: What ids are made of; PostgreSQL takes no NUL, and nothing else could be one.
ID = r"^[\w-]+$"
ClientId = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


async def open_runner(app: FastAPI) -> Runner:
    """The process's runner, opened by whoever needs it first. Raises `Unavailable` while the database is down."""
    async with app.state.opening:
        if app.state.runner is None:
            app.state.runner = await app.state.opener()
        found: Runner = app.state.runner
        return found


def mend(app: FastAPI) -> None:
    """After a database that did not answer: begin to start the embedded one anew, once at a time."""
    running: asyncio.Task[None] | None = app.state.mending
    if app.state.runner is not None and (running is None or running.done()):
        app.state.mending = asyncio.create_task(app.state.runner.resources.heal(), name="ladrillo-mend")


async def runner(request: Request) -> Runner:
    return await open_runner(request.app)


RunnerDep = Annotated[Runner, Depends(runner)]


def language(accept_language: Annotated[str | None, Header()] = None) -> Language:
    """Language of error messages: Spanish unless English is preferred."""
    preferred = (accept_language or "").split(",")[0].strip().lower()
    return "en" if preferred.startswith("en") else "es"


LanguageDep = Annotated[Language, Depends(language)]


def bearer(authorization: Annotated[str | None, Header()] = None) -> str:
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            "This call needs the header `Authorization: Bearer <token>`.",
            "Esta llamada necesita la cabecera `Authorization: Bearer <token>`.",
        )
    return token.strip()


Token = Annotated[str, Depends(bearer)]


async def own_conversation(
    conversation_id: Annotated[str, Path(pattern=ID, max_length=100)], token: Token, runner: RunnerDep
) -> Conversation:
    """The conversation of the path, if the token opens it."""
    async with runner.resources.database.session(Scope()) as session:
        return await conversations.authorise(session, conversation_id, token)


OwnConversation = Annotated[Conversation, Depends(own_conversation)]


def visitor(conversation: Conversation) -> Scope:
    return Scope(tenant=conversation.tenant_id, role="visitor", subject=conversation.visitor)


def staff(token: Token, runner: RunnerDep) -> Scope:
    """The staff member of an API token (`LADRILLO_STAFF_TOKENS`)."""
    for known, (role, name) in runner.resources.settings.staff.items():
        if hmac.compare_digest(known.encode(), token.encode()):
            return Scope(role=role, subject=name)  # type: ignore[arg-type]
    raise Unauthenticated(
        "This staff token is not known. Check LADRILLO_STAFF_TOKENS on the server.",
        "Este token de asesor no se reconoce. Revise LADRILLO_STAFF_TOKENS en el servidor.",
    )


Staff = Annotated[Scope, Depends(staff)]
