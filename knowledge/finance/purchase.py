"""What a purchase takes: its costs, the whole outlay, the own money at signing, and what savings leave open."""

from __future__ import annotations

from core.facts import Fact
from knowledge.finance import returns
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.income import Missing, Undefined, ends, num, require


def price_per_m2(case: Case) -> Fact:
    """Price over area; with the works and costs told, where all that is invested counts."""
    def area() -> Fact:
        if case.inputs.area_m2 is None:
            raise Missing("area_m2")
        return case.ledger.user("area_m2", case.inputs.area_m2, "m2")

    price, size = require(lambda: case.price, area)
    if case.inputs.base == "invested" and case.stated_purchase is not None:
        price = total_outlay(case)
    return case.ledger.compute("price_per_m2", returns.price_per_m2(num(price), num(size)), "money_per_m2",
                               f"{plain(num(price))} ÷ {plain(num(size))}", [price, size], currency=case.inputs.money)


def acquisition_costs(case: Case) -> Fact:
    """What the purchase costs on top of the price: as stated, else by the country's rules. With the price, the sum of both is
    a fact too."""
    extra = case.stated_purchase
    if extra is None:
        require(lambda: case.price)
        extra = case.acquisition
    if case.inputs.price is not None:
        price, (low, high) = case.price, ends(extra)
        case.money("price_with_costs", num(price) + num(extra), f"{plain(num(price))} + {plain(num(extra))}", [price, extra],
                   low=num(price) + low, high=num(price) + high)
    return extra


def discounted_price(case: Case) -> Fact:
    """What is left of the asking price after the discount told; what comes off is a fact too."""
    if case.inputs.asking_price is None or case.inputs.price_cut_pct is None:
        raise Missing("asking_price", "price_cut_pct")
    price = case.price
    asked = case.stated("asking_price")
    case.money("price_cut", num(asked) - num(price), f"{plain(num(asked))} − {plain(num(price))}", [asked, price])
    return price


def down_payment(case: Case) -> Fact:
    """Own money towards the price: what the loan leaves open, purchase costs apart."""
    down, price = case.inputs.down_payment_pct, case.price
    if case.inputs.loan_amount is None and down is not None and case.inputs.valuation is None:
        share = case.ledger.user("down_payment_pct", down, "percent")
        return case.money("down_payment", num(price) * down / 100, f"{plain(num(price))} × {plain(down)} ÷ 100", [price, share])
    loan = case.loan
    if num(loan) >= num(price):
        raise Undefined("loan_above_price")
    return case.money("down_payment", num(price) - num(loan), f"{plain(num(price))} − {plain(num(loan))}", [price, loan])


def total_outlay(case: Case) -> Fact:
    """The price with everything told on top of it."""
    price, extra = case.price, case.stated_purchase
    if extra is None and case.inputs.as_told:
        return case.money("total_outlay", num(price), plain(num(price)), [price])
    if extra is None:
        raise Missing("purchase_costs")
    return case.money("total_outlay", num(price) + num(extra), f"{plain(num(price))} + {plain(num(extra))}", [price, extra])


def cash_needed(case: Case) -> Fact:
    """Own money on the day of signing: the down payment and what was told on top of it, purchase costs and the loan's fee."""
    i, extra = case.inputs, case.stated_purchase
    if extra is None and not i.as_told:
        raise Missing("purchase_costs")
    beside = [*([extra] if extra else []), *([case.stated("opening_fee")] if i.opening_fee else [])]
    if i.own_cash is not None:
        down = case.own_told
        beside = beside if i.own_excludes_costs else []
    else:
        down = down_payment(case) if case.has_loan or i.down_payment_pct is not None else case.price
    parts = [down, *beside]
    return case.money("cash_needed", sum(num(part) for part in parts), " + ".join(plain(num(part)) for part in parts), parts)


def savings_gap(case: Case) -> Fact:
    """What is still missing for the own money; nothing is where the savings reach."""
    saved = case.stated("savings")
    needed = cash_needed(case) if case.stated_purchase is not None else down_payment(case)
    gap = num(needed) - num(saved)
    if gap < 0:
        return case.money("savings_left", -gap, f"{plain(num(saved))} − {plain(num(needed))}", [saved, needed])
    return case.money("savings_gap", gap, f"{plain(num(needed))} − {plain(num(saved))}", [needed, saved])
