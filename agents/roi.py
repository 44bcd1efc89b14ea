"""The ROI specialist: returns, payments and costs from the investor's own figures, estimates only where they gave none.

Without a language model the playbook below decides what to calculate; `roi_asked` says which measures of which properties.
"""

from __future__ import annotations

from agents.playbook import Arguments, Known, Playbook, Result, Step
from agents.roi_asked import MOST_COMPARED, NO_RENT_NEEDED, measures, options
from agents.roi_deal import deal_arguments, deal_call, deal_conversion, deal_measures, deal_place
from agents.roi_figures import (
    amount,
    costs_of,
    country_of,
    flows_of,
    foreign,
    loan_of,
    new_build_of,
    price_of,
    rate_kind_of,
    rent_of,
    valued,
)
from agents.roi_risk import risk_asked, risk_call
from agents.roi_taxes import asks_taxes, rule_calls, tax_calls
from agents.slot_values import many, one
from agents.specialist import Specialist
from tools.area_rent import area_rent
from tools.currency import convert_currency
from tools.returns import analyse_returns
from tools.risk import analyse_risk
from tools.tax_rules import tax_rules
from tools.taxes import property_taxes


def _calculated(known: Known) -> bool:
    """Whether there is more to do than a conversion of money or what the tax tool answers."""
    if asks_taxes(known):
        return False
    if known.request.get("shown_in") or (known.request.get("deal") or {}).get("turn") == ["converted"]:
        return False
    return not known.request.get("convert") or bool(set(known.request.get("measures") or ()) - {"fx"})


def conversion(known: Known) -> Arguments | list[Arguments] | None:
    if told := deal_conversion(known):
        return told
    if target := known.request.get("shown_in"):
        return _converted_to(known, str(target))
    wanted = known.request.get("convert") or {}
    let, currency = known.request.get("rent_currency"), one(known.slots.get("currency"))
    if let and currency and let != currency and one(known.slots.get("monthly_rent")) is not None:
        return {"amount": one(known.slots.get("monthly_rent")), "source_currency": let, "target_currency": currency,
                "rate": amount(known.request.get("stated_rate"))}
    if not all(wanted.get(name) for name in ("amount", "from", "to")):
        return None
    return {"amount": wanted["amount"], "source_currency": wanted["from"], "target_currency": wanted["to"]}


def _converted_to(known: Known, target: str) -> list[Arguments] | None:
    """Price and rent of the purchase in hand, in another currency."""
    told = deal_arguments(known.request.get("deal") or {}, [], known.brief.language, None)
    source = deal_place(known)["currency"]
    figures = [told.get(name) for name in ("price", "monthly_rent", "annual_rent", "sale_price")]
    if source is None or source == target:
        return None
    return [{"amount": figure, "source_currency": source, "target_currency": target} for figure in figures if figure]


def rents(known: Known) -> list[Arguments] | None:
    """Where the investor gave no rent, or no price beside a rent, what the place says; one call a property or place."""
    told = bool(deal_measures(known)) and not (risk_asked(known) and not rent_of(known))
    if told or known.brief.uncovered or not _calculated(known) or set(measures(known)) <= NO_RENT_NEEDED | {"irr"}:
        return None
    several = options(known)
    kind = one(known.slots.get("property_type"))
    if "listing_id" in several[0]:
        return None if several[0]["monthly_rent"] is not None else [{"listing_id": o["listing_id"]} for o in several]
    price, area = price_of(known, *loan_of(known)) or valued(known), one(known.slots.get("area_m2"))
    if len(several) > 1 or (rent_of(known) and (price is not None or area is None)):
        return None
    country, city = one(known.slots.get("country")), known.slots.get("city")
    inside = known.slots.get("neighbourhood")
    places = [{"city": one(city), "neighbourhood": n} for n in many(inside)] or [{"city": c} for c in many(city)]
    if len(places) > 1 and price is not None:
        return None
    return [
        {"country": country, "property_type": kind, "area_m2": area} | place for place in places[:MOST_COMPARED]
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
        "country": None if outside else country_of(known), "city": None if outside else one(slots.get("city")),
        **foreign(known),
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
        call["price"] = valued(known) or _estimated(rent, "estimated_price")
    if new_build_of(known):
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
