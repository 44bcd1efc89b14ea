"""A foreigner's purchase in Mexico as answers tell it: whether the place lies in the restricted zone, what a trust costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core import clock
from core.errors import NotFound
from core.facts import Fact, Source
from core.locale import CURRENCY_OF, Language
from tools.context import Runtime
from tools.currency import rates_of
from tools.result import ToolResult

if TYPE_CHECKING:
    from knowledge.finance.currency import Conversion
    from knowledge.finance.rule import Rule
    from knowledge.finance.trust import Trust


async def dollar_for(
    runtime: Runtime, country: str | None, city: str | None, currency: str | None, *, buyer: bool, told: bool
) -> Conversion | None:
    """One dollar in the money of a foreigner's purchase through a trust, which is paid in dollars; None where there is none,
    the purchase is in dollars too, or no rate is stored."""
    from knowledge.finance import currency as money
    from knowledge.finance.trust import trust_of

    code, today = (country or ("MX" if currency == "MXN" else "")).upper(), clock.now().date()
    target = (currency or CURRENCY_OF.get(code) or "").upper()
    trust = trust_of(code, city, buyer=buyer, told=told, on=today)
    if trust is None or not trust.used or target not in CURRENCY_OF.values():
        return None
    rates = await rates_of(runtime, money.pairs_between("USD", target), today)
    try:
        return money.convert(1.0, "USD", target, rates)
    except NotFound:
        return None


def trust_data(
    result: ToolResult, trust: Trust | None, language: Language, city: str | None, *, counted: bool = False
) -> dict[str, Any] | None:
    """What the template tells, with its figures as facts of `result`; None where nobody foreign buys in Mexico. `counted`: the
    yearly fee is among the running costs."""
    from knowledge.finance.restricted_zone import file

    if trust is None:
        return None
    zone, law = trust.zone, file()
    spanish = language == "es"

    def limit(key: str, km: float) -> str:
        return result.add(Fact(key, km, "km", Source("rule", "rule/restricted_zone", law.label_es if spanish else law.label_en,
                                                     law.source), as_of=law.verified_on.isoformat()), say=False)

    def figure(key: str, rule: Rule | None) -> str | None:
        if rule is None:
            return None
        money = rule.unit == "money"
        return result.add(Fact(key, rule.high, "money" if money else "percent",
                               Source("rule", f"rule/{rule.id}", rule.label_es if spanish else rule.label_en, rule.source),
                               currency=rule.currency if money else None, low=rule.low, high=rule.high,
                               as_of=rule.valid_from.isoformat()))

    result.say(f"a foreigner buys: {city or 'the place'} lies {zone.where} the restricted zone"
               f"{'' if zone.verified else ' (UNVERIFIED: say that it must be checked)'}; "
               f"{'reckoned with a trust' if trust.used else 'reckoned without a trust'}")
    doubtful = [rule for rule in (trust.closing, trust.setup, trust.year) if rule is not None and not rule.verified]
    if zone.where == "inside" and not zone.verified:
        result.evidence["unverified"] = True
    return {
        "where": zone.where, "verified": zone.verified, "told": trust.told, "used": trust.used, "city": city,
        "coast": limit("restricted_coast_km", law.coast_km), "border": limit("restricted_border_km", law.border_km),
        "closing": figure("trust_closing_pct", trust.closing), "setup": figure("trust_setup", trust.setup),
        "year": figure("trust_year", trust.year), "counted": counted, "doubtful": bool(doubtful),
    }
