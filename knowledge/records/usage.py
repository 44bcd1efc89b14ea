"""What language models used: written at a turn's end, summed for budgets and for `ladrillo costs`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.metering import Amount, ModelCall
from core.scope import Scope
from knowledge.tables import ModelCallRow

By = Literal["day", "role", "model", "conversation"]
_GROUPS: dict[By, str] = {
    "day": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')", "role": "role", "model": "model", "conversation": "conversation_id",
}


@dataclass(frozen=True, slots=True)
class Costs:
    """A group's sum. `cost` in US dollars; None where no call had a price. `failed` calls ended with an error."""

    group: str
    runs: int
    calls: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: float | None


def add(session: AsyncSession, scope: Scope, conversation_id: str, run_id: str, calls: Iterable[ModelCall]) -> None:
    session.add_all(
        ModelCallRow(
            tenant_id=scope.tenant, conversation_id=conversation_id, run_id=run_id, role=call.role, model=call.model,
            input_tokens=call.input_tokens, cached_tokens=call.cached_tokens, output_tokens=call.output_tokens, cost=call.cost,
            ms=call.ms, first_ms=call.first_ms, error=call.error, estimated=call.estimated, at=call.at,
        )
        for call in calls
    )


async def used(session: AsyncSession, conversation_id: str, at: datetime) -> dict[str, Amount]:
    """(tokens, dollars) of the conversation, of the portal's day and of its month, in UTC, as far as they are written."""
    row = (
        await session.execute(
            text(
                "SELECT (SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM model_calls WHERE conversation_id = :c),"
                " (SELECT coalesce(sum(cost), 0) FROM model_calls WHERE conversation_id = :c),"
                " coalesce(sum(input_tokens + output_tokens) FILTER (WHERE at >= :day), 0),"
                " coalesce(sum(cost) FILTER (WHERE at >= :day), 0),"
                " coalesce(sum(input_tokens + output_tokens), 0), coalesce(sum(cost), 0)"
                " FROM model_calls WHERE at >= :month"
            ),
            {"c": conversation_id, "day": at.replace(hour=0, minute=0, second=0, microsecond=0),
             "month": at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)},
        )
    ).one()
    talk, talk_usd, day, day_usd, month, month_usd = row
    return {"conversation": (int(talk), float(talk_usd)), "day": (int(day), float(day_usd)),
            "tenant": (int(month), float(month_usd))}


async def report(session: AsyncSession, by: By, since: datetime, until: datetime) -> list[Costs]:
    """Sums of the calls in [since, until), by day (UTC), role, model or conversation; the dearest first, days in order."""
    key = _GROUPS[by]  # of our own: never what somebody wrote
    order = "1" if by == "day" else "8 DESC NULLS LAST, 5 + 7 DESC, 1"
    rows = await session.execute(
        text(
            f"SELECT {key}, count(DISTINCT run_id), count(*), count(error), sum(input_tokens), sum(cached_tokens),"  # noqa: S608
            f" sum(output_tokens), sum(cost) FROM model_calls WHERE at >= :since AND at < :until GROUP BY 1 ORDER BY {order}"
        ),
        {"since": since, "until": until},
    )
    return [
        Costs(str(group), runs, calls, failed, int(read), int(cached), int(written), None if cost is None else float(cost))
        for group, runs, calls, failed, read, cached, written, cost in rows
    ]
