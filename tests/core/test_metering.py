"""The meter of a turn: what calls are counted, which budget stops the next one, what is told afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import metering
from core.metering import Amount, Meter, ModelCall
from core.model_settings import Budget
from core.retry import BudgetSpent

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)


def made(role: str = "roi", model: str = "small", tokens: tuple[int, int] = (100, 20), **values: Any) -> ModelCall:
    return ModelCall(role, model, AT, *tokens, **values)


class Earlier:
    """What was used before the turn; counts how often it is asked for."""

    def __init__(self, **spans: Amount) -> None:
        self.spans, self.asked = spans, 0

    async def __call__(self) -> Mapping[str, Amount]:
        self.asked += 1
        return self.spans


# budgets


async def test_without_a_budget_everything_is_allowed_and_nothing_is_looked_up() -> None:
    earlier = Earlier(day=(10**12, 1e9))
    meter = Meter(earlier=earlier, calls=[made(tokens=(10**9, 10**9), cost=1e6)])
    await meter.allow()
    assert (earlier.asked, meter.spent) == (0, None)


async def test_a_turns_tokens_are_those_read_and_written_by_everybody() -> None:
    meter = Meter(Budget(run_tokens=240))
    await meter.allow()
    meter.add(made("router"))
    await meter.allow()
    meter.add(made("specialist"))
    with pytest.raises(BudgetSpent) as spent:
        await meter.allow()
    assert (spent.value.span, meter.spent) == ("run", "run")


async def test_a_turns_budget_needs_no_look_into_the_past() -> None:
    earlier = Earlier(run=(10**9, 1e9))
    await Meter(Budget(run_tokens=10, run_usd=1), earlier=earlier).allow()
    assert earlier.asked == 0


@pytest.mark.parametrize("span", ["conversation", "day", "tenant"])
@pytest.mark.parametrize(("unit", "limit"), [("tokens", 1000), ("usd", 2.0)])
async def test_what_was_used_before_counts_with_what_this_turn_used(span: str, unit: str, limit: float) -> None:
    budget = Budget.model_validate({f"{span}_{unit}": limit})
    meter = Meter(budget, earlier=Earlier(**{span: (900, 1.5)}))
    await meter.allow()
    meter.add(made(tokens=(80, 20), cost=0.5))
    with pytest.raises(BudgetSpent) as spent:
        await meter.allow()
    assert spent.value.span == span


async def test_a_span_of_which_nothing_is_known_begins_at_nothing() -> None:
    await Meter(Budget(day_tokens=1, tenant_usd=0.01), earlier=Earlier()).allow()


async def test_the_past_is_asked_for_before_each_call_since_others_use_the_same_budget() -> None:
    earlier = Earlier(day=(0, 0.0))
    meter = Meter(Budget(day_tokens=1000), earlier=earlier)
    await meter.allow()
    earlier.spans["day"] = (1000, 0.0)
    with pytest.raises(BudgetSpent):
        await meter.allow()
    assert earlier.asked == 2


async def test_the_narrowest_span_that_is_spent_is_the_one_told() -> None:
    meter = Meter(Budget(tenant_tokens=1, run_tokens=1, day_tokens=1), earlier=Earlier(day=(5, 0.0), tenant=(5, 0.0)))
    with pytest.raises(BudgetSpent) as spent:
        await meter.allow()
    assert spent.value.span == "day"
    meter.add(made())
    with pytest.raises(BudgetSpent) as spent:
        await meter.allow()
    assert spent.value.span == "run"


async def test_no_dollar_at_all_is_a_budget_too() -> None:
    with pytest.raises(BudgetSpent):
        await Meter(Budget(run_usd=0)).allow()


async def test_a_call_of_unknown_cost_costs_the_budget_nothing() -> None:
    await Meter(Budget(run_usd=0.01), calls=[made(cost=None)]).allow()


@given(limit=st.integers(1, 1000), sizes=st.lists(st.integers(0, 300), max_size=12))
async def test_a_budget_is_overrun_by_no_more_than_one_call(limit: int, sizes: list[int]) -> None:
    meter = Meter(Budget(run_tokens=limit))
    for size in sizes:
        try:
            await meter.allow()
        except BudgetSpent:
            break
        meter.add(made(tokens=(size, 0)))
    used = [call.tokens for call in meter.calls]
    assert sum(used[:-1]) < limit


# what is told


def test_a_turn_without_a_call_used_nothing() -> None:
    assert Meter().usage() == {
        "calls": 0, "tokens": 0, "input_tokens": 0, "cached_tokens": 0, "output_tokens": 0, "cost": 0.0, "estimated": False,
        "models": [], "roles": {}, "prompts": {},
    }


def test_usage_is_summed_and_told_by_role() -> None:
    meter = Meter(
        calls=[made("router", "small", (100, 10), cost=0.1),
               made("specialist", "large", (1000, 200), cached_tokens=600, cost=0.2),
               made("router", "small", (50, 5), cost=0.4)],
        prompts={"roi.es": "1.aa", "house_rules.es": "1.bb"},
    )
    usage = meter.usage()
    assert (usage["calls"], usage["tokens"], usage["cost"]) == (3, 1365, 0.7)
    assert (usage["input_tokens"], usage["cached_tokens"], usage["output_tokens"]) == (1150, 600, 215)
    assert usage["models"] == ["large", "small"]
    assert list(usage["prompts"]) == ["house_rules.es", "roi.es"]
    router, specialist = usage["roles"]["router"], usage["roles"]["specialist"]
    assert (router["calls"], router["tokens"], router["cost"]) == (2, 165, 0.5)
    assert (specialist["calls"], specialist["tokens"], specialist["cached_tokens"]) == (1, 1200, 600)


def test_a_cost_that_is_unknown_in_one_part_is_unknown_in_the_whole() -> None:
    usage = Meter(calls=[made("router", cost=0.1), made("roi", cost=None)]).usage()
    assert usage["cost"] is None
    assert {role: told["cost"] for role, told in usage["roles"].items()} == {"router": 0.1, "roi": None}


def test_one_estimate_makes_the_sum_an_estimate() -> None:
    usage = Meter(calls=[made("router"), made("roi", estimated=True)]).usage()
    assert usage["estimated"]
    assert not usage["roles"]["router"]["estimated"]


# whose meter


def test_the_meter_is_the_turns_own() -> None:
    assert metering.meter.get() is None
    assert metering.spent() is None
    token = metering.meter.set(Meter(spent="day"))
    try:
        assert metering.spent() == "day"
    finally:
        metering.meter.reset(token)
