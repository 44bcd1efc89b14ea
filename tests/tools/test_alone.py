"""A tool called outside a turn: its arguments are checked, and are the only words that anyone said."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.errors import BadInput
from core.facts import Fact
from core.scope import Scope
from core.settings import Settings
from knowledge.resources import Resources
from tools import alone
from tools.compare import profile_option
from tools.currency import convert_currency
from tools.listings import search_listings
from tools.returns import analyse_returns
from tools.tax_rules import tax_rules


async def call(tool: Any, language: Any = "en", **arguments: Any) -> dict[str, Any]:
    resources = Resources(Settings(), None)  # type: ignore[arg-type]  # these calls look nothing up
    return (await alone.call(tool, arguments, resources, Scope(role="viewer"), language))[1]


def sources(artifact: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {f.key: (f.source.kind, f.source.ref) for f in map(Fact.from_dict, artifact["facts"])}


async def test_the_callers_figures_are_theirs_and_what_follows_is_a_computation() -> None:
    found = sources(await call(analyse_returns, price=450e6, monthly_rent=2.3e6, country="CO", measures=["gross_yield"]))
    assert found["price"] == found["monthly_rent"] == ("user", "arguments")
    assert found["gross_yield"] == ("computation", "gross_yield")


async def test_a_figure_that_was_not_given_stays_an_assumption() -> None:
    found = sources(await call(analyse_returns, price=450e6, monthly_rent=2.3e6, country="CO", measures=["net_yield"]))
    assert found["vacancy_pct"][0] == "rule"
    assert found["vacancy_pct"][1].startswith("assumption/")


async def test_figures_inside_a_structure_count_as_given_too() -> None:
    cost = {"label": "administración", "amount": 1234.0, "period": "month"}
    found = await call(profile_option, kind="own_figures", label="a", price=2.6e6, monthly_rent=14_000, currency="MXN",
                       costs=[cost], more={"own_cash": 987_654.0})
    assert sources(found)["cost_month"] == ("user", "arguments")


async def test_names_are_in_the_callers_language() -> None:
    labels = {
        language: {f["source"]["label"] for f in (await call(tax_rules, language, country="CO", event="buy"))["facts"]
                   if f["key"].endswith("_pct")}
        for language in ("en", "es")
    }
    assert labels["en"].isdisjoint(labels["es"])


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        (convert_currency, {"amount": "five", "source_currency": "USD", "target_currency": "COP"}, "amount is 'five'"),
        (convert_currency, {"amount": 5, "target_currency": "COP"}, "needs source_currency"),
        (convert_currency, {"amount": 5, "source_currency": "USD", "target_currency": "COP", "on": "2026-13-40"}, "2026-13-40"),
        (convert_currency, {"amount": math.inf, "source_currency": "USD", "target_currency": "COP"}, "finite"),
        (convert_currency, {"amount": 10**400, "source_currency": "USD", "target_currency": "COP"}, "amount is"),
        (search_listings, {"operation": "swap"}, "operation is 'swap'"),
        (search_listings, {"wish": "x" * 20_001}, "20,001 characters"),
        (search_listings, {"features": ["lift", "x" * 20_001]}, "features.1 has"),
        (analyse_returns, {"price": -5, "monthly_rent": 2}, "-5"),
        (analyse_returns, {"price": 5e5, "costs": [{"label": "x", "amount": "much"}]}, "costs.0.amount is 'much'"),
        (analyse_returns, {"cash_flows": [-1.0, math.nan]}, "cash_flows.1 is nan"),
        (tax_rules, {"country": "PE", "event": "buy"}, "'PE'"),
        (tax_rules, {"country": "ES", "event": "buy", "tenant": "other"}, "no argument 'tenant'"),
        (tax_rules, {"country": "ES", "event": "buy", "runtime": {}}, "no argument 'runtime'"),
        (tax_rules, {"country": "ES", "event": "buy", "scope": {"tenant": "other"}}, "no argument 'scope'"),
    ],
)
async def test_arguments_that_cannot_be_are_refused_with_the_value(tool: Any, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        await call(tool, **arguments)
    assert said in refused.value.en
    assert refused.value.es != refused.value.en


async def test_a_schema_shows_the_arguments_and_nothing_that_only_the_graph_fills_in() -> None:
    schema = alone.schema_of(search_listings)
    assert "city" in schema["properties"]
    assert "runtime" not in schema["properties"]
    assert schema["additionalProperties"] is False
    assert "title" not in schema["properties"]["city"]
