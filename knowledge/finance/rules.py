"""Legal and tax parameters as dated data (`data/rules/*.toml`), never in code.

A rule holds in a country or one of its regions, from `valid_from` to `valid_to`; one that has expired is never used,
and one without `verified_on` says so wherever it is shown. Where sources give a range the rule keeps both ends, and
`open_above` says that more may apply than the highest value known: no midpoint, no completion from memory.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from core.errors import BadInput, Misconfigured
from knowledge.understanding.text import fold, slug

DATA = Path(__file__).parent / "data"
Kind = Literal["acquisition", "selling", "holding", "rent", "rent_cap", "gain", "index"]
Build = Literal["new", "used", "any"]
PropertyClass = Literal["housing", "commercial", "other"]

_CLASSES: dict[str, PropertyClass] = {
    "apartment": "housing", "house": "housing", "studio": "housing", "room": "housing",
    "office": "commercial", "retail": "commercial", "warehouse": "commercial",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One parameter.

    `low` and `high` are percent of `base` (6.13 for 6.13 %) or, with unit `money`, an amount in `currency`; equal where
    the source gives one value. `base`: price, price_or_reference (the higher of price and official value), or what a
    rule outside the purchase applies to (rent, gain, cadastral_value…). `part_of`: already inside the rule of that key.
    `price_from` and `price_to` limit it to a band of prices, in `price_unit` (a currency, or UVT).
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
        narrowed = [self.applies_to, self.build, self.buyer, f"{self.price_from or 0:g}"]
        extra = "".join(f"/{part}" for part in narrowed if part not in ("any", "0"))
        return f"{self.country}/{self.kind}/{self.key}/{self.region}/{self.valid_from.isoformat()}{extra}"

    @property
    def verified(self) -> bool:
        return self.verified_on is not None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a sum of costs does not hold, in words."""

    es: str
    en: str


def property_class(property_type: str | None) -> PropertyClass:
    """Housing, commercial premises or other; an unnamed property is taken as housing."""
    return "housing" if property_type is None else _CLASSES.get(property_type, "other")


def load(country: str) -> tuple[Rule, ...]:
    """All rules of a country, expired ones too. Raises `BadInput` for a country without rules."""
    return _file(_known(country))[0]


def left_out(country: str, kind: Kind) -> tuple[LeftOut, ...]:
    """What sums of this kind do not hold in this country."""
    return _file(_known(country))[1].get(kind, ())


def region_of(country: str, place: str | None) -> str:
    """The region slug whose rules hold in a city (or region) name, `*` if none is known to differ."""
    return _regions().get((_known(country), fold(place)), "*") if place else "*"


def in_force(
    country: str,
    kind: Kind,
    on: date,
    *,
    region: str = "*",
    applies_to: PropertyClass = "housing",
    new_build: bool = False,
    foreign_trust: bool = False,
    price: float | None = None,
    currency: str | None = None,
) -> tuple[Rule, ...]:
    """The rules that hold on a day, the narrowest of each key: a region before the country, a buyer before everyone.

    Price bands apply where `price` is in the band's currency (or convertible by a unit in force, UVT); where that
    cannot be told, every band of the key is returned.
    """
    build: Build = "new" if new_build else "used"
    found: dict[str, list[Rule]] = {}
    for rule in load(country):
        if (
            rule.kind == kind
            and rule.holds_on(on)
            and rule.region in ("*", region)
            and rule.applies_to in ("any", applies_to)
            and rule.build in ("any", build)
            and (rule.buyer == "any" or (rule.buyer == "foreign_trust" and foreign_trust))
            and _in_band(rule, price, currency, on)
        ):
            found.setdefault(rule.key, []).append(rule)
    return tuple(rule for same in found.values() for rule in _narrowest(same))


def unit_value(country: str, key: str, on: date) -> Rule | None:
    """The value in force of a legal unit such as the UVT, or None where no year covers the day."""
    return next((r for r in load(country) if r.kind == "index" and r.key == key and r.holds_on(on)), None)


def _narrowest(same: list[Rule]) -> list[Rule]:
    def rank(rule: Rule) -> tuple[bool, bool]:
        return (rule.buyer != "any", rule.region != "*")

    best = max(rank(rule) for rule in same)
    return [rule for rule in same if rank(rule) == best]


def _in_band(rule: Rule, price: float | None, currency: str | None, on: date) -> bool:
    if (rule.price_from is None and rule.price_to is None) or price is None:
        return True
    scale = 1.0
    if rule.price_unit != rule.currency:
        unit = unit_value(rule.country, rule.price_unit.lower(), on)
        if unit is None:
            return True
        scale = unit.low
    if currency is not None and currency != rule.currency:
        return True
    return (rule.price_from or 0) * scale < price <= (rule.price_to or float("inf")) * scale


def _known(country: str) -> str:
    code = country.upper() if isinstance(country, str) else ""
    if code not in ("CO", "ES", "MX"):
        raise BadInput(
            f"I have no cost rules for {country!r}: expected CO, ES or MX. State the costs yourself.",
            f"No tengo reglas de gastos para {country!r}: se espera CO, ES o MX. Indique usted los gastos.",
        )
    return code


@lru_cache
def _file(country: str) -> tuple[tuple[Rule, ...], dict[str, tuple[LeftOut, ...]]]:
    path = DATA / "rules" / f"{country.lower()}.toml"
    with path.open("rb") as handle:
        data = tomllib.load(handle)
    rules = tuple(_rule(raw, data, path) for raw in data["rule"])
    omitted: dict[str, tuple[LeftOut, ...]] = {}
    for item in data.get("left_out", ()):
        omitted[item["kind"]] = (*omitted.get(item["kind"], ()), LeftOut(item["es"], item["en"]))
    return rules, omitted


def _rule(raw: dict[str, Any], data: dict[str, Any], path: Path) -> Rule:
    body: dict[str, Any] = {"country": data["country"], "currency": data["currency"]} | raw
    if "value" in body:
        body["low"] = body["high"] = body.pop("value")
    unknown = set(body) - {f.name for f in fields(Rule)}
    try:
        if unknown:
            raise TypeError(f"unknown fields {sorted(unknown)}")
        return Rule(**body)
    except TypeError as error:
        name = f"{path.name}: {raw.get('key', '?')}"
        raise Misconfigured(
            f"The rule {name} cannot be read ({error}): expected the fields of `Rule`. Correct the file.",
            f"No se puede leer la regla {name} ({error}): se esperan los campos de `Rule`. Corrija el archivo.",
        ) from error


@lru_cache
def _regions() -> dict[tuple[str, str], str]:
    with (DATA / "regions.toml").open("rb") as handle:
        data = tomllib.load(handle)
    return {
        (country, name): region
        for country, regions in data.items()
        for region, places in regions.items()
        for name in [*(fold(place) for place in places), fold(slug(region))]
    }
