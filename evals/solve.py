"""Running one case through the same runner as the API, with clock and ids injected so that two runs differ in `ms` alone."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from core.clock import FixedClock, use_clock
from core.errors import LadrilloError, Unavailable
from core.scope import Scope
from evals.cases import Case
from graphs.runner import Runner
from knowledge.records import conversations

#: After the newest row of the demo portfolio: a market whose adverts lie in the future has none.
START = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)


async def solve(runner: Runner, case: Case, epoch: int = 1) -> dict[str, Any]:
    """One output line: the case's id and what came of each turn. An earlier run of the same case and epoch is erased first.

    Clock and ids are the case's and the epoch's own, whatever runs beside it. Raises `Unavailable` where the database goes.
    """
    name = case.id if epoch == 1 else f"{case.id}#{epoch}"
    seed = hashlib.blake2s(name.encode(), digest_size=8).hexdigest()
    with use_clock(FixedClock(START, seed=f"eval{seed}")):
        conversation_id = await _begin(runner, scope := Scope(role="visitor", subject=f"eval:{name}"))
        turns = []
        for words in case.turns:
            try:
                outcome = await runner.ask(scope, conversation_id, words)
            except Unavailable:
                raise
            except LadrilloError as error:
                outcome = {"answer": error.text("en"), "status": "refused", "error_code": error.code, "ms": 0}
            turns.append(turn(words, outcome))
    return {"id": case.id, "turns": turns}


async def _begin(runner: Runner, scope: Scope) -> str:
    """A new conversation in the place of the one that this subject had before."""
    async with runner.resources.database.session(scope) as session:
        erased = await session.execute(
            text("DELETE FROM conversations WHERE visitor = :v AND channel = 'eval' RETURNING id"), {"v": scope.subject}
        )
        for conversation_id in erased.scalars():
            await runner.checkpoints.forget(conversation_id)
        row, _ = await conversations.create(session, scope, visitor=scope.subject, channel="eval")
    return row.id


def turn(words: str, outcome: dict[str, Any]) -> dict[str, Any]:
    """A turn as the output format names it."""
    case = outcome.get("case") or {}
    return {
        "text": words, "answer": outcome.get("answer") or "", "routes": outcome.get("routes") or [],
        "escalated": bool(outcome.get("escalated")), "case_reason": case.get("reason"),
        "slots": outcome.get("slots") or {}, "confidence": outcome.get("confidence"),
        "routing_confidence": outcome.get("routing_confidence"),
        "language": outcome.get("language"), "locale": outcome.get("locale"), "facts": outcome.get("facts") or [],
        "citations": outcome.get("citations") or [], "tool_calls": outcome.get("tool_calls") or [],
        "ms": outcome["ms"], "tokens": (outcome.get("usage") or {}).get("tokens", 0),
        "cost": (outcome.get("usage") or {}).get("cost", 0.0), "status": outcome["status"],
        "error": outcome.get("error_code"),
    }
