"""Questions that words alone ask, whatever the trained readers say: a tax, a risk, a return by its name, what a characteristic
adds to a price, prices of a calendar year, an aim of a market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core import clock
from knowledge.understanding import intent
from knowledge.understanding.decision import Decided
from knowledge.understanding.effect_questions import asks_accuracy, effect_question
from knowledge.understanding.market_aims import refine
from knowledge.understanding.message import Message
from knowledge.understanding.request import past_span
from knowledge.understanding.rules.asked import feasible
from knowledge.understanding.rules.risk import asked_risk
from knowledge.understanding.tax_questions import asks_for_trust, buys_abroad, residence_of, tax_question

#: From this probability on a measure is surely asked.
_SURELY = 0.9
#: Measures whose words also ask for what is no return.
_ANYTHINGS = frozenset({"price_per_m2", "future_value", "down_payment", "loan_amount", "converted"})
#: How words of prices and rents begin; those of a building's age speak of another year.
_PRICED = ("preci", "price", "cost", "cuest", "vale", "valdr", "valia", "metro", "alquil", "arriend", "rent", "canon")
_BUILT = ("constru", "built", "edific", "entreg", "estren")
#: The longest message, in words, that takes up a place told before without naming it.
_FEW_WORDS = 6
_MARKET = "market_research"
#: What a time gone by turns into how the market moved, and what is gone on with.
_LEVELS, _GONE_ON = frozenset({"search", "area_stats", "trend"}), ("area_stats", "trend")


def asked_by_words(
    message: Message, decided: Decided, deal: Mapping[str, Any], known: Mapping[str, Any]
) -> tuple[intent.Intent, dict[str, Any]]:
    """The intent, and entries of the request, after the questions that words alone ask: no trained reader knows them.

    One of them counts, the one that needs most: a tax on figures that were told; what may go wrong with one purchase whose
    price was told; a return asked by its name; the price of a characteristic; else prices of a year, and what of a market is
    asked. So the risk of a purchase is the return's, that of a place the market's.
    """
    meant = decided.meant
    of_a_return = replace(meant, routes=("roi",), small_talk=None)
    if _asks_for_trust(message, meant, deal, known):
        of_rules = replace(meant, routes=(_MARKET,), small_talk=None, wishes=meant.wishes | {"market": [], "price": []})
        return of_rules, {"tax": {"rules": "buy"}, "foreign": "buyer"}
    if tax := _tax(message, meant, deal, known) or _tax_of_a_sale(message, deal, known):
        return (of_a_return if tax.get("measures") else meant), {"tax": tax}
    if risk := _risk(message, meant, deal, known):
        residence = residence_of(message.tokens)
        return of_a_return, {"risk": risk} | ({"residence": residence} if residence else {})
    if _asks_a_return(message, meant, deal):
        return of_a_return, {}
    if effects := _effects(message, meant, deal, known):
        return replace(meant, routes=("price_prediction",), small_talk=None), {"effects": effects}
    if _asks_accuracy(message, meant, known):
        return replace(meant, routes=("price_prediction",), small_talk=None), {"accuracy": True}
    meant = _of_the_same_market(message, _of_a_year(message, meant), known)
    placed = bool(message.about or message.said.references or known.get("city") or known.get("neighbourhood"))
    follows = placed and not message.about and not message.injected and len(message.tokens) <= _FEW_WORDS
    refined = refine(meant, decided.stream, decided.context, placed, follows)
    if refined.routes == ("market_research",) and buys_abroad(message.tokens) and any(p.country == "MX" for p in message.about):
        # a foreigner's purchase in Mexico may need a trust: what it costs is told beside the adverts
        return refined, {"tax": {"rules": "buy", "beside": True}}
    return refined, {}


def _of_the_same_market(message: Message, meant: intent.Intent, known: Mapping[str, Any]) -> intent.Intent:
    """What of a market is asked by a few words that name only its prices or its rents ("¿y los alquileres?") goes on with what
    was asked of it; a time gone by ("¿y hace un año?") asks how it moved."""
    if meant.routes != (_MARKET,) or message.injected:
        return meant
    said, now = message.said, set(meant.wishes.get("market", ()))
    described = bool(said.types or said.features or said.refused_features)
    past = any(a.role == "past" and a.unit != "refused" for a in message.amounts) or past_span(message.tokens)
    if past and now <= _LEVELS and not described:
        return replace(meant, wishes=meant.wishes | {"market": ["trend"]})
    before = [m for m in (known.get("_request") or {}).get("market") or () if m in _GONE_ON]
    alone = message.follow_up and len(message.tokens) <= _FEW_WORDS and not (message.amounts or message.about or described)
    if alone and before and now == {"search"} and said.operation in ("rent", "buy"):
        return replace(meant, wishes=meant.wishes | {"market": before})
    return meant


def _asks_for_trust(message: Message, meant: intent.Intent, deal: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether it is asked if a home in Mexico has to be bought through the trust of foreigners, and no measure of it."""
    there = any(p.country == "MX" for p in message.about) or (not message.about and known.get("country") == "MX")
    taken = message.injected or meant.human_reason is not None or deal.get("turn")
    return there and not taken and asks_for_trust(message.tokens)


def _tax(message: Message, meant: intent.Intent, deal: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of taxes, where a return or a sale was told to reckon them on; none of a person's own case. The rules alone
    are asked of those whom the question went to anyway."""
    if message.injected or meant.human_reason is not None or "human" in meant.routes or message.told.several:
        return {}
    told = {name: known.get(name) for name in ("price", "monthly_rent", "rate_pct", "loan_amount")}
    before = (known.get("_request") or {}).get("tax")
    found = tax_question(message.tokens, message.amounts, told | {k: v for k, v in deal.items() if v}, before)
    general = "roi" in meant.routes or meant.routes == ("market_research",)
    return found if found.get("measures") or general else {}


def _effects(message: Message, meant: intent.Intent, deal: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Characteristics whose price is asked, where no figure of one home is told and no return is spoken of."""
    taken = set(meant.routes) - {"price_prediction", "market_research", "comparison", "none"}
    if taken == {"roi"} and not (deal.get("price") or deal.get("rent") or known.get("price")):
        taken = set()  # "¿cuánto suma el ascensor?" sounds like a sum of costs
    figures = any(a.kind in ("money", "area", "percent", "years", "months") for a in message.amounts)
    if message.injected or meant.human_reason is not None or taken or figures or message.told.several:
        return []
    named = [*message.said.features, *message.said.refused_features]
    before = (known.get("_request") or {}).get("effects") or ()
    return effect_question(message.tokens, named, before, bool(message.about))


def _asks_accuracy(message: Message, meant: intent.Intent, known: Mapping[str, Any]) -> bool:
    """Whether the error of our own values is asked, of no home in particular; a few words with a place ask it again."""
    others = {"human", "lead_qualification", "comparison"} & set(meant.routes)
    figures = any(a.kind in ("money", "area") for a in message.amounts)
    if others or figures or message.injected or message.told.several:
        return False
    before = (known.get("_request") or {}).get("accuracy") and message.about and not message.said.types
    return asks_accuracy(message.tokens) or bool(before and message.follow_up and len(message.tokens) <= _FEW_WORDS)


def _of_a_year(message: Message, meant: intent.Intent) -> intent.Intent:
    """Prices or rents of one calendar year and of no home in particular: those of a year to come are forecast, those of a year
    gone by are how the market moved. The trained readers take both for the level asked today."""
    plain = meant.routes in (("market_research",), ("price_prediction",)) and message.about and not message.injected
    priced = any(t.text.startswith(_PRICED) for t in message.tokens) and not any(
        t.text.startswith(_BUILT) for t in message.tokens)
    if not plain or not priced or [a.kind for a in message.amounts] != ["year"] or message.said.references:
        return meant
    year, now = int(message.amounts[0].value), clock.now().year
    asked = {name: list(meant.wishes.get(name, ())) for name in ("market", "price")}
    if year > now and "forecast" not in asked["price"]:
        return replace(meant, routes=("price_prediction",), wishes=meant.wishes | {"price": ["forecast"], "market": []})
    if year < now and not set(asked["market"]) - {"area_stats", "search"}:
        return replace(meant, routes=("market_research",), wishes=meant.wishes | {"price": [], "market": ["trend"]})
    return meant


def _tax_of_a_sale(message: Message, deal: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """After a question for a tax, a sale asks for the tax of that ("and on selling it for 4 million in 6 years?")."""
    before = (known.get("_request") or {}).get("tax") or {}
    sold = message.supposed.sold and deal.get("sale") and before.get("measures") and not message.injected
    return {**before, "measures": ["sale_taxes", "sale_proceeds"]} if sold else {}


def _asks_a_return(message: Message, meant: intent.Intent, deal: Mapping[str, Any]) -> bool:
    """Whether a measure is surely asked by name and can be worked out, though the words around it speak of a search or of
    nothing ("Torrefiel, 3 habitaciones: piden 164.500 y el inquilino paga 895. ¿Bruta?"). A square metre may be its price's, a
    share of an amount anything's."""
    if message.injected or meant.routes not in (("none",), ("market_research",), ("lead_qualification",)):
        return False
    if meant.routes == ("lead_qualification",) and (message.amounts or deal.get("turn") != ["price_for_yield"]):
        return False  # "¿hasta cuánto puedo ofrecer?" for the return told before is no offer yet
    turn = [m for m in deal.get("turn") or () if m not in _ANYTHINGS]
    named = {h.cue.route for h in message.seen.hits}
    return any(m in named and message.wanted.get(m, 0.0) >= _SURELY and feasible(m, deal) for m in turn)


def _risk(message: Message, meant: intent.Intent, deal: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """What the message asks the risk of, where it speaks of one purchase whose price was told: an area has no such risk."""
    if message.injected or message.told.several or "human" in meant.routes or isinstance(known.get("price"), list):
        return None
    let = bool(deal.get("rent") or deal.get("nightly") or known.get("monthly_rent"))
    if "price_prediction" in meant.routes and not let:
        return None  # "proyécteme el valor, con un escenario bueno y uno malo" is of the price alone
    priced = bool(deal.get("price")) or known.get("price") is not None
    there = known.get("city")
    elsewhere = [p for p in message.about if p.level in ("city", "neighbourhood") and (p.city or p.name) != there]
    if isinstance(there, str) and elsewhere and not message.plain:
        return None  # "¿qué tan riesgoso es invertir en Polanco?" after a purchase in Valencia is of that place
    return asked_risk(message.tokens, [amount.first for amount in message.plain]) if priced else None


def of_one(message: Message, meant: intent.Intent, deal: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether a comparison is of one property with itself: "deme la bruta y la neta, ambas sobre 240"."""
    places = {p.name for p in message.about if p.level in ("city", "neighbourhood", "other")}
    several = len(places) > 1 or isinstance(known.get("city"), list) or len(set(message.said.types_at.values())) > 1
    return "comparison" in meant.routes and bool(deal.get("turn")) and not several and len(message.told.records) < 2
