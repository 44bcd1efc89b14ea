"""What an investor told about their taxes. Everything is optional; what is missing widens the result, or is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from core import clock
from knowledge.finance import checks

#: Relative to the property's country: who lives there, in the EU or EEA (told apart by Spain alone), or elsewhere.
Residence = Literal["resident", "eu", "other"]
#: Reductions of the net rent that Spanish law knows, percent.
REDUCTIONS = (0, 50, 60, 70, 90)
#: No property that is sold today was bought before.
_EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Taxpayer:
    """A natural person and the official figures of one property.

    `residence` None: not told, taken as resident and said so. `marginal_rate_pct`: the rate that one more unit of income
    pays; `other_income`: what else the same scale taxes in a year. `land_value` and `cadastral_value` are official values,
    `municipal_rate_pct` the town's rate of the Spanish land-gain tax, `reduction_pct` a reduction of the net rent whose
    conditions are met, `own_home`: what is sold was the seller's home, `bought_on`: the day of the purchase.
    """

    residence: Residence | None = None
    marginal_rate_pct: float | None = None
    other_income: float | None = None
    land_value: float | None = None
    cadastral_value: float | None = None
    municipal_rate_pct: float | None = None
    reduction_pct: float | None = None
    own_home: bool = False
    bought_on: date | None = None

    def __post_init__(self) -> None:
        if self.residence is not None and self.residence not in get_args(Residence):
            raise wrong_residence(self.residence)
        for field, high in (("marginal_rate_pct", 100), ("municipal_rate_pct", 30)):
            if (value := getattr(self, field)) is not None:
                checks.percent(field, value, 0, high)
        if self.other_income is not None:
            checks.amount("other_income", self.other_income, zero=True)
        for field in ("land_value", "cadastral_value"):
            if (value := getattr(self, field)) is not None:
                checks.amount(field, value)
        if self.land_value is not None and self.cadastral_value is not None and self.land_value > self.cadastral_value:
            raise checks.bad("land_value", self.land_value, f"como mucho el valor catastral total ({self.cadastral_value:g})",
                             f"at most the whole cadastral value ({self.cadastral_value:g})")
        if self.reduction_pct is not None and self.reduction_pct not in REDUCTIONS:
            raise checks.bad("rent_reduction_pct", self.reduction_pct, "0, 50, 60, 70 o 90 %", "0, 50, 60, 70 or 90 %")
        if self.bought_on is not None and not _EARLIEST <= self.bought_on <= clock.now().date():
            raise checks.bad("bought_on", self.bought_on.isoformat(), "un día desde 1900 hasta hoy", "a day from 1900 to today",
                             "Corrija la fecha; una venta no puede ser anterior a la compra.",
                             "Correct the date; a sale cannot come before the purchase.")

    def years_on(self, day: date) -> float | None:
        """Years held on the day of a sale, None where the purchase's day was not told; raises for a sale before it."""
        if self.bought_on is None:
            return None
        if day <= self.bought_on:
            raise checks.bad("bought_on", self.bought_on.isoformat(), f"un día anterior a la venta ({day.isoformat()})",
                             f"a day before the sale ({day.isoformat()})")
        whole = day.year - self.bought_on.year
        birthday = _on_year(self.bought_on, day.year)
        if birthday > day:
            whole, birthday = whole - 1, _on_year(self.bought_on, day.year - 1)
        following = _on_year(self.bought_on, birthday.year + 1)
        return whole + (day - birthday).days / (following - birthday).days


#: Nothing was told.
UNTOLD = Taxpayer()


def wrong_residence(value: object) -> Exception:
    return checks.bad("residence", value, "resident, eu u other", "resident, eu or other",
                      "Diga si vive en el país del inmueble, en la UE o fuera.",
                      "Say whether you live in the property's country, in the EU or elsewhere.")


def _on_year(day: date, year: int) -> date:
    """The same day of another year; 29 February becomes the 28th."""
    return day.replace(year=year) if (day.month, day.day) != (2, 29) else day.replace(year=year, day=28)
