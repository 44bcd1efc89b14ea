"""Options side by side: one profile a call, then the weighing of all profiles found so far.

A profile holds only what is known; what is not has a reason. The verdict is a rule over one named measure that at least two
options have of about the same time, never an opinion: the first of `MEASURES` that was asked for or can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from langchain.tools import tool
from pydantic import Field

from core import clock
from core.errors import BadInput
from core.facts import Fact, Source
from core.locale import CURRENCY_OF, Currency
from knowledge.series.periods import read_period
from tools.calculation import StatedCost, engine_costs
from tools.context import Runtime
from tools.leads import PropertyType
from tools.option_profiles import Profile, area_profile, listing_profile, project_profile
from tools.own_option import MoreFigures, own_figures
from tools.provenance import settle
from tools.published_rents import SAME_TIME_DAYS
from tools.result import Content, ToolResult

MOST = 6
#: Prices of adverts older than this, in days, are said to be old.
OLD_AFTER_DAYS = 730
#: Measures that can decide, strongest first, and whether more is better.
MEASURES: dict[str, bool] = {
    "net_yield": True, "gross_yield": True, "area_gross_yield": True, "monthly_payment": False, "price_per_m2": False,
    "price_m2_median": False, "price": False,
    "monthly_rent": False, "rent_m2_median": False, "rent_m2_mean": False, "rent_mean": False, "price_change_year": True,
    "years_of_rent": False, "total_interest": False, "cap_rate": True, "cash_on_cash": True, "cash_flow_month": True,
    "rent_minus_payment": True, "irr": True, "levered_irr": True, "payback_years": False, "cash_flow_year": True, "noi": True,
    "dscr": True, "npv": True, "total_return": True, "annual_growth": True, "loan_to_value": False, "break_even_rent": False,
    "break_even_nights": False, "cash_needed": False, "down_payment": False, "savings_gap": False, "total_outlay": False,
    "acquisition_costs": False, "price_for_yield": True, "rent_for_yield": False, "affordable_loan": True,
    "value_at_horizon": True, "interest_saved": True, "loan_amount": False,
}
#: Rows of the comparison in their order.
ROWS = ("price", "monthly_rent", "annual_rent", "gross_yield", "net_yield", "cap_rate", "noi", "payback_years", "years_of_rent",
        "acquisition_costs", "loan_amount", "down_payment_pct", "rate_pct", "term_years", "monthly_payment", "total_interest",
        "loan_to_value", "rent_minus_payment", "cash_flow_month", "cash_flow_year", "cash_on_cash", "dscr", "break_even_rent",
        "irr", "levered_irr", "npv", "total_return", "annual_growth", "value_at_horizon", "break_even_nights",
        "price_for_yield", "rent_for_yield", "affordable_loan", "down_payment", "cash_needed", "savings_gap", "total_outlay",
        "interest_saved", "price_per_m2", "area_m2", "bedrooms", "bathrooms",
        "price_m2_median", "rent_m2_median", "rent_m2_mean", "rent_mean", "area_gross_yield",
        "price_change_year", "rent_change_year", "listings_sale", "listings_rent", "units", "units_available", "delivery",
        "stage", "place")


@tool(response_format="content_and_artifact")
async def profile_option(
    kind: Literal["listing", "project", "area", "own_figures"],
    runtime: Runtime,
    label: str | None = None,
    listing_id: int | None = None,
    project: str | None = None,
    country: Literal["CO", "ES", "MX"] | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    property_type: PropertyType | None = None,
    price: float | None = None,
    monthly_rent: float | None = None,
    area_m2: float | None = None,
    currency: Currency | None = None,
    annual_rent: float | None = None,
    rent_is_net: bool = False,
    costs: list[StatedCost] | None = None,
    purchase_costs: float | None = None,
    vacancy_pct: float | None = None,
    loan_amount: float | None = None,
    down_payment_pct: float | None = None,
    rate_pct: float | None = None,
    rate_kind: Literal["nominal", "effective"] | None = None,
    term_years: float | None = None,
    more: MoreFigures | None = None,
    measures: Annotated[list[str] | None, Field(max_length=30)] = None,
) -> Content:
    """What is known of one option of a comparison. Call it once per option, all options in the same message.

    kind listing: listing_id. kind project: project (its name or id). kind area: city and/or neighbourhood, property_type
    if one was asked. kind own_figures: a property or a loan as the investor described it: price, monthly_rent (money in
    `currency`, a month's rent; rent_is_net if costs are off it), area_m2, its own costs, and its loan: loan_amount or
    down_payment_pct with rate_pct (rate_kind effective only for E.A.) and term_years. more: what its return rests on besides
    (own cash, a told instalment, sale price). measures: what was asked beyond the plain ones (net_yield, cash_on_cash).
    label: the option's short name; keep it in the answer. What is missing
    comes back with its reason.
    """
    name = (label or "").strip()
    if len(name) > 120:
        raise BadInput("label is longer than 120 characters: use the option's short name.",
                       "label pasa de 120 caracteres: use el nombre corto de la opción.")
    if kind == "listing":
        if listing_id is None:
            raise BadInput("kind listing needs listing_id.", "kind listing necesita listing_id.")
        profile = await listing_profile(runtime, listing_id, name)
    elif kind == "project":
        if not project:
            raise BadInput("kind project needs project: its name or id.", "kind project necesita project: nombre o id.")
        profile = await project_profile(runtime, project, name)
    elif kind == "area":
        if not (city or neighbourhood):
            raise BadInput("kind area needs a city or a neighbourhood.", "kind area necesita una ciudad o un barrio.")
        profile = await area_profile(runtime, country, city, neighbourhood, property_type, name)
    else:
        from knowledge.finance.inputs import Inputs  # with its rules: only where figures are worked out

        place = ", ".join(part for part in (neighbourhood, city) if part)
        if not (name or place):
            raise BadInput("kind own_figures needs a label for the option.",
                           "kind own_figures necesita un nombre (label) para la opción.")
        profile = own_figures(
            runtime, name or place,
            Inputs(price=price, monthly_rent=monthly_rent, annual_rent=annual_rent, rent_is_net=rent_is_net, area_m2=area_m2,
                   country=country, city=city, property_type=property_type,
                   currency=currency or CURRENCY_OF.get(country or ""),
                   costs=engine_costs(costs),
                   purchase_costs=purchase_costs, vacancy_pct=vacancy_pct, loan_amount=loan_amount,
                   down_payment_pct=down_payment_pct, rate_pct=rate_pct, term_years=term_years,
                   rate_kind=rate_kind or ("nominal" if rate_pct is not None else None),
                   language=runtime.context.locale.language, **(more.inputs() if more else {})),
            measures or (),
        )
    return _told(profile)


def _told(profile: Profile) -> Content:
    result = ToolResult()
    result.extend(profile.extra, say=False)
    cells = {key: result.add(fact) for key, fact in profile.cells.items()}
    result.data = {
        "label": profile.label, "kind": profile.kind, "cells": cells, "missing": profile.missing, "reason": profile.reason,
        "notes": profile.notes, "stands_in": profile.stands_in, "assumed": profile.assumed, "costs": profile.costs,
        "known": bool(cells.keys() - {"place", "stage"}),
    }
    if not result.data["known"]:
        code = "uncovered" if profile.reason == "uncovered" else "no_data"
        result.gap("missing_input" if profile.reason == "not_given" else code, option=profile.label, why=profile.reason)
    if profile.stands_in is not None:
        result.say(f"{profile.label}: the figures are of {profile.stands_in['area']}, the nearest area with data: say so")
    for key, why in profile.missing.items():
        result.say(f"{profile.label}: no {key} ({why})")
    if profile.card is not None:
        result.cards.append({
            **profile.card,
            **{key: cells.get(key) for key in ("price_per_m2", "bedrooms")}, "area": cells.get("area_m2"),
            "price": cells.get("price") or cells.get("monthly_rent"),
        })
    return result.done()


@tool(response_format="content_and_artifact")
async def weigh_options(
    runtime: Runtime, measure: str | None = None, budget_max: float | None = None, currency: Currency | None = None,
    left_out: list[str] | None = None,
) -> Content:
    """The verdict over the options profiled before in this turn: which is ahead, by which measure, and by how much.

    Call it after all profile_option calls. measure: what the investor cares about (gross_yield, net_yield, area_gross_yield,
    monthly_payment, total_interest, cash_on_cash, price_per_m2, price_m2_median, price, monthly_rent, rent_m2_median,
    price_change_year); left out, the strongest measure that two options share decides. budget_max: money in `currency`;
    options above it are named. left_out: names of options beyond the first six. Say the measure; it is a computation, not
    advice.
    """
    if measure is not None and measure not in MEASURES:
        raise BadInput(
            f"{measure!r} cannot be compared: expected one of {', '.join(MEASURES)}. Leave it out to use the strongest.",
            f"{measure!r} no se puede comparar: se espera una de {', '.join(MEASURES)}. Omítala para usar la mejor.",
        )
    if budget_max is not None and not 0 < budget_max < 1e15:
        raise BadInput(f"budget_max is {budget_max!r}: expected a positive amount.",
                       f"budget_max vale {budget_max!r}: se espera un monto positivo.")
    profiles = _profiles(runtime)
    result = ToolResult()
    for profile in profiles:
        result.extend(profile.cells.values(), say=False)
    known = [p for p in profiles if p.cells.keys() - {"place", "stage"}]
    rows = [key for key in ROWS if any(key in p.cells for p in profiles)]
    result.data = {
        "columns": [p.label for p in profiles], "titles": [p.label for p in profiles if p.kind == "listing"],
        "verdict": None, "known": [p.label for p in known],
        "rows": [{"key": key, "cells": [p.cells[key].id if key in p.cells else None for p in profiles]} for key in rows],
        "unknown": [{"label": p.label, "why": p.reason or "no_rows"} for p in profiles if p not in known],
        "gaps": _gaps(known, rows), "left_out": list(left_out or ()),
        "notes": [{"label": p.label, "note": note} for p in known for note in p.notes if not note.startswith("rate_")],
        "rates": sorted({note for p in known for note in p.notes if note.startswith("rate_")}),
        "assumed": next((p.assumed for p in known if p.assumed), []),
        "stands_in": [{"label": p.label, **p.stands_in} for p in known if p.stands_in],
        "mixed_currencies": False, "mixed_times": False, "over_budget": [], "budget": None, "asked": measure,
        "old_year": _old_year(known),
    }
    names = [*result.data["columns"], *result.data["left_out"]]
    names += [n for entry in result.data["stands_in"] for n in (entry["area"], *entry["others"])]
    names += [fact.source.attribution for p in known for fact in p.cells.values() if fact.source.attribution]
    for label in dict.fromkeys(names):  # names may hold digits: Comuna 13, CC BY 4.0
        result.add(Fact("option", label, "text", Source("user", runtime.context.message_id or "message")), say=False)
    _verdict(result, known, measure)
    if budget_max is not None:
        said = Fact("budget_max", budget_max, "money", Source("user", "message"), currency=currency)
        budget = next(iter(settle([said], runtime).values()))
        over = [p.label for p in known if _above(p.cells.get("price"), budget)]
        if over:
            result.data |= {"over_budget": over, "budget": result.add(budget)}
    if len(known) < 2:
        result.say("fewer than two options have data: no verdict")
    return result.done()


def _gaps(known: Sequence[Profile], rows: Sequence[str]) -> list[dict[str, Any]]:
    """Why cells of shown rows are empty: one entry for the rows that the same options lack for the same reason."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for key in rows:
        lacking: dict[str, list[str]] = {}
        for profile in known:
            if key not in profile.cells:
                lacking.setdefault(profile.missing.get(key, "other_kind"), []).append(profile.label)
        for why, labels in lacking.items():
            found.setdefault((why, tuple(labels)), []).append(key)
    return [{"keys": keys, "why": why, "labels": list(labels)} for (why, labels), keys in found.items()]


def _profiles(runtime: Runtime) -> list[Profile]:
    """The options of this turn, from the results of `profile_option` so far, the last of each label."""
    state = runtime.state
    messages = state.get("messages", ()) if isinstance(state, Mapping) else ()
    found: dict[str, Profile] = {}
    for message in messages:
        if getattr(message, "type", "") == "human":
            found = {}
        artifact = getattr(message, "artifact", None) or {}
        if getattr(message, "name", None) != "profile_option" or "label" not in artifact.get("data", {}):
            continue
        data, facts = artifact["data"], {f["id"]: Fact.from_dict(f) for f in artifact["facts"]}
        profile = Profile(data["kind"], data["label"], {k: facts[i] for k, i in data["cells"].items()})
        profile.missing, profile.reason, profile.notes = data["missing"], data["reason"], data["notes"]
        profile.stands_in, profile.assumed = data["stands_in"], data["assumed"]
        found[profile.label] = profile
    return list(found.values())[:MOST]


def _verdict(result: ToolResult, known: Sequence[Profile], asked: str | None) -> None:
    order = [m for m in (asked, *MEASURES) if m is not None]
    for measure in dict.fromkeys(order):
        having = [p for p in known if measure in p.cells]
        if len(having) < 2:
            continue
        if len({p.cells[measure].currency for p in having}) > 1:
            result.data["mixed_currencies"] = True
            continue
        having = _of_one_time(having, measure)
        if len(having) < 2:
            result.data["mixed_times"] = True
            continue
        ranked = sorted(having, key=lambda p: _number(p, measure), reverse=MEASURES[measure])
        first, second = ranked[0], ranked[1]
        best, next_best = first.cells[measure], second.cells[measure]
        result.data["verdict"] = {
            "measure": measure, "winner": first.label, "runner_up": second.label, "best": best.id, "second": next_best.id,
            "tie": round(_number(first, measure), 2) == round(_number(second, measure), 2),
            "left_out": [p.label for p in known if p not in having], "of": len(having), "price_gap": None, "costs_less": None,
            "interest": None, "other_interest": None,
        }
        if measure == "monthly_payment" and all("total_interest" in p.cells for p in (first, second)):
            interest = [p.cells["total_interest"].id for p in (first, second)]
            result.data["verdict"] |= {"interest": interest[0], "other_interest": interest[1]}
        _price_gap(result, first, second, measure)
        result.say(f"ahead by {measure}: {first.label}")
        return


def _of_one_time(having: Sequence[Profile], measure: str) -> list[Profile]:
    """The most options whose figures are of about one time, the newest where as many are older; a figure that the
    investor gave is of today and compares with any.
    """
    days = {p.label: read_period(p.cells[measure].as_of or "") for p in having}
    groups = [
        [p for p in having if (day := days[p.label]) is None or 0 <= (last - day).days <= SAME_TIME_DAYS]
        for last in {day for day in days.values() if day is not None}
    ]
    return max(groups, key=lambda g: (len(g), max(days[p.label] or date.min for p in g)), default=list(having))


def _old_year(known: Sequence[Profile]) -> str | None:
    """The year of the oldest price, if it is old."""
    days = [day for p in known for key in ("price", "price_m2_median") if key in p.cells
            and (day := read_period(p.cells[key].as_of or ""))]
    oldest = min(days, default=None)
    return str(oldest.year) if oldest and (clock.now().date() - oldest).days > OLD_AFTER_DAYS else None


def _price_gap(result: ToolResult, first: Profile, second: Profile, measure: str) -> None:
    """How much less, or more, money the leader ties up."""
    one, other = first.cells.get("price"), second.cells.get("price")
    if one is None or other is None or one.currency != other.currency or measure == "price":
        return
    gap = _number(second, "price") - _number(first, "price")
    if gap == 0:
        return
    from knowledge.finance.facts_of import plain

    high, low = (other, one) if gap > 0 else (one, other)
    fact = Fact("price_gap", abs(gap), "money",
                Source("computation", "price_gap", demo=one.source.demo or other.source.demo), currency=one.currency,
                formula=f"{plain(float(high.value))} − {plain(float(low.value))}", inputs=(high.id, low.id))
    result.data["verdict"] |= {"price_gap": result.add(fact), "costs_less": gap > 0}


def _above(price: Fact | None, budget: Fact) -> bool:
    same = price is not None and (budget.currency is None or price.currency == budget.currency)
    return same and price is not None and float(price.value) > float(budget.value)


def _number(profile: Profile, key: str) -> float:
    return float(profile.cells[key].value)


