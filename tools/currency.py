"""Converting money at the dated rates of the exchange-rate series.

A rate holds from its period on: the one used is the latest at or before the day asked for. A cross through the dollar
takes both legs of the same month, the newest that both series have: rates of different dates do not make one rate.
"""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from langchain.tools import tool
from sqlalchemy import bindparam, text

from core import clock
from core.errors import BadInput
from core.facts import Fact, Source
from tools.context import Runtime
from tools.provenance import settle
from tools.result import Content, ToolResult

if TYPE_CHECKING:
    from knowledge.finance.currency import Rate

#: A rate whose period ended longer ago than this, in days, is said to be old.
OLD_AFTER_DAYS = 62
#: One of each is worth more than one of the next.
_DEAREST = ("EUR", "USD", "MXN", "COP")
_RATES = text(
    "SELECT DISTINCT ON (o.series_id) o.series_id, o.period, o.value, s.frequency, s.name, s.attribution, s.demo"
    " FROM observations o JOIN series s ON s.id = o.series_id"
    " WHERE o.series_id IN :ids AND o.period <= :day ORDER BY o.series_id, o.period DESC"
).bindparams(bindparam("ids", expanding=True))


@tool(response_format="content_and_artifact")
async def convert_currency(
    amount: float, source_currency: str, target_currency: str, runtime: Runtime, on: date | None = None,
    rate: float | None = None, rate_of: str | None = None,
) -> Content:
    """Convert an amount between COP, EUR, MXN and USD at the latest published rate at or before a day.

    amount: money in source_currency (1200000 for 1.2 million). source_currency, target_currency: COP, EUR, MXN or USD.
    on: ISO day whose rate is wanted; default today. rate: the price of the dearer of the two in the other one, only where
    the investor stated it; rate_of: the currency that one unit of is worth that rate, where they said it (any currency then).
    The result says the date of the rate; repeat that date.
    """
    from knowledge.finance import currency as money

    if amount <= 0:
        raise BadInput(f"The amount cannot be {amount:g}: expected money to convert, above 0. Say the amount.",
                       f"El monto no puede ser {amount:g}: se espera dinero por convertir, más de 0. Indique el monto.")
    source, target = source_currency.strip().upper(), target_currency.strip().upper()
    if rate is not None:
        return _as_stated(amount, source, target, rate, rate_of, runtime).done()
    pairs = money.pairs_between(source, target)
    today = clock.now().date()
    day = on or today
    rows = await _rows(runtime, pairs, day)
    result = ToolResult()
    absent = [pair for pair in pairs if pair not in rows]
    if absent:
        result.data = {"source": source, "target": target, "asked_on": day.isoformat()}
        result.gap("no_data", what="exchange_rate", pairs=", ".join(absent), on=day.isoformat())
        return result.done()
    converted = money.convert(amount, source, target, _as_rates(rows))
    used = [_rate_fact(pair, row) for pair, row in rows.items()]
    as_of = used[0].as_of if used else None
    given = Fact("amount", float(amount), "money", Source("user", "message"), currency=source)
    crossed = Fact(
        "exchange_rate", converted.rate, "rate", Source("computation", "exchange_rate"), as_of=as_of,
        formula=f"{target} ÷ {source}: " + ", ".join(f"{f.key} {f.value:.10g}" for f in used),
        inputs=tuple(f.id for f in used),
    )
    equal = Fact(
        "converted_amount", converted.amount, "money", Source("computation", "converted_amount"), currency=target,
        as_of=as_of, formula=f"{amount:.10g} × {converted.rate:.10g}", inputs=(given.id, crossed.id),
    )
    facts = settle([*used, given, crossed, equal], runtime)
    ids = {old: result.add(fact) for old, fact in facts.items()}
    ended = min((_end(row) for row in rows.values()), default=day)
    result.data = {
        "source": source, "target": target, "asked_on": day.isoformat(), "amount": ids[given.id],
        "converted": ids[equal.id], "rates": [ids[f.id] for f in used], "stated": None, "as_of": as_of,
        "monthly": any(row.frequency == "M" for row in rows.values()), "old": (day - ended).days > OLD_AFTER_DAYS,
        "attribution": sorted({row.attribution for row in rows.values() if row.attribution}),
    }
    if result.data["old"]:
        result.say(f"the rate is of {as_of}; there is none nearer to {day.isoformat()}: say so")
    return result.done()


def _as_stated(
    amount: float, source: str, target: str, rate: float, rate_of: str | None, runtime: Runtime
) -> ToolResult:
    """The conversion at the investor's own rate: so much for one of `rate_of`; where that is not said, the rate is above 1 and
    so much of the cheaper currency for one of the dearer."""
    from knowledge.finance import currency as money

    unit = (rate_of or "").strip().upper()
    if unit not in (source, target):
        money.pairs_between(source, target)
        unit = min((source, target), key=_DEAREST.index)
    if not (0 if rate_of else 1) < rate < 20_000:
        raise BadInput(f"The rate cannot be {rate:g}: expected how much of the cheaper currency one of the dearer is worth.",
                       f"La tasa no puede ser {rate:g}: se espera cuánto de la moneda más barata vale una de la más cara.")
    value, sign = (amount * rate, "×") if source == unit else (amount / rate, "÷")
    result = ToolResult()
    given = Fact("amount", float(amount), "money", Source("user", "message"), currency=source)
    stated = Fact("stated_rate", float(rate), "rate", Source("user", "message"))
    equal = Fact("converted_amount", value, "money", Source("computation", "converted_amount"), currency=target,
                 formula=f"{amount:.10g} {sign} {rate:.10g}", inputs=(given.id, stated.id))
    ids = {old: result.add(fact) for old, fact in settle([given, stated, equal], runtime).items()}
    result.data = {"source": source, "target": target, "amount": ids[given.id], "converted": ids[equal.id], "rates": [],
                   "stated": ids[stated.id], "as_of": None, "monthly": False, "old": False, "attribution": []}
    return result


async def rates_of(runtime: Runtime, pairs: tuple[str, ...], day: date) -> list[Rate]:
    """The latest stored rates of some pairs at or before a day, all of one period; a pair without one is left out."""
    return _as_rates(await _rows(runtime, pairs, day))


def _as_rates(rows: dict[str, Any]) -> list[Rate]:
    from knowledge.finance.currency import Rate

    return [Rate(pair, float(row.value), row.period, row.series_id, row.attribution) for pair, row in rows.items()]


async def _rows(runtime: Runtime, pairs: tuple[str, ...], day: date) -> dict[str, Any]:
    """Pair -> row with its rate, all of one period where several are needed."""
    if not pairs:
        return {}
    context = runtime.context
    ids = [f"FX/{pair}" for pair in pairs]
    async with context.resources.database.session(context.scope) as session:
        rows = (await session.execute(_RATES, {"ids": ids, "day": day})).all()
        oldest = min((row.period for row in rows), default=day)
        if any(row.period != oldest for row in rows):
            rows = (await session.execute(_RATES, {"ids": ids, "day": oldest})).all()
    found = {row.series_id.removeprefix("FX/"): row for row in rows}
    return {pair: found[pair] for pair in pairs if pair in found}


def _rate_fact(pair: str, row: Any) -> Fact:
    monthly = row.frequency == "M"
    fact = Fact(pair, float(row.value), "rate", Source("series", row.series_id, row.name, row.attribution, row.demo),
                as_of=row.period.isoformat())
    return replace(fact, id="", as_of=f"{row.period:%Y-%m}") if monthly else fact


def _end(row: Any) -> date:
    """Last day that a rate speaks of."""
    period: date = row.period
    return period.replace(day=calendar.monthrange(period.year, period.month)[1]) if row.frequency == "M" else period
