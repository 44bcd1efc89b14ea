"""The trust (fideicomiso) through which a foreigner buys a home in Mexico's restricted zone: whether it is needed, and what it
costs by the dated rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from knowledge.finance import rules
from knowledge.finance.restricted_zone import Zone, zone_of
from knowledge.finance.rule import Rule


@dataclass(frozen=True, slots=True)
class Trust:
    """A foreigner's purchase in Mexico. `told`: the trust itself was spoken of; `closing`, `setup` and `year` are the rules of
    a purchase through a trust, None where none holds on the day; `setup` and `year` are money, in their own currency."""

    zone: Zone
    told: bool
    closing: Rule | None
    setup: Rule | None
    year: Rule | None

    @property
    def used(self) -> bool:
        """Whether the purchase is reckoned through a trust: told, or the place lies in the zone."""
        return self.told or self.zone.where == "inside"


def trust_of(country: str | None, city: str | None, *, buyer: bool, told: bool, on: date) -> Trust | None:
    """The trust of a purchase in `city`; None where nobody foreign buys, or not in Mexico. `buyer`: a foreigner buys."""
    if country != "MX" or not (buyer or told):
        return None
    held = {rule.key: rule for kind in ("acquisition", "holding") for rule in rules.in_force("MX", kind, on, foreign_trust=True)
            if rule.buyer == "foreign_trust"}
    return Trust(zone_of(city), told, held.get("closing_total"), held.get("trust_setup"), held.get("trust_year"))
