"""Stored forecasts: one per series, made again when its observations change.

A forecast up to `STORED_YEARS` ahead is read from the stored one, so that the evidence told with it is always that of
the same backtest; a longer one is made when asked for and not kept: a longer horizon leaves fewer origins to test. The
fingerprint holds the observations, the code's number and the calibration's version: whatever changes, the series concerned
is made again and no other. What similar series say (`family`) is read when a forecast is made; a new observation of one of
them does not make the others' again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import now
from core.database import Database
from core.errors import BadInput, NotFound
from core.scope import Scope

if TYPE_CHECKING:
    from knowledge.forecasting.batch import Job
    from knowledge.forecasting.deflate import Inflation

#: A family by source, country and measure; the mean steps (logs) of its series by period, none where they are few.
Family = tuple[str, str, str]
Steps = tuple[tuple[date, float], ...]
STORED_YEARS = 3
#: Changed when the method changes: what other code made is not read.
_CODE = "6"
_SERIES = text("SELECT frequency, source, country, metric FROM series WHERE id = :id")
_POINTS = text("SELECT period, value FROM observations WHERE series_id = :id ORDER BY period")
#: Measured quarterly series of one source, country and measure.
_ALIKE = text(
    "SELECT s.id, o.period, o.value FROM series s JOIN observations o ON o.series_id = s.id WHERE s.source = :source"
    " AND s.country = :country AND s.metric = :metric AND s.frequency = 'Q' AND NOT s.demo ORDER BY s.id, o.period"
)
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
    from knowledge.forecasting.batch import make

    found, job, keep = await _look_up(database, scope, series_id, horizon_periods, {})
    if found is None:
        found = await asyncio.to_thread(make, job)
        if keep:
            await _keep(database, scope, series_id, _fingerprint(job), found)
    return found | {"series_id": series_id, "fingerprint": _fingerprint(job)}


async def forecast_many(
    database: Database, scope: Scope, ids: Sequence[str], horizon_periods: int | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> list[dict[str, Any] | BadInput]:
    """`forecast_series` of each, in order; those that are not stored are made together, in several processes. A series that
    cannot be forecast has its error in its place. Raises `NotFound` for an unknown series."""
    from knowledge.forecasting.batch import make_all

    alike: dict[Family, Steps] = {}
    looked = [await _look_up(database, scope, series_id, horizon_periods, alike) for series_id in ids]
    missing = [i for i, (found, _, _) in enumerate(looked) if found is None]
    done = len(ids) - len(missing)
    made = await asyncio.to_thread(make_all, [looked[i][1] for i in missing], lambda count: told(done + count))
    fresh = dict(zip(missing, made, strict=True))
    out: list[dict[str, Any] | BadInput] = []
    for i, (series_id, (found, job, keep)) in enumerate(zip(ids, looked, strict=True)):
        result = found if found is not None else fresh[i]
        if isinstance(result, BadInput):
            out.append(result)
            continue
        if found is None and keep:
            await _keep(database, scope, series_id, _fingerprint(job), result)
        out.append(result | {"series_id": series_id, "fingerprint": _fingerprint(job)})
    return out


async def country_inflation(session: AsyncSession, country: str | None) -> Inflation | None:
    """Consumer price inflation of a country as stored; None where there is none, or too little of it."""
    from knowledge.forecasting.deflate import inflation
    from knowledge.series.choice import choose_series

    series, _ = await choose_series(session, "inflation", country, None, None) if country else (None, False)
    if series is None or series.frequency != "A":
        return None
    points = [(row.period, row.value) for row in await session.execute(_POINTS, {"id": series.id})]
    try:
        return replace(inflation(points), series=series.id, name=series.name, attribution=series.attribution)
    except BadInput:
        return None


async def _look_up(
    database: Database, scope: Scope, series_id: str, horizon_periods: int | None, alike: dict[Family, Steps]
) -> tuple[dict[str, Any] | None, Job, bool]:
    """The stored forecast if it is one of these observations; what to make otherwise, and whether to keep that. `alike` keeps
    what was read of a family for the next of its series."""
    from knowledge.forecasting.batch import Job
    from knowledge.forecasting.calibration import family_name
    from knowledge.forecasting.series import PER_YEAR  # numpy: not before a forecast is asked for

    async with database.session(scope) as session:
        series = (await session.execute(_SERIES, {"id": series_id})).one_or_none()
        points = [(row.period, row.value) for row in await session.execute(_POINTS, {"id": series_id})]
        stored = (await session.execute(_STORED, {"id": series_id})).one_or_none()
    if series is None:
        raise NotFound(f"There is no series {series_id!r}.", f"No existe la serie {series_id!r}.")
    if horizon_periods is not None and horizon_periods < 1:
        raise BadInput(f"A horizon of {horizon_periods} periods cannot be forecast; expected at least 1.",
                       f"No se puede pronosticar a {horizon_periods} periodos; se esperaba al menos 1.")
    periods = STORED_YEARS * PER_YEAR.get(series.frequency, 1)
    ahead = max(periods, horizon_periods or 0)
    job = Job(series_id, tuple(p for p, _ in points), tuple(v for _, v in points), series.frequency, ahead,
              family_name(series.source, series.country, series.metric))
    if stored is None or stored.fingerprint != _fingerprint(job) or ahead != periods:
        if series.frequency == "Q":
            family = series.source, series.country, series.metric
            if family not in alike:
                alike[family] = await _steps_of(database, scope, family)
            job = replace(job, alike=alike[family] or None)
        return None, job, ahead == periods
    evidence = dict(stored.backtest)
    besides = {name: evidence.pop(name) for name in _BESIDES}
    return {"method": stored.method, "origin": stored.origin.isoformat(), "path": stored.path,
            "backtest": evidence, **besides}, job, False


async def _steps_of(database: Database, scope: Scope, family: Family) -> Steps:
    from knowledge.forecasting.family import family_steps

    source, country, metric = family
    async with database.session(scope) as session:
        found = (await session.execute(_ALIKE, {"source": source, "country": country, "metric": metric})).all()
    members = [tuple(rows) for _, rows in groupby(found, key=lambda row: row.id)]
    return tuple(family_steps(([r.period for r in rows], [r.value for r in rows]) for rows in members).items())


async def _keep(database: Database, scope: Scope, series_id: str, fingerprint: str, made: dict[str, Any]) -> None:
    backtest = made["backtest"] | {name: made[name] for name in _BESIDES}
    async with database.session(scope) as session:
        await session.execute(_KEEP, {
            "id": series_id, "fingerprint": fingerprint, "method": made["method"], "at": now(),
            "origin": date.fromisoformat(made["origin"]), "path": json.dumps(made["path"], allow_nan=False),
            "backtest": json.dumps(backtest, allow_nan=False),
        })


def _fingerprint(job: Job) -> str:
    from knowledge.forecasting.calibration import shipped

    digest = hashlib.blake2s(f"{_CODE}/{shipped().version}/{job.family}/{job.frequency}".encode(), digest_size=12)
    for period, value in zip(job.periods, job.values, strict=True):
        digest.update(f"|{period}:{value!r}".encode())
    return digest.hexdigest()
