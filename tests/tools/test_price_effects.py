"""What a characteristic adds to a price, as a tool: effects with intervals where adverts tell them, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

import pytest

from core.clock import FixedClock, use_clock
from core.errors import BadInput
from core.facts import Fact
from knowledge.resources import Resources
from knowledge.valuation.hedonic import Effect
from tests.priced import FRESH, priced, priced_template  # noqa: F401 - fixtures
from tests.tools.test_valuation_tool import book, gaps, runtime
from tools.price_effects import STRONGEST, price_effects, strongest


@pytest.fixture(autouse=True)
def _summer() -> Iterator[None]:
    with use_clock(FixedClock(datetime.combine(FRESH, time(), UTC))):
        yield


async def effects(resources: Resources, **args: Any) -> dict[str, Any]:
    _, artifact = await price_effects.coroutine(runtime=runtime(resources), **args)
    return artifact


async def test_an_effect_is_the_regressions_with_its_interval_and_money_at_the_places_level(priced: Resources) -> None:  # noqa: F811
    found = await effects(priced, country="ES", city="Norte", characteristics=["lift"])
    data, facts = found["data"], book(found)
    model = await priced.valuation(runtime(priced).context.scope, "ES")
    expected = next(e for e in model.hedonic.effects() if e.term == "feature:lift")
    (told,) = data["effects"]
    effect = facts[told["effect"]]
    assert (effect.value, effect.low, effect.high, effect.level) == (expected.percent, expected.low, expected.high, 0.95)
    typical = facts[data["typical"]]
    assert typical.entity == "Norte"
    assert typical.value == pytest.approx(4000, rel=0.2)  # what the made-up market asks
    assert told["sure"]
    assert expected.low > 0
    assert facts[told["money"]].value == pytest.approx(typical.value * expected.percent / 100, abs=0.01)


async def test_without_a_name_the_sure_ones_are_told_and_several_are_drawn(priced: Resources) -> None:  # noqa: F811
    (alone,) = (await effects(priced, country="ES", city="Norte"))["data"]["effects"]
    assert (alone["name"], alone["sure"]) == ("ascensor", True)  # the one that the made-up market pays for
    found = await effects(priced, country="ES", city="Norte", characteristics=["bathrooms", "lift"])
    told = found["data"]["effects"]
    assert [(each["name"], each["sure"], bool(each["money"])) for each in told] == [
        ("un baño más", False, False), ("ascensor", True, True)]
    (chart,) = found["charts"]
    assert [p["y"] for p in chart["series"][0]["points"]] == [each["effect"] for each in told]


def test_the_strongest_are_few_the_largest_first_and_none_that_may_be_zero() -> None:
    sure, falls = Effect("feature:lift", 14.5, 13.8, 15.3), Effect("floor", -20, -25, -15)
    doubtful = Effect("bathrooms", 30, -1, 70)
    assert strongest([sure, doubtful, falls]) == [falls, sure]
    assert len(strongest([sure] * (STRONGEST + 1))) == STRONGEST


async def test_a_country_alone_has_effects_and_no_money(priced: Resources) -> None:  # noqa: F811
    data = (await effects(priced, country="ES", characteristics=["lift"]))["data"]
    assert data["found"]
    assert data["typical"] is data["effects"][0]["money"] is None


async def test_a_neighbourhood_has_its_own_level_and_an_unknown_one_says_so(priced: Resources) -> None:  # noqa: F811
    inside = await effects(priced, country="ES", city="Norte", neighbourhood="Molino", characteristics=["lift"])
    assert book(inside)[inside["data"]["typical"]].entity == "Molino, Norte"
    unknown = await effects(priced, country="ES", city="Norte", neighbourhood="Nada", characteristics=["lift"])
    assert unknown["data"]["unknown_neighbourhood"] == "Nada"
    assert book(unknown)[unknown["data"]["typical"]].entity == "Norte"


async def test_no_place_no_data_and_no_such_characteristic(priced: Resources) -> None:  # noqa: F811
    assert gaps(await effects(priced)) == ["missing_input"]
    assert gaps(await effects(priced, city="Atlantis", characteristics=["lift"])) == ["no_data"]
    unmeasured = await effects(priced, country="ES", city="Norte", characteristics=["fireplace"])
    assert gaps(unmeasured) == ["no_data"]
    assert unmeasured["data"]["unmeasured"]
    assert not unmeasured["data"]["effects"]
    assert not [f for f in unmeasured["facts"] if isinstance(Fact.from_dict(f).value, float)]
    with pytest.raises(BadInput, match="ghosts"):
        await effects(priced, country="ES", characteristics=["ghosts"])
    assert gaps(await effects(priced, country="MX", characteristics=["lift"])) == ["no_data"]
