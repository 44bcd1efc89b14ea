"""Speed and memory, measured on the data folder as it is. Medians and 95th percentiles after a warm-up, each with
its 95 % interval in brackets; what is timed is said in each row.

The graph's own overhead is a turn of small talk: state, checkpoint, events and transcript, with a brain that answers at
once and no tool.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import psutil

from core.locale import COUNTRIES
from core.scope import Scope
from graphs.runner import Runner
from knowledge.records import conversations

QUESTIONS = (
    "¿qué rentabilidad me deja un apto de 450 millones en Chapinero si lo arriendo en 2,3 millones?",
    "pisos de 2 habitaciones en Sevilla por menos de 300.000 €",
    "What is an 80 m2 flat with 3 bedrooms in Madrid worth?",
    "Cuota de 95 millones a 7 años con tasa del 14% E.A.",
    "compare Medellín and Cali for apartments",
    "departamentos en la Roma Norte de menos de 6 mdp",
)
WARM_UP = 12
#: Properties that are valued at once, and how often.
_VALUED, _REPEATS = 1000, 10
Rows = list[tuple[str, str]]


async def measure(runner: Runner, turns: int, progress: Callable[[str, int, int], None]) -> Rows:
    rows: Rows = []
    process = psutil.Process()
    rows.append(("memory of this process at rest", f"{process.memory_info().rss / 2**20:.0f} MB"))
    rows.append(("listings in the database", f"{await _count(runner):,}"))
    await _timed(runner, QUESTIONS, WARM_UP, lambda d, n: progress("warm-up", d, n))
    gc.collect()
    times = await _timed(runner, QUESTIONS, turns, lambda d, n: progress("turns", d, n))
    rows += _spread(f"full turn, {runner.staff.brain} brain ({len(times)})", times)
    small = await _timed(runner, ("hola",), max(20, turns // 4), lambda d, n: progress("overhead", d, n))
    rows += _spread(f"graph's own overhead: small talk ({len(small)})", small)
    rows += await _valuations(runner, turns, progress)
    searches = await _searches(runner, turns, progress)
    rows += _spread(f"listing search ({len(searches)})", searches)
    rows.append(("memory of this process afterwards", f"{process.memory_info().rss / 2**20:.0f} MB"))
    return rows


async def _count(runner: Runner) -> int:
    from sqlalchemy import text

    async with runner.resources.database.session(Scope()) as session:
        return int((await session.execute(text("SELECT count(*) FROM listings"))).scalar_one())


async def _timed(runner: Runner, questions: tuple[str, ...], turns: int, tell: Callable[[int, int], None]) -> list[float]:
    scope = Scope(role="visitor", subject="bench")
    times = []
    for number in range(turns):
        async with runner.resources.database.session(scope) as session:
            row, _ = await conversations.create(session, scope, visitor="bench", channel="bench")
        begun = time.perf_counter()
        await runner.ask(scope, row.id, questions[number % len(questions)])
        times.append((time.perf_counter() - begun) * 1000)
        tell(number + 1, turns)
    return times


async def _valuations(runner: Runner, turns: int, progress: Callable[[str, int, int], None]) -> Rows:
    """A thousand values at once, and one with its comparables, their adjustments and its drivers, as an answer needs them;
    of the market with most adverts that has a model. No rows where there is none."""
    from core.errors import NotFound
    from knowledge.listings.nearby import candidates
    from knowledge.listings.search import Row
    from knowledge.valuation.columns import is_missing
    from knowledge.valuation.comparables import rank
    from knowledge.valuation.registry import sale_listings

    database, scope = runner.resources.database, Scope()
    best: tuple[Any, Any] | None = None
    for market in COUNTRIES:
        try:
            model = await runner.resources.valuation(scope, market)
        except NotFound:
            continue
        frame = await sale_listings(database, scope, market)
        if best is None or len(frame) > len(best[1]):
            best = (model, frame)
    if best is None or best[1].empty:
        return []
    model, frame = best
    subjects = frame.sample(_VALUED, replace=len(frame) < _VALUED, random_state=1)
    strangers = subjects.drop(columns=["dwelling_group", "external_id"])  # as properties that the model does not know
    batch, single = [], []
    for number in range(_REPEATS + 1):
        begun = time.perf_counter()
        model.predict(strangers)
        batch.append((time.perf_counter() - begun) * 1000)
        progress("valuations", number, _REPEATS)
    rows = [{name: value for name, value in row.items() if not is_missing(value)} for row in strangers.to_dict("records")]
    for number in range(turns + WARM_UP):
        subject = rows[number % len(rows)]
        begun = time.perf_counter()
        async with database.session(scope) as session:
            near = await candidates(session, subject)
        bodies = [{name: getattr(row, name) for name in Row.__slots__} for row in near]
        model.predict_one(subject)
        rank(subject, bodies, count=5, model=model)
        model.explain(subject)
        single.append((time.perf_counter() - begun) * 1000)
        progress("one valuation", number, turns + WARM_UP)
    return [
        *_spread(f"{_VALUED:,} valuations, {model.version} ({_REPEATS})", batch[1:]),
        *_spread(f"one valuation with comparables and drivers ({turns})", single[WARM_UP:]),
    ]


async def _searches(runner: Runner, turns: int, progress: Callable[[str, int, int], None]) -> list[float]:
    from knowledge.listings.search import Filters, search

    wishes: tuple[dict[str, Any], ...] = (
        {"country": "ES", "city": "Barcelona", "operation": "sale", "price_max": 400_000},
        {"country": "ES", "city": "Valencia", "operation": "sale", "bedrooms_min": 3},
        {"country": "CO", "operation": "rent"},
        {"country": "ES", "operation": "sale", "area_min": 120, "features": ["lift", "terrace"]},
        {},
    )
    async def work(wish: dict[str, Any]) -> None:
        await search(runner.resources.database, Scope(), Filters(**wish), limit=6)

    for wish in wishes:
        await work(wish)
    times = []
    for number in range(turns):
        begun = time.perf_counter()
        await work(wishes[number % len(wishes)])
        times.append((time.perf_counter() - begun) * 1000)
        progress("searches", number + 1, turns)
    return times


def _spread(name: str, times: list[float]) -> Rows:
    ordered = sorted(times)
    return [(f"{name}, {label}", _quantile(ordered, q)) for label, q in (("p50", 0.5), ("p95", 0.95))]


def _quantile(ordered: list[float], q: float) -> str:
    """A quantile with its 95 % interval: the ranks between which the true one lies whatever the distribution (binomial)."""
    n = len(ordered)
    half = 1.96 * math.sqrt(n * q * (1 - q))
    low, at, high = (min(n - 1, max(0, int(rank))) for rank in (n * q - half, n * q, n * q + half))
    value = statistics.median(ordered) if q == 0.5 else ordered[at]
    return f"{value:.1f} ms [{ordered[low]:.1f}, {ordered[high]:.1f}]"
