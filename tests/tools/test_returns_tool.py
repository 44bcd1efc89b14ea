"""The return calculator as a tool: true sources of figures, the reading of rates, listings, refusals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from langchain.tools import ToolRuntime
from langchain_core.messages import ToolMessage

from core.clock import FixedClock, use_clock
from core.database import Database
from core.errors import NotFound
from core.facts import Fact, Source
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from knowledge.finance.after_tax import AFTER_TAX
from knowledge.finance.analysis import MEASURES
from knowledge.resources import Resources
from knowledge.tables.market import AnalyticsData, Area, Listing, Observation, Series
from tools.area_rent import area_rent
from tools.calculation import StatedCost
from tools.context import TurnContext
from tools.returns import analyse_returns
from tools.taxes import property_taxes

CHAPINERO = {"price": 450e6, "monthly_rent": 2.3e6, "country": "CO", "city": "Bogotá", "property_type": "apartment"}


class NoDatabase:
    def session(self, scope: Scope) -> Any:
        raise AssertionError("this call needs no database")


def runtime(
    words: str = "", slots: dict[str, Any] | None = None, *, database: Any = None, locale: str = "es-CO",
    earlier: tuple[Fact, ...] = (), tenant: str = "default",
) -> Any:
    context = TurnContext(
        Resources(Settings(), database or NoDatabase()), Scope(tenant), locale=LOCALES[locale], message_id="msg_1",
        user_words=(words,), slots=slots or {},
    )
    messages = [ToolMessage("", tool_call_id="t", artifact={"facts": [f.to_dict() for f in earlier]})]
    return ToolRuntime(state={"messages": messages}, context=context, config={}, stream_writer=print, tool_call_id="c",
                       store=None)


async def returns(words: str = "", slots: dict[str, Any] | None = None, *, rt: Any = None, **args: Any) -> dict[str, Any]:
    _, artifact = await analyse_returns.coroutine(runtime=rt or runtime(words, slots), **args)
    return artifact


def facts(artifact: dict[str, Any]) -> dict[str, Fact]:
    return {f["key"]: Fact.from_dict(f) for f in artifact["facts"]}


async def test_asked_measures_come_back_in_order_with_visible_assumptions() -> None:
    found = await returns("apto de 450 millones, arriendo 2,3 millones", measures=["gross_yield", "net_yield"],
                          **CHAPINERO)
    data, book = found["data"], facts(found)
    assert data["asked"] == ["gross_yield", "net_yield"]
    assert book["gross_yield"].value == pytest.approx(6.1333, abs=1e-4)
    assert book["net_yield"].value == pytest.approx(3.95, abs=1e-3)
    assert [a["es"] for a in data["assumptions"]] == [
        "vacancia", "administración", "predial", "mantenimiento", "gastos de compra"]
    assert book["price"].source.kind == "user"
    assert book["price"].source.ref == "msg_1"
    known = {f["id"] for f in found["facts"]}
    assert all(set(f["inputs"]) <= known for f in found["facts"])


async def test_a_figure_that_nobody_said_is_an_assumption() -> None:
    found = await returns("un apto de 450 millones", **CHAPINERO, measures=["gross_yield"])
    book = facts(found)
    assert book["price"].source.kind == "user"
    assert book["monthly_rent"].source.ref == "assumption/unstated"
    assert found["data"]["unstated"] == [book["monthly_rent"].id]


async def test_a_difference_of_told_figures_is_no_figure_that_was_told() -> None:
    found = await returns("un apto de 450 millones, tengo 130 millones", price=320e6, monthly_rent=2e6, currency="COP",
                          measures=["gross_yield"])
    assert facts(found)["price"].source.ref == "assumption/unstated"


async def test_a_figure_of_an_earlier_tool_keeps_its_source_and_its_demo_flag() -> None:
    rent = Fact("monthly_rent", 2.3e6, "money", Source("aggregate", "analytics_data/x", demo=True), currency="COP")
    rt = runtime("apto de 450 millones", earlier=(rent,))
    found = await returns(rt=rt, **CHAPINERO, currency="COP", measures=["gross_yield"])
    assert found["data"]["origins"]["monthly_rent"] == "aggregate"
    assert facts(found)["gross_yield"].source.demo


@pytest.mark.parametrize(
    ("words", "args"),
    [
        ("70 % financiado", {"down_payment_pct": 30.0}),
        ("10 departamentos a 6,500 cada uno", {"monthly_rent": 65_000.0}),
        ("3.5k each year and 82k at the end", {"cash_flows": [-3_500.0, 85_500.0]}),
        ("160 millones, 2 millones de predial al año, y lo vendo en 250 millones", {"cash_flows": [-162e6, -2e6, 248e6]}),
        ("2,000 to buy, 6k in, 500 of tax each year, sold for 82k", {"cash_flows": [-2_000.0, 5_500.0, 87_500.0]}),
        ("480 al mes", {"annual_rent": 5_760.0}),
        ("1.250'000.000", {"price": 1.25e9}),
        ("3.2 mdp", {"price": 3.2e6}),
    ],
)
async def test_figures_are_recognised_however_they_were_said(words: str, args: dict[str, Any]) -> None:
    found = await returns(words, price=args.get("price", 450e6), slots={"price": 450e6},
                          **{k: v for k, v in args.items() if k != "price"},
                          measures=["irr"] if "cash_flows" in args else None)
    assert found["data"]["unstated"] == []


async def test_a_rate_of_unstated_kind_is_nominal_with_the_colombian_reading_beside_it() -> None:
    loan = {"loan_amount": 95e6, "rate_pct": 14, "term_years": 7, "measures": ["monthly_payment"]}
    book = facts(await returns(**loan, country="CO"))
    assert book["monthly_payment"].value == pytest.approx(95e6 * (0.14 / 12) / (1 - (1 + 0.14 / 12) ** -84))
    assert book["monthly_payment_if_effective"].value == pytest.approx(1_737_268.11, rel=1e-6)
    stated = facts(await returns(**loan, rate_kind="effective"))
    assert stated["monthly_payment"].value == pytest.approx(1_737_268.11, rel=1e-6)
    assert "monthly_payment_if_effective" not in stated
    assert "monthly_payment_if_effective" not in facts(await returns(**loan, country="MX"))
    example = facts(await returns(loan_amount=315e6, country="CO", example_loan=True, measures=["monthly_payment"]))
    assert example["monthly_payment"].value == pytest.approx(3_334_664, rel=1e-6)
    more = facts(await returns(**(loan | {"rate_pct": 15}), country="MX"))
    assert book["payment_at_moved_rate"].value == pytest.approx(more["monthly_payment"].value)


async def test_cash_on_cash_of_an_income_stated_after_the_loan() -> None:
    found = await returns(price=200_000, annual_rent=9_500, rent_is_net=True, down_payment_pct=30, currency="USD",
                          country="MX", measures=["cash_on_cash"])
    assert facts(found)["cash_on_cash"].value == pytest.approx(15.8333, abs=1e-4)
    own = await returns(monthly_rent=1_000, costs=[StatedCost(label="mortgage", amount=400, period="month", of="money")],
                        own_cash=50_000, measures=["cash_on_cash"])
    assert facts(own)["cash_on_cash"].value == pytest.approx(14.4)


async def test_what_is_missing_has_a_name() -> None:
    found = await returns(price=200_000, monthly_rent=900, measures=["net_yield", "irr"])
    assert found["data"]["missing"] == {"net_yield": ["costs", "country"], "irr": ["horizon_years", "costs", "country"]}
    assert {g["code"] for g in found["gaps"]} == {"missing_input"}
    assert (await returns())["gaps"][0]["code"] == "missing_input"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ({"price": -5.0}, "bad_input", "-5"),
        ({"price": 100.0, "monthly_rent": 500.0}, "rent_not_below_price", "500"),
        ({"price": 100.0, "rate_pct": 900.0}, "bad_input", "900"),
        ({"price": float("nan")}, "bad_input", "nan"),
        ({"price": 1000.0, "measures": ["roi"]}, "bad_input", "roi"),
        ({"price": 1000.0, "country": "Colombia"}, "bad_input", "Colombia"),
        ({"price": 1000.0, "currency": "GBP"}, "bad_input", "GBP"),
    ],
)
async def test_impossible_figures_are_refused_in_both_languages(args: dict[str, Any], code: str, said: str) -> None:
    found = await returns(**args)
    problem = found["data"]["problem"]
    assert problem["code"] == code
    assert said in problem["es"]
    assert said in problem["en"]
    assert found["gaps"][0]["code"] == "bad_input"


async def test_outside_the_markets_there_is_arithmetic_and_nothing_local() -> None:
    found = await returns(price=450e6, monthly_rent=2.3e6, currency="COP", country="CO", property_type="apartment",
                          outside_markets=True, measures=["gross_yield", "net_yield", "legal_rent_cap"])
    assert set(found["data"]["measures"]) == {"gross_yield"}
    assert found["data"]["rules"] == []
    assert facts(found)["price"].currency == "COP"


async def test_a_parking_space_has_no_housing_law() -> None:
    found = await returns(price=42e6, monthly_rent=600_000, country="CO", measures=["gross_yield"])
    assert "rent_above_legal_cap" not in {w["code"] for w in found["data"]["warnings"]}


def test_the_description_names_every_measure() -> None:
    taxed = {measure.__name__ for measure in AFTER_TAX}
    assert all(name in (analyse_returns.description or "") for name in MEASURES if name not in taxed)
    assert all(name in (property_taxes.description or "") for name in taxed)
    assert "runtime" not in analyse_returns.args


async def market(database: Database, scope: Scope, *, demo: bool = True) -> None:
    async with database.session(scope) as session:
        session.add(Area(id="co", level="country", country="CO", name="Colombia", name_folded="colombia"))
        await session.flush()
        session.add(Area(id="co/bogota", parent_id="co", level="city", country="CO", name="Bogotá", name_folded="bogota"))
        await session.flush()
        session.add(Area(id="co/bogota/chapinero", parent_id="co/bogota", level="neighbourhood", country="CO",
                         name="Chapinero", name_folded="chapinero"))
        await session.flush()
        for operation, kind, m2, listings in (("rent", "apartment", 40_000.0, 30), ("rent", "all", 45_000.0, 40),
                                              ("sale", "apartment", 8_000_000.0, 25)):
            session.add(AnalyticsData(
                tenant_id=scope.tenant, area_id="co/bogota/chapinero", operation=operation, property_type=kind,
                period=date(2026, 10, 1), listings=listings, currency="COP", price_median=1.0, price_q1=1.0, price_q3=1.0,
                price_m2_median=m2, price_m2_q1=m2 * 0.9, price_m2_q3=m2 * 1.1, source="demo", demo=demo))
        session.add(Listing(
            tenant_id=scope.tenant, id=None, source="demo", external_id="1", operation="sale", property_type="apartment",
            country="CO", city_id="co/bogota", area_id="co/bogota/chapinero", title="Apto Calle 63 #123", price=480e6,
            currency="COP", area_m2=60, first_seen=date(2026, 9, 1), observed_on=date(2026, 11, 1), demo=demo,
            fingerprint="x"))


async def listing_id(database: Database, scope: Scope) -> int:
    from sqlalchemy import select

    async with database.session(scope) as session:
        found = (await session.execute(select(Listing.id))).scalar_one()
    assert found is not None
    return found


async def test_price_and_size_of_a_listing(database: Database, scope: Scope) -> None:
    await market(database, scope)
    number = await listing_id(database, scope)
    rt = runtime("lo arriendo en 2,4 millones", database=database)
    found = await returns(rt=rt, listing_id=number, monthly_rent=2.4e6, measures=["gross_yield", "price_per_m2"])
    book = facts(found)
    assert book["gross_yield"].value == pytest.approx(6.0)
    assert book["price_per_m2"].value == pytest.approx(8e6)
    assert (book["price"].source.kind, book["price"].source.ref, book["price"].as_of) == (
        "listing", str(number), "2026-11-01")
    assert book["price"].source.demo
    assert book["gross_yield"].source.demo
    assert found["data"]["listing"]["title"] == "Apto Calle 63 #123"
    with pytest.raises(NotFound, match=str(number)):
        await returns(rt=runtime(database=database, tenant="another"), listing_id=number)
    dollars = await returns(rt=rt, listing_id=number, monthly_rent=2.4e6, currency="USD", measures=["gross_yield"])
    assert facts(dollars)["price"].currency == "COP", "an advert's price is in its own currency"


async def test_an_estimated_rent_says_where_it_is_from(database: Database, scope: Scope) -> None:
    await market(database, scope)
    rt = runtime("apto de 60 m2 en Chapinero", database=database, slots={"price": 450e6})
    _, found = await area_rent.coroutine(runtime=rt, country="CO", city="Bogota", neighbourhood="chapinéro",
                                         property_type="apartment", area_m2=60)
    rent = Fact.from_dict(next(f for f in found["facts"] if f["id"] == found["data"]["estimated_rent"]))
    assert (rent.value, rent.source.kind, rent.source.demo) == (2_400_000, "aggregate", True)
    assert (rent.low, rent.high, rent.level, rent.as_of) == (2_160_000, 2_640_000, 0.5, "2026-Q4")
    assert found["evidence"] == {"comparables": 30}
    area = Fact.from_dict(next(f for f in found["facts"] if f["id"] == found["data"]["area_yield"]))
    assert area.value == pytest.approx(6.0)
    assert area.source.demo
    nothing = await area_rent.coroutine(runtime=rt, country="CO", city="Tunja", area_m2=60)
    assert [g["code"] for g in nothing[1]["gaps"]] == ["missing_input"]
    unknown = await area_rent.coroutine(runtime=runtime(database=database), country="CO", city="Tunja")
    assert [g["code"] for g in unknown[1]["gaps"]] == ["no_data"]
    assert nothing[1]["facts"] == []


async def test_a_tenant_sees_only_its_own_rents(database: Database, scope: Scope) -> None:
    await market(database, scope)
    rt = runtime(database=database, tenant="another")
    _, found = await area_rent.coroutine(runtime=rt, country="CO", city="Bogotá", neighbourhood="Chapinero")
    assert found["facts"] == []


async def test_a_measured_rent_comes_before_a_demo_one(database: Database, scope: Scope) -> None:
    await market(database, scope)
    async with database.session(scope) as session:
        session.add(Series(id="BCN/rent/x", area_id="co/bogota/chapinero", country="CO", name="rent", metric="rent_m2",
                           unit="COP/m2/month", currency="COP", frequency="Q", source="official", attribution="Official"))
        await session.flush()
        session.add(Observation(series_id="BCN/rent/x", period=date(2021, 4, 1), value=30_000.0))
    _, found = await area_rent.coroutine(runtime=runtime(database=database), country="CO", city="Bogotá",
                                         neighbourhood="Chapinero", property_type="apartment")
    rent = Fact.from_dict(next(f for f in found["facts"] if f["id"] == found["data"]["rent_m2"]))
    assert (rent.value, rent.as_of, rent.source.demo) == (30_000, "2021-Q2", False)
    assert found["data"]["area_yield"] is None  # a rent of 2021 and a price of 2026 make no yield


async def test_the_day_decides_which_rules_hold() -> None:
    from datetime import UTC, datetime

    with use_clock(FixedClock(datetime(2026, 11, 23, tzinfo=UTC))):
        found = await returns(price=500e6, country="CO", measures=["acquisition_costs"])
    assert facts(found)["acquisition_costs"].value == pytest.approx(9_700_000)


async def test_the_years_of_a_return_come_as_a_table_and_a_chart_that_agree() -> None:
    found = await returns("450 millones, 2,3 millones, 30 %, 12 % E.A., 20 años, 5 años", measures=["levered_irr"],
                          horizon_years=5, down_payment_pct=30, rate_pct=12, rate_kind="effective", term_years=20, **CHAPINERO)
    book = {f["id"]: f["value"] for f in found["facts"]}
    table, chart = found["tables"][0], found["charts"][0]
    assert [row["year"] for row in table["rows"]] == ["1", "2", "3", "4", "5"]
    for row in table["rows"]:
        value = {name: book[row[name]] for name in row if name != "year"}
        assert value["cash_flow"] == pytest.approx(value["noi"] - value["debt_service"], abs=0.02)
        assert value["equity"] == pytest.approx(value["value"] - value["loan_balance"], abs=0.02)
    assert [p["y"] for p in chart["series"][0]["points"]] == [row["cash_flow"] for row in table["rows"]]
    bare = await returns("450 millones, 2,3 millones", measures=["gross_yield"], **CHAPINERO)
    assert (bare["tables"], bare["charts"]) == ([], [])
