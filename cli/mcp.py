"""`mcp`: the read-only tools for other programs, over standard input and output or over HTTP.

Over standard output nothing but the protocol may go, whatever a library prints: the protocol keeps a descriptor of its own, and
what others write to standard output lands on stderr. Standard input is read in a daemon thread, since a read that waits cannot
be cancelled and would hold Ctrl-C up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any, TextIO, cast

from cli.console import language, t
from cli.serve import LOOPBACK, listen, until_stopped
from cli.session import open_resources
from core.errors import BadInput, Misconfigured
from core.settings import DEVELOPMENT_TOKEN, Settings, get_settings
from knowledge.resources import Resources

_EVERYWHERE = ("0.0.0.0", "::", "")
_READ_BYTES = 65536


class Opening:
    """Resources that the first call opens and all calls share; an opening that failed is tried again by the next."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._task: asyncio.Task[Resources] | None = None

    async def __call__(self) -> Resources:
        if self._task is None or (self._task.done() and (self._task.cancelled() or self._task.exception() is not None)):
            self._task = asyncio.create_task(open_resources(self._settings), name="ladrillo-mcp-open")
        return await asyncio.shield(self._task)

    async def close(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        try:
            resources = await self._task
        except (Exception, asyncio.CancelledError):  # the call that wanted them was told
            return
        await resources.close()


async def stdio() -> None:
    """Serve the client that started this process, until it closes standard input."""
    import anyio
    from mcp.server.stdio import stdio_server

    from api.mcp_server import build

    main = asyncio.current_task()
    assert main is not None
    with contextlib.suppress(NotImplementedError):  # Windows has no such signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, main.cancel)
    opening = Opening(get_settings())
    reading, writing = _apart()
    server = build(opening, language())
    try:
        async with stdio_server(cast(Any, _lines(reading)), anyio.wrap_file(writing)) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
    except* (BrokenPipeError, anyio.BrokenResourceError):
        pass  # the client has gone, or spoke while we were told to stop
    finally:
        await opening.close()
    if main.cancelling():
        raise asyncio.CancelledError


def _apart() -> tuple[int, TextIO]:
    """Standard input and output for the protocol alone; what else is written goes to stderr, what else reads finds nothing."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return reading, os.fdopen(writing, "w", encoding="utf-8", newline="\n")


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """Whole lines as they come, to the end of the input."""
    loop, found = asyncio.get_running_loop(), asyncio.Queue[bytes | None]()

    def read() -> None:
        rest = b""
        with contextlib.suppress(OSError, RuntimeError):  # the input is gone, or the loop is
            while piece := os.read(descriptor, _READ_BYTES):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    loop.call_soon_threadsafe(found.put_nowait, line)
            loop.call_soon_threadsafe(found.put_nowait, None)

    threading.Thread(target=read, name="ladrillo-mcp-stdin", daemon=True).start()
    while (line := await found.get()) is not None:
        if line.strip():
            yield line.decode("utf-8", "replace")


async def http(host: str, port: int, names: Sequence[str]) -> None:
    """Listen until stopped. Beyond this machine a staff token is asked for, and the names that it is called by must be told."""
    from api.mcp_http import PATH, create_mcp_app
    from api.mcp_server import build

    settings = get_settings()
    staff = None if host in LOOPBACK else _tokens_for(host, settings)
    if host in _EVERYWHERE and not names:
        raise BadInput(
            f"Listening on {host!r}, every address, needs --name with the host that clients call: --name mcp.example.com.",
            f"Escuchar en {host!r}, todas las direcciones, necesita --name con el nombre al que llaman los clientes: "
            "--name mcp.ejemplo.com.",
        )
    called = [*names, *([] if host in (*LOOPBACK, *_EVERYWHERE) else [f"[{host}]" if ":" in host else host])]
    listener = listen(host, port)
    try:
        resources = await open_resources(settings)
        try:
            async def opened() -> Resources:
                return resources

            app = create_mcp_app(build(opened, language()), staff=staff, names=called)
            await until_stopped(app, listener, lambda address: t(
                f"Ladrillo's MCP server is ready: {address}{PATH}", f"El servidor MCP de Ladrillo está listo: {address}{PATH}"))
        finally:
            await resources.close()
    finally:
        listener.close()


def _tokens_for(host: str, settings: Settings) -> dict[str, tuple[str, str]]:
    """The tokens that open a server which others can reach. Raises `Misconfigured` without any, or with the development one."""
    if not settings.staff or DEVELOPMENT_TOKEN in settings.staff:
        raise Misconfigured(
            f"Listening on {host} needs a token of your own, which clients send as a bearer token. "
            "Set LADRILLO_STAFF_TOKENS, for example to viewer:mcp:…",
            f"Escuchar en {host} necesita un token propio, que los clientes envían como «bearer token». "
            "Ponga LADRILLO_STAFF_TOKENS, por ejemplo viewer:mcp:…",
        )
    return settings.staff
