"""The log as server-sent events. One reader per connection; a slow one is dropped and comes back with its last number."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent

from api import snapshot
from core.errors import LadrilloError, Language
from core.scope import Scope
from graphs.events import for_visitor
from graphs.runner import PING_SECONDS, Runner
from knowledge.records import conversations, event_log
from knowledge.records.event_log import run_error
from knowledge.tables import Message

_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
_SEND_TIMEOUT = 30
_LINE = "\n"  # an event has its own, which would be CR LF


def frame(seq: int | None, payload: dict[str, Any], *, ours: bool = False) -> ServerSentEvent:
    """One event; `ours` marks what stands between runs, which an AG-UI client ignores."""
    data = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return ServerSentEvent(
        data=data, id=str(seq) if seq is not None else None, event="ladrillo" if ours else None, sep=_LINE
    )


def respond(frames: AsyncIterator[ServerSentEvent], headers: Mapping[str, str] | None = None) -> EventSourceResponse:
    return EventSourceResponse(
        frames, ping=int(PING_SECONDS), send_timeout=_SEND_TIMEOUT, headers={**_HEADERS, **(headers or {})}, sep=_LINE
    )


async def run(
    runner: Runner, scope: Scope, conversation_id: str, after: int, run_id: str, language: Language
) -> AsyncIterator[ServerSentEvent]:
    """One run, from its start to its end: a strict AG-UI stream."""
    try:
        async for seq, _, payload in runner.tail(scope, conversation_id, after, run_id=run_id):
            yield frame(seq, for_visitor(payload))
    except LadrilloError as error:
        # the database is gone: the run's end cannot be read, and this is all that can be said
        yield frame(None, {"type": "RUN_ERROR", **run_error(error.code, language)})


async def conversation(
    runner: Runner, scope: Scope, conversation_id: str, after: int | None, language: Language
) -> AsyncIterator[ServerSentEvent]:
    """Everything after `after`; without a cursor, from now on, beginning with what is being written.

    A cursor above the newest number is one of another life: it gets a `gap`, and then what one without a cursor gets.
    """
    try:
        async with runner.resources.database.session(scope) as session:
            newest = (await conversations.get(session, conversation_id)).last_seq
            late = await snapshot.take(session, conversation_id) if after is None or after > newest else None
        start = after or 0
        if late is not None:
            start = late.seq
            if after is not None:
                gap = {"type": "CUSTOM", **event_log.custom("ladrillo.gap", {"last_seq": late.seq})}
                yield frame(late.seq, gap, ours=True)
            for payload in _joined(late):
                yield frame(None, payload)
        async for seq, run_id, payload in runner.tail(scope, conversation_id, start):
            yield frame(seq, for_visitor(payload), ours=run_id is None)
    except LadrilloError as error:
        yield frame(None, {"type": "RUN_ERROR", **run_error(error.code, language)})


def _joined(late: snapshot.Snapshot) -> list[dict[str, Any]]:
    """For a reader who comes late to a run: its start, the messages with the text so far, and all that is open in it."""
    if late.run is None or not late.events:
        return []
    written = [payload for _, payload in late.events]
    messages = [_message(m) for m in late.messages]
    opened = [p for p in written if p["type"] == "TEXT_MESSAGE_START"]
    for start in opened:
        text = "".join(
            p["delta"] for p in written
            if p["type"] == "TEXT_MESSAGE_CONTENT" and p["messageId"] == start["messageId"]
        )
        messages.append({"id": start["messageId"], "role": "assistant", "content": text})
    ends = event_log.open_ends(written)
    steps = [{"type": "STEP_STARTED", **end} for kind, end in reversed(ends) if kind == "STEP_FINISHED"]
    writing = {end["messageId"] for kind, end in ends if kind == "TEXT_MESSAGE_END"}
    return [
        {"type": "RUN_STARTED", "threadId": late.conversation.id, "runId": late.run.id},
        {"type": "MESSAGES_SNAPSHOT", "messages": messages},
        *steps,
        *(start for start in opened if start["messageId"] in writing),
    ]


def _message(message: Message) -> dict[str, Any]:
    """A message in AG-UI's words, which have no role for an adviser: theirs is `system`, with their name."""
    if message.role in ("user", "assistant"):
        return {"id": message.id, "role": message.role, "content": message.text}
    return {"id": message.id, "role": "system", "name": message.author, "content": message.text}
