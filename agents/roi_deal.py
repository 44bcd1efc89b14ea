"""From a return told in words to the calculator's arguments: which formula follows from what is given.

Understanding hands over the figures by their names (`request["deal"]`) and the measures asked whose inputs are all there
(`turn`). Where it names none, the playbook goes by the slots.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agents.playbook import Arguments, Known
from agents.roi_figures import amount, country_of, foreign, new_build_of, rate_kind_of
from agents.roi_indexed import indexed_loan
from agents.slot_values import one
from core.locale import CURRENCY_OF
from knowledge.finance.inputs import TIMES_A_YEAR
from knowledge.understanding.rules.asked import feasible
from knowledge.understanding.text import fold

#: Measures that flows are laid out for.
_OF_FLOWS = frozenset({"irr", "npv"})
#: Measures of told payments and costs: no assumption is added to them.
_AS_TOLD = frozenset(
    {
        "cash_flow_month",
        "cash_flow_year",
        "break_even_rent",
        "cash_on_cash",
        "dscr",
        "price_for_yield",
        "rent_for_yield",
        "break_even_occupancy",
    }
)
#: Measures that the instalment they rest on is told with.
_OF_THE_LOAN = frozenset(
    {"cash_on_cash", "cash_flow_month", "cash_flow_year", "dscr", "break_even_rent", "break_even_occupancy"}
)
_YIELDS = frozenset({"gross_yield", "net_yield"})
#: Measures beside which the plain gross yield is told as well.
_WITH_GROSS = frozenset({"net_yield", "cap_rate", "noi", "dscr"})
#: What understanding calls a measure -> what the calculator does.
_CALLED = {"future_value": "value_at_horizon", "purchase_costs": "acquisition_costs"}
#: The costs of a purchase, asked for by a question of their own beside price and rent.
_COSTS_ASKED = re.compile(
    r"\b(?:cuales son|cuanto (?:son|serian|salen|suman|cuestan)|a cuanto (?:ascienden|suben|salen)|que|"
    r"what (?:are|would be)|how much (?:are|would)|what)\W+(?:\w+\W+){0,3}?(?:gastos|costos|costes|closing costs|costs|fees)\b")
#: Measures of a loan that is there, whatever else would be borrowed.
_OF_A_DEBT = frozenset({"loan_to_value", "further_loan", "loan_balance", "interest_only_payment"})


def deal_measures(known: Known) -> list[str]:
    """The measures asked that the told figures allow; empty where the slots decide."""
    deal = known.request.get("deal") or {}
    listed = "price" not in known.brief.turn_slots and any(r.get("kind") == "listing" for r in known.brief.references)
    told_apart = any(option.get("deal") for option in known.request.get("options") or ())  # places alone have no return
    named = list(known.request.get("measures") or ())
    if "acquisition_costs" in named and deal.get("price"):
        if _COSTS_ASKED.search(fold(known.brief.question)):
            deal = deal | {"turn": ["purchase_costs"]}  # beside price and rent the return is what the readers hear
        elif deal.get("upfront") and deal.get("rent") and not deal.get("turn"):
            # the costs are told, not asked for: they count in what is left
            deal = deal | {"turn": [*(m for m in named if m == "gross_yield"), "net_yield"]}
    if deal.get("turn") == ["total_interest"] and known.request.get("rate_moves"):
        deal = deal | {"turn": ["monthly_payment"]}  # "what if the interest rate goes up?" asks what is paid then
    return [] if listed or told_apart else measures_of(deal)


def measures_of(deal: Mapping[str, Any]) -> list[str]:
    """The calculator's measures for those asked of a return, and what is told beside them."""
    asked = [_measure(name, deal) for name in deal.get("turn") or () if name != "converted"]
    if not asked:
        return []
    gross = deal.get("price") and deal.get("rent") and not deal["rent"].get("net") and "gross_yield" not in asked
    netted = deal.get("base") == "invested" and deal.get("upfront") and deal.get("costs")
    if gross and _WITH_GROSS & set(asked) and not netted:
        asked.append("gross_yield")
    computed = deal.get("rate_pct") and deal.get("term_years") and not deal.get("instalment")
    if computed and _OF_THE_LOAN & set(asked) and "monthly_payment" not in asked:
        asked.append("monthly_payment")
    if deal.get("price") and deal.get("cut_pct") and "discounted_price" not in asked:
        asked.insert(0, "discounted_price")
    if "monthly_payment" in asked and deal.get("costs") and not (deal.get("rent") or deal.get("nightly")):
        asked.append("payment_with_costs")
    shared = deal.get("price") and (deal.get("down_pct") or deal.get("financed_pct"))
    if shared and asked in (["loan_amount"], ["down_payment"]):
        asked.append("down_payment" if asked == ["loan_amount"] else "loan_amount")
        if computed and deal.get("rent"):
            asked.append("monthly_payment")  # "and with 30% down?" of a purchase that is let
    if "further_loan" in asked and "loan_to_value" not in asked:
        asked.append("loan_to_value")
    if "affordable_loan" in asked and not deal.get("price") and (deal.get("down_pct") or deal.get("financed_pct")):
        asked.append("affordable_price")
    if "affordable_price" in asked and feasible("affordable_loan", deal) and "affordable_loan" not in asked:
        asked.append("affordable_loan")
    if deal.get("rent", {}).get("net"):
        asked = list(dict.fromkeys("net_yield" if name == "gross_yield" else name for name in asked))
    return asked


def _measure(name: str, deal: Mapping[str, Any]) -> str:
    if name == "break_even_occupancy" and deal.get("nightly") and deal.get("costs"):
        return "break_even_nights"
    return _CALLED.get(name, name)


def deal_arguments(
    deal: Mapping[str, Any], asked: list[str], language: str, rate_kind: str | None, converted: float | None = None
) -> Arguments:
    """The figures told, under the calculator's names; `converted`: the rent in the price's currency."""
    both = asked[:1] == ["monthly_payment"]  # other measures rest on the rate that it changes to
    flows = _flows(deal) if _OF_FLOWS & set(asked) else None
    call: Arguments = (
        {
            "price": _price(deal, asked),
            "price_cut_pct": deal.get("cut_pct"),
            "reach_pct": deal.get("reach_pct"),
            "area_m2": deal.get("area_m2"),
            "costs": _costs(deal, language),
            "net_yield_on": _base(deal, asked),
            "vacancy_pct": deal.get("vacancy_pct"),
            "savings": deal.get("savings"),
            "valuation": _valuation(deal),
            "nightly_rent": deal.get("nightly"),
            "month_days": deal.get("month_days"),
            "other_term_years": deal.get("other_term"),
            "target_is_monthly": deal.get("target_month"),
            "growth_pct": deal.get("growth_pct"),
            "rent_growth_pct": deal.get("rent_growth_pct"),
            "selling_costs_pct": deal.get("selling_pct"),
            "selling_costs": deal.get("selling_costs"),
            "discount_pct": deal.get("discount_pct"),
            "target_yield_pct": deal.get("target_pct"),
            "target_is_net": deal.get("target_net"),
            "rate_pct": deal.get("rate_pct") if both else deal.get("new_rate") or deal.get("rate_pct"),
            "new_rate_pct": deal.get("new_rate") if both else None,
            "term_years": deal.get("term_years"),
            "rate_kind": _rate_kind(rate_kind, deal),
            "horizon_years": _years(deal) or None,
            "sale_price": _sale(deal),
            "cash_flows": flows,
            "measures": asked,
        }
        | _rent(deal, converted)
        | _loan(deal, asked)
    )
    as_told = deal.get("only_told") or _AS_TOLD & set(asked) or (_OF_FLOWS & set(asked) and deal.get("sale"))
    if as_told:
        call["costs"], call["costs_as_told"] = call["costs"] or [], True  # what was told, and nothing besides
    if "npv" in asked and call.get("discount_pct") is None and call.get("loan_amount") is None:
        call |= {"discount_pct": call["rate_pct"], "rate_pct": None, "rate_kind": None}
    return call


def _base(deal: Mapping[str, Any], asked: list[str]) -> str | None:
    """What a figure is measured on; a square metre after works has cost the works too."""
    if "price_per_m2" in asked and deal.get("upfront") and deal.get("base") != "price":
        return "invested"
    stated = deal.get("costs") or deal.get("vacancy_pct") or (deal.get("rent") or {}).get("net")
    if deal.get("base") == "invested" and stated and not deal.get("upfront"):
        return "price"  # "310,000 all in": the costs of the purchase are in it
    return deal.get("base") if (_YIELDS | {"total_return"}) & set(asked) else None


def _valuation(deal: Mapping[str, Any]) -> float | None:
    """The bank's valuation, where it lends a share of that."""
    value, price = deal.get("value"), deal.get("price")
    return value if value and price and value < price and deal.get("financed_pct") else None


def _price(deal: Mapping[str, Any], asked: list[str]) -> float | None:
    price, value = deal.get("price"), deal.get("value")
    if "affordable_price" in asked:
        return None
    if {"loan_to_value", "further_loan"} & set(asked):
        return value or price
    if "annual_growth" in asked or "payback_years" in asked:
        return price or deal.get("own")
    return price or value


def _sale(deal: Mapping[str, Any]) -> float | None:
    """What it sells for; its value today where growth since the purchase is asked."""
    return deal.get("sale") or (deal.get("value") if deal.get("price") else None)


def _rent(deal: Mapping[str, Any], converted: float | None) -> Arguments:
    income = deal.get("rent")
    if not income:
        return {}
    if income.get("nights"):
        return {"nights": deal["nights"]}
    value = float(income["amount"])
    if income.get("each"):
        value *= deal.get("let", 1)
    if converted is not None and income["period"] == "month":
        value = converted
    name = "annual_rent" if income["period"] == "year" else "monthly_rent"
    return {name: value, "rent_is_net": True if income.get("net") else None}


def _converted(known: Known, deal: Mapping[str, Any]) -> float | None:
    """The rent in the price's currency, where it was told in another."""
    if not (_in_two_currencies(known, deal) or known.request.get("rent_currency")):
        return None
    result = known.first("convert")
    fact = result.facts.get(result.data.get("converted") or "") if result else None
    return float(fact.value) if fact else None


def _costs(deal: Mapping[str, Any], language: str) -> list[Arguments] | None:
    running, once = deal.get("costs") or (), deal.get("upfront") or ()
    unnamed = "gastos" if language == "es" else "costs"
    found = [dict(c) | {"label": unnamed if c["label"] == "-" else c["label"]} for c in running]
    found += [
        {"label": unnamed if c["label"] == "-" else c["label"], "amount": c["amount"], "period": "once"}
        | ({"of": c["of"]} if c.get("of") else {})
        for c in once
    ]
    return found or None


def _rate_kind(stated: str | None, deal: Mapping[str, Any]) -> str | None:
    if deal.get("rate_period") == "month":
        return "monthly"
    return stated if deal.get("rate_pct") is not None else None


def _loan(deal: Mapping[str, Any], asked: list[str]) -> Arguments:
    """Loan, instalment and own money; a stated instalment needs no rate."""
    loan, own, price = deal.get("loan"), deal.get("own"), deal.get("price")
    if _OF_A_DEBT & set(asked) or (loan is None and not {"down_pct", "financed_pct"} & deal.keys()):
        loan = deal.get("debt") or loan
    found: Arguments = {"loan_amount": loan, "instalment": deal.get("instalment")}
    affordable = {"affordable_payment": deal.get("affordable") or deal.get("instalment")}
    if "affordable_price" in asked:
        return affordable | {"loan_amount": loan, "down_payment_pct": _down(deal), "own_cash": own,
                             "savings": deal.get("savings")}
    if "affordable_loan" in asked:
        return affordable
    if loan is None and (deal.get("financed_pct") or deal.get("down_pct")) is not None:
        found["down_payment_pct"] = _down(deal)
    if own is not None:
        found["own_cash"] = own
        covered = price is not None and loan is not None and abs(own + loan - price) <= 0.01 * price
        found["own_excludes_costs"] = True if covered or deal.get("own_added") else None
    return found


def _down(deal: Mapping[str, Any]) -> float | None:
    """The share of the price that own money pays, in percent."""
    return 100 - deal["financed_pct"] if deal.get("financed_pct") is not None else deal.get("down_pct")


def _flows(deal: Mapping[str, Any]) -> list[float] | None:
    """Flows told year by year, today first; where every year brings the same, the calculator lays them out."""
    sale, dated, income = amount(deal.get("sale")), deal.get("dated") or (), deal.get("rent")
    outlay = deal.get("own") or deal.get("price") or deal.get("value")
    unlet = not income and bool(deal.get("costs"))  # a plot that only costs until it is sold
    if not outlay or not (dated or unlet):
        return None
    found = [0.0] * (int(max(_years(deal), *(t for t, _ in dated), 1)) + 1)
    covered = deal.get("own") and not deal.get("own_added")
    found[0] = -float(outlay) - (0.0 if covered else _on_top(deal, float(deal.get("price") or deal.get("value") or outlay)))
    for year, value in dated:
        found[int(year)] += float(value)
    yearly = float(income["amount"]) * (1 if income["period"] == "year" else 12) if income else 0.0
    yearly -= sum(c["amount"] * TIMES_A_YEAR.get(c["period"], 1) for c in deal.get("costs") or () if not c.get("of"))
    found[1:] = [value + yearly for value in found[1:]]
    found[-1] += sale or 0.0
    return found


def _on_top(deal: Mapping[str, Any], price: float) -> float:
    """What the purchase costs besides the price, as told."""
    return float(sum(c["amount"] * (price / 100 if c.get("of") else 1) for c in deal.get("upfront") or ()))


def _currencies(known: Known, deal: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(of the rent, of the price): as written, the price's else that of its country."""
    paid = deal.get("currency") or CURRENCY_OF.get(str(one(known.slots.get("country"))))
    return (deal.get("rent") or {}).get("currency"), paid


def _in_two_currencies(known: Known, deal: Mapping[str, Any]) -> bool:
    """Whether the rent is told in another currency than the price."""
    let, paid = _currencies(known, deal)
    return bool(deal.get("price") and let and paid and let != paid)


def deal_conversion(known: Known) -> Arguments | list[Arguments] | None:
    """The conversion that a told rate allows: the one asked for (at each of two rates), or that of a rent told in another
    currency."""
    deal = known.request.get("deal") or {}
    fx, asked = deal.get("fx"), deal.get("turn") or ()
    if not asked:
        return None
    let, paid = _currencies(known, deal)
    pair = {fx["quote"], fx["base"]} if fx else set()
    if _in_two_currencies(known, deal) and "converted" not in asked:
        told = {"rate": fx["value"], "rate_of": fx["base"]} if fx and {let, paid} == pair else {}
        return {"amount": deal["rent"]["amount"], "source_currency": let, "target_currency": paid, **told}
    if fx and "converted" in asked:
        target = deal["target_currency"]
        source = next(iter(pair - {target}))
        value = deal["spoken"]["amount"] * (12 if deal.get("per") == "year" else 1)
    else:
        return None
    call = {"amount": value, "source_currency": source, "target_currency": target, "rate_of": fx["base"]}
    return [{**call, "rate": rate} for rate in fx.get("rates") or [fx["value"]]]


def _years(deal: Mapping[str, Any]) -> float:
    """The last year told: "a los 5 años vendo", "al cierre del cuarto"."""
    return max(deal.get("last_year") or 0, deal.get("hold_years") or 0)


def deal_call(known: Known, told: Mapping[str, Any] | None = None) -> Arguments | None:
    """The whole call, with where the property is; None where the slots decide. `told` takes the place of what was told."""
    deal = {**(known.request.get("deal") or {}), **(told or {})}
    asked = measures_of(deal) if told else deal_measures(known)
    if not asked:
        return None
    place = deal_place(known)
    told_call = deal_arguments(deal, asked, known.brief.language, rate_kind_of(known), _converted(known, deal))
    return indexed_loan(known, place | told_call)


def deal_place(known: Known) -> Arguments:
    """Where the property is, in which currency, and what it is."""
    deal = known.request.get("deal") or {}
    slots, outside = known.slots, bool(known.brief.uncovered)
    return {
        "currency": _currencies(known, deal)[1] if _in_two_currencies(known, deal) else one(slots.get("currency")),
        "outside_markets": outside or None,
        "country": None if outside else country_of(known),
        "city": None if outside else one(slots.get("city")),
        **({} if outside else foreign(known)),
        "property_type": one(slots.get("property_type")),
        "new_build": new_build_of(known) or None,
        "rate_moves": amount(known.request.get("rate_moves")),
    }
