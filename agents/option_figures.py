"""What each of several options has of its own, as arguments of a calculation: its figures, its costs, its loan."""

from __future__ import annotations

from typing import Any

from agents.playbook import Arguments, Brief, Known
from agents.roi_figures import amount, costs_of, spoken
from agents.slot_values import one

#: Figures that make an option one of the investor's own, and no place to look up.
TELLING = ("price", "monthly_rent", "annual_rent", "area_m2", "loan_amount", "rate_pct", "term_years")
_OWN = (*TELLING, "down_payment_pct", "rate_kind", "vacancy_pct", "purchase_costs")
#: Slots that hold for all options where one value is known.
_OF_ALL = ("rate_pct", "term_years", "down_payment_pct", "loan_amount", "rate_kind")


def told(option: Arguments) -> bool:
    """Whether the investor gave figures of this option."""
    return bool(option.get("deal")) or any(option.get(name) is not None for name in TELLING)


def figures_of(brief: Brief, option: Arguments, number: int) -> Arguments:
    """The figures of the option, the `number`th, with those that hold for all."""
    found: Arguments = {name: option[name] for name in _OWN if option.get(name) is not None}
    if {"price", "loan_amount"} & found.keys():
        for name in _OF_ALL:
            if name not in found and (value := one(brief.slots.get(name))) is not None:
                found[name] = value
    for name in ("vacancy_pct", "purchase_costs"):
        if name not in found and (value := amount(brief.request.get(name))) is not None:
            found[name] = value
    if "monthly_rent" in found or "annual_rent" in found:
        if option.get("net_rent") or brief.request.get("net_rent"):
            found["rent_is_net"] = True
        costs = [_cost(brief, cost) for cost in (option.get("deal") or option).get("costs") or ()]
        costs += costs_of(Known(brief, {}), option.get("label"), number) or []
        others = any((o.get("deal") or o).get("costs") for o in brief.request.get("options") or ())
        if costs or others or brief.request.get("costs"):
            found["costs"] = costs  # none told of this one, where another has its own, is none to take off
    return found


def _cost(brief: Brief, cost: dict[str, Any]) -> Arguments:
    return {"label": spoken(str(cost.get("label") or "-"), brief.question), "amount": cost["amount"],
            "period": cost.get("period") or "year"}
