"""The valuation as a tool: values with intervals and comparables where there is data, an honest nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

import pytest
from langchain.tools import ToolRuntime
from sqlalchemy import text

from core.clock import FixedClock, use_clock
from core.errors import BadInput, NotFound
from core.facts import Fact
from core.locale import LOCALES
from core.scope import Scope
from knowledge.resources import Resources
from tests.priced import AS_OF, FRESH, LATER, priced, priced_template  # noqa: F401 - fixtures
from tools.comparables import similar_listings
from tools.context import TurnContext
from tools.subject import subject_in_words
from tools.valuation import value_property

FLAT: dict[str, Any] = {"country": "ES", "city": "Norte", "neighbourhood": "Molino", "property_type": "apartment",
                        "area_m2": 90.0, "bedrooms": 3}


@pytest.fixture(autouse=True)
def _summer() -> Iterator[None]:
    with use_clock(FixedClock(datetime.combine(FRESH, time(), UTC))):
        yield


def runtime(resources: Resources, words: str = "", *, tenant: str = "default") -> Any:
    context = TurnContext(resources, Scope(tenant), locale=LOCALES["es-ES"], message_id="m1", user_words=(words,))
    return ToolRuntime(state={"messages": []}, context=context, config={}, stream_writer=print, tool_call_id="c",
                       store=None)


async def value(resources: Resources, words: str = "90 m2", *, tenant: str = "default", **args: Any) -> dict[str, Any]:
    _, artifact = await value_property.coroutine(runtime=runtime(resources, words, tenant=tenant), **args)
    return artifact


def book(artifact: dict[str, Any]) -> dict[str, Fact]:
    return {f["id"]: Fact.from_dict(f) for f in artifact["facts"]}


def gaps(artifact: dict[str, Any]) -> list[str]:
    return [gap["code"] for gap in artifact["gaps"]]


async def test_a_flat_gets_a_value_with_intervals_date_drivers_and_comparables(priced: Resources) -> None:  # noqa: F811
    found = await value(priced, **FLAT)
    facts, data = book(found), found["data"]
    worth = facts[data["value"]]
    assert worth.value == pytest.approx(4000 * 90, rel=0.2)  # what the made-up market asks in the middle of Norte
    assert worth.level == 0.8
    wide = facts[data["value_90"]]
    assert wide.low < worth.low < worth.value < worth.high < wide.high  # type: ignore[operator]
    assert (worth.currency, worth.as_of, worth.source.kind) == ("EUR", AS_OF, "model")
    assert facts[data["value_m2"]].value == pytest.approx(float(worth.value) / 90, rel=0.01)
    assert not data["stale"]
    comparables = data["comparables"]
    assert len(comparables["shown"]) == len(found["cards"]) == facts[comparables["count"]].value == 5
    around = facts[comparables["price_m2"]]
    assert around.low <= around.value <= around.high  # type: ignore[operator]
    assert found["evidence"]["comparables"] >= 5
    assert found["evidence"]["interval_width"] == pytest.approx((worth.high - worth.low) / worth.value, rel=0.05)  # type: ignore[operator]
    assert all(ref in facts for row in found["tables"][0]["rows"] for k, ref in row.items() if k not in ("title",))
    assert gaps(found) == []


async def test_what_is_told_counts(priced: Resources) -> None:  # noqa: F811
    async def worth(**more: Any) -> float:
        found = await value(priced, **(FLAT | more))
        return float(book(found)[found["data"]["value"]].value)

    assert await worth(features=["lift"]) > await worth(lacking=["lift"])
    assert await worth(neighbourhood="Mirador") > await worth(neighbourhood="Ribera")


@pytest.mark.parametrize(("price", "verdict", "part"), [
    (720_000.0, "over", "high"), (180_000.0, "under", "low"), (None, "fair", "middle"),
])
async def test_an_asking_price_is_judged_with_probabilities(
    priced: Resources, price: float | None, verdict: str, part: str  # noqa: F811
) -> None:
    plain = await value(priced, **FLAT)
    asked = price or float(book(plain)[plain["data"]["value"]].value)
    found = await value(priced, f"piden {asked:.0f} por 90 m2", asking_price=asked, **FLAT)
    facts, asking = book(found), found["data"]["asking"]
    assert (asking["verdict"], asking["part"]) == (verdict, part)
    worth = float(facts[found["data"]["value"]].value)
    assert facts[asking["difference"]].value == pytest.approx((asked / worth - 1) * 100, abs=0.06)
    shares = [float(facts[asking[name]].value) for name in ("over", "fair", "under")]
    assert sum(shares) == pytest.approx(100, abs=2)
    assert facts[asking["price"]].source.kind == "user"
    assert facts[found["data"]["asking_per_m2"]].value == pytest.approx(asked / 90, abs=0.01)


async def test_an_advert_is_judged_by_models_that_never_saw_it(priced: Resources) -> None:  # noqa: F811
    async with priced.database.session(Scope()) as session:
        row = (await session.execute(text(
            "SELECT id, price, city_id FROM listings WHERE property_type = 'apartment' ORDER BY id LIMIT 1"))).one()
    found = await value(priced, listing_id=row.id)
    facts, data = book(found), found["data"]
    assert facts[data["asking"]["price"]].source.kind == "listing"
    assert facts[data["asking"]["price"]].value == row.price
    assert str(row.id) not in [str(card["id"]) for card in found["cards"]]
    with pytest.raises(NotFound):
        await value(priced, tenant="other", listing_id=row.id)


async def test_without_the_floor_area_nothing_is_valued(priced: Resources) -> None:  # noqa: F811
    found = await value(priced, **(FLAT | {"area_m2": None}))
    assert found["gaps"] == [{"code": "missing_input", "slot": "area_m2"}]
    assert not found["data"]["found"]
    assert found["facts"] == []


@pytest.mark.parametrize("where", [
    {"city": "Logroño"}, {"city": "Vacía"}, {"city": "Sur", "property_type": "land"},
    {"city": "Norte", "neighbourhood": None, "property_type": "warehouse"},
])
async def test_where_there_is_no_data_there_is_only_arithmetic(priced: Resources, where: dict[str, Any]) -> None:  # noqa: F811
    args = FLAT | {"neighbourhood": None, "area_m2": 70.0} | where
    found = await value(priced, "189.000 por 70 metros", asking_price=189_000.0, **args)
    facts = book(found)
    assert gaps(found) == ["no_data"]
    assert facts[found["data"]["asking_per_m2"]].value == 2700
    assert facts[found["data"]["asking_per_m2"]].formula == "189000 ÷ 70"
    assert {f.source.kind for f in facts.values()} <= {"user", "computation"}
    assert found["data"]["value"] is None
    assert found["cards"] == []


async def test_land_is_valued_where_land_is_for_sale(priced: Resources) -> None:  # noqa: F811
    found = await value(priced, **(FLAT | {"property_type": "land", "bedrooms": None}))
    assert found["data"]["found"]
    assert {card["property_type"] for card in found["cards"]} == {"land"}


async def test_a_size_out_of_all_proportion_has_no_value(priced: Resources) -> None:  # noqa: F811
    found = await value(priced, **(FLAT | {"area_m2": 40_000.0}))
    assert gaps(found) == ["no_data"]
    assert [r["code"] for r in found["data"]["reasons"]] == ["area_out_of_range"]


async def test_an_unknown_neighbourhood_is_said_and_widens_the_interval(priced: Resources) -> None:  # noqa: F811
    known, unknown = await value(priced, **FLAT), await value(priced, **(FLAT | {"neighbourhood": "Ninguno"}))
    assert unknown["data"]["unknown_neighbourhood"] == "Ninguno"
    assert unknown["data"]["place"] == "Norte"
    assert unknown["evidence"]["interval_width"] > known["evidence"]["interval_width"]


async def test_old_adverts_and_an_assumed_type_are_said(priced: Resources) -> None:  # noqa: F811
    with use_clock(FixedClock(datetime.combine(LATER, time(), UTC))):
        found = await value(priced, **(FLAT | {"property_type": None}))
    assert found["data"]["stale"]
    assert found["data"]["assumed_type"]


async def test_another_currency_is_not_compared(priced: Resources) -> None:  # noqa: F811
    found = await value(priced, "400000 usd", asking_price=400_000.0, currency="USD", **FLAT)
    assert found["data"]["currency_differs"]
    assert found["data"]["asking"] is None


@pytest.mark.parametrize(("bad", "named"), [
    ({"area_m2": -5.0}, "-5"), ({"area_m2": 0.0}, "0"), ({"asking_price": 0.0}, "0"), ({"area_m2": float("inf")}, "inf"),
    ({"bedrooms": 900}, "900"), ({"year_built": 20}, "20"), ({"estrato": 9}, "9"),
])
async def test_a_figure_that_cannot_be_is_named_in_both_languages(
    priced: Resources, bad: dict[str, Any], named: str  # noqa: F811
) -> None:
    found = await value(priced, **(FLAT | bad))
    assert gaps(found) == ["bad_input"]
    assert not found["data"]["found"]
    for language in ("es", "en"):
        assert named in found["data"]["problem"][language]


async def test_a_feature_that_is_none_is_named(priced: Resources) -> None:  # noqa: F811
    with pytest.raises(BadInput, match="helipad"):
        await value(priced, **(FLAT | {"features": ["helipad"]}))


async def test_without_a_model_there_is_no_value(priced: Resources) -> None:  # noqa: F811
    async with priced.database.session(Scope()) as session:
        await session.execute(text("UPDATE models SET active = false"))
    assert gaps(await value(priced, **FLAT)) == ["no_data"]


@pytest.mark.parametrize("gone", [False, True])
async def test_a_damaged_model_is_a_failure_and_not_a_missing_place(priced: Resources, gone: bool) -> None:  # noqa: F811
    async with priced.database.session(Scope()) as session:
        await session.execute(text("UPDATE models SET path = :path"), {"path": "nowhere" if gone else "models"})
    (priced.settings.data_dir / "models" / "metadata.json").write_text("{", "utf-8")
    found = await value(priced, "300000 por 90 m2", asking_price=300_000.0, **FLAT)
    assert gaps(found) == ["tool_failed"]
    assert found["evidence"]["failed"]
    assert found["data"]["asking_per_m2"] in book(found)


async def test_similar_adverts_of_a_described_flat_and_of_an_advert(priced: Resources) -> None:  # noqa: F811
    _, found = await similar_listings.coroutine(
        runtime=runtime(priced), city="Norte", neighbourhood="Mirador", property_type="apartment", area_m2=80.0, limit=7)
    assert len(found["cards"]) == 7
    assert {card["place"] for card in found["cards"]} == {"Mirador, Norte"}
    first = int(found["cards"][0]["id"])
    _, others = await similar_listings.coroutine(runtime=runtime(priced), listing_id=first)
    assert first not in [card["id"] for card in others["cards"]]
    _, nothing = await similar_listings.coroutine(runtime=runtime(priced), city="Lima", area_m2=80.0)
    assert gaps(nothing) == ["no_data"]


async def test_an_estrato_reaches_the_model_as_an_attribute(priced: Resources) -> None:  # noqa: F811
    told = await subject_in_words(runtime(priced), country="ES", city="Norte", neighbourhood=None, property_type=None,
                                  area_m2=90.0, features=(), lacking=(), estrato=4)
    untold = await subject_in_words(runtime(priced), country="ES", city="Norte", neighbourhood=None, property_type=None,
                                    area_m2=90.0, features=(), lacking=(), estrato=None)
    assert told is not None
    assert untold is not None
    assert told.row["attributes"] == {"estrato": 4}
    assert "attributes" not in untold.row
