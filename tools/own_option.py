"""An option of a comparison from the investor's own figures: what they allow, worked out by the one finance engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from core.facts import Fact, Source, Unit
from tools.calculation import cost_rows
from tools.context import Runtime
from tools.option_profiles import Profile
from tools.provenance import settle

if TYPE_CHECKING:
    from knowledge.finance.inputs import Inputs

#: Figures that are shown as they were given.
_GIVEN: tuple[tuple[str, Unit], ...] = (
    ("price", "money"), ("monthly_rent", "money"), ("annual_rent", "money"), ("area_m2", "m2"), ("loan_amount", "money"),
    ("down_payment_pct", "percent"), ("rate_pct", "percent"), ("term_years", "years"),
)
#: Measures beyond the plain ones, worked out where they are asked for.
ASKED = frozenset({"net_yield", "cap_rate", "noi", "payback_years", "cash_on_cash", "cash_flow_month", "cash_flow_year", "dscr",
                   "irr", "levered_irr", "npv", "break_even_rent", "acquisition_costs", "loan_to_value", "loan_amount",
                   "monthly_payment", "total_interest", "interest_saved", "down_payment", "cash_needed", "savings_gap",
                   "total_outlay", "total_return", "annual_growth", "value_at_horizon", "price_for_yield", "rent_for_yield",
                   "affordable_loan", "break_even_nights"})


class MoreFigures(BaseModel):
    """What the return of an option rests on besides its price, rent, costs and loan, as stated: money in its currency,
    percentages as 12 for 12 %."""

    own_cash: float | None = Field(None, description="own money put in")
    own_excludes_costs: bool | None = Field(None, description="purchase costs come on top of own_cash")
    instalment: float | None = Field(None, description="the loan's monthly payment, if told")
    affordable_payment: float | None = Field(None, description="a monthly payment the investor can bear")
    valuation: float | None = Field(None, description="what the bank lends a share of, if not the price")
    savings: float | None = None
    nights: float | None = Field(None, description="nights let a year")
    nightly_rent: float | None = None
    sale_price: float | None = Field(None, description="what it sells for at horizon_years")
    horizon_years: float | None = None
    other_term_years: float | None = None
    growth_pct: float | None = None
    rent_growth_pct: float | None = None
    selling_costs_pct: float | None = None
    discount_pct: float | None = None
    target_yield_pct: float | None = None
    target_is_net: bool | None = None
    target_is_monthly: bool | None = None
    net_yield_on: Literal["price", "invested"] | None = None
    cash_flows: list[float] | None = Field(None, description="yearly, today first")

    def inputs(self) -> dict[str, Any]:
        """Under the names of the finance engine; what was not told is left out."""
        told = self.model_dump(exclude_none=True)
        renamed = {"affordable_payment": "payment", "net_yield_on": "base"}
        found = {renamed.get(name, name): value for name, value in told.items()}
        return found | ({"cash_flows": tuple(found["cash_flows"])} if "cash_flows" in found else {})


def own_figures(runtime: Runtime, label: str, inputs: Inputs, asked: Sequence[str] = ()) -> Profile:
    """The profile of an option that the investor described. `inputs.measures` is not looked at."""
    from dataclasses import replace

    from knowledge.finance.analysis import analyse

    profile = Profile("own_figures", label)
    analysis = analyse(replace(inputs, measures=tuple(measures_for(inputs, asked)), entity=label))
    worked_out = {f.key for f in analysis.facts}
    given = [
        Fact(key, value, unit, Source("user", "message"), currency=inputs.money if unit == "money" else None, entity=label)
        for key, unit in _GIVEN
        if (value := getattr(inputs, key)) is not None and key not in worked_out
    ]
    settled = settle([*given, *analysis.facts], runtime)
    told = {key for key, _ in _GIVEN}
    for fact in settled.values():
        if fact.key in told and (getattr(inputs, fact.key) is not None or fact.key == "loan_amount"):
            profile.put(fact.key, fact)
    for key, fact in analysis.measures.items():
        profile.put(key, settled[fact.id])
    profile.extra = [fact for fact in settled.values() if fact.id not in {f.id for f in profile.cells.values()}]
    profile.costs = cost_rows(profile.extra) if inputs.costs else []
    profile.assumed = [{"es": a.label_es, "en": a.label_en} for a in analysis.assumptions]
    if inputs.rate_pct is not None:
        profile.notes.append("rate_effective" if inputs.rate_kind == "effective" else "rate_nominal")
    if not _only_a_loan(inputs):
        _missing(profile)
    if not profile.cells:
        profile.reason = "not_given"
    return profile


def measures_for(inputs: Inputs, asked: Sequence[str]) -> list[str]:
    """What the figures allow and the investor cares about."""
    found = [] if inputs.rent_is_net else ["gross_yield", "years_of_rent"]
    net_told = inputs.told_net
    income = inputs.monthly_rent is not None or inputs.annual_rent is not None
    if net_told and income:
        found.append("net_yield")
    found.append("price_per_m2")
    borrowed = inputs.loan_amount is not None or (inputs.price is not None and inputs.down_payment_pct is not None)
    if borrowed and inputs.rate_pct is not None and inputs.term_years is not None:
        found += ["loan_amount", "monthly_payment", "total_interest"]
        if income:
            found.append("rent_minus_payment")
            found += ["cash_flow_month"] if net_told else []
    found += [name for name in asked if name in ASKED]
    return [] if not found else list(dict.fromkeys(found))


def _only_a_loan(inputs: Inputs) -> bool:
    return inputs.price is None and inputs.monthly_rent is None and inputs.annual_rent is None and inputs.rate_pct is not None


def _missing(profile: Profile) -> None:
    income = profile.cells.keys() & {"monthly_rent", "annual_rent"}
    if "price" not in profile.cells:
        profile.missing["price"] = "not_given"
    if not income:
        profile.missing["monthly_rent"] = "not_given"
    for key in ("gross_yield", "years_of_rent"):
        if key not in profile.cells:
            profile.missing[key] = "needs_price_and_rent"
