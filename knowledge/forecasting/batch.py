"""Forecasts of many series: in processes of their own where there are enough of them, in the order asked, always the same.

Fitting holds the interpreter's lock, so threads would take turns. A series that cannot be forecast is an error of its own and
keeps no other from its forecast.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from core.errors import BadInput

log = logging.getLogger("ladrillo.forecasting")
#: Fewer series than this are done in this process: starting others takes two seconds.
FEW = 8
#: A forecast beyond this multiple of the last value is a method that ran away (no market here did in ten years).
WILDEST = 20.0


@dataclass(frozen=True, slots=True)
class Job:
    """A series by any name; `family` and `alike` as in `forecast.forecast`."""

    name: str
    periods: tuple[date, ...]
    values: tuple[float | None, ...]
    frequency: str
    horizon: int
    family: str | None = None
    alike: tuple[tuple[date, float], ...] | None = None


def as_family(jobs: Sequence[Job]) -> list[Job]:
    """The same jobs, the quarterly ones with what the quarterly ones do together (`family`), where they are enough."""
    from knowledge.forecasting.family import family_steps

    quarterly = [job for job in jobs if job.frequency == "Q"]
    alike = tuple(family_steps((job.periods, job.values) for job in quarterly).items()) or None
    return [replace(job, alike=alike) if job.frequency == "Q" else job for job in jobs]


def make(job: Job) -> dict[str, Any]:
    """`ForecastResult.to_dict()`. Raises `BadInput` as `forecast.forecast` does, and for a forecast that runs
    away or holds a figure that is not finite."""
    import numpy

    from knowledge.forecasting.forecast import forecast

    with numpy.errstate(over="ignore"):  # told below
        made = forecast(
            job.periods, job.values, job.frequency, job.horizon, family=job.family,
            alike=dict(job.alike) if job.alike else None,
        ).to_dict()
    last = abs(made["last_value"]) or 1.0
    if not all(abs(step["value"]) <= WILDEST * last for step in made["path"]):
        raise BadInput(
            f"The forecast of this series by {made['method']!r} runs away; its observations give no stable one.",
            f"El pronóstico de esta serie con {made['method']!r} se dispara; sus datos no dan uno estable.",
            code="unstable_forecast",
        )
    if not _finite(made):
        raise BadInput(
            "The forecast of this series or its backtest has no finite figures; check its values.",
            "El pronóstico de esta serie o su prueba no da cifras finitas; revise sus valores.",
            code="unstable_forecast",
        )
    return made


def _finite(body: Any) -> bool:
    """Whether no number anywhere in plain containers is NaN or infinite: none may be stored."""
    if isinstance(body, dict):
        return all(map(_finite, body.values()))
    if isinstance(body, list | tuple):
        return all(map(_finite, body))
    return not isinstance(body, float) or math.isfinite(body)


def make_all(
    jobs: Sequence[Job], told: Callable[[int], None] = lambda done: None, processes: int | None = None
) -> list[dict[str, Any] | BadInput]:
    """One result or error for each job, in order. `told` hears how many are done; `processes` defaults to the cores."""
    found: list[dict[str, Any] | BadInput] = []
    for result in _results(jobs, processes or min(os.cpu_count() or 1, 8)):
        found.append(result)
        told(len(found))
    return found


def _results(jobs: Sequence[Job], processes: int) -> Iterator[dict[str, Any] | BadInput]:
    if len(jobs) < FEW or processes < 2:
        yield from map(_attempt, jobs)
        return
    done = 0
    try:
        # spawned, not forked: this process has threads and connections to its databases
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            for result in pool.map(_attempt_apart, jobs, chunksize=4):
                yield BadInput(*result) if isinstance(result, tuple) else result
                done += 1
    except BrokenProcessPool as error:  # a main program that cannot be imported again, or a process that was ended
        log.warning("forecasts go on in one process: %s", error)
        yield from map(_attempt, jobs[done:])


def _attempt(job: Job) -> dict[str, Any] | BadInput:
    try:
        return make(job)
    except BadInput as error:
        return error


def _attempt_apart(job: Job) -> dict[str, Any] | tuple[str, str]:
    """An error's two sentences cross between processes, not the error."""
    found = _attempt(job)
    return (found.en, found.es) if isinstance(found, BadInput) else found
