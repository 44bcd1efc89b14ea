"""The lead specialist: writes down what a person wants, asks one thing at a time, and contact data only with consent.

Which question comes next is decided by the tool from what the lead already holds, so that both brains ask alike.
"""

from __future__ import annotations

from typing import Any

from agents.playbook import Arguments, Known, Playbook, Step
from agents.specialist import Specialist
from tools.cases import open_case
from tools.leads import count_listings, papers_to_sell, save_lead

_WISHES = ("sell", "visit", "offer", "reserve", "contact", "buy", "rent")
_ABOUT_ONE = ("visit", "offer", "reserve")
_COUNTED = ("country", "city", "neighbourhood", "property_type", "budget_max", "currency")
_NEW_COUNT = frozenset({"city", "neighbourhood", "property_type", "budget_max"})

_SINGLE = ("operation", "country", "budget_max", "budget_min", "price", "currency", "area_m2", "bedrooms", "purpose",
           "timeline", "name", "email", "phone")


def _one(value: Any) -> Any:
    """A slot's value, or None where several were named."""
    return None if isinstance(value, (list, tuple)) else value


def _wish(known: Known) -> str | None:
    said = known.request.get("wish") or ()
    named = [said] if isinstance(said, str) else list(said)
    return next((wish for wish in _WISHES if wish in named), None)


def _reference(known: Known, wish: str | None) -> dict[str, Any]:
    """The listing or project meant: one pointed at, or the only one shown where the wish is about one."""
    brief = known.brief
    if brief.references:
        row = brief.references[0]
    elif wish in _ABOUT_ONE and len(brief.shown) == 1 and not (brief.turn_slots.keys() & {"city", "neighbourhood"}):
        row = brief.shown[0]
    else:
        return {}
    if row.get("kind", "listing") == "listing" and str(row["id"]).isdigit():
        return {"listing_id": int(row["id"])}
    return {"subject": row["title"]}


def lead(known: Known) -> Arguments | None:
    slots = known.slots
    wish = _wish(known)
    cities = slots.get("city") or []
    served = [city for city in ([cities] if isinstance(cities, str) else cities) if city not in known.brief.uncovered]
    if known.brief.uncovered and not (served or slots.get("neighbourhood")):
        return None  # nobody here serves that place
    return {
        "wish": wish, **{name: slots.get(name) for name in ("city", "neighbourhood", "property_type")},
        **{name: _one(slots.get(name)) for name in _SINGLE}, **_reference(known, wish),
        "refuses_contact": bool(known.request.get("refuses_contact")) or None,
    }


def matching(known: Known) -> Arguments | None:
    """The count of matching adverts, when this message said something that it depends on."""
    saved = known.first("save")
    assert saved is not None
    arguments = {name: _one(known.slots.get(name)) for name in _COUNTED} | {"operation": saved.data["needs"].get("operation")}
    if saved.data["refused_now"]:
        return None
    named = arguments["city"] or arguments["neighbourhood"]
    new = known.brief.turn_slots.keys() & _NEW_COUNT
    return arguments if named and new and arguments["operation"] != "sell" else None


def _about_many(known: Known) -> bool:
    saved = known.first("save")
    return saved is not None and saved.error is None and saved.data["wish"] not in (*_ABOUT_ONE, "sell")


def _papers(known: Known) -> bool:
    saved = known.first("save")
    return bool(saved and saved.error is None and saved.data["papers_asked"] and saved.data["needs"].get("operation") == "sell")


SPECIALIST = Specialist(
    name="lead_qualification",
    tools=(save_lead, count_listings, papers_to_sell, open_case),
    playbook=Playbook(
        template="lead_qualification",
        steps=(
            Step("save", "save_lead", lead),
            Step("count", "count_listings", matching, when=_about_many, after=("save",)),
            Step("papers", "papers_to_sell", lambda known: {"country": _one(known.slots.get("country"))}, when=_papers,
                 after=("save",)),
        ),
    ),
)
