"""What is worth remembering of a turn, and what is remembered put to use in another conversation.

Remembered preferences never enter the slots of a conversation: they are laid under those of one brief, where the message
looks for something to buy, and only in places that it leaves empty. So what is said always wins, a general question stays
general, and what is erased is gone from the next answer on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from agents.playbook import Brief
from agents.rendering import figure
from core.facts import Fact, Source, Unit
from core.locale import CURRENCY_OF, Locale, country_name, day
from core.words import label, word
from graphs.state import Finding
from knowledge.understanding.memory_requests import asks_a_count, risk_appetite, speaks_of_horizon
from knowledge.understanding.tax_questions import foreign_buyer
from knowledge.understanding.tokens import normalise, tokenise
from tools.lead_needs import purpose_of

Preference = dict[str, Any]
#: In the order in which they are told.
NAMES = ("language", "register", "country", "currency", "city", "neighbourhood", "property_type", "bedrooms", "budget_min",
         "budget_max", "purpose", "horizon_years", "down_payment_pct", "risk", "residence")
_UNITS: dict[str, Unit] = {
    "budget_min": "money", "budget_max": "money", "bedrooms": "count", "horizon_years": "years", "down_payment_pct": "percent",
}
#: Where a tool's call shows that a preference counted.
_ARGUMENTS = {
    "budget_max": ("price_max", "budget_max", "amount"), "budget_min": ("price_min", "budget_min"),
    "property_type": ("property_type",), "city": ("city",), "bedrooms": ("bedrooms_min", "bedrooms_max", "bedrooms"),
    "purpose": ("purpose",),
}
_MONEY = ("price", "monthly_rent", "loan_amount", "budget_max", "budget_min")
_DWELLINGS = frozenset({"apartment", "house"})
_ABOUT_ONE = frozenset({"visit", "offer", "reserve"})
_LETTING = frozenset({"sell", "let", "rent"})


@dataclass(frozen=True, slots=True)
class Investor:
    """Whom a turn is for, where the conversation belongs to an investor. Nothing is remembered of one who did not consent."""

    visitor: str
    consented: bool
    preferences: Mapping[str, Preference] = field(default_factory=dict)

    def elsewhere(self, conversation_id: str) -> dict[str, Preference]:
        """What was told in other conversations: this one knows its own."""
        return {name: entry for name, entry in self.preferences.items() if entry["conversation"] != conversation_id}

    def greeting(self, country: str | None, language: str | None) -> dict[str, Any]:
        """How a new conversation begins: what its caller chose, else as remembered."""
        names = self.preferences.keys() & {"country", "language", "register"}
        kept = {name: self.preferences[name]["value"] for name in names}
        return kept | {name: value for name, value in (("country", country), ("language", language)) if value}


# ---- what a turn tells


def learned(
    understood: Mapping[str, Any], routes: Sequence[str], question: str, open_question: str | None
) -> dict[str, Preference]:
    """The stable preferences that this message tells: no figure of one deal or advert, nothing of a home that is valued."""
    if understood["injection"]:
        return {}
    tokens = tokenise(normalise(question))
    turn, slots = understood["turn_slots"], understood["slots"]
    own = CURRENCY_OF.get(str(understood["country"]))
    said: dict[str, Preference] = {"language": {"value": understood["answer_language"]}}
    if understood["register"] != "unknown":
        said["register"] = {"value": understood["register"]}
    if dialect := understood["request"].get("dialect"):
        said["country"] = {"value": dialect}
    looking = _looks_to_buy(understood, routes, turn)
    talking = looking or set(routes) == {"none"}
    if looking:
        said |= _of_slots(turn, slots, ("city", "neighbourhood", "country", "property_type", "bedrooms", "down_payment_pct"))
        if (slots.get("_last") or {}).get("currency") and turn.get("currency"):
            said["currency"] = {"value": turn["currency"]}
    if talking:
        said |= _of_slots(turn, slots, ("budget_min", "budget_max"), own)
        if purpose := purpose_of([question], answering=open_question == "purpose"):
            said["purpose"] = {"value": purpose}
    if speaks_of_horizon(tokens) and (years := _years_of(understood)):
        said["horizon_years"] = {"value": years}
    elif talking:
        said |= _of_slots(turn, slots, ("horizon_years",))
    if risk := risk_appetite(tokens):
        said["risk"] = {"value": risk}
    if foreign_buyer(tokens) == "buyer":
        said["residence"] = {"value": "abroad"}
    return said


def _looks_to_buy(understood: Mapping[str, Any], routes: Sequence[str], turn: Mapping[str, Any]) -> bool:
    """Whether homes to buy are looked for, by no one advert: what is told then holds for the next search too."""
    request, operation = understood["request"], understood["slots"].get("operation")
    if understood["references"] or understood["uncovered"] or operation == "sell":
        return False
    if set(request.get("wish") or ()) & (_LETTING | _ABOUT_ONE):
        return False
    if operation == "rent" and purpose_of([understood["text"]]) != "rent_out":
        return False
    if "lead_qualification" in routes:
        return True
    if request.get("order") or asks_a_count(tokenise(normalise(understood["text"]))):
        return False
    market = set(request.get("market") or ())
    wanted = not market and bool({"operation", "budget_max"} & set(turn))
    return "market_research" in routes and (market == {"search"} or wanted)


def _of_slots(
    told: Mapping[str, Any], slots: Mapping[str, Any], names: Iterable[str], currency: str | None = None
) -> dict[str, Preference]:
    found: dict[str, Preference] = {}
    for name in names:
        value = told.get(name)
        single = isinstance(value, (int, float, str)) and not isinstance(value, bool) and value not in (0, "")
        several = name == "city" and isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not single and not several:
            continue
        entry: Preference = {"value": value}
        if name in ("city", "neighbourhood") and isinstance(slots.get("country"), str):
            entry["country"] = slots["country"]
        if _UNITS.get(name) == "money":
            entry["currency"] = slots.get("currency") or currency
            if not isinstance(entry["currency"], str):
                continue  # nobody knows of what
        found[name] = entry
    return found


def _years_of(understood: Mapping[str, Any]) -> float | None:
    years = [q["value"] for q in understood["quantities"] if q["kind"] == "years"]
    return years[0] if len(years) == 1 else None


# ---- what is remembered, in another conversation


def recalled(brief: Brief, remembered: Mapping[str, Preference]) -> tuple[Brief, dict[str, Preference]]:
    """The brief with what is remembered under its slots, and what was laid under them."""
    if not remembered or brief.uncovered:
        return brief, {}
    fitting = _fitting(brief)
    slots = brief.slots
    used: dict[str, Preference] = {}
    if "budget" in fitting and not any(slots.get(name) for name in _MONEY):
        used |= {name: remembered[name] for name in ("budget_max", "budget_min") if name in remembered}
    for name in ("property_type", "purpose"):
        if name in fitting and name in remembered and not slots.get(name):
            used[name] = remembered[name]
    if used.get("property_type", {}).get("value") in (brief.request.get("refused_types") or ()):
        del used["property_type"]
    kind, usual = slots.get("property_type"), remembered.get("property_type", {}).get("value")
    same = usual in _DWELLINGS and kind in (None, usual)
    if "bedrooms" in fitting and "bedrooms" in remembered and not slots.get("bedrooms") and same:
        used["bedrooms"] = remembered["bedrooms"]
    if "city" in fitting and "city" in remembered and _placeless(brief, remembered["city"]):
        used["city"] = remembered["city"]
    laid = {name: entry["value"] for name, entry in used.items()}
    if "city" in used and remembered["city"].get("country"):
        laid["country"] = remembered["city"]["country"]
    if money := used.get("budget_max") or used.get("budget_min"):
        laid["currency"] = money["currency"]
    others = {name: entry for name, entry in remembered.items() if name not in slots and name not in laid}
    return replace(brief, slots={**slots, **laid}, remembered=_as_words(others)), used


def _fitting(brief: Brief) -> set[str]:
    """What may be taken from before: nothing for general questions, counts, orders, rents, or an advert pointed at."""
    request, operation = brief.request, brief.slots.get("operation")
    wish = set(request.get("wish") or ())
    tokens = tokenise(normalise(brief.question))
    if operation in ("rent", "sell") or wish & _LETTING or request.get("define"):
        return set()
    if brief.route == "lead_qualification":
        one = brief.references or wish & _ABOUT_ONE
        return {"budget", "purpose"} if one else {"budget", "purpose", "property_type", "bedrooms", "city"}
    market = set(request.get("market") or ())
    searching = market == {"search"} or (not market and operation == "buy")
    general = brief.references or request.get("order") or asks_a_count(tokens)
    if brief.route != "market_research" or not searching or general:
        return set()
    from agents.market_research import operation as offered
    from agents.playbook import Known

    return {"budget", "property_type", "bedrooms", "city"} if offered(Known(brief, {})) == "sale" else set()


def _placeless(brief: Brief, city: Preference) -> bool:
    slots = brief.slots
    if slots.get("city") or slots.get("neighbourhood") or brief.request.get("region") or brief.request.get("refused_places"):
        return False
    return slots.get("country") in (None, city.get("country"))


def _as_words(entries: Mapping[str, Preference]) -> dict[str, Any]:
    """As a model reads them: value, currency and the day they were told."""
    return {name: " ".join(str(part) for part in (entry["value"], entry.get("currency"), f"({entry['at'][:10]})") if part)
            for name, entry in entries.items()}


def facts_of(entries: Mapping[str, Preference], locale: Locale) -> dict[str, Fact]:
    """The figures among them, by name: the investor's own words, of another conversation."""
    return {
        name: Fact(
            name, float(entry["value"]), _UNITS[name],
            Source("user", entry["conversation"], label("earlier_conversation", locale)),
            currency=entry.get("currency"), as_of=entry["at"][:10],
        )
        for name, entry in entries.items() if name in _UNITS
    }


def with_recalled(finding: Finding, used: Mapping[str, Preference], locale: Locale) -> Finding:
    """The finding with the remembered preferences that its tools were called with, and their figures as facts."""
    counted = {name: entry for name, entry in used.items() if _counted(name, entry, finding["tool_calls"])}
    if counted:
        facts = [fact.to_dict() for fact in facts_of(counted, locale).values()]
        finding["artifacts"] = [*finding["artifacts"], {"facts": facts, "data": {"remembered": counted}}]
    return finding


def _counted(name: str, entry: Preference, calls: Sequence[Mapping[str, Any]]) -> bool:
    values = entry["value"] if isinstance(entry["value"], list) else [entry["value"]]
    return any(call["ok"] and call["args"].get(argument) in values for call in calls for argument in _ARGUMENTS[name])


def counted_in(artifacts: Sequence[Mapping[str, Any]]) -> dict[str, Preference]:
    """The remembered preferences that an answer rests on."""
    found: dict[str, Preference] = {}
    for artifact in artifacts:
        found |= (artifact.get("data") or {}).get("remembered") or {}
    return found


def told(entries: Mapping[str, Preference], locale: Locale) -> list[dict[str, Any]]:
    """For people, in a fixed order: `name`, what it is called, its value in words, the day and conversation it is from."""
    return [
        {"name": name, "label": label(f"preference_{name}", locale), "value": entries[name]["value"],
         "currency": entries[name].get("currency"), "shown": shown(name, entries[name], locale), "at": entries[name]["at"],
         "day": day(date.fromisoformat(entries[name]["at"][:10]), locale), "conversation": entries[name]["conversation"]}
        for name in NAMES if name in entries
    ]


def shown(name: str, entry: Preference, locale: Locale) -> str:
    """A preference's value as the reader's country writes it."""
    value = entry["value"]
    if name in _UNITS:
        return figure(facts_of({name: entry}, locale)[name], locale)
    if name == "country":
        return country_name(value, locale.language)
    if name == "property_type":
        return word(value, locale)
    if name in ("language", "register", "purpose", "risk", "residence"):
        return label(f"{name}_{value}", locale)
    return ", ".join(value) if isinstance(value, list) else str(value)
