"""A bound on request bodies, checked while they arrive: a megabyte is never read into memory to be refused afterwards."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import language
from api.errors import body
from api.openai import errors as openai

MAX_BODY = 256 * 1024
_DRAIN = 8 * 1024 * 1024


class BodyLimit:
    """ASGI middleware: 413 for bodies over `MAX_BODY` bytes, declared or not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"]}
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > MAX_BODY:
            await self._refuse(scope, receive, send, headers)
            return
        seen = 0
        refused = False

        async def counted() -> Message:
            nonlocal seen, refused
            message: Message = {"type": "http.disconnect"} if refused else await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY:
                refused = True
                return {"type": "http.disconnect"}
            return message

        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            if not refused:
                started = started or message["type"] == "http.response.start"
                await send(message)

        try:
            await self.app(scope, counted, watched)
        except Exception:
            if not refused:
                raise
        if refused and not started:
            await self._refuse(scope, receive, send, headers)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]) -> None:
        await _drain(receive)
        spanish = language(headers.get(b"accept-language", b"").decode("latin-1")) == "es"
        message = (
            f"El mensaje supera {MAX_BODY // 1024} KB. Envíe un texto más corto." if spanish
            else f"The message is over {MAX_BODY // 1024} KB. Send a shorter text."
        )
        response = (
            openai.respond(413, "too_large", message) if openai.ours(scope)
            else JSONResponse(body("too_large", message), status_code=413)
        )
        await response(scope, receive, send)


async def _drain(receive: Receive) -> None:
    """Read and drop the rest, up to a bound: a sender that is cut off while it writes never sees the answer."""
    dropped = 0
    while dropped < _DRAIN:
        message = await receive()
        dropped += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return
