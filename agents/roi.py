"""The ROI specialist: returns, payments and costs from the investor's own figures, estimates only where they gave none.

Without a language model the playbook below decides what to calculate. The measures that the message names lead; a plain
"what does it return" is the gross yield, with the net one and its visible assumptions where the country is known.
"""

from __future__ import annotations

import re
from typing import Any

from agents.option_figures import figures_of, told
from agents.playbook import Arguments, Known, Playbook, Result, Step
from agents.roi_deal import deal_call, deal_conversion, deal_measures
from agents.roi_figures import (
    LOAN_SLOTS,
    amount,
    costs_of,
    financing,
    flows_of,
    loan_of,
    many,
    one,
    price_of,
    rate_kind_of,
    rent_of,
)
from agents.roi_risk import risk_asked, risk_call
from agents.roi_taxes import asks_taxes, rule_calls, tax_calls
from agents.specialist import Specialist
from knowledge.understanding.text import fold
from tools.area_rent import area_rent
from tools.currency import convert_currency
from tools.returns import HOUSING, analyse_returns
from tools.risk import analyse_risk
from tools.tax_rules import tax_rules
from tools.taxes import property_taxes

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
_NO_RENT_NEEDED = frozenset({"break_even_rent", "price_per_m2", "acquisition_costs", "loan_amount", "monthly_payment",
                             "total_interest", "loan_to_value", "affordable_loan", "equity_at_horizon", "rent_for_yield"})
#: What is said of a purchase with its loan: where one of these is asked, it leads and the payment follows.
_OF_THE_LOAN = ("cash_on_cash", "cash_flow_month", "cash_flow_year", "dscr", "levered_irr", "break_even_rent",
                "break_even_occupancy")
_YIELDS = frozenset({"gross_yield", "net_yield", "legal_rent_cap"})
_GROSS, _NET = re.compile(r"\b(?:brut|gross)"), re.compile(r"\b(?:net[oa]s?\b|net (?:yield|return|rent)|limpio)")
#: Measures asked of a return that the country's rules answer where nothing of them was told.
_BY_RULE = frozenset({"purchase_costs", "total_outlay"})
_COMPARED = 6
_OPTION = {"es": "Opción", "en": "Option"}


# which properties


def options(known: Known) -> list[Arguments]:
    """What each property has of its own; one entry without anything for the property that the slots describe."""
    stated = [(i, o) for i, o in enumerate(known.request.get("options") or ()) if told(o)]
    if len(stated) > 1:
        named = _named(known, [o for _, o in stated])
        return [
            {"label": f"{_OPTION[known.brief.language]} {'ABCDEF'[i]}" if str(o.get("label") or i).isdigit() else o["label"]}
            | {name: o[name] for name in ("country", "city", "currency", "property_type") if o.get(name)}
            | figures_of(known.brief, o, i + 1)
            for i, o in stated[:_COMPARED] if not named or o in named
        ]
    prices, rents = many(known.slots.get("price")), many(known.slots.get("monthly_rent"))
    count = min(_COMPARED, max(len(prices), len(rents)))
    if count > 1:
        places = [many(known.slots.get(name)) for name in ("neighbourhood", "city")]
        names = next((names for names in places if len(names) == count), list("ABCDEF"))
        return [{"label": str(names[i]), "price": _nth(prices, i), "monthly_rent": _nth(rents, i)} for i in range(count)]
    if "price" not in known.brief.turn_slots:
        listed = [r for r in known.brief.references if r.get("kind") == "listing" and str(r.get("id")).isdigit()]
        if listed:
            rent = one(known.slots.get("monthly_rent")) if len(listed) == 1 else None
            return [{"listing_id": int(r["id"]), "label": r.get("title") or "", "price": None, "area_m2": None,
                     "monthly_rent": rent} for r in listed[:_COMPARED]]
    return [{}]


def _named(known: Known, stated: list[Arguments]) -> list[Arguments]:
    """The options that this message names by their place ("the Narvarte one"), where it tells no figures of its own."""
    turn = known.brief.turn_slots
    names = {str(name) for slot in ("neighbourhood", "city") for name in many(turn.get(slot))}
    if {"price", "monthly_rent"} & set(turn):
        return []
    return [o for o in stated if names & {o.get("label"), o.get("neighbourhood")}]


def _nth(values: list[Any], index: int) -> Any:
    """The option's own value; a single one holds for all of them."""
    return values[index] if index < len(values) else values[0] if len(values) == 1 else None


# what is asked


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
        leads = [m for m in rest if m in _OF_THE_LOAN]
        return [*leads, *_loan_view(known, [m for m in rest if m not in leads])]
    if special:
        return special + (["gross_yield"] if "gross_yield" in asked and "gross_yield" not in special else [])
    found = ["gross_yield"]
    if not known.brief.uncovered and (_country(known) or known.request.get("costs")):
        found.append("net_yield")
    if _country(known) == "CO" and one(known.slots.get("property_type")) in HOUSING and not known.brief.uncovered:
        found.append("legal_rent_cap")
    return found


def _named_measures(known: Known) -> list[str]:
    """The measures that the message names, and those that only the country's rules can answer."""
    named = list(known.request.get("measures") or ())
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


def _country(known: Known) -> str | None:
    named = one(known.slots.get("country"))
    if named is None and "country" not in known.slots:
        return {"COP": "CO", "MXN": "MX"}.get(str(one(known.slots.get("currency"))))
    return str(named) if named else None


def _calculated(known: Known) -> bool:
    """Whether there is more to do than a conversion of money or what the tax tool answers."""
    if asks_taxes(known):
        return False
    if (known.request.get("deal") or {}).get("turn") == ["converted"]:
        return False
    return not known.request.get("convert") or bool(set(known.request.get("measures") or ()) - {"fx"})


# the calls


def conversion(known: Known) -> Arguments | list[Arguments] | None:
    if told := deal_conversion(known):
        return told
    wanted = known.request.get("convert") or {}
    let, currency = known.request.get("rent_currency"), one(known.slots.get("currency"))
    if let and currency and let != currency and one(known.slots.get("monthly_rent")) is not None:
        return {"amount": one(known.slots.get("monthly_rent")), "source_currency": let, "target_currency": currency,
                "rate": amount(known.request.get("stated_rate"))}
    if not all(wanted.get(name) for name in ("amount", "from", "to")):
        return None
    return {"amount": wanted["amount"], "source_currency": wanted["from"], "target_currency": wanted["to"]}


def rents(known: Known) -> list[Arguments] | None:
    """Where the investor gave no rent, or no price beside a rent, what the place says; one call a property or place."""
    told = bool(deal_measures(known)) and not (risk_asked(known) and not rent_of(known))
    if told or known.brief.uncovered or not _calculated(known) or set(measures(known)) <= _NO_RENT_NEEDED | {"irr"}:
        return None
    several = options(known)
    kind = one(known.slots.get("property_type"))
    if "listing_id" in several[0]:
        return None if several[0]["monthly_rent"] is not None else [{"listing_id": o["listing_id"]} for o in several]
    price, area = price_of(known, *loan_of(known)), one(known.slots.get("area_m2"))
    if len(several) > 1 or (rent_of(known) and (price is not None or area is None)):
        return None
    country, city = one(known.slots.get("country")), known.slots.get("city")
    inside = known.slots.get("neighbourhood")
    places = [{"city": one(city), "neighbourhood": n} for n in many(inside)] or [{"city": c} for c in many(city)]
    if len(places) > 1 and price is not None:
        return None
    return [
        {"country": country, "property_type": kind, "area_m2": area} | place for place in places[:_COMPARED]
    ] or None


def _estimated(result: Result | None, name: str) -> float | None:
    fact = result.facts.get(result.data.get(name) or "") if result else None
    return float(fact.value) if fact else None


def analyses(known: Known) -> list[Arguments] | None:
    """One call a property with all that is known of it; None where there is nothing to calculate with."""
    if not _calculated(known) or risk_asked(known):
        return None
    if (told := deal_call(known)) is not None:
        return [told]
    several = options(known)
    found = known.results.get("rent") or []
    calls = [
        _analysis(known, own, i + 1 if len(several) > 1 else None, found[i] if len(found) == len(several) else None)
        for i, own in enumerate(several)
    ]
    inputs = {"price", "monthly_rent", "annual_rent", "loan_amount", "cash_flows", "affordable_payment", "listing_id"}
    return [call for call in calls if inputs & {k for k, v in call.items() if v is not None}] or None


def risk(known: Known) -> Arguments | None:
    """The call for the risk of the one property spoken of."""
    several = options(known)
    if len(several) > 1 or asks_taxes(known):
        return None
    found = known.results.get("rent") or []
    return risk_call(known, lambda all_known: _analysis(all_known, several[0], None, found[0] if found else None))


def _analysis(known: Known, own: Arguments, among_several: int | None, rent: Result | None) -> Arguments:
    """The call for one property; `among_several` is its number where there are others."""
    slots, request, outside = known.slots, known.request, bool(known.brief.uncovered)
    loan, loan_is_price = (None, False) if among_several else loan_of(known)
    call: Arguments = {
        "price": price_of(known, loan, loan_is_price), "loan_amount": loan, "area_m2": one(slots.get("area_m2")),
        "currency": one(slots.get("currency")), "outside_markets": outside or None,
        "country": None if outside else one(slots.get("country")), "city": None if outside else one(slots.get("city")),
        "property_type": one(slots.get("property_type")), "costs": costs_of(known, own.get("label"), among_several or 1),
        "purchase_costs": amount(request.get("purchase_costs")), "net_yield_on": request.get("base"),
        "vacancy_pct": amount(request.get("vacancy_pct")), "growth_pct": amount(request.get("growth_pct")),
        "rent_growth_pct": amount(request.get("rent_growth_pct")),
        "affordable_payment": amount(request.get("affordable_payment")),
        "target_yield_pct": amount(request.get("target_yield_pct")), "rate_moves": amount(request.get("rate_moves")),
        "own_cash": amount(request.get("down_payment")),
        "rate_pct": one(slots.get("rate_pct")), "rate_kind": rate_kind_of(known), "term_years": one(slots.get("term_years")),
        "down_payment_pct": one(slots.get("down_payment_pct")), "horizon_years": one(slots.get("horizon_years")),
        "cash_flows": flows_of(known), "measures": measures(known),
    } | ({} if among_several else rent_of(known)) | own
    if request.get("rent_currency") and call.get("monthly_rent") is not None:
        call["monthly_rent"] = _estimated(known.first("convert"), "converted")
    if among_several:
        call["measures"] = _measures_beside(call, list(request.get("measures") or ()))
    if "npv" in call["measures"] and call["loan_amount"] is None and call["term_years"] is None:
        call |= {"discount_pct": call["rate_pct"], "rate_pct": None, "rate_kind": None}
    if call.get("loan_amount") is None and {"rate_pct", "term_years"} & {k for k in call if call[k] is None}:
        call["example_loan"] = "monthly_payment" in call["measures"] or None
    if not call.get("monthly_rent") and not call.get("annual_rent"):
        if call["price"] is not None or "listing_id" in call:  # an estimated rent alone is no figure of the investor's
            call["monthly_rent"] = _estimated(rent, "estimated_rent")
    elif call.get("price") is None and "listing_id" not in call:
        call["price"] = _estimated(rent, "estimated_price")
    if "features" in slots and "new_build" in many(slots["features"]):
        call["new_build"] = True
    return call


def _measures_beside(call: Arguments, named: list[str]) -> list[str]:
    """The measures of one option among several: those asked, and what its own costs and loan allow."""
    unasked = {"legal_rent_cap", "years_of_rent"} | (set() if "loan_to_value" in named else {"loan_to_value"})
    found = [m for m in call["measures"] if m not in unasked]
    income = call.get("monthly_rent") is not None or call.get("annual_rent") is not None
    borrowed = call.get("loan_amount") is not None or call.get("down_payment_pct") is not None
    if borrowed and call.get("rate_pct") is not None and call.get("term_years") is not None:
        found += ["monthly_payment", "total_interest"]
    if not income and call.get("price") is None:
        return list(dict.fromkeys(m for m in found if m in ("loan_amount", "monthly_payment", "total_interest")))
    if income and (call.get("costs") or call.get("rent_is_net") or call.get("vacancy_pct") is not None):
        found.append("net_yield")
    if call.get("rent_is_net"):
        found = [m for m in found if m != "gross_yield"]
    return list(dict.fromkeys([*found, *(("price_per_m2",) if call.get("area_m2") else ()), "years_of_rent"]))


SPECIALIST = Specialist(
    name="roi",
    tools=(analyse_returns, analyse_risk, area_rent, convert_currency, property_taxes, tax_rules),
    playbook=Playbook(
        template="roi",
        steps=(
            Step("convert", "convert_currency", conversion),
            Step("rent", "area_rent", rents),
            Step("taxes", "property_taxes", tax_calls),
            Step("rules", "tax_rules", rule_calls),
            Step("analysis", "analyse_returns", analyses, after=("rent", "convert")),
            Step("risk", "analyse_risk", risk, after=("rent", "convert")),
        ),
    ),
)
