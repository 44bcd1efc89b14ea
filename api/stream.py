"""The log as server-sent events. One reader per connection; a slow one is dropped and comes back with its last number."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent

from core.errors import LadrilloError, Language
from core.scope import Scope
from graphs.events import for_visitor
from graphs.runner import PING_SECONDS, Runner
from knowledge.records import conversations, event_log
from knowledge.records.event_log import run_error

_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
_SEND_TIMEOUT = 30


def frame(seq: int | None, payload: dict[str, Any], *, ours: bool = False) -> ServerSentEvent:
    """One event; `ours` marks what stands between runs, which an AG-UI client ignores."""
    data = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return ServerSentEvent(data=data, id=str(seq) if seq is not None else None, event="ladrillo" if ours else None)


def respond(frames: AsyncIterator[ServerSentEvent]) -> EventSourceResponse:
    return EventSourceResponse(
        frames, ping=int(PING_SECONDS), send_timeout=_SEND_TIMEOUT, headers=_HEADERS, sep="\n"
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
    """Everything after `after`; without a cursor, from now on, beginning with what is being written."""
    try:
        if after is None:
            start, joined = await _join(runner, scope, conversation_id)
            for event in joined:
                yield event
        else:
            async with runner.resources.database.session(scope) as session:
                newest = (await conversations.get(session, conversation_id)).last_seq
            start = after
            if after > newest:  # a cursor of another life: say so, and go on from the transcript
                start = newest
                yield frame(newest, event_log.custom("ladrillo.gap", {"last_seq": newest}) | {"type": "CUSTOM"}, ours=True)
        async for seq, run_id, payload in runner.tail(scope, conversation_id, start):
            yield frame(seq, for_visitor(payload), ours=run_id is None)
    except LadrilloError as error:
        yield frame(None, {"type": "RUN_ERROR", **run_error(error.code, language)})


async def _join(runner: Runner, scope: Scope, conversation_id: str) -> tuple[int, list[ServerSentEvent]]:
    """For a reader who comes late: RUN_STARTED, a snapshot with the text so far, and the open message."""
    database = runner.resources.database
    async with database.session(scope) as session:
        active = await conversations.active_run(session, conversation_id)
        newest = (await conversations.get(session, conversation_id)).last_seq
        messages = [
            {"id": m.id, "role": m.role if m.role in ("user", "assistant") else "system", "content": m.text}
            for m in await conversations.transcript(session, conversation_id)
        ]
    if active is None:
        return newest, []
    events = [p for _, run_id, p in await event_log.read(database, scope, conversation_id, 0, limit=100_000)
              if run_id == active.id]
    text = "".join(p["delta"] for p in events if p["type"] == "TEXT_MESSAGE_CONTENT")
    starts = [p for p in events if p["type"] == "TEXT_MESSAGE_START"]
    ended = any(p["type"] == "TEXT_MESSAGE_END" for p in events)
    joined = [frame(None, {"type": "RUN_STARTED", "threadId": conversation_id, "runId": active.id})]
    if starts:
        messages.append({"id": starts[-1]["messageId"], "role": "assistant", "content": text})
    joined.append(frame(None, {"type": "MESSAGES_SNAPSHOT", "messages": messages}))
    if starts and not ended:
        joined.append(frame(None, starts[-1]))
    return newest, joined
