"""The price specialist with the built-in brain: values, verdicts and forecasts, and that every figure binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from sqlalchemy import text

from agents.playbook import Brief
from agents.price_prediction import SPECIALIST
from agents.specialist import build, write
from core.clock import FixedClock, use_clock
from core.facts import Fact, Source
from core.locale import LOCALES
from core.scope import Scope
from graphs.evidence import facts_of, presentable, stated_facts
from graphs.grounding import accept
from knowledge.resources import Resources
from knowledge.tables.market import AnalyticsData
from tests.priced import FRESH, LATER, priced, priced_template  # noqa: F401 - fixtures
from tools.context import TurnContext

FLAT: dict[str, Any] = {"country": "ES", "city": "Norte", "neighbourhood": "Molino", "property_type": "apartment",
                        "area_m2": 90, "bedrooms": 3}
TORONTO: dict[str, Any] = {"city": "Toronto", "neighbourhood": "Leslieville", "bedrooms": 3}
VALUE, FAIR, AHEAD = {"price": ["value"]}, {"price": ["fairness"]}, {"price": ["forecast"]}


@pytest.fixture(autouse=True)
def _summer() -> Iterator[None]:
    with use_clock(FixedClock(datetime.combine(FRESH, time(), UTC))):
        yield


@dataclass
class Answer:
    text: str
    facts: list[Fact]
    asks: str | None
    suggestions: tuple[str, ...]
    calls: list[tuple[str, dict[str, Any]]]
    shown: dict[str, Any]

    def called(self, tool: str) -> list[dict[str, Any]]:
        return [args for name, args in self.calls if name == tool]


async def ask(
    resources: Resources, question: str, slots: dict[str, Any], request: dict[str, Any], *, locale: str = "es-ES",
    turn: dict[str, Any] | None = None, register: str = "unknown", uncovered: tuple[str, ...] = (),
    references: tuple[dict[str, Any], ...] = (), tenant: str = "default", routes: tuple[str, ...] = (),
) -> Answer:
    where = LOCALES[locale]
    brief = Brief("price_prediction", question, where.language, locale, register=register, slots=slots, request=request,
                  turn_slots=slots if turn is None else turn, uncovered=uncovered, references=references, routes=routes)
    context = TurnContext(resources, Scope(tenant), locale=where, message_id="m1", user_words=(question,), slots=slots)
    state = await build(SPECIALIST, None, where.language).ainvoke(
        {"messages": [HumanMessage(question, additional_kwargs={"brief": brief.to_dict()})]}, context=context)
    messages = state["messages"]
    artifacts = [m.artifact for m in messages if isinstance(m, ToolMessage) and m.artifact]
    facts = facts_of(artifacts)
    written = write(SPECIALIST, messages)
    verdict = accept(written.text, facts + stated_facts({"slots": slots, "quantities": []}, "m1"), where, (question,))
    assert verdict.offender is None, verdict.offender
    assert verdict.shown == written.text == messages[-1].text
    assert "None" not in written.text
    assert "  " not in written.text
    calls = [(c["name"], c["args"]) for m in messages for c in getattr(m, "tool_calls", ())]
    return Answer(written.text, facts, written.asks, written.suggestions, calls, presentable(artifacts, facts, where))


@pytest.mark.parametrize(("locale", "lead", "of_ten", "kind"), [
    ("es-ES", "**Alrededor de ", "ocho de cada diez veces", "pisos"),
    ("es-CO", "**Alrededor de ", "ocho de cada diez veces", "apartamentos"),
    ("es-MX", "**Alrededor de ", "ocho de cada diez veces", "departamentos"),
    ("en", "**Around €", "eight times out of ten", "apartments"),
])
async def test_a_value_leads_with_its_range_then_weights_comparables_and_date(
    priced: Resources, locale: str, lead: str, of_ten: str, kind: str  # noqa: F811
) -> None:
    answer = await ask(priced, "¿Cuánto vale un piso de 90 m² en Molino, Norte?", FLAT, VALUE, locale=locale)
    assert answer.text.startswith(lead)
    assert of_ten in answer.text.split("\n")[0]
    assert f"5 {kind}" in answer.text
    assert ("junio de 2024" if locale != "en" else "June 2024") in answer.text
    assert ("no de escritura" if locale != "en" else "not deeds") in answer.text
    assert answer.asks is None
    assert len(answer.suggestions) == 2
    assert len(answer.shown["cards"]) == 5


async def test_a_question_of_fairness_leads_with_the_verdict(priced: Resources) -> None:  # noqa: F811
    dear = await ask(priced, "¿está caro a 720.000?", FLAT | {"price": 720_000, "currency": "EUR"}, FAIR)
    assert dear.text.startswith("**Sí, piden de más**")
    assert "8.000 €/m²** (720.000 ÷ 90)" in dear.text.replace("\u00a0", " ")
    cheap = await ask(priced, "is 180,000 fair?", FLAT | {"price": 180_000, "currency": "EUR"}, FAIR, locale="en")
    assert cheap.text.startswith("**It asks less than usual**")
    both = await ask(priced, "¿cuánto vale? piden 380.000", FLAT | {"price": 380_000}, {"price": ["value", "fairness"]})
    assert both.text.startswith("**Alrededor de ")
    assert "que piden" in both.text


async def test_an_area_that_cannot_be_is_told_by_its_value(priced: Resources) -> None:  # noqa: F811
    spanish = await ask(priced, "¿cuánto vale un piso de -80 m²?", FLAT | {"area_m2": -80}, VALUE)
    assert "-80" in spanish.text
    assert spanish.asks == "area_m2"
    english = await ask(priced, "what is a flat of 0 m2 worth?", FLAT | {"area_m2": 0}, VALUE, locale="en")
    assert english.text.startswith("The area cannot be 0")
    dear = await ask(priced, "¿está bien por -300.000?", FLAT | {"price": -300_000}, FAIR)
    assert "Revisa esa cifra" in dear.text
    assert dear.asks is None


async def test_a_correction_comes_through_the_slots(priced: Resources) -> None:  # noqa: F811
    answer = await ask(priced, "quise decir 103", FLAT | {"area_m2": 103}, VALUE, turn={"area_m2": 103})
    assert answer.called("value_property")[0]["area_m2"] == 103


async def test_the_missing_size_is_asked_and_the_level_of_the_area_told(priced: Resources) -> None:  # noqa: F811
    slots = {name: v for name, v in FLAT.items() if name != "area_m2"}
    bare = await ask(priced, "¿cuánto vale mi piso?", slots, VALUE)
    assert bare.asks == "area_m2"
    assert bare.text.endswith("¿Cuántos metros cuadrados tiene? Con eso te doy un valor con su rango.")
    async with priced.database.session(Scope()) as session:
        session.add(AnalyticsData(
            tenant_id="default", area_id="es/norte/medio", operation="sale", property_type="apartment",
            period=date(2024, 4, 1), listings=80, currency="EUR", price_median=360e3, price_q1=300e3, price_q3=420e3,
            price_m2_median=4000, price_m2_q1=3500, price_m2_q3=4500, source="made",
        ))
    told = await ask(priced, "what is my flat worth?", slots, VALUE, locale="en")
    assert told.text.startswith("In Molino, Norte the median asked is **€4,000/m²**")
    assert told.asks == "area_m2"


@pytest.mark.parametrize(("locale", "lead"), [("es-ES", "**Ascensor: "), ("es-MX", "**Elevador: "), ("en", "**Lift: ")])
async def test_the_price_of_a_characteristic_comes_with_its_interval_and_no_value(
    priced: Resources, locale: str, lead: str  # noqa: F811
) -> None:
    asked = {"effects": ["feature:lift"]}
    answer = await ask(priced, "¿cuánto suma el ascensor?", FLAT, asked, locale=locale)
    assert answer.text.startswith(lead)
    assert "95" in answer.text.split("\n")[0]
    assert answer.called("value_property") == []  # the floor area told before asks for no value
    assert len(answer.suggestions) == 2


async def test_the_strongest_characteristics_are_listed_and_a_place_is_asked_for(priced: Resources) -> None:  # noqa: F811
    there: dict[str, Any] = {"country": "ES", "city": "Norte"}
    strongest = await ask(priced, "¿qué influye más en el precio?", there, {"effects": ["any"]})
    assert strongest.text.startswith("**Ascensor: ")  # the one that the made-up market pays for
    several = await ask(priced, "¿cuánto suman ascensor y baño?", there, {"effects": ["feature:lift", "bathrooms"]})
    assert several.text.startswith("Lo que cambia el precio pedido")
    assert several.text.count("\n- ") == 2
    assert "Un baño más: no se distingue de cero" in several.text
    nowhere = await ask(priced, "how much does a lift add?", {}, {"effects": ["feature:lift"]}, locale="en")
    assert (nowhere.asks, nowhere.text) == ("city", "Which city? I cover Colombia, Spain and Mexico.")
    unknown = await ask(priced, "¿cuánto suma el ascensor?", {"city": "Logroño"}, {"effects": ["feature:lift"]})
    assert unknown.text.startswith("De Logroño no tengo anuncios en venta con qué medirlo")
    rare = await ask(priced, "¿cuánto suma la chimenea?", there, {"effects": ["feature:fireplace"]})
    assert rare.text.startswith("Chimenea: no hay bastantes anuncios")
    foreign = await ask(priced, "¿cuánto suma un baño en Toronto?", TORONTO, {"effects": ["bathrooms"]}, uncovered=("Toronto",))
    assert foreign.text.startswith("No tengo datos de Toronto")
    assert not foreign.calls


@pytest.mark.parametrize(("locale", "lead"), [("es-ES", "**En Norte, la mitad de los valores"), ("en", "**In Norte, half of")])
async def test_how_far_off_values_are_is_told_as_measured(priced: Resources, locale: str, lead: str) -> None:  # noqa: F811
    there = {"country": "ES", "city": "Norte"}
    answer = await ask(priced, "¿qué error tiene el modelo?", there, {"accuracy": True}, locale=locale)
    assert answer.text.startswith(lead)
    assert answer.asks is None


async def test_without_a_place_the_city_is_asked(priced: Resources) -> None:  # noqa: F811
    assert (await ask(priced, "¿cuánto vale?", {}, VALUE)).asks == "city"
    assert (await ask(priced, "¿van a subir los precios?", {}, AHEAD)).text.startswith("¿De qué ciudad?")
    without = {name: v for name, v in FLAT.items() if name != "neighbourhood"}
    assert (await ask(priced, "¿cuánto vale?", without, VALUE)).asks == "neighbourhood"


async def test_a_place_without_data_gets_arithmetic_and_no_value(priced: Resources) -> None:  # noqa: F811
    slots = {"country": "ES", "city": "Logroño", "property_type": "apartment", "price": 189_000, "area_m2": 70,
             "currency": "EUR"}
    answer = await ask(priced, "me piden 189.000 por un piso de 70 metros en Logroño, ¿se pasan?", slots, FAIR)
    assert answer.text.startswith("Sale a **2.700\u00a0€/m²** (189.000 ÷ 70).")
    assert "De Logroño no tengo anuncios" in answer.text
    assert {f.source.kind for f in answer.facts} <= {"user", "computation"}
    plots = await ask(priced, "¿cuánto vale un solar en Sur?", FLAT | {"city": "Sur", "property_type": "land"}, VALUE)
    assert "No tengo solares en venta en Sur" in plots.text


@pytest.mark.parametrize(("locale", "refusal"), [("es-CO", "No tengo datos de Toronto"), ("en", "I have no data on Toronto")])
async def test_outside_the_markets_there_is_no_local_figure(
    priced: Resources, locale: str, refusal: str  # noqa: F811
) -> None:
    answer = await ask(priced, "a three-bed in Leslieville, Toronto", TORONTO, VALUE, locale=locale, uncovered=("Toronto",))
    assert answer.text.startswith(refusal)
    assert answer.facts == []
    own = await ask(priced, "700,000 for 80 m2 in Toronto?", TORONTO | {"price": 700_000, "area_m2": 80}, FAIR,
                    locale=locale, uncovered=("Toronto",))
    assert "8.750/m²" in own.text or "8,750/m²" in own.text
    assert refusal in own.text


@pytest.mark.parametrize(("locale", "says"), [
    ("es-ES", "**En Norte se espera que los precios suban un"), ("es-MX", "**En Norte se espera que los precios suban un"),
    ("es-CO", "**En Norte se espera que los precios suban un"), ("en", "**In Norte prices are expected to rise by"),
])
async def test_a_forecast_has_range_date_method_and_tests(priced: Resources, locale: str, says: str) -> None:  # noqa: F811
    slots = {"country": "ES", "city": "Norte", "horizon_years": 2}
    answer = await ask(priced, "¿cómo se moverán los precios en Norte en 2 años?", slots, AHEAD, locale=locale)
    assert answer.text.startswith(says)
    assert ("junio de 2026" if locale != "en" else "June 2026") in answer.text
    assert "MASE" in answer.text
    assert answer.called("value_property") == []
    assert answer.shown["charts"][0]["series"][1]["band"]


async def test_and_in_three_years_carries_the_value_without_repeating_it(priced: Resources) -> None:  # noqa: F811
    answer = await ask(priced, "¿y en 3 años?", FLAT | {"horizon_years": 3}, VALUE, turn={"horizon_years": 3})
    first, value = answer.text.split("\n")[0], answer.called("forecast_index")[0]["value_today"]
    assert "en junio de 2027" in first
    assert f"{value:,.0f}".replace(",", ".") in first
    assert "Comparables" not in answer.text
    assert "De Molino, Norte no tengo serie propia: uso la de Norte." in answer.text


async def test_a_price_that_the_investor_gave_is_what_goes_along(priced: Resources) -> None:  # noqa: F811
    slots = {"country": "ES", "city": "Norte", "price": 300_000, "currency": "EUR", "horizon_years": 2}
    answer = await ask(priced, "mi piso de 300.000, ¿cuánto valdrá en 2 años?", slots, AHEAD)
    assert "300.000 € de hoy" in answer.text.replace("\u00a0", " ")
    assert answer.called("value_property") == []


async def test_old_adverts_are_said_to_be_old_and_carried_forward(priced: Resources) -> None:  # noqa: F811
    with use_clock(FixedClock(datetime.combine(LATER, time(), UTC))):
        old = await ask(priced, "¿está caro a 720.000?", FLAT | {"price": 720_000}, FAIR)
        ahead = await ask(priced, "¿y hasta 2028?", FLAT, AHEAD | {"year": 2028}, turn={})
    assert old.text.startswith("Frente a los precios de junio de 2024, **sí, piden de más**")
    assert "hay que actualizarlos con el índice" in old.text
    assert "contando desde el último dato (junio de 2024)" in ahead.text
    assert "enero de 2028" in ahead.text


async def test_a_horizon_beyond_five_years_is_cut_and_said(priced: Resources) -> None:  # noqa: F811
    slots = {"country": "ES", "city": "Norte", "horizon_years": 20}
    answer = await ask(priced, "where will prices be in 20 years?", slots, AHEAD, locale="en")
    assert "I forecast no further than five years" in answer.text
    short = await ask(priced, "¿y en Sur?", {"country": "ES", "city": "Sur"}, AHEAD)
    assert short.text == "La serie de Sur es muy corta para pronosticar."
    none = await ask(priced, "¿y en Toluca?", {"country": "MX", "city": "Toluca"}, AHEAD, locale="es-MX")
    assert none.text.startswith("No tengo una serie de precios de Toluca")


async def test_the_wider_band_of_a_forecast_is_told_where_it_is_asked(priced: Resources) -> None:  # noqa: F811
    slots = {"country": "ES", "city": "Norte", "horizon_years": 2}
    plain = await ask(priced, "¿cómo se moverán los precios en Norte en 2 años?", slots, AHEAD)
    wide = await ask(priced, "¿y con un intervalo del 95 %?", slots, AHEAD)
    assert "95" not in plain.text
    assert "Con una probabilidad del 95\u00a0%, entre" in wide.text
    english = await ask(priced, "with 95% bands?", slots, AHEAD, locale="en")
    assert "With 95\u00a0% probability, between" in english.text


async def test_rents_are_forecast_as_rents(priced: Resources) -> None:  # noqa: F811
    slots = {"country": "ES", "city": "Norte", "horizon_years": 1}
    answer = await ask(priced, "¿cuánto subirán los alquileres en Norte?", slots, AHEAD)
    assert "los alquileres" in answer.text
    assert "los precios sub" not in answer.text
    assert answer.called("forecast_index")[0]["metric"] == "rent"


async def test_a_shown_advert_is_valued_by_its_id_within_the_tenant(priced: Resources) -> None:  # noqa: F811
    async with priced.database.session(Scope()) as session:
        row = (await session.execute(text("SELECT id, title FROM listings WHERE property_type = 'apartment' LIMIT 1"))).one()
    shown = ({"id": row.id, "title": row.title, "kind": "listing"},)
    answer = await ask(priced, "¿el segundo está caro?", {}, FAIR, references=shown)
    assert answer.called("value_property") == [{"listing_id": row.id}]
    assert "que piden" in answer.text
    other = await ask(priced, "¿el segundo está caro?", {}, FAIR, references=shown, tenant="other")
    assert other.text == "No pude valorar ese anuncio: ya no está entre los que tengo."


async def test_usted_and_tu(priced: Resources) -> None:  # noqa: F811
    slots = {name: v for name, v in FLAT.items() if name != "area_m2"}
    assert "Con eso le doy" in (await ask(priced, "¿cuánto vale?", slots, VALUE, register="usted")).text
    assert "Con eso le doy" in (await ask(priced, "¿cuánto vale?", slots, VALUE, locale="es-CO")).text


async def test_two_properties_are_valued_one_by_one(priced: Resources) -> None:  # noqa: F811
    answer = await ask(priced, "¿cuánto valen pisos de 60 y de 90?", FLAT | {"area_m2": [60, 90]}, VALUE)
    assert [c["area_m2"] for c in answer.called("value_property")] == [60, 90]
    assert answer.text.count("Alrededor de") == 2


@pytest.mark.parametrize("locale", ["es-ES", "en"])
async def test_beside_another_specialist_a_value_names_its_place(priced: Resources, locale: str) -> None:  # noqa: F811
    """Else its figures would be taken for those of the place that the text before spoke of, and not be shown."""
    alone = await ask(priced, "¿cuánto vale?", FLAT, VALUE, locale=locale, routes=("price_prediction",))
    beside = await ask(priced, "¿cuánto vale?", FLAT, VALUE, locale=locale, routes=("market_research", "price_prediction"))
    assert alone.text.startswith("**")
    assert beside.text.startswith("Molino, Norte: **")
    where, other = LOCALES[locale], Fact("area_gross_yield", 4.0, "percent", Source("aggregate", "x"), entity="Sur")
    verdict = accept(beside.text, [*beside.facts, other], where, ("¿cuánto vale?",), before="Sur: 4 %.")
    assert verdict.offender is None
