"""A later message changes the purchase in hand, or asks something of it, without telling it again.

The purchase is the return told so far (`deal`). What is supposed of it is written there, and so are the measures that the
question is of, also where a figure that they need was not told: it is then asked for, and nothing else is answered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from knowledge.understanding.rules.asked import feasible
from knowledge.understanding.rules.supposed import Supposed

#: What is told of a loan, with the own money that goes with it.
_LOAN = ("loan", "financed_pct", "down_pct", "rate_pct", "term_years", "instalment", "debt", "rate_period", "new_rate", "own",
         "own_added")
_SHARES = ("loan", "financed_pct", "down_pct", "instalment", "own", "debt")
_TERMS = frozenset({"rate_pct", "rate_period", "term_years"})
#: Figures that tell of a loan.
_TELLS_A_LOAN = frozenset({"loan", "financed", "down", "own", "rate", "term", "instalment"})
#: Slots that a loan fills.
LOAN_SLOTS = ("loan_amount", "down_payment_pct", "rate_pct", "term_years")
#: Measures of a loan: without one none of them is asked any longer.
_OF_LOANS = frozenset({"monthly_payment", "total_interest", "loan_to_value", "loan_amount", "down_payment", "levered_irr",
                       "leverage_effect", "dscr", "cash_on_cash", "loan_balance", "interest_saved", "interest_only_payment"})


def in_hand(deal: Mapping[str, Any], asked: Collection[str]) -> bool:
    """Whether a purchase was told that a message may go on with; `asked`: what was asked of it, by the cues."""
    told = any(deal.get(name) for name in ("rent", "nightly", "sale", "rate_pct", "asked"))
    return bool(deal.get("price")) and (told or bool(asked))


def lent_again(known: Mapping[str, Any], told: Collection[str]) -> dict[str, Any]:
    """What was known before, where the figures `told` are of a loan: the terms of the one that was set aside hold again."""
    deal = (known.get("_request") or {}).get("deal") or {}
    if not deal.get("set_aside") or not _TELLS_A_LOAN & set(told):
        return dict(known)
    terms = {name: value for name, value in deal["set_aside"].items() if name in _TERMS}
    kept = {name: value for name, value in deal.items() if name != "set_aside"}
    return {**known, "_request": {**known["_request"], "deal": terms | kept}}


def awaits_a_sale(deal: Mapping[str, Any]) -> bool:
    """Whether what a sale leaves was asked, and when it is sold is not told yet."""
    asked = {"left_after_sale", "real_irr"} & {*deal.get("asked", ())}
    return bool(asked) and not (deal.get("hold_years") or deal.get("last_year"))


def changed(deal: Mapping[str, Any], supposed: Supposed) -> dict[str, Any]:
    """The return as it is supposed now, with the measures to answer (`turn`)."""
    found = dict(deal)
    lent = any(found.get(name) for name in _SHARES)
    if supposed.loan is False and lent:
        found["set_aside"] = {name: found.pop(name) for name in _LOAN if name in found}
    elif supposed.loan and not lent and found.get("set_aside"):
        found |= found.pop("set_aside")
    if supposed.currency:
        found["target_currency"] = supposed.currency
        found["turn"] = []
    asked = _asked(found, supposed)
    if asked:
        found["asked"] = found["turn"] = asked
    elif supposed.loan is False:
        kept = [m for m in found.get("asked") or () if m not in _OF_LOANS and feasible(m, found)]
        found["asked"] = found["turn"] = kept or [m for m in ("gross_yield", "net_yield") if feasible(m, found)]
    return {name: value for name, value in found.items() if name == "turn" or value not in (None, [], {})}


def _asked(deal: Mapping[str, Any], supposed: Supposed) -> list[str]:
    """The measures that the supposition asks for by itself."""
    let = bool(deal.get("rent") or deal.get("nightly"))
    lent = any(deal.get(name) for name in _SHARES)
    if supposed.real:
        return ["real_irr", "levered_irr" if lent and deal.get("rate_pct") else "irr"]
    if supposed.leverage:
        return ["leverage_effect"]
    if supposed.kept:
        return ["left_after_sale"]
    if supposed.sold:
        return ["left_after_sale", *(("levered_irr" if lent and deal.get("rate_pct") else "irr",) if let else ())]
    if supposed.new_build is not None:
        return ["purchase_costs", *(("net_yield",) if let else ())]
    return ["monthly_payment"] if supposed.loan and not lent else []
