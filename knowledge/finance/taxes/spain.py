"""Spain: tax on rent (IRPF, IRNR), tax on the gain and the municipal land-gain tax of a sale.

The land-gain tax is the lower of two methods and is a cost of the sale for the tax on the gain, so the two are reckoned
together. Where the official land value was not told, its low end is 0 and its high end takes the cadastral value for half of
the price, as the assumption that is shown says.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from knowledge.finance import brackets, rules
from knowledge.finance.assumptions import assumption
from knowledge.finance.brackets import Array
from knowledge.finance.rule import LeftOut, Rule
from knowledge.finance.taxes.owner import Let, Owner, Sold, of
from knowledge.finance.taxes.result import Tax, TaxLine, by_scale, line, summed, the

_NO_LAND = LeftOut(
    "plusvalía municipal: sin el valor catastral del suelo (está en el recibo del IBI) el mínimo es cero y el máximo supone un "
    "valor catastral de la mitad del precio, todo suelo",
    "municipal land-gain tax: without the cadastral land value (it is on the IBI bill) the low end is nothing and the high end "
    "takes half of the price as cadastral value, all of it land",
)
_NO_RATE = LeftOut(
    "plusvalía municipal: no conozco el tipo del ayuntamiento; el rango va de cero al máximo legal",
    "municipal land-gain tax: I do not know the town's rate; the range goes from nothing to the legal maximum",
)
_BUILDING = LeftOut(
    "amortización: no conozco qué parte del coste es construcción; se toma el rango mostrado",
    "depreciation: I do not know what share of the cost is building; the range shown is taken",
)


def yearly_wear(let: Let, on: date) -> tuple[Array, Array]:
    """A year's depreciation of the building, low and high end, money."""
    rate = the("ES", "rent", "depreciation", on).high / 100
    cost = of(let.cost)
    low, high = let.building_share_pct
    return cost * low / 100 * rate, cost * high / 100 * rate


def rent(owner: Owner, let: Let, on: date) -> Tax:
    """Residents: net rent after depreciation, reduced if it is a home, by the general scale. EU: 19 % of the net. Others: 24 %,
    of the net (low) or the gross (high)."""
    gross, costs = of(let.rent), of(let.costs)
    wear = the("ES", "rent", "depreciation", on)
    used: list[Rule] = [wear]
    interest = of(let.interest)
    if np.any(interest > 0):
        cap = the("ES", "rent", "interest_cap", on)
        used.append(cap)
        interest = np.minimum(interest, gross * cap.high / 100)
    worn = yearly_wear(let, on)
    net = tuple(np.maximum(gross - costs - interest - w, 0.0) for w in reversed(worn))
    notes = [_BUILDING] if np.any(worn[0] != worn[1]) else []
    if owner.residence == "resident":
        kept = 1.0
        if let.housing and let.reduction_pct != 0:
            reduction = the("ES", "rent", "rent_reduction", on)
            used.append(reduction)
            kept = 1 - (let.reduction_pct if let.reduction_pct is not None else reduction.high) / 100
        scale = the("ES", "rent", "income_scale", on)
        base = (net[0] * kept, net[1] * kept)
        return summed("ES", "rent", [line("rent_tax", base, by_scale(owner, scale, base), [scale, *used])], notes)
    if owner.residence == "eu":
        rate = the("ES", "rent", "non_resident_eu", on)
        base = (net[0], net[1])
    else:
        rate = the("ES", "rent", "non_resident_other", on)
        base = (net[0], gross)
    due = (base[0] * rate.low / 100, base[1] * rate.high / 100)
    return summed("ES", "rent", [line("rent_tax", base, due, [rate, *used])], notes)


def sale(owner: Owner, sold: Sold, on: date) -> Tax:
    """Land-gain tax and tax on the gain; with a non-resident seller also the buyer's withholding, as an advance."""
    price, paid = of(sold.price), of(sold.bought_for)
    gain = tuple(price - of(sold.selling_costs) - (paid + of(sold.purchase_costs) - of(worn)) for worn in sold.worn)
    land, land_notes = _land_gain(sold, price, price - paid, on)
    taxable = tuple(np.maximum(end - municipal, 0.0) for end, municipal in zip(gain, (land.low, land.high), strict=True))
    if owner.residence == "resident":
        rule = the("ES", "gain", "savings_scale", on)
        assert rule.table is not None
        due = tuple(brackets.amount(rule.table, end) for end in taxable)
    else:
        rule = the("ES", "gain", "gain_non_resident", on)
        due = tuple(end * rule.high / 100 for end in taxable)
    lines = [land, line("gain_tax", (taxable[0], taxable[1]), (due[0], due[1]), [rule])]
    if owner.residence != "resident":
        held = the("ES", "gain", "gain_withholding_non_resident", on)
        lines.append(line("withholding", (price, price), (price * held.low / 100, price * held.high / 100), [held],
                          advance=True))
    # less tax on the gain never makes up for more land-gain tax: the ends of the sum are those of the land-gain tax
    return Tax(tuple(lines), land.low + due[0], land.high + due[1], rules.left_out("ES", "gain"), tuple(land_notes))


def _land_gain(sold: Sold, price: Array, risen: Array, on: date) -> tuple[TaxLine, list[LeftOut]]:
    """The lower of land value x coefficient and real gain x share of land, at the town's rate; none without a gain.

    Under a year the coefficient counts by whole months (LRHL art. 107.4). A cadastral value is at most the market's (Ley del
    Catastro art. 23.2): that bounds the share of land where only the land's value was told.
    """
    scale, rate = the("ES", "gain", "land_gain_coefficient", on), the("ES", "gain", "land_gain_rate", on)
    assert scale.table is not None
    years = of(sold.years)
    part = np.where(years < 1, np.floor(years * 12 + 1e-9) / 12, 1.0)
    coefficient = brackets.coefficient(scale.table, years) * part
    real = np.maximum(risen, 0.0)
    notes: list[LeftOut] = []
    used = [rate, scale]
    if sold.land_value is None:
        share = assumption("cadastral_share_pct", "ES")
        assert share is not None
        base = (np.zeros_like(real * coefficient), np.minimum(price * share.value / 100 * coefficient, real))
        notes.append(_NO_LAND)
    else:
        objective = sold.land_value * coefficient
        if sold.cadastral_value is not None:
            lower = np.minimum(objective, real * sold.land_value / sold.cadastral_value)
            base = (lower, lower)
        else:
            least = np.minimum(sold.land_value / np.maximum(price, sold.land_value), 1.0)
            base = (np.minimum(objective, real * least), np.minimum(objective, real))
    low, high = (rate.low, rate.high) if sold.municipal_rate_pct is None else (sold.municipal_rate_pct,) * 2
    if sold.municipal_rate_pct is None and sold.land_value is not None:
        notes.append(_NO_RATE)
    return line("land_gain_tax", base, (base[0] * low / 100, base[1] * high / 100), used), notes
