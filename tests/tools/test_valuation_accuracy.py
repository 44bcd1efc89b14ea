"""How far off values are, as a tool: what the model's own report measured, of a city where it has one."""

from __future__ import annotations

from typing import Any

from core.scope import Scope
from knowledge.resources import Resources
from tests.priced import priced, priced_template  # noqa: F401 - fixtures
from tests.tools.test_valuation_tool import book, gaps, runtime
from tools.valuation_accuracy import valuation_accuracy


async def accuracy(resources: Resources, **args: Any) -> dict[str, Any]:
    _, artifact = await valuation_accuracy.coroutine(runtime=runtime(resources), **args)
    return artifact


async def test_a_city_has_its_own_measures_and_another_place_the_countrys(priced: Resources) -> None:  # noqa: F811
    report = (await priced.valuation(Scope("default"), "ES")).metrics
    own = report["cities"]["es/norte"]
    for city, measured, narrowed in (("Norte", own, False), ("Vacía", report, True), (None, report, False)):
        found = await accuracy(priced, country="ES", city=city)
        facts, data = book(found), found["data"]
        for name in ("n", "mdape", "within_10", "coverage_90", "width_90"):
            assert facts[data[name]].value == measured[name]
        assert data["narrowed"] is narrowed


async def test_a_country_without_a_model_has_none(priced: Resources) -> None:  # noqa: F811
    found = await accuracy(priced, country="MX")
    assert (gaps(found), found["data"]["found"]) == (["no_data"], False)
    assert gaps(await accuracy(priced)) == ["missing_input"]
