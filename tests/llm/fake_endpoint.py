"""An OpenAI-compatible endpoint of our own on a loopback port, with a script and with faults.

It speaks chat completions, streamed or not, with tool calls, structured output and usage. Who asks is told by the request:
`response_format` is the router's, offered tools are a specialist's, anything else is compose. A request that OpenAI would
refuse (a tool result without its call, a call without its result) is refused here too and kept in `invalid`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

MODEL = "fake-model"
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "prompt_tokens_details": {"cached_tokens": 30}}


class ConnectionCut(Exception):
    """Raised in the middle of a body: the server closes the connection without ending it."""


@dataclass
class Reply:
    """One answer. `pieces` are texts, or tool calls as (index, id, name, a part of the arguments).

    `hold`: wait for this event before the last piece. `cut`: close the connection after the pieces; `polite`: end the
    stream after the pieces as if nothing were missing; `status`: an error instead; `silent`: never answer at all.
    """

    pieces: list[str | tuple[int, str, str, str]] = field(default_factory=list)
    finish: str = "stop"
    hold: asyncio.Event | None = None
    cut: bool = False
    polite: bool = False
    status: int = 200
    silent: bool = False
    body: str | None = None
    sent: int = 0
    done: bool = False


def says(text: str, **how: Any) -> Reply:
    """Text, word by word."""
    words = text.split(" ")
    return Reply([word if i == len(words) - 1 else f"{word} " for i, word in enumerate(words)], **how)


def calls(name: str, args: dict[str, Any] | str, *, text: str = "", id: str = "call_1", **how: Any) -> Reply:
    """A tool call whose arguments come in two parts, after `text`."""
    return both([(name, args, id)], text=text, **how)


def both(made: list[tuple[str, dict[str, Any] | str, str]], *, text: str = "", **how: Any) -> Reply:
    pieces: list[str | tuple[int, str, str, str]] = list(says(text).pieces) if text else []
    for index, (name, args, call) in enumerate(made):
        body = args if isinstance(args, str) else json.dumps(args)
        half = len(body) // 2
        pieces += [(index, call, name, body[:half]), (index, "", "", body[half:])]
    return Reply(pieces, finish="tool_calls", **how)


def decides(*routes: str, language: str = "es", confidence: float = 0.9) -> Reply:
    return Reply([json.dumps({"routes": routes, "language": language, "confidence": confidence, "missing": []})])


def fails(status: int, message: str = "no") -> Reply:
    return Reply(status=status, body=json.dumps({"error": {"message": message, "type": "error", "code": None}}))


class FakeEndpoint:
    """`async with FakeEndpoint() as endpoint`; `endpoint.on("router", …)`, `endpoint.on("analyse_returns", …)`."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.invalid: list[str] = []
        self.unexpected: list[list[str]] = []
        self._script: dict[str, deque[Reply] | Reply] = {}
        self._closing = asyncio.Event()
        app = FastAPI()
        app.post("/v1/chat/completions")(self._completions)
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, timeout_graceful_shutdown=1)
        self._server = _Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def on(self, who: str, *replies: Reply) -> None:
        """What `who` (`router`, `compose`, or a tool that a specialist offers) is answered, in order."""
        self._script[who] = deque(replies)

    def always(self, who: str, reply: Reply) -> None:
        self._script[who] = reply

    def of(self, who: str) -> list[dict[str, Any]]:
        """The requests of `who`, in order."""
        return [body for body in self.requests if who in _asks(body)]

    async def __aenter__(self) -> FakeEndpoint:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self._server.should_exit = True
        await self._task

    async def _completions(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if (problem := _problem(body)) is not None:
            self.invalid.append(problem)
            return JSONResponse({"error": {"message": problem, "type": "invalid_request_error"}}, 400)
        reply = self._next(body)
        if reply.silent:
            await self._closing.wait()
        if reply.body is not None:
            return Response(reply.body, reply.status, media_type="application/json")
        if body.get("stream"):
            return StreamingResponse(self._stream(reply, body), media_type="text/event-stream")
        return JSONResponse(_whole(reply))

    def _next(self, body: dict[str, Any]) -> Reply:
        for who in _asks(body):
            script = self._script.get(who)
            if isinstance(script, Reply):
                return script
            if script:
                return script.popleft()
        self.unexpected.append(_asks(body))
        return fails(418, "nothing in the script for this request")

    async def _stream(self, reply: Reply, body: dict[str, Any]) -> AsyncIterator[str]:
        yield _frame([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
        for i, piece in enumerate(reply.pieces):
            if reply.hold is not None and i == len(reply.pieces) - 1:
                await reply.hold.wait()
            delta = {"content": piece} if isinstance(piece, str) else {"tool_calls": [_call(piece)]}
            reply.sent += 1
            yield _frame([{"index": 0, "delta": delta, "finish_reason": None}])
            await asyncio.sleep(0)
        if reply.cut:
            raise ConnectionCut
        if reply.polite:
            return
        reply.done = True
        yield _frame([{"index": 0, "delta": {}, "finish_reason": reply.finish}])
        if (body.get("stream_options") or {}).get("include_usage"):
            yield _frame([], usage=USAGE)
        yield "data: [DONE]\n\n"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The test's signals stay the test's."""
        yield


def _asks(body: dict[str, Any]) -> list[str]:
    if body.get("response_format"):
        return ["router"]
    return [tool["function"]["name"] for tool in body.get("tools") or ()] or ["compose"]


def _call(piece: tuple[int, str, str, str]) -> dict[str, Any]:
    index, call, name, arguments = piece
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"index": index, "type": "function", "function": function} | ({"id": call} if call else {})


def _frame(choices: list[dict[str, Any]], **more: Any) -> str:
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": choices}
    return f"data: {json.dumps(frame | more)}\n\n"


def _whole(reply: Reply) -> dict[str, Any]:
    text = "".join(piece for piece in reply.pieces if isinstance(piece, str))
    made: dict[int, dict[str, Any]] = {}
    for piece in reply.pieces:
        if not isinstance(piece, str):
            call = made.setdefault(piece[0], _call((piece[0], piece[1], piece[2], "")))
            call["function"]["arguments"] += piece[3]
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if made:
        message["tool_calls"] = [{k: v for k, v in call.items() if k != "index"} for call in made.values()]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice], "usage": USAGE}


def _problem(body: dict[str, Any]) -> str | None:
    """What OpenAI would refuse in the messages."""
    waiting: set[str] = set()
    for message in body["messages"]:
        if message["role"] not in ("system", "developer", "user", "assistant", "tool"):
            return f"unknown role {message['role']!r}"
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                return f"tool result without a call: {message['tool_call_id']!r}"
            waiting.remove(message["tool_call_id"])
        elif waiting:
            return f"calls without a result: {sorted(waiting)}"
        waiting |= {call["id"] for call in message.get("tool_calls") or ()}
    return f"calls without a result: {sorted(waiting)}" if waiting else None
