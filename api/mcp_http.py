"""The MCP server over streamable HTTP: who may call it, and under which names it answers.

Each request stands alone (no session is kept), so that any process can answer any of them. A page in a browser cannot reach it:
only known Host and Origin headers pass, which is what stops a foreign name that points to this machine.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.limits import MAX_BODY

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class _Tokens:
    """Staff tokens (`LADRILLO_STAFF_TOKENS`) as bearer tokens; any role may read."""

    def __init__(self, staff: Mapping[str, tuple[str, str]]) -> None:
        self._staff = staff

    async def verify_token(self, token: str) -> AccessToken | None:
        for known, (role, name) in self._staff.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return AccessToken(token=token, client_id=name, scopes=[role])
        return None


class _Endpoint:
    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


def create_mcp_app(
    server: Server[Any, Any], *, staff: Mapping[str, tuple[str, str]] | None = None, names: Collection[str] = ()
) -> Starlette:
    """The ASGI application. `staff`: the tokens that open it, None where none is asked for. `names`: hosts under which it is
    called, beside those of this machine."""
    hosts = [*_LOOPBACK, *names]
    manager = StreamableHTTPSessionManager(
        server, stateless=True, json_response=True, max_request_body_size=MAX_BODY,
        security_settings=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[form for host in hosts for form in (host, f"{host}:*")],
            allowed_origins=[f"{scheme}://{form}" for host in hosts for scheme in ("http", "https")
                             for form in (host, f"{host}:*")],
        ),
    )
    endpoint: ASGIApp = _Endpoint(manager)
    if staff is not None:
        endpoint = AuthenticationMiddleware(RequireAuthMiddleware(endpoint, []), backend=BearerAuthBackend(_Tokens(staff)))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    # nothing is sent unasked and no session is kept: GET and DELETE have no use here
    return Starlette(routes=[Route(PATH, endpoint, methods=["POST"])], lifespan=lifespan)
