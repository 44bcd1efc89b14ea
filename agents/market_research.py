"""Market research: adverts, areas, how a market moved, and what documents say, each with its source."""

from __future__ import annotations

import re
from typing import Any

from agents.playbook import Arguments, Known, Playbook, Step
from agents.roi_taxes import asks_taxes, rule_calls
from agents.specialist import Specialist
from core.locale import CURRENCY_OF
from knowledge.understanding.text import fold
from tools.area_rent import area_rent
from tools.areas import area_statistics
from tools.currency import convert_currency
from tools.documents import search_documents
from tools.listings import get_listing, search_listings
from tools.market_competition import market_competition
from tools.market_opinion import market_opinion
from tools.market_pace import market_pace
from tools.market_risk import market_risk
from tools.market_yields import market_yields
from tools.series import market_trend
from tools.tax_rules import tax_rules

_OPERATION = {"buy": "sale", "sell": "sale", "rent": "rent"}
#: What asks about rents; "rentabilidad" is none. Beside a word for buying it is the price that is asked.
RENTS = re.compile(r"\b(?:rents?|rentals?|rentas?|alquil(?:er|eres|arse|ados?)|arriendos?|arrendarse|rentarse|canon(?:es)?)\b")
_SALES = re.compile(r"\b(?:venta|comprar|compra|vender|buy|buying|sale|selling|precios?|prices?)\b")
#: Questions about a market that a listing pointed at does not turn into one about its advert.
_PARTICULAR = {"competition", "risk"}
_SEARCH, _STATS, _TREND, _RULES = "search", "area_stats", "trend", "rules"


def first(value: Any) -> Any:
    """The one value, or the first of several named."""
    return value[0] if isinstance(value, list) and value else None if isinstance(value, list) else value


def every(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def place(known: Known, city: Any = None) -> Arguments:
    slots = known.slots
    return {
        "country": first(slots.get("country")),
        # a region or island is looked up by its name too: it is found among the series, or honestly not found
        "city": city or first(slots.get("city")) or first(known.request.get("region")),
        "neighbourhood": first(slots.get("neighbourhood")),
    }


def covered(known: Known) -> bool:
    """False where the question is about a place outside the markets, or about no place at all."""
    return not known.brief.uncovered


def has_place(known: Known) -> bool:
    return any(known.slots.get(name) for name in ("country", "city", "neighbourhood")) or bool(known.request.get("region"))


def aims(known: Known) -> set[str]:
    """What of the market is wanted; adverts and price levels where the message does not say."""
    named = set(known.request.get("market") or ())
    if asks_taxes(known) and not known.request["tax"].get("beside"):
        return {_RULES}  # "¿qué impuestos se pagan por alquilar?" searches for nothing
    if known.brief.references and not set(known.brief.turn_slots) - {"currency", "country"} and not named & _PARTICULAR:
        return {"detail"}  # "the second one": nothing else was said
    if "detail" in named:
        return {"detail"} if known.brief.references else named - {"detail"} or {_SEARCH}
    return named or {_SEARCH, _STATS}


def operation(known: Known) -> str:
    slots = known.slots
    if slots.get("operation"):
        return _OPERATION.get(str(first(slots["operation"])), "sale")
    question = fold(known.brief.question)
    return "rent" if RENTS.search(question) and not _SALES.search(question) else "sale"


def _budget(known: Known) -> list[Arguments] | None:
    """A budget in another currency is converted before the search."""
    slots = known.slots
    target = CURRENCY_OF.get(str(first(slots.get("country"))))
    currency = first(slots.get("currency"))
    amount = first(slots.get("budget_max")) or first(slots.get("price"))
    if not target or not currency or currency == target or amount is None:
        return None
    return [{"amount": amount, "source_currency": currency, "target_currency": target}]


def _ceiling(known: Known) -> float | None:
    """The budget in the currency of the adverts; None where it is in another that was not converted."""
    converted = known.first("budget")
    if converted is not None:
        fact = converted.facts.get(converted.data.get("converted", ""))
        return float(fact.value) if fact is not None else None
    if _budget(known) is not None:
        return None
    value = first(known.slots.get("budget_max"))
    return float(value) if value is not None else None


#: How far from "90 m²", said without "al menos" or "hasta", a floor area may be and still be what was asked for.
AROUND = 0.15


def _sizes(known: Known) -> dict[str, float | int | None]:
    """Limits of size as meant: rooms just so, floor area about so, two figures a range, else the bound that was said."""
    def limits(slot: str, around: float = 0.0) -> tuple[float | None, float | None]:
        said = every(known.slots.get(slot))
        if not said or said[0] is None:
            return None, None
        bound = (known.request.get("bounds") or {}).get(slot, "as_said")
        around = around if len(said) == 1 and bound == "as_said" else 0.0
        low, high = round(min(said) * (1 - around)), round(max(said) * (1 + around))
        return (None if bound == "max" else low), (None if bound == "min" else high)

    area_min, area_max = limits("area_m2", AROUND)
    bedrooms_min, bedrooms_max = limits("bedrooms")
    return {"area_min": area_min, "area_max": area_max, "bedrooms_min": bedrooms_min, "bedrooms_max": bedrooms_max,
            "bathrooms_min": limits("bathrooms")[0]}


def _search(known: Known) -> list[Arguments]:
    slots = known.slots
    cities = every(slots.get("city"))
    return [
        {
            **place(known, city), "operation": operation(known), "property_type": first(slots.get("property_type")),
            "price_max": _ceiling(known), "price_min": first(slots.get("budget_min")) if not known.first("budget") else None,
            **_sizes(known), "features": slots.get("features") or None,
            "lacking": known.request.get("refused_features") or None,
            "without": known.request.get("refused_places") or None,
            "wish": None if known.request.get("order") else known.brief.question[:400],
            "order": known.request.get("order"), "limit": 5 if len(cities) == 1 else 3,
        }
        for city in cities[:3]
    ]


def _stats(known: Known) -> list[Arguments]:
    return [
        {**place(known, city), "operation": operation(known), "property_type": first(known.slots.get("property_type"))}
        for city in every(known.slots.get("city"))[:3]
    ]


def _rent(known: Known) -> Arguments:
    """What the home described would rent for."""
    city = first(known.slots.get("city"))
    return {**place(known, city), "property_type": first(known.slots.get("property_type")),
            "area_m2": first(known.slots.get("area_m2"))}


def _trend(known: Known) -> list[Arguments]:
    """One call a measure and place; rates and inflation are of countries."""
    aimed = aims(known)
    years = known.request.get("past_years")
    span = {"years": int(years)} if isinstance(years, (int, float)) and 1 <= years <= 30 else {}
    span |= {"since": int(since)} if (since := known.request.get("since_year")) else {}
    national = [name for name in ("inflation", "mortgage_rate") if name in aimed]
    if national:
        return [
            {"country": country, "metric": metric, "year": _year(known), **span}
            for metric in national for country in every(known.slots.get("country"))[:3] if country
        ]
    metric = "rent" if operation(known) == "rent" else "price"
    span |= {"year": year} if (year := _year(known)) else {}
    return [{**place(known, city), "metric": metric, **span} for city in every(known.slots.get("city"))[:3]]


def _year(known: Known) -> int | None:
    year = known.request.get("year")
    return int(year) if isinstance(year, (int, float)) else None


def _wants_trend(known: Known) -> bool:
    """Rents are known from series where no advert tells them, so a question about rents asks both."""
    aimed = aims(known)
    rents = operation(known) == "rent" and _STATS in aimed
    return bool(aimed & {_TREND, "inflation", "mortgage_rate"}) or rents


def _wants_stats(known: Known) -> bool:
    """Price levels stand beside adverts too, unless only their order was asked for."""
    asked = aims(known) & {_STATS, _SEARCH, "cheapest_areas", "dearest_areas"}
    return bool(asked) and not (asked == {_SEARCH} and known.request.get("order"))


def _details(known: Known) -> list[Arguments]:
    return [{"listing_id": row["id"]} for row in known.brief.references if row.get("kind", "listing") == "listing"][:3]


#: Verbs of letting, and what is told of tenants: whoever asks how fast homes go, by whom.
_LETS = re.compile(
    r"\b(?:se (?:arriend|alquil|rent)\w+|arrend\w+|alquil\w+|rentar\w*|rented|letting|lets?|tenants?|inquilin\w+)\b")


def _offered(known: Known) -> str:
    """Sale or rent, also where only the verb tells it."""
    if known.slots.get("operation"):
        return operation(known)
    return "rent" if _LETS.search(fold(known.brief.question)) else operation(known)


def _pace(known: Known) -> list[Arguments]:
    return [
        {**place(known, city), "operation": _offered(known), "property_type": first(known.slots.get("property_type"))}
        for city in every(known.slots.get("city"))[:3]
    ]


def _competition(known: Known) -> Arguments:
    """Around a listing pointed at, else a project whose name the words hold, else the place named."""
    listing = next((row["id"] for row in known.brief.references if row.get("kind", "listing") == "listing"), None)
    words = None if listing is not None else known.brief.question[:300]
    return {**place(known), "listing_id": listing, "project": words, "operation": _offered(known),
            "property_type": first(known.slots.get("property_type")), "radius_km": _radius(known)}


#: As written: a full stop is a decimal one there, and "m²" no metre.
_KM = re.compile(r"((?<![\d.,])-?\d+(?:[.,]\d+)?)\s*(km|kil\w*|metros|meters|metres|m)\b(?!\s*cuadrad)", re.IGNORECASE)


def _radius(known: Known) -> float | None:
    """A distance told in the question, in km; a floor area is none."""
    found = _KM.search(known.brief.question)
    if found is None:
        return None
    value = float(found[1].replace(",", "."))
    if found[2].lower().startswith("k"):
        return value
    return value if re.fullmatch(r"\d+[.,]\d{3}", found[1]) else value / 1000  # "1.500 metros" are thousands


def _yields(known: Known) -> Arguments:
    return {**place(known), "property_type": first(known.slots.get("property_type"))}


#: The currency that an investor says to have.
_MONEY = {"USD": re.compile(r"\b(?:dolar(?:es)?|dollars?|usd)\b"), "EUR": re.compile(r"\b(?:euros?|eur)\b"),
          "MXN": re.compile(r"\b(?:pesos mexicanos|mexican pesos|mxn)\b"),
          "COP": re.compile(r"\b(?:pesos colombianos|colombian pesos|cop)\b")}


def _risk(known: Known) -> Arguments:
    """The place, with what was told of a purchase there."""
    slots = known.slots
    down = first(slots.get("down_payment_pct"))
    question = fold(known.brief.question)
    said = next((code for code, words in _MONEY.items() if words.search(question)), None)
    currency = said or first(slots.get("currency"))
    return {**place(known), "ltv_pct": 100 - down if isinstance(down, (int, float)) and 0 <= down <= 100 else None,
            "investor_currency": currency}


#: What asks for people's words; "recommend me a neighbourhood" asks for a guide.
_SAID = re.compile(r"\b(?:opin|dice|comenta|piensa|say|think|fama|reputa|reviews?|sentim|percep)")


def _wants_opinions(known: Known) -> bool:
    asked = known.slots.get("neighbourhood") or _SAID.search(fold(known.brief.question))
    return "sentiment" in aims(known) and bool(asked)


def _documents(known: Known) -> Arguments | None:
    """Passages, unless the opinions asked for were found: those quote documents of their own."""
    opinions = known.first("opinions")
    if opinions is not None and opinions.data.get("found"):
        return None
    return {"question": known.brief.question[:500], **place(known)}


PLAYBOOK = Playbook(
    template="market_research",
    steps=(
        Step("detail", "get_listing", _details, lambda k: "detail" in aims(k)),
        Step("budget", "convert_currency", _budget, lambda k: covered(k) and _SEARCH in aims(k)),
        Step("search", "search_listings", _search,
             lambda k: covered(k) and has_place(k) and _SEARCH in aims(k), after=("budget",)),
        Step("stats", "area_statistics", _stats,
             lambda k: covered(k) and has_place(k) and _wants_stats(k)),
        Step("rent", "area_rent", _rent, lambda k: covered(k) and has_place(k) and "rent_value" in aims(k)),
        Step("trend", "market_trend", _trend, lambda k: covered(k) and has_place(k) and _wants_trend(k)),
        Step("pace", "market_pace", _pace, lambda k: covered(k) and has_place(k) and "demand" in aims(k)),
        Step("competition", "market_competition", _competition, lambda k: covered(k) and "competition" in aims(k)),
        Step("yields", "market_yields", _yields, lambda k: covered(k) and has_place(k) and "yields" in aims(k)),
        Step("risk", "market_risk", _risk, lambda k: covered(k) and has_place(k) and "risk" in aims(k)),
        Step("opinions", "market_opinion", place, lambda k: covered(k) and has_place(k) and _wants_opinions(k)),
        Step("rules", "tax_rules", rule_calls),
        Step("documents", "search_documents", _documents,
             lambda k: covered(k) and bool(aims(k) & {_RULES, "sentiment", "guide"}), after=("opinions",)),
    ),
)
SPECIALIST = Specialist(
    name="market_research",
    tools=(search_listings, get_listing, area_statistics, area_rent, market_trend, market_pace, market_competition,
           market_yields, market_risk, market_opinion, tax_rules, search_documents, convert_currency),
    playbook=PLAYBOOK,
)
