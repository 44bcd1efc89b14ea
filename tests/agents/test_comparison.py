"""The comparison specialist as a person meets it: options side by side, a verdict by rule, holes with their reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from sqlalchemy import text

from agents.comparison import SPECIALIST, options
from agents.playbook import Brief
from agents.specialist import Written, build, write
from core.database import Database
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from graphs.evidence import facts_of, presentable
from graphs.grounding import accept
from knowledge.resources import Resources
from knowledge.tables import AnalyticsData, Area, Listing, Observation, Series
from tools.context import TurnContext


class NoDatabase:
    def session(self, scope: Scope) -> Any:
        raise AssertionError("this comparison needs no database")


async def turn(
    database: Any,
    locale: str,
    question: str,
    *,
    slots: dict[str, Any] | None = None,
    tenant: str = "default",
    **brief: Any,
) -> tuple[Written, list[Any]]:
    """The built-in specialist's answer, every figure of which binds, and the messages behind it."""
    slots = slots or {}
    language = LOCALES[locale].language
    context = TurnContext(
        Resources(Settings(), database),
        Scope(tenant),
        conversation_id="conv_1",
        message_id="msg_1",
        locale=LOCALES[locale],
        user_words=(question,),
        slots={**slots, **brief.get("request", {})},
    )
    asked = Brief("comparison", question, language, locale, slots=slots, turn_slots=slots, **brief)
    state = await build(SPECIALIST, None, language).ainvoke(
        {"messages": [HumanMessage(question, additional_kwargs={"brief": asked.to_dict()})]}, context=context
    )
    messages = state["messages"]
    facts = facts_of([m.artifact for m in messages if getattr(m, "artifact", None)])
    verdict = accept(messages[-1].text, facts, LOCALES[locale], (question,))
    assert verdict.offender is None, (verdict.offender, messages[-1].text)
    return write(SPECIALIST, messages[:-1]), messages


def calls(messages: list[Any]) -> list[list[str]]:
    return [[c["name"] for c in m.tool_calls] for m in messages if isinstance(m, AIMessage) and m.tool_calls]


ROMA = {
    "slots": {"country": "MX", "currency": "MXN"},
    "request": {
        "options": [
            {
                "label": "Roma Norte",
                "neighbourhood": "Roma Norte",
                "city": "Ciudad de México",
                "price": 5.9e6,
                "monthly_rent": 28_000.0,
            },
            {
                "label": "Narvarte",
                "neighbourhood": "Narvarte",
                "city": "Ciudad de México",
                "price": 4.1e6,
                "monthly_rent": 21_000.0,
            },
        ]
    },
}


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        (
            "en",
            (
                "**Narvarte yields more: 6.15\u00a0% gross a year** against 5.69\u00a0% for Roma Norte, "
                "with MXN\u00a01,800,000 less tied up.",
                "| Price | MXN\u00a05,900,000 | MXN\u00a04,100,000 |",
                "17.6 years",
                "16.3 years",
            ),
        ),
        (
            "es-MX",
            (
                "**Narvarte rinde más: 6.15\u00a0% bruto al año** frente a 5.69\u00a0% de Roma Norte, "
                "con $1,800,000 menos de inversión.",
                "| Renta mensual | $28,000 | $21,000 |",
                "17.6 años",
            ),
        ),
    ],
)
async def test_two_options_with_own_figures(locale: str, expected: tuple[str, ...]) -> None:
    answer, messages = await turn(
        NoDatabase(), locale, "compare a 2-bed in Roma Norte at 5.9M with one in Narvarte", **ROMA
    )
    assert all(part in answer.text for part in expected), answer.text
    assert calls(messages) == [["profile_option", "profile_option"], ["weigh_options"]], "all profiles in one message"


async def test_houses_without_a_place_give_both_gross_yields() -> None:
    answer, _ = await turn(
        NoDatabase(),
        "es-MX",
        "casa 1: 2.6 mdp y renta 14 mil; casa 2: 3.1 mdp y renta 15,500. saca el bruto de ambas",
        slots={
            "property_type": "house",
            "price": [2.6e6, 3.1e6],
            "currency": "MXN",
            "monthly_rent": [14_000.0, 15_500.0],
        },
        request={
            "measures": ["gross_yield"],
            "options": [
                {"label": "casa 1", "price": 2.6e6, "monthly_rent": 14_000.0},
                {"label": "casa 2", "price": 3.1e6, "monthly_rent": 15_500.0},
            ],
        },
    )
    assert "**Casa 1 rinde más: 6.46\u00a0% bruto al año** frente a 6\u00a0% de casa 2" in answer.text, answer.text
    from_slots = options(
        Brief(
            "comparison",
            "",
            "es",
            "es-MX",
            slots={
                "property_type": "house",
                "price": [2.6e6, 3.1e6],
                "currency": "MXN",
                "monthly_rent": [14_000.0, 15_500.0],
            },
        )
    )
    assert [(o["label"], o["price"], o["monthly_rent"]) for o in from_slots] == [
        ("Casa 1", 2.6e6, 14_000.0),
        ("Casa 2", 3.1e6, 15_500.0),
    ]


async def test_a_missing_rent_is_an_empty_cell_with_its_reason() -> None:
    request = {"options": [{"label": "A", "price": 3e8, "monthly_rent": 2e6}, {"label": "B", "price": 2.5e8}]}
    answer, _ = await turn(
        NoDatabase(),
        "es-CO",
        "A: 300 millones, arriendo 2 millones; B: 250 millones",
        slots={"country": "CO", "currency": "COP"},
        request=request,
    )
    assert answer.text.startswith("**Opción B cuesta menos: $250.000.000** frente a $300.000.000 de Opción A")
    assert "| Rentabilidad bruta anual | 8\u00a0% | sin datos |" in answer.text
    assert (
        "Sin datos de rentabilidad bruta anual ni de años de arriendo hasta el precio en Opción B: hacen falta"
        in answer.text
    )


async def test_only_one_option_asks_for_the_other() -> None:
    answer, messages = await turn(
        NoDatabase(), "es-ES", "compárame Gijón", slots={"country": "ES", "city": "Gijón"}, register="tu"
    )
    assert "necesito al menos dos opciones, y por ahora solo tengo Gijón" in answer.text
    assert answer.asks == "options"
    assert calls(messages) == []


async def test_more_than_six_compares_six_and_says_so() -> None:
    request = {
        "options": [{"label": f"Torre {n}", "price": 1e8 * n, "monthly_rent": 6e5 * n + 1e5} for n in range(1, 9)]
    }
    answer, messages = await turn(
        NoDatabase(), "es-CO", " ".join(f"Torre {n}" for n in range(1, 9)), slots={"currency": "COP"}, request=request
    )
    assert calls(messages)[0] == ["profile_option"] * 6
    assert "Comparo las seis primeras; Torre 7 y Torre 8 quedaron fuera." in answer.text
    assert "| Torre 6 |" in answer.text
    assert "| Torre 7 |" not in answer.text


@pytest.fixture
async def spain(database: Database, scope: Scope) -> Database:
    """Gijón with sale, rent and a series; Santander with sale only; A Coruña without data."""
    async with database.session(scope) as session:
        session.add_all(
            [
                Area(id=c.lower(), level="country", country=c, name=n, name_folded=n.lower())
                for c, n in (("ES", "España"), ("MX", "México"))
            ]
        )
        await session.flush()
        for name in ("Gijón", "Santander", "A Coruña"):
            folded = name.lower().replace("ó", "o").replace("ñ", "n")
            session.add(
                Area(
                    id=f"es/{folded.replace(' ', '-')}",
                    parent_id="es",
                    level="city",
                    country="ES",
                    name=name,
                    name_folded=folded,
                )
            )
        await session.flush()
        for area, operation, median in (
            ("es/gijon", "sale", 2100.0),
            ("es/gijon", "rent", 10.5),
            ("es/santander", "sale", 2400.0),
        ):
            for period in (date(2026, 1, 1), date(2026, 7, 1)):
                session.add(
                    AnalyticsData(
                        tenant_id="default",
                        area_id=area,
                        operation=operation,
                        property_type="all",
                        period=period,
                        listings=120,
                        currency="EUR",
                        price_median=2e5,
                        price_q1=1e5,
                        price_q3=3e5,
                        source="portal",
                        price_m2_median=median if period.month == 7 else 1.0,
                    )
                )
        session.add(
            Series(
                id="IPV/gijon",
                area_id="es/gijon",
                country="ES",
                name="Precio por m²",
                metric="price_m2",
                unit="eur",
                frequency="Q",
                source="INE",
                attribution="INE",
            )
        )
        await session.flush()
        session.add_all(
            [
                Observation(series_id="IPV/gijon", period=date(year, 7, 1), value=value)
                for year, value in ((2024, 1800.0), (2025, 2000.0), (2026, 2100.0))
            ]
        )
        for number, price in ((1, 250_000.0), (2, 300_000.0)):
            session.add(
                Listing(
                    tenant_id="default",
                    source="portal",
                    external_id=str(number),
                    operation="sale",
                    property_type="apartment",
                    country="ES",
                    city_id="es/gijon",
                    area_id="es/gijon",
                    title="Piso en Cimavilla",
                    price=price,
                    currency="EUR",
                    area_m2=80.0 * number,
                    price_per_m2=price / (80.0 * number),
                    bedrooms=2,
                    first_seen=date(2026, 9, 1),
                    observed_on=date(2026, 9, number),
                    fingerprint=str(number),
                )
            )
    return database


THREE = {"country": "ES", "city": ["Santander", "Gijón", "A Coruña"]}


async def test_areas_show_what_is_known_and_why_the_rest_is_not(spain: Database) -> None:
    answer, _ = await turn(
        spain, "es-ES", "¿Santander, Gijón o A Coruña para alquilar en verano?", slots=THREE, register="tu"
    )
    assert answer.text.startswith(
        "**Gijón tiene el metro cuadrado más barato: 2.100\u00a0€/m²** frente a 2.400\u00a0€/m² de Santander"
    )
    assert "| Rentabilidad bruta de la zona | sin datos | 6\u00a0% | sin datos |" in answer.text
    assert "| Cambio del precio en un año | sin datos | 5\u00a0% | sin datos |" in answer.text
    assert "**A Coruña**: sin datos, no hay anuncios con datos." in answer.text
    assert "T3 2026" in answer.text


async def test_no_option_has_data_so_there_are_no_figures(spain: Database) -> None:
    answer, _ = await turn(
        spain,
        "en",
        "How does Bacalar stack up against Holbox for small hotels?",
        slots={"country": "MX", "city": ["Bacalar", "Holbox"]},
    )
    assert answer.text.startswith("**I have no data on Bacalar or Holbox**")
    assert not any(c.isdigit() for c in answer.text)
    answer, _ = await turn(
        spain,
        "es-CO",
        "Montería contra Sincelejo para locales pequeños: quién gana?",
        slots={"country": "CO", "city": ["Montería", "Sincelejo"], "property_type": "retail"},
    )
    assert "**No tengo datos de Montería ni de Sincelejo** para locales" in answer.text


async def test_a_place_outside_the_markets_is_said(spain: Database) -> None:
    answer, messages = await turn(
        spain, "es-ES", "¿Lima o Gijón?", slots={"city": "Gijón"}, uncovered=("Lima",), register="tu"
    )
    assert answer.text.startswith("**Solo tengo datos de Gijón**")
    assert "**Lima**: sin datos, está fuera de Colombia, España y México." in answer.text
    gaps = [gap["code"] for m in messages if getattr(m, "artifact", None) for gap in m.artifact["gaps"]]
    assert "uncovered" in gaps


async def test_the_listings_shown_before(spain: Database) -> None:
    async with spain.session(Scope()) as session:
        found = await session.execute(text("SELECT id FROM listings ORDER BY price"))
        ids = [row.id for row in found]
    shown = tuple({"id": str(i), "title": "Piso en Cimavilla", "kind": "listing"} for i in ids)
    answer, messages = await turn(
        spain,
        "es-ES",
        "compara los dos primeros",
        references=shown,
        shown=shown,
        slots={"budget_max": 260_000.0, "currency": "EUR"},
        register="tu",
    )
    assert answer.text.startswith(
        "**«Piso en Cimavilla (2)» tiene el metro cuadrado más barato: 1.875\u00a0€/m²** frente a 3.125\u00a0€/m²"
    )
    assert "con 50.000\u00a0€ más de inversión" in answer.text
    assert "Piso en Cimavilla (2) pasa de tu presupuesto de 260.000\u00a0€." in answer.text
    artifacts = [m.artifact for m in messages if getattr(m, "artifact", None)]
    beside = presentable(artifacts, facts_of(artifacts), LOCALES["es-ES"])
    assert [card["price"] for card in beside["cards"]] == ["250.000\u00a0€", "300.000\u00a0€"]


async def test_another_tenants_listings_do_not_exist(spain: Database) -> None:
    shown = ({"id": "1", "title": "Uno", "kind": "listing"}, {"id": "2", "title": "Dos", "kind": "listing"})
    answer, _ = await turn(spain, "es-ES", "compara los dos", references=shown, tenant="other", register="tu")
    assert answer.text.startswith("No pude leer esas opciones")


def test_options_of_one_place_are_its_types() -> None:
    found = options(
        Brief(
            "comparison",
            "",
            "es",
            "es-CO",
            slots={"city": "Cali", "country": "CO", "property_type": ["house", "apartment"]},
        )
    )
    assert [(o["label"], o["property_type"], o["city"]) for o in found] == [
        ("Casas", "house", "Cali"),
        ("Apartamentos", "apartment", "Cali"),
    ]
    found = options(
        Brief("comparison", "", "en", "en", slots={"city": ["Jerez", "Ronda"], "property_type": ["house", "apartment"]})
    )
    assert [(o["label"], o["property_type"]) for o in found] == [("Jerez", "house"), ("Ronda", "apartment")]


def test_a_follow_up_adds_its_place() -> None:
    before = {
        "options": [
            {"label": "Chapinero", "neighbourhood": "Chapinero", "city": "Bogotá", "country": "CO"},
            {"label": "El Poblado", "neighbourhood": "El Poblado", "city": "Medellín", "country": "CO"},
        ]
    }
    slots = {"country": "CO", "city": "Lima"}
    found = options(
        Brief(
            "comparison",
            "¿y con Lima?",
            "es",
            "es-CO",
            slots=slots,
            turn_slots=slots,
            request=before,
            uncovered=("Lima",),
        )
    )
    assert [(o["label"], o["country"]) for o in found] == [("Chapinero", "CO"), ("El Poblado", "CO"), ("Lima", None)]
