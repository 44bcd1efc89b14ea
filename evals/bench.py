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
from datetime import date
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
_REPEATED = 60
#: Properties that are valued at once, and how often.
_VALUED, _REPEATS = 1000, 10
#: Facts that a sentence is checked against, and sentences; a model's answer comes sentence by sentence.
_FACTS, _SENTENCES = 300, 400
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
    for name, work in (("one full analysis of a return", _analysis), ("10,000 simulated paths of 10 years", _simulation)):
        rows += _spread(f"{name} ({_REPEATED})", _repeated(name, work, progress))
    rows += _spread(f"grounding of one sentence, {_FACTS} facts ({_SENTENCES})", _grounding())
    served = await _forecasts(runner, max(20, turns // 4), progress)
    rows += _spread(f"serving one stored forecast ({len(served)})", served)
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


def _repeated(name: str, work: Callable[[], object], progress: Callable[[str, int, int], None]) -> list[float]:
    """Milliseconds of each of `_REPEATED` runs, after one that is not counted."""
    work()
    times = []
    for number in range(_REPEATED):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
        progress(name, number + 1, _REPEATED)
    return times


def _analysis() -> object:
    """Every measure of a home with a loan that is held for ten years and sold."""
    from knowledge.finance.analysis import Inputs, analyse

    return analyse(Inputs(price=450e6, monthly_rent=2.3e6, country="CO", city="Bogotá", area_m2=62, down_payment_pct=30,
                          rate_pct=12, term_years=20, horizon_years=10, discount_pct=10, growth_pct=4, rent_growth_pct=4))


def _simulation() -> object:
    """A variable loan and a currency besides prices, rents and vacancy: all that may move does."""
    from knowledge.finance.projection import Deal, Debt
    from knowledge.finance.risk.monte_carlo import simulate
    from knowledge.finance.risk.ranges import Range, Ranges, band_around, empty_spells

    deal = Deal(price=300_000.0, years=10, rent=15_000.0, costs=2_500.0, costs_pct=5.0, purchase_costs=30_000.0,
                selling_costs_pct=3.0, debt=Debt(210_000.0, 0.035 / 12, 300))
    return simulate(deal, Ranges(
        value=band_around(2, 8, 10), rent=band_around(2, 3, 10), rent_level=Range(14_000, 15_000, 16_000),
        vacancy=empty_spells(5), rate_moves=True, fx_spread=0.1), inflation_pct=2)


def _grounding() -> list[float]:
    """Milliseconds that each sentence of a model's streamed answer is checked in, against the facts of a long turn and a long
    conversation. A new fact comes with every tenth sentence, as where a tool answers meanwhile."""
    from core.facts import Fact, Source
    from core.locale import LOCALES, number
    from graphs.streaming import Stream

    locale = LOCALES["es-ES"]

    def known(i: int) -> list[Fact]:
        place = f"Barrio {chr(65 + i % 26)}{chr(97 + i // 26 % 26)}, Valencia"
        rent, price = 700.0 + 3 * i, 150_000.0 + 1_000 * i
        of: dict[str, Any] = {"entity": place, "as_of": f"{2010 + i % 15}"}
        return [
            Fact("monthly_rent", rent, "money", Source("aggregate", place), currency="EUR", **of),
            Fact("price", price, "money", Source("series", place), currency="EUR", **of),
            Fact("gross_yield", 1200 * rent / price, "percent", Source("computation", "gross_yield"),
                 formula=f"12 × {rent:.10g} ÷ {price:.10g}", **of),
        ]

    facts = [fact for i in range(_FACTS // 3) for fact in known(i)]
    said = [f"busco piso de {80 + i} m² por {200 + i}.000 € al 3,5 % a {20 + i % 10} años; " * 10 for i in range(20)]
    times: list[float] = []
    stream = Stream(locale, said)
    for n in range(_SENTENCES + WARM_UP):
        rent, price, rate = facts[3 * (n % (len(facts) // 3)) :][:3]
        if n % 10 == 9:
            facts = [*facts[3:], *known(_FACTS + n)]
            rent, price, rate = facts[:3]
        if n % 20 == 0:
            stream = Stream(locale, said)
        let, cost, share = (number(float(fact.value), locale, places) for fact, places in ((rent, 0), (price, 0), (rate, 2)))
        sentence = f"En {rent.entity} piden **{let} € al mes** y {cost} €: {share} % bruto al año (12 × {let} ÷ {cost}).\n"
        begun = time.perf_counter()
        stream.feed(sentence, facts)
        times.append((time.perf_counter() - begun) * 1000)
        if stream.offender is not None:
            raise AssertionError(stream.offender)
    return times[WARM_UP:]


async def _forecasts(runner: Runner, turns: int, progress: Callable[[str, int, int], None]) -> list[float]:
    """Reading a stored forecast, fingerprint included; it is made before, if it was not."""
    from sqlalchemy import text

    from knowledge.forecasting.registry import forecast_series

    database, scope = runner.resources.database, Scope(role="system", subject="bench")
    async with database.session(scope) as session:
        found = await session.execute(text("SELECT series_id FROM forecasts ORDER BY series_id LIMIT 1"))
        series = found.scalar_one_or_none()
    times = []
    for number in range(turns + 1 if series is not None else 0):
        begun = time.perf_counter()
        await forecast_series(database, scope, str(series))
        times.append((time.perf_counter() - begun) * 1000)
        progress("forecasts", number + 1, turns + 1)
    return times[1:]


def backtests(count: int, progress: Callable[[str, int, int], None]) -> Rows:
    """Forecast and backtest of `count` made-up quarterly indices of 15 to 30 years, on all cores, eight quarters ahead."""
    import numpy as np

    from knowledge.forecasting.batch import Job, make_all
    from knowledge.forecasting.series import later

    rng, jobs = np.random.default_rng(1), []
    for number in range(count):
        points = 60 + 20 * (number % 4)
        steps = 0.008 + 0.01 * np.cumsum(rng.normal(0, 0.25, points)) * 0.3 + rng.normal(0, 0.006, points)
        values = 100 * np.exp(np.cumsum(steps))
        periods = tuple(later(date(1995, 1, 1), "Q", i) for i in range(points))
        jobs.append(Job(str(number), periods, tuple(values.tolist()), "Q", 8))
    begun = time.perf_counter()
    made = make_all(jobs, lambda done: progress("backtests", done, count))
    seconds = time.perf_counter() - begun
    good = sum(isinstance(found, dict) for found in made)
    return [(f"backtest and forecast of {good} series, all cores", f"{seconds:.1f} s")]


def _spread(name: str, times: list[float]) -> Rows:
    ordered = sorted(times)
    return [] if not ordered else [(f"{name}, {label}", _quantile(ordered, q)) for label, q in (("p50", 0.5), ("p95", 0.95))]


def _quantile(ordered: list[float], q: float) -> str:
    """A quantile with its 95 % interval: the ranks between which the true one lies whatever the distribution (binomial)."""
    n = len(ordered)
    half = 1.96 * math.sqrt(n * q * (1 - q))
    low, at, high = (min(n - 1, max(0, int(rank))) for rank in (n * q - half, n * q, n * q + half))
    value = statistics.median(ordered) if q == 0.5 else ordered[at]
    return f"{value:.1f} ms [{ordered[low]:.1f}, {ordered[high]:.1f}]"
