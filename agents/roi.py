"""The ROI specialist: returns, payments and costs from the investor's own figures, estimates only where they gave none.

Without a language model the playbook below decides what to calculate. The measures that the message names lead; a plain
"what does it return" is the gross yield, with the net one and its visible assumptions where the country is known.
"""

from __future__ import annotations

from typing import Any

from agents.playbook import Arguments, Known, Playbook, Step
from agents.specialist import Specialist
from knowledge.understanding.text import fold
from tools.area_rent import area_rent
from tools.currency import convert_currency
from tools.returns import HOUSING, analyse_returns

#: What understanding calls a measure -> what the calculator does. Others of the calculator's names pass as they are.
_MEASURES = {
    "cash_flow": "cash_flow_month", "break_even": "break_even_rent", "operating_costs": "noi", "roi": "gross_yield",
    **{name: name for name in (
        "gross_yield", "net_yield", "noi", "cap_rate", "years_of_rent", "payback_years", "price_per_m2",
        "acquisition_costs", "legal_rent_cap", "loan_amount", "monthly_payment", "total_interest", "loan_to_value",
        "affordable_loan", "rent_minus_payment", "cash_flow_month", "cash_flow_year", "cash_on_cash", "dscr",
        "break_even_rent", "break_even_occupancy", "irr", "levered_irr", "npv", "equity_at_horizon",
    )},
}
_NEEDS_RENT = frozenset({
    "gross_yield", "net_yield", "noi", "cap_rate", "years_of_rent", "payback_years", "cash_flow_month",
    "cash_flow_year", "cash_on_cash", "dscr", "break_even_occupancy", "irr", "levered_irr", "npv",
})
_LOAN_SLOTS = frozenset({"down_payment_pct", "loan_amount", "rate_pct", "term_years"})
_COMPARED = 6


def one(value: Any) -> Any:
    """A slot's value, or None where several were named: nobody knows which is meant."""
    if isinstance(value, (list, tuple)):
        return value[0] if len(value) == 1 else None
    return value


def options(known: Known) -> list[dict[str, Any]]:
    """What each property has of its own; one empty entry for the single property that the slots describe."""
    stated = [o for o in known.request.get("options") or () if o.get("price") or o.get("monthly_rent")]
    if len(stated) > 1:
        return [dict(o, label=o.get("label") or _letter(i)) for i, o in enumerate(stated[:_COMPARED])]
    prices, rents = _many(known.slots.get("price")), _many(known.slots.get("monthly_rent"))
    count = min(_COMPARED, max(len(prices), len(rents)))
    if count > 1:
        places = [_many(known.slots.get(name)) for name in ("neighbourhood", "city")]
        names = next((names for names in places if len(names) == count), [_letter(i) for i in range(count)])
        return [
            {"label": names[i], "price": _nth(prices, i), "monthly_rent": _nth(rents, i)} for i in range(count)
        ]
    listed = [r for r in known.brief.references if r.get("kind", "listing") == "listing" and str(r["id"]).isdigit()]
    if listed and known.turn_slots_price is None if False else listed and known.brief.turn_slots.get("price") is None:
        return [{"listing_id": int(r["id"]), "price": None} for r in listed[:_COMPARED]]
    return [{}]


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


def _nth(values: list[Any], index: int) -> Any:
    """The option's own value; a single one holds for all of them."""
    return values[index] if index < len(values) else values[0] if len(values) == 1 else None


def _letter(index: int) -> str:
    return "ABCDEF"[index]
