"""The call for the risk of a purchase: the deal as it was told, however it was told, and what the risk is asked of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents.playbook import Arguments, Known
from agents.roi_deal import deal_arguments, deal_place
from core.locale import CURRENCY_OF
from tools.risk import analyse_risk

#: What the tool takes of a return's arguments.
_TAKEN = frozenset(analyse_risk.args)
#: Anything but a price that a loan is told by: half a loan is none until the rest is known.
_TERMS = ("rate_pct", "term_years")


def risk_asked(known: Known) -> bool:
    """Whether this message asks what may go otherwise."""
    return bool(known.request.get("risk"))


def risk_call(known: Known, by_slots: Callable[[Known], Arguments]) -> Arguments | None:
    """The whole call; `by_slots` gives the arguments of a deal that the slots alone describe. None where risk is not asked."""
    if not risk_asked(known):
        return None
    deal: dict[str, Any] = known.request.get("deal") or {}
    call = by_slots(known)
    if deal.get("price"):
        told = deal_arguments(deal, ["irr"], known.brief.language, call.get("rate_kind"))
        call |= {name: value for name, value in (deal_place(known) | told).items() if value is not None}
    call = {name: value for name, value in call.items() if name in _TAKEN and value is not None}
    if call.get("indexed_to") is None and not all(call.get(name) for name in _TERMS):
        # without its rate and term a loan cannot be reckoned with: then it is bought with own money
        call = {k: v for k, v in call.items() if k not in ("down_payment_pct", "loan_amount", "own_cash", "rate_kind", *_TERMS)}
    home = _home(known, call)
    rent = known.first("rent")
    if rent is not None and call.get("monthly_rent") is not None and not (deal.get("rent") or known.slots.get("monthly_rent")):
        fact = rent.facts.get(rent.data.get("estimated_rent") or "")
        if fact is not None and fact.low is not None and fact.high is not None:
            call |= {"rent_low": fact.low, "rent_high": fact.high}
    if residence := known.request.get("residence"):
        call["residence"] = "other" if residence == "abroad" else residence
    if not known.slots.get("country"):
        call.pop("country", None)  # a currency tells whose costs, not of which place prices are forecast
    place = {name: known.slots.get(name) for name in ("neighbourhood",) if isinstance(known.slots.get(name), str)}
    if known.brief.uncovered:
        place = {}
    return call | place | ({"home_currency": home} if home else {}) | {"focus": known.request["risk"]}


def _home(known: Known, call: Arguments) -> str | None:
    """The investor's own currency, where they said it is another than the property's."""
    target = (known.request.get("deal") or {}).get("target_currency")
    paid = call.get("currency") or CURRENCY_OF.get(str(call.get("country")))
    return str(target) if target and paid and target != paid else None
