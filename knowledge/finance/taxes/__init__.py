"""Income taxes of a property: on its rent by year and on its sale, for natural persons of three residences.

`rent_tax` and `sale_tax` broadcast over (paths, years); every amount is in the currency of the property's country, because
bands are. A result has a low and a high end wherever the law, the data or the investor's own circumstances leave it open,
and names the dated rules behind it. Companies, treaties and the taxes of the investor's own country are left out, and said.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from core import clock
from core.errors import BadInput
from core.locale import CURRENCY_OF
from knowledge.finance.taxes import colombia, mexico, spain
from knowledge.finance.taxes.owner import Let, Owner, Sold
from knowledge.finance.taxes.result import Tax, TaxLine, UnknownRule

_RENT: dict[str, Callable[[Owner, Let, date], Tax]] = {"CO": colombia.rent, "ES": spain.rent, "MX": mexico.rent}
_SALE: dict[str, Callable[[Owner, Sold, date], Tax]] = {"CO": colombia.sale, "ES": spain.sale, "MX": mexico.sale}


def rent_tax(country: str, owner: Owner, let: Let, *, on: date | None = None, currency: str | None = None) -> Tax:
    """The tax on a year's rent, elementwise. `on`: the day whose rules hold (default today, in every year).

    Raises `BadInput` for a country without rules or amounts in another currency, `UnknownRule` for a day without rules.
    """
    code = _country(country, currency)
    return _RENT[code](owner, let, on or clock.now().date())


def sale_tax(country: str, owner: Owner, sold: Sold, *, on: date | None = None, currency: str | None = None) -> Tax:
    """The taxes of a sale, elementwise; advances (withholding) are lines that are not counted. Raises as `rent_tax`."""
    code = _country(country, currency)
    return _SALE[code](owner, sold, on or clock.now().date())


def _country(country: str, currency: str | None) -> str:
    code = country.upper() if isinstance(country, str) else ""
    if code not in _RENT:
        raise BadInput(
            f"I have no tax rules for {country!r}: expected CO, ES or MX. Ask a tax adviser of that country.",
            f"No tengo reglas de impuestos para {country!r}: se espera CO, ES o MX. Consulte a un asesor de ese país.",
        )
    if currency is not None and currency != CURRENCY_OF[code]:
        raise BadInput(
            f"Taxes of {code} are reckoned in {CURRENCY_OF[code]}, not in {currency!r}: expected amounts in "
            f"{CURRENCY_OF[code]}. Convert them at a dated rate first.",
            f"Los impuestos de {code} se calculan en {CURRENCY_OF[code]}, no en {currency!r}: se esperan importes en "
            f"{CURRENCY_OF[code]}. Conviértalos antes con una tasa de cambio fechada.",
        )
    return code


__all__ = ["Let", "Owner", "Sold", "Tax", "TaxLine", "UnknownRule", "rent_tax", "sale_tax"]
