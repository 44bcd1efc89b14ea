"""An investor is remembered across conversations: with consent, in so far as they said it, until they say otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from agents.playbook import Brief
from agents.privacy import Veil
from core.clock import now
from core.database import Database
from core.errors import Unauthenticated
from core.scope import Scope
from graphs import preferences
from graphs.runner import Runner
from graphs.writing import brief_text
from knowledge.records import conversations, profiles
from knowledge.tables import Area, Listing, UserProfile

SCOPE = Scope(subject="visitor")
#: (city, type, bedrooms, price in millions of its currency)
_HOMES = [("bogota", "apartment", 2, 380), ("bogota", "apartment", 2, 650), ("bogota", "house", 4, 390),
          ("sevilla", "apartment", 2, 0.21), ("sevilla", "house", 3, 0.3)]


class Person:
    """An investor who talks; each `talk` is a conversation of its own."""

    def __init__(self, runner: Runner, database: Database, visitor: str) -> None:
        self._runner, self._database, self.visitor = runner, database, visitor
        self.conversations: list[str] = []

    async def talk(self, *messages: str, **values: Any) -> dict[str, Any]:
        """The outcome of the last message of a new conversation."""
        async with self._database.session(SCOPE) as session:
            row, _ = await conversations.create(session, SCOPE, visitor=self.visitor, channel="test", **values)
        self.conversations.append(row.id)
        return await self.go_on(*messages)

    async def go_on(self, *messages: str, at: int = -1) -> dict[str, Any]:
        outcome: dict[str, Any] = {}
        for message in messages:
            outcome = await self._runner.ask(SCOPE, self.conversations[at], message)
            assert outcome["status"] == "finished", outcome
        return outcome

    async def profile(self) -> UserProfile | None:
        async with self._database.session(SCOPE) as session:
            return await profiles.of_visitor(session, self.visitor)

    async def kept(self) -> dict[str, Any]:
        profile = await self.profile()
        assert profile is not None
        return {name: entry["value"] for name, entry in profile.preferences.items()}

    async def agree(self) -> None:
        async with self._database.session(SCOPE) as session:
            await profiles.consent(session, self.visitor, version="1", text="…")


@pytest.fixture
async def homes(database: Database) -> None:
    today = now().date()
    async with database.session(SCOPE) as session:
        for country, code, city, name in (("co", "CO", "bogota", "Bogotá"), ("es", "ES", "sevilla", "Sevilla")):
            session.add(Area(id=country, level="country", country=code, name=name, name_folded=country))
            await session.flush()
            session.add(Area(id=f"{country}/{city}", parent_id=country, level="city", country=code, name=name,
                             name_folded=city))
        await session.flush()
        for number, (city, kind, bedrooms, millions) in enumerate(_HOMES):
            code, currency, place = ("CO", "COP", "co/bogota") if city == "bogota" else ("ES", "EUR", "es/sevilla")
            session.add(Listing(
                tenant_id="default", source="portal", external_id=str(number), operation="sale", property_type=kind,
                country=code, city_id=place, area_id=place, title=f"{kind} {number}", price=millions * 1e6, currency=currency,
                area_m2=80, bedrooms=bedrooms, first_seen=today, observed_on=today, fingerprint=str(number),
            ))


@pytest.fixture
async def person(runner: Runner, database: Database) -> Person:
    async with database.session(SCOPE) as session:
        profile, _ = await profiles.create(session, SCOPE)
        visitor = profile.visitor
    return Person(runner, database, visitor)


def calls(outcome: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [call["args"] for call in outcome["tool_calls"] if call["name"] == name]


SEARCH_ES = "Busco apartamento de 2 habitaciones en Bogotá hasta 400 millones"
SEARCH_EN = "I'm looking for a 2-bedroom apartment in Bogotá up to 400 million pesos"


async def test_without_consent_nothing_is_remembered(person: Person, homes: None) -> None:
    await person.talk(SEARCH_ES)
    assert await person.kept() == {}
    outcome = await person.talk("Busco algo en Bogotá")
    assert calls(outcome, "search_listings")[0].get("price_max") is None
    asked = await person.go_on("¿qué recuerdas de mí?")
    assert "no lo ha" in asked["answer"]


@pytest.mark.parametrize(("search", "ask", "yes", "shown", "recall"), [
    (SEARCH_ES, "recuerda mis preferencias", "sí, acepto", "Autorizo a este portal", "¿qué recuerdas de mí?"),
    (SEARCH_EN, "remember my preferences", "yes, please", "I allow this portal", "what do you remember about me?"),
])
async def test_consent_is_asked_with_the_text_and_a_yes_keeps_what_was_said_in_the_conversation(
    person: Person, homes: None, search: str, ask: str, yes: str, shown: str, recall: str
) -> None:
    asked = await person.talk(search, ask)
    assert shown in asked["answer"]
    assert (await person.profile()).consent_at is None  # type: ignore[union-attr]
    assert (await person.go_on(yes))["routes"] == ["none"]
    profile = await person.profile()
    assert profile is not None
    assert profile.consent_at is not None
    assert profile.consent_version == "1"
    assert shown in (profile.consent_text or "")
    kept = await person.kept()
    assert (kept["budget_max"], kept["city"], kept["property_type"], kept["bedrooms"]) == (400e6, "Bogotá", "apartment", 2)
    assert profile.preferences["budget_max"]["currency"] == "COP"
    assert {entry["conversation"] for entry in profile.preferences.values()} == {person.conversations[0]}
    told = await person.go_on(recall)
    assert "Bogotá" in told["answer"]
    assert "400" in told["answer"]


@pytest.mark.parametrize("reply", ["no, gracias", "¿y para qué sirve eso?", "Busco casa en Bogotá"])
async def test_only_a_yes_is_consent(person: Person, homes: None, reply: str) -> None:
    await person.talk("recuerda mis preferencias", reply, "sí")
    profile = await person.profile()
    assert profile is not None
    assert profile.consent_at is None
    assert profile.preferences == {}


async def test_a_question_beside_the_request_is_answered_and_consent_asked_for_after_it(person: Person, homes: None) -> None:
    outcome = await person.talk(f"{SEARCH_ES}. Recuerda mis preferencias.")
    assert calls(outcome, "search_listings")
    assert "Autorizo a este portal" in outcome["answer"]
    await person.go_on("sí")
    assert (await person.kept())["budget_max"] == 400e6


@pytest.mark.parametrize(("question", "sentence", "budget"), [
    ("Muéstrame opciones en Bogotá", "en otra conversación", "$400.000.000"),
    ("Show me options in Bogotá", "which you told me in an earlier conversation", "COP\u00a0400,000,000"),
])
async def test_a_new_conversation_searches_with_what_is_remembered_and_says_so(
    person: Person, homes: None, question: str, sentence: str, budget: str
) -> None:
    await person.agree()
    await person.talk(SEARCH_ES)
    outcome = await person.talk(question)
    [search] = calls(outcome, "search_listings")
    assert (search["price_max"], search["property_type"], search["bedrooms_min"]) == (400e6, "apartment", 2)
    assert sentence in outcome["answer"]
    assert budget in outcome["answer"]
    fact = next(f for f in outcome["facts"] if f["key"] == "budget_max" and f["id"] in outcome["shown_facts"])
    assert fact["source"]["kind"] == "user"
    assert fact["source"]["ref"] == person.conversations[0]
    assert fact["source"]["label"] in ("dicho en otra conversación", "told in an earlier conversation")


async def test_what_is_said_wins_and_replaces_what_is_remembered(person: Person, homes: None) -> None:
    await person.agree()
    await person.talk(SEARCH_ES)
    outcome = await person.talk("Busco casa en Bogotá hasta 700 millones")
    [search] = calls(outcome, "search_listings")
    assert (search["price_max"], search["property_type"]) == (700e6, "house")
    assert search.get("bedrooms_min") is None  # told of apartments
    assert "otra conversación" not in outcome["answer"]
    kept = await person.kept()
    assert (kept["budget_max"], kept["property_type"]) == (700e6, "house")
    assert "bedrooms" not in kept


async def test_a_general_question_stays_general(person: Person, homes: None) -> None:
    await person.agree()
    await person.talk(SEARCH_ES)
    for question in ("precio del metro en Sevilla", "¿cuántas casas hay en Sevilla?", "¿qué es el cap rate?",
                     "¿cuánto vale un piso de 90 m² en Sevilla?"):
        outcome = await person.talk(question)
        assert "otra conversación" not in outcome["answer"], question
        for call in outcome["tool_calls"]:
            assert call["args"].get("city") in ("Sevilla", None), question
            assert call["args"].get("price_max") is None, question
    assert (await person.kept())["city"] == "Bogotá"


async def test_a_place_that_is_not_said_is_taken_from_before_only_to_search(person: Person, homes: None) -> None:
    await person.agree()
    await person.talk(SEARCH_ES)
    outcome = await person.talk("muéstrame opciones")
    assert calls(outcome, "search_listings")[0]["city"] == "Bogotá"
    assert "Bogotá" in outcome["answer"]
    assert "otra conversación" in outcome["answer"]


async def test_language_country_and_form_of_address_hold_from_the_first_word(person: Person, homes: None) -> None:
    await person.agree()
    await person.talk("Hola, busco que me ayudes: quiero un depa en Sevilla por 200.000 euros, ¿puedes?")
    async with person._database.session(SCOPE) as session:
        await profiles.remember(session, person.visitor, "conv_x", said={
            "country": {"value": "ES"}, "register": {"value": "tu"}, "language": {"value": "es"}}, known={})
    outcome = await person.talk("1.000.000")
    assert (outcome["language"], outcome["locale"]) == ("es", "es-ES")
    outcome = await person.talk("ok", country="MX")  # what the caller of the new conversation says comes first
    assert outcome["locale"] == "es-MX"


async def test_a_lead_knows_budget_type_and_purpose_from_before_and_asks_for_none_of_them(
    person: Person, homes: None
) -> None:
    await person.agree()
    await person.talk(SEARCH_ES, "Quiero comprar para vivir")
    outcome = await person.talk("Quiero comprar en Bogotá, que me contacte un asesor")
    [saved] = calls(outcome, "save_lead")
    known = saved["budget_max"], saved["currency"], saved["property_type"], saved["purpose"]
    assert known == (400e6, "COP", "apartment", "live")
    assert "otra conversación" in outcome["answer"]
    async with person._database.session(SCOPE) as session:
        kept = await session.execute(
            text("SELECT needs FROM leads WHERE conversation_id = :id"), {"id": person.conversations[-1]})
        needs = kept.scalar_one()
    assert (needs["budget_max"], needs["purpose"]) == (400e6, "live")
    assert needs["pending"] not in ("budget", "purpose")
    fact = next(f for f in outcome["facts"] if f["key"] == "budget_max")
    assert fact["source"]["ref"] == person.conversations[0]


async def test_figures_of_one_deal_contact_data_and_free_text_are_never_remembered(person: Person, homes: None) -> None:
    await person.agree()
    await person.talk(
        "¿qué rentabilidad deja un apto de 450 millones en Bogotá arrendado en 2,3 millones?",
        "¿y si lo financio al 70 % a 20 años?",
        "¿cuánto vale un piso de 90 m² en Sevilla?", "Soy Ana Pérez, mi correo es ana@example.com y mi celular 310 555 1234",
    )
    kept = await person.kept()
    assert kept.keys() <= {"language", "register", "country"}
    profile = await person.profile()
    assert profile is not None
    assert not any(word in str(profile.preferences) for word in ("ana", "310", "450", "Sevilla"))


@pytest.mark.parametrize(("forget", "said"), [
    ("olvida mis preferencias", "Borré las preferencias"), ("forget what you know about me", "I erased the preferences"),
])
async def test_forgetting_erases_and_takes_the_consent_back(person: Person, homes: None, forget: str, said: str) -> None:
    await person.agree()
    await person.talk(SEARCH_ES)
    outcome = await person.talk(forget)
    assert said in outcome["answer"]
    assert not outcome["escalated"]
    await person.go_on("Busco casa en Bogotá hasta 500 millones")
    await person.go_on(SEARCH_ES, at=0)
    profile = await person.profile()
    assert profile is not None
    assert profile.consent_at is profile.consent_text is None
    assert profile.preferences == {}


@pytest.mark.parametrize("formal", [
    "ejerzo mi derecho de habeas data: borren todos mis datos", "under GDPR, erase all my personal data",
])
async def test_a_formal_request_opens_a_case_as_before(person: Person, homes: None, formal: str) -> None:
    await person.agree()
    await person.talk(SEARCH_ES)
    outcome = await person.talk(formal)
    assert outcome["case"]["reason"] == "data_request"
    assert (await person.kept())["budget_max"] == 400e6


async def test_a_conversation_of_nobody_remembers_nothing_and_says_so(runner: Runner, database: Database) -> None:
    nobody = Person(runner, database, "visitor_unknown")
    outcome = await nobody.talk("recuerda mis preferencias")
    assert "no está unida a un perfil" in outcome["answer"]
    outcome = await nobody.talk("remember my preferences")
    assert "not tied to a profile" in outcome["answer"]
    assert await nobody.profile() is None
    outcome = await nobody.talk("forget what you know about me")
    assert outcome["case"]["reason"] == "data_request"


async def test_a_newer_statement_replaces_the_older_and_the_same_again_keeps_its_date(
    person: Person, database: Database
) -> None:
    await person.agree()

    async def told(conversation: str, **said: Any) -> dict[str, Any]:
        async with database.session(SCOPE) as session:
            await profiles.remember(session, person.visitor, conversation, said=said, known={})
            found = await profiles.of_visitor(session, person.visitor)
            assert found is not None
            return dict(found.preferences)

    most = {"value": 400e6, "currency": "COP"}
    first = await told("conv_1", budget_max=most, budget_min={"value": 300e6, "currency": "COP"})
    again = await told("conv_2", budget_max=most)
    assert again == first
    lower = await told("conv_3", budget_max={"value": 250e6, "currency": "COP"})
    assert lower.keys() == {"budget_max"}  # the least was above the new most
    assert lower["budget_max"]["conversation"] == "conv_3"


async def test_another_portal_does_not_see_the_investor(database: Database) -> None:
    other = Scope(tenant="other")
    async with database.session(SCOPE) as session:
        profile, token = await profiles.create(session, SCOPE)
        visitor = profile.visitor
        assert (await profiles.authorise(session, token)).visitor == visitor
    async with database.session(other) as session:
        with pytest.raises(Unauthenticated):
            await profiles.authorise(session, token)
        assert await profiles.of_visitor(session, visitor) is None
        assert await profiles.consent(session, visitor, version="1", text="…") is None
        assert await profiles.withdraw(session, visitor) is False
        await profiles.erase(session, visitor)
    async with database.session(SCOPE) as session:
        assert await profiles.of_visitor(session, visitor) is not None


def test_a_language_model_reads_what_is_remembered_as_data() -> None:
    remembered = {
        "risk": {"value": "low", "at": "2026-10-03T09:00:00+00:00", "conversation": "conv_1"},
        "budget_max": {"value": 400e6, "currency": "COP", "at": "2026-10-03T09:00:00+00:00", "conversation": "conv_1"},
    }
    brief = Brief(route="roi", question="¿qué rentabilidad da?", language="es", locale="es-CO", slots={"city": "Bogotá"})
    found, used = preferences.recalled(brief, remembered)
    read = brief_text(found, "", "", Veil())
    assert used == {}  # a return rests on the figures that are told
    assert found.slots == brief.slots
    assert "<remembered_from_earlier_conversations>" in read
    assert "risk=low (2026-10-03)" in read
    assert "budget_max=400000000.0 COP (2026-10-03)" in read
    plain = brief_text(brief, "", "", Veil())
    assert "remembered" not in plain
