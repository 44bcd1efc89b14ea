"""What routes are given: the runner, the conversation that a token opens, the staff member behind an API token."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request

from core.errors import Language, Unauthenticated
from core.scope import Scope
from graphs.runner import Runner
from knowledge.records import conversations
from knowledge.tables import Conversation


async def open_runner(app: FastAPI) -> Runner:
    """The process's runner, opened by whoever needs it first. Raises `Unavailable` while the database is down."""
    async with app.state.opening:
        if app.state.runner is None:
            app.state.runner = await app.state.opener()
        found: Runner = app.state.runner
        return found


async def runner(request: Request) -> Runner:
    return await open_runner(request.app)


RunnerDep = Annotated[Runner, Depends(runner)]


def language(accept_language: Annotated[str | None, Header()] = None) -> Language:
    """Language of error messages: Spanish unless English is preferred."""
    preferred = (accept_language or "").split(",")[0].strip().lower()
    return "en" if preferred.startswith("en") else "es"


def bearer(authorization: Annotated[str | None, Header()] = None) -> str:
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            "This call needs the header `Authorization: Bearer <token>`.",
            "Esta llamada necesita la cabecera `Authorization: Bearer <token>`.",
        )
    return token.strip()


Token = Annotated[str, Depends(bearer)]


async def own_conversation(conversation_id: str, token: Token, runner: RunnerDep) -> Conversation:
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
