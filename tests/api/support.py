"""What the API's tests share: a real server on a loopback port, readers of its streams, and runs played by hand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn
from ag_ui.core import Event
from fastapi import FastAPI
from langchain_core.messages import AIMessage
from pydantic import TypeAdapter

from core.database import Database
from core.scope import Scope
from graphs.context import Staff
from graphs.runner import Runner
from knowledge.records import conversations, event_log
from knowledge.records.conversations import Sent
from knowledge.records.event_log import Entry

PATIENCE = 20.0
QUESTION = "¿qué rentabilidad bruta deja un apto de 450 millones arrendado en 2,3 millones?"
TOKENS = {
    "ana": "token-of-ana-0123456789abcdef", "luis": "token-of-luis-0123456789abcdef",
    "vera": "token-of-vera-0123456789abcdef",
}
STAFF_TOKENS = f"adviser:ana:{TOKENS['ana']},adviser:luis:{TOKENS['luis']},viewer:vera:{TOKENS['vera']}"
_EVENT: TypeAdapter[Any] = TypeAdapter(Event)


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


@contextlib.asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The app behind uvicorn on a free port of this machine; its address."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named: no delay by Nagle
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=2))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]  # Ctrl-C stays pytest's
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it in no other way
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event; a comment has no data."""

    id: int | None = None
    event: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    comment: str | None = None

    @property
    def type(self) -> str | None:
        return self.data.get("type")


def _frame(block: str) -> Frame:
    values: dict[str, str] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        values[name] = value.removeprefix(" ")
    if "data" not in values:
        return Frame(comment=values.get("", ""))
    return Frame(
        id=int(values["id"]) if "id" in values else None, event=values.get("event"), data=json.loads(values["data"])
    )


def frames_of(text: str) -> list[Frame]:
    return [_frame(block) for block in text.split("\n\n") if block]


class Reader:
    """A connection that follows a stream; `async with`, then `next`, `until` or `rest`. Comments are kept apart."""

    def __init__(self, client: httpx.AsyncClient, method: str, path: str, **request: Any) -> None:
        self._opening = client.stream(method, path, timeout=PATIENCE, **request)
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.comments: asyncio.Queue[str] = asyncio.Queue()
        self.seen: list[Frame] = []

    async def __aenter__(self) -> Self:
        self.response = await self._opening.__aenter__()
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._opening.__aexit__(kind, error, trace)

    async def _read(self) -> None:
        buffer = ""
        try:
            async for text in self.response.aiter_text():
                buffer += text
                *blocks, buffer = buffer.split("\n\n")
                for frame in map(_frame, blocks):
                    if frame.comment is not None:
                        self.comments.put_nowait(frame.comment)
                    else:
                        self._frames.put_nowait(frame)
        finally:
            self._frames.put_nowait(None)

    async def next(self) -> Frame | None:
        """The next event, or None where the server ended the stream."""
        frame = await asyncio.wait_for(self._frames.get(), PATIENCE)
        if frame is not None:
            self.seen.append(frame)
        return frame

    async def until(self, *types: str) -> list[Frame]:
        """Everything up to and with the first event of one of these types (an AG-UI type or the name of our own)."""
        found: list[Frame] = []
        while True:
            frame = await self.next()
            assert frame is not None, f"the stream ended before {types}: {[f.data for f in found]}"
            found.append(frame)
            if frame.type in types or frame.data.get("name") in types:
                return found

    async def rest(self) -> list[Frame]:
        found = []
        while (frame := await self.next()) is not None:
            found.append(frame)
        return found


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    token: str

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.id}"

    @property
    def auth(self) -> dict[str, str]:
        return bearer(self.token)


@dataclass
class Service:
    """A running server, a client of it, and what stands behind it."""

    client: httpx.AsyncClient
    app: FastAPI
    url: str = ""

    @property
    def runner(self) -> Runner:
        found: Runner = self.app.state.runner
        return found

    @property
    def database(self) -> Database:
        return self.runner.resources.database

    async def start(self, **body: Any) -> Conversation:
        response = await self.client.post("/api/conversations", json=body)
        assert response.status_code == 201, response.text
        return Conversation(response.json()["id"], response.json()["token"])

    async def send(self, conversation: Conversation, text: str, **body: Any) -> httpx.Response:
        return await self.client.post(
            f"{conversation.path}/runs", json={"text": text, **body}, headers=conversation.auth
        )

    async def answer(self, conversation: Conversation, text: str) -> dict[str, Any]:
        response = await self.send(conversation, text)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def read(self, conversation: Conversation) -> dict[str, Any]:
        response = await self.client.get(conversation.path, headers=conversation.auth)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def stream(self, conversation: Conversation, text: str, **body: Any) -> Reader:
        return Reader(
            self.client, "POST", f"{conversation.path}/runs", json={"text": text, **body},
            headers={**conversation.auth, "Accept": "text/event-stream"},
        )

    def follow(self, conversation: Conversation, after: int | None = None, **headers: str) -> Reader:
        return Reader(
            self.client, "GET", f"{conversation.path}/events", params={} if after is None else {"after": after},
            headers={**conversation.auth, **headers},
        )

    async def desk(self, method: str, path: str, who: str = "ana", **body: Any) -> httpx.Response:
        return await self.client.request(
            method, f"/api/cases{path}", headers=bearer(TOKENS[who]), **({"json": body} if body else {})
        )

    async def log(self, conversation: Conversation) -> list[tuple[int, str | None, dict[str, Any]]]:
        return await event_log.read(self.database, Scope(), conversation.id, 0, limit=10_000)


class RunElsewhere:
    """A run of another process, played by hand: the log is written as that process would write it."""

    def __init__(self, service: Service, conversation: Conversation, sent: Sent) -> None:
        self._service, self._conversation, self.sent = service, conversation, sent
        assert sent.run_id is not None
        self.id = sent.run_id

    @classmethod
    async def begin(cls, service: Service, conversation: Conversation, text: str = "hola") -> RunElsewhere:
        sent = await conversations.send(
            service.database, Scope(), conversation.id, text, client_message_id=None, brain="builtin",
            lease_owner="elsewhere:1",
        )
        run = cls(service, conversation, sent)
        async with service.database.session(Scope()) as session:
            await conversations.start_run(session, run.id)
        await run.write(("RUN_STARTED", {"threadId": conversation.id, "runId": run.id}))
        return run

    async def write(self, *entries: Entry) -> int:
        return await event_log.append(
            self._service.database, Scope(), self._conversation.id, self.id, 0, entries
        )

    async def say(self, *pieces: str, message_id: str = "answer") -> int:
        return await self.write(
            *(("TEXT_MESSAGE_CONTENT", {"messageId": message_id, "delta": piece}) for piece in pieces)
        )

    async def finish(self, *entries: Entry) -> int:
        end = {"threadId": self._conversation.id, "runId": self.id, "outcome": {"type": "success"}}
        async with self._service.database.session(Scope()) as session:
            last = await event_log.append_in(
                session, Scope(), self._conversation.id, self.id, 0, [*entries, ("RUN_FINISHED", end)]
            )
            await conversations.end_run(session, self.id, "finished")
        return last


class Waiting:
    """A specialist that says it has begun and then waits to be let go."""

    def __init__(self) -> None:
        self._begun, self.go = asyncio.Event(), asyncio.Event()

    async def begun(self) -> None:
        await asyncio.wait_for(self._begun.wait(), PATIENCE)

    async def astream(self, *_: Any, **__: Any) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        self._begun.set()
        await self.go.wait()
        yield "updates", {"model": {"messages": [AIMessage("Listo.")]}}


class WaitingStaff(Staff):
    def __init__(self, staff: Staff, agent: Waiting) -> None:
        self.models, self.threshold, self._waiting = staff.models, staff.threshold, agent

    def agent(self, route: str) -> Any:
        return self._waiting


def assert_strict_run(events: Iterable[dict[str, Any]]) -> None:
    """What an AG-UI verifier asks of one run: known events, one start, one end, everything closed, nothing twice."""
    found = list(events)
    for event in found:
        _EVENT.validate_python(event)
    assert found[0]["type"] == "RUN_STARTED"
    assert found[-1]["type"] in ("RUN_FINISHED", "RUN_ERROR")
    assert sum(e["type"].startswith("RUN_") for e in found) == 2
    steps: list[str] = []
    open_steps: list[str] = []
    open_message: str | None = None
    for event in found:
        match event["type"]:
            case "STEP_STARTED":
                assert event["stepName"] not in steps
                steps.append(event["stepName"])
                open_steps.append(event["stepName"])
            case "STEP_FINISHED":
                assert event["stepName"] in open_steps
                open_steps.remove(event["stepName"])
            case "TEXT_MESSAGE_START":
                assert open_message is None
                open_message = event["messageId"]
            case "TEXT_MESSAGE_CONTENT":
                assert event["messageId"] == open_message
                assert event["delta"]
            case "TEXT_MESSAGE_END":
                assert event["messageId"] == open_message
                open_message = None
    assert (open_steps, open_message) == ([], None)
    assert event_log.open_ends(found) == []


def text_of(events: Iterable[dict[str, Any]]) -> str:
    return "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT")


def assert_error(response: httpx.Response, status: int, code: str, *, retryable: bool = False) -> str:
    """The one form of every error; its sentence."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert (error["code"], error["retryable"]) == (code, retryable)
    assert error["message"]
    assert "Traceback" not in response.text
    return str(error["message"])
