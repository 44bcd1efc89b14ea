"""Which series answers for a place and how far its forecast must reach, counted from its last observation.

Where that is old, the years asked for count from today: the path then covers what nobody has observed yet as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import text

from core import clock
from core.errors import BadInput
from core.facts import Source
from core.locale import COUNTRY_NAMES, Language
from knowledge.forecasting.registry import forecast_series
from knowledge.forecasting.series import MONTHS
from knowledge.series.choice import SeriesRef, choose_series
from tools.context import Runtime
from tools.named_areas import plain_name
from tools.result import ToolResult

Metric = Literal["price", "rent"]
#: A last observation older than this, in months, is not today's.
OLD_AFTER_MONTHS = 9
_POINTS = text("SELECT period, value FROM observations WHERE series_id = :id ORDER BY period")


@dataclass(frozen=True, slots=True)
class Path:
    """A series with its observations and forecast; `steps` is the period asked for, counted from the last one."""

    series: SeriesRef
    points: list[tuple[date, float]]
    body: dict[str, Any]
    steps: int

    @property
    def target(self) -> dict[str, Any]:
        step: dict[str, Any] = self.body["path"][self.steps - 1]
        return step

    @property
    def years(self) -> float:
        return self.steps * MONTHS[self.series.frequency] / 12

    def region(self, language: Language) -> str:
        """The series' area; a country by its name in the reader's language."""
        names = (n for n in COUNTRY_NAMES.values() if self.series.region in n.values())
        return next((n[language] for n in names), plain_name(self.series.region))

    @property
    def source(self) -> Source:
        s = self.series
        return Source("model", f"forecast/{s.id}@{self.body['fingerprint'][:8]}", s.name, s.attribution, s.demo)

    def level_at(self, day: date) -> float | None:
        """The index in the period that `day` lies in, observed or forecast; None before the first observation."""
        before = [value for period, value in self.points if period <= day]
        ahead = months(day) - months(self.points[-1][0])
        step = ahead // MONTHS[self.series.frequency]
        if step > 0 and ahead > OLD_AFTER_MONTHS:
            path = self.body["path"]
            return float(path[min(step, len(path)) - 1]["value"])
        return before[-1] if before else None


async def find_path(
    runtime: Runtime, result: ToolResult, metric: Metric, country: str | None, city: str | None,
    neighbourhood: str | None, years: float, by: date | None = None,
) -> tuple[Path | None, bool]:
    """The forecast of the series that answers for a place, and whether it is the place's own; None with a gap in `result`, or
    silently where a series known `by` a day was asked for."""
    context = runtime.context
    async with context.resources.database.session(context.scope) as session:
        series, exact = await choose_series(session, metric, country, city, neighbourhood, by=by)
        points = [(r.period, r.value) for r in await session.execute(_POINTS, {"id": series.id})] if series else []
    if series is None:
        if by is None:
            result.gap("no_data", what=f"{metric} series", place=result.data["place"])
        return None, False
    per = MONTHS[series.frequency]
    steps = max(1, math.ceil(years * 12 / per - 1e-9))
    age = months(clock.now().date()) - months(series.last)
    if age > OLD_AFTER_MONTHS:
        steps += age // per
    steps = min(steps, 10 * 12 // per)  # as far as forecasts go at all
    try:
        body = await forecast_series(context.resources.database, context.scope, series.id, steps)
    except BadInput as error:
        if by is not None:
            return None, False
        result.data["too_short"] = True
        result.say(error.en)
        result.gap("thin_data", what="observations", place=series.region)
        return None, False
    return Path(series, points, body, steps), exact


def months(day: date) -> int:
    """Counted from year 0."""
    return day.year * 12 + day.month - 1
