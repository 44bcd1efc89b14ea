"""An OpenAI-compatible endpoint of our own on a loopback port, for benchmarks and tests: it answers what it is told to.

It speaks chat completions, streamed or not, with tool calls, structured output, usage and embeddings, and does every fault
that a `Reply` names. A request that OpenAI would refuse (a tool result without its call, a call without its result) is
refused here too and kept in `invalid`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

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
    stream after the pieces as if nothing were missing; `status` and `body`: an error instead, with `headers`; `silent`:
    never answer at all; `usage`: what it says it used, None for nothing. `sent` counts the pieces, `gone` is set when the
    reader left before the end.
    """

    pieces: list[str | tuple[int, str, str, str]] = field(default_factory=list)
    finish: str = "stop"
    hold: asyncio.Event | None = None
    cut: bool = False
    polite: bool = False
    status: int = 200
    silent: bool = False
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    usage: dict[str, Any] | None = field(default_factory=lambda: dict(USAGE))
    sent: int = 0
    done: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event, repr=False)


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


def fails(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> Reply:
    """An error in OpenAI's form; `retry_after="2"` becomes a header."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": code}})
    return Reply(status=status, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


Answer = Callable[[dict[str, Any]], Reply]


class Standin:
    """`async with Standin(answer) as endpoint`: `answer` turns a request's body into a reply, `delay` seconds later."""

    def __init__(self, answer: Answer, delay: float = 0.0) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.invalid: list[str] = []
        self.embedded: list[list[str]] = []
        self.answer, self.delay = answer, delay
        self.tokens = 0
        self._closing = asyncio.Event()
        app = FastAPI()
        app.post("/v1/chat/completions")(self._completions)
        app.post("/v1/embeddings")(self._embeddings)
        app.get("/counts")(self._counts)
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, timeout_graceful_shutdown=1)
        self._server = _Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    async def __aenter__(self) -> Self:
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
        reply = self.answer(body)
        self.tokens += estimate(body) + sum(len(str(piece)) for piece in reply.pieces) // 4
        if self.delay:
            await asyncio.sleep(self.delay)
        if reply.silent:
            await self._closing.wait()
        if reply.body is not None:
            return Response(reply.body, reply.status, reply.headers, media_type="application/json")
        if body.get("stream"):
            return StreamingResponse(self._stream(reply, body), media_type="text/event-stream")
        return JSONResponse(_whole(reply))

    async def _counts(self) -> dict[str, int]:
        """Calls and tokens since the last time, as this endpoint counts them."""
        found = {"calls": len(self.requests), "tokens": self.tokens}
        self.requests.clear()
        self.headers.clear()
        self.tokens = 0
        return found

    async def _embeddings(self, request: Request) -> Response:
        """A vector of 8 numbers for each text, from its letters."""
        texts = (await request.json())["input"]
        self.embedded.append(texts)
        rows = [{"object": "embedding", "index": i, "embedding": [float(text.count(letter) + 1) for letter in "aeiounrs"]}
                for i, text in enumerate(texts)]
        return JSONResponse({"object": "list", "data": rows, "model": MODEL, "usage": {"prompt_tokens": 1, "total_tokens": 1}})

    async def _stream(self, reply: Reply, body: dict[str, Any]) -> AsyncIterator[str]:
        try:
            yield _frame([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
            for i, piece in enumerate(reply.pieces):
                if reply.hold is not None and i == len(reply.pieces) - 1:
                    await reply.hold.wait()
                delta = {"content": piece} if isinstance(piece, str) else {"tool_calls": [_call(piece)]}
                reply.sent += 1
                yield _frame([{"index": 0, "delta": delta, "finish_reason": None}])
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            reply.gone.set()
            raise
        if reply.cut:
            raise ConnectionCut
        if reply.polite:
            return
        reply.done = True
        yield _frame([{"index": 0, "delta": {}, "finish_reason": reply.finish}])
        if reply.usage is not None and (body.get("stream_options") or {}).get("include_usage"):
            yield _frame([], usage=reply.usage)
        yield "data: [DONE]\n\n"


def estimate(body: dict[str, Any]) -> int:
    """Tokens of a request at four characters each: messages, tools and schema."""
    parts = [body.get(name) for name in ("messages", "tools", "response_format")]
    return sum(len(json.dumps(part, ensure_ascii=False)) for part in parts if part) // 4


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The test's signals stay the test's."""
        yield


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
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]} | (
        {"usage": reply.usage} if reply.usage is not None else {})


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
