"""The comparison specialist: two to six options side by side, each profiled in parallel, and a verdict by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.option_figures import figures_of, told
from agents.playbook import Arguments, Brief, Known, Playbook, Step
from agents.roi_deal import deal_arguments, measures_of
from agents.slot_values import many, one
from agents.specialist import Specialist
from core.locale import LOCALES
from core.words import word
from tools.compare import MEASURES, MOST, profile_option, weigh_options

_FIGURES = ("price", "monthly_rent", "area_m2")
#: Figures that `profile_option` takes by their own names; the others go in `more`.
_PLAIN = frozenset({"price", "monthly_rent", "annual_rent", "rent_is_net", "area_m2", "costs", "purchase_costs", "vacancy_pct",
                    "loan_amount", "down_payment_pct", "rate_pct", "rate_kind", "term_years"})
_OPTION = {"es": "Opción", "en": "Option"}
#: What understanding calls a measure -> the measure of an area, where the options are areas.
_OF_AREAS = {"gross_yield": "area_gross_yield", "price_per_m2": "price_m2_median", "price": "price_m2_median",
             "monthly_rent": "rent_m2_median"}


def options(brief: Brief) -> list[Arguments]:
    """The arguments of one `profile_option` call per option, in the order named; not cut to the most that fit."""
    referenced = [_of_reference(row) for row in brief.references]
    stated = [_of_request(brief, option, i + 1) for i, option in enumerate(brief.request.get("options") or ())]
    if stated:
        stated += _added(brief, stated)
    if len(referenced) > 1:
        found = referenced
    elif len(referenced) + len(stated) > 1:
        found = [*referenced, *stated]
    else:
        found = _of_slots(brief)
        found += [_area(brief, {"city": name}) for name in brief.uncovered
                  if not any(name == option.get("label") for option in found)]
        if len(found) < 2 and len(brief.shown) > 1 and not brief.turn_slots.keys() & {"city", "neighbourhood"}:
            found = [_of_reference(row) for row in brief.shown]
    return _distinct(found)


def _added(brief: Brief, stated: Sequence[Arguments]) -> list[Arguments]:
    """Places of this message that the options so far do not have: "and Lima?"."""
    have = {value for option in stated for value in (option["label"], option.get("city"), option.get("neighbourhood"))}
    places = [*_places(brief.turn_slots), *({"city": name} for name in brief.uncovered)]
    new = [_area(brief, place) for place in places if not have & {place.get("neighbourhood") or place["city"]}]
    return [option for i, option in enumerate(new) if option not in new[:i]]


def _area(brief: Brief, place: Arguments, property_type: str | None = None) -> Arguments:
    """An area by name; the country of the talk holds for places inside the markets only."""
    outside = place.get("city") in brief.uncovered
    return {
        "kind": "area", **place, "country": None if outside else _country(brief),
        "property_type": property_type or one(brief.slots.get("property_type")),
        "label": place.get("neighbourhood") or place["city"],
    }


def _of_reference(row: dict[str, Any]) -> Arguments:
    if row.get("kind", "listing") == "listing" and str(row["id"]).isdigit():
        return {"kind": "listing", "listing_id": int(row["id"]), "label": row.get("title")}
    return {"kind": "project", "project": str(row["id"]), "label": row.get("title")}


def _of_request(brief: Brief, option: dict[str, Any], number: int) -> Arguments:
    label = str(option.get("label") or "")
    if label.isdigit() or len(label) == 1:
        label = f"{_OPTION[brief.language]} {label}"
    common = {
        "label": label, "property_type": option.get("property_type") or one(brief.slots.get("property_type")),
        "country": None if label in brief.uncovered else option.get("country") or _country(brief),
        "city": option.get("city") or (one(brief.slots.get("city")) if option.get("neighbourhood") else None),
        "neighbourhood": option.get("neighbourhood"), "currency": one(brief.slots.get("currency")),
    }
    if option.get("listing_id"):
        return {"kind": "listing", "listing_id": int(option["listing_id"]), "label": label}
    if told(option) or not (option.get("city") or option.get("neighbourhood")):
        deal, named = option.get("deal") or {}, brief.request.get("measures") or ()
        measures = [name for name in named if name not in ("gross_yield", "price_per_m2")]
        if deal:
            asked = measures_of(deal) or measures
            call = deal_arguments(deal, asked, brief.language, option.get("rate_kind"))
            plain = {name: call.pop(name) for name in _PLAIN & call.keys()}
            more = {name: value for name, value in call.items() if value is not None and name != "measures"}
            if option.get("area_m2") is not None:
                plain["area_m2"] = option["area_m2"]
            others = brief.request.get("options") or ()
            if plain.get("costs") is None and any((o.get("deal") or {}).get("costs") for o in others):
                plain["costs"] = []  # none told of this one, where another has its own, is none to take off
            plain = {name: value for name, value in plain.items() if value is not None}
            return {"kind": "own_figures", **common, "currency": option.get("currency") or common["currency"], **plain,
                    "measures": asked or None, "more": more or None}
        return {"kind": "own_figures", **common, "currency": option.get("currency") or common["currency"],
                "measures": measures or None, **figures_of(brief, option, number)}
    return {"kind": "area", **{k: v for k, v in common.items() if k != "currency"}}


def _of_slots(brief: Brief) -> list[Arguments]:
    """Options from the slots where several values were named: places, figures or property types."""
    slots = brief.slots
    places = _places(slots)
    types = many(slots.get("property_type"))
    figures = {name: many(slots.get(name)) for name in _FIGURES}
    count = max((len(v) for v in figures.values() if len(v) > 1), default=0)
    locale = LOCALES[brief.locale]
    shared = {"country": _country(brief), "currency": one(slots.get("currency"))}
    if count > 1:
        named = [p.get("neighbourhood") or p.get("city") for p in places] if len(places) == count else []
        noun = word(types[0], locale).capitalize() if len(types) == 1 else _OPTION[brief.language]
        return [
            {"kind": "own_figures", **shared,
             "property_type": types[i] if len(types) == count else one(slots.get("property_type")),
             "label": named[i] if named else f"{noun} {i + 1}", **(places[i] if named else {}),
             **{name: values[i] for name, values in figures.items() if len(values) == count}}
            for i in range(count)
        ]
    if len(places) > 1:
        return [_area(brief, place, types[i] if len(types) == len(places) else None) for i, place in enumerate(places)]
    if len(places) == 1 and len(types) > 1:
        return [{**_area(brief, places[0], kind), "label": word(f"{kind}s", locale).capitalize()} for kind in types]
    return [_area(brief, place) for place in places]


def _places(slots: dict[str, Any]) -> list[Arguments]:
    cities, inner = many(slots.get("city")), many(slots.get("neighbourhood"))
    if len(inner) > 1 or (inner and len(cities) < 2):
        return [{"neighbourhood": name, "city": cities[i] if len(cities) == len(inner) else one(slots.get("city"))}
                for i, name in enumerate(inner)]
    return [{"city": name} for name in cities]


def _country(brief: Brief) -> Any:
    return one(brief.slots.get("country"))


def _distinct(found: Sequence[Arguments]) -> list[Arguments]:
    """The same option once; different options of one name are numbered, because the name is their column."""
    unique = [option for i, option in enumerate(found) if option not in found[:i]]
    labels = [str(option.get("label") or "") for option in unique]
    numbered = [f"{label} ({labels[: i + 1].count(label)})" if labels.count(label) > 1 else label
                for i, label in enumerate(labels)]
    return [{**option, "label": label} for option, label in zip(unique, numbered, strict=True)]


def profiles(known: Known) -> list[Arguments] | None:
    found = options(known.brief)
    return found[:MOST] if len(found) > 1 else None


def weighing(known: Known) -> Arguments | None:
    done = [result for result in known.results.get("profile", ()) if result.error is None]
    if not done:
        return None
    areas = all(result.data["kind"] == "area" for result in done)
    told = [m for o in known.request.get("options") or () for m in measures_of(o.get("deal") or {})[:1]]
    asked = next(iter(told or known.request.get("measures") or ()), None)
    asked = _OF_AREAS.get(asked or "", asked) if areas else asked
    return {
        "measure": asked if asked in MEASURES else None,
        "left_out": [option["label"] for option in options(known.brief)[MOST:]] or None,
        "budget_max": one(known.slots.get("budget_max")), "currency": one(known.slots.get("currency")),
    }


SPECIALIST = Specialist(
    name="comparison",
    tools=(profile_option, weigh_options),
    playbook=Playbook(
        template="comparison",
        steps=(
            Step("profile", "profile_option", profiles),
            Step("weigh", "weigh_options", weighing, after=("profile",)),
        ),
    ),
)
