"""The dearest price that an instalment, a loan and one's own money reach.

The own money pays its share of the price and the purchase costs, the loan the rest; where both are told, both bound it.
"""

from __future__ import annotations

from core.facts import Fact, Unit
from knowledge.finance.borrowing import affordable_loan
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.income import Missing, Undefined, num


def affordable_price(case: Case) -> Fact:
    """The price that loan ÷ financed share, own money ÷ own share, or both together pay. Beside it, the loan or the own money
    that such a purchase still takes."""
    lent, own, share = _lent(case), _own(case), _share(case)
    if lent is None and own is None:
        raise Missing("payment", "rate_pct", "term_years")
    if share is None and (lent is None or own is None):
        raise Missing("down_payment_pct")
    down = num(share) if share else 0.0
    if share is not None and own is None:
        assert lent is not None
        if down >= 100:
            raise Missing("loan_amount")
        price = case.money("affordable_price", num(lent) / (1 - down / 100),
                           f"{plain(num(lent))} ÷ (1 − {plain(down)} ÷ 100)", [lent, share])
        case.money("own_needed", num(price) - num(lent), f"{plain(num(price))} − {plain(num(lent))}", [price, lent])
        return price
    assert own is not None
    cost, paid, used = _costs(case)
    if num(own) <= paid:
        raise Undefined("costs_above_own_money")
    kept = f"({plain(num(own))} − {plain(paid)})" if paid else plain(num(own))
    bounds: list[tuple[float, str, list[Fact]]] = []
    if share is not None and down + cost > 0:
        parts = f"({plain(down)} + {plain(cost)})" if cost else plain(down)
        bounds.append(((num(own) - paid) / (down + cost) * 100, f"{kept} ÷ {parts} × 100", [own, share, *used]))
    if lent is not None:
        whole = f"({plain(num(lent))} + {kept})"
        bounds.append(((num(lent) + num(own) - paid) / (1 + cost / 100),
                       f"{whole} ÷ (1 + {plain(cost)} ÷ 100)" if cost else whole.strip("()"), [lent, own, *used]))
    if not bounds:
        raise Missing("down_payment_pct")
    value, formula, parents = min(bounds, key=lambda bound: bound[0])
    price = case.money("affordable_price", value, formula, parents)
    if lent is None and share is not None and down < 100:
        case.money("loan_needed", value * (1 - down / 100), f"{plain(value)} × (1 − {plain(down)} ÷ 100)", [price, share])
    return price


def _lent(case: Case) -> Fact | None:
    if case.inputs.payment is not None:
        return affordable_loan(case)
    return case.stated("loan_amount") if case.inputs.loan_amount is not None else None


def _own(case: Case) -> Fact | None:
    name = "own_cash" if case.inputs.own_cash is not None else "savings"
    return case.stated(name) if getattr(case.inputs, name) is not None else None


def _share(case: Case) -> Fact | None:
    down = case.inputs.down_payment_pct
    return case.ledger.user("down_payment_pct", down, "percent") if down is not None else None


def _costs(case: Case) -> tuple[float, float, list[Fact]]:
    """(percent of the price, money) that the purchase costs on top, as told."""
    share, paid = 0.0, case.inputs.purchase_costs or 0.0
    used = [case.stated("purchase_costs")] if paid else []
    for cost in case.inputs.costs or ():
        if cost.period != "once":
            continue
        unit: Unit = "percent" if cost.of == "price" else "money"
        key = "cost_once_pct" if cost.of == "price" else "cost_once"
        used.append(case.ledger.user(key, cost.amount, unit, case.inputs.money if unit == "money" else None, entity=cost.label))
        share, paid = (share + cost.amount, paid) if cost.of == "price" else (share, paid + cost.amount)
    return share, paid, used
