"""Which properties a question about returns is of, and which measures of each it asks, the asked one first.

A plain "what does it return" is the gross yield, with the net one and its visible assumptions where the country is known.
"""

from __future__ import annotations

import re

from agents.option_figures import figures_of, told
from agents.playbook import Arguments, Known
from agents.roi_deal import deal_measures
from agents.roi_figures import LOAN_SLOTS, amount, country_of, financing, flows_of, loan_of, rent_of
from agents.slot_values import many, nth, one
from knowledge.understanding.text import fold
from tools.returns import HOUSING

#: What understanding calls a measure -> what the calculator does; the calculator's own names pass as they are.
_MEASURES = {"cash_flow": "cash_flow_month", "break_even": "break_even_rent", "operating_costs": "noi"} | {
    name: name for name in (
        "gross_yield", "net_yield", "noi", "cap_rate", "years_of_rent", "payback_years", "price_per_m2",
        "acquisition_costs", "legal_rent_cap", "loan_amount", "monthly_payment", "total_interest", "loan_to_value",
        "down_payment",
        "affordable_loan", "rent_minus_payment", "cash_flow_month", "cash_flow_year", "cash_on_cash", "dscr",
        "break_even_rent", "break_even_occupancy", "irr", "levered_irr", "npv", "equity_at_horizon", "rent_for_yield",
        "price_for_yield",
    )
}
#: Measures that need no rent.
NO_RENT_NEEDED = frozenset({"break_even_rent", "price_per_m2", "acquisition_costs", "loan_amount", "monthly_payment",
                             "total_interest", "loan_to_value", "affordable_loan", "equity_at_horizon", "rent_for_yield"})
#: What is said of a purchase with its loan: where one of these is asked, it leads and the payment follows.
_OF_THE_LOAN = ("cash_on_cash", "cash_flow_month", "cash_flow_year", "dscr", "levered_irr", "break_even_rent",
                "break_even_occupancy")
_YIELDS = frozenset({"gross_yield", "net_yield", "legal_rent_cap"})
_GROSS, _NET = re.compile(r"\b(?:brut|gross)"), re.compile(r"\b(?:net[oa]s?\b|net (?:yield|return|rent)|limpio)")
#: The return itself, by whatever name.
_RETURN = re.compile(r"\b(?:returns?|yields?|rentabilidad|rendimiento|retorno)\b")
#: Measures asked of a return that the country's rules answer where nothing of them was told.
_BY_RULE = frozenset({"purchase_costs", "total_outlay"})
#: Properties that one answer sets side by side.
MOST_COMPARED = 6
_OPTION = {"es": "Opción", "en": "Option"}


def options(known: Known) -> list[Arguments]:
    """What each property has of its own; one entry without anything for the property that the slots describe."""
    stated = [(i, o) for i, o in enumerate(known.request.get("options") or ()) if told(o)]
    if len(stated) > 1:
        named = _named(known, [o for _, o in stated])
        return [
            {"label": f"{_OPTION[known.brief.language]} {'ABCDEF'[i]}" if str(o.get("label") or i).isdigit() else o["label"]}
            | {name: o[name] for name in ("country", "city", "currency", "property_type") if o.get(name)}
            | figures_of(known.brief, o, i + 1)
            for i, o in stated[:MOST_COMPARED] if not named or o in named
        ]
    prices, rents = many(known.slots.get("price")), many(known.slots.get("monthly_rent"))
    count = min(MOST_COMPARED, max(len(prices), len(rents)))
    if count > 1:
        places = [many(known.slots.get(name)) for name in ("neighbourhood", "city")]
        names = next((names for names in places if len(names) == count), list("ABCDEF"))
        return [{"label": str(names[i]), "price": nth(prices, i), "monthly_rent": nth(rents, i)} for i in range(count)]
    if "price" not in known.brief.turn_slots:
        listed = [r for r in known.brief.references if r.get("kind") == "listing" and str(r.get("id")).isdigit()]
        if listed:
            rent = one(known.slots.get("monthly_rent")) if len(listed) == 1 else None
            return [{"listing_id": int(r["id"]), "label": r.get("title") or "", "price": None, "area_m2": None,
                     "monthly_rent": rent} for r in listed[:MOST_COMPARED]]
    return [{}]


def _named(known: Known, stated: list[Arguments]) -> list[Arguments]:
    """The options that this message names by their place ("the Narvarte one"), where it tells no figures of its own."""
    turn = known.brief.turn_slots
    names = {str(name) for slot in ("neighbourhood", "city") for name in many(turn.get(slot))}
    if {"price", "monthly_rent"} & set(turn):
        return []
    return [o for o in stated if names & {o.get("label"), o.get("neighbourhood")}]


def measures(known: Known) -> list[str]:
    """The calculator's measures, the asked one first."""
    if told := deal_measures(known):
        return told
    found = _asked(known)
    if rent_of(known).get("rent_is_net"):
        return list(dict.fromkeys("net_yield" if m == "gross_yield" else m for m in found if m != "legal_rent_cap"))
    beside = {"net_yield"} if flows_of(known) else {
        "net_yield", "cap_rate", "noi", "irr", "levered_irr", "npv", "dscr", "cash_on_cash"}
    if beside & set(found) and "gross_yield" not in found:
        found.append("gross_yield")
    return found


def _asked(known: Known) -> list[str]:
    question = fold(known.brief.question)
    named = _named_measures(known)
    if known.request.get("rate_moves") and not set(named) & set(_OF_THE_LOAN):  # "and if the rate rises two points?"
        named = ["monthly_payment", *(m for m in named if m == "gross_yield" and _GROSS.search(question))]
    asked = list(dict.fromkeys(_MEASURES[m] for m in named if m in _MEASURES))
    if "noi" in asked and "noi" not in named:  # running costs are spoken of with a yield more often than asked for
        asked = [*(m for m in asked if m != "noi"), *(() if set(asked) - {"noi", "gross_yield"} else ("noi",))]
    if known.request.get("cash_flows"):
        return ["npv", "irr"] if asked[:1] == ["npv"] else ["irr", *(m for m in asked if m == "npv")]
    if amount(known.request.get("affordable_payment")) is not None and "affordable_loan" in asked:
        return ["affordable_loan"]
    if amount(known.request.get("target_yield_pct")) is not None:
        if rent_of(known) and one(known.slots.get("price")) is None:
            return ["price_for_yield"]
        return [*(("gross_yield",) if rent_of(known) else ()), "rent_for_yield"]
    if "npv" in asked and one(known.slots.get("loan_amount")) is None:  # the percentage is what money costs, not a loan's
        asked = [m for m in asked if m != "monthly_payment"]
    if "payback_years" in asked:  # "break even" is then said of the years
        asked = [m for m in asked if m != "break_even_rent"]
    if "cash_flow_month" in asked and not LOAN_SLOTS & set(known.slots):  # the payment is one of the stated costs
        asked = [m for m in asked if m != "monthly_payment"]
    said_yield = bool(_GROSS.search(question) or _NET.search(question))
    # "return" alone is heard as a gross yield; only the word itself asks for it before anything else
    special = [m for m in asked if m != "gross_yield" or _GROSS.search(question)]
    if "monthly_payment" in special or (financing(known) and not said_yield and not set(special) - _YIELDS):
        rest = [m for m in special if m not in ("monthly_payment", "gross_yield", "net_yield", "legal_rent_cap")]
        leads = [m for m in rest if m in _OF_THE_LOAN] or _plain_return(known)
        return [*leads, *_loan_view(known, [m for m in rest if m not in leads])]
    if special:
        return special + (["gross_yield"] if "gross_yield" in asked and "gross_yield" not in special else [])
    found = ["gross_yield"]
    if not known.brief.uncovered and (country_of(known) or known.request.get("costs")):
        found.append("net_yield")
    if country_of(known) == "CO" and one(known.slots.get("property_type")) in HOUSING and not known.brief.uncovered:
        found.append("legal_rent_cap")
    return found


def _plain_return(known: Known) -> list[str]:
    """The yields of a purchase whose price and rent are told, where its return is asked beside a loan."""
    if not _RETURN.search(fold(known.brief.question)) or not rent_of(known) or one(known.slots.get("price")) is None:
        return []
    return ["gross_yield", *(("net_yield",) if country_of(known) and not known.brief.uncovered else ())]


def _named_measures(known: Known) -> list[str]:
    """The measures that the message names, and those that only the country's rules can answer."""
    named = list(known.request.get("measures") or ())
    if "monthly_rent" in known.brief.turn_slots and "gross_yield" in named and "acquisition_costs" not in named:
        return named  # "¿y cuánto rinde si la alquilo a 1.200?" after the costs of the purchase
    by_rule = _BY_RULE & set((known.request.get("deal") or {}).get("asked") or ())
    return ["acquisition_costs", *(m for m in named if m != "gross_yield")] if by_rule else named


def _loan_view(known: Known, rest: list[str]) -> list[str]:
    found = ["monthly_payment", *rest]
    if one(known.slots.get("down_payment_pct")) is not None and one(known.slots.get("loan_amount")) is None:
        found = ["loan_amount", "loan_to_value", *found]
    rented = bool(rent_of(known)) or any(own.get("monthly_rent") for own in options(known))
    if rented and loan_of(known)[0] is None:
        found.append("rent_minus_payment")
    return list(dict.fromkeys(found))
