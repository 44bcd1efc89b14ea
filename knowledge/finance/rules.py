"""Which legal and tax parameters hold: dated data (`data/rules/{co,es,mx}/*.toml`), never in code.

A rule holds in a country or one of its regions, from `valid_from` to `valid_to`; one that has expired is never used,
and one without `verified_on` says so wherever it is shown. Where sources give a range the rule keeps both ends, and
`open_above` says that more may apply than the highest value known: no midpoint, no completion from memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from core.data_files import read
from core.errors import BadInput
from knowledge.finance import rule_files
from knowledge.finance.rule import Build, Kind, LeftOut, PropertyClass, Rule
from knowledge.finance.rule_files import DATA
from knowledge.understanding.text import fold, slug

_CLASSES: dict[str, PropertyClass] = {
    "apartment": "housing", "house": "housing", "studio": "housing", "room": "housing",
    "office": "commercial", "retail": "commercial", "warehouse": "commercial",
}


def property_class(property_type: str | None) -> PropertyClass:
    """Housing, commercial premises or other; an unnamed property is taken as housing."""
    return "housing" if property_type is None else _CLASSES.get(property_type, "other")


def load(country: str) -> tuple[Rule, ...]:
    """All rules of a country, expired ones too. Raises `BadInput` for a country without rules."""
    return rule_files.read(_known(country))[0]


def left_out(country: str, kind: Kind) -> tuple[LeftOut, ...]:
    """What sums of this kind do not hold in this country."""
    return rule_files.read(_known(country))[1].get(kind, ())


def region_of(country: str, place: str | None) -> str:
    """The region slug whose rules hold in a city (or region) name, `*` if none is known to differ."""
    return _regions().get((_known(country), fold(place)), "*") if place else "*"


def by_region(country: str, kind: Kind) -> bool:
    """Whether rules of this kind differ by region in this country."""
    return any(rule.kind == kind and rule.region != "*" for rule in load(country))


def unknown_region(country: str, place: str | None, kinds: Iterable[Kind]) -> bool:
    """Whether the own rules of a place lack, where rules of these kinds differ by region: the country's range stands in."""
    return bool(place) and region_of(country, place) == "*" and any(by_region(country, kind) for kind in kinds)


def stands_in(rule: Rule, place: str | None) -> bool:
    """Whether a country's range stands in for a place whose region is known, where rules of this key differ by region."""
    if rule.region != "*" or rule.low == rule.high or not place or region_of(rule.country, place) == "*":
        return False
    return any(other.key == rule.key and other.kind == rule.kind and other.region != "*" for other in load(rule.country))


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


def scale_of(rule: Rule, on: date) -> float | None:
    """Money a unit that the rule's bands are written in: 1 for its currency, an UVT's value on that day; None if unknown."""
    if rule.table is None or rule.table.unit in (rule.currency, "years"):
        return 1.0
    unit = unit_value(rule.country, rule.table.unit.lower(), on)
    return None if unit is None else unit.low


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
def _regions() -> dict[tuple[str, str], str]:
    data = read(DATA / "regions.toml", dict[str, dict[str, list[str]]])
    return {
        (country, name): region
        for country, regions in data.items()
        for region, places in regions.items()
        for name in [*(fold(place) for place in places), fold(slug(region))]
    }
