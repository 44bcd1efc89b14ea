"""Leads: contact data needs consent and the investor's own words; needs, score and the next question."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.tools import ToolRuntime

from core.clock import now
from core.database import Database
from core.errors import BadInput, Misconfigured, NotFound
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from knowledge.records import leads
from knowledge.resources import Resources
from knowledge.tables import Area, Conversation, Document, Lead, Listing
from tools import lead_needs
from tools.context import TurnContext
from tools.leads import count_listings, papers_to_sell, save_lead

PHONE = "Deseo agendar cita para conocer el proyecto de Villavicencio. Camilo Ardila, 315 555 0108."
CAMILO = {"wish": "visit", "country": "CO", "city": "Villavicencio", "name": "Camilo Ardila", "phone": "3155550108"}


@pytest.fixture
async def conversation(database: Database, scope: Scope) -> Database:
    async with database.session(scope) as session:
        session.add(
            Conversation(
                id="conv_1", tenant_id="default", visitor="v", token_hash="h", created_at=now(), updated_at=now()
            )
        )
    return database


def runtime(database: Any, *words: str, tenant: str = "default", conversation: str = "conv_1", **slots: Any) -> Any:
    context = TurnContext(
        Resources(Settings(), database),
        Scope(tenant),
        conversation_id=conversation,
        message_id="msg_1",
        locale=LOCALES["es-CO"],
        user_words=words,
        slots=slots,
    )
    return ToolRuntime(
        state={"messages": []}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None
    )


async def save(
    database: Any, *words: str, slots: dict[str, Any] | None = None, tenant: str = "default", **args: Any
) -> dict[str, Any]:
    _, artifact = await save_lead.coroutine(runtime=runtime(database, *words, tenant=tenant, **(slots or {})), **args)
    return artifact


async def stored(database: Database, scope: Scope) -> Lead | None:
    async with database.session(scope) as session:
        return await leads.of_conversation(session, "conv_1")


async def test_contact_waits_for_consent_and_the_text_is_shown(conversation: Database, scope: Scope) -> None:
    found = (await save(conversation, PHONE, **CAMILO))["data"]
    lead = await stored(conversation, scope)
    assert lead is not None
    assert (lead.name, lead.phone, lead.consent_at) == (None, None, None)
    assert lead.needs["city"] == "Villavicencio"
    assert "315" not in str(lead.needs)
    assert "Camilo" not in str(lead.needs)
    assert found["ask"] == "consent"
    assert found["consent_request"] == {"text": lead_needs.consent_text("es")}
    assert found["withheld"] == ["name", "phone"]


async def test_after_consent_it_is_stored_with_the_text_agreed_to(conversation: Database, scope: Scope) -> None:
    await save(conversation, PHONE, **CAMILO)
    found = (await save(conversation, PHONE, "sí", slots={"consent": True}, **CAMILO))["data"]
    lead = await stored(conversation, scope)
    assert lead is not None
    assert (lead.name, lead.phone) == ("Camilo Ardila", "3155550108")
    assert lead.consent_text == lead_needs.consent_text("es")
    assert lead.consent_at is not None
    assert found["stored"] == ["name", "phone"]
    assert found["agreed_now"]
    assert "contact" in lead.reasons
    again = (await save(conversation, PHONE, "sí", "en unos tres meses", slots={}, **CAMILO))["data"]
    assert again["stored"] == []
    assert again["consent"] is True, "consent given earlier holds"


async def test_no_stores_nothing_personal_and_is_not_asked_again(conversation: Database, scope: Scope) -> None:
    await save(conversation, PHONE, **CAMILO)
    found = (await save(conversation, PHONE, "no", slots={"consent": False}, **CAMILO))["data"]
    lead = await stored(conversation, scope)
    assert lead is not None
    assert (lead.name, lead.phone, lead.email, lead.consent_at) == (None, None, None, None)
    assert found["refused_now"]
    assert found["next"] not in ("consent", "contact")
    anew = (await save(conversation, PHONE, "no", "bueno, al 315 555 0108", slots={"consent": False}, **CAMILO))["data"]
    assert anew["next"] == "consent"


@pytest.mark.parametrize(
    "made_up",
    [
        {"phone": "3001234567"},
        {"email": "otro@example.com"},
        {"name": "Laura Gómez"},
        {"phone": "155550108"},
        {"phone": "12"},
    ],
)
async def test_what_the_investor_did_not_write_is_never_stored(
    conversation: Database, scope: Scope, made_up: dict[str, str]
) -> None:
    artifact = await save(
        conversation, PHONE, "sí", slots={"consent": True}, wish="visit", city="Villavicencio", **made_up
    )
    lead = await stored(conversation, scope)
    assert lead is not None
    assert (lead.name, lead.phone, lead.email) == (None, None, None)
    assert [gap["field"] for gap in artifact["gaps"]] == list(made_up)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("phone", "+49305550123", "pls ring me, +49 30 5550 123"),
        ("phone", "3155550108", "mi cel es 315-555.0108"),
        ("email", "logistica.tol@example.com", "escríbanme a Logistica.Tol@example.com."),
        ("name", "camilo ardila", "soy Camilo Ardíla, buenas"),
    ],
)
def test_contact_is_recognised_as_written(field: str, value: str, message: str) -> None:
    assert lead_needs.stated_contact({field: value}, [message]) == ({field: value}, [])


async def test_needs_may_not_carry_contact_data(conversation: Database) -> None:
    with pytest.raises(BadInput, match="without e-mail or phone"):
        await save(conversation, PHONE, subject="casa de Camilo, 315 555 0108")


@pytest.mark.parametrize("budget", [0, -3, float("nan"), float("inf")])
async def test_an_impossible_budget_is_refused_by_name(conversation: Database, budget: float) -> None:
    with pytest.raises(BadInput, match="budget_max"):
        await save(conversation, "hola", budget_max=budget)


async def test_another_tenant_reaches_neither_conversation_nor_lead(conversation: Database, scope: Scope) -> None:
    with pytest.raises(NotFound, match="conv_1"):
        await save(conversation, PHONE, tenant="other", **CAMILO)
    assert await stored(conversation, scope) is None


async def test_one_question_at_a_time_and_never_what_is_known(conversation: Database, scope: Scope) -> None:
    first = "Quiero comprar en Querétaro, tengo como 3 mdp, me ayudan?"
    known: dict[str, Any] = {"wish": "buy", "country": "MX", "city": "Querétaro", "budget_max": 3e6, "currency": "MXN"}
    assert (await save(conversation, first, **known))["data"]["next"] == "purpose"
    said = [first, "para rentar"]
    # understanding may read "rentar" as the operation; a buyer stays a buyer
    assert (await save(conversation, *said, **{**known, "operation": "rent"}))["data"]["next"] == "timeline"
    said.append("en unos tres meses")
    found = (await save(conversation, *said, **known))["data"]
    assert found["next"] == "contact"
    lead = await stored(conversation, scope)
    assert lead is not None
    assert (lead.needs["purpose"], lead.needs["timeline"], lead.needs["operation"]) == ("rent_out", "months", "buy")
    assert (lead.score, lead.reasons) == (69, ["place", "budget", "purpose", "timeline_months"])
    said.append("luego te digo")
    assert (await save(conversation, *said, **known))["data"]["next"] is None, "each question is put once"


def test_points_make_a_hundred_and_every_code_has_words() -> None:
    book = lead_needs.book()
    full = {"city": "Cali", "budget_max": 1.0, "purpose": "live", "timeline": "now"}
    assert lead_needs.score(full, contact=True)[0] == 100
    assert lead_needs.score({}, contact=False) == (0, [])
    assert set(book["points"]) == set(book["reasons"])
    assert all(words["es"] and words["en"] for words in book["reasons"].values())
    assert {need for order in book["questions"].values() for need in order} | {"consent"} == set(book["asks"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("contact = 25", "contact = 35", "make 110, expected 100"),
        ("contact = 25", "contact = -25", "points.contact = -25"),
        ("contact = 25\n", "", "points.contact"),
        ("[purpose.live]", "[purpose.dream]", "purpose.dream"),
    ],
)
def test_a_book_of_leads_that_cannot_be_is_refused(tmp_path, old, new, said) -> None:
    text = lead_needs._FILE.read_text("utf-8")
    assert old in text
    (tmp_path / "leads.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(Misconfigured, match=r"leads\.toml") as caught:
        lead_needs.book.__wrapped__(tmp_path / "leads.toml")
    assert said in caught.value.en


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("no tengo prisa", "later"),
        ("tenemos 90.000 € y prisa", "now"),
        ("me la enseñan el lunes?", "now"),
        ("within the next six months", "months"),
        ("busco casa en Cali", None),
        ("next year maybe", "later"),
    ],
)
def test_time_is_read_from_words(message: str, expected: str | None) -> None:
    assert lead_needs.timeline_of([message]) == expected


@pytest.mark.parametrize(
    ("message", "answering", "expected"),
    [
        ("lo quiero para arrendarlo", False, "rent_out"),
        ("vivir", True, "live"),
        ("vivir", False, None),
        ("a holiday home", False, "holiday"),
        ("para poner una farmacia", False, "business"),
    ],
)
def test_purpose_is_read_from_words(message: str, answering: bool, expected: str | None) -> None:
    assert lead_needs.purpose_of([message], answering=answering) == expected


def listing(number: int, **values: Any) -> Listing:
    base: dict[str, Any] = {
        "tenant_id": "default",
        "source": "demo",
        "external_id": str(number),
        "operation": "sale",
        "property_type": "apartment",
        "country": "MX",
        "city_id": "mx/queretaro",
        "area_id": "mx/queretaro",
        "title": f"Depto {number}",
        "price": 2.5e6,
        "currency": "MXN",
        "first_seen": now().date(),
        "observed_on": now().date(),
        "demo": True,
        "fingerprint": str(number),
        "status": "active",
    }
    return Listing(**(base | values))


@pytest.fixture
async def queretaro(conversation: Database, scope: Scope) -> Database:
    async with conversation.session(scope) as session:
        session.add(Area(id="mx", level="country", country="MX", name="México", name_folded="mexico"))
        await session.flush()
        session.add(
            Area(
                id="mx/queretaro", parent_id="mx", level="city", country="MX", name="Querétaro", name_folded="queretaro"
            )
        )
        await session.flush()
        session.add_all(
            [
                listing(1),
                listing(2, property_type="house", price=3e6),
                listing(3, price=3.2e6),
                listing(4, property_type="land"),
                listing(5, status="withdrawn"),
                listing(6, operation="rent", price=14_000),
                listing(7, currency="USD", price=150_000),
            ]
        )
    return conversation


async def test_matching_adverts_are_counted_with_their_source(queretaro: Database) -> None:
    _, artifact = await count_listings.coroutine(
        runtime=runtime(queretaro, "x"), country="MX", city="Queretaro", budget_max=3e6, currency="MXN"
    )
    fact = next(f for f in artifact["facts"] if f["id"] == artifact["data"]["count"])
    assert (fact["value"], fact["unit"], fact["source"]["kind"]) == (2, "count", "aggregate")
    assert fact["source"]["demo"]
    assert fact["as_of"] == now().date().isoformat()
    _, rent = await count_listings.coroutine(
        runtime=runtime(queretaro, "x"), country="MX", city="Querétaro", operation="rent"
    )
    assert next(f for f in rent["facts"] if f["key"] == "count")["value"] == 1


async def test_an_unknown_place_has_no_count_and_a_foreign_budget_does_not_filter(queretaro: Database) -> None:
    _, nowhere = await count_listings.coroutine(runtime=runtime(queretaro, "x"), country="MX", city="Bacalar")
    assert nowhere["data"]["count"] is None
    assert nowhere["facts"] == []
    _, dollars = await count_listings.coroutine(
        runtime=runtime(queretaro, "x"), country="MX", city="Querétaro", budget_max=100_000, currency="USD"
    )
    assert dollars["data"]["in_budget"] is False
    assert dollars["data"]["budget"] is None
    with pytest.raises(BadInput, match="city or a neighbourhood"):
        await count_listings.coroutine(runtime=runtime(queretaro, "x"))


async def test_papers_come_from_a_document_or_not_at_all(conversation: Database, scope: Scope) -> None:
    _, nothing = await papers_to_sell.coroutine(runtime=runtime(conversation, "x"), country="ES")
    assert nothing["data"]["passage"] is None
    async with conversation.session(scope) as session:
        session.add(
            Document(
                id="doc_1",
                tenant_id="default",
                source="t",
                external_id="1",
                title="Guía de venta",
                language="es",
                kind="rule",
                country="ES",
                published_on=now().date(),
                fingerprint="1",
                text="Introducción.\n\nDocumentos para vender: nota simple y certificado energético.\n\nOtra cosa.",
            )
        )
    _, found = await papers_to_sell.coroutine(runtime=runtime(conversation, "x"), country="ES")
    assert found["data"]["passage"] == "Documentos para vender: nota simple y certificado energético."
    assert found["citations"][0]["title"] == "Guía de venta"


async def test_an_amount_that_the_investor_never_wrote_is_not_theirs(conversation: Database) -> None:
    said = await save(conversation, "tengo 3 mdp", wish="buy", city="Querétaro", budget_max=3e6, currency="MXN")
    made_up = await save(conversation, "busco casa", wish="buy", city="Querétaro", budget_max=4e6, currency="MXN")
    kinds = [f["source"]["kind"] for found in (said, made_up) for f in found["facts"] if f["key"] == "budget_max"]
    assert kinds == ["user", "rule"]
