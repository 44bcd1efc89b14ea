"""How much an exchange rate has moved, from the stored monthly rates: one figure for the return in another currency and for the
risk of a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from core.errors import BadInput
from core.facts import Fact, Source
from knowledge.finance.currency import pairs_between
from knowledge.finance.exchange_risk import Volatility, crossed, volatility
from tools.context import Runtime

_RATES = text("SELECT period, value FROM observations WHERE series_id = :id AND value > 0 ORDER BY period")
_SERIES = text("SELECT id, name, attribution, demo FROM series WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Swing:
    """What a currency moved against another, and the series it was read from."""

    moved: Volatility
    source: Source
    pair: str

    def fact(self, key: str) -> Fact:
        """The yearly volatility in percent, as of the last month read."""
        return Fact(key, round(self.moved.yearly_pct, 1), "percent", self.source, entity=self.pair,
                    as_of=f"{self.moved.last:%Y-%m}", formula="standard deviation of monthly log changes × √12")


async def exchange_swing(runtime: Runtime, currency: str, home: str) -> Swing | None:
    """How much one unit of `currency` moved in `home`; None where a series lacks or is too short to say, and for one currency
    alone. Raises `BadInput` for a currency that is not known."""
    pairs = pairs_between(currency, home)
    context = runtime.context
    legs: list[dict[date, float]] = []
    rows = []
    async with context.resources.database.session(context.scope) as session:
        for pair in pairs:
            row = (await session.execute(_SERIES, {"id": f"FX/{pair}"})).first()
            if row is None:
                return None
            rows.append(row)
            legs.append({p.period: float(p.value) for p in await session.execute(_RATES, {"id": row.id})})
    if not legs:
        return None
    # dollars for one unit of each; the dollar itself is one in every month
    per_unit = {pair.replace("USD", ""): leg if pair.endswith("USD") else {day: 1 / rate for day, rate in leg.items()}
                for pair, leg in zip(pairs, legs, strict=True)}
    months = set.intersection(*(set(leg) for leg in legs))
    one = dict.fromkeys(months, 1.0)
    try:
        moved = volatility(crossed(per_unit.get(currency, one), per_unit.get(home, one)))
    except BadInput:
        return None
    source = Source("series", " ".join(row.id for row in rows), ", ".join(row.name for row in rows), rows[0].attribution,
                    any(row.demo for row in rows))
    return Swing(moved, source, f"{currency}/{home}")
