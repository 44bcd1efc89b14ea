"""`costs`: what language models were used for, and what that cost, from the calls that the database keeps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args

from cli.console import out, t
from cli.session import STAFF
from core.clock import now
from core.errors import BadInput
from core.settings import get_settings
from knowledge.records.usage import By, Costs, report
from knowledge.resources import Resources

_DAYS = 30


async def costs(by: str, since: str | None, until: str | None, as_json: bool) -> None:
    """A table, or one JSON object, of the calls of [since, until] (days in UTC; by default the last thirty)."""
    if by not in get_args(By):
        choices = ", ".join(get_args(By))
        raise BadInput(f"--by is {by!r}; expected one of {choices}.", f"--by es {by!r}; se esperaba uno de {choices}.")
    last = _day("--until", until) if until else now().date()
    first = _day("--since", since) if since else last - timedelta(days=_DAYS - 1)
    if first > last:
        raise BadInput(f"--since {first} is after --until {last}.", f"--since {first} es posterior a --until {last}.")
    async with await Resources.open(get_settings()) as resources, resources.database.session(STAFF) as session:
        rows = await report(session, by, _start(first), _start(last + timedelta(days=1)))  # type: ignore[arg-type]
    if as_json:
        out(json.dumps({"since": str(first), "until": str(last), "by": by, "rows": [_plain(row) for row in rows]}))
    elif rows:
        _table(by, rows)
    else:
        out(t(f"No language model was asked from {first} to {last}.",
              f"No se consultó ningún modelo de lenguaje del {first} al {last}."))


def _day(option: str, said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise BadInput(f"{option} is {said!r}; expected a day such as 2026-11-30.",
                       f"{option} es {said!r}; se esperaba un día como 2026-11-30.") from None


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _plain(row: Costs) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Costs.__slots__}


def _table(by: str, rows: list[Costs]) -> None:
    names = {"day": t("day", "día"), "role": t("role", "función"), "model": t("model", "modelo"),
             "conversation": t("conversation", "conversación")}
    heads = (t("runs", "turnos"), t("calls", "llamadas"), t("failed", "fallidas"), t("read", "leídos"), t("cached", "en caché"),
             t("written", "escritos"), t("US dollars", "dólares"))
    width = max(len(names[by]), len("total"), *(len(row.group) for row in rows))
    out(f"{names[by]:<{width}}" + "".join(f"{head:>12}" for head in heads))
    for row in rows:
        _line(row, width)
    if len(rows) > 1:
        _line(_total(rows), width, runs=by in ("day", "conversation"))
    if any(row.cost is None for row in rows):
        out(t("–: no price is set for the model (LADRILLO_MODEL_INPUT_PRICE, LADRILLO_MODEL_OUTPUT_PRICE).",
              "–: el modelo no tiene precio (LADRILLO_MODEL_INPUT_PRICE, LADRILLO_MODEL_OUTPUT_PRICE)."))


def _total(rows: list[Costs]) -> Costs:
    known = [row.cost for row in rows if row.cost is not None]
    runs, calls, failed, read, cached, written = (
        sum(getattr(row, name) for row in rows)
        for name in ("runs", "calls", "failed", "input_tokens", "cached_tokens", "output_tokens")
    )
    return Costs("total", runs, calls, failed, read, cached, written, sum(known) if known else None)


def _line(row: Costs, width: int, *, runs: bool = True) -> None:
    """One turn may have calls of several roles and models: their runs do not add up, and are left out of the total."""
    counts = (row.runs if runs else None, row.calls, row.failed, row.input_tokens, row.cached_tokens, row.output_tokens)
    cost = "–" if row.cost is None else f"{row.cost:.4f}"
    out(f"{row.group:<{width}}" + "".join(f"{'' if n is None else f'{n:,}':>12}" for n in counts) + f"{cost:>12}")
