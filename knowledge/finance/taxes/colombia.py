"""Colombia: income tax on rent by the general schedule, and the tax on the gain of a sale.

Interest lowers only the low end: how much of it counts depends on the other deductions of the person. A gain on what was
held for two years is taxed apart, an earlier one as income of the year.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from knowledge.finance import brackets, rules
from knowledge.finance.brackets import Array
from knowledge.finance.rule import LeftOut, Rule
from knowledge.finance.taxes.owner import Let, Owner, Sold, of
from knowledge.finance.taxes.result import Tax, TaxLine, by_scale, line, summed, the, unit

_SELLING = LeftOut(
    "el mínimo descuenta de la ganancia los gastos de venta; el máximo no, porque el costo fiscal es el de compra",
    "the low end takes selling costs off the gain; the high end does not, since the fiscal cost is that of the purchase",
)
_HOME = LeftOut(
    "la exención de la casa de habitación solo está en el mínimo: exige destinar el dinero a otra vivienda o al crédito",
    "the home exemption is in the low end only: the money must go to another home or to the loan",
)


def rent(owner: Owner, let: Let, on: date) -> Tax:
    """Residents: rent less costs (and interest within its limits) by the tariff in UVT. Others: 35 %, of net or gross."""
    gross = of(let.rent)
    net = np.maximum(gross - of(let.costs), 0.0)
    if owner.residence != "resident":
        rate = the("CO", "rent", "non_resident", on)
        return summed("CO", "rent", [line("rent_tax", (net, gross), (net * rate.low / 100, gross * rate.high / 100), [rate])])
    uvt, scale = unit("CO", "uvt", on), the("CO", "rent", "income_scale", on)
    used: list[Rule] = [scale, uvt]
    deducted = of(let.interest)
    if np.any(deducted > 0):
        limits = [the("CO", "rent", key, on) for key in ("interest_limit", "deductions_limit_share", "deductions_limit")]
        used += limits
        for bound in (limits[0].high * uvt.low, net * limits[1].high / 100, limits[2].high * uvt.low):
            deducted = np.minimum(deducted, bound)
    base = (np.maximum(net - deducted, 0.0), net)
    return summed("CO", "rent", [line("rent_tax", base, by_scale(owner, scale, base, uvt.low), used)])


def sale(owner: Owner, sold: Sold, on: date) -> Tax:
    """15 % of the gain from two years on, income of the year before; the notary's withholding as an advance."""
    price = of(sold.price)
    most = price - of(sold.bought_for) - of(sold.purchase_costs)
    gain = (np.maximum(most - of(sold.selling_costs), 0.0), np.maximum(most, 0.0))
    notes = [_SELLING] if np.any(of(sold.selling_costs) > 0) else []
    years, least = of(sold.years), the("CO", "gain", "gain_years", on)
    used: list[Rule] = [least]
    if sold.own_home and sold.housing and owner.residence == "resident":
        uvt, exempt = unit("CO", "uvt", on), the("CO", "gain", "home_exemption", on)
        gain = (np.where(years >= least.low, np.maximum(gain[0] - exempt.low * uvt.low, 0.0), gain[0]), gain[1])
        used += [exempt, uvt]
        notes.append(_HOME)
    long = the("CO", "gain", "gain_long" if owner.residence == "resident" else "gain_non_resident", on)
    kept_long = np.asarray(years >= least.low - 1e-9)
    late = (gain[0] * long.low / 100, gain[1] * long.high / 100)
    if np.all(kept_long):
        lines = [line("gain_tax", gain, late, [long, *used])]
    else:
        early, rule = _as_income(owner, gain, on)
        due = (np.where(kept_long, late[0], early[0]), np.where(kept_long, late[1], early[1]))
        lines = [line("gain_tax", gain, due, [*([long] if np.any(kept_long) else []), *rule, *used])]
    return summed("CO", "gain", [*lines, *_withheld(price, sold, on)], notes)


def _as_income(owner: Owner, gain: tuple[Array, Array], on: date) -> tuple[tuple[Array, Array], list[Rule]]:
    """A gain on what was held for less than two years: ordinary income."""
    if owner.residence != "resident":
        rate = the("CO", "rent", "non_resident", on)
        return (gain[0] * rate.low / 100, gain[1] * rate.high / 100), [rate]
    uvt, scale = unit("CO", "uvt", on), the("CO", "rent", "income_scale", on)
    return by_scale(owner, scale, gain, uvt.low), [scale, uvt]


def _withheld(price: Array, sold: Sold, on: date) -> list[TaxLine]:
    """What the notary withholds from a natural person: an advance of the tax, between the two rules that hold."""
    held = [rule for rule in rules.in_force("CO", "selling", on, applies_to="housing" if sold.housing else "commercial")
            if rule.key == "withholding" and rule.price_from is None]
    if not held:
        return []
    ends = []
    for rule in held:
        scale = rules.scale_of(rule, on)
        if rule.table is not None and scale is not None:
            ends.append(brackets.amount(rule.table, price, scale))
        else:
            ends += [price * rule.low / 100, price * rule.high / 100]
    low, high = np.minimum.reduce(ends), np.maximum.reduce(ends)
    return [line("withholding", (price, price), (low, high), held, advance=True)]
