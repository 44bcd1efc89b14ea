"""Market tools over a small city: pace and demand, competition, yields, risk, opinions, and what they do with bad input."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from langchain.tools import ToolRuntime
from sqlalchemy import text

from core.clock import FixedClock, use_clock
from core.errors import BadInput, NotFound
from core.facts import Fact
from core.locale import LOCALES
from core.scope import Scope
from knowledge.loaders.analytics import refresh_analytics
from knowledge.resources import Resources
from tools.context import TurnContext
from tools.market_competition import market_competition
from tools.market_opinion import market_opinion
from tools.market_pace import market_pace
from tools.market_risk import market_risk
from tools.market_yields import market_yields
from tools.series import market_trend

TODAY = date(2026, 6, 30)
#: Six neighbourhoods of 12 adverts up and so many that left over the last hundred days; the last has but two adverts.
LEFT = {"uno": 24, "dos": 18, "tres": 12, "cuatro": 9, "cinco": 4, "seis": 0}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with use_clock(FixedClock(datetime(2026, 6, 30, tzinfo=UTC))):
        yield


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def adverts() -> Iterator[dict[str, Any]]:
    number = 0
    for i, (place, left) in enumerate(LEFT.items()):
        for n in range(12 + left if place != "seis" else 2):
            for operation in ("sale", "rent"):
                number += 1
                gone = n >= 12
                price = (200_000 if operation == "sale" else 800) * (1 + 0.1 * i) * (0.8 + 0.4 * (n % 12) / 11)
                yield {
                    "id": number, "operation": operation, "area": f"es/norte/{place}", "price": price, "m2": price / 80,
                    "lat": 40.0 + 0.01 * i + 0.0001 * (n % 12), "lon": -3.0, "status": "withdrawn" if gone else "active",
                    "first": ago(20 + 12 * n if not gone else 130 + n), "last": ago(1 + 3 * n) if gone else TODAY,
                }


@pytest.fixture
async def city(resources: Resources) -> Resources:
    async with resources.database.connection(Scope()) as connection:
        await connection.execute(
            "INSERT INTO areas (id, parent_id, level, country, name, name_folded, latitude, longitude, attributes, demo) VALUES"
            " ('es', NULL, 'country', 'ES', 'España', 'espana', 40, -3, '{}', false),"
            " ('es/norte', 'es', 'city', 'ES', 'Norte', 'norte', 40, -3, '{}', false)")
        for i, place in enumerate(LEFT):
            await connection.execute(
                "INSERT INTO areas (id, parent_id, level, country, name, name_folded, latitude, longitude, attributes, demo)"
                " VALUES (%s, 'es/norte', 'neighbourhood', 'ES', %s, %s, %s, -3, '{}', false)",
                (f"es/norte/{place}", place.capitalize(), place, 40.0 + 0.01 * i))
        await connection.execute(
            "INSERT INTO areas (id, parent_id, level, country, name, name_folded, attributes, demo)"
            " VALUES ('es/norte/nada', 'es/norte', 'neighbourhood', 'ES', 'Nada', 'nada', '{}', false)")
        for a in adverts():
            await connection.execute(
                "INSERT INTO listings (tenant_id, source, external_id, operation, property_type, country, city_id, area_id,"
                " title, text, language, price, currency, area_m2, price_per_m2, latitude, longitude, features, attributes,"
                " status, first_seen, observed_on, demo, fingerprint) VALUES ('default', 'test', %(id)s, %(operation)s,"
                " 'apartment', 'ES', 'es/norte', %(area)s, '', '', 'es', %(price)s, 'EUR', 80, %(m2)s, %(lat)s, %(lon)s,"
                " '[]', '{}', %(status)s,"
                " %(first)s, %(last)s, false, '')", a)
        await connection.execute(
            "INSERT INTO price_history (tenant_id, listing_id, observed_on, price, currency)"
            " SELECT 'default', id, first_seen, price * 1.1, 'EUR' FROM listings WHERE area_id = 'es/norte/cinco'"
            " AND operation = 'sale' AND status = 'active' ORDER BY id LIMIT 6")
        await connection.execute(
            "INSERT INTO project_owners (tenant_id, id, source, external_id, name, country, attributes, demo)"
            " VALUES ('default', 'o', 'test', 'o', 'Obras Norte', 'ES', '{}', false)")
        for id_, name, place, north in (("p1", "Torre Alba", "uno", 40.001), ("p2", "Torre Brisa", "uno", 40.004),
                                        ("p3", "Torre Cima", "cinco", 40.041)):
            await connection.execute(
                "INSERT INTO projects (tenant_id, id, source, external_id, owner_id, area_id, name, stage, units,"
                " units_available, price_from, currency, text, language, latitude, longitude, attributes, demo) VALUES"
                " ('default', %s, 'test', %s, 'o', %s, %s, 'presale', 40, 10, 180000, 'EUR', '', 'es', %s, -3,"
                " '{\"area_from_m2\": 60}', false)", (id_, id_, f"es/norte/{place}", name, north))
        await connection.execute(
            "INSERT INTO series (id, area_id, country, region, name, metric, segment, unit, currency, frequency, source,"
            " attribution, demo) VALUES ('P', 'es/norte', 'ES', 'Norte', 'Precio', 'price_m2', 'all', 'EUR/m2', 'EUR', 'Q',"
            " 'test', '', false), ('FX/EURUSD', NULL, 'ES', '', 'EURUSD', 'fx', 'all', 'rate', NULL, 'M', 'test', '', false)")
        for i in range(40):
            await connection.execute("INSERT INTO observations VALUES ('P', %s, %s)",
                                     (date(2016 + i // 4, 3 * (i % 4) + 1, 1), 2000 * 1.01**i * (1 + 0.03 * math.sin(i))))
        for i in range(120):
            await connection.execute("INSERT INTO observations VALUES ('FX/EURUSD', %s, %s)",
                                     (date(2016 + i // 12, i % 12 + 1, 1), 1.1 + 0.1 * math.sin(i / 7)))
        body = ("Uno: Es muy seguro. El metro es excelente. Hay parques preciosos. Hay robos. La calle es ruidosa.\n\n"
                "Dos: Es caro.")
        await connection.execute(
            "INSERT INTO documents (tenant_id, id, source, external_id, title, language, kind, country, area_id, published_on,"
            " text, attribution, url, demo, fingerprint) VALUES ('default', 'd', 'test', 'd-es', 'Voces', 'es', 'opinion',"
            " 'ES', 'es/norte', '2026-05-01', %s, '', '', false, '')", (body,))
        await refresh_analytics(connection, "default", {"es/norte"})
    return resources


def runtime(resources: Resources, locale: str = "es-ES") -> Any:
    context = TurnContext(resources, Scope(), locale=LOCALES[locale], message_id="m1")
    return ToolRuntime(state={"messages": []}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None)


async def call(tool: Any, resources: Resources, **args: Any) -> tuple[dict[str, Any], dict[str, Fact], list[str]]:
    _, artifact = await tool.coroutine(runtime=runtime(resources), **args)
    facts = {f["id"]: Fact.from_dict(f) for f in artifact["facts"]}
    assert all(isinstance(f.value, str) or math.isfinite(f.value) for f in facts.values())
    return artifact["data"], facts, [gap["code"] for gap in artifact["gaps"]]


HERE = {"country": "ES", "city": "Norte"}


async def test_demand_ranks_the_neighbourhoods_as_they_sell(city: Resources) -> None:
    scores = {}
    for place in ("uno", "tres", "cinco"):
        data, facts, _ = await call(market_pace, city, **HERE, neighbourhood=place)
        scores[place] = facts[data["demand"]].value
        assert (data["narrowed"], data["among"]) == (False, "Norte")
        assert {p["name"] for p in data["demand_parts"]} | set(data["demand_missing"]) == {
            "absorption", "days_on_market", "balance", "price_cuts", "price_trend"}
    assert scores["uno"] > scores["tres"] > scores["cinco"]
    assert all(0 <= float(s) <= 100 for s in scores.values())


async def test_the_pace_of_a_neighbourhood(city: Resources) -> None:
    data, facts, gaps = await call(market_pace, city, **HERE, neighbourhood="uno")
    assert (facts[data["stock"]].value, facts[data["withdrawn"]].value) == (12, 24)
    lasting = facts[data["days"]]
    assert lasting.low is not None
    assert lasting.high is not None
    assert lasting.low <= float(lasting.value) <= lasting.high
    assert facts[data["cuts_share"]].value == 0
    median = facts[data["median_m2"]]
    assert median.unit == "money_per_m2"
    assert median.low is not None
    assert median.low < float(median.value)
    assert gaps == []
    data, facts, _ = await call(market_pace, city, **HERE, neighbourhood="cinco")
    assert facts[data["cuts_share"]].value == pytest.approx(50)
    assert facts[data["cuts_size"]].value == pytest.approx(100 / 11)


async def test_two_adverts_give_the_city_and_say_so(city: Resources) -> None:
    data, facts, _ = await call(market_pace, city, **HERE, neighbourhood="seis")
    assert (data["narrowed"], data["area"]) == (True, "Norte")
    assert facts[data["few"]].value == 2
    assert facts[data["stock"]].value == 62


async def test_a_city_alone_in_its_country_has_a_pace_and_no_index(city: Resources) -> None:
    data, facts, gaps = await call(market_pace, city, **HERE)
    assert data["demand"] is None
    assert "thin_data" in gaps
    assert float(facts[data["absorption"]].value) > 0


async def test_adverts_nobody_watches_have_no_pace(city: Resources) -> None:
    async with city.database.session(Scope()) as session:
        await session.execute(text("DELETE FROM listings WHERE status = 'withdrawn'"))
    data, facts, gaps = await call(market_pace, city, **HERE, neighbourhood="uno")
    assert (data["unknown"], data["absorption"], data["days"], data["demand"]) == ("not_watched", None, None, None)
    assert facts[data["stock"]].value == 12
    assert "no_data" in gaps


@pytest.mark.parametrize("tool", [market_pace, market_risk, market_yields, market_opinion])
async def test_an_unknown_place_has_nothing(city: Resources, tool: Any) -> None:
    data, facts, gaps = await call(tool, city, country="ES", city="Villanada")
    assert (data["found"], gaps) == (False, ["no_data"])
    assert not facts


async def test_what_competes_around_a_development(city: Resources) -> None:
    data, facts, _ = await call(market_competition, city, project="¿qué competencia tiene Torre Alba?")
    assert (data["name"], data["kind"]) == ("Torre Alba", "project")
    assert facts[data["adverts"]].value == 12  # of its own neighbourhood; the next lies 1.1 km north
    assert [p["name"] for p in data["projects"]] == ["Torre Brisa"]
    assert facts[data["projects"][0]["distance"]].value == pytest.approx(0.3)
    assert facts[data["own_m2"]].value == 3000
    assert 0 <= float(facts[data["percentile"]].value) <= 100
    wider, facts, _ = await call(market_competition, city, project="Torre Alba", radius_km=5)
    assert facts[wider["adverts"]].value == 60  # all but the last neighbourhood, 5.4 km north
    assert facts[wider["developments"]].value == 2


async def test_what_competes_around_an_advert_leaves_the_advert_out(city: Resources) -> None:
    async with city.database.session(Scope()) as session:
        id_ = (await session.execute(text(
            "SELECT id FROM listings WHERE area_id = 'es/norte/uno' AND operation = 'sale' AND status = 'active'"
            " ORDER BY price DESC LIMIT 1"))).scalar_one()
    data, facts, _ = await call(market_competition, city, listing_id=id_, radius_km=0.5)
    assert facts[data["adverts"]].value == 11
    assert facts[data["percentile"]].value == 100
    assert id_ not in [item["id"] for item in data["similar"]]
    with pytest.raises(NotFound):
        await call(market_competition, city, listing_id=10**9)


async def test_a_development_for_sale_has_no_place_among_rents(city: Resources) -> None:
    data, facts, _ = await call(market_competition, city, project="Torre Alba", operation="rent", radius_km=5)
    assert facts[data["median_m2"]].key == "rent_m2_median"
    assert (data["own_m2"], data["percentile"]) == (None, None)


async def test_around_a_point_a_place_and_nowhere(city: Resources) -> None:
    data, facts, _ = await call(market_competition, city, latitude=40.01, longitude=-3.0, radius_km=0.5)
    assert facts[data["adverts"]].value == 12
    assert facts[data["median_m2"]].currency == "EUR"
    data, _, gaps = await call(market_competition, city, **HERE, neighbourhood="nada")
    assert (data["reason"], gaps) == ("nowhere", ["no_data"])
    data, _, gaps = await call(market_competition, city, **HERE, neighbourhood="inventada")
    assert (data["found"], gaps) == (False, ["no_data"])
    data, _, gaps = await call(market_competition, city)
    assert (data["reason"], gaps) == ("what", ["missing_input"])
    data, _, _ = await call(market_competition, city, latitude=-40.0, longitude=100.0)
    assert data["reason"] == "place"  # no city of ours is near


@pytest.mark.parametrize("radius", [0, -2, 500, math.nan, math.inf])
async def test_a_radius_that_is_none(city: Resources, radius: float) -> None:
    with pytest.raises(BadInput, match="radius"):
        await call(market_competition, city, **HERE, radius_km=radius)


async def test_yields_by_neighbourhood_are_ordered_and_small_ones_left_out(city: Resources) -> None:
    data, facts, _ = await call(market_yields, city, **HERE, neighbourhood="tres")
    assert {y["name"] for y in data["yields"]} == {"Uno", "Dos", "Tres", "Cuatro", "Cinco"}  # Seis has two adverts
    shown = [facts[y["yield"]] for y in data["yields"]]
    assert [float(f.value) for f in shown] == sorted((float(f.value) for f in shown), reverse=True)
    for fact in shown:  # 800 a month against 200,000: 4.8 %
        assert fact.low is not None
        assert fact.high is not None
        assert fact.low < float(fact.value) < fact.high
        assert float(fact.value) == pytest.approx(4.8, abs=0.05)
    assert data["own"]["name"] == "Tres"


async def test_yields_need_rents_of_the_same_time(city: Resources) -> None:
    async with city.database.connection(Scope()) as connection:
        await connection.execute(
            "UPDATE listings SET observed_on = '2023-01-01', first_seen = '2022-01-01' WHERE operation = 'rent'")
        await refresh_analytics(connection, "default", {"es/norte"})
    data, _, gaps = await call(market_yields, city, **HERE)
    assert (data["found"], data["rents_known"], gaps) == (False, True, ["thin_data"])
    assert data["whole"] is None  # the answer asks for it


async def test_where_no_adverts_to_let_are_known_published_rents_of_that_time_stand_in(city: Resources) -> None:
    async with city.database.connection(Scope()) as connection:
        await connection.execute("DELETE FROM listings WHERE operation = 'rent'")
        await refresh_analytics(connection, "default", {"es/norte"})
        # the quarter nearest to the prices counts, and none of a mean rent of whole dwellings
        for id_, area, metric in (("R1", "uno", "rent_m2"), ("R2", "dos", "rent_m2"), ("R3", "tres", "rent")):
            await connection.execute(
                "INSERT INTO series (id, area_id, country, region, name, metric, segment, unit, currency, frequency, source,"
                " attribution, demo) VALUES (%s, %s, 'ES', %s, 'Rentas', %s, 'all', 'EUR/m2', 'EUR', 'Q', 'test',"
                " 'Open Data', false)", (id_, f"es/norte/{area}", area, metric))
            for day, value in (("2020-01-01", 5.0), ("2026-04-01", 12.0 if area == "uno" else 9.0)):
                await connection.execute("INSERT INTO observations VALUES (%s, %s, %s)", (id_, day, value))
    data, facts, _ = await call(market_yields, city, **HERE)
    assert [y["name"] for y in data["yields"]] == ["Uno", "Dos"]
    assert data["published"] == "Open Data"
    first = facts[data["yields"][0]["yield"]]
    rent, price = (facts[i] for i in first.inputs)
    assert (rent.key, rent.value) == ("rent_m2_mean", 12.0)
    assert first.value == pytest.approx(12 * 12.0 / float(price.value) * 100, rel=0.05)  # the price is drawn to the city's
    used = [float(number) for number in re.findall(r"[\d.]+", first.formula or "")]
    assert used[:2] == [12, 12.0]
    assert first.value == pytest.approx(used[0] * used[1] / used[2] * 100)
    assert first.low is not None
    assert first.low < float(first.value)
    data, _, gaps = await call(market_yields, city, **HERE, property_type="retail")
    assert (data["found"], gaps) == (False, ["no_data"])  # published rents are of flats


async def test_the_risk_of_a_place_and_of_a_purchase_there(city: Resources) -> None:
    data, facts, _ = await call(market_risk, city, **HERE, neighbourhood="uno")
    assert {p["name"] for p in data["parts"]} == {"price_volatility", "liquidity", "time_to_sell", "vacancy"}
    assert data["vacancy_assumed"]
    place = float(facts[data["score"]].value)
    data, facts, _ = await call(market_risk, city, **HERE, neighbourhood="uno", ltv_pct=95.0, dscr=0.8, investor_currency="USD",
                                wealth_share_pct=90.0)
    assert data["unknown"] == []
    assert float(facts[data["score"]].value) > place + 10
    assert facts[data["parts"][0]["value"]].source.kind in ("user", "series", "aggregate")
    assert data["parts"][0]["name"] in ("loan_to_value", "dscr")
    own, _, _ = await call(market_risk, city, **HERE, investor_currency="EUR")
    assert next(p for p in own["parts"] if p["name"] == "currency")["source"] == "rule"


@pytest.mark.parametrize("bad", [{"ltv_pct": -1.0}, {"ltv_pct": 400.0}, {"dscr": math.nan}, {"vacancy_pct": 101.0},
                                 {"wealth_share_pct": math.inf}, {"investor_currency": "XYZ"}])
async def test_figures_of_a_purchase_that_are_none(city: Resources, bad: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        await call(market_risk, city, **HERE, **bad)


async def test_opinions_come_with_their_evidence_and_few_are_not_summed_up(city: Resources) -> None:
    data, facts, _ = await call(market_opinion, city, **HERE, neighbourhood="uno")
    assert (facts[data["good_count"]].value, facts[data["bad_count"]].value) == (3, 2)
    assert facts[data["share"]].value == pytest.approx(60)
    assert all(facts[q["id"]].source.kind == "document" for q in (*data["good"], *data["bad"]))
    data, _, gaps = await call(market_opinion, city, **HERE, neighbourhood="dos")
    assert (data["share"], gaps) == (None, ["thin_data"])
    data, _, gaps = await call(market_opinion, city, **HERE, neighbourhood="tres")
    assert (data["found"], gaps) == (False, ["no_data"])


async def test_two_documents_of_one_title_are_two_citations(city: Resources) -> None:
    async with city.database.connection(Scope()) as connection:
        await connection.execute(
            "INSERT INTO documents (tenant_id, id, source, external_id, title, language, kind, country, area_id, published_on,"
            " text, attribution, url, demo, fingerprint) VALUES ('default', 'e', 'test', 'e-es', 'Voces', 'es', 'opinion',"
            " 'ES', 'es/norte', '2024-02-01', 'Dos: Es muy seguro.', '', '', false, '')")
    tool: Any = market_opinion
    _, artifact = await tool.coroutine(runtime=runtime(city), **HERE, neighbourhood="dos")
    assert {(c["n"], c["published_on"]) for c in artifact["citations"]} == {(1, "2024-02-01"), (2, "2026-05-01")}
    [good], [bad] = artifact["data"]["good"], artifact["data"]["bad"]
    assert (good["n"], good["published_on"], bad["n"], bad["published_on"]) == (1, "2024-02-01", 2, "2026-05-01")


async def test_a_trend_says_whether_it_differs_from_zero(city: Resources) -> None:
    data, facts, _ = await call(market_trend, city, **HERE, years=8)
    growth = facts[data["trend"]]
    assert data["verdict"] == "rising"
    assert growth.low is not None
    assert growth.low > 0
    assert float(growth.value) == pytest.approx((1.01**4 - 1) * 100, abs=1)
    async with city.database.session(Scope()) as session:
        await session.execute(text("DELETE FROM observations WHERE series_id = 'P' AND period > '2017-06-01'"))
    data, _, _ = await call(market_trend, city, **HERE)
    assert (data["verdict"], data["trend"]) == ("few", None)


async def test_a_change_since_a_year_counts_from_its_first_figure(city: Resources) -> None:
    data, facts, _ = await call(market_trend, city, **HERE, since=2020)
    assert (data["since"], data["long_since"], data["year_missing"]) == (2020, "2020-Q1", None)
    async with city.database.session(Scope()) as session:
        rows = dict((await session.execute(text("SELECT period, value FROM observations WHERE series_id = 'P'"))).all())
    assert facts[data["change_long"]].value == pytest.approx((rows[date(2025, 10, 1)] / rows[date(2020, 1, 1)] - 1) * 100)
    upto, facts, _ = await call(market_trend, city, **HERE, since=2018, year=2020)
    assert facts[upto["change_long"]].value == pytest.approx((rows[date(2020, 10, 1)] / rows[date(2018, 1, 1)] - 1) * 100)
    late, _, _ = await call(market_trend, city, **HERE, since=2031)
    assert (late["since"], late["year_missing"]) == (None, 2031)
    with pytest.raises(BadInput, match="since is 12"):
        await call(market_trend, city, **HERE, since=12)
