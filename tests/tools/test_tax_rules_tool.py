"""The tool of the rules themselves: whose rules are listed, what running a home costs, and a country that has none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.clock import FixedClock, use_clock
from core.errors import BadInput
from tests.tools.test_returns_tool import runtime
from tools.tax_rules import tax_rules


@pytest.fixture(autouse=True)
def today():
    with use_clock(FixedClock(datetime(2026, 11, 30, 12, tzinfo=UTC))):
        yield


async def listed(country: str, event: str, **args: Any) -> dict[str, Any]:
    _, artifact = await tax_rules.coroutine(runtime=runtime(), country=country, event=event, **args)
    return artifact


def labels(artifact: dict[str, Any]) -> str:
    return " | ".join(row["en"] for row in artifact["data"]["rows"])


@pytest.mark.parametrize("event", ["buy", "rent", "sell"])
@pytest.mark.parametrize("country", ["CO", "ES", "MX"])
async def test_each_country_has_rules_for_each_event(country: str, event: str) -> None:
    found = await listed(country, event)
    facts = {f["id"]: f for f in found["facts"]}
    assert found["data"]["rows"]
    for row in found["data"]["rows"]:
        assert facts[row["fact"]]["source"]["attribution"]
        assert facts[row["fact"]]["as_of"] == row["from"]
    assert found["evidence"]["unverified"] is any(not row["verified"] for row in found["data"]["rows"])


async def test_only_the_rules_of_this_owner() -> None:
    resident, eu, other = [await listed("ES", "rent", residence=r) for r in ("resident", "eu", "other")]
    assert len({labels(found) for found in (resident, eu, other)}) == 3
    assert "non-resident" not in labels(resident).casefold()


async def test_running_costs_belong_to_a_rent_alone() -> None:
    assert len((await listed("CO", "rent"))["data"]["running"]) == 3
    assert (await listed("CO", "buy"))["data"]["running"] == []


async def test_a_country_without_rules_is_refused() -> None:
    with pytest.raises(BadInput, match="expected CO, ES or MX"):
        await listed("FR", "sell")
