"""How risky one purchase is: the chance of losing money, three scenarios, and which input the return hangs on.

The deal is the one of `analyse_returns`; its ranges are `tools.risk_ranges`; the arithmetic is `knowledge.finance.risk`. Every
figure of the answer and of its charts is a fact, and the charts are told of by name only.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from langchain.tools import tool
from pydantic import Field

from core.errors import BadInput
from core.facts import Fact, Source, Unit
from core.locale import CURRENCY_OF
from tools.calculation import StatedCost, assumption_rows, engine_costs, warning_rows
from tools.context import Runtime
from tools.exchange_swing import exchange_swing
from tools.provenance import settle
from tools.result import Content, ToolResult
from tools.risk_charts import add_charts
from tools.risk_ranges import Forecasted, Place, band_fact, ranges_of
from tools.trust import dollar_for, trust_data

if TYPE_CHECKING:
    from knowledge.finance.rule import Rule

Focus = Literal["all", "rent", "vacancy", "rate", "growth", "costs", "scenarios", "sensitivity"]
_INPUT_UNITS: dict[str, Unit] = {"rent": "money", "price": "percent", "costs": "percent", "rate_points": "ratio"}


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything that was computed, and the currency and horizon it is told in."""

    case: Any
    deal: Any
    ranges: Any
    outcome: Any
    stories: Any
    hangs: Any
    forecasts: dict[str, Forecasted]
    used: list[Fact]
    tax_rules: tuple[Rule, ...]


@tool(response_format="content_and_artifact")
async def analyse_risk(
    runtime: Runtime,
    price: float | None = None,
    monthly_rent: float | None = None,
    annual_rent: float | None = None,
    rent_low: float | None = None,
    rent_high: float | None = None,
    rent_is_net: bool = False,
    currency: str | None = None,
    home_currency: str | None = None,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    property_type: str | None = None,
    new_build: bool = False,
    foreign_buyer: bool = False,
    foreign_trust: bool = False,
    costs: list[StatedCost] | None = None,
    costs_as_told: bool = False,
    purchase_costs: float | None = None,
    vacancy_pct: float | None = None,
    down_payment_pct: float | None = None,
    own_cash: float | None = None,
    loan_amount: float | None = None,
    rate_pct: float | None = None,
    rate_kind: Literal["nominal", "effective", "monthly"] | None = None,
    term_years: float | None = None,
    index_path: Annotated[list[float] | None, Field(max_length=60)] = None,
    margin_pct: float | None = None,
    indexed_to: Literal["UVR", "UDI"] | None = None,
    inflation_pct: float | None = None,
    horizon_years: float | None = None,
    growth_pct: float | None = None,
    rent_growth_pct: float | None = None,
    selling_costs_pct: float | None = None,
    residence: Literal["resident", "eu", "other"] | None = None,
    marginal_rate_pct: float | None = None,
    other_income: float | None = None,
    focus: Focus = "all",
    outside_markets: bool = False,
) -> Content:
    """The risk of ONE purchase that is let and sold later: chance of losing money (nominal and in today's money), distribution
    of the internal rate of the own money over 10,000 simulated paths, also after the taxes of rent and sale, value at risk,
    three scenarios, sensitivity by input.

    Pass only figures that the investor wrote or a tool returned, as for analyse_returns (money in `currency`, percent as 12 for
    12 %). price and a rent are needed. rent_low, rent_high: the range of an estimated rent. home_currency: the investor's own,
    if it is not the property's. A variable loan: index_path and margin_pct. horizon_years: years until the sale (10 if not
    said; say so). growth_pct, rent_growth_pct: only if the investor reckons with them; else the area's forecast is used.
    foreign_buyer, foreign_trust: a foreigner buys in Mexico, through a trust. residence of the owner relative to the property's
    country, marginal_rate_pct or other_income (a year's): narrow what is left after tax.
    focus: what was asked of: rent, vacancy, rate, growth, costs, scenarios, sensitivity, or all.
    """
    result = ToolResult()
    code = (country or "").upper() or None
    currency = currency.strip().upper() if currency else None if outside_markets else CURRENCY_OF.get(code or "")
    result.data = {"focus": focus, "problem": None, "missing": [], "found": False, "currency": currency, "country": code}
    place = Place() if outside_markets else Place(code, city, neighbourhood)
    fields: dict[str, Any] = {
        "price": price, "monthly_rent": monthly_rent, "annual_rent": annual_rent, "rent_is_net": rent_is_net,
        "currency": currency, "country": None if outside_markets else code, "city": city, "property_type": property_type,
        "new_build": new_build, "foreign_buyer": foreign_buyer, "foreign_trust": foreign_trust,
        "dollar": await dollar_for(runtime, code, city, currency, buyer=foreign_buyer, told=foreign_trust),
        "as_told": costs_as_told, "purchase_costs": purchase_costs, "vacancy_pct": vacancy_pct,
        "down_payment_pct": down_payment_pct, "own_cash": own_cash, "loan_amount": loan_amount, "rate_pct": rate_pct,
        "rate_kind": rate_kind or ("nominal" if rate_pct is not None else None), "term_years": term_years,
        "index_path": tuple(index_path or ()), "margin_pct": margin_pct, "indexed_to": indexed_to,
        "inflation_pct": inflation_pct,
        "horizon_years": horizon_years, "growth_pct": growth_pct, "rent_growth_pct": rent_growth_pct,
        "selling_costs_pct": selling_costs_pct, "language": runtime.context.locale.language, "measures": ("levered_irr",),
    }
    payer = (residence, marginal_rate_pct, other_income)
    ends = (rent_low * 12, rent_high * 12) if rent_low is not None and rent_high is not None else None
    try:
        found = await _computed(result, runtime, fields, payer, costs, place, ends, home_currency)
    except BadInput as error:
        result.refuse(error)
        return result.done()
    if found is not None:
        _report(result, runtime, found, currency)
    return result.done()


async def _computed(
    result: ToolResult, runtime: Runtime, fields: dict[str, Any], payer: tuple[Any, Any, Any], costs: list[StatedCost] | None,
    place: Place, rent_ends: tuple[float, float] | None, home_currency: str | None,
) -> _Found | None:
    from dataclasses import replace

    from knowledge.finance.analysis import Inputs
    from knowledge.finance.assumptions import assumption
    from knowledge.finance.case import Case
    from knowledge.finance.holding import deal_of
    from knowledge.finance.income import Missing, num
    from knowledge.finance.risk.monte_carlo import simulate
    from knowledge.finance.risk.scenarios import scenarios
    from knowledge.finance.risk.tornado import tornado
    from knowledge.finance.taxpayer import Taxpayer

    unknown = costs is None and not fields["country"] and fields["currency"] not in ("COP", "MXN")
    if unknown:  # nobody's assumptions hold: nothing comes off the rent, and the answer says so
        fields |= {"as_told": True}
    result.data["no_costs"] = unknown
    inputs = Inputs(**fields, taxpayer=Taxpayer(*payer), costs=engine_costs(costs))
    default = assumption("horizon_years", inputs.legal_country)
    if inputs.horizon_years is None and default is not None:
        inputs = replace(inputs, horizon_years=default.value)
    case = Case(inputs)
    if fields["horizon_years"] is None and default is not None:
        case.show(default, case.assume(default))
    try:
        deal, used = deal_of(case, with_loan=case.has_loan)
        if not case.inputs.lets:
            raise Missing("monthly_rent")
        if inputs.vacancy_pct is None and not inputs.rent_is_net:  # a home that is never empty has no such risk
            deal = replace(deal, vacancy_pct=num(case.percent_or_assumed("vacancy_pct")))
    except Missing as lack:
        result.data["missing"] = list(lack.names)
        result.gap("missing_input", measure="risk", need=" and ".join(lack.names))
        return None
    spread, home = 0.0, (home_currency or "").strip().upper() or None
    if home is not None and inputs.money is not None and home != inputs.money:
        known = {home, inputs.money} <= {"USD", *CURRENCY_OF.values()}
        swing = await exchange_swing(runtime, inputs.money, home) if known else None
        if swing is None:
            result.gap("no_data", what="exchange_rate", pairs=f"{inputs.money} {home}")
        else:
            spread = swing.moved.yearly_pct / 100
            result.data |= {"fx": result.add(swing.fact("fx_volatility")), "home": home,
                            "fx_since": swing.moved.first.isoformat()}
    ranges, forecasts = await ranges_of(runtime, case, deal, place, rent_ends=rent_ends, fx_spread=spread)
    inflation = num(case.percent_or_assumed("inflation_pct"))
    doubtful = dict(case.unverified)  # the rules of taxes are told of beside their own figure
    taxes, taxed_by = _taxes_of(case, deal)
    outcome, stories, hangs = await asyncio.to_thread(
        lambda: (simulate(deal, ranges, inflation_pct=inflation, taxed=taxes), scenarios(deal, ranges), tornado(deal, ranges)))
    case.unverified = doubtful
    return _Found(case, deal, ranges, outcome, stories, hangs, forecasts, used, taxed_by)


def _taxes_of(case: Any, deal: Any) -> tuple[Callable[[Any], tuple[Any, Any]] | None, tuple[Any, ...]]:
    """How the taxes of rent and sale come off any number of paths, and the rules of those taxes; None where a figure lacks,
    where amounts are not in the country's money, or no rule holds."""
    from knowledge.finance.after_tax import taxation, taxed
    from knowledge.finance.income import Missing, Undefined
    from knowledge.finance.projection import project

    taxes = taxation(case)
    try:
        taxes.country  # noqa: B018 - taxes are reckoned in the money of the property's country alone
        *_, rent, sale = taxed(taxes, project(deal), deal)
    except (Missing, Undefined):
        return None, ()
    return lambda held: taxed(taxes, held, deal)[:2], (*rent.rules, *sale.rules)


def _report(result: ToolResult, runtime: Runtime, found: _Found, currency: str | None) -> None:
    """Facts of everything that was found; the data names them for the templates."""
    from knowledge.finance.assumptions import significant

    outcome, ledger = found.outcome, found.case.ledger
    facts = settle(ledger.facts, runtime, None, currency)
    for fact in facts.values():
        result.add(fact)
    inputs = tuple(facts[f.id].id for f in found.used if f.id in facts)

    def made(key: str, value: float, unit: Unit, **more: Any) -> str | None:
        if not math.isfinite(value):
            return None
        say = more.pop("say", True)
        money = currency if unit == "money" else None
        rounded = round(value, 2) if unit in ("percent", "ratio") else significant(value, 4) if unit == "money" else value
        return result.add(Fact(key, rounded, unit, Source("computation", more.pop("ref", "monte_carlo")), currency=money,
                               inputs=inputs, **more), say=say)

    middle = outcome.irr_at(50)
    figures: dict[str, str | None] = {f.key: f.id for f in reversed(list(facts.values()))}
    figures |= {
        "paths": made("paths", outcome.paths, "count"),
        "loss": made("loss_probability", outcome.loss_pct, "percent"),
        "real_loss": made("real_loss_probability", outcome.real_loss_pct, "percent"),
        "negative_year": made("negative_year_probability", outcome.negative_year_pct, "percent"),
        "irr": made("simulated_irr", middle, "percent", level=0.8, low=round(outcome.irr_at(10), 2),
                    high=round(outcome.irr_at(90), 2)) if math.isfinite(middle) else None,
        "var": made("value_at_risk", outcome.value_at_risk(), "money"),
        "shortfall": made("expected_shortfall", outcome.expected_shortfall(), "money"),
        "own": made("own_money_at_start", outcome.own_money, "money"),
        "without_rate": made("paths_without_rate", outcome.without_rate, "count") if outcome.without_rate else None,
        "tail": made("tail_share", 5.0, "percent"),
        "base_irr": made("base_irr", found.hangs.irr, "percent", ref="irr"),
        "base_cash": made("base_cash_flow", found.hangs.cash_flow, "money", ref="cash_flow_year"),
    }
    result.data["after_tax"] = _after_tax(found, made)
    for key, forecast in found.forecasts.items():
        stated = found.case.inputs.growth_pct if key == "value" else found.case.inputs.rent_growth_pct
        figures[f"{key}_forecast"] = result.add(band_fact(forecast, f"{key}_growth_forecast"))
        figures[f"{key}_years"] = made("forecast_years", float(forecast.years), "years", ref="forecast")
        result.data[f"{key}_series"] = forecast.series.name
        result.data[f"{key}_recentred"] = stated is not None
    scenarios = [_scenario(made, story) for story in found.stories]
    bars = [_bar(made, bar) for bar in found.hangs.bars if bar.swing]
    result.data |= {
        "found": True, "figures": figures, "scenarios": scenarios, "bars": bars, "loan": found.deal.debt is not None,
        "assumptions": assumption_rows(found.case.assumed.values(), facts),
        "warnings": warning_rows(found.case.cautions.values()),
        "horizon_told": not any(a.key == "horizon_years" for a in found.case.assumed.values()),
        "rent_basis": found.ranges.rent_level.basis,
    }
    result.evidence["unverified"] = bool(found.case.unverified)
    result.evidence["region_unknown"] = bool({"region_unknown", "region_rule_unknown"} & set(found.case.cautions))
    result.data["trust"] = trust_data(result, found.case.trust, runtime.context.locale.language, found.case.inputs.city,
                                      counted="trust_year" in found.case.assumed)
    if math.isfinite(middle):  # a wide distribution says little: the policy weighs it
        result.evidence["irr_width"] = round(outcome.irr_at(90) - outcome.irr_at(10), 2)
    add_charts(result, runtime.context.locale, made, found.outcome, found.hangs, found.stories, currency)


def _after_tax(found: _Found, made: Any) -> dict[str, Any] | None:
    """The distribution after the taxes of rent and sale, at their costly and their cheap end; None where none were reckoned."""
    if found.outcome.taxed is None or not all(math.isfinite(end.irr_at(50)) for end in found.outcome.taxed):
        return None
    costly, cheap = (
        made(f"simulated_irr_after_tax{name}", end.irr_at(50), "percent", level=0.8, low=round(end.irr_at(10), 2),
             high=round(end.irr_at(90), 2)) for name, end in zip(("", "_least"), found.outcome.taxed, strict=True))
    apart = abs(found.outcome.taxed[0].irr_at(50) - found.outcome.taxed[1].irr_at(50)) >= 0.05
    return {
        "costly": costly, "cheap": cheap if apart else None,
        "loss": made("loss_probability_after_tax", found.outcome.taxed[0].loss_pct, "percent"),
        "residence": found.case.inputs.taxpayer.residence or "resident",
        "residence_told": found.case.inputs.taxpayer.residence is not None,
        "unverified": any(not rule.verified for rule in found.tax_rules),
    }


def _scenario(made: Any, story: Any) -> dict[str, Any]:
    changes = {
        change.key: made(f"scenario_{change.key}", _shown(change.key, change.value), _INPUT_UNITS.get(change.key, "percent"),
                         ref="scenario")
        for change in story.changes
    }
    return {
        "name": story.name, "changes": changes,
        "irr": made("scenario_irr", story.irr, "percent", ref="irr") if story.irr is not None else None,
        "cash": made("scenario_cash_flow", story.cash_flow, "money", ref="cash_flow_year"),
        "gain": made("scenario_gain", story.gain, "money", ref="gain"),
        "left": made("scenario_left", story.left, "money", ref="left_after_sale"),
    }


def _bar(made: Any, bar: Any) -> dict[str, Any]:
    unit = _INPUT_UNITS.get(bar.key, "percent")
    ends = {end: made(f"sensitivity_{bar.key}_{end}", _shown(bar.key, getattr(bar, end)), unit, ref="tornado")
            for end in ("low", "high")}
    for kind, of in (("irr", "percent"), ("cash", "money")):
        for end in ("low", "high"):
            value = getattr(bar, f"{kind}_{end}")
            ends[f"{kind}_{end}"] = made(f"sensitivity_{kind}", value, of, ref="tornado")
    return {"key": bar.key, **ends}


def _shown(key: str, value: float) -> float:
    """An input as people read it: a year's rent by the month, a factor as the percent that it changes by."""
    if key == "rent":
        return value / 12
    return (value - 1) * 100 if key in ("costs", "price") else value
