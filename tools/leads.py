"""Writing down what a person looks for, and how to reach them once they allow it.

Contact data is stored only with consent, and only as it stands in the investor's own messages: a model can neither invent
a phone number nor a consent, which the tool reads from the turn and from the lead, never from an argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from langchain.tools import tool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput, NotFound
from core.facts import Fact, Source
from core.locale import CURRENCY_OF, Currency
from knowledge.listings.search import Filters, conditions_of
from knowledge.records import leads
from knowledge.tables import Lead
from knowledge.understanding.text import fold
from tools import lead_needs
from tools.context import Runtime, TurnContext
from tools.lead_needs import Purpose, Timeline, Wish, consent_text
from tools.provenance import settle
from tools.result import Content, ToolResult

PropertyType = Literal["apartment", "house", "studio", "office", "retail", "land", "warehouse", "building", "room"]
Operation = Literal["buy", "rent", "sell"]
#: What "properties" means where no type was named.
DWELLINGS = ("apartment", "house", "studio")
_CONTACT_LIKE = re.compile(r"\S+@\S+|(?:\d[\s().\-/]*){7,}")


@tool(response_format="content_and_artifact")
async def save_lead(
    runtime: Runtime,
    wish: Wish | None = None,
    operation: Operation | None = None,
    country: Literal["CO", "ES", "MX"] | None = None,
    city: str | list[str] | None = None,
    neighbourhood: str | list[str] | None = None,
    property_type: PropertyType | list[PropertyType] | None = None,
    budget_max: float | None = None,
    budget_min: float | None = None,
    price: float | None = None,
    currency: Currency | None = None,
    area_m2: float | None = None,
    bedrooms: int | None = None,
    purpose: Purpose | None = None,
    timeline: Timeline | None = None,
    listing_id: int | None = None,
    subject: str | None = None,
    name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    refuses_contact: bool = False,
) -> Content:
    """Create or update the lead of this conversation: what the person wants, and how to reach them.

    wish: visit, offer, reserve, contact (wants to be contacted), sell, buy or rent. budget_max, budget_min, price: money in
    `currency` (3000000, not "3 million"); price is an offer or asking price. area_m2 in m2. purpose: rent_out, live,
    holiday, resale, business. timeline: now, months, later. listing_id: the listing they speak of; subject: a project or
    property by name. name, email, phone: only as the investor wrote them; anything else is refused. Contact data is stored
    only after the investor agreed to the consent text; if the result says that consent is missing, show that text and
    ask. refuses_contact: this message says that they do not want to be contacted or to give their data; from then on do
    not ask for it, what was stored is erased, and you go on helping. Call it once per turn. The result says what was
    stored and which one question to ask next. Nobody has been called and no appointment is made by this.
    """
    context = runtime.context
    _no_contact_inside({"subject": subject, "city": city, "neighbourhood": neighbourhood})
    subject = subject if subject and _in_their_words(subject, context) else None
    city, neighbourhood = _told(city, context), _told(neighbourhood, context)
    needs: dict[str, Any] = {
        "wish": wish, "operation": operation or ("sell" if wish == "sell" else None), "country": country, "city": city,
        "neighbourhood": neighbourhood, "property_type": property_type, "budget_max": _amount("budget_max", budget_max),
        "budget_min": _amount("budget_min", budget_min), "price": _amount("price", price), "currency": currency,
        "area_m2": _amount("area_m2", area_m2), "bedrooms": _amount("bedrooms", bedrooms), "subject": subject,
    }
    contact, foreign = lead_needs.stated_contact({"name": name, "email": email, "phone": phone}, context.user_words)
    result = ToolResult()
    for field in foreign:
        result.gap("missing_input", field=field, why="not in the investor's own words: not stored, ask for it")
    async with context.resources.database.session(context.scope) as session:
        await _lock(session, context)
        if not (contact or _asked_for(context) or await leads.of_conversation(session, context.conversation_id)):
            raise BadInput(
                "The investor's own words ask for none of this: nothing was stored. Answer, and ask what they want to do.",
                "Las palabras de la persona no piden nada de esto: no se guardó nada. Responda y pregunte qué quiere hacer.",
            )
        if listing_id is not None:
            needs |= {"listing_id": listing_id, "subject": await _title(session, listing_id)}
        lead = await leads.of_conversation(session, context.conversation_id)
        before = dict(lead.needs) if lead else {}
        pending = before.get("pending")
        words = context.user_words
        refused = refuses_contact or bool(_understood(context).get("refuses_contact"))
        no_contact = refused or bool(before.get("no_contact") and not _lifted(context, contact))
        needs["no_contact"] = no_contact if no_contact or before.get("no_contact") else None
        if refused and (wish or before.get("wish")) == "contact":
            needs["wish"] = ""
        if operation == "rent" and (pending == "purpose" or before.get("operation") == "buy"):
            needs["operation"] = "buy"  # "to rent" answers what a buyer wants it for
        needs["purpose"] = purpose or lead_needs.purpose_of(words, answering=pending == "purpose") or before.get("purpose")
        needs["timeline"] = timeline or lead_needs.timeline_of(words, answering=pending == "timeline") or before.get("timeline")
        merged = {**before, **{k: v for k, v in needs.items() if v is not None}}
        erased = refused and lead is not None and _erase(lead)
        consent = _consent(context, contact, bool(lead and lead.consent_at))
        if no_contact or (before.get("no_contact") and consent):
            consent = False if no_contact else None  # an earlier yes ended with the refusal
        fresh = {k: v for k, v in contact.items() if consent is True and (lead is None or getattr(lead, k) != v)}
        reachable = bool(fresh.keys() & {"email", "phone"}) or bool(lead and (lead.email or lead.phone))
        points, reasons = lead_needs.score(merged, contact=reachable)
        asks = None if refused else _next(context, merged, consent, contact, reachable, before.get("asked") or [])
        lead, created = await leads.upsert(
            session, context.scope, conversation_id=context.conversation_id,
            needs={**needs, "asked": [*(before.get("asked") or []), *([asks] if asks else [])], "pending": asks or ""},
            score=points, reasons=reasons, contact=fresh or None,
            consent_text=consent_text(context.locale.language) if consent is True else None,
        )
    result.data = {
        "lead": lead.id, "created": created, "needs": merged, "wish": merged.get("wish"), "consent": consent,
        "stored": sorted(fresh), "withheld": sorted(contact) if consent is not True else [], "reachable": reachable,
        "agreed_now": consent is True and pending == "consent",
        "refused_now": refused or (consent is False and pending == "consent"), "erased": erased, "no_contact": no_contact,
        "news": created or bool(wish and not refused) or any(merged.get(k) != before.get(k) for k in needs if k != "wish"),
        "status_asked": any(lead_needs.mentions("status", message) for message in words[-1:]),
        "answered": pending if pending in lead_needs.known_needs(merged, contact=bool(contact) or reachable) else None,
        "next": asks, "ask": lead_needs.book()["asks"].get(asks or "", ""), "price": None, "budget": None,
        "project": any(lead_needs.mentions("project", message) for message in words[-1:]),
        "papers_asked": any(lead_needs.mentions("papers", message) for message in words[-1:]),
        "score": result.add(
            Fact("lead_score", points, "score", Source("lead", lead.id, ", ".join(reasons))), say=False
        ),
    }
    _facts(result, runtime, merged)
    if refused:
        result.say("they do not want to be contacted: say that nobody will and nothing is stored; do not ask for it again")
    if asks == "consent":
        shown = consent_text(context.locale.language)
        result.data["consent_request"] = {"text": shown}
        result.gap("missing_input", field="consent", why="contact data was not stored; show the text and ask")
        result.say(f"consent text to show, word for word: {shown}")
    known = ", ".join(sorted(lead_needs.known_needs(merged, contact=reachable)))
    result.say(
        f"lead {'created' if created else 'updated'}; contact stored now: {', '.join(sorted(fresh)) or 'nothing'}; "
        f"ask next: {asks or 'nothing'}; known, do not ask: {known}"
    )
    return result.done()


def _asked_for(context: TurnContext) -> bool:
    """Whether the investor's own words call for a lead; a model's word is not enough."""
    return context.intents is None or "lead_qualification" in context.intents


def _in_their_words(said: str, context: TurnContext) -> bool:
    return any(f" {fold(said)} " in f" {fold(words)} " for words in context.user_words)


def _told(place: str | list[str] | None, context: TurnContext) -> str | list[str] | None:
    """A place, or those of several, that the investor named or that was understood from their words."""
    known = {fold(str(value)) for name in ("city", "neighbourhood") for value in _many(context.slots.get(name))}
    kept = [one for one in _many(place) if fold(one) in known or _in_their_words(one, context)]
    return (kept[0] if len(kept) == 1 else kept) if kept else None


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


def _next(
    context: TurnContext, needs: dict[str, Any], consent: bool | None, contact: dict[str, str], reachable: bool,
    asked: list[str],
) -> str | None:
    """Consent first where contact data waits for it, again only if it was given anew; who refused is asked for neither."""
    waiting = bool(contact) and consent is None
    if waiting and ("consent" not in asked or lead_needs.stated_contact({**contact}, context.user_words[-1:])[0]):
        return "consent"
    known = lead_needs.known_needs(needs, contact=reachable or waiting or consent is False)
    return lead_needs.next_need(needs.get("wish"), needs.get("operation"), known, asked)


def _consent(context: TurnContext, contact: dict[str, str], earlier: bool) -> bool | None:
    """True: given now or before; False: refused; None: never asked, or contact data given anew after a refusal."""
    said = context.slots.get("consent")
    if said is False:
        anew, _ = lead_needs.stated_contact({**contact}, context.user_words[-1:])
        return None if anew.keys() & {"email", "phone"} else False
    return True if said is True or earlier else None


def _understood(context: TurnContext) -> Mapping[str, Any]:
    """What this message asks for, as it was understood (not as a model says)."""
    found = context.slots.get("_request")
    return found if isinstance(found, Mapping) else {}


def _lifted(context: TurnContext, contact: dict[str, str]) -> bool:
    """Whether a refusal is over: the person gives contact data anew, or asks to be contacted."""
    anew, _ = lead_needs.stated_contact({**contact}, context.user_words[-1:])
    return bool(anew.keys() & {"email", "phone"}) or "contact" in (_understood(context).get("wish") or ())


def _erase(lead: Lead) -> bool:
    """Takes back contact data and its consent; True if there was any."""
    had = bool(lead.name or lead.email or lead.phone)
    lead.name = lead.email = lead.phone = lead.consent_text = lead.consent_at = None
    return had


def _amount(field: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < 1e15:
        raise BadInput(
            f"{field} is {value!r}: expected a positive number with all its zeros. Leave it out if it is not known.",
            f"{field} vale {value!r}: se espera un número positivo con todos sus ceros. Omítalo si no se conoce.",
        )
    return value


def _no_contact_inside(needs: dict[str, Any]) -> None:
    """What a person looks for is kept without consent, so it may not carry contact data."""
    for field, value in needs.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and (len(item) > 200 or _CONTACT_LIKE.search(item)):
                raise BadInput(
                    f"{field} must be the name of a place or property of at most 200 characters, without e-mail or phone; "
                    "those go in `email` and `phone`.",
                    f"{field} debe ser el nombre de un lugar o inmueble de 200 caracteres como máximo, sin correo ni "
                    "teléfono; esos van en `email` y `phone`.",
                )


async def _lock(session: AsyncSession, context: TurnContext) -> None:
    """One writer of the conversation's lead at a time; the conversation must be the tenant's own."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": f"lead/{context.conversation_id}"}
    )
    found = await session.execute(text("SELECT 1 FROM conversations WHERE id = :id"), {"id": context.conversation_id})
    if found.first() is None:
        raise NotFound(
            f"There is no conversation {context.conversation_id!r} to keep a lead for. Start one first.",
            f"No existe la conversación {context.conversation_id!r} para guardar un contacto. Inicie una antes.",
        )


async def _title(session: AsyncSession, listing_id: int) -> str:
    row = None
    if 0 < listing_id < 2**63:
        row = (await session.execute(text("SELECT title FROM listings WHERE id = :id"), {"id": listing_id})).first()
    if row is None:
        raise NotFound(
            f"There is no listing {listing_id}: expected an id that a search returned. Leave it out or search again.",
            f"No existe el anuncio {listing_id}: se espera uno que haya salido en una búsqueda. Omítalo o busque de nuevo.",
        )
    return str(row.title)


def _facts(result: ToolResult, runtime: Runtime, needs: dict[str, Any]) -> None:
    """Amounts and names that the answer may repeat; an amount that the investor never wrote is not theirs."""
    said = Source("user", runtime.context.message_id or "message")
    currency = needs.get("currency") or CURRENCY_OF.get(str(needs.get("country")))
    for key, field in (("budget", "budget_max"), ("price", "price")):
        if needs.get(field):
            result.data[key] = _money(result, runtime, field, needs[field], currency)
    for field in ("city", "neighbourhood", "subject"):
        values = needs.get(field) or []
        for value in values if isinstance(values, list) else [values]:
            result.add(Fact(field, value, "text", said), say=False)


def _money(result: ToolResult, runtime: Runtime, key: str, value: float, currency: str | None) -> str:
    earlier = runtime.context.remembered.get(key)
    if earlier is not None and (earlier.value, earlier.currency) == (value, currency):
        return result.add(earlier)
    given = Fact(key, float(value), "money", Source("user", "message"), currency=currency)
    return result.add(settle([given], runtime)[given.id])


@tool(response_format="content_and_artifact")
async def count_listings(
    runtime: Runtime,
    country: Literal["CO", "ES", "MX"] | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    operation: Operation = "buy",
    property_type: PropertyType | None = None,
    budget_max: float | None = None,
    currency: Currency | None = None,
) -> Content:
    """How many active adverts match: in a city or neighbourhood, to buy or rent, of a type, up to a budget.

    budget_max: money in `currency`, a month's rent for operation rent. It counts only adverts in that currency. Without
    property_type it counts apartments, houses and studios.
    """
    context = runtime.context
    result = ToolResult()
    place = ", ".join(part for part in (neighbourhood, city) if part)
    if not place:
        raise BadInput("Name a city or a neighbourhood to count its adverts.",
                       "Nombre una ciudad o un barrio para contar sus anuncios.")
    types = [property_type] if property_type else list(DWELLINGS)
    local = CURRENCY_OF.get(country or "")
    in_budget = _amount("budget_max", budget_max) is not None and (currency is None or local is None or currency == local)
    sale = "rent" if operation == "rent" else "sale"
    filters = Filters(country=country, city=city, neighbourhood=neighbourhood, operation=sale,
                      price_max=budget_max if in_budget else None)
    result.data = {"count": None, "place": place, "types": types, "in_budget": in_budget, "budget": None}
    async with context.resources.database.session(context.scope) as session:
        conditions = await conditions_of(session, filters)
        if conditions is None:
            result.say(f"no adverts are known for {place}: say nothing about how many there are")
            return result.done()
        where, values = conditions
        money = " AND l.currency = :currency" if in_budget and (currency or local) else ""
        row = (await session.execute(
            text(
                "SELECT count(*) AS n, max(l.observed_on) AS seen, bool_or(l.demo) AS demo,"  # noqa: S608
                " string_agg(DISTINCT l.source, ', ') AS sources"
                f" FROM listings l WHERE {where} AND l.property_type = ANY(:types){money}"
            ),
            {**values, "types": types, **({"currency": currency or local} if money else {})},
        )).one()
    limit = f" <= {budget_max:.15g} {currency or local or ''}".rstrip() if in_budget else ""
    seen = row.seen.isoformat() if row.seen else None
    source = Source("aggregate", f"listings/{sale}/{'+'.join(types)}/{place}{limit}", place, row.sources or "", bool(row.demo))
    result.data["count"] = result.add(Fact("count", row.n, "count", source, entity=place, as_of=seen))
    if in_budget and budget_max is not None:
        result.data["budget"] = _money(result, runtime, "budget_max", budget_max, currency or local)
    return result.done()


@tool(response_format="content_and_artifact")
async def papers_to_sell(runtime: Runtime, country: Literal["CO", "ES", "MX"]) -> Content:
    """What the document library says about the papers needed to sell a property in a country, with its citation.

    Nothing found means that no document lists them: say so and name none.
    """
    context = runtime.context
    result = ToolResult()
    phrases = [f"%{phrase}%" for phrase in lead_needs.book()["papers"]["documents"]]
    async with context.resources.database.session(context.scope) as session:
        rows = (await session.execute(
            text("SELECT id, title, text, language, published_on, attribution, demo FROM documents"
                 " WHERE country = :country AND text ILIKE ANY(:phrases)"
                 " ORDER BY language = :language DESC, published_on DESC, id LIMIT 1"),
            {"country": country, "phrases": phrases, "language": context.locale.language},
        )).all()
    result.data = {"passage": None, "title": None, "published_on": None}
    if not rows:
        result.say("no document lists the papers of a sale in this country: name none")
        return result.done()
    row = rows[0]
    passage = next(part.strip() for part in row.text.split("\n\n")
                   if any(phrase.strip("%").lower() in part.lower() for phrase in phrases))
    source = Source("document", row.id, row.title, row.attribution, row.demo)
    published = row.published_on.isoformat()
    number = context.marks.of("papers", row.id)
    result.add(Fact("papers_to_sell", passage, "text", source, as_of=published, mark=number))
    result.data |= {"passage": passage, "title": row.title, "published_on": published}
    result.citations.append({"n": number, "title": row.title, "source": row.attribution, "published_on": published,
                             "passage": passage, "demo": row.demo})
    return result.done()
