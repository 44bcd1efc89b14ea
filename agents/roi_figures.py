"""What a brief says in figures, for the ROI playbook: rent, loan, price, costs and flows, however they were told.

Understanding gives a figure the slot it most likely fills; where a sentence allows two ("cuota de 95 millones" names a
loan, not a price) the question decides here.
"""

from __future__ import annotations

import re
from typing import Any

from agents.playbook import Arguments, Known
from agents.slot_values import many, one
from core.locale import CURRENCY_OF
from knowledge.understanding.text import fold

_PAYS_IN: dict[str, str] = {currency: country for country, currency in CURRENCY_OF.items()}
LOAN_SLOTS = frozenset({"down_payment_pct", "loan_amount", "rate_pct", "term_years"})
_NET_INCOME = re.compile(r"\bnet income|\bannual net|\bingresos? netos?|\bneto anual|\brenta neta|\bnetos al ano")
_EACH = re.compile(
    r"\b(\d{1,3}) (?:departamentos|deptos|depas|apartamentos|aptos|apartaestudios|pisos|estudios|locales|oficinas|cuartos|"
    r"habitaciones|unidades|flats|units|apartments|studios|shops|offices|rooms)\b.*\b(?:cada un[oa]|each|apiece|c u|"
    r"por unidad|per unit)\b"
)
_OF_PRICE = re.compile(r"\b(?:closing|itp|iva|escritur\w*|compra|purchase|impuestos)\b")
_EFFECTIVE = re.compile(r"\b(?:e a|ea|efectiv[oa]|effective)\b")


def foreign(known: Known) -> dict[str, bool]:
    """Whether a foreigner buys, and whether a trust was spoken of, as arguments."""
    told = known.request.get("foreign")
    return {"foreign_trust": True} if told == "trust" else {"foreign_buyer": True} if told else {}


def amount(value: Any) -> float | None:
    """A figure of the request, given as a number or as `{"amount": …}`."""
    value = value.get("amount") if isinstance(value, dict) else value
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def financing(known: Known) -> bool:
    return bool(LOAN_SLOTS & set(known.brief.turn_slots))


def rent_of(known: Known) -> Arguments:
    """The income as the investor gave it: a month's or a year's, before or after costs."""
    annual, net = known.request.get("annual_rent"), known.request.get("net_rent")
    found: Arguments = {}
    income = amount(net)
    if income is not None:
        yearly = isinstance(net, dict) and net.get("period") == "year"
        return {"annual_rent" if yearly else "monthly_rent": income, "rent_is_net": True}
    if amount(annual) is not None:
        found["annual_rent"] = amount(annual)
    elif one(known.slots.get("monthly_rent")) is not None:
        found["monthly_rent"] = one(known.slots.get("monthly_rent"))
    question = fold(known.brief.question)
    each = _EACH.search(question)
    if each and "monthly_rent" in found and one(known.slots.get("property_type")) in ("building", "house"):
        found["monthly_rent"] *= int(each[1])
    if found and (net or ("annual_rent" in found and _NET_INCOME.search(question))):
        found["rent_is_net"] = True
    return found


def loan_of(known: Known) -> tuple[float | None, bool]:
    """The loan stated as an amount, and whether it was said as if it were a price ("cuota de 95 millones")."""
    slots, turn = known.slots, known.brief.turn_slots
    stated, price = one(slots.get("loan_amount")), one(slots.get("price"))
    if stated is not None:
        return stated, stated == price
    about_payment = "monthly_payment" in (known.request.get("measures") or ()) or financing(known)
    if price is None or not about_payment or one(slots.get("down_payment_pct")) is not None:
        return None, False
    alone = not rent_of(known) or ("price" in turn and "monthly_rent" not in turn and "rate_pct" in turn)
    return (price, True) if alone else (None, False)


def price_of(known: Known, loan: float | None, loan_is_price: bool) -> float | None:
    """The price; where only a budget is known, the most they would pay."""
    price = one(known.slots.get("price"))
    if loan_is_price:
        return None
    if price is None and loan is None:
        price = one(known.slots.get("budget_max"))
    return amount(price)


def valued(known: Known) -> float | None:
    """What the price specialist found the home to be worth, where this one waited for it."""
    values = [fact["value"] for fact in known.brief.found if fact["key"] == "value" and fact["unit"] == "money"]
    return amount(values[0]) if len(values) == 1 else None


def costs_of(known: Known, option: str | None, number: int) -> list[Arguments] | None:
    """The costs stated; of several properties, those of all and those of the one called `option`, the `number`th."""
    stated, share = known.request.get("costs"), amount(known.request.get("cost_pct"))
    if stated is None and share is None:
        return None
    found: list[Arguments] = [
        {"label": spoken(str(c.get("label") or "-"), known.brief.question), "amount": c["amount"],
         "period": c.get("period") or "year"} | ({"of": c["of"]} if c.get("of") else {})
        for c in stated or () if c.get("amount") is not None
        and (option is None or c.get("option") in (None, str(number)) or str(c["option"]) == option.split()[-1])
    ]
    if share is not None:
        of_price = bool(_OF_PRICE.search(fold(known.brief.question)))
        name = {"es": "gastos", "en": "costs"}["es" if known.brief.language == "es" else "en"]
        found.append({"label": name, "amount": share, "period": "once" if of_price else "year",
                      "of": "price" if of_price else "rent"})
    return found


def spoken(label: str, question: str) -> str:
    """A cost's name as the person wrote it: understanding hands it over folded ("ibi", "de administracion")."""
    name = re.sub(r"^(?:con|with|y|and|de la|de|del|of|for|por) |(?: de| del| of)$", "", label)
    words = re.findall(r"[^\W\d_]+", question)
    count = len(name.split())
    return next((written for i in range(len(words)) if fold(written := " ".join(words[i : i + count])) == name), name)


def flows_of(known: Known) -> list[float] | None:
    """Explicit flows as one amount a year, today first."""
    stated = known.request.get("cash_flows")
    if not stated:
        return None
    if all(isinstance(flow, (int, float)) for flow in stated):
        return [float(flow) for flow in stated]
    found = [0.0] * (max(round(flow["t"]) for flow in stated) + 1)
    for flow in stated:
        found[round(flow["t"])] += float(flow["amount"])
    return found


def rate_kind_of(known: Known) -> str | None:
    kind = one(known.slots.get("rate_kind"))
    if kind is None and "rate_pct" in known.brief.turn_slots and _EFFECTIVE.search(fold(known.brief.question)):
        return "effective"
    return str(kind) if kind in ("nominal", "effective") else None


def new_build_of(known: Known) -> bool:
    """Whether the property is new: as told of the purchase, else as looked for."""
    told = known.request.get("new_build")
    return bool(told) if told is not None else "new_build" in many(known.slots.get("features"))


def country_of(known: Known) -> str | None:
    """The country whose rules hold: as told, else the one of the three that pays in the currency told (euros alone are
    Spain's); None where the property is elsewhere."""
    named = one(known.slots.get("country"))
    if named is None and "country" not in known.slots and not known.brief.uncovered:
        return _PAYS_IN.get(str(one(known.slots.get("currency"))))
    return None if named is None else str(named)
