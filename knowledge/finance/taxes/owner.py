"""Who is taxed, and on what: the owner, a year of letting, a sale. Checked on construction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from knowledge.finance import checks
from knowledge.finance.brackets import Array
from knowledge.finance.taxpayer import REDUCTIONS, Residence, wrong_residence


def of(value: ArrayLike) -> Array:
    """As float64."""
    return np.asarray(value, dtype=np.float64)


def figures(field: str, value: ArrayLike, *, negative: bool = False) -> Array:
    """An array of finite figures of 0 or more (or any, where `negative`); raises `BadInput` that names the first other one."""
    found = of(value)
    wrong = ~np.isfinite(found) | (np.abs(found) > checks.LARGEST_AMOUNT)
    if not negative:
        wrong |= found < 0
    if wrong.any():
        first = float(found[wrong].flat[0])
        raise checks.bad(field, first, "una cifra de 0 o más y creíble", "a credible figure of 0 or more")
    return found


@dataclass(frozen=True, slots=True)
class Owner:
    """A natural person. `marginal_rate_pct`: the rate that one more unit of income pays, where it is known;
    `other_income`: what else is taxed by the same scale in a year, which gives the exact figure. Without either the result
    spans the scale."""

    residence: Residence = "resident"
    marginal_rate_pct: float | None = None
    other_income: float | None = None

    def __post_init__(self) -> None:
        if self.residence not in get_args(Residence):
            raise wrong_residence(self.residence)
        if self.marginal_rate_pct is not None:
            checks.percent("marginal_rate_pct", self.marginal_rate_pct, 0, 100)
        if self.other_income is not None:
            checks.amount("other_income", self.other_income, zero=True)


@dataclass(frozen=True, slots=True)
class Let:
    """A year of letting, by year or scalar: `rent` collected, running `costs`, the part of them that is `property_tax`,
    `interest` of the loan. `cost`: price and purchase costs; `building_share_pct`: low and high end of the share of it that
    is no land. `reduction_pct`: a reduction of the net rent whose conditions are met (Spain)."""

    rent: ArrayLike
    costs: ArrayLike = 0.0
    property_tax: ArrayLike = 0.0
    interest: ArrayLike = 0.0
    cost: ArrayLike = 0.0
    building_share_pct: tuple[float, float] = (0.0, 100.0)
    housing: bool = True
    reduction_pct: float | None = None

    def __post_init__(self) -> None:
        for field in ("rent", "costs", "property_tax", "interest", "cost"):
            object.__setattr__(self, field, figures("annual_rent" if field == "rent" else field, getattr(self, field)))
        low, high = (checks.percent("building_share_pct", v, 0, 100) for v in self.building_share_pct)
        if low > high:
            raise checks.bad("building_share_pct", f"{low:g}–{high:g}", "el extremo menor primero", "the lower end first")
        if self.reduction_pct is not None and self.reduction_pct not in REDUCTIONS:
            raise checks.bad("rent_reduction_pct", self.reduction_pct, "0, 50, 60, 70 o 90 %", "0, 50, 60, 70 or 90 %")


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale, by path or scalar: `price`, what it was `bought_for`, `purchase_costs`, `selling_costs` (no advances of tax),
    `years` held, depreciation `worn` off while it was let (low and high end). `land_value` and `cadastral_value` are
    official values; `municipal_rate_pct` the town's rate of the Spanish land-gain tax; `inflation_pct` a year's, for the
    Mexican indexed cost; `own_home`: it was the seller's home."""

    price: ArrayLike
    bought_for: ArrayLike
    years: ArrayLike
    purchase_costs: ArrayLike = 0.0
    selling_costs: ArrayLike = 0.0
    worn: tuple[ArrayLike, ArrayLike] = (0.0, 0.0)
    land_value: float | None = None
    cadastral_value: float | None = None
    municipal_rate_pct: float | None = None
    inflation_pct: float | None = None
    own_home: bool = False
    housing: bool = True

    def __post_init__(self) -> None:
        names = {"price": "sale_price", "bought_for": "price", "years": "years_held"}
        for field in ("price", "bought_for", "purchase_costs", "selling_costs", "years"):
            object.__setattr__(self, field, figures(names.get(field, field), getattr(self, field)))
        for year in np.atleast_1d(of(self.years)).flat:
            checks.years("years_held", float(year), 100)
        low, high = (figures("depreciation", v) for v in self.worn)
        if np.any(low > high):
            raise checks.bad("depreciation", float(np.max(low)), "el extremo menor primero", "the lower end first")
        object.__setattr__(self, "worn", (low, high))
        for field in ("land_value", "cadastral_value"):
            if (value := getattr(self, field)) is not None:
                checks.amount(field, value)
        if self.land_value is not None and self.cadastral_value is not None and self.land_value > self.cadastral_value:
            raise checks.bad("land_value", self.land_value, f"como mucho el valor catastral total ({self.cadastral_value:g})",
                             f"at most the whole cadastral value ({self.cadastral_value:g})")
        if self.municipal_rate_pct is not None:
            checks.percent("municipal_rate_pct", self.municipal_rate_pct, 0, 30)
        if self.inflation_pct is not None:
            checks.percent("inflation_pct", self.inflation_pct, -10, 100)
