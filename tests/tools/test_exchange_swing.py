"""How much a currency moved: one figure, whoever asks for it and in whichever direction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from langchain.tools import ToolRuntime

from core.database import Database
from core.errors import BadInput
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from knowledge.resources import Resources
from knowledge.tables.market import Observation, Series
from tools.context import TurnContext
from tools.exchange_swing import Swing, exchange_swing


async def stored(database: Database, scope: Scope, pair: str, rates: Sequence[float], *, demo: bool = False) -> None:
    async with database.session(scope) as session:
        session.add(Series(id=f"FX/{pair}", country="ES", name=f"{pair} monthly", metric="fx", unit=pair, frequency="M",
                           source="FX", attribution="Central bank", demo=demo))
        await session.flush()
        session.add_all(Observation(series_id=f"FX/{pair}", period=date(2012 + n // 12, n % 12 + 1, 1), value=float(rate))
                        for n, rate in enumerate(rates))


async def swing(database: Database, currency: str, home: str) -> Swing | None:
    context = TurnContext(Resources(Settings(), database), Scope(), locale=LOCALES["en"], message_id="m")
    runtime: Any = ToolRuntime(state={}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None)
    return await exchange_swing(runtime, currency, home)


def wandering(seed: int, yearly: float, months: int = 130) -> Any:
    return np.exp(np.cumsum(np.random.default_rng(seed).normal(0, yearly / np.sqrt(12), months)))


async def test_both_directions_move_alike_and_a_cross_moves_with_both(database: Database, scope: Scope) -> None:
    await stored(database, scope, "EURUSD", 1.1 * wandering(1, 0.08))
    await stored(database, scope, "USDCOP", 4_000 * wandering(2, 0.13), demo=True)
    there, back = await swing(database, "EUR", "USD"), await swing(database, "USD", "EUR")
    assert there is not None
    assert back is not None
    assert there.moved.yearly_pct == pytest.approx(back.moved.yearly_pct)
    cross, peso = await swing(database, "COP", "EUR"), await swing(database, "COP", "USD")
    assert cross is not None
    assert peso is not None
    # independent walks: their variances add up
    assert cross.moved.yearly_pct == pytest.approx(np.hypot(there.moved.yearly_pct, peso.moved.yearly_pct), rel=0.1)
    fact = cross.fact("currency")
    assert (fact.entity, fact.source.demo, fact.as_of) == ("COP/EUR", True, "2022-10")
    assert fact.source.ref == "FX/USDCOP FX/EURUSD"


async def test_what_is_not_known_is_none(database: Database, scope: Scope) -> None:
    assert await swing(database, "EUR", "USD") is None
    await stored(database, scope, "EURUSD", [1.1] * 20)  # too short to say
    assert await swing(database, "EUR", "USD") is None
    assert await swing(database, "EUR", "EUR") is None
    with pytest.raises(BadInput, match="cannot convert 'GBP'"):
        await swing(database, "EUR", "GBP")
