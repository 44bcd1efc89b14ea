"""The lead specialist as a person meets it: acknowledges, asks one thing, keeps no contact data without consent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from sqlalchemy import text

from agents.lead_qualification import SPECIALIST
from agents.playbook import Brief
from agents.specialist import Written, build, write
from core.clock import now
from core.database import Database
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from graphs.evidence import facts_of
from graphs.grounding import accept
from knowledge.records import leads
from knowledge.resources import Resources
from knowledge.tables import Area, Conversation, Lead, Listing
from tools.context import TurnContext
from tools.lead_needs import consent_text


@pytest.fixture
async def ready(database: Database, scope: Scope) -> Database:
    today = now().date()
    async with database.session(scope) as session:
        session.add(
            Conversation(
                id="conv_1", tenant_id="default", visitor="v", token_hash="h", created_at=now(), updated_at=now()
            )
        )
        session.add(Area(id="mx", level="country", country="MX", name="México", name_folded="mexico"))
        await session.flush()
        session.add(
            Area(
                id="mx/queretaro", parent_id="mx", level="city", country="MX", name="Querétaro", name_folded="queretaro"
            )
        )
        await session.flush()
        session.add_all(
            Listing(
                tenant_id="default",
                source="portal",
                external_id=str(i),
                operation="sale",
                property_type=kind,
                country="MX",
                city_id="mx/queretaro",
                area_id="mx/queretaro",
                title=f"Casa {i} en Juriquilla",
                price=2.1e6 + i * 1e5,
                currency="MXN",
                first_seen=today,
                observed_on=today,
                fingerprint=str(i),
            )
            for i, kind in enumerate(["apartment", "house", "house", "apartment", "house"])
        )
    return database


async def turn(
    database: Database,
    locale: str,
    *words: str,
    slots: dict[str, Any] | None = None,
    turn_slots: dict[str, Any] | None = None,
    **brief: Any,
) -> Written:
    """The built-in specialist's answer; every figure of it binds."""
    slots = slots or {}
    language = LOCALES[locale].language
    context = TurnContext(
        Resources(Settings(), database),
        Scope(),
        conversation_id="conv_1",
        message_id="msg_1",
        locale=LOCALES[locale],
        user_words=words,
        slots=slots,
    )
    asked = Brief(
        "lead_qualification",
        words[-1],
        language,
        locale,
        slots=slots,
        turn_slots=slots if turn_slots is None else turn_slots,
        **brief,
    )
    state = await build(SPECIALIST, None, language).ainvoke(
        {"messages": [HumanMessage(words[-1], additional_kwargs={"brief": asked.to_dict()})]}, context=context
    )
    messages = state["messages"]
    facts = facts_of([m.artifact for m in messages if getattr(m, "artifact", None)])
    said = messages[-1].text
    verdict = accept(said, facts, LOCALES[locale], words)
    assert verdict.offender is None, verdict.offender
    written = write(SPECIALIST, messages[:-1])
    assert written.text == said
    assert said.count("?") <= 1, said
    return written


async def stored(database: Database) -> Lead | None:
    async with database.session(Scope()) as session:
        return await leads.of_conversation(session, "conv_1")


QUERETARO = {"country": "MX", "city": "Querétaro", "budget_max": 3e6, "currency": "MXN", "operation": "buy"}


async def test_a_budget_in_a_city_is_answered_with_what_there_is_and_one_question(ready: Database) -> None:
    said = "Quiero comprar en Querétaro, tengo como 3 mdp, me ayudan?"
    answer = await turn(ready, "es-MX", said, slots=QUERETARO, request={"wish": ["buy"]}, register="tu")
    assert answer.text.startswith("Con **$3,000,000** en Querétaro hay **5** departamentos y casas en venta")
    assert answer.text.endswith("¿Lo quieres para rentar o para vivir?")
    assert answer.asks == "purpose"
    assert answer.suggestions == ("Muéstrame departamentos y casas en venta en Querétaro",)
    answer = await turn(
        ready,
        "es-MX",
        said,
        "para rentar",
        slots={**QUERETARO, "operation": "rent"},
        turn_slots={"operation": "rent"},
        register="tu",
    )
    assert answer.asks == "timeline"
    assert answer.text.startswith("Anotado: para rentar.\n\n¿Para cuándo")


@pytest.mark.parametrize(
    ("locale", "register", "expected"),
    [
        ("es-CO", "unknown", ("quiere", "visitar el proyecto de Villavicencio", "¿Lo autoriza?")),
        ("es-ES", "tu", ("quieres", "visitar el proyecto de Villavicencio", "¿Lo autorizas?")),
        ("en", "unknown", ("you want", "visit the", "Do you agree?")),
    ],
)
async def test_contact_before_consent_is_asked_about_and_not_kept(
    ready: Database, locale: str, register: str, expected: tuple[str, ...]
) -> None:
    said = "Deseo agendar cita para conocer el proyecto de Villavicencio. Camilo Ardila, 315 555 0108."
    slots = {"country": "CO", "city": "Villavicencio", "phone": "3155550108", "name": "Camilo Ardila"}
    answer = await turn(ready, locale, said, slots=slots, request={"wish": ["visit"]}, register=register)
    assert all(part in answer.text for part in expected), answer.text
    assert consent_text(LOCALES[locale].language) in answer.text
    assert answer.asks == "consent"
    lead = await stored(ready)
    assert lead is not None
    assert (lead.name, lead.phone) == (None, None)

    agreed = await turn(
        ready, locale, said, "sí", slots={**slots, "consent": True}, turn_slots={"consent": True}, register=register
    )
    lead = await stored(ready)
    assert lead is not None
    assert (lead.name, lead.phone) == ("Camilo Ardila", "3155550108")
    assert re.search(r"\*\*(guardé|I stored)", agreed.text)
    assert agreed.asks == "timeline"
    assert "315" not in agreed.text


async def test_a_no_is_respected_and_said(ready: Database) -> None:
    said = "me la enseñan el lunes? escríbanme a logistica.tol@example.com"
    slots = {"country": "MX", "city": "Toluca", "property_type": "warehouse", "email": "logistica.tol@example.com"}
    first = await turn(ready, "es-MX", said, slots=slots, request={"wish": ["visit"]}, register="usted")
    assert "visitar la bodega de Toluca" in first.text
    assert "Todavía no hay cita" in first.text
    second = await turn(
        ready, "es-MX", said, "no", slots={**slots, "consent": False}, turn_slots={"consent": False}, register="usted"
    )
    assert second.text.startswith("De acuerdo: **no guardé su contacto**")
    lead = await stored(ready)
    assert lead is not None
    assert lead.email is None
    assert lead.needs["timeline"] == "now"


async def test_selling_is_a_lead_and_papers_are_not_made_up(ready: Database) -> None:
    said = "pongo en venta mi estudio de Benalmádena con vosotros, q papeles hacen falta?"
    slots = {"country": "ES", "city": "Benalmádena", "property_type": "studio", "operation": "sell"}
    answer = await turn(ready, "es-ES", said, slots=slots, request={"wish": ["sell", "reserve"]}, register="tu")
    assert "vender tu estudio de Benalmádena" in answer.text
    assert "no tengo un documento que los liste" in answer.text
    assert "nota simple" not in answer.text
    assert answer.asks == "price"
    lead = await stored(ready)
    assert lead is not None
    assert lead.needs["operation"] == "sell"


async def test_an_offer_is_noted_with_its_amount_and_not_presented(ready: Database) -> None:
    said = "We'd like to make an offer on the Bucerías house, two hundred and ninety thousand dollars."
    slots = {
        "country": "MX",
        "city": "Bucerías",
        "property_type": "house",
        "operation": "buy",
        "price": 290_000.0,
        "currency": "USD",
    }
    answer = await turn(ready, "en", said, slots=slots, request={"wish": ["offer"]})
    assert answer.text.startswith("I noted your **offer of USD\u00a0290,000 for the house in Bucerías**")
    assert "not been put forward" in answer.text
    assert answer.asks == "phone"


async def test_a_shown_listing_is_named(ready: Database) -> None:
    async with ready.session(Scope()) as session:
        lead = (await session.execute(text("SELECT id, title FROM listings ORDER BY id LIMIT 1"))).one()
    answer = await turn(
        ready,
        "es-CO",
        "quiero visitar la primera",
        request={"wish": ["visit"]},
        references=({"id": str(lead.id), "title": lead.title, "kind": "listing"},),
    )
    assert f"visitar «{lead.title}»" in answer.text
    assert answer.asks == "phone"


async def test_a_place_outside_the_markets_keeps_nothing(ready: Database) -> None:
    answer = await turn(
        ready,
        "es-CO",
        "quiero comprar en Lima, mi correo es a@example.com",
        slots={"city": "Lima", "email": "a@example.com"},
        uncovered=("Lima",),
        request={"wish": ["buy"]},
    )
    assert "en Lima no tengo inmuebles" in answer.text
    assert await stored(ready) is None


async def test_a_tool_that_fails_is_not_told_as_a_success(database: Database) -> None:
    answer = await turn(
        database,
        "es-CO",
        "quiero vender mi casa en Cali",
        slots={"city": "Cali", "operation": "sell"},
        request={"wish": ["sell"]},
    )
    assert answer.text.startswith("No pude guardar su solicitud")
