"""Running cases through the same runner as the API, with clock and ids injected so that two runs differ in `ms` alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from core.clock import FixedClock, use_clock
from core.errors import LadrilloError
from core.scope import Scope
from evals.cases import Case
from graphs.runner import Runner
from knowledge.records import conversations

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


async def solve(runner: Runner, case: Case) -> dict[str, Any]:
    """One output line: the case's id and what came of each turn. An earlier run of the same case is erased first."""
    scope = Scope(role="visitor", subject=f"eval:{case.id}")
    async with runner.resources.database.session(scope) as session:
        erased = await session.execute(
            text("DELETE FROM conversations WHERE visitor = :v AND channel = 'eval' RETURNING id"), {"v": scope.subject}
        )
        for conversation_id in erased.scalars():
            await runner.checkpoints.forget(conversation_id)
        row, _ = await conversations.create(session, scope, visitor=scope.subject, channel="eval")
    turns = []
    for words in case.turns:
        try:
            outcome = await runner.ask(scope, row.id, words)
        except LadrilloError as error:
            outcome = {"answer": error.text("en"), "status": "refused", "error_code": error.code, "ms": 0}
        turns.append(turn(words, outcome))
    return {"id": case.id, "turns": turns}


def turn(words: str, outcome: dict[str, Any]) -> dict[str, Any]:
    """A turn as the output format names it."""
    case = outcome.get("case") or {}
    return {
        "text": words, "answer": outcome.get("answer") or "", "routes": outcome.get("routes") or [],
        "escalated": bool(outcome.get("escalated")), "case_reason": case.get("reason"),
        "slots": outcome.get("slots") or {}, "confidence": outcome.get("confidence"),
        "language": outcome.get("language"), "locale": outcome.get("locale"), "facts": outcome.get("facts") or [],
        "citations": outcome.get("citations") or [], "tool_calls": outcome.get("tool_calls") or [],
        "ms": outcome["ms"], "tokens": (outcome.get("usage") or {}).get("tokens", 0),
        "cost": (outcome.get("usage") or {}).get("cost", 0.0), "status": outcome["status"],
        "error": outcome.get("error_code"),
    }


async def solve_all(runner: Runner, cases: Sequence[Case]) -> AsyncIterator[dict[str, Any]]:
    """Output lines in the order of the cases. Each case has a clock and ids of its own."""
    for case in cases:
        seed = hashlib.blake2s(case.id.encode(), digest_size=8).hexdigest()
        with use_clock(FixedClock(START, seed=f"eval{seed}")):
            line = await solve(runner, case)
        yield line


def write_line(path: Path, line: dict[str, Any], *, first: bool) -> None:
    """Append a line; the first one empties the file."""
    with path.open("w" if first else "a", encoding="utf-8") as handle:
        handle.write(json.dumps(line, ensure_ascii=False, sort_keys=False) + "\n")
