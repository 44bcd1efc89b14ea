"""One legal or tax parameter: its value or bands, where and when it holds, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from knowledge.finance.brackets import Table

Kind = Literal["acquisition", "selling", "holding", "rent", "rent_cap", "gain", "index"]
KINDS: tuple[str, ...] = get_args(Kind)
Build = Literal["new", "used", "any"]
PropertyClass = Literal["housing", "commercial", "other"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One parameter.

    `low` and `high` are percent of `base` (6.13 for 6.13 %) or, with unit `money`, an amount in `currency`; equal where
    the source gives one value. With a `table` (unit `table`) they are its lowest and highest rate. `base`: price,
    price_or_reference (the higher of price and official value), or what a rule outside the purchase applies to (rent, gain,
    cadastral_value…). `part_of`: already inside the rule of that key. `open_above`: more may apply than the highest value
    known. `price_from` and `price_to` limit it to a band of prices, in `price_unit` (a currency, or UVT).
    """

    country: str
    key: str
    kind: Kind
    low: float
    high: float
    base: str
    payer: str
    label_es: str
    label_en: str
    source: str
    valid_from: date
    currency: str
    region: str = "*"
    unit: str = "percent"
    table: Table | None = None
    open_above: bool = False
    applies_to: PropertyClass | Literal["any"] = "any"
    build: Build = "any"
    buyer: str = "any"
    price_from: float | None = None
    price_to: float | None = None
    price_unit: str = ""
    part_of: str = ""
    note_es: str = ""
    note_en: str = ""
    valid_to: date | None = None
    verified_on: date | None = None

    @property
    def id(self) -> str:
        """Stable and readable: `CO/acquisition/notary/*/2024-01-01`, with whatever narrows it appended."""
        narrowed = [self.applies_to, self.build, self.buyer, f"{self.price_from or 0:g}", "bands" if self.table else "any"]
        extra = "".join(f"/{part}" for part in narrowed if part not in ("any", "0"))
        return f"{self.country}/{self.kind}/{self.key}/{self.region}/{self.valid_from.isoformat()}{extra}"

    @property
    def verified(self) -> bool:
        return self.verified_on is not None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a sum of costs or taxes does not hold, in words."""

    es: str
    en: str
