"""`serve`: fill an empty folder, then listen. The address of the chat page is printed once it answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.console import out, say, t
from core.errors import Conflict, Misconfigured, Unavailable
from core.log import set_up
from core.settings import DEVELOPMENT_KEY, DEVELOPMENT_TOKEN, Settings, get_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(host: str | None, port: int | None) -> None:
    settings = get_settings()
    set_up(settings.log_level)
    where = host or settings.host
    if where not in LOOPBACK and DEVELOPMENT_TOKEN in settings.staff:
        raise Misconfigured(
            f"Listening on {where} would open the cases to anyone who knows the development token. "
            "Set LADRILLO_STAFF_TOKENS (empty closes the desk).",
            f"Escuchar en {where} abriría los casos a quien conozca el token de desarrollo. "
            "Ponga LADRILLO_STAFF_TOKENS (vacío cierra la mesa de casos).",
        )
    if where not in LOOPBACK and DEVELOPMENT_KEY in settings.clients:
        raise Misconfigured(
            f"Listening on {where} would open /v1 to anyone who knows the development key. "
            "Set LADRILLO_API_KEYS (empty closes /v1).",
            f"Escuchar en {where} abriría /v1 a quien conozca la clave de desarrollo. "
            "Ponga LADRILLO_API_KEYS (vacío cierra /v1).",
        )
    listener = listen(where, settings.port if port is None else port)
    try:
        asyncio.run(_serve(settings, listener))
    finally:
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """Take the port first: whether it is free is known before anything starts."""
    listener: socket.socket | None = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is named
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        if listener is not None:
            listener.close()
        raise Conflict(
            f"Cannot listen on {host}:{port} ({error.strerror or error}). Choose another with --port, or 0 for a free one.",
            f"No se puede escuchar en {host}:{port} ({error.strerror or error}). Elija otro con --port, o 0 para uno libre.",
            code="port_taken",
        ) from error
    return listener


async def _serve(settings: Settings, listener: socket.socket) -> None:
    from api.app import create_app
    from cli.session import open_runner
    from graphs.runner import Runner

    first: list[Runner] = []
    try:
        first.append(await open_runner(settings))
        first[0].resources.warm_chroma()
    except Unavailable as error:
        if settings.database_url is None:
            raise
        say(f"ladrillo: {error.text('es' if t('en', 'es') == 'es' else 'en')}")  # a server elsewhere may come up later

    async def opener() -> Runner:
        return first.pop() if first else await open_runner(settings)

    try:
        await until_stopped(create_app(settings, opener=opener), listener, lambda address: t(
            f"Ladrillo is ready: {address}", f"Ladrillo está listo: {address}"))
    finally:
        for runner in first:
            await runner.close()


async def until_stopped(app: ASGIApp, listener: socket.socket, ready: Callable[[str], str]) -> None:
    """Answer on a socket until a signal says stop; `ready` makes of the address what is printed once it answers."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3))
    address = listener.getsockname()
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.02)
    if server.started:
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        out(ready(f"http://{shown}:{address[1]}"))
    await task
