"""Which taxes and costs a purchase, a rent or a sale bears in a country, without figures of one's own: the dated rules.

A general answer to a general question. What running a let home usually costs is an assumption of ours and is said to be one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from langchain.tools import tool

from core import clock
from core.errors import BadInput
from core.facts import Fact, Source
from core.locale import CURRENCY_OF, Language
from knowledge.finance import rules
from knowledge.finance.assumptions import assumption
from knowledge.finance.rule import Kind, Rule
from knowledge.finance.trust import trust_of
from tools.context import Runtime
from tools.result import Content, ToolResult
from tools.trust import trust_data

Event = Literal["buy", "rent", "sell"]
_KINDS: dict[Event, tuple[Kind, ...]] = {"buy": ("acquisition",), "rent": ("rent", "holding"), "sell": ("selling", "gain")}
#: Limits and parts of a computation, which say nothing alone.
_INNER = frozenset({"interest_cap", "interest_limit", "deductions_limit", "deductions_limit_share", "gain_years", "land_share",
                    "building_wear", "building_floor", "least_cost", "land_gain_coefficient", "rent_rise_cap", "trust_year"})
#: Running costs of a home that is let, as they are usual.
_RUNNING = ("administration_pct", "maintenance_pct", "vacancy_pct")


@tool(response_format="content_and_artifact")
async def tax_rules(
    runtime: Runtime,
    country: str,
    event: Event,
    city: str | None = None,
    residence: Literal["resident", "eu", "other", "abroad"] | None = None,
    property_type: str | None = None,
    new_build: bool = False,
    foreign_buyer: bool = False,
    foreign_trust: bool = False,
) -> Content:
    """The taxes and legal costs of buying, letting (rent) or selling in a country, in general, each rule with date and source.

    For questions without figures ("which taxes eat into the rent?"). country: CO, ES or MX. residence of the owner if told.
    foreign_buyer: a foreigner buys in Mexico; foreign_trust: through a trust.
    """
    code = taxed_country(country)
    result, language = ToolResult(), runtime.context.locale.language
    trust = trust_of(code, city, buyer=foreign_buyer, told=foreign_trust, on=clock.now().date())
    held = [rule for kind in _KINDS[event] for rule in rules.in_force(
        code, kind, clock.now().date(), region=rules.region_of(code, city), applies_to=rules.property_class(property_type),
        new_build=new_build, foreign_trust=trust is not None and trust.used)]
    if event == "sell" and code == "MX":  # a resident's gain is income, taxed by the tariff of income
        held = [*(replace(rule, base="gain") for rule in rules.in_force(code, "rent", clock.now().date())
                  if rule.key == "income_scale"), *held]
    kept = [rule for rule in held if rule.key not in _INNER and _concerns(rule, residence)]
    rows = [_row(result, rule, language) for rule in kept]
    result.data = {
        "country": code, "event": event, "region_unknown": None, "residence": residence, "rows": rows,
        "running": [_assumed(result, key, code, language) for key in _RUNNING] if event == "rent" else [],
        "unverified": any(not rule.verified for rule in kept),
    }
    result.evidence["unverified"] = result.data["unverified"]
    result.data["trust"] = trust_data(result, trust, language, city)
    if rules.unknown_region(code, city, _KINDS[event]):
        result.data["region_unknown"] = city
        result.evidence["region_unknown"] = True
        result.say(f"I have no rules of {city}: these are the range of the whole country")
    name_rules(result, kept)
    if not rows:
        result.gap("no_data", country=code, event=event)
    return result.done()


def taxed_country(country: str) -> str:
    """The country's code in capitals. Raises `BadInput` for one without tax rules."""
    code = country.upper()
    if code not in CURRENCY_OF:
        raise BadInput(f"I have no tax rules for the country {country!r}: expected CO, ES or MX.",
                       f"No tengo reglas de impuestos para el país {country!r}: se espera CO, ES o MX.")
    return code


def name_rules(result: ToolResult, used: Iterable[Rule]) -> None:
    """Names of rules and sources hold digits ("Ley 7/2024"): as facts of their own they may be shown."""
    for name in dict.fromkeys(text for rule in used for text in (rule.source, rule.label_es, rule.label_en)):
        result.add(Fact("source_name", name, "text", Source("rule", "source_name", name)), say=False)


def _concerns(rule: Rule, residence: str | None) -> bool:
    """Whether a rule is for this owner; without a residence all of them are."""
    foreign = "non_resident" in rule.key
    if residence is None:
        return True
    if residence == "resident":
        return not foreign
    other_kind = {"eu": "other", "other": "eu"}.get(residence, "")
    resident_only = rule.key in ("income_scale", "savings_scale", "rent_reduction", "gain_long", "rent_blind_deduction",
                                 "home_exemption")
    return not resident_only and not (foreign and other_kind and rule.key.endswith(f"_{other_kind}"))


def _row(result: ToolResult, rule: Rule, language: Language) -> dict[str, Any]:
    label = rule.label_es if language == "es" else rule.label_en
    unit = {"money": "money", "count": "count"}.get(rule.unit, "percent")
    ranged = rule.low != rule.high
    fact = Fact(f"{rule.key}_pct" if unit == "percent" else rule.key, rule.high, unit,  # type: ignore[arg-type]
                Source("rule", f"rule/{rule.id}", label, rule.source), currency=rule.currency if unit == "money" else None,
                low=rule.low if ranged else None, high=rule.high if ranged else None, as_of=rule.valid_from.isoformat())
    result.add(fact)
    result.say(f"  of {rule.base}, {'verified' if rule.verified else 'UNVERIFIED'}")
    return {"fact": fact.id, "es": rule.label_es, "en": rule.label_en, "base": rule.base, "from": rule.valid_from.isoformat(),
            "verified": rule.verified, "bands": rule.table is not None}


def _assumed(result: ToolResult, key: str, country: str, language: Language) -> dict[str, Any]:
    """What a running cost usually is, as our assumption."""
    found = assumption(key, country)
    assert found is not None
    label = found.label_es if language == "es" else found.label_en
    fact = Fact(key, found.value, "percent", Source("rule", f"assumption/{found.country}/{key}", label, found.source))
    return {"fact": result.add(fact), "es": found.label_es, "en": found.label_en}
