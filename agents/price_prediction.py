"""The price specialist: what a property should ask, whether a price fits, and where prices are going.

Without a language model the playbook decides from `request["price"]` (value, fairness, forecast), `request["effects"]`
(characteristics whose price is asked) or `request["accuracy"]` (how far off values are), of which the last two come alone. A
value found in this turn is carried along the forecast; where the floor area is missing the level of the area stands in, never
a value.
"""

from __future__ import annotations

import re
from typing import Any

from agents.market_research import RENTS
from agents.playbook import Arguments, Known, Playbook, Step
from agents.roi_deal import deal_call
from agents.slot_values import many, nth, one
from agents.specialist import Specialist
from core import clock
from core.locale import CURRENCY_OF, LOCALES
from knowledge.understanding.effect_questions import ANY
from knowledge.understanding.text import fold
from tools.areas import area_statistics
from tools.comparables import similar_listings
from tools.currency import convert_currency
from tools.forecast import forecast_index
from tools.price_effects import price_effects
from tools.returns import analyse_returns
from tools.valuation import value_property
from tools.valuation_accuracy import valuation_accuracy

_MOST = 3
#: Asked for the change without inflation; folded. Not "real estate".
_REAL = re.compile(r"\b(?:terminos reales|real terms|inflacion|inflation|deflactad[oa]s?|poder adquisitivo|purchasing power)\b")


def aims(known: Known) -> set[str]:
    """value, fairness and forecast as asked; a horizon in this message asks for a forecast, anything else for a value. None of
    them where the price of a characteristic is asked.

    "And in three years?" after a value repeats no value: what was asked before is dropped.
    """
    if known.request.get("effects") or known.request.get("accuracy"):
        return set()
    named = set(known.request.get("price") or ())
    if "forecast" not in named and (_until(known) or "horizon_years" in known.brief.turn_slots):
        return {"forecast"}
    return named or {"value"}


def _until(known: Known) -> int | None:
    """Years until a calendar year to come that the message names."""
    year = known.request.get("year")
    ahead = int(year) - clock.now().year if isinstance(year, (int, float)) else 0
    return ahead if ahead > 0 else None


def horizon(known: Known) -> float | None:
    """Years from now, told as a span or as a calendar year."""
    years = one(known.slots.get("horizon_years"))
    if "horizon_years" not in known.brief.turn_slots:
        years = _until(known) or years
    return float(years) if isinstance(years, (int, float)) and years > 0 else None


def about_rent(known: Known) -> bool:
    """Rents are asked about, not prices."""
    return bool(RENTS.search(fold(known.brief.question))) and "value" not in aims(known)


def properties(known: Known) -> list[Arguments]:
    """Each property asked about with what is known of it; at most three."""
    slots, turn = known.slots, known.brief.turn_slots
    if not {"city", "neighbourhood", "area_m2"} & set(turn):
        listed = [r for r in known.brief.references if r.get("kind") == "listing" and str(r.get("id")).isdigit()]
        if listed:
            return [{"listing_id": int(r["id"])} for r in listed[:_MOST]]
    names = ("city", "neighbourhood", "property_type", "area_m2", "bedrooms", "bathrooms", "price")
    told = {name: many(slots.get(name)) for name in names}
    count = min(_MOST, max((len(values) for values in told.values()), default=0))
    lacking = many(known.request.get("refused_features"))
    if len(told["neighbourhood"]) != len(told["city"]) > 1:
        told["neighbourhood"] = []  # it lies in one of the cities, and nobody knows in which
    found = []
    for i in range(count):
        own = {name: nth(values, i) for name, values in told.items() if name != "price"}
        found.append(own | {
            "country": one(slots.get("country")), "asking_price": _price(known, nth(told["price"], i)),
            "currency": _currency(known), "features": many(slots.get("features")) or None, "lacking": lacking or None,
            "estrato": known.request.get("estrato"),
        })
    return found


def _price(known: Known, stated: Any) -> float | None:
    """A stated price, in the currency of the country where it was converted."""
    converted = known.first("convert")
    if converted is not None:
        fact = converted.facts.get(converted.data.get("converted") or "")
        if fact is not None:
            return float(fact.value)
    return float(stated) if isinstance(stated, (int, float)) else None


def _currency(known: Known) -> str | None:
    converted = known.first("convert")
    if converted is not None and converted.data.get("converted"):
        return str(converted.data["target"])
    named = one(known.slots.get("currency"))
    return str(named) if named in ("COP", "EUR", "MXN", "USD") else None


# the calls


def own_figures(known: Known) -> Arguments | None:
    """What a price comes to at the growth that the investor assumes: arithmetic, no forecast; for a price in another currency
    than the country's, the square metre in its own."""
    deal = known.request.get("deal") or {}
    if "future_value" in (deal.get("turn") or ()):
        return deal_call(known, {"turn": ["future_value"]})
    if conversion(known) is not None and deal.get("price") and deal.get("area_m2"):
        return deal_call(known, {"turn": ["price_per_m2"]})
    return None


def _grown(known: Known) -> bool:
    """Whether the investor's own growth was worked out."""
    own = known.first("own")
    return own is not None and "value_at_horizon" in (own.data.get("measures") or {})


def conversion(known: Known) -> Arguments | None:
    """An asking price in another currency, before it is compared with adverts."""
    amount, named = one(known.slots.get("price")), one(known.slots.get("currency"))
    target = CURRENCY_OF.get(str(one(known.slots.get("country"))))
    if known.brief.uncovered or not isinstance(amount, (int, float)) or not named or not target or named == target:
        return None
    return {"amount": amount, "source_currency": named, "target_currency": target}


def effects(known: Known) -> Arguments | None:
    """The characteristics asked about, where the message says; no names ask for the strongest."""
    asked = known.request.get("effects")
    if not asked or known.brief.uncovered:
        return None
    place = {name: one(known.slots.get(name)) for name in ("country", "city", "neighbourhood")}
    return place | {"characteristics": [name for name in asked if name != ANY] or None}


def accuracy(known: Known) -> Arguments | None:
    """The measured error of values, of a city where the message or the conversation names one, else of the reader's country."""
    if not known.request.get("accuracy") or known.brief.uncovered:
        return None
    country = one(known.slots.get("country")) or LOCALES[known.brief.locale].country
    return {"country": country or "", "city": one(known.slots.get("city"))}


def values(known: Known) -> list[Arguments] | None:
    """One call a property: for a value or a verdict, and before a forecast of a property whose size is known."""
    if known.request.get("effects") or known.request.get("accuracy"):
        return None
    found = properties(known)
    if _grown(known) and not any(_placed(p) for p in found):
        return None
    if known.brief.uncovered:  # only arithmetic on the investor's own figures
        return [
            {name: p.get(name) for name in ("area_m2", "asking_price", "currency")}
            for p in found if p.get("area_m2") and p.get("asking_price")
        ] or None
    if aims(known) & {"value", "fairness"}:
        return [p for p in found if p.get("listing_id") or p.get("area_m2") or _placed(p)] or None
    if about_rent(known) or len(found) != 1 or found[0].get("asking_price"):
        return None
    return found if found[0].get("listing_id") or (found[0].get("area_m2") and _placed(found[0])) else None


def _placed(described: Arguments) -> bool:
    return bool(described.get("city") or described.get("neighbourhood"))


def levels(known: Known) -> list[Arguments] | None:
    """Where the size is missing, what such properties ask per m2."""
    found = []
    for result in known.results.get("value") or ():
        gap = result.gap("missing_input")
        if gap is not None and gap.get("slot") == "area_m2":
            found.append({name: result.args.get(name) for name in ("country", "city", "neighbourhood", "property_type")}
                         | {"operation": "sale"})
    return found or None


def forecasts(known: Known) -> list[Arguments] | None:
    if known.brief.uncovered or "forecast" not in aims(known) or _grown(known):
        return None
    slots = known.slots
    value, currency = _today(known)
    metric = "rent" if about_rent(known) else "price"
    # a region is looked up by its name too: it is found among the series, or its country's is told as such
    cities, inside = many(slots.get("city")) or many(known.request.get("region")), many(slots.get("neighbourhood"))
    listed = known.first("value")
    if listed is not None and "listing_id" in listed.args and listed.data.get("city"):
        cities, inside = [listed.data["city"]], []
    if len(inside) != len(cities) > 1:
        inside = []
    count = min(_MOST, max(1, len(cities), len(inside)))
    real = bool(_REAL.search(fold(known.brief.question)))
    country = one(slots.get("country")) or (listed.data.get("country") if listed is not None else None)
    return [
        {"country": country, "city": nth(cities, i), "neighbourhood": nth(inside, i), "metric": metric,
         "horizon_years": horizon(known), "real": real, "value_today": value if count == 1 else None,
         "currency": currency if count == 1 and value is not None else None}
        for i in range(count)
    ]


def _today(known: Known) -> tuple[float | None, str | None]:
    """What one property is worth now: the price that the investor gave, else the value found in this turn."""
    if about_rent(known):
        rent = one(known.slots.get("monthly_rent"))
        return (float(rent), _currency(known)) if isinstance(rent, (int, float)) else (None, None)
    result = known.first("value")
    price = _price(known, one(known.slots.get("price")))
    if price is not None and not {"value", "fairness"} & aims(known):
        return price, _currency(known)
    fact = result.facts.get(result.data.get("value") or "") if result is not None else None
    if fact is not None:
        return float(fact.value), fact.currency
    return (price, _currency(known)) if price is not None else (None, None)


SPECIALIST = Specialist(
    name="price_prediction",
    tools=(value_property, similar_listings, forecast_index, area_statistics, price_effects,
           valuation_accuracy, convert_currency, analyse_returns),
    playbook=Playbook(
        template="price_prediction",
        steps=(
            Step("convert", "convert_currency", conversion),
            Step("own", "analyse_returns", own_figures),
            Step("value", "value_property", values, after=("convert", "own")),
            Step("effects", "price_effects", effects),
            Step("accuracy", "valuation_accuracy", accuracy),
            Step("level", "area_statistics", levels, after=("value",)),
            Step("forecast", "forecast_index", forecasts, after=("value",)),
        ),
    ),
)
