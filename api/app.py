"""The application: routes, errors, the chat page, and the runner's life.

The database may be down when the process starts: the page and `/healthz` answer, `/readyz` says what is missing, other
calls get a sentence and 503, and opening is tried again on the next call.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text

from api import cases, conversations, errors, evaluations, investors, labelling, leads
from api.dependencies import mend, open_runner
from api.limits import BodyLimit
from api.openai import routes as openai
from core.errors import LadrilloError
from core.scope import Scope
from core.settings import Settings, get_settings
from graphs.runner import Runner

log = logging.getLogger("ladrillo.api")
STATIC = Path(__file__).with_name("static")
Opener = Callable[[], Awaitable[Runner]]
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def create_app(settings: Settings | None = None, *, opener: Opener | None = None) -> FastAPI:
    """The ASGI application. `opener` gives the runner (tests and `serve` pass their own)."""
    chosen = settings or get_settings()

    async def default() -> Runner:
        return await Runner.open(chosen)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.opening = asyncio.Lock()
        app.state.runner = None
        app.state.mending = None
        app.state.opener = opener or default
        app.state.monotonic = time.monotonic
        try:
            await open_runner(app)
        except LadrilloError as error:
            log.error("not ready: %s", error.en)
        yield
        if app.state.mending is not None:
            await app.state.mending
        if app.state.runner is not None:
            await app.state.runner.close()

    app = FastAPI(
        title="Ladrillo",
        summary="Answers for real-estate investors in Colombia, Spain and Mexico, every figure with its source.",
        version="0.1.0",
        lifespan=lifespan,
    )
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.include_router(conversations.router)
    app.include_router(investors.router)
    app.include_router(cases.router)
    app.include_router(leads.router)
    app.include_router(evaluations.router)
    app.include_router(labelling.router)
    app.include_router(openai.router)

    @app.get("/healthz", tags=["operations"], summary="The process lives")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", tags=["operations"], summary="The process can answer questions")
    async def readyz() -> JSONResponse:
        checks = await _checks(app)
        ready = checks["database"] == "ok"
        return JSONResponse({"status": "ready" if ready else "not ready", **checks}, status_code=200 if ready else 503)

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers=_PAGE_HEADERS)

    app.mount("/static", _Static(directory=STATIC), name="static")
    return app


class _Static(StaticFiles):
    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_PAGE_HEADERS)
        return response


async def _checks(app: FastAPI) -> dict[str, str]:
    """What works; the meaning index may be missing without harm to readiness."""
    try:
        runner = await open_runner(app)
        async with runner.resources.database.session(Scope()) as session:
            await session.execute(text("SELECT 1"))
    except LadrilloError as error:
        log.error("not ready: %s", error.en)
        if error.code == "database_unavailable":
            mend(app)
        return {"database": errors.public(error).en, "meaning": "unknown", "brain": "unknown"}
    try:
        index = await runner.resources.meaning(Scope())
        await index.count("listings")
        meaning = "ok"
    except LadrilloError as error:
        meaning = error.en
    return {"database": "ok", "meaning": meaning, "brain": runner.staff.brain}
