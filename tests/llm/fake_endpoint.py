"""The stand-in endpoint with a script. Who asks is told by the request: `response_format` is the router's, offered tools are a
specialist's, anything else is compose.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from evals.standin import Reply, Standin, both, calls, decides, fails, says

__all__ = ["FakeEndpoint", "Reply", "both", "calls", "decides", "fails", "says"]


class FakeEndpoint(Standin):
    """`async with FakeEndpoint() as endpoint`; `endpoint.on("router", …)`, `endpoint.on("analyse_returns", …)`."""

    def __init__(self) -> None:
        super().__init__(self._next)
        self.unexpected: list[list[str]] = []
        self._script: dict[str, deque[Reply] | Reply] = {}

    def on(self, who: str, *replies: Reply) -> None:
        """What `who` (`router`, `compose`, or a tool that a specialist offers) is answered, in order."""
        self._script[who] = deque(replies)

    def always(self, who: str, reply: Reply) -> None:
        self._script[who] = reply

    def of(self, who: str) -> list[dict[str, Any]]:
        """The requests of `who`, in order."""
        return [body for body in self.requests if who in _asks(body)]

    def _next(self, body: dict[str, Any]) -> Reply:
        for who in _asks(body):
            script = self._script.get(who)
            if isinstance(script, Reply):
                return script
            if script:
                return script.popleft()
        self.unexpected.append(_asks(body))
        return fails(418, "nothing in the script for this request")


def _asks(body: dict[str, Any]) -> list[str]:
    if body.get("response_format"):
        return ["router"]
    return [tool["function"]["name"] for tool in body.get("tools") or ()] or ["compose"]
