"""A tax question as calls of the tax tool: what was told of the purchase, the rent, the sale and the owner.

Where somebody only says that they live abroad, both cases are reckoned where it matters: Spain taxes a rent differently inside
and outside the EU.
"""

from __future__ import annotations

from typing import Any

from agents.playbook import Arguments, Known
from agents.roi_deal import deal_arguments
from agents.roi_figures import amount, costs_of, country_of, foreign, new_build_of, rate_kind_of, rent_of
from agents.slot_values import one
from core import clock
from core.locale import CURRENCY_OF

#: Arguments of a return that the tax tool takes as well.
_SHARED = (
    "price", "sale_price", "monthly_rent", "annual_rent", "costs", "vacancy_pct", "selling_costs", "selling_costs_pct",
    "down_payment_pct", "loan_amount", "rate_pct", "rate_kind", "term_years", "growth_pct", "rent_growth_pct", "horizon_years",
)
#: Figures that only taxes have, by the tool's names.
_OWN = ("marginal_rate_pct", "land_value", "cadastral_value", "municipal_rate_pct")
#: Entries of a return that such a figure may have been taken for.
_TAKEN_FOR = ("rate_pct", "growth_pct", "rent_growth_pct", "down_pct", "financed_pct", "target_pct", "discount_pct",
              "vacancy_pct", "selling_pct", "value", "price", "savings", "own")


def asks_taxes(known: Known) -> bool:
    """Whether this message asks for a tax, for something after it, or for the rules of taxes."""
    tax = known.request.get("tax") or {}
    return not known.brief.uncovered and bool(tax.get("measures") or (tax.get("rules") and one(known.slots.get("country"))))


def tax_calls(known: Known) -> list[Arguments] | None:
    """The calls, two where it matters whether abroad is in the EU; None where no tax is asked for."""
    tax = known.request.get("tax") or {}
    if not asks_taxes(known) or not tax.get("measures"):
        return None
    call = _arguments(known, tax)
    residence = tax.get("residence")
    if residence == "abroad":
        apart = call.get("country") == "ES" and not all(name.startswith("sale") for name in tax["measures"])
        return [{**call, "residence": r} for r in (("eu", "other") if apart else ("other",))]
    return [{**call, "residence": residence}]


def rule_calls(known: Known) -> Arguments | None:
    """The call for the rules alone, where taxes were asked for in general."""
    tax = known.request.get("tax") or {}
    if not asks_taxes(known) or tax.get("measures"):
        return None
    return {"country": one(known.slots.get("country")), "city": one(known.slots.get("city")), "event": tax["rules"],
            "residence": tax.get("residence"), "property_type": one(known.slots.get("property_type")), **foreign(known)}


def _arguments(known: Known, tax: dict[str, Any]) -> Arguments:
    slots = known.slots
    own = {name: tax[name] for name in _OWN if tax.get(name) is not None}
    deal = {k: v for k, v in (known.request.get("deal") or {}).items()
            if not (k in _TAKEN_FOR and v in own.values())}
    told = deal_arguments(deal, [], known.brief.language, rate_kind_of(known)) if deal else {}
    call: Arguments = {name: told.get(name) for name in _SHARED}
    call |= {k: v for k, v in rent_of(known).items() if k in _SHARED and call.get(k) is None}
    if call["costs"] is None:
        call["costs"] = costs_of(known, None, 1)
    for name in ("price", "growth_pct", "horizon_years"):
        slot = one(slots.get(name)) if name != "growth_pct" else known.request.get(name)
        if call[name] is None and slot not in own.values():
            call[name] = amount(slot)
    country = country_of(known)
    if "sale_withholding" in tax["measures"] and call["sale_price"] is None:
        call |= {"sale_price": call["price"], "price": None}
    year = tax.get("bought_year")
    if call["horizon_years"] is None and year is not None:
        held = clock.now().year - int(year)
        if held < 0:  # the tool says what is wrong with a purchase in the future
            call["bought_on"] = f"{int(year)}-01-01"
        call["horizon_years"] = float(held) if held > 0 else None
    return call | own | {
        "measures": list(tax["measures"]), "country": country, "city": one(slots.get("city")),
        "currency": one(slots.get("currency")) or CURRENCY_OF.get(str(country)),
        "property_type": one(slots.get("property_type")), "new_build": new_build_of(known) or None,
        "purchase_costs": amount(known.request.get("purchase_costs")), "own_home": tax.get("own_home"),
    } | foreign(known)
