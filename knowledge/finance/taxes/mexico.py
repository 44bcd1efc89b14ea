"""Mexico: income tax on rent (blind or actual deduction, whichever leaves less) and on the sale.

The sale's tax is the payment that the notary withholds (LISR art. 126): the yearly tariff on the gain divided by the years
held, times those years. The cost is indexed by inflation: told, or the assumption that is shown, in the low end; the high end
leaves it as it was paid.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from knowledge.finance import brackets
from knowledge.finance.assumptions import assumption
from knowledge.finance.brackets import Array
from knowledge.finance.rule import LeftOut
from knowledge.finance.taxes.owner import Let, Owner, Sold, of
from knowledge.finance.taxes.result import Tax, by_scale, line, summed, the

_INTEREST = LeftOut(
    "el mínimo deduce todo el interés del crédito; el máximo ninguno, porque solo cuenta el interés real, por encima de la "
    "inflación",
    "the low end deducts all of the loan's interest; the high end none, since only real interest, above inflation, counts",
)
_INDEX = LeftOut(
    "el costo se actualiza con el INPC: el mínimo usa la inflación mostrada, el máximo no actualiza",
    "the cost is indexed by consumer prices: the low end uses the inflation shown, the high end does not index",
)
_HOME = LeftOut(
    "la casa habitación está exenta hasta un tope en UDI: sin el valor de la UDI el mínimo es cero",
    "one's own home is exempt up to a limit in UDI: without the value of the UDI the low end is nothing",
)
_OPTION = LeftOut(
    "el mínimo grava la ganancia, lo que exige representante y escritura; el máximo, el precio de venta entero",
    "the low end taxes the gain, which needs a representative and a deed; the high end the whole sale price",
)


def rent(owner: Owner, let: Let, on: date) -> Tax:
    """Residents: the lower of blind (35 % and property tax) and actual deductions, by the tariff. Others: 25 % of the gross."""
    gross = of(let.rent)
    if owner.residence != "resident":
        rate = the("MX", "rent", "non_resident", on)
        due = (gross * rate.low / 100, gross * rate.high / 100)
        return summed("MX", "rent", [line("rent_tax", (gross, gross), due, [rate])])
    blind, scale = the("MX", "rent", "rent_blind_deduction", on), the("MX", "rent", "income_scale", on)
    kept = gross * (1 - blind.high / 100) - of(let.property_tax)
    actual = gross - of(let.costs)
    base = (np.maximum(np.minimum(kept, actual - of(let.interest)), 0.0), np.maximum(np.minimum(kept, actual), 0.0))
    notes = [_INTEREST] if np.any(base[0] != base[1]) else []
    return summed("MX", "rent", [line("rent_tax", base, by_scale(owner, scale, base), [scale, blind])], notes)


def sale(owner: Owner, sold: Sold, on: date) -> Tax:
    """Residents: the notary's payment on the gain over the indexed cost. Others: 25 % of the price or 35 % of the gain."""
    price = of(sold.price)
    notes: list[LeftOut] = []
    if owner.residence != "resident":
        gross, net = (the("MX", "gain", key, on) for key in ("gain_non_resident_gross", "gain_non_resident_net"))
        own = _gain(sold, price, on, indexed=False)
        most = price * gross.high / 100
        return summed("MX", "gain", [line("gain_tax", (own, price), (np.minimum(own * net.low / 100, most), most),
                                          [gross, net])], [_OPTION])
    gains = (_gain(sold, price, on, indexed=True), _gain(sold, price, on, indexed=False))
    gain: tuple[Array, Array] = (np.minimum(*gains), np.maximum(*gains))
    if np.any(gain[0] != gain[1]):
        notes.append(_INDEX)
    scale, most_years = the("MX", "rent", "income_scale", on), the("MX", "gain", "gain_years", on)
    used = [scale, most_years, *(the("MX", "gain", key, on) for key in ("land_share", "building_wear", "building_floor",
                                                                        "least_cost"))]
    if sold.own_home and sold.housing:
        exempt = the("MX", "gain", "home_exemption", on)
        used.append(exempt)
        gain = (np.zeros_like(gain[0]), gain[1])
        notes.append(_HOME)
    assert scale.table is not None
    years = np.clip(np.floor(of(sold.years) + 1e-9), 1, most_years.high)
    low, high = (brackets.amount(scale.table, end / years) * years for end in gain)
    return summed("MX", "gain", [line("gain_tax", gain, (low, high), used)], notes)


def _gain(sold: Sold, price: Array, on: date, *, indexed: bool) -> Array:
    """Price less deductible cost and costs of both deeds. Land keeps its cost, the building loses 3 % a year down to 20 %."""
    land, wear, floor, least = (the("MX", "gain", key, on).high / 100
                                for key in ("land_share", "building_wear", "building_floor", "least_cost"))
    years = of(sold.years)
    factor: Array = np.ones_like(years)
    if indexed:
        pct = sold.inflation_pct
        if pct is None:
            assumed = assumption("inflation_pct", "MX")
            assert assumed is not None
            pct = assumed.value
        factor = (1 + pct / 100) ** years
    worn = np.maximum(1 - wear * np.floor(years + 1e-9), floor)
    cost = of(sold.bought_for) * (land + (1 - land) * worn) * factor
    cost = np.maximum(cost, price * least)
    return np.asarray(np.maximum(price - cost - of(sold.purchase_costs) * factor - of(sold.selling_costs), 0.0))
