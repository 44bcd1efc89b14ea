"""The tax tool: lines with rule and date, what is missing, refusals, and what an unverified rule does to the evidence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.clock import FixedClock, use_clock
from core.facts import Fact
from graphs.policy import confidence
from tests.tools.test_returns_tool import runtime
from tools.calculation import StatedCost
from tools.taxes import property_taxes

SURE = {"routing": 1.0, "figures": 1.0}


@pytest.fixture(autouse=True)
def today():
    with use_clock(FixedClock(datetime(2026, 11, 30, 12, tzinfo=UTC))):
        yield


async def taxes(*measures: str, words: str = "", locale: str = "es-ES", **args: Any) -> dict[str, Any]:
    _, artifact = await property_taxes.coroutine(runtime=runtime(words, locale=locale), measures=list(measures), **args)
    return artifact


def book(artifact: dict[str, Any]) -> dict[str, Fact]:
    return {f["id"]: Fact.from_dict(f) for f in artifact["facts"]}


async def test_a_sale_line_by_line() -> None:
    found = await taxes("sale_taxes", "sale_proceeds", words="vendo en 300.000, compré en 200.000", country="ES", price=200_000,
                        sale_price=300_000, bought_on="2018-11-30", purchase_costs=20_000, residence="other", land_value=40_000,
                        cadastral_value=100_000, municipal_rate_pct=29)
    data, facts = found["data"], book(found)
    rows = {row["key"]: row for row in data["rows"]}
    assert facts[rows["land_gain_tax"]["amount"]].value == pytest.approx(2_204)
    assert facts[rows["gain_tax"]["amount"]].value == pytest.approx((80_000 - 2_204) * 0.19)
    assert facts[rows["gain_tax"]["rate"]].value == pytest.approx(19)
    assert rows["withholding"]["advance"]
    assert rows["gain_tax"]["from"] == "2016-01-01"
    assert rows["gain_tax"]["verified"]
    assert facts[data["measures"]["sale_taxes"]].value == pytest.approx(2_204 + 77_796 * 0.19)
    assert found["evidence"]["unverified"] is False
    known = set(facts)
    assert all(set(fact.inputs) <= known for fact in facts.values())


async def test_an_unverified_rule_is_marked_and_lowers_what_the_answer_is_worth() -> None:
    found = await taxes("sale_taxes", country="MX", price=3e6, sale_price=5e6, horizon_years=6, locale="es-MX")
    assert not found["data"]["rows"][0]["verified"]
    assert found["data"]["unverified"]
    worth = confidence(SURE, [found], demo=False)
    assert worth.reasons == ("unverified_rule",)
    assert worth.level == "medium"
    checked = await taxes("rent_tax", country="ES", monthly_rent=1_000, residence="eu")
    assert confidence(SURE, [checked], demo=False).level == "high"


async def test_a_rent_without_a_price_is_taxed_without_costs_and_says_so() -> None:
    found = await taxes("rent_tax", country="ES", monthly_rent=1_000, residence="other")
    assert book(found)[found["data"]["measures"]["rent_tax"]].value == pytest.approx(2_880)
    assert len(found["data"]["notes"]) == 2


async def test_stated_costs_are_the_ones_taken_off() -> None:
    found = await taxes("rent_tax", country="CO", monthly_rent=2e6, costs=[StatedCost(label="predial", amount=4e6)],
                        marginal_rate_pct=28, locale="es-CO")
    assert book(found)[found["data"]["measures"]["rent_tax"]].value == pytest.approx(20e6 * 0.28)


async def test_what_is_missing_is_a_gap() -> None:
    found = await taxes("sale_taxes", country="ES", price=200_000)
    assert found["data"]["missing"]["sale_taxes"] == ["horizon_years"]
    assert [gap["code"] for gap in found["gaps"]] == ["missing_input"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"country": "PE"}, "'PE'"),
        ({"country": "ES", "marginal_rate_pct": 130.0}, "130"),
        ({"country": "ES", "bought_on": "2031-01-01"}, "2031-01-01"),
        ({"country": "ES", "bought_on": "ayer"}, "ayer"),
        ({"country": "ES", "price": -5.0}, "-5"),
        ({"country": "ES", "land_value": 9.0, "cadastral_value": 5.0}, "9"),
        ({"country": "ES", "rent_reduction_pct": 33.0}, "33"),
        ({"country": "ES", "sale_price": 1e5, "price": 9e4, "bought_on": date(2026, 11, 30).isoformat()}, "2026-11-30"),
    ],
)
async def test_figures_that_cannot_be_are_said_in_both_languages(args: dict[str, Any], said: str) -> None:
    found = await taxes("sale_taxes", **args)
    assert said in found["data"]["problem"]["es"]
    assert said in found["data"]["problem"]["en"]
    assert found["gaps"][0]["code"] == "bad_input"


async def test_amounts_in_another_currency_have_no_tax() -> None:
    found = await taxes("rent_tax", country="MX", currency="USD", monthly_rent=1_000.0)
    assert found["data"]["undefined"] == {"rent_tax": "tax_other_currency"}


async def test_a_measure_that_is_none_is_refused() -> None:
    found = await taxes("wealth_tax", country="ES")
    assert "wealth_tax" in found["data"]["problem"]["en"]
