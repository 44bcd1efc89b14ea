"""Conversions at dated rates: the rate at or before the day, crosses of one month, and honest gaps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from langchain.tools import ToolRuntime

from core.database import Database
from core.errors import BadInput
from core.facts import Fact
from core.scope import Scope
from core.settings import Settings
from knowledge.resources import Resources
from knowledge.tables.market import Observation, Series
from tools.context import TurnContext
from tools.currency import convert_currency
from tools.trust import dollar_for

RATES = {
    "EURUSD": {date(2025, 7, 1): 1.16, date(2026, 6, 1): 1.10},
    "USDMXN": {date(2026, 5, 1): 17.31, date(2026, 6, 1): 17.38},
    "USDCOP": {date(2025, 6, 1): 4100.0, date(2025, 7, 1): 4000.0},
}


@pytest.fixture
async def rates(database: Database, scope: Scope) -> Database:
    async with database.session(scope) as session:
        for pair, values in RATES.items():
            session.add(Series(id=f"FX/{pair}", country="CO", name=pair, metric="fx", unit=pair, frequency="M",
                               source="FX", attribution="Central bank"))
            await session.flush()
            session.add_all(Observation(series_id=f"FX/{pair}", period=day, value=v) for day, v in values.items())
    return database


async def convert(database: Database, words: str = "", **args: Any) -> dict[str, Any]:
    context = TurnContext(Resources(Settings(), database), Scope(), user_words=(words,))
    rt: Any = ToolRuntime(state={}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None)
    _, artifact = await convert_currency.coroutine(runtime=rt, **args)
    return artifact


def figure(artifact: dict[str, Any], name: str) -> Fact:
    return Fact.from_dict(next(f for f in artifact["facts"] if f["id"] == artifact["data"][name]))


async def test_the_latest_rate_at_or_before_the_day(rates: Database) -> None:
    may = await convert(rates, amount=1000, source_currency="usd", target_currency="MXN", on=date(2026, 5, 31))
    assert figure(may, "converted").value == pytest.approx(17_310)
    assert (figure(may, "converted").currency, figure(may, "converted").as_of) == ("MXN", "2026-05")
    assert may["data"]["as_of"] == "2026-05"
    assert not may["data"]["old"]


async def test_a_trust_in_the_zone_is_paid_in_dollars_at_the_stored_rate(rates: Database) -> None:
    context = TurnContext(Resources(Settings(), rates), Scope())
    rt: Any = ToolRuntime(state={}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None)
    found = await dollar_for(rt, "MX", "Cancún", "MXN", buyer=True, told=False)
    assert found is not None
    assert (found.rate, found.path[0].ref) == (17.38, "FX/USDMXN")
    assert await dollar_for(rt, None, "Cancún", "MXN", buyer=True, told=False) == found
    for none in ({"city": "Querétaro"}, {"currency": "USD"}, {"buyer": False}, {"country": "ES"}):
        told = {"country": "MX", "city": "Cancún", "currency": "MXN", "buyer": True, "told": False} | none
        assert await dollar_for(rt, **told) is None
    assert await dollar_for(rt, "MX", "Querétaro", "MXN", buyer=False, told=True) is not None


async def test_a_cross_takes_both_legs_of_one_month_and_says_that_it_is_old(rates: Database) -> None:
    found = await convert(rates, amount=100, source_currency="EUR", target_currency="COP", on=date(2026, 11, 23))
    assert figure(found, "converted").value == pytest.approx(100 * 1.16 * 4000)
    assert found["data"]["as_of"] == "2025-07"
    assert found["data"]["old"]
    kinds = {f["key"]: f["source"]["kind"] for f in found["facts"]}
    assert kinds == {"EURUSD": "series", "USDCOP": "series", "amount": "rule", "exchange_rate": "computation",
                     "converted_amount": "computation"}


async def test_an_amount_of_the_investor_is_theirs(rates: Database) -> None:
    found = await convert(rates, "cuánto son 120 mil dólares", amount=120_000, source_currency="USD",
                          target_currency="COP")
    assert figure(found, "amount").source.kind == "user"


async def test_no_rate_is_a_gap_and_no_figure(database: Database, rates: Database) -> None:
    found = await convert(rates, amount=100, source_currency="USD", target_currency="COP", on=date(1990, 1, 1))
    assert found["facts"] == []
    assert found["gaps"][0]["code"] == "no_data"


async def test_same_currency_and_unknown_currency(rates: Database) -> None:
    same = await convert(rates, amount=100, source_currency="EUR", target_currency="EUR")
    assert figure(same, "converted").value == 100
    with pytest.raises(BadInput, match="GBP"):
        await convert(rates, amount=100, source_currency="GBP", target_currency="EUR")
    with pytest.raises(BadInput):
        await convert(rates, amount=float("nan"), source_currency="USD", target_currency="EUR")


@pytest.mark.parametrize("amount", [-5, 0])
@pytest.mark.parametrize("more", [{}, {"rate": 4000}])
async def test_only_an_amount_above_zero_is_converted(rates: Database, amount: float, more: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=f"cannot be {amount}") as caught:
        await convert(rates, amount=amount, source_currency="USD", target_currency="COP", **more)
    assert f"no puede ser {amount}" in caught.value.es
