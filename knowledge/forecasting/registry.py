"""Stored forecasts: one per series, made again when its observations change.

A forecast up to `STORED_YEARS` ahead is read from the stored one, so that the evidence told with it is always that of
the same backtest; a longer one is made when asked for and not kept: a longer horizon leaves fewer origins to test.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import date
from typing import Any

from sqlalchemy import text

from core.clock import now
from core.database import Database
from core.errors import BadInput, NotFound
from core.scope import Scope

STORED_YEARS = 3
#: A forecast beyond this multiple of the last value is a method that ran away (no market here did in ten years).
WILDEST = 20.0
#: Changed when the method changes: what other code made is not read.
_CODE = "2"
_SERIES = text("SELECT frequency FROM series WHERE id = :id")
_POINTS = text("SELECT period, value FROM observations WHERE series_id = :id ORDER BY period")
_STORED = text("SELECT fingerprint, method, origin, path, backtest FROM forecasts WHERE series_id = :id")
_KEEP = text(
    "INSERT INTO forecasts (series_id, fingerprint, method, origin, path, backtest, made_at) VALUES (:id, :fingerprint,"
    " :method, :origin, CAST(:path AS jsonb), CAST(:backtest AS jsonb), :at) ON CONFLICT (series_id) DO UPDATE SET"
    " fingerprint = excluded.fingerprint, method = excluded.method, origin = excluded.origin, path = excluded.path,"
    " backtest = excluded.backtest, made_at = excluded.made_at"
)
#: What `ForecastResult` says besides the table's own columns; kept in `backtest`.
_BESIDES = ("frequency", "last_value", "points", "flags")


async def forecast_series(
    database: Database, scope: Scope, series_id: str, horizon_periods: int | None = None
) -> dict[str, Any]:
    """The forecast of a series as `ForecastResult.to_dict()` with `series_id` and `fingerprint`.

    `path` reaches at least `horizon_periods` (default: `STORED_YEARS`). Raises `NotFound` for an unknown series and
    `BadInput` for one that is too short or has no stable forecast, or a horizon that is too long.
    """
    from knowledge.forecasting.series import PER_YEAR  # numpy: not before a forecast is asked for

    async with database.session(scope) as session:
        frequency = (await session.execute(_SERIES, {"id": series_id})).scalar_one_or_none()
        points = [(row.period, row.value) for row in await session.execute(_POINTS, {"id": series_id})]
        stored = (await session.execute(_STORED, {"id": series_id})).one_or_none()
    if frequency is None:
        raise NotFound(f"There is no series {series_id!r}.", f"No existe la serie {series_id!r}.")
    periods = STORED_YEARS * PER_YEAR.get(frequency, 1)
    ahead = max(periods, horizon_periods or 0)
    fingerprint = _fingerprint(frequency, points)
    names = {"series_id": series_id, "fingerprint": fingerprint}
    if stored is not None and stored.fingerprint == fingerprint and ahead == periods:
        evidence = dict(stored.backtest)
        besides = {name: evidence.pop(name) for name in _BESIDES}
        return {"method": stored.method, "origin": stored.origin.isoformat(), "path": stored.path,
                "backtest": evidence, **besides, **names}
    made = await asyncio.to_thread(_make, points, frequency, ahead)
    if ahead == periods:
        await _keep(database, scope, series_id, fingerprint, made)
    return made | names


def _make(points: list[tuple[Any, float]], frequency: str, horizon: int) -> dict[str, Any]:
    import numpy

    from knowledge.forecasting.forecast import forecast

    with numpy.errstate(over="ignore"):  # told below
        made = forecast([p for p, _ in points], [v for _, v in points], frequency, horizon).to_dict()
    last = abs(made["last_value"]) or 1.0
    if not all(abs(step["value"]) <= WILDEST * last for step in made["path"]):
        raise BadInput(
            f"The forecast of this series by {made['method']!r} runs away; its observations give no stable one.",
            f"El pronóstico de esta serie con {made['method']!r} se dispara; sus datos no dan uno estable.",
            code="unstable_forecast",
        )
    return made


async def _keep(database: Database, scope: Scope, series_id: str, fingerprint: str, made: dict[str, Any]) -> None:
    backtest = made["backtest"] | {name: made[name] for name in _BESIDES}
    async with database.session(scope) as session:
        await session.execute(_KEEP, {
            "id": series_id, "fingerprint": fingerprint, "method": made["method"], "at": now(),
            "origin": date.fromisoformat(made["origin"]), "path": json.dumps(made["path"]),
            "backtest": json.dumps(backtest),
        })


def _fingerprint(frequency: str, points: list[tuple[Any, float]]) -> str:
    digest = hashlib.blake2s(f"{_CODE}/{frequency}".encode(), digest_size=12)
    for period, value in points:
        digest.update(f"|{period}:{value!r}".encode())
    return digest.hexdigest()
