"""Erasing a conversation whole: what the graph remembers of it, then its rows, under one lock.

The graph's memory goes first, in a transaction of its own: if the second step fails the conversation is still there and the
call can be made again; the other way round something could be left that no call reaches.
"""

from __future__ import annotations

from core.scope import Scope
from graphs.runner import Runner
from knowledge.records import conversations


async def erase_conversation(runner: Runner, scope: Scope, conversation_id: str) -> None:
    """Messages, runs, events, facts, case, lead and checkpoints. Raises `RunActive` while an answer is being written."""
    async with runner.resources.database.session(scope) as session:
        await conversations.erase(session, scope, conversation_id)  # holds the row: no new run can begin
        await runner.checkpoints.forget(conversation_id)
