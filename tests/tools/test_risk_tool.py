"""The risk of a purchase as a tool: what its ranges rest on, its figures as facts, its charts, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import pytest
from langchain.tools import ToolRuntime

from core.clock import FixedClock, use_clock
from core.database import Database
from core.facts import Fact
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from graphs.evidence import presentable
from knowledge.finance.returns import internal_rate
from knowledge.resources import Resources
from knowledge.tables.market import Observation, Series
from tests.priced import FRESH, priced, priced_template  # noqa: F401 - fixtures
from tools.context import TurnContext
from tools.risk import analyse_risk

DEAL = {"price": 180_000.0, "monthly_rent": 900.0, "country": "ES", "down_payment_pct": 20.0, "rate_pct": 3.0,
        "term_years": 25.0}
WORDS = "180.000, 900, 20 %, 3 %, 25 años"


class NoDatabase:
    def session(self, scope: Scope) -> Any:
        raise AssertionError("this call needs no database")


@pytest.fixture(autouse=True)
def _summer() -> Iterator[None]:
    with use_clock(FixedClock(datetime.combine(FRESH, time(), UTC))):
        yield


async def risk(resources: Resources | None = None, **args: Any) -> tuple[dict[str, Any], dict[str, Fact]]:
    held = resources or Resources(Settings(), NoDatabase())  # type: ignore[arg-type]
    context = TurnContext(held, Scope(), locale=LOCALES["es-ES"], message_id="m1", user_words=(WORDS,))
    runtime: Any = ToolRuntime(state={}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None)
    _, artifact = await analyse_risk.coroutine(runtime=runtime, **args)
    return artifact, {f["id"]: Fact.from_dict(f) for f in artifact["facts"]}


async def test_growth_rests_on_the_areas_forecast_and_says_so(priced: Resources) -> None:  # noqa: F811
    found, facts = await risk(priced, city="Norte", horizon_years=5, **DEAL)
    data, figures = found["data"], found["data"]["figures"]
    growth = facts[figures["value_forecast"]]
    assert data["value_series"] == "price_m2, Norte"
    assert growth.source.kind == "model"
    assert growth.value == pytest.approx(4, abs=2)  # the series grows 4 % a year
    assert growth.low < growth.value < growth.high  # type: ignore[operator]
    assert facts[figures["value_years"]].value == 3
    assert "value_spread_pct" not in {a["key"] for a in data["assumptions"]}
    told, told_facts = await risk(priced, city="Norte", horizon_years=5, growth_pct=-6.0, **DEAL)
    assert told["data"]["value_recentred"]
    assert told_facts[told["data"]["figures"]["loss"]].value > facts[figures["loss"]].value


async def test_a_rule_that_nobody_checked_lowers_what_a_risk_is_worth(priced: Resources) -> None:  # noqa: F811
    checked, _ = await risk(priced, city="Sevilla", selling_costs_pct=3.0, purchase_costs=20_000.0, **DEAL)
    doubtful, _ = await risk(priced, city="Sevilla", **DEAL)
    assert [found["evidence"]["unverified"] for found in (checked, doubtful)] == [False, True]
    assert "unverified_rule" in {w["code"] for w in doubtful["data"]["warnings"]}


async def test_the_distribution_after_tax_stands_beside_the_one_before(priced: Resources) -> None:  # noqa: F811
    found, facts = await risk(priced, city="Sevilla", horizon_years=10, **DEAL)
    data = found["data"]
    ids = (data["figures"]["irr"], data["after_tax"]["costly"], data["after_tax"]["cheap"])
    before, costly, cheap = (facts[i] for i in ids)
    assert costly.value < cheap.value < before.value  # type: ignore[operator]
    assert (costly.level, costly.low < costly.value < costly.high) == (0.8, True)  # type: ignore[operator]
    assert (data["after_tax"]["residence"], data["after_tax"]["residence_told"]) == ("resident", False)
    assert facts[data["after_tax"]["loss"]].value >= facts[data["figures"]["loss"]].value
    known, known_facts = await risk(priced, city="Sevilla", horizon_years=10, residence="resident", marginal_rate_pct=24.0,
                                    **DEAL)
    told = known["data"]["after_tax"]
    assert told["residence_told"]
    assert cheap.value >= known_facts[told["costly"]].value > costly.value  # type: ignore[operator]


async def test_without_rules_of_taxes_the_risk_is_before_tax() -> None:
    outside, _ = await risk(outside_markets=True, currency="EUR", costs_as_told=True, **{**DEAL, "country": None})
    assert outside["data"]["after_tax"] is None
    net, _ = await risk(costs_as_told=True, rent_is_net=True, **{**DEAL, "country": None}, currency="EUR", outside_markets=True)
    assert net["data"]["after_tax"] is None


async def test_a_wide_distribution_says_how_wide_it_is() -> None:
    known = {"outside_markets": True, "currency": "EUR", "costs_as_told": True, **DEAL, "country": None}
    long, short = [(await risk(horizon_years=years, **known))[0] for years in (20, 2)]
    assert short["evidence"]["irr_width"] > 20 > 10 > long["evidence"]["irr_width"]
    irr = next(f for f in short["facts"] if f["key"] == "simulated_irr")
    assert short["evidence"]["irr_width"] == pytest.approx(irr["high"] - irr["low"], abs=0.02)


async def test_without_a_place_the_assumptions_speak_and_are_shown() -> None:
    found, facts = await risk(outside_markets=True, currency="EUR", costs_as_told=True, **{**DEAL, "country": None})
    data, figures = found["data"], found["data"]["figures"]
    assert "value_forecast" not in figures
    assert {"horizon_years", "vacancy_pct", "inflation_pct", "value_spread_pct", "rent_spread_pct", "resale_spread_pct"} <= {
        a["key"] for a in data["assumptions"]}
    assert not data["horizon_told"]
    assert facts[figures["paths"]].value == 10_000
    irr = facts[figures["irr"]]
    assert irr.level == 0.8
    assert irr.low < irr.value < irr.high  # type: ignore[operator]
    assert facts[figures["real_loss"]].value >= facts[figures["loss"]].value
    assert facts[figures["shortfall"]].value >= facts[figures["var"]].value
    assert facts[figures["own"]].value == 36_000


async def test_scenarios_bars_and_charts_are_facts_that_agree() -> None:
    found, facts = await risk(outside_markets=True, currency="EUR", costs_as_told=True, growth_pct=2.0, rent_growth_pct=2.0,
                              horizon_years=7, **{**DEAL, "country": None})
    data = found["data"]
    bad, base, good = (facts[s["irr"]].value if s["irr"] else -100 for s in data["scenarios"])
    assert bad < base < good  # type: ignore[operator]
    assert base == pytest.approx(facts[data["figures"]["base_irr"]].value, abs=0.01)
    swings = [abs(facts[b["irr_high"]].value - facts[b["irr_low"]].value) for b in data["bars"]]  # type: ignore[operator]
    assert swings == sorted(swings, reverse=True)
    assert {b["key"] for b in data["bars"]} == {"growth_pct", "rent_growth_pct", "rent", "vacancy_pct", "price", "rate_points"}
    histogram, tornado, flows = presentable([found], list(facts.values()), LOCALES["es-ES"])["charts"]
    assert histogram["kind"] == "columns"
    assert sum(p["y"] for p in histogram["series"][0]["points"]) == pytest.approx(100, abs=0.2)
    assert "%" in histogram["series"][0]["points"][0]["x"]
    assert tornado["kind"] == "ranges"
    assert tornado["series"][0]["points"][0]["x"] == {
        "growth_pct": "revalorización", "rent_growth_pct": "subida del alquiler"}[data["bars"][0]["key"]]
    assert all(band["low"] < band["high"] for band in tornado["series"][0]["band"])
    assert [p["x"] for p in flows["series"][0]["points"]] == [str(year) for year in range(1, 8)]
    assert flows["title"] == "flujo de caja por año"


async def test_the_base_case_is_the_return_by_its_definition() -> None:
    found, facts = await risk(outside_markets=True, currency="EUR", costs_as_told=True, growth_pct=0.0, rent_growth_pct=0.0,
                              vacancy_pct=0.0, horizon_years=4, price=100_000.0, monthly_rent=500.0)
    assert internal_rate((-100_000, 6_000, 6_000, 6_000, 106_000)).rates == pytest.approx((6.0,))
    assert facts[found["data"]["figures"]["base_irr"]].value == 6.0
    assert not found["data"]["loan"]


async def test_an_estimated_rent_brings_its_own_range() -> None:
    given = {**DEAL, "country": None} | {"outside_markets": True, "currency": "EUR", "costs_as_told": True}
    wide, wide_facts = await risk(rent_low=600.0, rent_high=1_300.0, **given)
    near, near_facts = await risk(rent_low=890.0, rent_high=910.0, **given)
    assert wide["data"]["rent_basis"] == "area"
    bars = [next(b for b in found["data"]["bars"] if b["key"] == "rent") for found in (wide, near)]
    assert wide_facts[bars[0]["low"]].value == pytest.approx(600)
    assert near_facts[bars[1]["high"]].value == pytest.approx(910)


async def test_another_currency_brings_its_volatility_and_widens_the_return(database: Database, scope: Scope) -> None:
    steps = np.random.default_rng(5).normal(0, 0.10 / np.sqrt(12), 140)
    async with database.session(scope) as session:
        session.add(Series(id="FX/EURUSD", country="ES", name="EURUSD", metric="fx", unit="EURUSD", frequency="M", source="FX",
                           attribution="Central bank"))
        await session.flush()
        session.add_all(Observation(series_id="FX/EURUSD", period=date(2012 + n // 12, n % 12 + 1, 1), value=float(rate))
                        for n, rate in enumerate(1.1 * np.exp(np.cumsum(steps))))
    held = Resources(Settings(), database)
    here, here_facts = await risk(held, growth_pct=2.0, horizon_years=8, **DEAL)
    home, home_facts = await risk(held, growth_pct=2.0, horizon_years=8, home_currency="USD", **DEAL)
    assert home_facts[home["data"]["fx"]].value == pytest.approx(10, rel=0.2)
    assert home["data"]["fx_since"] == "2013-08-01"
    spread = [f[d["data"]["figures"]["irr"]].high - f[d["data"]["figures"]["irr"]].low  # type: ignore[operator]
              for d, f in ((here, here_facts), (home, home_facts))]
    assert spread[1] > spread[0]


@pytest.mark.parametrize(("change", "said"), [
    ({"price": -5.0}, "price"), ({"monthly_rent": 500_000.0}, "not below the price"), ({"rate_pct": 400.0}, "interest rate"),
    ({"horizon_years": 200.0}, "horizon"), ({"horizon_years": float("nan")}, "horizon"), ({"term_years": 0.0}, "term"),
])
async def test_what_cannot_be_is_refused_in_both_languages(change: dict[str, float], said: str) -> None:
    found, facts = await risk(**{**DEAL, **change})
    assert said in found["data"]["problem"]["en"]
    assert found["gaps"][0]["code"] == "bad_input"
    assert {f.value for f in facts.values()} == {found["data"]["problem"][language] for language in ("es", "en")}


async def test_what_lacks_is_named() -> None:
    found, _ = await risk(price=180_000.0, country="ES")
    assert found["data"]["missing"] == ["monthly_rent"]
    assert not found["data"]["found"]
