"""Calls of a language model: what it may calculate with, where it may look, and what it is told otherwise."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langchain.agents.middleware import ToolCallRequest
from langchain_core.messages import HumanMessage, ToolMessage

from agents.argument_check import ArgumentCheck
from agents.builtin import BuiltinModel
from agents.specialist import Specialist, build
from core.facts import Fact, Source
from knowledge.understanding.gazetteer import default_places
from knowledge.understanding.understand import understand
from tests.tools.test_caching import all_tools
from tools.arguments import FREE, KINDS, OWN
from tools.context import TurnContext

TOOLS = all_tools()
FLAT = "What is the gross yield of a flat of 200,000 € rented at 900?"
APTO = "¿Qué rentabilidad deja un apto de 450 M, arriendo 2,3 M?"
PISO = "¿Cuánto vale un piso de 90 m², 3 hab. en Gràcia?"
USD = "Convert 200,000 USD to Colombian pesos"


class _Resources:
    async def places(self) -> Any:
        return default_places()


def found(*facts: Fact, **data: Any) -> ToolMessage:
    return ToolMessage("found", tool_call_id="x", artifact={"facts": [fact.to_dict() for fact in facts], "data": data})


async def call(
    question: str, tool: str, args: dict[str, Any], *results: ToolMessage, earlier: tuple[str, ...] = (), text: str = "",
    shown: tuple[dict[str, Any], ...] = (), **context: Any,
) -> ToolMessage | None:
    """What the model is told instead of a result; None where the call was made."""
    understood = understand(question, places=default_places())
    brief = {"question": question, "request": dict(understood.request), "shown": shown, "references": ()}
    around = TurnContext(cast(Any, _Resources()), cast(Any, None), user_words=(*earlier, question), slots=understood.slots,
                         **context)
    asked = HumanMessage(f"<earlier>\n{text}\n</earlier>", additional_kwargs={"brief": brief})
    request = ToolCallRequest({"name": tool, "args": args, "id": "c", "type": "tool_call"}, TOOLS[tool],
                              {"messages": [asked, *results]}, cast(Any, SimpleNamespace(context=around)))
    made = ToolMessage("made", tool_call_id="c")

    async def handler(_: ToolCallRequest) -> ToolMessage:
        return made

    answer = await ArgumentCheck().awrap_tool_call(request, handler)
    assert isinstance(answer, ToolMessage)
    return None if answer is made else answer


CONVERT = {"source_currency": "USD", "target_currency": "COP"}


@pytest.mark.parametrize(("question", "tool", "args", "named"), [
    (FLAT, "analyse_returns", {"price": 300_000, "monthly_rent": 900}, "price = 300000"),
    (FLAT, "analyse_returns", {"price": "300000", "monthly_rent": 900}, "price = 300000"),
    (APTO, "analyse_returns", {"price": 450_000_000, "monthly_rent": 9_900_000}, "monthly_rent = 9900000"),
    (USD, "convert_currency", {"amount": 300_000, **CONVERT}, "amount = 300000"),
    (USD, "convert_currency", {"amount": 200_000, "rate": 5000, **CONVERT}, "rate = 5000"),
    (USD, "convert_currency", {"amount": -5, **CONVERT}, "amount = -5"),
    (USD, "convert_currency", {"amount": 200_000, "on": "2015-03-01", **CONVERT}, "on = 2015-03-01"),
    (PISO, "value_property", {"city": "Barcelona", "neighbourhood": "Gràcia", "area_m2": 290, "bedrooms": 3}, "area_m2 = 290"),
    (PISO, "value_property", {"city": "Barcelona", "area_m2": 90, "bedrooms": 9}, "bedrooms = 9"),
    (PISO, "value_property", {"city": "Sevilla", "area_m2": 90, "bedrooms": 3}, "city = Sevilla"),
    (PISO, "value_property", {"city": "Barcelona", "neighbourhood": "Chapinero", "area_m2": 90}, "neighbourhood = Chapinero"),
    (PISO, "value_property", {"country": "CO", "area_m2": 90}, "country = CO"),
    (PISO, "value_property", {"listing_id": 17}, "listing_id = 17"),
    (FLAT, "analyse_returns", {"price": 200_000, "monthly_rent": 900, "growth_pct": 4}, "growth_pct = 4"),
    (FLAT, "analyse_returns", {"price": 200_000, "costs": [{"label": "IBI", "amount": 777}]}, "costs.amount = 777"),
    (FLAT, "analyse_returns", {"cash_flows": [-200_000, 10_800, 333_333]}, "cash_flows = 333333"),
    (FLAT, "profile_option", {"kind": "own_figures", "more": {"sale_price": 999_000}}, "sale_price = 999000"),
    (FLAT, "analyse_returns", {"price": float("inf"), "monthly_rent": 900}, "price = inf"),
], ids=str)
async def test_what_nobody_said_is_not_calculated_with(question: str, tool: str, args: dict[str, Any], named: str) -> None:
    told = await call(question, tool, args)
    assert told is not None
    assert named in told.text
    assert told.status == "error"
    assert (told.name, told.tool_call_id) == (tool, "c")


@pytest.mark.parametrize(("question", "tool", "args"), [
    (FLAT, "analyse_returns", {"price": 200_000, "monthly_rent": 900, "annual_rent": 10_800, "vacancy_pct": 0}),
    (APTO, "analyse_returns", {"price": 450_000_000, "monthly_rent": 2_300_000, "rate_moves": 1.0, "measures": ["irr"]}),
    ("Un apto de 450 M al 12 %, financiado al 70 % a quince años", "analyse_returns",
     {"price": 450e6, "down_payment_pct": 30, "loan_amount": 315e6, "own_cash": 135e6, "rate_pct": 12, "term_years": 15}),
    ("A flat of 200,000 € let 60 % of the nights at 80, for 180 months", "analyse_returns",
     {"price": 200_000, "nights": 219, "nightly_rent": 80, "term_years": 15}),
    ("Diez apartamentos a 6.500 cada uno con 1.200 de seguro", "analyse_returns",
     {"price": 65_000, "costs": [{"label": "seguro", "amount": 1200}]}),
    ("convierte 1000 dólares a pesos a cuatro mil doscientos", "convert_currency", {"amount": 1000, "rate": 4200, **CONVERT}),
    (USD, "convert_currency", {"amount": 200_000, "on": date(2026, 11, 1).isoformat(), **CONVERT}),
    (PISO, "value_property", {"country": "ES", "city": "Barcelona", "neighbourhood": "Gràcia", "area_m2": 90, "bedrooms": 3}),
    (PISO, "value_property", {"country": "ES", "city": "BCN", "neighbourhood": "Vila de Gràcia", "area_m2": 90.0}),
    ("piso de ochenta metros con dos habitaciones en CDMX", "value_property",
     {"country": "MX", "city": "Ciudad de México", "area_m2": 80, "bedrooms": 2}),
    ("¿Cómo está Medellín comparada con Bogotá?", "area_statistics", {"country": "CO", "city": "Bogota"}),
    ("¿Subirán los precios en Bogotá?", "forecast_index", {"country": "CO", "city": "Bogotá", "horizon_years": 3}),
    ("¿Qué hay en Bogotá por 450 millones?", "search_listings", {"city": "Bogotá", "price_max": 480e6, "limit": 8}),
    ("¿Cómo va el mercado en Bogotá?", "market_trend", {"city": "Bogotá", "years": 10}),
    ("¿Cuánto vale un piso de 90 m² junto a la Giralda?", "value_property", {"city": "Sevilla", "area_m2": 90}),
    ("Construido hace 20 años, 90 m² en Bogotá", "value_property", {"city": "Bogotá", "area_m2": 90, "year_built": 2006}),
], ids=str)
async def test_what_was_said_may_be_used_however_it_was_said(question: str, tool: str, args: dict[str, Any]) -> None:
    assert await call(question, tool, args) is None


RENT = Fact("median_rent", 1234.56, "money", Source("series", "rents"), currency="EUR", entity="Poblenou")


async def test_what_a_tool_found_in_this_turn_may_be_used() -> None:
    args = {"price": 200_000, "monthly_rent": 1234.6}
    assert await call(FLAT, "analyse_returns", args) is not None
    assert await call(FLAT, "analyse_returns", args, found(RENT)) is None
    assert await call(FLAT, "analyse_returns", args, found=(RENT,)) is None
    assert await call(PISO, "area_statistics", {"city": "Barcelona", "neighbourhood": "Poblenou"}, found(RENT)) is None


async def test_what_was_said_or_shown_before_may_be_used() -> None:
    args = {"price": 200_000, "monthly_rent": 1100}
    text = "you: it lets for €1,100"
    assert await call("And if rented at that?", "analyse_returns", args, earlier=("200,000 €",), text=text) is None
    assert await call(PISO, "area_statistics", {"city": "Sevilla"}, earlier=("Miré pisos en Sevilla",)) is None
    remembered = {"horizon_years": Fact("horizon_years", 12.0, "years", Source("user", "m"))}
    assert await call(FLAT, "analyse_returns", {"price": 200_000, "horizon_years": 12}, remembered=remembered) is None


async def test_an_advert_is_one_that_was_shown_or_found() -> None:
    advert = Fact("price", 210_000.0, "money", Source("listing", "17"), currency="EUR", entity_id="17")
    assert await call(PISO, "get_listing", {"listing_id": 17}) is not None
    assert await call(PISO, "get_listing", {"listing_id": 17}, found(advert)) is None
    assert await call(PISO, "get_listing", {"listing_id": 17}, found(listings=[{"id": 17}])) is None
    assert await call(PISO, "get_listing", {"listing_id": 17}, shown=({"id": 17, "title": "Piso"},)) is None


async def test_asking_twice_makes_nothing_known() -> None:
    for tool, args in (("value_property", {"city": "Sevilla", "area_m2": 90}), ("value_property", {"area_m2": 290})):
        refused = await call(PISO, tool, args)
        assert refused is not None
        assert await call(PISO, tool, args, refused) is not None


async def test_a_figure_that_a_tool_took_for_nobodys_stays_so() -> None:
    assumed = Fact("price", 300_000.0, "money", Source("rule", "assumption/unstated"), currency="EUR")
    assert await call(FLAT, "analyse_returns", {"price": 300_000, "monthly_rent": 900}, found(assumed)) is not None


async def test_arguments_that_a_tool_does_not_take_are_left_to_it() -> None:
    assert await call(FLAT, "analyse_returns", {"price": "mucho"}) is None


def _figures(schema: dict[str, Any], within: str = "") -> set[str]:
    """The names of all figures and dates in a schema, as the table writes them."""
    names: set[str] = set()
    for name, body in schema.get("properties", {}).items():
        kinds = [body, *body.get("anyOf", ())]
        kinds += [kind["items"] for kind in kinds if "items" in kind]
        for kind in kinds:
            if "$ref" in kind:
                names |= _figures(schema["$defs"][kind["$ref"].rsplit("/", 1)[-1]], "costs." if name == "costs" else "")
            elif kind.get("type") in ("number", "integer") or kind.get("format") == "date":
                names.add(within + name)
    return names


def test_every_figure_of_every_tool_is_checked_or_declared_free() -> None:
    schemas: dict[str, Any] = {name: tool.tool_call_schema for name, tool in TOOLS.items() if name not in OWN}
    taken = {figure for schema in schemas.values() for figure in _figures(schema.model_json_schema())}
    assert taken - KINDS.keys() - FREE.keys() == set()
    assert (KINDS.keys() | FREE.keys()) - taken == {"bought_on"}  # a day written as text
    assert not KINDS.keys() & FREE.keys()
    assert OWN.keys() <= TOOLS.keys()


def test_only_agents_that_a_language_model_plans_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr("agents.specialist.create_agent",
                        lambda *args, middleware, **more: given.append([type(one).__name__ for one in middleware]))
    roi = cast(Specialist, __import__("agents.roi", fromlist=["SPECIALIST"]).SPECIALIST)
    build(roi, None, "es")
    build(roi, BuiltinModel(role="roi", think=lambda *_: None), "es")  # type: ignore[arg-type, return-value]
    assert "ArgumentCheck" not in given[0]
    assert given[1][-3:] == ["ToolErrors", "ArgumentCheck", "ResultCache"]
